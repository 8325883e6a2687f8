"""Errors of a recipe on the holdout: which pairs it confuses, and how sure it is of them."""

from __future__ import annotations

from typing import Any

import joblib
import numpy as np
from common import save
from sklearn.metrics import confusion_matrix
from sklearn.utils import Bunch

from .measure import CERTAIN, RESULTS, load_predictions

N_PAIRS = 20
N_LARGER = 85
EDGES = (0, 0.3, 0.5, 0.7, 0.8, 0.9, 1.01)


def look_at_errors(recipe: str, data: Bunch) -> None:
    """Write ``results/errors.json``."""
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
