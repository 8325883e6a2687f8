"""What the command shows while it reads images and trains, in a terminal and elsewhere."""

import io
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from skquickdraw import CNNClassifier, NoisyStudentClassifier, SketchNormalizer, recipes
from skquickdraw.cli import _progress, main
from skquickdraw.cli._data import Reading, read_images, read_test_set
from skquickdraw.cli._progress import Clock, as_clock, describe, show_reading
from skquickdraw.datasets import listening, load_image_folder, load_images
from skquickdraw.preprocessing import scan_shape

from .conftest import COUNTS


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


@pytest.mark.parametrize(("minutes", "expected"), [(0.05, []), (1, range(12, 61, 6))])
def test_after_the_end_no_line_is_printed(planned, monkeypatch, minutes, expected):
    lines, now = [], [0.0]

    def wait(tick):
        now[0] += 1
        return now[0] > 200

    monkeypatch.setattr(_progress, "perf_counter", lambda: now[0])
    clock = Clock(planned, minutes, lines.append)
    clock.started, clock._stop = 0, SimpleNamespace(wait=wait)
    clock._run_lines()
    assert lines[1:] == [f"{as_clock(k)} of {as_clock(60 * minutes)}" for k in expected]


def test_unlabeled_images_for_which_there_is_no_time_are_told(planned, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    chosen = "chosen: a CNNClassifier of width 0.25, 12.3 passes"
    assert Clock(planned, 2, print, 9)._plan() == (
        f"{chosen}; the time is too short for the images without labels, so raise --minutes"
    )
    planned.plan_ = NoisyStudentClassifier(planned.plan_)
    assert "too short" not in Clock(planned, 2, print, 9)._plan()


def test_in_a_terminal_there_is_a_bar(planned, monkeypatch):
    lines = []
    monkeypatch.setattr(sys, "stderr", Terminal())
    show(planned, lines)
    shown = sys.stderr.getvalue()
    assert "skquickdraw train: chosen: a CNNClassifier of width 0.25, 12.3 passes" in shown
    assert "training" in shown and "of 2:00" in shown
    assert len(lines) == 1


@pytest.fixture
def slow(monkeypatch):
    """Let five seconds pass each time that the progress of reading asks for the time."""
    seconds = iter(range(0, 10**6, 5))
    monkeypatch.setattr(_progress, "perf_counter", lambda: float(next(seconds)))


def test_each_file_is_counted_once_also_a_broken_one(images, tmp_path):
    heard = []
    with listening(lambda *counts: heard.append(counts)):
        load_image_folder(images)
        assert heard == [(i + 1, sum(COUNTS), "read") for i in range(sum(COUNTS))]
        heard.clear()
        (tmp_path / "a.png").write_bytes(b"no image")
        with pytest.warns(UserWarning, match="1 file was left out"):
            load_images([tmp_path, images / "rare"], on_error="warn")
    assert heard == [(i + 1, 1 + COUNTS[2], "read") for i in range(1 + COUNTS[2])]
    load_images(images)
    assert len(heard) == 1 + COUNTS[2]


def test_reading_that_takes_long_is_told_in_some_lines(images, capsys, slow):
    with show_reading("predict"):
        load_image_folder(images)
    lines = capsys.readouterr().err.splitlines()
    assert 2 <= len(lines) <= 10
    assert lines[-1] == "skquickdraw predict: 23 of 23 images read"
    assert all(", 0:" in line and line.endswith(" left") for line in lines[:-1])


def test_reading_that_is_fast_is_silent(images, capsys):
    with show_reading("predict"):
        load_image_folder(images)
    assert capsys.readouterr().err == ""


def test_reading_shows_a_bar_in_a_terminal(images, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with show_reading("predict"):
        load_image_folder(images)
    assert "reading" in sys.stderr.getvalue() and "23 of 23 images" in sys.stderr.getvalue()


READERS = {
    "predict": lambda path, reading: read_images([path], reading, skip_broken=False)[0],
    "evaluate": lambda path, reading: read_test_set(path, reading, skip_broken=False).X,
}


@pytest.mark.filterwarnings("ignore:no ink was found:UserWarning")
@pytest.mark.parametrize("name", READERS)
def test_finding_the_drawings_is_told_after_the_reading(images, capsys, slow, monkeypatch, name):
    reading = Reading("drawings", (28, 28))
    with show_reading(name):
        found = READERS[name](images, reading)
    lines = capsys.readouterr().err.splitlines()
    last = lines.index(f"skquickdraw {name}: 23 of 23 images read")
    assert lines[-1] == f"skquickdraw {name}: 23 of 23 images turned into drawings"
    assert 2 <= len(lines) - last - 1 <= 10
    assert all(", 0:" in line and line.endswith(" left") for line in lines[last + 1 : -1])
    scans = load_images(images, pad=False, image_shape=scan_shape((28, 28)), mode="L").data
    np.testing.assert_array_equal(found.reshape(23, -1), SketchNormalizer().fit_transform(scans))
    monkeypatch.setattr(sys, "stderr", Terminal())
    with show_reading(name):
        READERS[name](images, reading)
    assert "finding the drawings" in sys.stderr.getvalue()


@pytest.mark.parametrize("name", ["predict", "evaluate", "train"])
def test_every_command_that_reads_images_says_so(
    images, model, tmp_path, capsys, slow, name, quick
):
    words = ["train", images, "-o", tmp_path / "model", "--recipe", "ensemble"]
    words += ["--unlabeled", images]
    words = words if name == "train" else [name, model, images]
    assert main([str(word) for word in words]) == 0
    told = capsys.readouterr().err
    assert told.count(f"skquickdraw {name}: 23 of 23 images read\n") == 1 + (name == "train")
    if name == "evaluate":
        assert main([name, str(model), str(images), "--json"]) == 0
        assert "images read" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (recipes.accurate, "a ResNetClassifier"),
        (lambda: recipes.fast(max_epochs=3), "a ResNetClassifier of width 0.5, 3 passes"),
        (lambda: recipes.fast(max_epochs=1), "a ResNetClassifier of width 0.5, 1 pass"),
        (
            recipes.ensemble,
            "a vote of 4 networks, each a ResNetClassifier; then the same again, which also learns "
            "from the unlabeled images",
        ),
        (
            lambda: recipes.distilled(recipes.accurate()),
            "a MobileNetClassifier of width 0.8, taught by a ResNetClassifier",
        ),
    ],
    ids=["accurate", "fast", "one pass", "ensemble", "distilled"],
)
def test_what_is_trained_is_told_in_words(make, text, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)  # recipes differ on a GPU
    assert describe(make()) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (754, "12:34")])
def test_time_is_minutes_and_seconds(seconds, text):
    assert as_clock(seconds) == text
