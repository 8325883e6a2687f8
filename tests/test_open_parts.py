"""Losses and augmentations of the user, in all estimators that take one."""

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV
from torch import nn

from skquickdraw import AugmentingOverSampler, CNNClassifier, RelationNetworkClassifier
from skquickdraw.augmentation import Augmentation, AugmentationPolicy, MixUp, StrokeAugmentation
from skquickdraw.datasets import make_sketches, pack_strokes
from skquickdraw.exceptions import InvalidParameterError
from skquickdraw.losses import CrossEntropy, Loss

X, Y = make_sketches(60, 3, weights=[6, 3, 1], image_shape=(12, 12), random_state=0)
PLAIN = {
    "width": 0.25,
    "max_epochs": 1,
    "precision": "float32",
    "augmentation": None,
    "random_state": 0,
}


class Fade(BaseEstimator):
    """An augmentation that makes images darker."""

    def __init__(self, strength=0.5):
        self.strength = strength

    def draw(self, n_samples, image_shape, generator=None):
        return 1 - self.strength * torch.rand(n_samples, 1, 1, 1, generator=generator)

    def apply(self, images, draw):
        return images * draw.to(images.device)


class Bound(Fade):
    """An augmentation with all optional methods."""

    def validate(self):
        if self.strength > 1:
            raise InvalidParameterError("Bound: strength must be at most 1.")

    def bind(self, images, codes):
        bound = clone(self)
        bound.shapes_ = images.shape, codes.shape
        return bound

    @property
    def horizontal_flip(self):
        return 0.5 if hasattr(self, "shapes_") else "auto"


def fit(**params):
    return CNNClassifier(**{**PLAIN, **params}).fit(X, Y)


def test_an_augmentation_needs_two_methods():
    assert isinstance(Fade(), Augmentation) and not isinstance(CrossEntropy(), Augmentation)
    plain, faded, again = (fit(augmentation=a) for a in (None, Fade(), Fade()))
    assert not np.array_equal(plain.predict_proba(X), faded.predict_proba(X))
    np.testing.assert_array_equal(again.predict_proba(X), faded.predict_proba(X))
    unchanged = fit(augmentation=Fade(strength=0.0))
    np.testing.assert_array_equal(unchanged.predict_proba(X), plain.predict_proba(X))


def test_an_augmentation_is_bound_where_it_can_be():
    clf = fit(augmentation=Bound())
    assert clf.augmentation_.shapes_ == ((60, 1, 12, 12), (60,))
    assert not hasattr(clf.augmentation, "shapes_")
    mirrored = X.reshape(-1, 12, 12)[..., ::-1]  # two views by default, because it mirrors images
    np.testing.assert_allclose(clf.predict_proba(mirrored), clf.predict_proba(X), atol=1e-6)


def test_searches_reach_into_a_users_parts():
    clf = CNNClassifier(**{**PLAIN, "augmentation": Fade(), "loss": Brier()})
    grid = {"augmentation__strength": [0.1, 0.9], "loss__scale": [2.0]}
    search = GridSearchCV(clf, grid, cv=2).fit(X, Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.loss.scale == 2.0


def test_an_over_sampler_takes_it():
    X_new, y_new = AugmentingOverSampler(augmentation=Fade(), random_state=0).fit_resample(X, Y)
    assert np.bincount(y_new).tolist() == [np.bincount(Y).max()] * 3
    sampler = AugmentingOverSampler(augmentation=Fade(0), random_state=0)
    copies = sampler.fit_resample(X, Y)[0][60:]
    ratio = X_new[60:].sum(1) / copies.sum(1)
    assert 0.45 < ratio.min() < 0.6 and 0.9 < ratio.max() < 1.01


def test_a_relation_network_takes_it():
    few = {"width": 0.25, "n_episodes": 2, "precision": "float32", "random_state": 0}
    plain, faded = (
        RelationNetworkClassifier(augmentation=a, **few).fit(X, Y).predict_proba(X)
        for a in (None, Bound())
    )
    assert not np.array_equal(plain, faded)


def test_strokes_take_it_for_what_follows():
    house = [[[0, 255, 255, 0], [0, 0, 255, 0]]]
    strokes = torch.from_numpy(pack_strokes([house] * 4))[:, None]
    off = {"drop_stroke": 0, "drop_tail": 0, "jitter": 0, "width": 0}
    policy = StrokeAugmentation(then=Bound(), **off)
    assert policy.horizontal_flip == "auto"
    bound = policy.bind(strokes.numpy(), np.array([0, 0, 1, 1]))
    assert bound.horizontal_flip == 0.5 and bound.then.shapes_ == ((4, 1, 28, 28), (4,))
    draw = bound.draw(4, (1, 3, strokes.shape[-1]), torch.Generator().manual_seed(0))
    plain = StrokeAugmentation(then=None, **off)(strokes)
    torch.testing.assert_close(bound.apply(strokes, draw), plain * draw.then)
    assert StrokeAugmentation(then=Fade()).horizontal_flip == 0


class Cropping(Fade):
    def apply(self, images, draw):
        return images[..., 1:]


class Forgetful(Fade):
    def bind(self, images, codes):
        self.codes_ = codes


class Undecided(Fade):
    horizontal_flip = "auto"


class Sure(Fade):
    horizontal_flip = 50


WRONG_AUGMENTATIONS = [
    (Fade, "augmentation must be None, one of .* got <class"),
    (MixUp(), r"apply of MixUp must take \(images, draw\), .*missing a required argument: 'draw'"),
    (Cropping(), r"Cropping.apply must return images of the shape \(60, 1, 12, 12\), got .* 11\)"),
    (Forgetful(), "Forgetful.bind must return an object with draw and apply .* got None. Return s"),
    (Undecided(), "horizontal_flip of Undecided must be a probability .*bind decides.* 'auto'"),
    (Sure(), "horizontal_flip of Sure must be a probability from 0 to 1, .* got 50"),
    (Bound(2), "Bound: strength must be at most 1"),
]


@pytest.mark.parametrize(
    ("wrong", "message"), WRONG_AUGMENTATIONS, ids=lambda value: str(value)[:9]
)
def test_what_is_no_augmentation_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        fit(augmentation=wrong, batch_size=60)


def test_an_augmentation_is_no_mixing():
    with pytest.raises(
        InvalidParameterError, match=r"mixing: apply of Fade must take \(images, ta"
    ):
        fit(mixing=Fade())
    with pytest.raises(InvalidParameterError, match="then must be .*StrokeAugmentation"):
        StrokeAugmentation(then=StrokeAugmentation()).validate()


class BrierRows(nn.Module):
    def __init__(self, scale, counts=None):
        super().__init__()
        self.scale = scale
        self.register_buffer("counts", counts)

    def forward(self, logits, targets):
        return self.scale * (logits.softmax(1) - targets).square().sum(1)


class Brier(BaseEstimator):
    def __init__(self, scale=1.0):
        self.scale = scale

    def bind(self, class_counts):
        return BrierRows(self.scale, class_counts)


class Uncorrected(Brier):
    corrects_prior = False


def test_a_loss_needs_one_method():
    assert isinstance(Brier(), Loss) and not isinstance(Fade(), Loss)
    clf = fit(loss=Brier(), max_epochs=20)
    assert clf.history_[-1]["train_loss"] < 0.5 * clf.history_[0]["train_loss"] < 1
    assert clf.score(X, Y) > 0.8


@pytest.mark.parametrize(("loss", "is_plain"), [(Brier(), False), (Uncorrected(), True)])
def test_a_loss_is_bound_to_the_counts_that_it_asks_for(loss, is_plain):
    counts = fit(loss=loss, sampling="balanced").net_.criterion_.row_loss.counts.cpu()
    plain = torch.as_tensor(np.bincount(Y).astype(np.float32))
    torch.testing.assert_close(counts, plain if is_plain else torch.full((3,), 20.0))


class Learning(Brier):
    """A loss with a learned scale."""

    def bind(self, class_counts):
        rows = BrierRows(1.0)
        rows.scale = nn.Parameter(torch.ones(()))
        return rows


def test_a_loss_may_learn(tmp_path):
    from skquickdraw.persistence import load_model, save_model

    clf = fit(loss=Learning())
    assert clf.net_.criterion_.row_loss.scale.item() != 1.0
    save_model(clf, tmp_path / "model")
    loaded = load_model(tmp_path / "model", trusted={"Learning": Learning})
    np.testing.assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))


class Mean(Brier):
    def bind(self, class_counts):
        return nn.CrossEntropyLoss()


class Nothing(Brier):
    def bind(self, class_counts):
        self.counts = class_counts


WRONG_LOSSES = [
    (
        Brier,
        "loss must be one of .*'ldam'.* or an object with the method bind.* got <class .*Brier",
    ),
    (
        Mean(),
        r"Mean.bind must return .* one loss for each row, of shape \(2,\), got \(\). Sum over",
    ),
    (Nothing(), r"Nothing.bind must return .* got None"),
    (nn.CrossEntropyLoss(), "'loss' parameter of CNNClassifier must be"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG_LOSSES, ids=lambda value: str(value)[:9])
def test_what_is_no_loss_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        fit(loss=wrong)


def test_a_policy_derived_from_ours_is_an_augmentation_too():
    class Inverted(AugmentationPolicy):
        def apply(self, images, draw):
            return 255 - super().apply(images, draw)

    clf = fit(augmentation=Inverted(horizontal_flip=0.0))
    assert type(clf.augmentation_) is Inverted
