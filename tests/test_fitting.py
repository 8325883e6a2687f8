"""Fitting of any estimator: soft targets, weights and seeds reach the learner inside it."""

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline as SamplingPipeline
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skquickdraw import (
    CNNClassifier,
    DistilledClassifier,
    NoisyStudentClassifier,
    SeedEnsembleClassifier,
    TransductiveClassifier,
)
from skquickdraw._fitting import (
    check_parameters,
    check_shape,
    fit_targets,
    learns_from,
    seeded_clone,
    unlabeled_marks,
)
from skquickdraw.exceptions import InvalidImagesError, InvalidParameterError


class Notes(ClassifierMixin, BaseEstimator):
    """A classifier that learns nothing, and keeps the arguments of ``fit``."""

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
    """The same, without soft targets."""

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
    ],
)
def test_what_an_estimator_learns_from(estimator, soft, weights):
    assert learns_from(estimator, "soft_targets") is soft
    assert learns_from(estimator, "sample_weight") is weights
    assert not learns_from(estimator, "X_unlabeled")


def test_semi_supervised_estimators_take_unlabeled_rows():
    student = NoisyStudentClassifier(Notes())
    assert learns_from(student, "X_unlabeled")
    assert not learns_from(student, "soft_targets")
    assert learns_from(SeedEnsembleClassifier(student), "X_unlabeled")


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


DEEP = Pipeline(
    [
        ("scales", make_union(StandardScaler(), make_pipeline(StandardScaler()))),
        ("inner", Pipeline([("scale", StandardScaler()), ("notes", Notes())])),
    ]
)


@pytest.mark.parametrize("is_routing", [False, True])
@pytest.mark.parametrize("is_voting", [False, True])
def test_metadata_pass_transformers_of_any_depth(is_routing, is_voting):
    estimator = VotingClassifier([("deep", clone(DEEP))]) if is_voting else clone(DEEP)
    with config_context(enable_metadata_routing=is_routing):
        fitted = fit_targets(estimator, X, Y, SOFT, WEIGHTS)
    pipeline = fitted.estimators_[0] if is_voting else fitted
    np.testing.assert_array_equal(pipeline["inner"]["notes"].told_["soft_targets"], SOFT)
    np.testing.assert_array_equal(pipeline["inner"]["notes"].told_["sample_weight"], WEIGHTS)


def test_a_calibrated_last_step_gets_weights():
    pipeline = make_pipeline(StandardScaler(), CalibratedClassifierCV(LogisticRegression(), cv=2))
    weights = np.where(Y == "a", 1.0, 100.0)
    fitted = fit_targets(pipeline, X, Y, None, weights)
    assert fitted.predict_proba(X)[:, 1].mean() > 0.9


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


class Student(Notes):
    """The same, but semi-supervised."""

    def __init__(self, random_state=None, unlabeled_label=-1):
        super().__init__(random_state)
        self.unlabeled_label = unlabeled_label

    def fit(self, X, y, X_unlabeled=None):
        self.pool_ = X_unlabeled
        return super().fit(X, y)


def test_a_pool_does_not_pass_a_transformer_by():
    assert learns_from(Student(), "X_unlabeled")
    assert learns_from(make_pipeline("passthrough", Student()), "X_unlabeled")
    assert not learns_from(make_pipeline(StandardScaler(), Student()), "X_unlabeled")
    assert not learns_from(
        VotingClassifier([("a", make_pipeline(StandardScaler(), Student()))]), "X_unlabeled"
    )


def test_marks_are_found_inside():
    vote = VotingClassifier([("a", Student()), ("b", make_pipeline(Student(unlabeled_label=7)))])
    assert unlabeled_marks(vote) == [-1, 7]
    assert unlabeled_marks(TransductiveClassifier(Student())) == [-1]
    assert unlabeled_marks(make_pipeline(StandardScaler(), Notes())) == []


def test_a_parameter_may_be_called_estimator():
    other = LogisticRegression(C=3)
    copy = seeded_clone(CalibratedClassifierCV(Notes()), np.random.RandomState(0), estimator=other)
    assert copy.estimator.C == 3 and copy.estimator is not other


def test_a_frozen_estimator_takes_no_parameters():
    frozen = FrozenEstimator(LogisticRegression().fit(X, Y))
    with pytest.raises(InvalidParameterError, match=r"must stay as it is, but \['estimator'\]"):
        seeded_clone(frozen, np.random.RandomState(0), estimator=LogisticRegression())


def test_weights_reach_what_is_calibrated_in_a_vote():
    calibrated = CalibratedClassifierCV(LogisticRegression(), cv=2)
    vote = VotingClassifier([("a", calibrated)], voting="soft")
    weighted = fit_targets(clone(vote), X, Y, None, WEIGHTS).predict_proba(X)
    expected = clone(vote).fit(X, Y, sample_weight=WEIGHTS).predict_proba(X)
    np.testing.assert_array_equal(weighted, expected)


@pytest.mark.parametrize("is_routing", [False, True])
@pytest.mark.parametrize("wrap", [clone, make_pipeline, lambda e: SeedEnsembleClassifier(e, 1)])
def test_a_learner_that_requests_no_weights_does_not_learn_from_them(wrap, is_routing):
    """As in a pipeline of scikit-learn, weights that nothing takes raise an error."""
    with config_context(enable_metadata_routing=True):
        inner = wrap(Notes().set_fit_request(sample_weight=False))
    assert not learns_from(inner, "sample_weight") and learns_from(inner, "soft_targets")
    with (
        config_context(enable_metadata_routing=is_routing),
        pytest.raises(InvalidParameterError, match=r"set_fit_request\(sample_weight=False\) was"),
    ):
        SeedEnsembleClassifier(inner, 1).fit(X, Y, sample_weight=WEIGHTS)


@pytest.mark.parametrize("is_routing", [False, True])
def test_a_request_for_no_weights_is_kept_inside_a_learner(is_routing):
    with config_context(enable_metadata_routing=True):
        inner = LogisticRegression().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(StandardScaler(), CalibratedClassifierCV(inner, cv=2))
        with config_context(enable_metadata_routing=is_routing):
            fitted = fit_targets(clone(pipeline), X, Y, None, WEIGHTS)
        pipeline[0].set_fit_request(sample_weight=False)
        pipeline[1].set_fit_request(sample_weight=True)
        expected = pipeline.fit(X, Y, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(fitted.predict_proba(X), expected.predict_proba(X))


def test_requests_of_frozen_estimators_stay_as_they_are():
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True).fit(X)
    pipeline = make_pipeline(FrozenEstimator(scaler), LogisticRegression())
    fit_targets(VotingClassifier([("a", pipeline)], voting="soft"), X, Y, None, WEIGHTS)
    assert scaler.get_metadata_routing().fit.requests == {"sample_weight": True}


def test_parameters_are_checked_however_deep():
    check_parameters(make_pipeline("passthrough", CNNClassifier()))
    for wrong in (CNNClassifier(dropout=3), CNNClassifier(n_tta=9, augmentation=None)):
        frozen = FrozenEstimator(wrong)
        check_parameters(VotingClassifier([("a", frozen)]))
        with pytest.raises(ValueError, match="dropout|n_tta"):
            check_parameters(VotingClassifier([("a", make_pipeline(StandardScaler(), wrong))]))


@pytest.mark.parametrize(
    "student",
    [
        CNNClassifier(image_shape=(5, 5)),
        SeedEnsembleClassifier(CNNClassifier(image_shape=(5, 5)), 2),
        VotingClassifier([("a", CNNClassifier(image_shape=(5, 5)))], voting="soft"),
        make_pipeline("passthrough", CNNClassifier(image_shape=(5, 5))),
    ],
)
@pytest.mark.parametrize("make", [NoisyStudentClassifier, DistilledClassifier])
def test_an_image_shape_is_checked_before_the_teacher_is_trained(make, student):
    class Teacher(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            raise AssertionError("the teacher was trained")

    meta = make(Teacher(), student=student)
    meta.set_params(**{"pseudo_labels": "hard"} if make is NoisyStudentClassifier else {})
    with pytest.raises(InvalidImagesError, match=r"image_shape=\(1, 5, 5\) needs 25 pixels"):
        meta.fit(np.zeros((4, 64)), [0, 0, 1, 1])


def test_only_rows_that_the_learner_itself_sees_have_its_image_shape():
    smaller = FunctionTransformer(lambda X: X[:, :25])
    wrong = CNNClassifier(image_shape=(5, 5))
    for fine in (make_pipeline(smaller, wrong), FrozenEstimator(wrong), CNNClassifier()):
        check_shape(fine, np.zeros((4, 64)))
    with pytest.raises(InvalidImagesError, match=r"shape \(1, 5, 5\).*got \(1, 8, 8\)"):
        check_shape(wrong, np.zeros((4, 8, 8)))


def test_only_what_would_be_checked_is_checked():
    class Mine(LogisticRegression):
        """A subclass, which may convert C before scikit-learn checks it."""

    check_parameters(Mine(C="auto"))
    check_parameters(CalibratedClassifierCV(LogisticRegression))
    with config_context(skip_parameter_validation=True):
        check_parameters(LogisticRegression(verbose=-1))
    with pytest.raises(ValueError, match="verbose"):
        check_parameters(LogisticRegression(verbose=-1))


def test_a_fit_skips_the_check_of_its_parameters_if_scikit_learn_does():
    student = NoisyStudentClassifier(Notes(), verbose=-1)
    with config_context(skip_parameter_validation=True):
        student.fit(X, Y)
    with pytest.raises(InvalidParameterError, match="'verbose' parameter .* Got -1"):
        student.fit(X, Y)
