"""The fitting contract: soft targets, weights and seeds find their way into any estimator."""

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline as SamplingPipeline
from joblib import Memory
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skquickdraw import CNNClassifier, NoisyStudentClassifier, SeedEnsembleClassifier
from skquickdraw._fitting import fit_or_recall, fit_targets, learns_from, seeded_clone


class Notes(ClassifierMixin, BaseEstimator):
    """A classifier that learns nothing, and keeps what it is told."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None, soft_targets=None):
        self.classes_ = np.unique(y)
        self.told_ = {"sample_weight": sample_weight, "soft_targets": soft_targets}
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


class HalfNotes(Notes):
    """The same without soft targets."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(X, y, sample_weight)


X = np.random.default_rng(0).normal(size=(12, 3))
Y = np.repeat(["a", "b"], 6)
SOFT = np.random.default_rng(1).dirichlet([1, 1], 12)
WEIGHTS = np.arange(12.0)

SCALED = Pipeline([("scale", StandardScaler()), ("notes", Notes())])
NESTED = VotingClassifier([("plain", Notes()), ("scaled", SCALED), ("out", "drop")], voting="soft")


@pytest.mark.parametrize(
    ("estimator", "soft", "weights"),
    [
        (Notes(), True, True),
        (HalfNotes(), False, True),
        (KNeighborsClassifier(), False, False),
        (CNNClassifier(), True, True),
        (SCALED, True, True),
        (NESTED, True, True),
        (SeedEnsembleClassifier(Notes()), True, True),
        (SeedEnsembleClassifier(HalfNotes()), False, True),
        (VotingClassifier([("a", Notes()), ("b", HalfNotes())]), False, True),
        (SamplingPipeline([("over", RandomOverSampler()), ("notes", Notes())]), False, False),
        (SamplingPipeline([("same", FunctionTransformer()), ("notes", Notes())]), True, True),
        (StackingClassifier([("a", Notes())], LogisticRegression()), False, False),
    ],
)
def test_what_an_estimator_learns_from(estimator, soft, weights):
    assert learns_from(estimator, "soft_targets") is soft
    assert learns_from(estimator, "sample_weight") is weights
    takes_pool = isinstance(estimator, SeedEnsembleClassifier)  # for members that do
    assert learns_from(estimator, "X_unlabeled") is takes_pool


def test_semi_supervised_estimators_take_unlabelled_rows():
    assert learns_from(NoisyStudentClassifier(Notes()), "X_unlabeled")


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("soft", [None, SOFT], ids=["hard", "soft"])
def test_metadata_reach_every_learner(soft, weights):
    vote = fit_targets(seeded_clone(NESTED, np.random.RandomState(0)), X, Y, soft, weights)
    plain, scaled = vote.estimators_
    for learner in (plain, scaled["notes"]):
        for name, value in {"soft_targets": soft, "sample_weight": weights}.items():
            if value is None:
                assert learner.told_[name] is None
            else:
                np.testing.assert_array_equal(learner.told_[name], value)
    np.testing.assert_allclose(scaled["scale"].mean_, X.mean(axis=0))  # not weighted


def test_every_seed_is_set_and_all_differ():
    forest = Pipeline([("notes", FunctionTransformer()), ("forest", RandomForestClassifier())])
    rng = np.random.RandomState(0)
    copies = [seeded_clone(forest, rng, forest__max_depth=d) for d in (2, 3)]
    seeds = [copy["forest"].random_state for copy in copies]
    assert len({*seeds}) == 2 and all(isinstance(seed, int) for seed in seeds)
    assert [copy["forest"].max_depth for copy in copies] == [2, 3]
    again = seeded_clone(forest, np.random.RandomState(0))
    assert again["forest"].random_state == seeds[0]
    assert forest["forest"].random_state is None


def test_a_fitted_estimator_stays_as_it_is():
    frozen = FrozenEstimator(Notes().fit(X, Y))
    copy = seeded_clone(frozen, np.random.RandomState(0))
    assert fit_targets(copy, X[:2], Y[:2]).told_ == {"sample_weight": None, "soft_targets": None}


class Counted(Notes):
    """Counts its fits in a list of the module's."""

    def fit(self, X, y, sample_weight=None, soft_targets=None):
        FITS.append(self.random_state)
        return super().fit(X, y, sample_weight, soft_targets)


FITS: list[int] = []


@pytest.mark.parametrize("make_memory", [str, lambda path: Memory(path, verbose=0)])
def test_finished_fits_are_recalled(tmp_path, make_memory):
    FITS.clear()
    memory = make_memory(tmp_path)
    first = fit_or_recall(memory, Counted(random_state=1), X, Y, SOFT)
    again = fit_or_recall(memory, Counted(random_state=1), X, Y, SOFT.copy())
    assert FITS == [1]
    np.testing.assert_array_equal(first.told_["soft_targets"], again.told_["soft_targets"])
    fit_or_recall(memory, Counted(random_state=2), X, Y, SOFT)
    fit_or_recall(memory, Counted(random_state=1), X, Y, 1 - SOFT)
    fit_or_recall(memory, Counted(random_state=1), X, Y[::-1], SOFT)
    assert FITS == [1, 2, 1, 1]


def test_without_memory_all_is_fitted():
    FITS.clear()
    for _ in range(2):
        fit_or_recall(None, Counted(random_state=1), X, Y)
    assert FITS == [1, 1]
