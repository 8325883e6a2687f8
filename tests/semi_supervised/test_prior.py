"""Adjusting predictions of many rows to known class shares."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.special import softmax

from skquickdraw.exceptions import InvalidParameterError, InvalidTargetsError
from skquickdraw.semi_supervised import align_to_prior, assign_to_prior
from skquickdraw.semi_supervised._estimate import estimate_prior

PRIOR = np.array([0.5, 0.3, 0.15, 0.05])


@pytest.fixture(scope="module")
def proba():
    return np.random.default_rng(0).dirichlet([2.0, 1.0, 0.5, 0.3], size=400)


@pytest.mark.parametrize("prior", ["uniform", PRIOR, PRIOR.tolist()])
def test_shares_agree_after_alignment(proba, prior):
    aligned = align_to_prior(proba, prior)
    expected = np.full(4, 0.25) if isinstance(prior, str) else PRIOR
    np.testing.assert_allclose(aligned.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(aligned.mean(axis=0), expected, atol=1e-4)


def test_a_thousand_classes_have_their_shares_too():
    rng = np.random.default_rng(0)
    proba = softmax(rng.normal(size=(60, 1100)) + rng.normal(size=1100), axis=1)
    np.testing.assert_allclose(align_to_prior(proba).mean(axis=0), 1 / 1100, rtol=0.01)


def test_alignment_changes_the_odds_of_all_rows_alike(proba):
    aligned = align_to_prior(proba)
    factors = np.log(aligned / proba)
    factors -= factors[:, :1]
    clear = (proba > 1e-6).all(axis=1)
    np.testing.assert_allclose(factors[clear], np.tile(factors[clear][0], (clear.sum(), 1)), 1e-6)


def test_aligned_rows_stay_as_they_are():
    balanced = np.array([[0.7, 0.2, 0.1], [0.1, 0.7, 0.2], [0.2, 0.1, 0.7]])
    np.testing.assert_allclose(align_to_prior(balanced), balanced, atol=1e-6)


def test_a_class_without_a_share_gets_nothing(proba):
    aligned = align_to_prior(proba, [0.5, 0.5, 0, 0])
    np.testing.assert_array_equal(aligned[:, 2:], 0)
    assert set(assign_to_prior(proba, [0.5, 0.5, 0, 0])) == {0, 1}


@pytest.mark.parametrize("counts", [(79, 27, 84), (5, 60, 125), (190, 0, 0)])
def test_as_many_certain_rows_as_possible_keep_their_class(counts):
    places = np.array([37, 108, 45])
    codes = np.repeat([0, 1, 2], counts)
    assigned = assign_to_prior(np.eye(3)[codes], places / places.sum())
    np.testing.assert_array_equal(np.bincount(assigned), places)
    assert (assigned == codes).sum() == np.minimum(counts, places).sum()


@pytest.mark.parametrize("n_too_few", [0, 1])
def test_rows_leave_their_likeliest_class_up_to_a_limit(n_too_few, monkeypatch):
    counts, places = np.array([79, 27, 84]), np.array([37, 108, 45])
    limit = np.maximum(counts - places, 0).sum() - n_too_few
    monkeypatch.setattr("skquickdraw.semi_supervised._prior.MOST_MOVED", limit)
    codes = np.repeat([0, 1, 2], counts)
    assigned = assign_to_prior(np.eye(3)[codes], places / places.sum())
    np.testing.assert_array_equal(np.bincount(assigned), places)
    is_best = (assigned == codes).sum() == np.minimum(counts, places).sum()
    assert is_best == (n_too_few == 0)


def test_a_certain_row_keeps_its_class_while_there_is_room():
    certain = np.eye(3)[[0, 1, 2, 0, 1, 2]]
    assert align_to_prior(certain).argmax(axis=1).tolist() == [0, 1, 2, 0, 1, 2]
    assert assign_to_prior(certain).tolist() == [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize(
    ("n", "prior", "counts"),
    [
        (400, "uniform", [100] * 4),
        (400, PRIOR, [200, 120, 60, 20]),
        (10, "uniform", [3, 3, 2, 2]),
        (3, PRIOR, [2, 1, 0, 0]),
        (1, "uniform", [1, 0, 0, 0]),
        (11, np.array([0.4, 10.6, 0, 0]) / 11, [0, 11, 0, 0]),  # the larger remainder
    ],
)
def test_assignments_have_the_known_numbers(proba, n, prior, counts):
    found = np.bincount(assign_to_prior(proba[:n], prior), minlength=4)
    if isinstance(prior, str):  # any class may get the rows that are left over
        found = np.sort(found)[::-1]
    assert found.tolist() == counts


def log_likelihood(proba, codes):
    return np.log(np.maximum(proba, 1e-9))[np.arange(len(codes)), codes].sum()


@pytest.mark.parametrize("seed", range(5))
def test_assignments_are_nearly_the_best(seed):
    proba = np.random.default_rng(seed).dirichlet([1.0, 0.5, 0.2, 0.1, 0.1], size=120)
    places = np.repeat(np.arange(5), 24)
    rows, columns = linear_sum_assignment(-np.log(np.maximum(proba, 1e-9))[:, places])
    best = log_likelihood(proba, places[columns][np.argsort(rows)])
    found = log_likelihood(proba, assign_to_prior(proba))
    chance = log_likelihood(proba, np.random.default_rng(0).permutation(places))
    assert best >= found >= best + 0.01 * (chance - best)


def test_rows_go_to_the_open_class_that_they_prefer():
    proba = np.repeat([[0.94, 0.01, 0.01, 0.04], [0.01, 0.94, 0.04, 0.01]], 20, axis=0)
    first, second = np.split(assign_to_prior(proba), 2)
    assert np.bincount(first, minlength=4).tolist() == [10, 0, 0, 10]
    assert np.bincount(second, minlength=4).tolist() == [0, 10, 10, 0]


def test_assignment_helps_where_a_class_is_underrated():
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(4), 200)
    logits = rng.normal(size=(800, 4)) + 2 * np.eye(4)[codes] - [0, 0, 0, 2]
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    plain, assigned = (proba.argmax(axis=1) == codes), (assign_to_prior(proba) == codes)
    aligned = align_to_prior(proba).argmax(axis=1) == codes
    assert min(assigned.mean(), aligned.mean()) > plain.mean() + 0.03
    assert min(assigned[600:].mean(), aligned[600:].mean()) > plain[600:].mean() + 0.2


@pytest.mark.parametrize("function", [align_to_prior, assign_to_prior])
class TestErrors:
    @pytest.mark.parametrize(
        ("prior", "match"),
        [
            ([0.5, 0.5], r"must have 4 shares.* got \[0.5, 0.5\].* order of the columns of proba"),
            ([[0.5, 0.5]], r"must have 4 shares, .* of shape \(1, 2\)"),
            ([0.5, 0.6, -0.1, 0], "not negative, got .* has the share 0"),
            ([0.5, 0.5, np.nan, 0], "must be finite"),
            ([np.inf, 0, 0, 0], "must be finite"),
            ([1, 1, 1, 1], r"must sum to 1, got \[1, 1, 1, 1\] with the sum 4. Divide them"),
            ("labeled", "must be 'uniform' or an array of numbers, got 'labeled'"),
            (np.array(list("abcd")), r"got \['a', 'b', 'c', 'd'\]. Pass one number for each"),
            ({0: 0.25, 1: 0.25, 2: 0.25, 3: 0.25}, "must be 'uniform' or an array of numbers"),
            (None, "must be 'uniform' or an array of numbers, got None"),
        ],
    )
    def test_no_distribution_over_the_classes(self, function, proba, prior, match):
        with pytest.raises(InvalidParameterError, match=f"{function.__name__}: .*{match}"):
            function(proba, prior)

    @pytest.mark.parametrize("factor", [-1, 2])
    def test_no_probabilities(self, function, proba, factor):
        with pytest.raises(InvalidTargetsError, match="Pass what predict_proba returns"):
            function(proba * factor)

    def test_missing_values(self, function, proba):
        with pytest.raises(ValueError, match="proba contains NaN"):
            function(proba * np.nan)


def test_shares_are_estimated_from_confusions():
    rng = np.random.default_rng(0)
    confusion = np.array([[0.9, 0.1, 0.0], [0.3, 0.6, 0.1], [0.2, 0.2, 0.6]])

    def classify(codes):
        return np.array([rng.choice(3, p=confusion[c]) for c in codes])

    labeled, prior = np.repeat(np.arange(3), 500), np.array([0.1, 0.3, 0.6])
    pool = classify(rng.choice(3, p=prior, size=4000))
    estimate = estimate_prior(labeled, classify(labeled), pool, 3)
    counted = np.bincount(pool) / len(pool)
    assert estimate.sum() == pytest.approx(1)
    assert np.abs(estimate - prior).max() < 0.05 < np.abs(counted - prior).max()


def test_tiny_classes_are_not_overestimated():
    labeled = np.repeat(np.arange(3), [500, 500, 1])
    pool = np.repeat(np.arange(3), [495, 495, 10])
    estimate = estimate_prior(labeled, labeled, pool, 3)
    np.testing.assert_allclose(estimate, [0.495, 0.495, 0.01], atol=1e-4)
