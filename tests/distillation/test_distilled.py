"""DistilledClassifier: what its student learns, from which teacher, and on which rows."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator

from skquickdraw import (
    CNNClassifier,
    DistilledClassifier,
    NoisyStudentClassifier,
    SeedEnsembleClassifier,
)
from skquickdraw.datasets import make_sketches
from skquickdraw.exceptions import FitInterrupted, InvalidParameterError, InvalidTargetsError
from skquickdraw.losses import BalancedSoftmax, Distillation

NAMES = np.array(["cat", "ant", "dog"])


class SoftLogistic(LogisticRegression):
    """Learns soft targets as weighted copies of each row, and keeps the arguments of ``fit``."""

    def fit(self, X, y, sample_weight=None, soft_targets=None):
        self.given_ = {"X": X, "y": y, "weight": sample_weight, "soft": soft_targets}
        if soft_targets is None:
            return super().fit(X, y, sample_weight)
        n, n_classes = soft_targets.shape
        weights = np.ones(n) if sample_weight is None else sample_weight
        weights = (soft_targets * weights[:, None]).ravel()
        return super().fit(np.repeat(X, n_classes, 0), np.tile(np.unique(y), n), weights)


@pytest.fixture(scope="module")
def sketches():
    X, y = make_sketches(90, 3, image_shape=(12, 12), random_state=0)
    X = X / 1000  # so that a linear model needs few steps
    X.flags.writeable = False
    return X, NAMES[y]


@pytest.fixture
def teacher():
    return KNeighborsClassifier(5)


def network(**params):
    plain = {"loss": "cross_entropy", "augmentation": None, "optimizer": "adamw", "ema_decay": None}
    small = {"width": 0.25, "max_epochs": 1, "precision": "float32", **plain}
    return CNNClassifier(**{**small, **params})


def one_hot(y):
    return (y[:, None] == np.unique(y)).astype(float)


def test_a_network_is_trained_by_the_loss_on_merged_targets(sketches, teacher):
    X, y = sketches
    clf = DistilledClassifier(teacher, network(), temperature=4.0, alpha=0.7, random_state=0)
    clf.fit(X, y)
    loss = Distillation(4.0, 0.7)
    assert clf.student_.loss.get_params() == loss.get_params()
    targets = loss.merge_targets(teacher.fit(X, y).predict_proba(X), one_hot(y))
    by_hand = network(loss=loss, label_smoothing=0.0, random_state=clf.student_.random_state)
    by_hand.fit(X, y, soft_targets=targets)
    np.testing.assert_array_equal(clf.predict_proba(X), by_hand.predict_proba(X))
    np.testing.assert_array_equal(clf.decision_function(X), by_hand.decision_function(X))
    np.testing.assert_array_equal(clf.predict(X), by_hand.predict(X))


def test_the_loss_reaches_networks_inside_others(sketches, teacher):
    X, y = sketches
    student = SeedEnsembleClassifier(make_pipeline(FunctionTransformer(), network()), 2)
    clf = DistilledClassifier(teacher, student, temperature=2.0, random_state=0).fit(X, y)
    for member in clf.student_.estimators_:
        assert member[-1].loss.temperature == 2.0 and member[-1].label_smoothing == 0
    assert student.estimator[-1].loss == "cross_entropy"  # the user's own is left alone


def test_a_student_without_a_loss_is_taught_at_temperature_one(sketches, teacher):
    X, y = sketches
    clf = DistilledClassifier(teacher, SoftLogistic(), temperature=5.0, alpha=0.7).fit(X, y)
    mean = 0.7 * teacher.fit(X, y).predict_proba(X) + 0.3 * one_hot(y)
    np.testing.assert_allclose(clf.student_.given_["soft"], mean)


@pytest.mark.parametrize("loss", ["cross_entropy", "balanced_softmax"])
def test_a_student_of_labels_alone_is_what_it_would_be_without_a_teacher(sketches, teacher, loss):
    X, y = sketches
    rows = np.concatenate(
        [np.flatnonzero(y == name)[:n] for name, n in zip(NAMES, (24, 12, 6), strict=True)]
    )
    X, y = X[rows], y[rows]
    clf = DistilledClassifier(teacher, network(loss=loss), alpha=0.0, random_state=0).fit(X, y)
    alone = network(loss=loss, label_smoothing=0.0, random_state=clf.student_.random_state)
    np.testing.assert_allclose(clf.predict_proba(X), alone.fit(X, y).predict_proba(X), atol=1e-5)


@pytest.mark.parametrize(
    ("labels", "mark"),
    [
        (np.array([3, 1, 7]), -1),
        (NAMES, "?"),
        (NAMES.astype(object), "?"),
        (NAMES.astype(object), -1),
        (np.array([3, 1, 7]), 0),
    ],
    ids=str,
)
def test_rows_without_labels_learn_from_the_teacher(sketches, teacher, labels, mark):
    X, names = sketches
    y = labels[np.searchsorted(sorted(NAMES), names)]
    partly, more = y[:80].copy(), X[80:]
    partly[::4] = mark
    clf = DistilledClassifier(teacher, SoftLogistic(), alpha=0.7, unlabeled_label=mark)
    clf.fit(X[:80], partly, X_unlabeled=more.reshape(-1, 12, 12))
    has_label = np.append(np.arange(80) % 4 > 0, np.zeros(10, dtype=bool))
    proba = teacher.fit(X[has_label], y[has_label]).predict_proba(X)
    given = clf.student_.given_
    np.testing.assert_array_equal(given["X"], X)
    np.testing.assert_allclose(given["soft"][~has_label], proba[~has_label])
    mean = 0.7 * proba + 0.3 * one_hot(y)
    np.testing.assert_allclose(given["soft"][has_label], mean[has_label])
    np.testing.assert_array_equal(given["y"][has_label], y[has_label])
    likeliest = clf.classes_[proba.argmax(axis=1)]
    np.testing.assert_array_equal(given["y"][~has_label], likeliest[~has_label])
    assert clf.classes_.tolist() == sorted(labels)
    assert set(clf.predict(X)) <= set(labels)


def test_rows_come_as_stacks_too(sketches, teacher):
    X, y = sketches
    stack = X.reshape(-1, 12, 12)
    params = {"temperature": 2.0, "random_state": 0}
    clf = DistilledClassifier(network(), network(), **params)
    clf.fit(stack[:60], y[:60], X_unlabeled=X[60:])
    flat = DistilledClassifier(network(), network(), **params)
    flat.fit(X[:60], y[:60], X_unlabeled=stack[60:])
    np.testing.assert_array_equal(clf.predict_proba(stack), flat.predict_proba(X))
    assert clf.n_features_in_ == 144


def test_weights_teach_both(sketches):
    X, y = sketches
    weight = np.arange(90) / 45
    partly = y.copy()
    partly[::3] = "?"
    has_label = np.arange(90) % 3 > 0
    clf = DistilledClassifier(SoftLogistic(), SoftLogistic(), unlabeled_label="?")
    clf.fit(X, partly, X_unlabeled=X[:5], sample_weight=weight)
    np.testing.assert_array_equal(clf.teacher_.given_["weight"], weight[has_label])
    expected = np.append(weight, np.ones(5))
    np.testing.assert_array_equal(clf.student_.given_["weight"], expected)


def test_a_frozen_teacher_is_taken_as_it_is(sketches, teacher):
    X, y = sketches
    frozen = FrozenEstimator(teacher.fit(X[:50], y[:50]))
    clf = DistilledClassifier(frozen, SoftLogistic(), alpha=1.0)
    clf.fit(X[50:], y[50:], sample_weight=np.ones(40))
    assert clf.teacher_ is frozen
    proba = frozen.predict_proba(X[50:])
    np.testing.assert_allclose(clf.student_.given_["soft"], proba)


def test_teacher_and_student_have_seeds_of_their_own(sketches):
    X, y = sketches
    clf = DistilledClassifier(network(), network(), random_state=0)
    first, again = clone(clf).fit(X, y), clone(clf).fit(X, y)
    assert first.teacher_.random_state != first.student_.random_state
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))
    frozen = clone(clf).set_params(teacher=FrozenEstimator(first.teacher_)).fit(X, y)
    np.testing.assert_array_equal(first.predict_proba(X), frozen.predict_proba(X))


class Fragile(ClassifierMixin, BaseEstimator):
    """A student whose fit is interrupted."""

    def fit(self, X, y, soft_targets=None):
        raise InterruptedError

    def predict(self, X):
        """Is never called."""


def test_a_fitted_teacher_is_kept(sketches, tmp_path):
    X, y = sketches
    clf = DistilledClassifier(network(), Fragile(), memory=str(tmp_path), random_state=0)
    with pytest.raises(InterruptedError):
        clf.fit(X, y)
    clf.set_params(student=SoftLogistic())
    clf.fit(X, y)
    kept = list(tmp_path.rglob("output.pkl"))
    assert len(kept) == 2  # one teacher and one student: the second fit did not train the teacher
    fresh = clone(clf).set_params(memory=None).fit(X, y)
    np.testing.assert_array_equal(fresh.predict(X), clf.predict(X))


def test_progress_is_told_where_it_is_asked_for(sketches, teacher, capsys):
    DistilledClassifier(teacher, SoftLogistic()).fit(*sketches)
    assert capsys.readouterr().out == ""
    DistilledClassifier(teacher, SoftLogistic(), verbose=1).fit(*sketches)
    told = capsys.readouterr().out.splitlines()
    assert [("teacher" in line, "student" in line) for line in told] == [(1, 0), (0, 1)]


class LabelsOnly(SoftLogistic):
    """A student without ``predict_proba``."""

    @property
    def predict_proba(self):
        raise AttributeError


def test_it_can_do_what_its_student_can(sketches, teacher):
    clf = DistilledClassifier(teacher, LabelsOnly())
    assert not hasattr(clf, "predict_proba") and hasattr(clf, "decision_function")
    assert not hasattr(DistilledClassifier(teacher, Fragile()), "decision_function")
    clf.fit(*sketches)
    assert not hasattr(clf, "predict_proba")
    copy = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(copy.predict(sketches[0]), clf.predict(sketches[0]))


def test_learners_with_and_without_a_loss_are_taught_at_temperature_one(sketches, teacher):
    X, y = sketches
    vote = VotingClassifier([("net", network()), ("linear", SoftLogistic())], voting="soft")
    clf = DistilledClassifier(teacher, vote, temperature=5.0, alpha=0.7, random_state=0).fit(X, y)
    mean = 0.7 * teacher.fit(X, y).predict_proba(X) + 0.3 * one_hot(y)
    net, linear = clf.student_.estimators_
    np.testing.assert_allclose(linear.given_["soft"], mean)
    assert net.loss == "cross_entropy"


@pytest.mark.parametrize(
    ("loss", "balancing", "power"),
    [
        ("balanced_softmax", {}, 1.0),
        ("auto", {}, 1.0),
        ("auto", {"class_weight": "balanced"}, None),
        (BalancedSoftmax(tau=0.5), {}, 0.5),
        ("balanced_softmax", {"sampling": "balanced"}, 0.0),
        ("balanced_softmax", {"class_weight": "balanced"}, 0.0),
        (BalancedSoftmax(tau=0.5), {"sampling": 0.5}, 0.25),
        ("focal", {}, None),
    ],
)
def test_a_correction_for_unequal_classes_is_kept(sketches, teacher, loss, balancing, power):
    X, y = sketches
    rows = np.concatenate(
        [np.flatnonzero(y == name)[:n] for name, n in zip(NAMES, (24, 6, 2), strict=True)]
    )
    student = network(loss=loss, **balancing)
    clf = DistilledClassifier(teacher, student, random_state=0).fit(X[rows], y[rows])
    counts = np.array([6, 24, 2.0])  # of ant, cat and dog
    prior = clf.student_.loss.class_prior
    if power is None:
        assert prior is None
    else:
        np.testing.assert_allclose(prior, counts**power / (counts**power).sum())


def test_the_correction_keeps_rare_classes_in_sight():
    X, y = make_sketches(400, 4, weights=[30, 8, 1, 1], image_shape=(14, 14), random_state=0)
    X_test, _ = make_sketches(100, 4, image_shape=(14, 14), random_state=1)
    net = network(max_epochs=8, loss="balanced_softmax", random_state=0)
    teacher = FrozenEstimator(net.fit(X, y))
    shares = []
    for loss in ("balanced_softmax", "cross_entropy"):
        student = clone(net).set_params(loss=loss)
        clf = DistilledClassifier(teacher, student, temperature=1.0, alpha=0.2, random_state=0)
        shares.append(clf.fit(X, y).predict_proba(X_test)[:, 2:].sum(axis=1).mean())
    assert shares[0] > shares[1] + 0.06  # both classes have half of the test rows


def test_a_semi_supervised_teacher_gets_the_rows_without_labels(sketches):
    X, y = sketches
    marked = np.where(np.arange(90) % 3 == 0, "?", y)
    noisy = NoisyStudentClassifier(
        SoftLogistic(), n_iterations=1, pseudo_labels="hard", unlabeled_label="?"
    )
    clf = DistilledClassifier(noisy, SoftLogistic(), unlabeled_label="?", random_state=0)
    clf.fit(X[:80], marked[:80], X_unlabeled=X[80:])
    assert (clf.teacher_.labeled_iter_ != 0).sum() == 27 + 10
    assert clf.teacher_.termination_condition_ == "max_iter"


@pytest.mark.parametrize(
    "late",
    [{"loss": "focal"}, {"label_smoothing": 0.2}, {"sampling": "balanced"}, {"class_weight": None}],
)
def test_members_may_not_undo_it(sketches, teacher, late):
    member = network().set_params(loss="balanced_softmax")
    student = SeedEnsembleClassifier(member, 2, member_params=[{}, late])
    message = rf"student's member_params must not set \['{next(iter(late))}'\]"
    with pytest.raises(InvalidParameterError, match=message):
        DistilledClassifier(teacher, student).fit(*sketches)


def test_members_may_not_correct_differently(sketches, teacher):
    members = [("a", network()), ("b", network(loss="balanced_softmax"))]
    student = VotingClassifier(members, voting="soft")
    with pytest.raises(InvalidParameterError, match="must correct for imbalanced classes alike"):
        DistilledClassifier(teacher, student).fit(*sketches)


@pytest.mark.parametrize(
    ("params", "weight", "message"),
    [
        (
            {"student": LogisticRegression()},
            None,
            "student needs an estimator that learns from soft_targets, .* LogisticRegression "
            ".*NoisyStudentClassifier can teach it with labels",
        ),
        ({"teacher": KNeighborsClassifier()}, np.ones(90), "teacher needs .* from sample_weight"),
        ({"student": Fragile()}, np.ones(90), "student needs .* from sample_weight.*leave"),
        ({"temperature": 0}, None, "'temperature' parameter of DistilledClassifier"),
        ({"alpha": 1.1}, None, "'alpha' parameter of DistilledClassifier"),
        ({"teacher": Fragile()}, None, "'teacher' parameter .*'predict_proba'"),
    ],
)
def test_parameters_are_checked_before_any_fit(sketches, params, weight, message):
    clf = DistilledClassifier(SoftLogistic(), SoftLogistic()).set_params(**params)
    with pytest.raises(InvalidParameterError if "needs" in message else ValueError, match=message):
        clf.fit(*sketches, sample_weight=weight)


@pytest.mark.parametrize("y", [np.repeat(["a", "b"], 45), np.repeat(["ant", "bee", "cat"], 30)])
def test_a_teacher_of_other_classes_is_refused(sketches, teacher, y):
    frozen = FrozenEstimator(teacher.fit(*sketches))
    message = r"the teacher must know the \d classes of y, .* has \[.*'dog'\] besides. Take one"
    with pytest.raises(InvalidTargetsError, match=message):
        DistilledClassifier(frozen, SoftLogistic()).fit(sketches[0], y)


def test_an_unfitted_frozen_teacher_is_refused(sketches):
    with pytest.raises(NotFittedError):
        DistilledClassifier(FrozenEstimator(SoftLogistic()), SoftLogistic()).fit(*sketches)


@pytest.mark.parametrize("y", [np.full(90, -1), np.repeat([-1, 1], 45)], ids=["none", "one"])
def test_two_classes_have_to_be_labeled(sketches, teacher, y):
    with pytest.raises(InvalidTargetsError, match="at least two classes; .*unlabeled_label=None"):
        DistilledClassifier(teacher, SoftLogistic(), unlabeled_label=-1).fit(sketches[0], y)


CHECKED = DistilledClassifier(LogisticRegression(), SoftLogistic())


@pytest.mark.filterwarnings("default")  # the suite provokes warnings on purpose
@pytest.mark.parametrize(("clf", "check"), list(estimator_checks_generator(CHECKED)))
def test_scikit_learns_checks(clf, check):
    check(clf)


class Interrupted(SoftLogistic):
    """A classifier whose fit is interrupted, before or after it has learned."""

    def __init__(self, C=1.0, error=KeyboardInterrupt, learns=True):
        super().__init__(C=C)
        self.error = error
        self.learns = learns

    def fit(self, X, y, sample_weight=None, soft_targets=None):
        if self.learns:
            super().fit(X, y, sample_weight, soft_targets)
        raise self.error("SoftLogistic: fit was interrupted")


@pytest.mark.parametrize(
    ("teacher", "student"),
    [
        (Interrupted(error=FitInterrupted), SoftLogistic()),  # an unfinished teacher is not used
        (Interrupted(), SoftLogistic()),
        (SoftLogistic(), Interrupted()),
        # A vote knows its classes before its members are fitted.
        (SoftLogistic(), VotingClassifier([("a", Interrupted(error=FitInterrupted))])),
    ],
)
def test_interrupted_before_the_student_can_predict_nothing_is_fitted(sketches, teacher, student):
    X, y = sketches[0].reshape(90, -1), sketches[1]
    clf = DistilledClassifier(teacher, student)
    with pytest.raises(KeyboardInterrupt) as raised:
        clf.fit(X, y)
    assert not isinstance(raised.value, FitInterrupted)
    assert [name for name in vars(clf) if name.endswith("_")] == []
    clf.set_params(teacher=SoftLogistic(), student=SoftLogistic()).fit(X, y)
    before = clf.predict_proba(X)
    with pytest.raises(KeyboardInterrupt):
        clf.set_params(teacher=teacher, student=student).fit(X[:, :-1], y)
    np.testing.assert_array_equal(clf.predict_proba(X), before)


def test_a_student_that_can_predict_is_kept(sketches):
    X, y = sketches[0].reshape(90, -1), sketches[1]
    expected = DistilledClassifier(SoftLogistic(), SoftLogistic()).fit(X, y)
    clf = DistilledClassifier(SoftLogistic(), Interrupted(error=FitInterrupted))
    with pytest.raises(FitInterrupted, match="DistilledClassifier: the student is kept.* SoftLog"):
        clf.fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))


def test_memory_inside_is_found_with_a_seed_outside(sketches, tmp_path):
    vote = SeedEnsembleClassifier(network(), 2, memory=str(tmp_path))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*memory stores fits")
        DistilledClassifier(vote, vote, random_state=0).fit(*sketches)
