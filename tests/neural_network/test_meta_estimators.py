"""The classifiers inside searches, ensembles and wrappers of scikit-learn and imbalanced-learn."""

import numpy as np
import pytest
from imblearn.pipeline import Pipeline
from scipy.special import softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.semi_supervised import SelfTrainingClassifier

from skquickdraw import AugmentingOverSampler

NAMES = np.array(["cat", "ant", "dog"])


@pytest.fixture
def named(sketches):
    return sketches[0], NAMES[sketches[1]]


@pytest.fixture
def members(quick):
    return [(f"seed{seed}", quick(random_state=seed, max_epochs=2)) for seed in (0, 1)]


def assert_classifies(clf, X, y):
    proba = clf.predict_proba(X)
    assert clf.classes_.tolist() == np.unique(y).tolist()
    assert proba.shape == (len(X), len(clf.classes_))
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)
    assert set(clf.predict(X)) <= set(y)


def test_a_grid_search_in_processes_over_an_over_sampled_network(named, quick):
    X, y = named
    pipeline = Pipeline(
        [
            ("over", AugmentingOverSampler(augmentation="sketch", random_state=0)),
            ("net", quick(batch_size=64)),
        ]
    )
    grid = {
        "net__weight_decay": [0.0, 0.05],
        "net__dropout": [0.0, 0.3],
        "net__label_smoothing": [0.0, 0.1],
    }
    searches = [
        GridSearchCV(pipeline, grid, cv=2, n_jobs=n, error_score="raise", scoring="neg_log_loss")
        for n in (2, None)
    ]
    scores = [search.fit(X, y).cv_results_["mean_test_score"] for search in searches]
    assert len(scores[0]) == 8
    np.testing.assert_allclose(*scores, rtol=1e-4)
    assert len(set(scores[0].round(6))) > 4  # the parameters have an effect
    assert_classifies(searches[0].best_estimator_, X, y)


def test_a_soft_vote_is_the_mean_of_probabilities(named, members):
    X, y = named
    vote = VotingClassifier(members, voting="soft").fit(X, y)
    assert_classifies(vote, X, y)
    mean = np.mean([clf.fit(X, y).predict_proba(X) for _, clf in members], axis=0)
    np.testing.assert_allclose(vote.predict_proba(X), mean, atol=1e-6)


def test_a_hard_vote(named, members):
    X, y = named
    vote = VotingClassifier(members, voting="hard").fit(X, y)
    assert set(vote.predict(X)) <= set(NAMES)


def test_frozen_members_vote_softly_without_being_fitted_again(named, members):
    X, y = named
    frozen = [(name, FrozenEstimator(clf.fit(X, y))) for name, clf in members]
    mean = np.mean([clf.predict_proba(X) for _, clf in members], axis=0)
    vote = VotingClassifier(frozen, voting="soft").fit(X[:20], y[:20])
    np.testing.assert_allclose(vote.predict_proba(X), mean, atol=1e-6)
    assert set(vote.predict(X)) <= set(NAMES)


@pytest.mark.parametrize("passthrough", [False, True])
def test_a_stack(named, members, passthrough):
    X, y = named
    final = LogisticRegression(max_iter=5000, C=1e-6 if passthrough else 1.0)
    stack = StackingClassifier(members, final, cv=2, passthrough=passthrough).fit(X, y)
    assert_classifies(stack, X, y)


@pytest.mark.parametrize("ensemble", [True, False])
def test_calibration(named, quick, ensemble):
    X, y = named
    clf = CalibratedClassifierCV(quick(max_epochs=2), cv=2, ensemble=ensemble).fit(X, y)
    assert_classifies(clf, X, y)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities_of_scaled_logits_have_the_sum_one(sketches, quick, n_classes):
    X, y = sketches
    X, y = X[y < n_classes], y[y < n_classes]
    logits = quick(max_epochs=1).fit(X, y).decision_function(X)
    if n_classes == 2:
        logits = np.stack([-logits, logits], axis=1)
    proba = softmax(1.3 * logits, axis=1)  # as in CalibratedClassifierCV, method='temperature'
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)


def test_cross_validation(named, quick):
    X, y = named
    scores = cross_val_score(quick(max_epochs=4), X, y, cv=3, error_score="raise")
    assert scores.shape == (3,) and scores.mean() > 0.4
    scored = cross_val_score(
        quick(), X.reshape(-1, 12, 12), y, cv=2, scoring="roc_auc_ovr", error_score="raise"
    )
    assert scored.shape == (2,)
    logits = cross_val_predict(quick(), X, y, cv=2, method="decision_function")
    assert logits.shape == (90, 3)


def test_self_training_fills_in_labels(sketches, quick):
    X, y = sketches
    partly = np.where(np.arange(90) % 3 == 0, -1, y)
    student = SelfTrainingClassifier(quick(max_epochs=4), threshold=0.4, max_iter=2).fit(X, partly)
    assert_classifies(student, X, y)
    assert (student.labeled_iter_ > 0).any()
    assert (student.transduction_[partly != -1] == partly[partly != -1]).all()


def test_bags(named, quick):
    X, y = named
    bags = BaggingClassifier(quick(max_epochs=2), n_estimators=3, random_state=0).fit(X, y)
    assert_classifies(bags, X, y)
    one, two, _ = (clf.predict_proba(X) for clf in bags.estimators_)
    assert not np.array_equal(one, two)


def test_one_against_the_rest(named, quick):
    X, y = named
    assert_classifies(OneVsRestClassifier(quick(max_epochs=2)).fit(X, y), X, y)
