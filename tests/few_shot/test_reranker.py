"""TopKReranker changes the probabilities of the k likeliest classes, and no others."""

from typing import ClassVar

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from skquickdraw import PrototypeClassifier, TopKReranker
from skquickdraw.datasets import make_sketches
from skquickdraw.exceptions import InvalidTargetsError

N_CLASSES = 6


@pytest.fixture(scope="module")
def data():
    X, y = make_sketches(120, N_CLASSES, image_shape=(12, 12), random_state=0)
    return X / 255, np.array(list("abcdef"))[y]


@pytest.fixture(scope="module")
def parts(data):
    """Return a weak classifier, a reranker, both fitted, and their probabilities."""
    X, y = data
    first = LogisticRegression(C=0.01).fit(X[:60], y[:60])
    second = PrototypeClassifier().fit(X[:60], y[:60])
    return first, second, first.predict_proba(X), second.predict_proba(X)


def rerank(parts, data, **params):
    """Return the probabilities of all rows after reranking, without fitting the parts again."""
    first, second = (FrozenEstimator(part) for part in parts[:2])
    return TopKReranker(first, second, **params).fit(*data).predict_proba(data[0])


def candidates(proba, k):
    """Return for each row which classes are among the k most probable."""
    return proba >= np.sort(proba, axis=1)[:, -k, None]


@pytest.mark.parametrize("k", [1, 3, 50])
def test_no_blend_is_the_estimator_alone(parts, data, k):
    np.testing.assert_array_equal(rerank(parts, data, k=k, blend=0), parts[2])


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("blend", [0.3, 1.0])
def test_classes_outside_the_first_k_keep_their_probability(parts, data, k, blend):
    proba = rerank(parts, data, k=k, blend=blend)
    outside = ~candidates(parts[2], k)
    assert outside.sum() == len(proba) * (N_CLASSES - k)
    np.testing.assert_array_equal(proba[outside], parts[2][outside])
    np.testing.assert_allclose(proba.sum(axis=1), 1)


@pytest.mark.parametrize("k", [2, 4])
def test_a_full_blend_is_the_reranker_among_the_candidates(parts, data, k):
    proba = rerank(parts, data, k=k, blend=1)
    for row, first, second in zip(proba, *parts[2:], strict=True):
        top = np.argsort(first)[-k:]
        expected = second[top] / second[top].sum() * first[top].sum()
        np.testing.assert_allclose(row[top], expected)


@pytest.mark.parametrize("k", [N_CLASSES, 50])
def test_among_all_classes_a_full_blend_is_the_reranker_alone(parts, data, k):
    np.testing.assert_allclose(rerank(parts, data, k=k, blend=1), parts[3])


def test_a_blend_lies_in_between_in_proportion(parts, data):
    full = rerank(parts, data, k=3, blend=1)
    quarter = rerank(parts, data, k=3, blend=0.25)
    np.testing.assert_allclose(quarter, 0.75 * parts[2] + 0.25 * full)


def test_a_single_candidate_leaves_nothing_to_decide(parts, data):
    np.testing.assert_allclose(rerank(parts, data, k=1, blend=1), parts[2])


class Silent(DummyClassifier):
    """A reranker that gives no candidate any probability."""

    def predict_proba(self, X):
        return np.zeros_like(super().predict_proba(X))


def test_a_reranker_without_opinion_changes_nothing(parts, data):
    silent = TopKReranker(FrozenEstimator(parts[0]), Silent(), blend=0.7).fit(*data)
    np.testing.assert_allclose(silent.predict_proba(data[0]), parts[2])


def test_both_are_fitted_to_the_rows_and_left_alone(data):
    X, y = data
    first, second = LogisticRegression(C=0.01), PrototypeClassifier()
    reranker = TopKReranker(first, second).fit(X, y)
    assert not hasattr(first, "classes_") and not hasattr(second, "classes_")
    np.testing.assert_array_equal(reranker.classes_, list("abcdef"))
    expected = PrototypeClassifier().fit(X, y).prototypes_
    np.testing.assert_array_equal(reranker.reranker_.prototypes_, expected)
    likely = reranker.predict_proba(X).argmax(axis=1)
    np.testing.assert_array_equal(reranker.predict(X), reranker.classes_[likely])


def test_seeds_are_own_and_come_again(data):
    forest = RandomForestClassifier(3)
    runs = [TopKReranker(forest, forest, random_state=0).fit(*data) for _ in range(2)]
    seeds = [(run.estimator_.random_state, run.reranker_.random_state) for run in runs]
    assert seeds[0] == seeds[1]
    assert seeds[0][0] != seeds[0][1]


class Log(list):
    """A list that the memory ignores; a plain list would be a constant of the class."""


class CountingForest(RandomForestClassifier):
    """A forest that counts the fits of all its instances."""

    fits: ClassVar[Log] = Log()

    def fit(self, X, y):
        self.fits.append(len(X))
        return super().fit(X, y)


def test_finished_fits_are_kept(data, tmp_path):
    forest = CountingForest(3)
    reranker = TopKReranker(forest, forest, random_state=0, memory=str(tmp_path))
    first = reranker.fit(*data).predict_proba(data[0])
    assert len(CountingForest.fits) == 2
    np.testing.assert_array_equal(reranker.fit(*data).predict_proba(data[0]), first)
    assert len(CountingForest.fits) == 2


def test_memory_that_no_later_fit_finds_gives_a_warning(data, tmp_path):
    guess = DummyClassifier()
    reranker = TopKReranker(guess, guess, memory=str(tmp_path))
    with pytest.warns(UserWarning, match="TopKReranker: memory stores fits, but") as found:
        reranker.fit(*data)
    assert found[0].filename == __file__


def test_stacks_reach_the_parts_as_stacks(data):
    X, y = data
    stack = X.reshape(-1, 12, 12)
    parts = PrototypeClassifier(), PrototypeClassifier(metric="euclidean")
    flat = TopKReranker(*parts).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(TopKReranker(*parts).fit(stack, y).predict_proba(stack), flat)


def test_parts_that_know_other_classes_are_refused(parts, data):
    X, y = data
    other = PrototypeClassifier().fit(X[y != "f"], y[y != "f"])
    reranker = TopKReranker(FrozenEstimator(parts[0]), FrozenEstimator(other))
    with pytest.raises(
        InvalidTargetsError, match=r"reranker must know .* of the estimator.* lacks \['f'\]"
    ):
        reranker.fit(X, y)


def test_frozen_parts_need_no_row_of_each_of_their_classes(parts, data):
    X, y = data
    reranker = TopKReranker(*map(FrozenEstimator, parts[:2])).fit(X[y != "f"], y[y != "f"])
    assert "f" in reranker.classes_


@pytest.mark.parametrize("params", [{"k": 0}, {"blend": 1.5}, {"reranker": "prototypes"}])
def test_parameters_out_of_range_are_refused(data, params):
    reranker = TopKReranker(LogisticRegression(), PrototypeClassifier()).set_params(**params)
    with pytest.raises(ValueError, match=f"'{next(iter(params))}' parameter of TopKReranker"):
        reranker.fit(*data)


def test_a_frozen_part_of_other_classes_is_refused_before_any_fit(parts, data):
    X, y = data
    CountingForest.n_fits = 0
    few = FrozenEstimator(PrototypeClassifier().fit(X[y != "f"], y[y != "f"]))
    with pytest.raises(
        InvalidTargetsError, match=r"reranker must know .* of the estimator.* lacks \['f'\]"
    ):
        TopKReranker(CountingForest(), few).fit(X, y)
    assert CountingForest.n_fits == 0


def test_a_frozen_part_that_is_not_fitted_is_told(data):
    for first, second in (
        (LogisticRegression(), FrozenEstimator(PrototypeClassifier())),
        (FrozenEstimator(LogisticRegression()), PrototypeClassifier()),
    ):
        with pytest.raises(NotFittedError):
            TopKReranker(first, second).fit(*data)
