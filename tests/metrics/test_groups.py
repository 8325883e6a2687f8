"""frequency_groups: which classes are head, medium and tail."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from skquickdraw.exceptions import InvalidParameterError
from skquickdraw.metrics import frequency_groups


def test_thirds_of_a_hundred_classes():
    counts = np.arange(1000, 0, -10)
    head, medium, tail = frequency_groups(counts)
    np.testing.assert_array_equal(head, np.arange(33))
    np.testing.assert_array_equal(medium, np.arange(33, 67))
    np.testing.assert_array_equal(tail, np.arange(67, 100))


def test_the_most_frequent_come_first_and_ties_follow_class_order():
    groups = frequency_groups([5, 7, 5, 7, 9, 5])
    assert [group.tolist() for group in groups] == [[4, 1], [3, 0], [2, 5]]


@pytest.mark.parametrize("n_groups", [1, 2, 3, 4, 7])
def test_groups_part_the_classes_evenly(n_groups):
    counts = np.random.default_rng(0).integers(0, 20, size=7)
    groups = frequency_groups(counts, n_groups)
    assert len(groups) == n_groups
    assert sorted(np.concatenate(groups)) == list(range(7))
    sizes = [len(group) for group in groups]
    assert max(sizes) - min(sizes) <= 1
    falling = counts[np.concatenate(groups)]
    assert (np.diff(falling) <= 0).all()


@pytest.mark.parametrize("as_counts", [Counter, lambda y: pd.Series(y).value_counts()])
def test_a_mapping_names_its_classes(as_counts):
    y = ["owl"] * 5 + ["cat"] * 5 + ["ant"] * 50 + ["yak"]
    groups = frequency_groups(as_counts(y), n_groups=2)
    assert [group.tolist() for group in groups] == [["ant", "cat"], ["owl", "yak"]]


@pytest.mark.parametrize("n_groups", [0, 4])
def test_impossible_numbers_of_groups_are_refused(n_groups):
    with pytest.raises(InvalidParameterError, match=f"1 and 3, .* got {n_groups}. .*Pass a number"):
        frequency_groups([3, 2, 1], n_groups)


@pytest.mark.parametrize("counts", [[3, -1, 2], [3, np.nan, 2], [3, np.inf, 2]])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(InvalidParameterError, match="finite and not negative"):
        frequency_groups(counts)


def test_counts_have_one_axis():
    with pytest.raises(InvalidParameterError, match=r"one count for each class.*\(2, 2\)"):
        frequency_groups([[1, 2], [3, 4]])
