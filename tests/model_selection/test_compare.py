"""compare: several estimators on the same folds, checked with cross_val_score."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import (
    GroupKFold,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from skquickdraw import NoisyStudentClassifier
from skquickdraw.exceptions import (
    InvalidParameterError,
    InvalidTargetsError,
    MissingDependencyError,
)
from skquickdraw.metrics import make_group_scorer
from skquickdraw.model_selection import Comparison, LabeledStratifiedKFold, compare

RNG = np.random.default_rng(0)
Y = np.arange(90) % 3
X = Y[:, None] + RNG.normal(scale=0.8, size=(90, 3))
MODELS = {"bayes": GaussianNB(), "neighbours": KNeighborsClassifier()}
STUDENT = NoisyStudentClassifier(GaussianNB(), pseudo_labels="hard", threshold=0)
MARKED = np.where(np.arange(90) % 3 == Y, Y.astype(float), np.nan)
MARKED[::2] = np.nan


class Spy(ClassifierMixin, BaseEstimator):
    """Keeps the rows that it was fitted on, and predicts the first class."""

    seen: list = []

    def fit(self, X, y, X_unlabeled=None):
        Spy.seen.append((X, y, X_unlabeled))
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.repeat(self.classes_[0], len(X))


@pytest.fixture
def seen():
    Spy.seen = []
    return Spy.seen


def test_masks_are_the_same_as_positions():
    masks = [(np.arange(90) % 3 != k, np.arange(90) % 3 == k) for k in range(3)]
    y = np.arange(90) // 3 % 3
    found = compare(MODELS, X, y, cv=masks)
    expected = compare(MODELS, X, y, cv=[tuple(map(np.flatnonzero, pair)) for pair in masks])
    assert found.test_ratio == expected.test_ratio == 0.5
    np.testing.assert_array_equal(
        found.scores["balanced_accuracy"], expected.scores["balanced_accuracy"]
    )


@pytest.mark.parametrize("cv", [3, StratifiedKFold(4)])
def test_scores_are_those_of_cross_validation(cv):
    found = compare(MODELS, X, Y, cv=cv, scoring=["accuracy", "neg_log_loss"])
    assert found.names == ("bayes", "neighbours")
    for score, values in found.scores.items():
        for name, own in zip(found.names, values, strict=True):
            expected = cross_val_score(MODELS[name], X, Y, cv=cv, scoring=score)
            np.testing.assert_allclose(own, expected)


def test_folds_are_the_same_for_all():
    """A splitter that draws new folds in each call must be called only once."""
    found = compare(
        {"one": GaussianNB(), "same": GaussianNB()}, X, Y, cv=ShuffleSplit(6, test_size=0.3)
    )
    one, same = found.scores["balanced_accuracy"]
    np.testing.assert_array_equal(one, same)
    assert len(set(one)) > 1


def test_the_table_has_means_errors_and_differences():
    found = compare(MODELS, X, Y, cv=3)
    values = found.scores["balanced_accuracy"]
    table = found.to_dict()
    factor = np.sqrt(1 / 3 + 30 / 60)  # Nadeau and Bengio's
    np.testing.assert_allclose(table["mean"], values.mean(axis=1))
    np.testing.assert_allclose(table["standard_error"], values.std(axis=1, ddof=1) * factor)
    ahead = values[1] - values[0]
    np.testing.assert_allclose(table["difference"], [0, ahead.mean()])
    np.testing.assert_allclose(table["difference_error"], [0, ahead.std(ddof=1) * factor])
    assert (table["fit_seconds"] > 0).all()
    assert found.to_frame().shape == (2, 7)


def test_a_single_split_has_no_error():
    found = compare(MODELS, X, Y, cv=ShuffleSplit(1, test_size=0.3, random_state=0))
    assert np.isnan(found.to_dict()["standard_error"]).all()
    assert "1 fold" in repr(found)


def test_it_prints_a_table():
    text = repr(compare(MODELS, X, Y, cv=3, scoring=["accuracy", "balanced_accuracy"]))
    assert text.startswith("2 estimators on the same 3 folds")
    rows = [line for line in text.splitlines() if line.startswith(("bayes", "neighbours"))]
    assert len(rows) == 4
    assert len({len(row) for row in rows}) == 1  # the columns are aligned
    assert "against 'bayes'" in text


def test_unlabeled_rows_are_trained_on_but_never_tested():
    found = compare({"plain": GaussianNB(), "student": STUDENT}, X, MARKED, cv=3)
    folds = LabeledStratifiedKFold(3).split(X, MARKED)
    expected = []
    for train, test in folds:
        student = STUDENT.fit(X[train], MARKED[train])
        expected.append(balanced_accuracy_score(MARKED[test], student.predict(X[test])))
    np.testing.assert_allclose(found.scores["balanced_accuracy"][1], expected)
    assert found.uses_unlabeled == (False, True)
    assert "Learned from unlabeled rows too: 'student'." in repr(found)


def test_unlabeled_rows_of_a_given_test_part_are_left_out():
    groups = np.arange(90) % 7
    folds = list(GroupKFold(3).split(X, MARKED, groups))
    labeled = [(train, test[~np.isnan(MARKED[test])]) for train, test in folds]
    given, expected = (compare({"s": STUDENT}, X, MARKED, cv=cv) for cv in (folds, labeled))
    np.testing.assert_array_equal(
        given.scores["balanced_accuracy"], expected.scores["balanced_accuracy"]
    )


def test_estimators_that_know_no_marks_get_labeled_rows(seen):
    compare({"spy": Spy(), "student": STUDENT}, X, MARKED, cv=2)
    for rows, labels, _ in seen:
        assert len(rows) == len(labels)
        assert not np.isnan(labels).any()


@pytest.mark.parametrize("n_pool", [5, 90])
def test_a_pool_reaches_every_fold_whole(seen, n_pool):
    """Also a pool with as many rows as X, which scikit-learn would cut to the training rows."""
    pool = RNG.random((n_pool, 3))
    found = compare({"plain": GaussianNB(), "spy": Spy()}, X, Y, cv=2, X_unlabeled=pool)
    assert [given.shape for _, _, given in seen] == [pool.shape] * 2
    assert found.uses_unlabeled == (False, True)


def test_a_pool_keeps_the_names_of_its_columns(seen):
    pool = pd.DataFrame(RNG.random((5, 3)), columns=["a", "b", "c"])
    compare({"spy": Spy()}, X, Y, cv=2, X_unlabeled=pool)
    assert all(given.columns.tolist() == ["a", "b", "c"] for _, _, given in seen)


def test_scorers_may_be_named_or_callables():
    tail = make_group_scorer("tail", y_train=Y)
    found = compare(MODELS, X, Y, cv=2, scoring={"tail": tail, "all": "accuracy"})
    assert list(found.scores) == ["tail", "all"]
    expected = cross_val_score(MODELS["bayes"], X, Y, cv=2, scoring=tail)
    np.testing.assert_allclose(found.scores["tail"][0], expected)
    assert list(compare(MODELS, X, Y, cv=2, scoring=tail).scores) == ["score"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimators": {}}, "estimators must be a dict"),
        ({"estimators": GaussianNB()}, "estimators must be a dict"),
        ({"estimators": {"a": GaussianNB}}, "'a' is <class"),
        ({"estimators": {1: GaussianNB()}}, "must be str, got 1. Pass '1'"),
        ({"estimators": {"a": LogisticRegression(C=-1)}}, "'C' parameter"),
        ({"scoring": "speed"}, "'speed'"),
        ({"scoring": None}, "scoring must be the name of a scorer"),
        ({"scoring": []}, "scoring must be the name of a scorer"),
        ({"cv": None}, "cv must be a number of folds"),
        ({"cv": []}, "cv must give at least one fold, .* a list of its splits"),
        ({"X_unlabeled": X}, "the fit of none of the estimators takes it"),
    ],
)
def test_bad_parameters_are_refused(options, message):
    with pytest.raises(InvalidParameterError, match=message):
        compare(**{"estimators": MODELS, "X": X, "y": Y, "cv": 2, **options})


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(InvalidTargetsError, match="inconsistent numbers of samples"):
        compare(MODELS, X, Y[:9])
    with pytest.raises(InvalidTargetsError, match="must have a label, but 45 of 90 are missing"):
        compare(MODELS, X, MARKED)
    is_open = np.isnan(MARKED)
    only_open = [(np.flatnonzero(~is_open), np.flatnonzero(is_open))]
    with pytest.raises(InvalidTargetsError, match="must test on labeled rows, but fold 0 tests on"):
        compare({"s": STUDENT}, X, MARKED, cv=only_open)


def test_marks_that_differ_are_refused():
    other = NoisyStudentClassifier(GaussianNB(), unlabeled_label="?")
    with pytest.raises(InvalidParameterError, match="all estimators must mark unlabeled rows"):
        compare({"a": STUDENT, "b": other}, X, Y)


def test_a_frame_needs_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    found = Comparison(("a",), {"s": np.ones((1, 2))}, np.ones((1, 2)), 0.5, (False,))
    with pytest.raises(MissingDependencyError, match="to_frame needs pandas"):
        found.to_frame()
