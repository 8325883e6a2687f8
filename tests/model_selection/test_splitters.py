"""The splitters for data with unlabeled rows and rare classes."""

import warnings
from copy import copy

import numpy as np
import pytest
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.semi_supervised import SelfTrainingClassifier

from skquickdraw.exceptions import InvalidParameterError
from skquickdraw.model_selection import LabeledStratifiedKFold, LabeledStratifiedShuffleSplit

COUNTS = [12, 7, 5]


@pytest.fixture
def y():
    labels = np.concatenate([np.repeat(range(3), COUNTS), np.full(20, -1)])
    return np.random.default_rng(0).permutation(labels)


SPLITTERS = [
    LabeledStratifiedKFold(5, shuffle=True, random_state=0),
    LabeledStratifiedShuffleSplit(5, test_size=0.3, random_state=0),
]


@pytest.mark.parametrize("splitter", SPLITTERS, ids=lambda splitter: type(splitter).__name__)
class TestBoth:
    def test_test_rows_are_labeled_and_all_others_train(self, splitter, y):
        unlabeled = np.flatnonzero(y == -1)
        for train, test in splitter.split(y[:, None], y):
            assert (y[test] != -1).all() and len(test)
            assert np.isin(unlabeled, train).all()
            assert sorted([*train, *test]) == list(range(len(y)))

    @pytest.mark.parametrize(
        ("names", "mark"),
        [
            (np.array(["ant", "bee", "cat", "?"]), "?"),
            (np.array(["ant", "bee", "cat", -1], dtype=object), -1),
            (np.array([10, 11, 12, 99]), 99),
            (np.array([1.0, 2.0, 3.0, np.nan]), np.nan),
        ],
        ids=["text", "mixed", "numbers", "nan"],
    )
    def test_the_mark_may_be_of_any_type(self, splitter, y, names, mark):
        other = copy(splitter)
        other.unlabeled_label = mark
        expected = splitter.split(y, y)
        for (train, test), (train_2, test_2) in zip(
            expected, other.split(y, names[y]), strict=True
        ):
            np.testing.assert_array_equal(train, train_2)
            np.testing.assert_array_equal(test, test_2)

    def test_warnings_in_a_loop_over_the_splits_are_the_callers_own(self, splitter, y):
        with warnings.catch_warnings():
            before = list(warnings.filters)
            for _ in splitter.split(y, y):
                assert warnings.filters == before

    def test_every_class_is_trained_on(self, splitter, y):
        rare = np.concatenate([y, [7, 8, 8]])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            parts = list(splitter.split(rare, rare))
        for train, test in parts:
            assert {0, 1, 2, 7, 8, -1} <= set(rare[train])
            assert 7 not in rare[test]

    def test_a_search_over_a_semi_supervised_classifier(self, splitter, y):
        X = np.random.default_rng(1).normal(size=(len(y), 2)) + 5 * y[:, None]
        search = GridSearchCV(
            SelfTrainingClassifier(LogisticRegression()), {"threshold": [0.6, 0.9]}, cv=splitter
        )
        assert search.fit(X, y).best_score_ > 0.8
        with_foreign_class = cross_val_score(
            search.best_estimator_, X, y, cv=StratifiedKFold(5, shuffle=True, random_state=0)
        )
        # The folds of scikit-learn treat the mark as a class, and score it too.
        assert with_foreign_class.mean() < 0.7

    def test_equal_seeds_give_equal_splits(self, splitter, y):
        first, second = ([test.tolist() for _, test in splitter.split(y, y)] for _ in range(2))
        assert first == second
        assert len({str(test) for test in first}) == 5


def test_folds_are_scikit_learns_where_all_is_labeled(y):
    labeled = y[y != -1]
    ours = LabeledStratifiedKFold(5, shuffle=True, random_state=3).split(labeled, labeled)
    theirs = StratifiedKFold(5, shuffle=True, random_state=3).split(labeled, labeled)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine[1], other[1])


@pytest.mark.parametrize("shuffle", [False, True])
def test_folds_of_small_classes_are_scikit_learns_too(shuffle):
    y = np.random.default_rng(0).permutation(np.repeat([2, 0, 3, 1], [9, 7, 3, 2]))
    options = {"shuffle": shuffle, "random_state": 3 if shuffle else None}
    with pytest.warns(UserWarning, match="2 classes have fewer"):
        ours = list(LabeledStratifiedKFold(5, **options).split(y, y))
    with pytest.warns(UserWarning, match="The least populated class"):
        theirs = list(StratifiedKFold(5, **options).split(y, y))
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine[1], other[1])


def test_each_labeled_row_is_tested_once(y):
    tests = [test for _, test in LabeledStratifiedKFold(5).split(y, y)]
    assert sorted(np.concatenate(tests)) == np.flatnonzero(y != -1).tolist()


def test_small_classes_give_one_warning():
    y = np.repeat(["many", "few", "one"], [9, 2, 1])
    with pytest.warns(UserWarning, match=r"2 classes have fewer .* such as \['few', 'one'\]") as w:
        parts = list(LabeledStratifiedKFold(3).split(y, y))
    assert len(w) == 1
    assert [sorted(set(y[test])) for _, test in parts] == [["few", "many"]] * 2 + [["many"]]


def test_the_warning_counts_in_the_singular_too():
    with pytest.warns(UserWarning, match=r"1 class has fewer .* such as \['few'\]"):
        next(LabeledStratifiedKFold(3).split([0] * 6, ["many"] * 4 + ["few"] * 2))


def test_a_stack_may_use_the_folds():
    X, labels = np.arange(12.0)[:, None], np.repeat(["low", "high"], 6)
    cv = LabeledStratifiedKFold(3, unlabeled_label=None)
    stacked = StackingClassifier([("one", LogisticRegression())], cv=cv).fit(X, labels)
    assert stacked.score(X, labels) == 1


def test_more_folds_than_any_class_has_rows():
    with pytest.raises(InvalidParameterError, match="n_splits=5 needs .* the largest has 3"):
        next(LabeledStratifiedKFold(5).split([0] * 6, [0, 0, 0, 1, 1, -1]))


def test_nothing_labeled():
    with pytest.raises(InvalidParameterError, match="the largest has 0"):
        next(LabeledStratifiedKFold(2).split([0, 0], [None, None]))
    with pytest.raises(InvalidParameterError, match="of 0 labeled rows"):
        next(LabeledStratifiedShuffleSplit(2, unlabeled_label=-1).split([0, 0], [-1, -1]))


CODES = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3], [60, 25, 4, 1]))


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_each_class_gives_its_share_and_never_its_last_row(fraction):
    splitter = LabeledStratifiedShuffleSplit(1, test_size=fraction, random_state=0)
    train, test = next(splitter.split(CODES, CODES))
    assert sorted([*train, *test]) == list(range(90))
    counts, taken = np.bincount(CODES), np.bincount(CODES[test], minlength=4)
    assert (np.abs(taken - counts * fraction) <= 0.5)[:3].all()
    assert taken[3] == 0


def test_even_a_large_share_leaves_a_row_of_each_class():
    train, _ = next(LabeledStratifiedShuffleSplit(1, test_size=0.99).split(CODES, CODES))
    assert set(CODES[train]) == {0, 1, 2, 3}


@pytest.mark.parametrize("test_size", [0.0, 1.0, 3, None])
def test_a_share_out_of_range(y, test_size):
    with pytest.raises(InvalidParameterError, match="must lie between 0 and 1"):
        next(LabeledStratifiedShuffleSplit(test_size=test_size).split(y, y))


def test_a_share_that_tests_nothing(y):
    with pytest.raises(InvalidParameterError, match="test_size=0.01 of 24 labeled rows"):
        next(LabeledStratifiedShuffleSplit(test_size=0.01).split(y, y))
