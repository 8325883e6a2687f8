"""Compare each display with a small stored image, which was looked at.

Texts are left out, because their shapes depend on the version of FreeType. Both images are blurred,
because the smoothing of lines depends on the version of Matplotlib. So the tests compare where
things are, and how dark they are. ``python tests/inspection/test_pictures.py`` draws the stored
images again: look at them before you commit them.
"""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from skquickdraw.inspection import (
    AugmentationDisplay,
    ComparisonDisplay,
    ConfusedPairsDisplay,
    ImageSheetDisplay,
    PseudoLabelDisplay,
    RecallByClassSizeDisplay,
    TrainingHistoryDisplay,
)
from skquickdraw.model_selection import Comparison

BASELINES = Path(__file__).parent / "baselines"
SIZE, DPI = (4, 3), 30  # inches, and dots per inch
BLUR = 5  # pixels
TOLERANCE = 0.2  # share of the ink that is elsewhere


def wedge(n: int) -> np.ndarray:
    """Return images (n, 12, 12) of wedges of growing size."""
    y, x = np.mgrid[:12, :12]
    return np.stack([255.0 * ((x > 2) & (x + y < 8 + k % 8)) for k in range(n)])


def augmentation(ax):
    return AugmentationDisplay(wedge(12).reshape(3, 4, 12, 12), row_labels=list("abc")).plot(ax=ax)


def comparison(ax):
    scores = np.array([[0.5, 0.55, 0.6], [0.6, 0.7, 0.65], [0.52, 0.5, 0.7]])
    found = Comparison(("a", "b", "c"), {"s": scores}, np.ones((3, 3)), 0.5, (False,) * 3)
    return ComparisonDisplay(found).plot(ax=ax)


def confused_pairs(ax):
    counts = 20 * np.eye(12) + 8 * np.eye(12)[np.arange(12) ^ 1]
    return ConfusedPairsDisplay(counts).plot(ax=ax)


def image_sheet(ax):
    true, predicted = list("abcabcab"), list("abcabaaa")
    return ImageSheetDisplay(wedge(8), true, predicted).plot(ax=ax)


def pseudo_labels(ax):
    numbers = np.array([9, 30, 22, 5, 14])
    rounds = [
        {"n_selected": numbers, "mean_confidence": numbers / 40},
        {"n_selected": numbers + 5, "mean_confidence": numbers / 35},
    ]
    return PseudoLabelDisplay(rounds, list("abcde"), precision=numbers / 31).plot(ax=ax)


def recall(ax):
    counts = np.array([400, 200, 100, 50, 25, 12, 6])
    recalls = {"a": np.linspace(1, 0.1, 7), "b": np.linspace(0.9, 0.6, 7)}
    return RecallByClassSizeDisplay(counts, recalls).plot(ax=ax)


def training_history(ax):
    history = [{"epoch": k, "train_loss": 3 / k, "valid_loss": 4 / k, "lr": 0.1 / k}
               for k in range(1, 9)]  # fmt: skip
    return TrainingHistoryDisplay({"net": history}).plot(ax=ax)


PICTURES = {
    draw.__name__: draw
    for draw in (
        augmentation,
        comparison,
        confused_pairs,
        image_sheet,
        pseudo_labels,
        recall,
        training_history,
    )
}


def render(name: str) -> np.ndarray:
    """Draw a display, and return its image in grey, from 0 to 255."""
    with plt.style.context("default"):
        figure, ax = plt.subplots(figsize=SIZE, dpi=DPI)
        PICTURES[name](ax)
        for text in figure.findobj(plt.Text):
            text.set_visible(False)
        figure.canvas.draw()
        pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3].mean(axis=2)
        plt.close(figure)
    return pixels


def read(name: str) -> np.ndarray:
    return plt.imread(BASELINES / f"{name}.png")[..., :3].mean(axis=2) * 255


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Return the share of the ink that is elsewhere, from 0 for equal images to 1."""
    one, other = (uniform_filter(255 - image, BLUR) for image in (one, other))
    return float(np.abs(one - other).sum() / (one + other).sum())


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_is_as_it_was(name):
    assert distance(render(name), read(name)) < TOLERANCE


def test_another_picture_would_be_noticed():
    nearest = min(distance(read(one), read(other)) for one, other in permutations(PICTURES, 2))
    assert nearest > 2 * TOLERANCE


if __name__ == "__main__":
    BASELINES.mkdir(exist_ok=True)
    for picture in PICTURES:
        pixels = render(picture).astype(np.uint8)
        plt.imsave(BASELINES / f"{picture}.png", pixels, cmap="gray", vmin=0, vmax=255)
