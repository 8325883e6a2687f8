"""Callbacks of scikit-learn, new in 1.9, on classifiers of this package."""

import re
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skquickdraw import (
    CNNClassifier,
    DistilledClassifier,
    NoisyStudentClassifier,
    SeedEnsembleClassifier,
)
from skquickdraw.datasets import make_sketches
from skquickdraw.recipes import BudgetedClassifier

WITHOUT = """
import contextlib
import sklearn.ensemble
with contextlib.suppress(ImportError):
    import sklearn.callback
    del sklearn.callback.with_callbacks  # so that it cannot be imported, as before 1.9
from skquickdraw import CNNClassifier, NoisyStudentClassifier, SeedEnsembleClassifier
from skquickdraw.datasets import make_sketches
X, y = make_sketches(30, 2, image_shape=(12, 12), random_state=0)
member = CNNClassifier(width=0.25, max_epochs=1)
clf = NoisyStudentClassifier(SeedEnsembleClassifier(member, 2), n_iterations=1, threshold=0.0)
clf.fit(X[:20], y[:20], X_unlabeled=X[20:])
print([hasattr(each, "set_callbacks") for each in (member, clf, clf.estimator)])
"""


@pytest.fixture(scope="module")
def callback():
    return pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 brought callbacks")


@pytest.fixture(scope="module")
def sketches():
    return make_sketches(60, 3, image_shape=(12, 12), random_state=0)


@pytest.fixture
def net():
    return CNNClassifier(width=0.25, max_epochs=2.5, precision="float32", random_state=0)


class OwnRecorder:
    """Records the beginning and end of tasks, and stops the fit after ``n_epochs``."""

    def __init__(self, n_epochs=None):
        self.n_epochs = n_epochs
        self.begun, self.ended, self.open = [], [], 0

    def setup(self, estimator, context):
        self.open += 1

    def teardown(self, estimator, context):
        self.open -= 1

    def on_fit_task_begin(self, estimator, context):
        self.begun.append(context.task_name)

    def on_fit_task_end(self, estimator, context):
        self.ended.append(context.task_name)
        return self.ended.count("epoch") == self.n_epochs


class Recorder(OwnRecorder):
    """The same, but also for all estimators that are fitted inside."""

    max_propagation_depth = None


def test_epochs_are_tasks(callback, sketches, net):
    recorder = Recorder()
    net.set_callbacks(recorder).fit(*sketches)
    assert recorder.begun == ["fit", "epoch", "epoch", "epoch"]
    assert recorder.ended == ["epoch", "epoch", "epoch", "fit"] and recorder.open == 0


def test_a_callback_can_stop_a_network(callback, sketches, net):
    net.set_callbacks(Recorder(n_epochs=1)).fit(*sketches)
    assert net.n_epochs_ == 1


def test_scores_of_epochs_are_those_of_networks_that_stopped_there(callback, sketches, net):
    X, y = sketches
    net.set_params(lr_schedule=None)  # other schedules depend on the number of epochs
    monitor = callback.ScoringMonitor(scoring="neg_log_loss")
    watched = clone(net).set_callbacks(monitor).fit(X, y)
    alone = net.fit(X, y)
    np.testing.assert_array_equal(watched.predict_proba(X), alone.predict_proba(X))
    losses = [r["neg_log_loss"] for r in monitor.get_logs().data if r["task_name"] == "epoch"]
    for n_epochs, loss in enumerate(losses[:2], start=1):
        proba = net.set_params(max_epochs=n_epochs).fit(X, y).predict_proba(X)
        assert np.log(proba[np.arange(len(y)), y]).mean() == pytest.approx(loss)
    assert len(losses) == 3


def test_a_fitted_network_holds_no_training_data(callback, sketches, net):
    net.set_callbacks(Recorder()).fit(*sketches)
    tasks = dict(net.net_.callbacks_)["tasks"]
    assert [value for value in vars(tasks).values() if value is not None] == [3]
    assert set(vars(net)) & {"_callback_fit_ctx", "_parent_callback_ctx"} == set()


def test_partial_fit_has_no_tasks(callback, sketches, net):
    recorder = Recorder()
    net.set_callbacks(recorder).partial_fit(*sketches)
    assert recorder.begun == []


def test_a_failed_fit_ends_its_callbacks(callback, sketches, net, monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(type(net), "_network", "no such network")
    with pytest.raises(Exception, match="network"):
        net.set_callbacks(recorder).fit(*sketches)
    monkeypatch.undo()

    def fail(estimator, context):
        raise OSError("the callback is broken")

    recorder.on_fit_task_end = fail
    with pytest.raises(OSError, match="broken"):
        net.fit(*sketches)
    assert recorder.open == 0 and not hasattr(net, "classes_")


def test_rounds_and_members_are_tasks(callback, sketches, net):
    X, y = sketches
    recorder, vote = Recorder(), SeedEnsembleClassifier(net.set_params(max_epochs=1), 2)
    clf = NoisyStudentClassifier(vote, n_iterations=1, threshold=0.0, random_state=0)
    clf.set_callbacks(recorder).fit(X[:30], y[:30], X_unlabeled=X[30:])
    member = ["fit", "epoch"]  # a member's task is its own fit
    assert recorder.begun == ["fit", *["fit", *member, *member] * 2]
    assert len(recorder.ended) == len(recorder.begun) and recorder.open == 0
    inner = [clf.estimator_, *clf.estimator_.estimators_]
    assert not any(hasattr(each, "_skl_callbacks") for each in inner)


def test_rounds_are_scored_by_the_labeled_rows(callback, sketches):
    X, y = sketches[0].reshape(60, -1), np.where(np.arange(60) < 30, sketches[1], -1)
    monitor = callback.ScoringMonitor(scoring="accuracy")
    clf = NoisyStudentClassifier(LogisticRegression(), pseudo_labels="hard", random_state=0)
    clf.set_callbacks(monitor).fit(X, y)
    scores = {record["task_name"]: record["accuracy"] for record in monitor.get_logs().data}
    learners = [*clf.teachers_, clf.estimator_]
    names = ["teacher", "student of round 1", "student of round 2"]
    expected = {
        name: each.score(X[:30], y[:30]) for name, each in zip(names, learners, strict=True)
    }
    assert scores == {**expected, "fit": clf.estimator_.score(X[:30], y[:30])}


def test_teacher_and_student_are_tasks(callback, sketches, net):
    net.set_params(max_epochs=1)
    recorder, monitor = Recorder(), callback.ScoringMonitor(scoring="accuracy")
    clf = DistilledClassifier(net, net, random_state=0).set_callbacks(recorder, monitor)
    clf.fit(*sketches)
    assert recorder.begun == ["fit", *["fit", "epoch"] * 2]  # their tasks are fits of their own
    assert len(recorder.ended) == len(recorder.begun) and recorder.open == 0
    scores = {record["task_name"]: record["accuracy"] for record in monitor.get_logs().data}
    assert scores["student"] == scores["fit"] == clf.score(*sketches)
    assert not any(hasattr(each, "_skl_callbacks") for each in (clf.teacher_, clf.student_))


def test_a_frozen_teacher_is_a_task(callback, sketches, net):
    X, y = sketches[0].reshape(60, -1), sketches[1]
    recorder, teacher = Recorder(), FrozenEstimator(KNeighborsClassifier().fit(X, y))
    DistilledClassifier(teacher, net.set_params(max_epochs=1)).set_callbacks(recorder).fit(X, y)
    assert recorder.begun == ["fit", "teacher", "fit", "epoch"] and recorder.open == 0


@pytest.mark.filterwarnings("ignore:BudgetedClassifier. fit took:UserWarning")
def test_of_a_budget_only_the_training_is_a_task(callback, sketches, net):
    X, y = sketches
    recorder, monitor = Recorder(), callback.ScoringMonitor(scoring="accuracy")
    measured = OwnRecorder()  # a callback of the network itself
    clf = BudgetedClassifier([net.set_callbacks(measured)], minutes=0.01, random_state=0)
    clf.set_callbacks(recorder, monitor).fit(X, y)
    n_epochs = clf.estimator_.n_epochs_
    assert recorder.begun == ["fit", "fit", *["epoch"] * n_epochs] and recorder.open == 0
    assert measured.begun == ["fit", *["epoch"] * n_epochs]
    scores = {record["task_name"]: record["accuracy"] for record in monitor.get_logs().data}
    assert scores["training"] == scores["fit"] == clf.score(X, y)


def test_a_vote_is_scored_after_each_member(callback, sketches, net, tmp_path):
    X, y = sketches
    monitor = callback.ScoringMonitor(scoring="accuracy")
    vote = SeedEnsembleClassifier(
        net.set_params(max_epochs=1), 2, random_state=0, memory=str(tmp_path)
    )
    vote.set_callbacks(monitor)
    for _ in range(2):  # the second time, the members come from the memory folder
        vote.fit(X, y)
        data = monitor.get_logs().data
        scores = {record["task_name"]: record["accuracy"] for record in data}
        assert scores["member 1/2"] == vote.estimators_[0].score(X, y)
        assert scores["member 2/2"] == scores["fit"] == vote.score(X, y)


def test_members_are_recalled_whatever_watches_them(callback, sketches, net, tmp_path):
    X, y = sketches
    vote = SeedEnsembleClassifier(net.set_params(max_epochs=1), 2, random_state=0)
    vote.set_params(memory=str(tmp_path)).fit(X, y)
    recorder = Recorder()
    vote.set_callbacks(recorder).fit(X, y)
    assert recorder.begun == ["fit", "member 1/2", "member 2/2"]  # none was trained again
    vote.set_callbacks()
    vote.estimator.set_callbacks(Recorder(n_epochs=100))
    before = [each.net_.history for each in vote.estimators_]
    assert [each.net_.history for each in vote.fit(X, y).estimators_] == before


def test_bars_and_scores_in_a_search_over_a_pipeline(callback, sketches, net, capsys):
    X, y = sketches
    monitor = callback.ScoringMonitor(scoring="accuracy")
    pipeline = make_pipeline(FunctionTransformer(), net.set_callbacks(monitor))
    search = GridSearchCV(pipeline, {"cnnclassifier__max_epochs": [1, 2]}, cv=2)
    with pytest.warns(UserWarning, match="FunctionTransformer does not support callbacks"):
        search.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(X, y)
    epochs = [r for r in monitor.get_logs().data if r["task_name"] == "epoch"]
    assert len(epochs) == 2 * (1 + 2) + search.best_params_["cnnclassifier__max_epochs"]
    shown = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert "GridSearchCV - fit" in shown and "Pipeline" in shown


def test_without_callbacks_of_scikit_learn_all_works():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert done.stdout == "[False, False, False]\n", done.stderr
