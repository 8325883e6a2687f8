"""Special cases of our networks inside scikit-learn's VotingClassifier and StackingClassifier."""

import numpy as np
import pytest
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from skquickdraw import CNNClassifier, SeedEnsembleClassifier
from skquickdraw.datasets import make_sketches

NAMES = np.array(["cat", "ant", "dog"])


@pytest.fixture(scope="module")
def sketches():
    X, y = make_sketches(90, 3, image_shape=(12, 12), random_state=0)
    return X, NAMES[y]


def network(**params):
    return CNNClassifier(width=0.25, precision="float32", **{"max_epochs": 1, **params})


class RecordingLogistic(LogisticRegression):
    """Keeps the rows that it was fitted on."""

    def fit(self, X, y, sample_weight=None):
        self.seen_ = np.array(X)
        return super().fit(X, y, sample_weight)


def test_a_vote_of_ensembles_weighs_them(sketches):
    X, y = sketches
    members = [("seeds", SeedEnsembleClassifier(network(), 2)), ("one", network(dropout=0.3))]
    for _, member in members:
        member.set_params(random_state=0)
    vote = VotingClassifier(members, voting="soft", weights=[3, 1]).fit(X, y)
    probas = [member.fit(X, y).predict_proba(X) for _, member in members]
    mean = np.average(probas, axis=0, weights=[3, 1])
    np.testing.assert_allclose(vote.predict_proba(X), mean, atol=1e-6)
    assert set(vote.predict(X)) <= set(NAMES)


def test_a_stack_of_fitted_networks_learns_on_held_out_rows(sketches):
    X, y = sketches
    members = [(str(seed), network(random_state=seed).fit(X[:50], y[:50])) for seed in (0, 1)]
    frozen = [(name, FrozenEstimator(member)) for name, member in members]
    for given in (members, frozen):
        stack = StackingClassifier(given, RecordingLogistic(), cv="prefit").fit(X[50:], y[50:])
        features = np.hstack([member.predict_proba(X[50:]) for _, member in members])
        np.testing.assert_allclose(stack.final_estimator_.seen_, features, atol=1e-6)
        assert stack.classes_.tolist() == sorted(NAMES)
        assert set(stack.predict(X)) <= set(NAMES)


def test_the_meta_learner_sees_predictions_of_other_folds_only(sketches):
    X, _ = sketches
    y = NAMES[np.random.default_rng(0).integers(3, size=90)]  # labels that can only be memorised
    members = [("memory", KNeighborsClassifier(1)), ("net", network(random_state=0))]
    stack = StackingClassifier(members, RecordingLogistic(), cv=3).fit(X, y)
    truth = np.eye(3)[np.searchsorted(stack.classes_, y)]
    assert (
        stack.named_estimators_["memory"].predict(X) == np.searchsorted(stack.classes_, y)
    ).all()
    recalled = (stack.final_estimator_.seen_[:, :3] * truth).sum(axis=1)
    assert recalled.mean() < 0.6  # for rows that it was fitted on, this would be 1; chance is 1/3


def test_a_class_of_one_row_is_unknown_to_the_fold_that_tests_it(sketches):
    X, y = sketches
    y = y.astype("U4")
    y[7] = "lone"
    stack = StackingClassifier([("net", network(random_state=0))], RecordingLogistic(), cv=2)
    with (
        pytest.warns(UserWarning, match="least populated class in y has only 1 member"),
        pytest.warns(RuntimeWarning, match="Number of classes in training fold"),
    ):
        stack.fit(X, y)
    column = stack.classes_.tolist().index("lone")
    assert stack.final_estimator_.seen_[7, column] == 0  # its fold was not trained on this class
    assert stack.predict_proba(X).shape == (90, 4)


def test_the_way_out_for_such_a_class_is_a_stack_of_fitted_members(sketches):
    X, y = sketches
    y = y.astype("U4")
    y[[7, 80]] = "lone"
    members = [("net", network(random_state=0).fit(X[:50], y[:50]))]
    stack = StackingClassifier(members, RecordingLogistic(), cv="prefit").fit(X[50:], y[50:])
    column = stack.classes_.tolist().index("lone")
    assert (stack.final_estimator_.seen_[:, column] > 0).all()
