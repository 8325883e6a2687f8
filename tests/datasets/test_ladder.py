"""make_ladder: the class sizes, and which rows stay."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skquickdraw.datasets import ladder_counts, make_ladder
from skquickdraw.exceptions import InvalidParameterError, InvalidTargetsError

LADDER = {"n_max": 6, "n_min": 2}


@pytest.fixture
def data():
    y = np.random.RandomState(0).permutation(np.repeat(["ant", "bee", "cat"], 8))
    return np.arange(24 * 4).reshape(24, 2, 2), y


def test_linear_ladder_of_a_hundred_classes():
    counts = ladder_counts(100)
    assert counts.dtype == np.int64
    assert_array_equal(counts, np.arange(1000, 0, -10))
    assert counts.sum() == 50_500


def test_exponential_ladder_has_equal_ratios():
    assert_array_equal(
        ladder_counts(4, n_max=1000, n_min=1, profile="exponential"), [1000, 100, 10, 1]
    )
    counts = ladder_counts(10, n_max=5000, n_min=50, profile="exponential")
    np.testing.assert_allclose(counts[1:] / counts[:-1], 0.01 ** (1 / 9), rtol=0.02)


@pytest.mark.parametrize("profile", ["linear", "exponential"])
def test_ladders_descend_between_their_ends(profile):
    counts = ladder_counts(37, n_max=91, n_min=3, profile=profile)
    assert counts[0] == 91 and counts[-1] == 3
    assert (np.diff(counts) <= 0).all()
    assert_array_equal(ladder_counts(1, profile=profile), [1000])
    assert_array_equal(ladder_counts(3, n_max=5, n_min=5, profile=profile), [5, 5, 5])


def test_rows_stay_with_their_labels_in_their_order(data):
    X, y = data
    X_kept, y_kept, indices = make_ladder(X, y, **LADDER, random_state=0, return_indices=True)
    assert_array_equal(X_kept, X[indices])
    assert_array_equal(y_kept, y[indices])
    assert (np.diff(indices) > 0).all()
    assert np.unique(y_kept, return_counts=True)[1].tolist() == [6, 4, 2]


def test_order_says_which_class_is_largest(data):
    _, y = make_ladder(*data, **LADDER, order=["cat", "ant", "bee"], random_state=0)
    assert np.unique(y, return_counts=True)[1].tolist() == [4, 2, 6]


def test_seeds_reproduce_and_differ(data):
    def kept(seed, **parameters):
        return make_ladder(
            *data, **{**LADDER, **parameters}, random_state=seed, return_indices=True
        )[2]

    assert_array_equal(kept(0), kept(0))
    assert any((kept(0) != kept(seed)).any() for seed in range(1, 4))
    assert set(kept(0, n_max=4)) <= set(kept(0))


def test_lists_and_object_labels(data):
    X, y = data
    X_kept, y_kept = make_ladder(list(X), y.tolist(), **LADDER, random_state=0)
    assert isinstance(X_kept, list) and len(X_kept) == len(y_kept) == 12
    assert len(make_ladder(X, y.astype(object), **LADDER)[1]) == 12


def test_names_the_class_that_is_too_small(data):
    with pytest.raises(InvalidTargetsError, match="class ant has 8 rows.*needs 9.*Lower n_max"):
        make_ladder(*data, n_max=9, n_min=2)


@pytest.mark.parametrize("order", [["ant", "bee"], ["ant", "bee", "bee"], ["ant", "bee", "dog"]])
def test_refuses_an_order_that_is_not_the_classes(data, order):
    with pytest.raises(InvalidTargetsError, match="order must hold each of the 3 classes"):
        make_ladder(*data, **LADDER, order=order)


def test_refuses_labels_that_do_not_fit(data):
    X, y = data
    with pytest.raises(InvalidTargetsError, match="inconsistent numbers of samples"):
        make_ladder(X[:-1], y, **LADDER)
    with pytest.raises(InvalidTargetsError, match="make_ladder: y should be a 1d array"):
        make_ladder(X, y.reshape(-1, 2), **LADDER)


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"n_classes": 0}, "n_classes must be an int of at least 1"),
        ({"n_max": 10.0}, "n_max must be an int"),
        ({"n_min": 0}, "n_min must be an int of at least 1"),
        ({"n_max": 5, "n_min": 6}, "n_min must not exceed n_max"),
        ({"profile": "steps"}, "profile must be 'linear' or 'exponential'"),
    ],
    ids=str,
)
def test_refuses_bad_parameters(parameter, message):
    with pytest.raises(InvalidParameterError, match=f"ladder_counts: {message}"):
        ladder_counts(**{"n_classes": 3, **parameter})


def test_an_error_names_the_function_that_was_called(data):
    with pytest.raises(InvalidParameterError, match="make_ladder: n_max must be an int"):
        make_ladder(*data, n_max=10.0)
