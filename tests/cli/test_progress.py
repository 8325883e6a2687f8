"""What a training with a time shows, in a terminal and elsewhere."""

import io
import sys
import time
from types import SimpleNamespace

import pytest

from skquickdraw import CNNClassifier, recipes
from skquickdraw.cli._progress import Clock, as_clock, describe


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def planned():
    return SimpleNamespace(plan_=CNNClassifier(width=0.25, max_epochs=12.345))


def show(model, lines):
    with Clock(model, 2, lines.append):
        time.sleep(1)


def test_elsewhere_there_are_lines(planned, monkeypatch):
    lines = []
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    show(planned, lines)
    assert lines == [
        "training for 2:00 minutes; first, the speed of this machine is measured",
        "chosen: a CNNClassifier of width 0.25, 12.3 passes",
    ]
    assert sys.stderr.getvalue() == ""


def test_in_a_terminal_there_is_a_bar(planned, monkeypatch):
    lines = []
    monkeypatch.setattr(sys, "stderr", Terminal())
    show(planned, lines)
    shown = sys.stderr.getvalue()
    assert "skquickdraw train: chosen: a CNNClassifier of width 0.25, 12.3 passes" in shown
    assert "training" in shown and "of 2:00" in shown
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (recipes.accurate(), "a ResNetClassifier"),
        (recipes.fast(max_epochs=3), "a ResNetClassifier of width 0.5, 3 passes"),
        (
            recipes.ensemble(),
            "a vote of 4 networks, each a ResNetClassifier; then the same again, which also learns "
            "from the unlabeled images",
        ),
        (
            recipes.distilled(recipes.accurate()),
            "a MobileNetClassifier of width 0.8, taught by a ResNetClassifier",
        ),
    ],
    ids=["accurate", "fast", "ensemble", "distilled"],
)
def test_what_is_trained_is_told_in_words(model, text):
    assert describe(model) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (754, "12:34")])
def test_time_is_minutes_and_seconds(seconds, text):
    assert as_clock(seconds) == text
