"""Images with channels last: all estimators read them like images with channels first."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from skquickdraw import (
    CNNClassifier,
    DeepFeatureExtractor,
    DistilledClassifier,
    NoisyStudentClassifier,
    PrototypeClassifier,
    RelationNetworkClassifier,
    SeedEnsembleClassifier,
    TopKReranker,
    TransductiveClassifier,
)
from skquickdraw._images import check_images, check_rows
from skquickdraw._mapped import in_chunks, map_rows
from skquickdraw.datasets import make_sketches
from skquickdraw.exceptions import InvalidImagesError


@pytest.fixture(scope="module")
def coloured():
    """Return 60 images of shape (3, 12, 10) with different channels, and labels of 3 classes."""
    X, y = make_sketches(60, 3, image_shape=(12, 10), random_state=0)
    X = X.reshape(-1, 1, 12, 10)
    return np.concatenate([X, X // 2, 255 - X], axis=1), y


def channels_last(X):
    return np.ascontiguousarray(X.transpose(0, 2, 3, 1))


class Reader(BaseEstimator):
    """Represents any estimator that reads images."""


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_channels_last_are_moved_to_the_front(coloured, dtype):
    X = coloured[0].astype(dtype)
    assert_array_equal(check_images(Reader(), channels_last(X), reset=True), X)
    assert_array_equal(check_rows(Reader(), channels_last(X), reset=True), X)
    grey = check_images(Reader(), channels_last(X)[..., :1], reset=True)
    assert_array_equal(grey, X[:, :1])


def test_channels_last_are_not_copied(coloured):
    X = channels_last(coloured[0])
    assert np.shares_memory(check_images(Reader(), X, reset=True), X)
    assert np.shares_memory(check_rows(Reader(), X, reset=True), X)


def test_image_shape_decides_where_both_axes_may_be_channels():
    X = np.arange(2 * 3 * 9 * 3, dtype=np.float32).reshape(2, 3, 9, 3)
    first = check_images(Reader(), X, reset=True, image_shape=(3, 9, 3))
    last = check_images(Reader(), X, reset=True, image_shape=(3, 3, 9))
    assert_array_equal(first, X)
    assert_array_equal(last, X.transpose(0, 3, 1, 2))
    with pytest.raises(InvalidImagesError, match="first or last. Pass image_shape="):
        check_rows(Reader(), X, reset=True)
    one = np.zeros((2, 1, 9, 1))
    assert check_images(Reader(), one, reset=True).shape == (2, 1, 9, 1)


def test_a_list_of_unequal_images_says_how_to_go_on():
    with pytest.raises(InvalidImagesError, match=r"one shape, got \[\(8, 9\), \(9, 9\)\]"):
        check_images(Reader(), [np.zeros((8, 9)), np.zeros((9, 9))], reset=True)


def net(**params):
    return CNNClassifier(width=0.25, max_epochs=1, precision="float32", random_state=0, **params)


ESTIMATORS = {
    "net": net,
    "stopped early": lambda: net(early_stopping=True, validation_fraction=0.3),
    "seeds": lambda: SeedEnsembleClassifier(net(), n_estimators=2, random_state=0),
    "noisy": lambda: NoisyStudentClassifier(net(), n_iterations=1, random_state=0),
    "distilled": lambda: DistilledClassifier(net(), net(), random_state=0),
    "transductive": lambda: TransductiveClassifier(net()),
    "relation": lambda: RelationNetworkClassifier(
        width=0.1, n_episodes=2, precision="float32", random_state=0
    ),
    "prototypes": PrototypeClassifier,
    "reranker": lambda: TopKReranker(net(), PrototypeClassifier(), random_state=0),
    "features": lambda: DeepFeatureExtractor(net(), random_state=0),
}
WITH_POOL = ("seeds of students", "noisy", "distilled")


def answers(estimator, X):
    method = "predict_proba" if hasattr(estimator, "predict_proba") else "transform"
    return getattr(estimator, method)(X)


@pytest.mark.parametrize("make", ESTIMATORS.values(), ids=ESTIMATORS)
def test_every_estimator_answers_alike_in_both_orders(coloured, make):
    X, y = coloured
    first, last = make().fit(X, y), make().fit(channels_last(X), y)
    expected = answers(first, X)
    for estimator in (first, last):
        assert_array_equal(answers(estimator, X), expected)
        assert_array_equal(answers(estimator, channels_last(X)), expected)
    with pytest.raises(InvalidImagesError, match="the pixels of flat rows could be in that order"):
        answers(last, channels_last(X).reshape(60, -1))
    assert not hasattr(last.fit(X, y), "data_format_")
    assert_array_equal(answers(last, X.reshape(60, -1)), expected)


@pytest.mark.parametrize("name", WITH_POOL)
@pytest.mark.parametrize("is_last", [True, False])
def test_unlabeled_rows_may_come_in_the_other_order(coloured, name, is_last):
    def make():
        if name in ESTIMATORS:
            return ESTIMATORS[name]()
        return SeedEnsembleClassifier(ESTIMATORS["noisy"](), n_estimators=1, random_state=0)

    X, y = coloured
    labeled, pool = X[:30], X[30:]
    expected = make().fit(labeled, y[:30], X_unlabeled=pool)
    mixed = (channels_last(labeled), pool) if is_last else (labeled, channels_last(pool))
    clf = make().fit(mixed[0], y[:30], X_unlabeled=mixed[1])
    assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))
    other = np.zeros((4, 3, 10, 12), np.uint8)
    with pytest.raises(InvalidImagesError, match=r"X_unlabeled must be shaped like X.*\(3, 10, 12"):
        make().fit(labeled, y[:30], X_unlabeled=other)
    if is_last:
        with pytest.raises(InvalidImagesError, match="X must be a stack, as in fit"):
            make().fit(mixed[0], y[:30], X_unlabeled=pool.reshape(30, -1))


def test_validation_images_may_come_in_the_other_order(coloured):
    X, y = coloured
    fits = [
        net().fit(X, y, X_val=validation, y_val=y[:20])
        for validation in (X[:20], channels_last(X[:20]))
    ]
    assert fits[0].history_[0]["valid_loss"] == fits[1].history_[0]["valid_loss"]


def test_a_frozen_network_behind_an_extractor(coloured):
    X, y = coloured
    extractor = DeepFeatureExtractor(FrozenEstimator(net().fit(X, y)))
    assert_array_equal(
        extractor.fit(channels_last(X)).transform(channels_last(X)), extractor.fit(X).transform(X)
    )


def test_estimators_of_features_read_stacks_too(coloured):
    X, y = coloured
    clf = TransductiveClassifier(PrototypeClassifier()).fit(channels_last(X), y)
    expected = PrototypeClassifier().fit(X.reshape(60, -1), y).predict_proba(X.reshape(60, -1))
    assert_array_equal(clf.predict_proba(X), expected)
    with pytest.raises(ValueError, match="dim 4"):
        TransductiveClassifier(LogisticRegression()).fit(channels_last(X), y)


@pytest.mark.parametrize("step", [1, 2])
def test_a_map_with_channels_last_is_read_from_its_file(coloured, tmp_path, step):
    X, y = coloured
    np.save(tmp_path / "X.npy", channels_last(X))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")[::step]
    images = check_images(Reader(), mapped, reset=True)
    rows = map_rows(images)
    assert rows is not None
    assert_array_equal(rows.take(np.array([7, 0, 7])), X[::step][[7, 0, 7]])
    assert_array_equal(rows.cut(3, 9), X[::step][3:9])
    assert_array_equal(np.concatenate(list(in_chunks(images))), X[::step])
    clf = net().fit(mapped, y[::step])
    assert_array_equal(
        clf.predict_proba(mapped), net().fit(X[::step], y[::step]).predict_proba(X[::step])
    )
