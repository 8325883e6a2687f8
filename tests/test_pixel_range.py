"""Images on another scale than those of ``fit`` are refused; images that are only dark are not."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skquickdraw import (
    CNNClassifier,
    DeepFeatureExtractor,
    DistilledClassifier,
    NoisyStudentClassifier,
    RelationNetworkClassifier,
    SeedEnsembleClassifier,
)
from skquickdraw._images import check_images
from skquickdraw.datasets import make_sketches
from skquickdraw.exceptions import InvalidImagesError
from skquickdraw.persistence import load_model, save_model

INK, Y = make_sketches(60, 3, image_shape=(12, 12), random_state=0)
X = (255.0 * INK // INK.max()).astype(np.uint8)
UNIT = (X / 255).astype(np.float32)
TO_BRIGHT = "from 0 to 1, but they lie between 0 and 255. Scale .* X / 255; or fit on"
TO_DARK = r"from 0 to 255, but they lie between 0 and 1. Pass .* X \* 255; or fit on"


class Reader(BaseEstimator):
    """Represents any estimator that reads images."""


def fitted(X):
    reader = Reader()
    check_images(reader, X, reset=True)
    return reader


def ask(reader, X):
    return check_images(reader, X, reset=False)


@pytest.mark.parametrize(
    ("images", "expected", "kind"),
    [
        (X, (0, 255), int),
        (X.astype(np.int64), (0, 255), int),
        (X > 127, (0, 1), int),
        (UNIT, (0, 1), float),
        (X / 8 + 3, (3, 34.875), float),
    ],
)
def test_the_range_is_remembered(images, expected, kind):
    reader = fitted(images)
    assert reader.pixel_range_ == expected
    assert [type(value) for value in reader.pixel_range_] == [kind, kind]
    ask(reader, images)


def test_features_have_no_range():
    reader = fitted(np.random.default_rng(0).normal(size=(20, 10)))
    assert reader.pixel_range_ is None
    ask(reader, np.full((1, 10), 1e6))


@pytest.mark.parametrize("dtype", [np.float64, np.longdouble])
def test_features_fit_into_single_precision(dtype):
    most = dtype(np.finfo(np.float32).max)
    good, bad = np.zeros((2, 2, 5), dtype)
    good[1], bad[1] = [0, 1, 2, most, -most], [0, 1, 2, 3, -most * 1.001]
    reader = fitted(good)
    assert np.isfinite(ask(reader, good).astype(np.float32)).all()
    for use in (fitted, lambda rows: ask(reader, rows)):
        with pytest.raises(InvalidImagesError, match=r"from -3.4e\+38 to 3.4e\+38, got -3.406"):
            use(bad)


@pytest.mark.parametrize("make", [lambda: net(), lambda: RelationNetworkClassifier(n_episodes=1)])
def test_no_network_answers_features_that_it_cannot_read(make):
    rows = np.random.default_rng(0).normal(size=(60, 10))
    with pytest.raises(InvalidImagesError, match="single precision"):
        make().fit(rows * 1e300, Y)
    with pytest.raises(InvalidImagesError, match="single precision"):
        make().fit(rows, Y).predict(rows * 1e300)


FAR = {
    "network": lambda: net(),
    "relation": lambda: RelationNetworkClassifier(width=0.1, n_episodes=2),
}


@pytest.mark.parametrize("make", FAR.values(), ids=FAR)
def test_features_far_from_those_of_fit_are_refused(make):
    """The values fit into single precision, but the network computes inf - inf from them."""
    rows = np.random.default_rng(0).normal(size=(60, 9)).astype(np.float32)
    clf = make().fit(1e-3 * rows, Y)
    rows[7] *= np.float32(1e38)
    for ask in clf.predict, clf.predict_proba:
        with pytest.raises(InvalidImagesError, match="1 of 60 rows of X gave scores of NaN"):
            ask(rows)


SCALES = {
    "bytes": X,
    "one image": X[7:8],
    "floats": X.astype(np.float64),
    "a stack": X.reshape(-1, 12, 12).astype(np.int16),
    "half precision": X.astype(np.float16),
}


@pytest.mark.parametrize("images", SCALES.values(), ids=SCALES)
@pytest.mark.parametrize("seen", [UNIT, UNIT.astype(np.float64), X > 127], ids=["f4", "f8", "?"])
def test_bytes_after_units_are_refused(images, seen):
    with pytest.raises(InvalidImagesError, match="scale that fit saw, from 0 to 1, but they lie"):
        ask(fitted(seen), images)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("rows", [slice(None), slice(7, 8)])
@pytest.mark.parametrize("seen", [X, X.astype(float)], ids=["bytes", "floats"])
def test_units_after_bytes_are_refused(dtype, rows, seen):
    with pytest.raises(InvalidImagesError, match="from 0 to 255, but they lie between 0 and"):
        ask(fitted(seen), UNIT[rows].astype(dtype))


def test_truth_values_after_bytes_are_refused():
    with pytest.raises(InvalidImagesError, match=TO_DARK):
        ask(fitted(X), X > 127)


def test_other_scales_are_told_apart_too():
    digits = X // 16
    with pytest.raises(InvalidImagesError, match="from 0 to 15, but .* between 0 and 255. Scale"):
        ask(fitted(digits), X)
    ask(fitted(digits), 3 * digits)  # brighter, but less than four times


def test_one_row_of_another_scale_is_found_among_others(monkeypatch):
    monkeypatch.setattr("skquickdraw._mapped.CHUNK_BYTES", 10 * X[0].nbytes)
    mixed = X.astype(float)
    mixed[33] /= 255
    where = f"{mixed[33].max():g} in 1 of 60 rows, the first at position 33. Pass .* almost black"
    with pytest.raises(InvalidImagesError, match=f"on the scale .* between 0 and {where}"):
        ask(fitted(X), mixed)
    mixed[33] = mixed[33].round()
    ask(fitted(X), mixed)
    mixed = UNIT.copy()
    mixed[33] *= 255
    where = f"{mixed[33].max():g} in 1 of 60 rows, the first at position 33. Scale"
    with pytest.raises(InvalidImagesError, match=f"on the scale .* between 0 and {where}"):
        ask(fitted(UNIT), mixed)


NOISE = np.random.default_rng(0)
DARK = {
    "black": np.zeros((3, 144)),
    "black bytes": np.zeros((3, 144), np.uint8),
    "dark bytes": np.minimum(X, 1),
    "dark whole numbers": np.minimum(X, 1).astype(np.float32),
    "dark noise": NOISE.integers(0, 3, (3, 144)).astype(float),
    "resized dark noise": NOISE.integers(0, 3, (3, 144, 36)).mean(axis=2) / 3,
    "a few grey pixels": np.eye(3, 144) * 0.7,
    "dim": X / 25.5,
    "half as bright": X / 2,
}


@pytest.mark.parametrize("images", DARK.values(), ids=DARK)
def test_dark_images_pass(images):
    reader = fitted(X)
    for rows in (images, images[:1]):  # the other images do not matter
        assert_array_equal(ask(reader, rows).reshape(len(rows), -1), rows)


def test_a_scaler_in_front_may_leave_its_range():
    scaler = MinMaxScaler().fit(X[:20])
    reader = fitted(scaler.transform(X[:20]))
    assert reader.pixel_range_ == pytest.approx((0, 1))
    images = scaler.transform(X).clip(0)
    assert images.max() > 4  # the scaler enlarges pixels that had hardly any ink in training
    ask(reader, images)


def test_a_constant_says_nothing_of_the_scale():
    ask(fitted(np.zeros((4, 144))), X)


def test_models_of_before_check_nothing():
    reader = fitted(UNIT)
    del reader.pixel_range_
    ask(reader, X)


def net(**params):
    return CNNClassifier(width=0.25, max_epochs=1, precision="float32", random_state=0, **params)


ASKED = {
    "net": (net, "predict"),
    "probabilities": (net, "predict_proba"),
    "logits": (net, "decision_function"),
    "layer": (net, "extract_features"),
    "relation": (lambda: RelationNetworkClassifier(width=0.1, n_episodes=2), "predict"),
    "features": (lambda: DeepFeatureExtractor(net()), "transform"),
    "seeds": (lambda: SeedEnsembleClassifier(net(), n_estimators=1), "predict_proba"),
    "pipeline": (lambda: make_pipeline("passthrough", net()), "predict"),
}


@pytest.mark.parametrize(("make", "method"), ASKED.values(), ids=ASKED)
def test_every_network_refuses_another_scale(make, method):
    for seen, asked, message in ((UNIT, X, TO_BRIGHT), (X, UNIT, TO_DARK)):
        model = make().fit(seen, Y)
        with pytest.raises(InvalidImagesError, match=message):
            getattr(model, method)(asked)


def test_validation_images_and_later_calls_share_the_scale():
    with pytest.raises(InvalidImagesError, match=TO_BRIGHT):
        net().fit(UNIT, Y, X_val=X, y_val=Y)
    clf = net().partial_fit(X, Y)
    with pytest.raises(InvalidImagesError, match=TO_DARK):
        clf.partial_fit(UNIT, Y)
    with pytest.raises(InvalidImagesError, match=TO_DARK):
        net(warm_start=True).fit(X, Y).fit(UNIT, Y)
    assert net().fit(X, Y).fit(UNIT, Y).pixel_range_ == (0, 1)  # a new fit forgets the old scale


STUDENTS = {
    "noisy": lambda: NoisyStudentClassifier(net(), n_iterations=1, random_state=0),
    "distilled": lambda: DistilledClassifier(net(), net(), random_state=0),
    "seeds": lambda: SeedEnsembleClassifier(NoisyStudentClassifier(net()), n_estimators=1),
}


@pytest.mark.parametrize("make", STUDENTS.values(), ids=STUDENTS)
def test_unlabeled_images_share_the_scale(make, monkeypatch):
    monkeypatch.setattr(CNNClassifier, "_train", None)  # the error comes before any training
    for seen, asked, message in ((UNIT, X, TO_BRIGHT), (X, UNIT, TO_DARK)):
        with pytest.raises(InvalidImagesError, match=f"X_unlabeled must hold pixels.*{message}"):
            make().fit(seen, Y, X_unlabeled=asked)


def test_features_without_labels_may_be_small():
    """If a pipeline transforms X first, some small rows do not mean another scale."""
    rng = np.random.default_rng(0)
    features = rng.random((60, 100)) * np.r_[200, np.ones(99)]
    pool = np.concatenate([features[:5] / np.r_[400, np.ones(99)], features])
    student = NoisyStudentClassifier(make_pipeline(MinMaxScaler(clip=True), net()), n_iterations=1)
    student.fit(features, Y, X_unlabeled=pool)


@pytest.mark.parametrize("store", ["file", "pickle"])
def test_the_range_outlives_the_process(tmp_path, store):
    clf = net().fit(UNIT, Y)
    if store == "file":
        save_model(clf, tmp_path / "model.safetensors")
        loaded = load_model(tmp_path / "model.safetensors")
    else:
        loaded = pickle.loads(pickle.dumps(clf))
    assert loaded.pixel_range_ == clf.pixel_range_
    with pytest.raises(InvalidImagesError, match=TO_BRIGHT):
        loaded.predict(X)
