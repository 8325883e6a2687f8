"""Tests of all displays: Matplotlib is imported only to draw, and figures are legible."""

from __future__ import annotations

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from skquickdraw import inspection
from skquickdraw.exceptions import MissingDependencyError
from skquickdraw.inspection import (
    AugmentationDisplay,
    ComparisonDisplay,
    ConfusedPairsDisplay,
    ImageSheetDisplay,
    PseudoLabelDisplay,
    RecallByClassSizeDisplay,
    TrainingHistoryDisplay,
)
from skquickdraw.inspection._figures import COLOURS, DASHES, MARKERS
from skquickdraw.model_selection import Comparison

IMAGES = np.zeros((2, 8, 8))
ROUND = {"n_selected": np.array([3, 2]), "mean_confidence": np.array([0.7, 0.6])}
FOUND = Comparison(("a",), {"accuracy": np.ones((1, 2))}, np.ones((1, 2)), 0.5, (False,))
MAKERS = {
    "AugmentationDisplay": lambda: AugmentationDisplay(IMAGES[None]),
    "ComparisonDisplay": lambda: ComparisonDisplay(FOUND),
    "ConfusedPairsDisplay": lambda: ConfusedPairsDisplay([[3, 1], [2, 4]]),
    "ImageSheetDisplay": lambda: ImageSheetDisplay(IMAGES, ["a", "b"], ["a", "a"]),
    "PseudoLabelDisplay": lambda: PseudoLabelDisplay([ROUND], ["a", "b"]),
    "RecallByClassSizeDisplay": lambda: RecallByClassSizeDisplay(
        [9, 3], {"m": [1, 0.5]}, n_groups=2
    ),
    "TrainingHistoryDisplay": lambda: TrainingHistoryDisplay(
        {"net": [{"epoch": 1, "train_loss": 1.0}]}
    ),
}


def test_every_display_is_here():
    found = set(MAKERS) ^ set(inspection.__all__)
    assert not found, (
        f"add {sorted(found)} to MAKERS here and to test_pictures.py, or remove them there"
    )


@pytest.mark.parametrize("name", MAKERS)
def test_a_missing_matplotlib_is_named(name, monkeypatch):
    display = MAKERS[name]()
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingDependencyError, match=f"{name}.plot needs Matplotlib.*'skquickdraw"):
        display.plot()


def test_it_is_missed_before_any_work(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingDependencyError, match="ImageSheetDisplay.from_estimator"):
        ImageSheetDisplay.from_estimator(None, None, None)


def test_importing_the_subpackage_loads_no_matplotlib():
    code = "import sys, skquickdraw.inspection; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", MAKERS)
def test_plot_returns_the_display_with_axes_and_figure(name):
    display = MAKERS[name]()
    assert display.plot() is display
    assert display.ax_ in display.figure_.axes
    figure, ax = plt.subplots()
    assert display.plot(ax=ax).figure_ is figure


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_texts_are_as_far_from_the_background_as_the_style_has_them(name, style):
    with plt.style.context(style):
        display = MAKERS[name]().plot()
        display.figure_.draw_without_rendering()
        background = luminance(plt.rcParams["figure.facecolor"])
        assert luminance(display.figure_.get_facecolor()) == background
        for text in display.figure_.findobj(plt.Text):
            if text.get_text():
                assert abs(luminance(text.get_color()) - background) > 0.15


@pytest.mark.parametrize("background", ["white", "black"])
def test_lines_stand_out_from_white_and_black(background):
    for colour in COLOURS:
        pair = sorted([luminance(colour), luminance(background)])
        assert (pair[1] + 0.05) / (pair[0] + 0.05) > 2


def test_lines_differ_in_all_that_is_not_colour():
    assert len(COLOURS) == len(set(MARKERS)) == len(set(DASHES))


def luminance(colour) -> float:
    """Return the relative luminance of WCAG 2, from 0 for black to 1 for white."""
    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_dollars_in_names_are_no_formula():
    a, b = r"$\mathds{R}$", "US$"
    display = ConfusedPairsDisplay.from_predictions([a] * 3 + [b] * 3, [b] * 3 + [a] * 3)
    display.figure_.canvas.draw()
    sheet = ImageSheetDisplay(np.zeros((1, 8, 8)), ["US$"], ["cat"]).plot()
    assert sheet.text_[0].get_text() == "cat\ntrue: US\\$"
    predictions = {r"$\frac$": [a, b], "$b$": [b, a]}
    sizes = [a, a, b, "cat"]
    recall = RecallByClassSizeDisplay.from_predictions([a, b], predictions, y_train=sizes)
    recall.figure_.canvas.draw()
