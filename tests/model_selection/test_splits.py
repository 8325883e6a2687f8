"""Values of ``cv`` in all functions that take it; wrong values raise an error before any fit."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, KFold, LeaveOneGroupOut, cross_val_score
from sklearn.naive_bayes import GaussianNB

from skquickdraw import CNNClassifier, DeepFeatureExtractor
from skquickdraw.exceptions import InvalidParameterError
from skquickdraw.model_selection import compare, find_label_errors

X = np.random.default_rng(0).normal(size=(24, 64))
Y = np.arange(24) % 3
GROUPS = np.arange(24) // 6
REST = np.arange(2, 24)


class Untouched(GaussianNB):
    def fit(self, X, y):
        raise AssertionError("was fitted before cv was checked")


class UntouchedNetwork(CNNClassifier):
    def fit(self, X, y):
        raise AssertionError("was fitted before cv was checked")


CALLS = {
    "compare": lambda cv: compare({"a": Untouched()}, X, Y, cv=cv),
    "find_label_errors": lambda cv: find_label_errors(Untouched(), X, Y, cv=cv),
    "DeepFeatureExtractor": lambda cv: DeepFeatureExtractor(
        UntouchedNetwork(), cv=cv
    ).fit_transform(X, Y),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (GroupKFold(2), "{}: cv=GroupKFold.* needs groups, .* Pass its splits: cv=list.cv.split"),
        (LeaveOneGroupOut(), "{}: cv=LeaveOneGroupOut.* needs groups"),
        ([(REST, [0, 24])], "{}: fold 0 of cv must name rows of X, which has 24, but names row 24"),
        ([(REST, [0]), (REST, [-25])], "{}: fold 1 of cv must name rows .* but names row -25"),
        ([("ab", "c")], "{}: fold 0 of cv must be a pair .* rows' positions.* Pass a number"),
        ([(REST, [])], "{}: fold 0 of cv must be a pair .* neither may be empty"),
        ([(REST, Y > 9)], "{}: fold 0 of cv must be a pair .* neither may be empty"),
        ([(REST, [True])], "{}: fold 0 of cv must be a pair"),
        ([3], "{}: fold 0 of cv must be a pair .* got 3"),
        (
            KFold,
            "{}: cv must be a number of folds, a splitter or pairs .* got <class|'cv' parameter",
        ),
        (2.5, "{}: cv must be a number of folds, a splitter or pairs .* got 2.5|'cv' parameter"),
        (KFold(99), "n_splits=99 greater than the number of samples"),
    ],
)
def test_what_cannot_split_is_named(name, cv, message):
    with pytest.raises(InvalidParameterError, match=message.format(name)):
        CALLS[name](cv)


def test_splits_by_groups_are_passed_as_a_list():
    folds = list(GroupKFold(2).split(X, Y, GROUPS))
    found = compare({"a": GaussianNB()}, X, Y, cv=folds, scoring="accuracy")
    expected = cross_val_score(GaussianNB(), X, Y, groups=GROUPS, cv=GroupKFold(2))
    np.testing.assert_array_equal(found.scores["accuracy"][0], expected)


@pytest.mark.parametrize("n_jobs", [0, "all", 1.5, True, 10**20])
def test_a_number_of_jobs_is_checked(n_jobs):
    with pytest.raises(InvalidParameterError, match="n_jobs"):
        compare({"a": Untouched()}, X, Y, n_jobs=n_jobs)


@pytest.mark.parametrize("scoring", ["f1", ["accuracy", "roc_auc"], {"mine": "recall"}])
def test_a_scorer_for_two_classes_is_refused_for_three(scoring):
    message = "compare: the scorer .* must be able to score y, but it says: .* Take one for labels"
    with pytest.raises(InvalidParameterError, match=message):
        compare({"a": Untouched()}, X, Y, scoring=scoring)
    of_two = compare({"a": GaussianNB()}, X[Y < 2], Y[Y < 2], scoring=scoring)
    assert all(np.isfinite(values).all() for values in of_two.scores.values())


def test_a_scorer_of_a_user_is_called_with_fitted_estimators_only():
    score = {"variance": lambda estimator, X, y: estimator.var_.mean()}
    assert compare({"a": GaussianNB()}, X, Y, scoring=score).scores["variance"].shape == (1, 5)
