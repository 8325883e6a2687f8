"""find_label_errors finds wrong labels, and the same ones as cleanlab."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from skquickdraw import CNNClassifier
from skquickdraw.exceptions import InvalidParameterError, InvalidTargetsError
from skquickdraw.model_selection import find_label_errors


@pytest.fixture(scope="module")
def mislabeled():
    """Return digits, labels of which 40 are wrong, and the positions of these."""
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    wrong = rng.choice(len(y), 40, replace=False)
    y[wrong] = (y[wrong] + rng.integers(1, 10, 40)) % 10
    return X, y, np.sort(wrong)


def test_wrong_labels_come_first(mislabeled):
    X, y, wrong = mislabeled
    _, truth = load_digits(return_X_y=True)
    found = find_label_errors(KNeighborsClassifier(), X, y, random_state=0)
    first = slice(len(wrong))
    assert np.isin(found.rows[first], wrong).mean() > 0.85  # of all labels, one in 45 is wrong
    assert np.isin(wrong, found.rows).mean() > 0.75
    assert_array_equal(found.given, y[found.rows])
    assert np.mean(found.suggested[first] == truth[found.rows[first]]) > 0.85
    assert np.all(np.diff(found.margin) >= 0) and found.margin[-1] < 0


@pytest.mark.parametrize("estimator", [KNeighborsClassifier(15), GaussianNB()])
def test_the_suspects_are_those_of_cleanlab(mislabeled, estimator):
    cleanlab = pytest.importorskip("cleanlab.filter")
    X, y, _ = mislabeled
    keep = (y < 3) | (np.arange(len(y)) % 7 == 0)  # so that classes are imbalanced
    X, y = X[keep], y[keep]
    found = find_label_errors(estimator, X, y, random_state=0)
    assert len(found.rows) > 5
    rows = cleanlab.find_label_issues(
        y,
        found.proba,
        filter_by="confident_learning",
        return_indices_ranked_by="normalized_margin",
        n_jobs=1,
    )
    assert_array_equal(np.sort(found.rows), np.sort(rows))
    own = found.proba[rows, y[rows]]
    assert_array_equal(own - found.proba[rows].max(axis=1), found.margin)


def test_text_labels_and_rows_without_a_label():
    X, y = load_digits(n_class=3, return_X_y=True)
    X, names = X.reshape(-1, 8, 8)[:120], np.array(["zero", "one", "two"])[y[:120]].astype(object)
    names[5], names[7:20] = "one" if names[5] != "one" else "two", -1
    network = CNNClassifier(width=0.25, max_epochs=12, random_state=0)
    found = find_label_errors(network, X, names, cv=3, random_state=0)
    assert found.rows[0] == 5 and found.given[0] == names[5]
    assert found.classes.tolist() == ["one", "two", "zero"]
    assert np.isnan(found.proba[7:20]).all() and np.isfinite(found.proba[20:]).all()


def test_a_single_row_of_a_class_is_not_examined():
    X, y = load_digits(n_class=3, return_X_y=True)
    keep = np.r_[np.flatnonzero(y < 2)[:60], np.flatnonzero(y == 2)[:1]]
    with pytest.warns(UserWarning, match="a class with one row is never tested"):
        found = find_label_errors(KNeighborsClassifier(), X[keep], y[keep], random_state=0)
    assert np.isnan(found.proba[-1]).all() and 60 not in found.rows and 2 not in found.suggested


def test_repeated_folds_are_averaged(mislabeled):
    X, y, _ = mislabeled
    splits = [list(KFold(4, shuffle=True, random_state=seed).split(X)) for seed in (0, 1)]
    one, two, both = (
        find_label_errors(KNeighborsClassifier(), X, y, cv=cv).proba
        for cv in (*splits, splits[0] + splits[1])
    )
    np.testing.assert_allclose(both, (one + two) / 2)


def test_positions_of_folds_count_unlabeled_rows_too(mislabeled):
    X, y, _ = mislabeled
    folds = list(KFold(4, shuffle=True, random_state=0).split(X))
    is_labeled = np.arange(len(y)) % 3 > 0
    given = find_label_errors(KNeighborsClassifier(), X, np.where(is_labeled, y, -1), cv=folds)
    place = np.cumsum(is_labeled) - 1
    own = [[place[part[is_labeled[part]]] for part in fold] for fold in folds]
    alone = find_label_errors(KNeighborsClassifier(), X[is_labeled], y[is_labeled], cv=own)
    assert_array_equal(given.proba[is_labeled], alone.proba)
    assert np.isnan(given.proba[~is_labeled]).all()


def test_folds_may_run_in_workers_and_repeat(mislabeled):
    X, y, _ = mislabeled
    one, two = (
        find_label_errors(GaussianNB(), X[:300], y[:300], n_jobs=n_jobs, random_state=0)
        for n_jobs in (None, 2)
    )
    assert_array_equal(one.proba, two.proba)


def test_what_cannot_be_examined_is_refused(mislabeled):
    X, y, _ = mislabeled
    with pytest.raises(InvalidParameterError, match="with fit and predict_proba"):
        find_label_errors(RidgeClassifier(), X, y)
    with pytest.raises(InvalidTargetsError, match="inconsistent numbers of samples"):
        find_label_errors(GaussianNB(), X, y[:-1])
    with pytest.raises(InvalidParameterError, match="find_label_errors: .*cv"):
        find_label_errors(GaussianNB(), X, y, cv=[])
