"""BudgetedClassifier: what it chooses, how long it trains, and that its plan can be repeated."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from skquickdraw import CNNClassifier, recipes
from skquickdraw.cli._messages import as_line
from skquickdraw.datasets import make_sketches
from skquickdraw.distillation import DistilledClassifier
from skquickdraw.ensemble import SeedEnsembleClassifier
from skquickdraw.exceptions import InvalidParameterError, InvalidTargetsError
from skquickdraw.recipes import BudgetedClassifier
from skquickdraw.recipes._budget import choose
from skquickdraw.recipes._pace import Stopwatch
from skquickdraw.recipes._work import list_work, with_students
from skquickdraw.semi_supervised import NoisyStudentClassifier

# The budgets here are fractions of a second, which a busy machine exceeds.
pytestmark = pytest.mark.filterwarnings("ignore:BudgetedClassifier. fit took:UserWarning")


def network(**params):
    return CNNClassifier(**{"width": 0.25, "random_state": 0, "precision": "float32", **params})


@pytest.fixture(scope="module")
def sketches():
    X, y, names = make_sketches(120, 3, image_shape=(12, 12), random_state=0, return_names=True)
    return X, names[y]


class Clockwork:
    """A stopwatch of a machine that trains on 1,000 rows, or predicts 10,000, per second."""

    def wanted_epochs(self, work):
        return 10.0

    def seconds(self, work, n_epochs=1.0):
        rows = work.n_turns * work.n_rows
        return rows * n_epochs / 1000 if work.is_training else rows / 10_000

    def look_longer(self, seconds):
        pass


@pytest.fixture
def clockwork(monkeypatch):
    """Plan all fits for such a machine, with a clock that stands still."""
    monkeypatch.setattr("skquickdraw.recipes._budget.Stopwatch", lambda *_: Clockwork())
    monkeypatch.setattr("skquickdraw.recipes._budget.perf_counter", lambda: 0.0)


def plan(candidates, seconds, n_labeled=1000, n_pool=0, monkeypatch=None):
    monkeypatch.setattr("skquickdraw.recipes._budget.perf_counter", lambda: 0.0)
    return choose(candidates, Clockwork(), seconds, n_labeled, n_pool)


def vote(n):
    return SeedEnsembleClassifier(network(), n)


@pytest.mark.parametrize(
    ("seconds", "n_members", "n_epochs"),
    [(5, None, 5), (13, None, 13), (14, 2, 7), (20, 2, 10), (28, 4, 7), (400, 4, 100)],
)
def test_the_most_expensive_that_the_time_is_enough_for(monkeypatch, seconds, n_members, n_epochs):
    chosen = plan([network(), vote(2), vote(4)], seconds, monkeypatch=monkeypatch)
    assert getattr(chosen, "n_estimators", None) == n_members
    inner = chosen if n_members is None else chosen.estimator
    assert inner.max_epochs == pytest.approx(n_epochs)


@pytest.mark.parametrize(("seconds", "width"), [(4.9, 0.5), (5, 1.0)])
def test_a_larger_network_may_have_half_of_its_passes(monkeypatch, seconds, width):
    ladder = [network(width=0.5), network(width=1.0)]
    assert plan(ladder, seconds, monkeypatch=monkeypatch).width == width


def test_predictions_of_the_pool_take_their_part_of_the_time(monkeypatch):
    student = NoisyStudentClassifier(network(), student=network(), n_iterations=1)
    chosen = plan([student], 100, n_pool=10_000, monkeypatch=monkeypatch)
    # Predictions take 1 second. 10 passes over 1,000 rows and over 11,000 would take 120 seconds.
    assert chosen.estimator.max_epochs == pytest.approx(10 * 99 / 120)
    assert chosen.student.max_epochs == pytest.approx(10 * 99 / 120)


def test_the_work_of_a_distillation_of_students():
    teacher = NoisyStudentClassifier(vote(4), student=vote(2), n_iterations=1)
    works = list_work(DistilledClassifier(teacher, network()), 100, 50)
    found = [(w.prefix, w.n_copies, w.n_rows) for w in works if w.is_training]
    assert found == [
        ("teacher__estimator__estimator__", 4, 100),
        ("teacher__student__estimator__", 2, 150),
        ("student__", 1, 150),
    ]
    assert [w.n_rows for w in works if not w.is_training] == [50] * 4 + [150] * 2


def test_members_are_counted_whatever_they_are():
    for member in (taught(), DistilledClassifier(network(), network())):
        works = list_work(with_students(SeedEnsembleClassifier(member, 6)), 100, 50)
        trainings = [(work.n_copies, work.prefix) for work in works if work.is_training]
        assert [n for n, _ in trainings] == [6, 6]
        assert trainings[-1][1] == "estimator__student__"


def test_flat_rows_of_features_have_the_passes_of_features():
    X, y = np.random.RandomState(0).rand(64, 50), np.arange(64) % 2
    (work,) = list_work(network(), 64, 0)
    assert Stopwatch(X, y, 0).wanted_epochs(work) == 20
    assert Stopwatch(X[:, :49], y, 0).wanted_epochs(work) == 20  # 7 x 7
    (wide,) = list_work(network(image_shape=(5, 10)), 64, 0)
    assert Stopwatch(X, y, 0).wanted_epochs(wide) == 20
    assert Stopwatch(np.tile(X, 2), y, 0).wanted_epochs(work) > 20  # images of 10 x 10


def test_members_that_train_at_once_take_turns():
    (work,) = list_work(vote(5).set_params(n_jobs=2), 100, 0)
    assert (work.n_copies, work.n_jobs, work.n_turns) == (5, 2, 3)


def test_a_frozen_teacher_is_not_trained(sketches):
    teacher = FrozenEstimator(network(max_epochs=1).fit(*sketches))
    works = list_work(DistilledClassifier(teacher, network()), 100, 0)
    assert [work.is_training for work in works] == [False, True]


@pytest.fixture
def hasty(monkeypatch):
    """Measure the speed of this machine for a shorter time, which is less exact."""
    monkeypatch.setattr("skquickdraw.recipes._pace.SECONDS", 0.2)


@pytest.mark.usefixtures("hasty")
def test_the_plan_repeats_the_training_to_the_bit(sketches):
    X, y = sketches
    clf = BudgetedClassifier([network(), vote(2)], minutes=0.02, random_state=3).fit(X, y)
    again = clone(clf.plan_).fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X), again.predict_proba(X))
    assert clf.classes_.tolist() == sorted(set(y)) and set(clf.predict(X)) <= set(y)
    assert clf.elapsed_minutes_ > 0 and clf.n_features_in_ == 144


def test_more_time_is_more_passes(sketches):
    X, y = sketches
    short, long = (
        BudgetedClassifier([network()], minutes=minutes, random_state=0).fit(X, y)
        for minutes in (1e-4, 0.1)
    )
    assert long.estimator_.n_epochs_ > short.estimator_.n_epochs_ == 1


def taught(**params):
    return NoisyStudentClassifier(network(), n_iterations=1, threshold=0.0, **params)


@pytest.mark.usefixtures("clockwork")
def test_students_are_left_out_without_a_pool(sketches):
    X, y = sketches
    clf = BudgetedClassifier([network(), taught()], minutes=0.01, random_state=0)
    assert isinstance(clf.fit(X, y).estimator_, CNNClassifier)


@pytest.mark.usefixtures("clockwork")
def test_a_student_alone_is_its_teacher_without_a_pool(sketches):
    X, y = sketches
    clf = BudgetedClassifier([taught()], minutes=0.01, random_state=0)
    assert clf.fit(X, y).estimator_.teachers_ == []
    assert len(clf.fit(X[:60], y[:60], X_unlabeled=X[60:]).estimator_.teachers_) == 1


@pytest.mark.usefixtures("clockwork")
def test_a_distillation_needs_no_pool(sketches):
    clf = BudgetedClassifier([DistilledClassifier(network(), network())], minutes=0.01)
    assert isinstance(clf.fit(*sketches).estimator_, DistilledClassifier)


def test_teacher_and_student_have_passes_of_their_own(monkeypatch):
    monkeypatch.setattr(Clockwork, "wanted_epochs", lambda self, work: 1e5 / work.n_rows)
    chosen = plan([with_students(taught())], 1e3, n_pool=9000, monkeypatch=monkeypatch)
    assert chosen.estimator.max_epochs == pytest.approx(10 * chosen.student.max_epochs)


@pytest.mark.usefixtures("clockwork")
def test_rows_are_counted_as_often_as_they_are_shown(sketches):
    X, y = sketches
    once, thrice = (
        BudgetedClassifier([network()], minutes=0.01, random_state=0)
        .fit(X, y, sample_weight=np.full(120, weight))
        .plan_.max_epochs
        for weight in (1, 3)
    )
    assert once == pytest.approx(3 * thrice)


def test_students_that_differ_by_round_are_refused(sketches):
    clf = BudgetedClassifier([taught(student_params={"max_epochs": 400})], minutes=0.1)
    with pytest.raises(InvalidParameterError, match="rounds are alike.*400.*Set these .* student"):
        clf.fit(*sketches, X_unlabeled=sketches[0])


def test_a_frozen_teacher_without_a_student_is_refused(sketches):
    X, y = sketches
    teacher = FrozenEstimator(network(max_epochs=1).fit(X, y))
    clf = BudgetedClassifier([NoisyStudentClassifier(teacher)], minutes=0.1)
    with pytest.raises(InvalidParameterError, match="must be free to learn.*FrozenEst.*student="):
        clf.fit(X, y, X_unlabeled=X)


def test_the_class_minus_one_is_no_mark_inside(sketches):
    X, _ = sketches
    clf = BudgetedClassifier([taught()], minutes=0.1, unlabeled_label=None)
    with pytest.raises(InvalidTargetsError, match="-1 is a class of y, but NoisyStudent"):
        clf.fit(X, np.arange(120) % 3 - 1)


def test_what_takes_no_passes_is_refused(sketches):
    X, y = sketches
    with pytest.raises(InvalidParameterError, match="A time can be given to networks.*Logistic"):
        BudgetedClassifier([LogisticRegression()], minutes=0.1).fit(X, y)
    later = BudgetedClassifier([network(), LogisticRegression()], minutes=0.1)
    with pytest.raises(InvalidParameterError, match="A time can be given to networks.*Logistic"):
        later.fit(X, y)
    assert not hasattr(later, "estimator_")


def test_labeled_rows_without_weight_are_refused(sketches):
    X, names = sketches
    y = np.where(np.arange(120) < 90, names, None)
    with pytest.raises(InvalidTargetsError, match="weights of labeled rows must not all be 0"):
        BudgetedClassifier([network()], minutes=0.1).fit(X, y, sample_weight=np.arange(120) >= 90)


@pytest.mark.parametrize("minutes", [0, -1, "long", None])
def test_minutes_are_above_zero(sketches, minutes):
    with pytest.raises(ValueError, match="'minutes' parameter of BudgetedClassifier"):
        BudgetedClassifier([network()], minutes=minutes).fit(*sketches)
    with pytest.raises(ValueError, match="'minutes' parameter of BudgetedClassifier"):
        recipes.best(minutes=minutes).fit(*sketches)


@pytest.mark.usefixtures("hasty")
def test_what_is_chosen_is_measured_again_for_longer(sketches):
    X, names = sketches
    stopwatch = Stopwatch(X, names, 0)
    (work,) = list_work(network(), len(X), 0)
    roughly = stopwatch.seconds(work)
    stopwatch.look_longer(0.1)  # shorter than before, so the old measurement is kept
    assert stopwatch.seconds(work) == roughly
    stopwatch.look_longer(0.3)
    assert stopwatch.seconds(work) != roughly


@pytest.mark.usefixtures("hasty")
def test_a_network_that_diverges_at_once_is_measured_and_trained(sketches):
    wild = network(lr=1e30, optimizer="sgd", ema_decay=None)
    clf = BudgetedClassifier([wild], minutes=0.01, random_state=0)
    with pytest.warns(ConvergenceWarning, match="training has diverged"):
        clf.fit(*sketches)
    assert clf.estimator_.diverged_


@pytest.mark.usefixtures("hasty")
def test_a_late_end_is_said(sketches, monkeypatch):
    clock = iter(range(0, 10**6, 20))  # each reading of the clock is 20 seconds later
    monkeypatch.setattr("skquickdraw.recipes._budget.perf_counter", lambda: next(clock))
    clf = BudgetedClassifier([network()], minutes=0.01, random_state=0)
    late = "fit took .* minutes in place of 0.01. Measuring the speed .* and a busy machine"
    with pytest.warns(UserWarning, match=late) as caught:
        clf.fit(*sketches)
    assert all("Raise --minutes" in as_line(each.message) for each in caught)


def test_without_time_for_the_first_no_slower_estimator_is_measured(monkeypatch):
    measured = []

    class Recorder(Clockwork):
        def seconds(self, work, n_epochs=1.0):
            measured.append(work.network.width)
            return super().seconds(work, n_epochs)

    monkeypatch.setattr("skquickdraw.recipes._budget.perf_counter", lambda: 0.0)
    ladder = [network(width=0.5), network(width=1.0), network(width=2.0)]
    assert choose(ladder, Recorder(), 4.0, 1000, 0).max_epochs == 4.0
    assert set(measured) == {0.5}
    assert choose(ladder, Recorder(), 50.0, 1000, 0).width == 2.0
    assert set(measured) == {0.5, 1.0, 2.0}


@pytest.mark.parametrize(("seconds", "share"), [(0.05, "0.5%"), (0.0, "0.0%"), (-9.0, "0.0%")])
def test_time_for_hardly_any_training_is_said(seconds, share, monkeypatch):
    with pytest.warns(UserWarning, match=f"time for {share} of the usual training") as caught:
        planned = plan([network()], seconds, monkeypatch=monkeypatch)
    assert planned.max_epochs == (0.05 if seconds > 0 else 0.01)
    assert as_line(caught[0].message).endswith("Raise --minutes.")  # on the command line


@pytest.mark.parametrize("name", ["fast", "accurate", "ensemble", "distilled"])
def test_recipes_take_minutes(name):
    recipe = getattr(recipes, name)(minutes=3, random_state=0)
    (inner,) = recipe.estimators
    assert recipe.minutes == 3 and type(inner) is type(getattr(recipes, name)())


def test_the_best_has_a_ladder_from_one_network_to_taught_votes():
    ladder = recipes.best(minutes=7, n_jobs=1).estimators
    assert [type(rung).__name__ for rung in ladder[:3]] == [
        "ResNetClassifier",
        "ResNetClassifier",
        "SeedEnsembleClassifier",
    ]
    assert isinstance(ladder[-1], NoisyStudentClassifier)
