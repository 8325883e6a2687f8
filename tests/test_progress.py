"""The progress that a fit shows in a terminal, in a log file, and inside other fits."""

import pickle
from io import StringIO

import numpy as np
import pytest
import rich
from joblib import parallel_config
from rich.console import Console
from rich.errors import LiveError
from rich.progress import Progress
from sklearn.base import BaseEstimator, ClassifierMixin

from skquickdraw import (
    CNNClassifier,
    DistilledClassifier,
    NoisyStudentClassifier,
    SeedEnsembleClassifier,
    _progress,
)
from skquickdraw._progress import Bar, Trainings

X = np.arange(24.0).reshape(8, 3)
Y = np.array([0, 1, 0, 1, 0, 1, -1, -1])
HIDE_CURSOR = "\x1b[?25l"  # the first output of a live display


class Stepwise(ClassifierMixin, BaseEstimator):
    """A classifier that takes two steps, and shows its progress."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y, soft_targets=None):
        self.classes_ = np.unique(y)
        bar = Bar("Stepwise", "step", 2)
        for i in range(2):
            bar.tell(i + 1, "loss 0.5")
        bar.close()
        return self

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


@pytest.fixture
def clock(monkeypatch):
    """Return a list whose only item is the time."""
    now = [0.0]
    monkeypatch.setattr(_progress, "perf_counter", lambda: now[0])
    return now


@pytest.fixture
def screen(monkeypatch):
    """Return a stream that looks like a terminal, and keeps what is written to it."""
    file = StringIO()
    monkeypatch.setattr(rich, "_console", Console(force_terminal=True, file=file, width=120))
    return file


def test_a_log_has_a_line_an_epoch_with_the_time_that_is_left(clock, capsys):
    bar = Bar("CNNClassifier", "epoch", 40)
    for n_done, now in [(1, 4), (3, 12), (20, 4000), (40, 9000)]:
        clock[0] = now
        bar.tell(n_done, "loss 0.412, validation 71.2 %")
    assert capsys.readouterr().out.splitlines() == [
        "CNNClassifier epoch 1/40: loss 0.412, validation 71.2 %, 3 min left",
        "CNNClassifier epoch 3/40: loss 0.412, validation 71.2 %, 2 min left",
        "CNNClassifier epoch 20/40: loss 0.412, validation 71.2 %, 67 min left",
        "CNNClassifier epoch 40/40: loss 0.412, validation 71.2 %, took 2.5 h",
    ]


def test_outer_trainings_stand_in_front_and_the_time_of_all_at_the_end(clock, capsys):
    with Trainings(["teacher", "student of round 1"]) as rounds, rounds.one(1):
        clock[0] = 100.0
        members = Trainings([f"member {i}/4" for i in range(1, 5)])
        with members, members.one(1):
            bar = Bar("CNN", "epoch", 10)
            clock[0] = 105.0
            bar.tell(5, "loss 1.000")
    # Half of member 2 of 4, so (1 + 0.5) / 4 of training 2 of 2.
    share = (1 + (1 + 0.5) / 4) / 2
    left = round(105 * (1 - share) / share)
    assert capsys.readouterr().out == (
        "student of round 1, member 2/4, CNN epoch 5/10: loss 1.000, 5 s left, "
        f"{left} s left in all\n"
    )


def test_many_steps_are_few_lines(capsys):
    bar = Bar("RelationNetworkClassifier", "step", 1000, n_lines=10)
    for i in range(1000):
        bar.tell(i + 1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10 and "step 100/1000" in lines[0] and "step 1000/1000" in lines[-1]


def test_a_terminal_has_one_display_for_all_that_is_nested(screen):
    NoisyStudentClassifier(
        SeedEnsembleClassifier(Stepwise(), 2), n_iterations=1, threshold=0.0, random_state=0
    ).fit(X, Y)
    shown = screen.getvalue()
    assert shown.count(HIDE_CURSOR) == 1
    # The lines of the last frame; the next line shows the cursor again.
    first, second, third = (line.split("\x1b[2K")[-1] for line in shown.splitlines()[-4:-1])
    assert first.startswith("student of round 1 ")
    assert second.startswith("  member 2/2 ")
    assert third.startswith("    Stepwise step 2/2 ") and "loss 0.5, took 0 s" in third


def test_one_training_after_another_has_a_display_of_its_own(screen):
    for _ in range(2):
        Stepwise().fit(X, Y)
    assert screen.getvalue().count(HIDE_CURSOR) == 2
    assert screen.getvalue().count("\x1b[?25h") == 2  # each shows the cursor again at its end


def test_inside_a_display_of_the_users_there_are_lines(screen, monkeypatch):
    console = rich.get_console()
    with Progress(console=console):

        def refuse(live):  # as in rich before 14.1
            raise LiveError("Only one live display may be active at once")

        monkeypatch.setattr(console, "set_live", refuse)
        Stepwise().fit(X, Y)
    assert "Stepwise step 1/2: loss 0.5, 0 s left" in screen.getvalue()


def test_inside_a_display_of_the_users_nothing_fails(screen):
    with Progress(console=rich.get_console()) as progress:
        task = progress.add_task("mine", total=1)
        Stepwise().fit(X, Y)
        progress.advance(task)
    assert "mine" in screen.getvalue()


@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_stream_that_is_closed_ends_no_fit(monkeypatch, is_terminal):
    file = StringIO()
    console = Console(force_terminal=is_terminal, file=file)
    monkeypatch.setattr(rich, "_console", console)
    file.close()
    assert Stepwise().fit(X, Y).classes_.tolist() == [-1, 0, 1]


def test_trainings_at_once_have_lines_even_in_a_terminal(screen):
    vote = SeedEnsembleClassifier(Stepwise(), 2, n_jobs=2)
    with parallel_config(backend="threading"):
        vote.fit(X[:6], Y[:6])
    lines = screen.getvalue().splitlines()
    assert HIDE_CURSOR not in screen.getvalue()
    for member in ("member 1/2", "member 2/2"):
        assert f"{member}, Stepwise step 2/2: loss 0.5, took 0 s" in lines


def test_a_worker_knows_the_names_of_its_place(screen, capsys):
    with Trainings(["teacher", "student"]) as outer, outer.one(0):
        Bar("CNN", "epoch", 2).tell(1)  # a live display, which the worker does not have
        inner = Trainings(["member 1/2", "member 2/2"], at_once=True)
        sent = pickle.loads(pickle.dumps(inner))
    with sent.one(1):
        Bar("CNN", "epoch", 1).tell(1)
    assert (
        screen.getvalue().splitlines()[-1].endswith("teacher, member 2/2, CNN epoch 1/1: took 0 s")
    )


def test_teacher_and_student_of_a_distillation_are_named(capsys):
    DistilledClassifier(Stepwise(), Stepwise()).fit(X[:6], Y[:6])
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(",")[0] for line in lines] == ["teacher"] * 2 + ["student"] * 2


def test_a_network_tells_loss_and_score(capsys):
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (40, 64), dtype=np.uint8), np.arange(40) % 2
    clf = CNNClassifier(width=0.25, max_epochs=1.5, random_state=0, verbose=1)
    clf.fit(images, labels, X_val=images, y_val=labels)
    first, last = capsys.readouterr().out.splitlines()
    record = clf.history_[-1]
    assert first.startswith("CNNClassifier epoch 1/2: loss ") and first.endswith(" left")
    assert last.startswith(
        f"CNNClassifier epoch 2/2: loss {record['train_loss']:.3f}, "
        f"validation {100 * record['valid_score']:.1f} %, took "
    )
