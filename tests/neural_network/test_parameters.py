"""Parameters reach the network; estimators are cloned, pickled and shown like any other."""

import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone, is_classifier
from torch import nn

from skquickdraw import CNNClassifier, MobileNetClassifier, ResNetClassifier
from skquickdraw.augmentation import AugmentationPolicy, CutMix, MixUp
from skquickdraw.losses import BalancedSoftmax
from skquickdraw.networks._layers import Dropout, SpatialDropout, StochasticDepth

CLASSIFIERS = [CNNClassifier, MobileNetClassifier, ResNetClassifier]
each_classifier = pytest.mark.parametrize("cls", CLASSIFIERS, ids=lambda cls: cls.__name__)


def layers(clf, kind):
    return [m for m in clf.net_.module_.modules() if type(m) is kind]


@each_classifier
def test_regularisers_reach_the_network(sketches, quick, cls):
    rates = {"dropout": 0.25, "spatial_dropout": 0.125}
    if cls is not CNNClassifier:
        rates["stochastic_depth"] = 0.5
    clf = quick(cls, **rates).fit(*sketches)
    assert {m.p for m in layers(clf, Dropout)} == {0.25}
    assert {m.p for m in layers(clf, SpatialDropout)} == {0.125}
    if cls is not CNNClassifier:
        assert max(m.rate for m in layers(clf, StochasticDepth)) == 0.5


@each_classifier
def test_width_and_stem_reach_the_network(sketches, quick, cls):
    sizes = [
        sum(p.numel() for p in quick(cls, width=w).fit(*sketches).net_.module_.parameters())
        for w in (0.25, 0.5)
    ]
    assert sizes[1] > 1.5 * sizes[0]
    first = layers(quick(cls, stem_stride=1).fit(*sketches), nn.Conv2d)[0]
    assert first.stride == (1, 1)


@each_classifier
def test_each_network_learns(sketches, quick, cls):
    X, y = sketches
    clf = quick(cls, max_epochs=15, label_smoothing=0.0, lr=0.005).fit(X, y)
    assert clf.history_[-1]["train_loss"] < 0.7 * clf.history_[0]["train_loss"]
    assert clf.score(X, y) > 0.8  # the largest class alone has 0.6


@each_classifier
def test_colours_are_read(quick, cls):
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 100, (40, 3, 9, 12)), np.arange(40) % 2
    X[y == 1, 2] += 100  # more blue
    clf = quick(cls, max_epochs=20, batch_size=10, lr=0.005).fit(X, y)
    assert clf.image_shape_ == (3, 9, 12) and clf.n_features_in_ == 324
    assert clf.score(X, y) == 1.0
    assert clf.net_.module_.standardize.mean.ravel().tolist() == pytest.approx(X.mean((0, 2, 3)))


@each_classifier
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_training_is_in_any_precision_and_prediction_in_float32(sketches, quick, cls, precision):
    X, y = sketches
    clf = quick(cls, precision=precision, max_epochs=6, label_smoothing=0.0, lr=0.005).fit(X, y)
    assert clf.history_[-1]["train_loss"] < 0.85 * clf.history_[0]["train_loss"]
    assert {weight.dtype for weight in clf.net_.module_.parameters()} == {torch.float32}
    assert clf.extract_features(X, "logits").dtype == np.float32


def test_bfloat16_is_really_coarser(sketches, quick):
    X, y = sketches
    exact, coarse = (quick(precision=p).fit(X, y) for p in ("float32", "bfloat16"))
    assert not np.array_equal(exact.decision_function(X), coarse.decision_function(X))
    difference = exact.history_[0]["train_loss"] - coarse.history_[0]["train_loss"]
    assert abs(difference) < 0.05


def test_probabilities_are_the_softmax_of_logits(sketches, quick):
    X, y = sketches
    clf = quick(max_epochs=2).fit(X, y)
    logits = torch.tensor(clf.decision_function(X), dtype=torch.float64)
    np.testing.assert_allclose(clf.predict_proba(X), logits.softmax(1), rtol=1e-6)
    np.testing.assert_array_equal(clf.predict(X), clf.predict_proba(X).argmax(1))


def test_two_classes_have_one_logit(sketches, quick):
    X, y = sketches
    X, y = X[y < 2], y[y < 2]
    clf = quick(max_epochs=2).fit(X, y)
    logit, proba = clf.decision_function(X), clf.predict_proba(X)
    assert logit.shape == (81,) and proba.shape == (81, 2)
    np.testing.assert_allclose(1 / (1 + np.exp(-logit.astype(float))), proba[:, 1], rtol=1e-5)


NAMES = np.array(["cat", "ant", "dog"])


@pytest.mark.parametrize("dtype", ["<U3", object, "int8"])
def test_labels_of_any_type_come_back(sketches, quick, dtype):
    X, codes = sketches
    names = (np.array([7, -2, 3]) if dtype == "int8" else NAMES).astype(dtype)
    y = names[codes]
    clf = quick(max_epochs=4).fit(X, y)
    assert clf.classes_.tolist() == sorted(names)
    predicted = clf.predict(X)
    assert predicted.dtype == y.dtype and set(predicted) <= set(names)
    assert (predicted == y).mean() > 0.5


@pytest.mark.parametrize("batch_size", [2, 7, 90, 5000, "auto"])
def test_any_batch_size_shows_every_row(sketches, quick, batch_size):
    X, y = sketches
    clf = quick(batch_size=batch_size, lr_schedule=None, lr=1e-9, label_smoothing=0)
    loss = clf.fit(X[:89], y[:89]).history_[0]["train_loss"]
    assert loss == pytest.approx(np.log(3), rel=0.1)


FITTED = [
    {},
    {"early_stopping": True, "lr_schedule": "plateau", "ema_decay": 0.9, "verbose": 1},
    {"lr_schedule": "cosine", "optimizer": "sgd", "augmentation": AugmentationPolicy()},
    {"loss": BalancedSoftmax(0.5), "mixing": MixUp(), "lr_schedule": None, "n_tta": 5},
]


@pytest.mark.parametrize("params", FITTED, ids=str)
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda clf: pickle.loads(pickle.dumps(clf))])
def test_a_copy_predicts_the_same_and_learns_on(sketches, quick, params, duplicate):
    X, y = sketches
    clf = quick(**params).fit(X, y)
    other = duplicate(clf)
    np.testing.assert_array_equal(other.predict_proba(X), clf.predict_proba(X))
    other.partial_fit(X, y)
    assert (other.n_epochs_, clf.n_epochs_) == (2, 1)
    assert not np.array_equal(other.predict_proba(X), clf.predict_proba(X))


def test_a_pickle_holds_no_pictures(sketches, quick):
    X, y = sketches
    small = quick().fit(X, y)
    large = quick().fit(np.tile(X, (60, 1)), np.tile(y, 60))
    assert len(pickle.dumps(large)) < len(pickle.dumps(small)) + 10_000


@each_classifier
def test_a_clone_is_unfitted_and_equal(sketches, quick, cls):
    clf = quick(cls, loss=BalancedSoftmax(0.5), augmentation=AugmentationPolicy(rotation=3))
    other = clone(clf.fit(*sketches))
    assert not hasattr(other, "net_") and is_classifier(other)
    np.testing.assert_array_equal(
        other.fit(*sketches).predict_proba(sketches[0]), clf.predict_proba(sketches[0])
    )


def test_parameters_of_parts_are_reached(sketches, quick):
    clf = quick(augmentation=AugmentationPolicy(), loss=BalancedSoftmax(), mixing=CutMix())
    nested = {"augmentation__rotation": 33.0, "loss__tau": 0.0, "mixing__alpha": 0.4}
    assert set(nested) <= set(clf.get_params())
    clf.set_params(**nested)
    assert clf.augmentation.rotation == 33 and clf.mixing.alpha == 0.4
    # With tau=0, the loss is plain cross entropy, which shows that the parameter is used.
    plain = clone(clf).set_params(loss="cross_entropy").fit(*sketches)
    np.testing.assert_array_equal(
        clf.fit(*sketches).predict_proba(sketches[0]), plain.predict_proba(sketches[0])
    )


@pytest.mark.parametrize(
    "change",
    [{"augmentation": "sketch"}, {"mixing": "mixup"}, {"mixing": "cutmix"}, {"sampling": 1.0}],
    ids=str,
)
def test_what_changes_the_batches_changes_the_network(sketches, quick, change):
    X, y = sketches
    plain, changed = quick().fit(X, y), quick(**change).fit(X, y)
    assert np.abs(plain.decision_function(X) - changed.decision_function(X)).max() > 1e-4


def test_a_name_and_its_object_are_the_same(sketches, quick):
    X, y = sketches
    names = quick(
        augmentation="sketch", mixing="mixup", loss="balanced_softmax", sampling="balanced"
    )
    parts = quick(
        augmentation=AugmentationPolicy(), mixing=MixUp(), loss=BalancedSoftmax(), sampling=1.0
    )
    np.testing.assert_array_equal(
        names.fit(X, y).predict_proba(X), parts.fit(X, y).predict_proba(X)
    )


@each_classifier
def test_a_notebook_shows_the_estimator(sketches, quick, cls):
    clf = quick(cls)
    assert cls.__name__ in clf._repr_html_() and "width=0.25" in repr(clf)
    assert cls.__name__ in clf.fit(*sketches)._repr_html_()


def test_progress_is_shown_only_when_asked_for(sketches, quick, capsys):
    quick(max_epochs=2).fit(*sketches)
    assert capsys.readouterr().out == ""
    quick(max_epochs=2, early_stopping=True, verbose=1).fit(*sketches)
    out = capsys.readouterr().out
    assert "CNNClassifier epoch 2/2: loss " in out and "validation" in out
