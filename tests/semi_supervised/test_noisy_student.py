"""NoisyStudentClassifier: what each student learns, from which teacher, and what is reported."""

import pickle

import numpy as np
import pytest
from imblearn.pipeline import Pipeline as SamplingPipeline
from sklearn.base import clone
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.semi_supervised import SelfTrainingClassifier

from skquickdraw import (
    AugmentingOverSampler,
    NoisyStudentClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
)
from skquickdraw.model_selection import LabeledStratifiedKFold

from .conftest import NAMES


def noisy(estimator, **params):
    return NoisyStudentClassifier(estimator, **{"random_state": 0, **params})


@pytest.mark.parametrize("threshold", [0.4, 0.7, 0.95])
def test_one_hard_round_is_self_training(partly, linear, threshold):
    X, y = partly
    ours = noisy(linear, pseudo_labels="hard", n_iterations=1, threshold=threshold).fit(X, y)
    theirs = SelfTrainingClassifier(linear, threshold=threshold, max_iter=1).fit(X, y)
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    np.testing.assert_array_equal(ours.transduction_, theirs.transduction_)
    np.testing.assert_array_equal(ours.labeled_iter_, theirs.labeled_iter_)
    assert ours.n_iter_ == 1 and 0 < ours.history_[0]["n_selected"].sum() <= 80


def test_a_network_without_noise_of_chance_is_self_training_too(partly, net):
    X, y = partly
    ours = noisy(net, pseudo_labels="hard", n_iterations=1).fit(X, y)
    seeds = [ours.teachers_[0].random_state, ours.estimator_.random_state]
    assert len(set(seeds)) == 2
    teacher = clone(net).set_params(random_state=seeds[0]).fit(X[:40], y[:40])
    proba = teacher.predict_proba(X)
    told = np.where(y == -1, np.where(proba.max(axis=1) > 0.4, proba.argmax(axis=1), -1), y)
    student = clone(net).set_params(random_state=seeds[1]).fit(X[told != -1], told[told != -1])
    np.testing.assert_array_equal(ours.predict_proba(X), student.predict_proba(X))


def test_soft_labels_are_the_teachers_opinion(partly, net):
    X, y = partly
    ours = noisy(net, n_iterations=1, threshold=0.0).fit(X, y)
    soft = np.eye(3)[np.maximum(y, 0)]
    soft[y == -1] = ours.teachers_[0].predict_proba(X[y == -1])
    np.testing.assert_allclose(ours.transduction_proba_, soft, atol=1e-6)
    student = clone(net).set_params(random_state=ours.estimator_.random_state)
    student.fit(X, ours.transduction_, soft_targets=ours.transduction_proba_)
    np.testing.assert_array_equal(ours.predict_proba(X), student.predict_proba(X))


@pytest.mark.parametrize("mark", ["?", -1, None.__class__], ids=["text", "number", "object"])
def test_labels_and_marks_of_any_type(partly, linear, mark):
    X, y = partly
    names = NAMES[y].astype(object)
    names[y == -1] = mark
    ours = noisy(linear, pseudo_labels="hard", threshold=0.6, unlabeled_label=mark).fit(X, names)
    plain = noisy(linear, pseudo_labels="hard", threshold=0.6).fit(X, y)
    assert ours.classes_.tolist() == NAMES.tolist()
    np.testing.assert_array_equal(ours.predict(X), NAMES[plain.predict(X)])
    named = [NAMES[code] if code != -1 else mark for code in plain.transduction_]
    assert ours.transduction_.tolist() == named


def test_labels_of_text(partly, linear):
    X, y = partly
    names = np.append(NAMES, "unknown thing")[y]
    ours = noisy(linear, pseudo_labels="hard", unlabeled_label="unknown thing", threshold=0.9)
    ours.fit(X, names)
    assert ours.transduction_.dtype.kind == "U" and "unknown thing" in ours.transduction_


def test_unlabeled_rows_may_come_apart(partly, linear):
    X, y = partly
    together = noisy(linear, pseudo_labels="hard").fit(X, y)
    apart = noisy(linear, pseudo_labels="hard").fit(X[:40], y[:40], X_unlabeled=X[40:])
    both = noisy(linear, pseudo_labels="hard").fit(X[:60], y[:60], X_unlabeled=X[60:])
    for other in (apart, both):
        np.testing.assert_array_equal(together.transduction_, other.transduction_)
        np.testing.assert_array_equal(together.predict_proba(X), other.predict_proba(X))


def test_stacks_of_pictures(partly, net):
    X, y = partly
    flat = noisy(net, n_iterations=1).fit(X, y)
    stack = X.reshape(-1, 12, 12)
    stacked = noisy(net, n_iterations=1).fit(stack[:40], y[:40], X_unlabeled=stack[40:])
    np.testing.assert_array_equal(flat.predict_proba(X), stacked.predict_proba(stack))


def test_rounds_relabel_everything(partly, net):
    X, y = partly
    ours = noisy(net, n_iterations=3, threshold=0.35, class_prior="uniform").fit(X, y)
    assert ours.n_iter_ == len(ours.history_) == len(ours.teachers_) == 3
    assert ours.termination_condition_ == "max_iter"
    proba = ours.teachers_[2].predict_proba(X[40:])
    from skquickdraw.semi_supervised import align_to_prior

    np.testing.assert_allclose(
        ours.transduction_proba_[40:], align_to_prior(proba, "uniform"), atol=1e-6
    )
    seeds = {e.random_state for e in [*ours.teachers_, ours.estimator_]}
    assert len(seeds) == 4


def test_the_history_of_rounds(partly, net):
    X, y = partly
    ours = noisy(net, n_iterations=3, threshold=0.45).fit(X, y)
    assert [record["iteration"] for record in ours.history_] == [1, 2, 3]
    last = ours.history_[-1]
    stands = ours.transduction_[40:]
    confidence = ours.transduction_proba_[40:].max(axis=1)
    for c in range(3):
        assert last["n_selected"][c] == (stands == c).sum()
        expected = confidence[stands == c].mean() if (stands == c).any() else np.nan
        np.testing.assert_allclose(last["mean_confidence"][c], expected, rtol=1e-5)
    np.testing.assert_array_equal(ours.history_[0]["n_changed"], ours.history_[0]["n_selected"])
    since = ours.labeled_iter_
    assert (since[:40] == 0).all()
    np.testing.assert_array_equal(since[40:] == -1, stands == -1)
    assert last["n_changed"].sum() == (since == 3).sum()
    np.testing.assert_array_equal(ours.transduction_[:40], y[:40])


def test_quotas(partly, linear):
    X, y = partly
    ours = noisy(linear, pseudo_labels="hard", threshold=0.0, max_per_class=4).fit(X, y)
    assert ours.history_[-1]["n_selected"].tolist() == [4, 4, 4]
    ours.set_params(max_per_class={1: 2}).fit(X, y)
    assert ours.history_[-1]["n_selected"][1] == 2 < ours.history_[-1]["n_selected"][0]


PRIOR = [0.6, 0.3, 0.1]


@pytest.mark.parametrize("pseudo_labels", ["hard", "soft"])
def test_a_prior_shapes_what_is_learned(partly, net, pseudo_labels):
    X, y = partly
    ours = noisy(net, pseudo_labels=pseudo_labels, threshold=0, class_prior=PRIOR, n_iterations=1)
    ours.fit(X, y)
    np.testing.assert_allclose(ours.transduction_proba_[40:].mean(axis=0), PRIOR, atol=1e-4)
    np.testing.assert_allclose(ours.class_prior_, PRIOR)
    if pseudo_labels == "hard":
        assert np.bincount(ours.transduction_[40:]).tolist() == [48, 24, 8]


def test_a_prior_by_label_in_any_order(partly, linear):
    X, y = partly
    names = np.where(y == -1, "?", NAMES[y])
    shares = dict(zip(NAMES[[2, 0, 1]], [0.1, 0.6, 0.3], strict=True))
    ours = noisy(linear, pseudo_labels="hard", class_prior=shares, unlabeled_label="?")
    np.testing.assert_allclose(ours.fit(X, names).class_prior_, PRIOR)


def test_priors_by_name(partly, linear):
    X, y = partly
    ours = noisy(linear, pseudo_labels="hard", class_prior="labeled").fit(X, y)
    np.testing.assert_allclose(ours.class_prior_, np.bincount(y[:40]) / 40)
    ours.set_params(class_prior="estimate").fit(X, y)
    assert ours.class_prior_.sum() == pytest.approx(1) and ours.class_prior_.min() > 0.2
    assert noisy(linear, pseudo_labels="hard").fit(X, y).class_prior_ is None


def test_students_differ_as_asked(partly, net):
    X, y = partly
    ours = noisy(net, student_params=[{"dropout": 0.3}, {"width": 0.5}]).fit(X, y)
    assert [e.dropout for e in [*ours.teachers_, ours.estimator_]] == [0.0, 0.3, 0.0]
    assert [e.width for e in [*ours.teachers_, ours.estimator_]] == [0.25, 0.25, 0.5]
    same = noisy(net, student_params={"dropout": 0.2}).fit(X, y)
    assert [e.dropout for e in [*same.teachers_, same.estimator_]] == [0.0, 0.2, 0.2]
    assert net.dropout == 0.0 and net.random_state is None


def test_a_student_of_another_kind(partly, net, linear):
    X, y = partly
    ours = noisy(linear, student=net, n_iterations=1).fit(X, y)
    assert type(ours.estimator_) is type(net) and type(ours.teachers_[0]) is type(linear)


def test_a_teacher_that_is_fitted_already(partly, net):
    X, y = partly
    frozen = FrozenEstimator(clone(net).set_params(random_state=5).fit(X[:40], y[:40]))
    ours = noisy(frozen, student=net, n_iterations=1, threshold=0).fit(X, y)
    opinion = frozen.predict_proba(X[40:])
    np.testing.assert_allclose(ours.transduction_proba_[40:], opinion, atol=1e-6)


def test_students_may_start_from_their_teachers(partly, net):
    X, y = partly
    ours = noisy(net, warm_start_student=True, student_params={"dropout": 0.5}).fit(X, y)
    assert [e.n_epochs_ for e in [*ours.teachers_, ours.estimator_]] == [3, 6, 9]
    assert ours.teachers_[0].dropout == 0.0 and ours.estimator_.dropout == 0.5


@pytest.mark.parametrize("warm_start", [False, True])
def test_a_student_is_as_warm_after_the_fit_as_its_parameters_say(partly, tmp_path, warm_start):
    model = LogisticRegression(C=1e-4, max_iter=2000, warm_start=warm_start)
    for _ in range(2):  # the second time from memory
        ours = noisy(
            model, pseudo_labels="hard", warm_start_student=True, memory=str(tmp_path)
        ).fit(*partly)
        students = [*ours.teachers_, ours.estimator_]
        assert [each.warm_start for each in students] == [warm_start] * 3


@pytest.mark.parametrize("weight", [0.5, 3])
def test_weights_of_pseudo_labels(partly, weight):
    X, y = partly
    model = LogisticRegression(C=1e-4, max_iter=2000)
    ours = noisy(model, pseudo_labels="hard", n_iterations=1, weight=weight).fit(X, y)
    rows = ours.transduction_ != -1
    weights = np.where(y == -1, weight, 1.0)[rows]
    by_hand = clone(ours.estimator_).fit(X[rows], ours.transduction_[rows], weights)
    np.testing.assert_allclose(ours.predict_proba(X), by_hand.predict_proba(X), atol=1e-6)


def test_weights_of_labeled_rows(partly):
    X, y = partly
    given = np.random.default_rng(0).integers(1, 4, len(y)).astype(float)
    ours = noisy(GaussianNB(var_smoothing=0.1), pseudo_labels="hard", n_iterations=1, weight=2)
    ours.fit(X[:100], y[:100], X_unlabeled=X[100:], sample_weight=given[:100])
    teacher = GaussianNB(var_smoothing=0.1).fit(X[:40], y[:40], given[:40])
    np.testing.assert_array_equal(ours.teachers_[0].predict_proba(X), teacher.predict_proba(X))
    weights = np.where(y == -1, 2, given)
    rows = ours.transduction_ != -1
    student = GaussianNB(var_smoothing=0.1).fit(X[rows], ours.transduction_[rows], weights[rows])
    np.testing.assert_array_equal(ours.predict_proba(X), student.predict_proba(X))


def test_a_frozen_teacher_needs_no_weights(partly):
    X, y = partly
    weights = np.random.default_rng(0).integers(1, 4, len(y)).astype(float)
    frozen = FrozenEstimator(GaussianNB(var_smoothing=0.1).fit(X[:40], y[:40]))
    student = GaussianNB(var_smoothing=0.1)
    ours = noisy(frozen, student=student, pseudo_labels="hard", n_iterations=1, threshold=0)
    ours.fit(X, y, sample_weight=weights)
    weights[40:] = 1
    by_hand = clone(student).fit(X, ours.transduction_, weights)
    np.testing.assert_array_equal(ours.predict_proba(X), by_hand.predict_proba(X))


def test_estimators_among_student_params_are_copied(partly):
    X, y = partly
    given = LogisticRegression(C=1e-4, max_iter=2000)
    pipeline = Pipeline([("same", FunctionTransformer()), ("net", GaussianNB())])
    ours = noisy(pipeline, pseudo_labels="hard", student_params={"net": given}).fit(X, y)
    assert ours.teachers_[1]["net"] is not ours.estimator_["net"]
    assert not hasattr(given, "coef_") and given.random_state is None


def test_finished_networks_are_recalled(partly, net, tmp_path, monkeypatch):
    X, y = partly
    frozen = FrozenEstimator(pickle.loads(pickle.dumps(clone(net).fit(X[:40], y[:40]))))
    kinds = [
        noisy(net, warm_start_student=True, memory=str(tmp_path)),
        noisy(frozen, student=net, memory=str(tmp_path)),
        SeedEnsembleClassifier(noisy(frozen, student=net), 2, memory=str(tmp_path), random_state=0),
    ]
    first = [clf.fit(X[:40], y[:40], X_unlabeled=X[40:]).predict_proba(X) for clf in kinds]

    def fail(*_, **__):
        raise AssertionError("fitted again")

    monkeypatch.setattr(type(net), "_train", fail)
    for clf, proba in zip(kinds, first, strict=True):
        again = clone(clf).fit(X[:40], y[:40], X_unlabeled=X[40:])
        np.testing.assert_array_equal(again.predict_proba(X), proba)


def test_an_over_sampling_pipeline(partly, net):
    X, y = partly
    filler = AugmentingOverSampler(60, augmentation="sketch")
    ours = noisy(SamplingPipeline([("fill", filler), ("net", net)]), pseudo_labels="hard")
    ours.fit(X, y)
    assert ours.estimator_["fill"].random_state != ours.teachers_[0]["fill"].random_state
    assert ours.predict(X).shape == (120,)


def test_pipelines_and_votes_learn_soft_labels(partly, net):
    X, y = partly
    members = [("a", net), ("b", Pipeline([("same", FunctionTransformer()), ("net", net)]))]
    ours = noisy(VotingClassifier(members, voting="soft"), n_iterations=1, threshold=0)
    ours.fit(X, y)
    a = clone(net).set_params(random_state=ours.estimator_.estimators_[0].random_state)
    a.fit(X, ours.transduction_, soft_targets=ours.transduction_proba_)
    np.testing.assert_array_equal(
        ours.estimator_.estimators_[0].predict_proba(X), a.predict_proba(X)
    )
    hard = clone(a).fit(X, ours.transduction_)
    assert not np.array_equal(hard.predict_proba(X), a.predict_proba(X))


def test_nothing_unlabeled(partly, net):
    X, y = partly
    ours = noisy(net, class_prior="uniform").fit(X, y)
    assert ours.class_prior_ is not None
    ours.fit(X[:40], y[:40])
    assert ours.class_prior_ is None
    assert (ours.n_iter_, ours.termination_condition_, ours.teachers_) == (0, "no_unlabeled", [])
    np.testing.assert_array_equal(ours.transduction_, y[:40])


def test_nothing_selected(partly, linear):
    X, y = partly
    ours = noisy(linear, pseudo_labels="hard", threshold=0.9999).fit(X, y)
    assert (ours.n_iter_, ours.termination_condition_) == (0, "none_selected")
    assert (ours.transduction_[40:] == -1).all() and (ours.labeled_iter_[40:] == -1).all()


def test_a_search_in_processes(partly, net):
    X, y = partly
    grid = [{"threshold": [0.0, 0.6]}, {"threshold": [0.0], "estimator__dropout": [0.5]}]
    search = GridSearchCV(
        noisy(net, n_iterations=1),
        grid,
        cv=LabeledStratifiedKFold(2),
        n_jobs=2,
        error_score="raise",
        scoring="neg_log_loss",
    ).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert len(set(scores.round(6))) == 3  # both parameters have an effect
    assert set(search.classes_) == {0, 1, 2}


def test_equal_seeds_give_equal_students(partly, net):
    X, y = partly
    first, second = (noisy(net).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = noisy(net, random_state=1).fit(X, y).predict_proba(X)
    assert not np.array_equal(first, other)


def test_it_pickles(partly, net):
    X, y = partly
    fitted = noisy(net).fit(X, y)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))


def test_it_tells_its_rounds(partly, linear, capsys):
    noisy(linear, pseudo_labels="hard", n_iterations=1, verbose=1).fit(*partly)
    assert "Round 1: learning from" in capsys.readouterr().out


def test_trainings_are_named_by_their_rounds(partly, net, capsys):
    noisy(net.set_params(verbose=1, max_epochs=1), threshold=0).fit(*partly)
    names = [line.split(",")[0] for line in capsys.readouterr().out.splitlines()]
    assert names == ["teacher", "student of round 1", "student of round 2"]


def test_a_network_is_narrowed_by_a_resized_warm_start(partly, net):
    match = "differs from what these parameters, .* ask for in weights, width"
    with pytest.raises(ValueError, match=match):
        noisy(net, warm_start_student=True, student_params={"width": 0.5}).fit(*partly)


class TestErrors:
    """Errors that are raised before any training."""

    @pytest.fixture
    def untouched(self, monkeypatch):
        def fail(*_, **__):
            raise AssertionError("training began")

        monkeypatch.setattr(LogisticRegression, "fit", fail)
        monkeypatch.setattr(ResNetClassifier, "fit", fail)
        return LogisticRegression()

    def refuse(self, clf, match, X, y, **fit_params):
        with pytest.raises(ValueError, match=match):
            clf.fit(X, y, **fit_params)

    def test_soft_labels_for_a_learner_of_hard_ones(self, partly, untouched):
        match = "pseudo_labels='soft' needs .* LogisticRegression does not .* pseudo_labels='hard'"
        self.refuse(noisy(untouched), match, *partly)

    def test_soft_labels_behind_an_over_sampler(self, partly, net):
        pipeline = SamplingPipeline([("fill", AugmentingOverSampler()), ("net", net)])
        self.refuse(noisy(pipeline), "fit of Pipeline does not take them", *partly)

    def test_weights_for_a_learner_without(self, partly):
        from sklearn.neighbors import KNeighborsClassifier

        clf = noisy(KNeighborsClassifier(), pseudo_labels="hard", weight=0.5)
        self.refuse(clf, "weight=0.5 needs .* sample_weight", *partly)
        clf.set_params(weight=1)
        self.refuse(clf, "sample_weight needs", *partly, sample_weight=np.ones(120))

    @pytest.mark.parametrize("params", [[{}], [None, {}], [{}, {}, {}]])
    def test_a_wrong_number_of_student_params(self, partly, untouched, params):
        clf = noisy(untouched, pseudo_labels="hard", student_params=params)
        self.refuse(clf, "student_params must be one dict .* n_iterations=2 in all", *partly)

    def test_a_student_that_cannot_learn_any_more(self, partly):
        X, y = partly
        frozen = FrozenEstimator(GaussianNB().fit(X[:40], y[:40]))
        clf = noisy(frozen, pseudo_labels="hard")
        self.refuse(clf, "a student must be free to learn.* Give student=", X, y)

    def test_a_student_that_params_turn_into_a_learner_of_hard_labels(self, partly, net):
        pipeline = Pipeline([("same", FunctionTransformer()), ("net", net)])
        clf = noisy(pipeline, student_params=[{}, {"net": GaussianNB()}])
        self.refuse(clf, "pseudo_labels='soft' needs", *partly)

    def test_text_that_may_be_a_mark(self, partly, untouched):
        X, y = partly
        clf = noisy(untouched, pseudo_labels="hard")
        self.refuse(clf, "holds the text '-1': is it a class, or the mark", X, y.astype(str))

    def test_student_params_of_no_student(self, partly, untouched):
        clf = noisy(untouched, pseudo_labels="hard", student_params={"widht": 2})
        self.refuse(clf, "Invalid parameter 'widht'", *partly)

    def test_a_warm_start_between_kinds(self, partly, untouched):
        kinds = {"student": ResNetClassifier(), "pseudo_labels": "hard"}
        clf = noisy(untouched, warm_start_student=True, **kinds)
        match = "a teacher and a student of one class .* LogisticRegression and ResNetClassifier"
        self.refuse(clf, match, *partly)
        clf = noisy(GaussianNB(), pseudo_labels="hard", warm_start_student=True)
        self.refuse(clf, "with a parameter warm_start, got GaussianNB", *partly)

    def test_a_prior_for_other_classes(self, partly, untouched):
        clf = noisy(untouched, pseudo_labels="hard", class_prior=[0.5, 0.5])
        self.refuse(clf, r"must have 3 shares.* in the order of classes_, \[0, 1, 2\]", *partly)
        clf.set_params(class_prior={np.int64(0): 0.5, 1: 0.5, np.str_("2"): 0})
        self.refuse(clf, r"It lacks \[2\]. Correct the keys", *partly)
        clf.set_params(class_prior={0: "half", 1: 0.5, 2: 0})
        self.refuse(clf, "must be 'uniform', 'labeled', 'estimate', None, an array", *partly)

    def test_quotas_for_other_classes(self, partly, untouched):
        clf = noisy(untouched, pseudo_labels="hard", max_per_class={"dog": 3})
        self.refuse(clf, r"labels that y does not have: \['dog'\]", *partly)

    def test_no_labels(self, partly, untouched):
        X, y = partly
        clf = noisy(untouched, pseudo_labels="hard")
        self.refuse(clf, "at least two classes; y holds no class", X, np.full(120, np.nan))
        clf.set_params(unlabeled_label=-1)
        self.refuse(clf, "holds one class, .*unlabeled_label=None", X, np.where(y == 0, 0, -1))

    def test_a_pool_of_another_shape(self, partly, untouched):
        X, y = partly
        clf = noisy(untouched, pseudo_labels="hard")
        stack, other = X.reshape(-1, 12, 12), X.reshape(-1, 9, 16)
        match = r"rows have shape \(12, 12\), got \(9, 16\)"
        self.refuse(clf, match, stack, y, X_unlabeled=other)
        self.refuse(clf, "X has 100 features, but", X, y, X_unlabeled=X[:, :100])

    def test_a_teacher_of_other_classes(self, partly, net):
        X, y = partly
        frozen = FrozenEstimator(clone(net).fit(X[:40], NAMES[y[:40]]))
        clf = noisy(frozen, student=net)
        self.refuse(clf, "the teacher must know the .* classes of y, .* it lacks", X, y)


@pytest.mark.parametrize("params", [{"n_tta": 9, "augmentation": None}, {"dropout": 3}])
def test_parameters_of_students_are_checked_before_the_teacher_is_fitted(partly, net, params):
    class Untouchable(GaussianNB):
        def fit(self, X, y, sample_weight=None):
            raise AssertionError("fitted")

    clf = noisy(Untouchable(), student=net, student_params=[{}, params], n_iterations=2)
    with pytest.raises(ValueError, match=next(iter(params))):
        clf.fit(*partly)


class Unstable(GaussianNB):
    diverges = False

    def fit(self, X, y, sample_weight=None):
        self.diverged_ = Unstable.diverges
        return super().fit(X, y, sample_weight)


def test_a_student_that_diverged_does_not_replace_its_teacher(partly, monkeypatch):
    X, y = partly
    monkeypatch.setattr(Unstable, "diverges", True)
    clf = noisy(GaussianNB(), student=Unstable(), n_iterations=2, pseudo_labels="hard")
    with pytest.warns(
        ConvergenceWarning, match="student of round 1 has diverged.*after 0 complete"
    ):
        clf.fit(X, y)
    assert clf.termination_condition_ == "diverged"
    assert clf.n_iter_ == 0 and clf.history_ == [] and clf.teachers_ == []
    teacher = GaussianNB().fit(X[y != -1], y[y != -1])
    np.testing.assert_array_equal(clf.predict_proba(X), teacher.predict_proba(X))
