"""PrototypeClassifier, compared with scikit-learn and with sums by hand."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.preprocessing import normalize

from skquickdraw import PrototypeClassifier
from skquickdraw.exceptions import InvalidTargetsError

METRICS = ["cosine", "euclidean"]


@pytest.fixture
def features():
    """Return 60 rows of three classes; each of the five features has negative values."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(["cat", "owl", "yak"], 20))
    centres = {"cat": [2, 0, 0, 0, -1], "owl": [0, 2, 0, -1, 0], "yak": [-1, 0, 2, 0, 0]}
    return np.array([centres[label] for label in y]) + rng.normal(size=(60, 5)), y


def test_euclidean_predicts_like_scikit_learns_nearest_centroid(features):
    X, y = features
    ours = PrototypeClassifier(metric="euclidean").fit(X, y)
    theirs = NearestCentroid().fit(X, y)
    np.testing.assert_allclose(ours.prototypes_, theirs.centroids_)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_cosine_predicts_like_scikit_learns_on_rows_of_length_one(features):
    X, y = features
    ours = PrototypeClassifier().fit(X, y)
    prototypes = normalize(ours.prototypes_)
    nearest = KNeighborsClassifier(1).fit(prototypes, ours.classes_)
    np.testing.assert_array_equal(ours.predict(X), nearest.predict(normalize(X)))


@pytest.mark.parametrize("metric", METRICS)
def test_one_example_of_each_class_is_its_prototype(features, metric):
    X, y = features
    rows = [np.flatnonzero(y == label)[0] for label in ("cat", "owl", "yak")]
    clf = PrototypeClassifier(metric=metric).fit(X[rows], y[rows])
    np.testing.assert_array_equal(clf.prototypes_, X[rows])
    np.testing.assert_array_equal(clf.predict(X[rows]), y[rows])


def test_many_classes_of_one_example_are_no_reason_to_warn():
    clf = PrototypeClassifier().fit(np.eye(30), np.arange(30))
    np.testing.assert_array_equal(clf.predict(np.eye(30)), np.arange(30))


def test_probabilities_are_a_softmax_of_similarities(features):
    X, y = features
    for metric in METRICS:
        clf = PrototypeClassifier(metric=metric, temperature=2.0).fit(X, y)
        if metric == "cosine":
            similarity = normalize(X) @ normalize(clf.prototypes_).T
        else:
            similarity = -((X[:, None] - clf.prototypes_) ** 2).sum(axis=2)
        np.testing.assert_allclose(clf.predict_proba(X), softmax(similarity / 2, axis=1))


def test_temperature_flattens_and_changes_no_prediction(features):
    X, y = features
    sharp, flat = (PrototypeClassifier(temperature=t).fit(X, y) for t in (0.01, 10.0))
    assert sharp.predict_proba(X).max(axis=1).mean() > 0.9
    assert flat.predict_proba(X).max(axis=1).mean() < 0.4
    np.testing.assert_array_equal(sharp.predict(X), flat.predict(X))


def test_cosine_sees_no_length(features):
    X, y = features
    clf = PrototypeClassifier().fit(X, y)
    np.testing.assert_allclose(clf.predict_proba(7 * X), clf.predict_proba(X))


def test_frequent_classes_weigh_no_more(features):
    X, y = features
    often = np.repeat(np.arange(60), np.where(y == "cat", 9, 1))
    plain, unequal = (PrototypeClassifier().fit(X[r], y[r]) for r in (np.arange(60), often))
    np.testing.assert_allclose(plain.predict_proba(X), unequal.predict_proba(X))


def test_weights_are_repetitions(features):
    X, y = features
    weights = np.random.default_rng(1).integers(0, 4, 60)
    weighted = PrototypeClassifier().fit(X, y, sample_weight=weights)
    repeated = PrototypeClassifier().fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    np.testing.assert_allclose(weighted.prototypes_, repeated.prototypes_)


def test_stacks_are_flat_rows():
    X = np.random.default_rng(0).integers(0, 256, (12, 9, 9), dtype=np.uint8)
    y = np.arange(12) % 3
    stacked, flat = PrototypeClassifier().fit(X, y), PrototypeClassifier().fit(X.reshape(12, -1), y)
    np.testing.assert_array_equal(stacked.prototypes_, flat.prototypes_)
    np.testing.assert_array_equal(stacked.predict_proba(X), flat.predict_proba(X.reshape(12, -1)))
    assert stacked.n_features_in_ == 81


def test_a_class_without_weight_is_refused(features):
    X, y = features
    with pytest.raises(InvalidTargetsError, match="class 'owl' has no row with a sample weight"):
        PrototypeClassifier().fit(X, y, sample_weight=(y != "owl").astype(float))


def test_a_single_class_is_refused(features):
    X, y = features
    with pytest.raises(InvalidTargetsError, match="at least two classes"):
        PrototypeClassifier().fit(X[y == "owl"], y[y == "owl"])


@pytest.mark.parametrize("params", [{"metric": "manhattan"}, {"temperature": 0.0}])
def test_parameters_out_of_range_are_refused(features, params):
    with pytest.raises(ValueError, match=f"'{next(iter(params))}' parameter of Prototype"):
        PrototypeClassifier(**params).fit(*features)
