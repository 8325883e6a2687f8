"""Errors of a recipe on the holdout: which pairs it confuses, and what they look like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
from common import DOCS, save
from sklearn.metrics import confusion_matrix
from sklearn.utils import Bunch

from .measure import CERTAIN, RESULTS, load_predictions

N_PAIRS, ROWS, COLUMNS = 20, 5, 10
N_LARGER = 85
EDGES = (0, 0.3, 0.5, 0.7, 0.8, 0.9, 1.01)


def look_at_errors(recipe: str, data: Bunch) -> None:
    """Write ``results/errors.json``, and draw random errors and the surest ones."""
    found = load_predictions()[recipe]
    label, confidence = found["holdout"].astype(np.int64), found["confidence"] / CERTAIN
    is_right = label == data.holdout_target
    errors = {
        "recipe": recipe,
        "answers": joblib.hash(label),
        # classes are in the order of their size; on these the original's author scored
        "recall_of_the_larger": float(is_right[data.holdout_target < N_LARGER].mean()),
        "pairs": confused_pairs(data, label),
        "calibration": calibration(is_right, confidence),
    }
    save(RESULTS / "errors.json", errors)
    wrong = np.flatnonzero(~is_right)
    random = np.random.default_rng(0).permutation(wrong)
    draw_errors(data, label, random, DOCS / "images" / "competition_errors.png")
    sure = wrong[np.argsort(-confidence[wrong])]
    _, first = np.unique(data.holdout_target[sure], return_index=True)  # of each class
    draw_errors(data, label, sure[np.sort(first)], DOCS / "images" / "competition_surest.png")


def confused_pairs(data: Bunch, label: Any) -> list[dict[str, Any]]:
    """Return the pairs of classes that are taken for each other most often, in drawings of each."""
    names = data.target_names
    counts = confusion_matrix(data.holdout_target, label, labels=np.arange(len(names)))
    both = np.triu(counts + counts.T, k=1)
    pairs = np.argsort(both, axis=None)[::-1][:N_PAIRS]
    return [
        {
            "first": str(names[i]),
            "second": str(names[j]),
            "first_as_second": int(counts[i, j]),
            "second_as_first": int(counts[j, i]),
        }
        for i, j in zip(*np.unravel_index(pairs, both.shape), strict=True)
    ]


def calibration(is_right: Any, confidence: Any) -> list[dict[str, float]]:
    """Return how often the recipe is right, by how sure it is."""
    group_of = np.digitize(confidence, EDGES)
    groups = [is_right[group_of == i] for i in range(1, len(EDGES))]
    return [
        {
            "from": float(low),
            "share": len(group) / len(is_right),
            "right": float(group.mean()) if len(group) else float("nan"),
        }
        for low, group in zip(EDGES[:-1], groups, strict=True)
    ]


def draw_errors(data: Bunch, label: Any, rows: Any, path: Path) -> None:
    """Draw as many of these rows as there is space for, with what they are and are taken for."""
    import matplotlib.pyplot as plt

    names = data.target_names
    figure, panels = plt.subplots(ROWS, COLUMNS, figsize=(11, 6.6), layout="constrained")
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, row in zip(panels.flat, rows, strict=False):
        image = data.holdout_data[row].reshape(data.image_shape)
        axes.imshow(255 - image, cmap="gray", vmin=0, vmax=255)
        truth = names[data.holdout_target[row]]
        axes.set_title(f"{truth}\nas {names[label[row]]}", fontsize=7)
    figure.savefig(path, dpi=110)
    plt.close(figure)
