"""Classifiers on packed strokes: the network gets images, everything else gets strokes."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV

from skquickdraw import (
    AugmentingOverSampler,
    DeepFeatureExtractor,
    NoisyStudentClassifier,
    RelationNetworkClassifier,
)
from skquickdraw.augmentation import AugmentationPolicy, StrokeAugmentation
from skquickdraw.datasets import pack_strokes, rasterize
from skquickdraw.exceptions import InvalidImagesError, InvalidParameterError

SIDE, N_POINTS = 12, 16
PLAIN = {"drop_stroke": 0, "drop_tail": 0, "jitter": 0, "width": 0, "then": None, "side": SIDE}
LIVELY = StrokeAugmentation(side=SIDE)


def polygon(n_corners, rng):
    """Return a drawing of a closed polygon, with a dash beside it."""
    angle = np.linspace(0, 2 * np.pi, n_corners + 1) + rng.uniform(0, 2 * np.pi)
    x, y = 100 + 90 * np.array([np.cos(angle), np.sin(angle)]) + rng.normal(0, 4, (2, 1))
    dash = rng.uniform(180, 255, 2)
    return [[x.clip(0, 255), y.clip(0, 255)], [dash, dash[::-1]]]


@pytest.fixture(scope="module")
def drawings():
    rng = np.random.default_rng(0)
    return [polygon(3 + i % 3, rng) for i in range(90)], np.arange(90) % 3


@pytest.fixture(scope="module")
def strokes(drawings):
    X, y = pack_strokes(drawings[0], N_POINTS), drawings[1]
    X.flags.writeable = False
    return X, y


def pictures_of(X):
    return LIVELY.ink(torch.tensor(X).float().unsqueeze(1)).numpy()


def test_validation_draws_the_strokes_as_they_are(strokes, quick):
    X, y = strokes
    clf = quick(augmentation=LIVELY, max_epochs=2).fit(X[30:], y[30:], X_val=X[:30], y_val=y[:30])
    assert clf.image_shape_ == (1, 3, N_POINTS)
    expected = log_loss(y[:30], clf.predict_proba(X[:30]))
    assert clf.history_[-1]["valid_loss"] == pytest.approx(expected, rel=1e-4)


def test_one_drawing_has_the_same_bits_as_among_many(strokes, quick):
    X, y = strokes
    clf = quick(augmentation=LIVELY, n_tta=3).fit(X, y)
    together = clf.decision_function(X)
    for i in (0, 7, 89):
        np.testing.assert_array_equal(clf.decision_function(X[[i]]), together[[i]])


def test_a_part_is_held_out_of_strokes_too(strokes, quick):
    clf = quick(augmentation=LIVELY, early_stopping=True, validation_fraction=0.2).fit(*strokes)
    assert 0 <= clf.history_[0]["valid_score"] <= 1


def test_the_network_predicts_from_pictures(strokes, quick):
    """With the same weights, strokes and their images give the same predictions."""
    X, y = strokes
    clf = quick(augmentation=StrokeAugmentation(**PLAIN)).fit(X, y)
    images = pictures_of(X)
    by_pictures = quick().fit(images, y)
    by_pictures.net_.module_.load_state_dict(clf.net_.module_.state_dict())
    expected = by_pictures.decision_function(images)
    np.testing.assert_allclose(clf.decision_function(X), expected, atol=1e-5)
    np.testing.assert_allclose(
        clf.extract_features(X), by_pictures.extract_features(images), atol=1e-5
    )


def test_the_statistics_are_those_of_the_pictures(strokes, drawings, quick):
    X, y = strokes
    standardize = quick(augmentation=LIVELY).fit(X, y).net_.module_.get_submodule("standardize")
    images = rasterize(drawings[0], side=SIDE).astype(float)
    assert standardize.mean.item() == pytest.approx(images.mean(), rel=0.05)
    assert 1 / standardize.inverse_std.item() == pytest.approx(images.std(), rel=0.05)


def test_it_learns(strokes, quick):
    X, y = strokes
    clf = quick(augmentation=StrokeAugmentation(side=SIDE, then=None), max_epochs=20, lr=0.01)
    assert clf.fit(X, y).score(X, y) > 0.6


def test_flat_rows_learn_alike(strokes, quick):
    X, y = strokes
    stacked = quick(augmentation=LIVELY).fit(X, y)
    flat = quick(augmentation=LIVELY, image_shape=(3, N_POINTS)).fit(X.reshape(90, -1), y)
    np.testing.assert_array_equal(flat.predict_proba(X.reshape(90, -1)), stacked.predict_proba(X))


def test_views_are_looks_at_the_picture(strokes, quick):
    X, y = strokes
    then = AugmentationPolicy(horizontal_flip=0.5)
    clf = quick(augmentation=StrokeAugmentation(side=SIDE, then=then)).fit(X, y)
    by_pictures = quick(augmentation=then, n_tta=10).fit(pictures_of(X), y)
    by_pictures.net_.module_.load_state_dict(clf.net_.module_.state_dict())
    clf.set_params(n_tta=10)
    expected = by_pictures.decision_function(pictures_of(X))
    np.testing.assert_allclose(clf.decision_function(X), expected, atol=1e-5)


def test_more_views_need_a_mirror(strokes, quick):
    still = StrokeAugmentation(side=SIDE, then=AugmentationPolicy(horizontal_flip=0))
    with pytest.raises(InvalidParameterError, match="n_tta=6, but without horizontal"):
        quick(augmentation=still, n_tta=6).fit(*strokes)


@pytest.mark.parametrize("mixing", ["mixup", "cutmix"])
def test_pictures_are_mixed_after_they_are_drawn(strokes, quick, mixing):
    clf = quick(augmentation=LIVELY, mixing=mixing, sampling="balanced").fit(*strokes)
    assert np.isfinite(clf.history_[0]["train_loss"])


def test_a_seed_repeats_and_the_order_of_rows_does_not_matter(strokes, quick):
    X, y = strokes
    first = quick(augmentation=LIVELY).fit(X, y)
    again = quick(augmentation=LIVELY).fit(X[::-1], y[::-1])
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))


def test_pickles_and_later_parameters_leave_what_was_learned(strokes, quick):
    X, y = strokes
    clf = quick(augmentation=clone(LIVELY)).fit(X, y)
    expected = clf.predict_proba(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(clf)).predict_proba(X), expected)
    clf.set_params(augmentation__side=20, augmentation__line_width=40)
    np.testing.assert_array_equal(clf.predict_proba(X), expected)


def test_training_goes_on(strokes, quick):
    X, y = strokes
    clf = quick(augmentation=LIVELY, warm_start=True).fit(X, y).fit(X, y).partial_fit(X, y)
    assert clf.n_epochs_ == 3


def test_a_search_reaches_its_parameters(strokes, quick):
    grid = {"augmentation__jitter": [0, 4]}
    search = GridSearchCV(quick(augmentation=clone(LIVELY)), grid, cv=2).fit(*strokes)
    assert search.best_estimator_.augmentation.jitter in (0, 4)


# ---- around it --------------------------------------------------------------------------------


def test_a_noisy_student_learns_from_strokes(strokes, quick):
    X, y = strokes
    y = np.where(np.arange(90) < 60, y, -1)
    student = NoisyStudentClassifier(quick(augmentation=LIVELY), random_state=0)
    assert student.fit(X, y).predict(X).shape == (90,)


def test_deep_features_of_strokes(strokes, quick):
    X, y = strokes
    extractor = DeepFeatureExtractor(quick(augmentation=LIVELY), random_state=0)
    assert len(extractor.fit(X, y).transform(X)) == 90


def test_who_only_changes_pictures_refuses(strokes):
    flat = strokes[0].reshape(90, -1)
    sampler = AugmentingOverSampler(augmentation=LIVELY, image_shape=(3, N_POINTS))
    with pytest.raises(InvalidParameterError, match="a StrokeAugmentation draws strokes"):
        sampler.fit_resample(flat, strokes[1])
    few = RelationNetworkClassifier(augmentation=LIVELY)
    with pytest.raises(InvalidParameterError, match="a StrokeAugmentation draws strokes"):
        few.fit(*strokes)


# ---- refusals ---------------------------------------------------------------------------------


def test_pictures_in_place_of_strokes_are_refused_before_training(strokes, quick):
    clf = quick(augmentation=LIVELY)
    with pytest.raises(InvalidImagesError, match=r"width\) = \(1, 12, 12\). Pack drawings"):
        clf.fit(np.zeros((90, 144), np.uint8), strokes[1])
    assert not hasattr(clf, "net_")


def test_damaged_strokes_are_refused_everywhere(strokes, quick):
    X, y = strokes
    damaged = X.copy()
    damaged[3, 2, 0] = 9
    clf = quick(augmentation=LIVELY)
    with pytest.raises(InvalidImagesError, match="third row, the pen"):
        clf.fit(damaged, y)
    with pytest.raises(InvalidImagesError, match="third row, the pen"):
        clf.fit(X, y, X_val=damaged, y_val=y)
    assert not hasattr(clf, "net_")
    with pytest.raises(InvalidImagesError, match="third row, the pen"):
        clf.fit(X, y).predict(damaged)


def test_other_numbers_of_points_are_refused(strokes, quick, drawings):
    clf = quick(augmentation=LIVELY).fit(*strokes)
    with pytest.raises(ValueError, match="features"):
        clf.predict(pack_strokes(drawings[0], N_POINTS + 1))
