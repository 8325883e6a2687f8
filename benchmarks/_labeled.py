"""The labelled drawings of a competition folder, split for model selection."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

HELD_OUT_FRACTION = 0.2
MOST_HELD_OUT = 30  # of a class: enough to judge it, and large classes decide no more than others


class Split(NamedTuple):
    """Flat pictures and codes, to train on and to judge by."""

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def load_split(folder: Path, seed: int = 0) -> Split:
    """Split train.npz class by class; the folder's holdout is for final figures, and stays shut."""
    with np.load(folder / "train.npz") as arrays:
        X, y = arrays["X"].reshape(len(arrays["X"]), -1), arrays["y"]
    rng = np.random.default_rng(seed)
    held_out = np.concatenate([_hold_out(np.flatnonzero(y == c), rng) for c in np.unique(y)])
    is_test = np.zeros(len(y), dtype=bool)
    is_test[held_out] = True
    return Split(X[~is_test], y[~is_test], X[is_test], y[is_test])


def _hold_out(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n_held_out = min(MOST_HELD_OUT, round(len(rows) * HELD_OUT_FRACTION))
    return rng.permutation(rows)[:n_held_out]
