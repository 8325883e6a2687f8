"""The scores, compared with those of scikit-learn and with counts by hand."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB

from skquickdraw.exceptions import InvalidParameterError, InvalidTargetsError
from skquickdraw.metrics import (
    group_recall_score,
    imbalance_report,
    make_group_scorer,
    per_class_recall,
)

NAMES = np.array(["ant", "bee", "cat", "dog", "elk", "fox", "gnu"])


@pytest.fixture
def drawn():
    """Return y_train, y_true and y_pred of a long-tailed problem, as codes."""
    rng = np.random.default_rng(0)
    y_train = np.repeat(np.arange(7), [640, 320, 160, 80, 40, 20, 10])
    y_true = rng.integers(0, 7, size=200)
    y_pred = np.where(rng.random(200) < 0.6, y_true, rng.integers(0, 7, size=200))
    return y_train, y_true, y_pred


def test_per_class_recall_is_the_diagonal_of_the_confusion_matrix(drawn):
    _, y_true, y_pred = drawn
    expected = confusion_matrix(y_true, y_pred, normalize="true").diagonal()
    np.testing.assert_allclose(per_class_recall(y_true, y_pred), expected)


def test_per_class_recall_follows_labels_and_says_where_it_knows_nothing():
    recalls = per_class_recall(["b", "b", "c"], ["b", "a", "c"], labels=["c", "a", "b"])
    np.testing.assert_array_equal(recalls, [1.0, np.nan, 0.5])
    np.testing.assert_array_equal(per_class_recall(["b", "b", "c"], ["b", "a", "c"]), [0.5, 1.0])


def test_groups_average_their_classes(drawn):
    y_train, y_true, y_pred = drawn
    recalls = per_class_recall(y_true, y_pred)
    scores = group_recall_score(y_true, y_pred, class_counts=np.bincount(y_train))
    assert list(scores) == ["head", "medium", "tail"]
    by_hand = [recalls[:2].mean(), recalls[2:5].mean(), recalls[5:].mean()]
    np.testing.assert_allclose(list(scores.values()), by_hand)


def test_one_group_is_balanced_accuracy(drawn):
    y_train, y_true, y_pred = drawn
    scores = group_recall_score(y_true, y_pred, class_counts=np.bincount(y_train), n_groups=1)
    assert scores == {"group_0": pytest.approx(balanced_accuracy_score(y_true, y_pred))}


@pytest.mark.parametrize(
    ("n_groups", "names"),
    [(2, ["head", "tail"]), (4, ["group_0", "group_1", "group_2", "group_3"])],
)
def test_names_of_other_numbers_of_groups(drawn, n_groups, names):
    y_train, y_true, y_pred = drawn
    counts = np.bincount(y_train)
    assert list(group_recall_score(y_true, y_pred, class_counts=counts, n_groups=n_groups)) == names


def test_names_and_codes_score_alike(drawn):
    y_train, y_true, y_pred = drawn
    by_code = imbalance_report(y_true, y_pred, y_train=y_train)
    assert imbalance_report(NAMES[y_true], NAMES[y_pred], y_train=NAMES[y_train]) == by_code
    counts = np.bincount(y_train)
    groups = group_recall_score(NAMES[y_true], NAMES[y_pred], class_counts=counts, labels=NAMES)
    assert groups.items() <= by_code.items()


def test_absent_classes_are_left_out_and_absent_groups_are_nan():
    scores = group_recall_score([0, 0, 4], [0, 1, 4], class_counts=[60, 50, 40, 30, 20, 10])
    assert scores["head"] == 0.5
    assert np.isnan(scores["medium"])
    assert scores["tail"] == 1.0


def test_report_agrees_with_scikit_learn(drawn):
    y_train, y_true, y_pred = drawn
    report = imbalance_report(y_true, y_pred, y_train=y_train)
    assert list(report) == ["accuracy", "balanced_accuracy", "head", "medium", "tail"]
    assert report["accuracy"] == pytest.approx(accuracy_score(y_true, y_pred))
    assert report["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(y_true, y_pred))


def test_report_takes_predictions_of_classes_that_the_test_set_lacks():
    report = imbalance_report([0, 1], [0, 2], y_train=[0, 0, 0, 1, 1, 2])
    assert report["balanced_accuracy"] == 0.5


@pytest.mark.parametrize("dtype", [int, float, object])
def test_unlabeled_training_rows_are_no_class(drawn, dtype):
    y_train, y_true, y_pred = drawn
    partly = np.concatenate([y_train, np.full(5000, -1)]).astype(dtype)
    report = imbalance_report(y_true, y_pred, y_train=partly)
    assert report == imbalance_report(y_true, y_pred, y_train=y_train)


def test_classes_unknown_in_training_are_refused():
    with pytest.raises(InvalidTargetsError, match=r"no training count: \['yak'\]"):
        imbalance_report(["cat", "yak"], ["cat", "cat"], y_train=["ant", "bee", "cat"])
    with pytest.raises(InvalidTargetsError, match="pass labels="):
        group_recall_score(["cat"], ["cat"], class_counts=[3, 2, 1])


def test_a_report_needs_three_classes():
    with pytest.raises(
        InvalidParameterError, match=r"y_train must hold .* three classes, got \[0, 1\]"
    ):
        imbalance_report([0, 1], [0, 1], y_train=[0, 0, 1])


def test_labels_and_counts_must_match():
    with pytest.raises(InvalidParameterError, match=r"shape \(3,\) for 2 classes"):
        group_recall_score([0], [0], class_counts=[3, 2, 1], labels=[0, 1])


def test_scorer_tells_groups_apart_in_a_grid_search():
    X, y = load_digits(return_X_y=True)
    kept = (y < 3) & (np.arange(len(y)) % (y * 4 + 1) == 0)
    X, y = X[kept], y[kept]
    scoring = {name: make_group_scorer(name, y_train=y) for name in ("head", "medium", "tail")}
    search = GridSearchCV(
        DummyClassifier(strategy="constant", constant=0),
        {"constant": [0, 2]},
        scoring=scoring,
        refit="tail",
        cv=3,
    ).fit(X, y)
    assert search.best_params_ == {"constant": 2}
    np.testing.assert_array_equal(search.cv_results_["mean_test_head"], [1, 0])
    np.testing.assert_array_equal(search.cv_results_["mean_test_medium"], [0, 0])


def test_scorer_takes_counts_and_can_be_pickled():
    X, y = load_digits(return_X_y=True)
    model = GaussianNB().fit(X, y)
    counts = np.bincount(y)
    scorer = pickle.loads(pickle.dumps(make_group_scorer("tail", class_counts=counts)))
    expected = group_recall_score(y, model.predict(X), class_counts=counts)["tail"]
    assert scorer(model, X, y) == expected == make_group_scorer("tail", y_train=y)(model, X, y)


@pytest.mark.parametrize("given", [{}, {"y_train": [0, 1, 2], "class_counts": [1, 1, 1]}])
def test_scorer_needs_one_source_of_counts(given):
    with pytest.raises(InvalidParameterError, match="either y_train or class_counts"):
        make_group_scorer("tail", **given)


def test_scorer_knows_its_groups_at_once():
    with pytest.raises(InvalidParameterError, match="one of .*'tail'.* got 'rare'"):
        make_group_scorer("rare", class_counts=[3, 2, 1])
    with pytest.raises(InvalidParameterError, match="between 1 and 2, the number of classes"):
        make_group_scorer("tail", class_counts=[3, 2])
