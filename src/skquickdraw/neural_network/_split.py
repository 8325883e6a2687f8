"""Splitting a validation part off the original rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def split_validation(
    codes: NDArray[np.int64], fraction: float, rng: np.random.RandomState
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of training rows and of validation rows, class by class.

    Each class gives the nearest whole number to ``fraction`` of its rows, and never its last one: a
    class of one example is for training. Repeating, weighting and augmenting come later and see
    training rows only, so no validation row has a copy in training.
    """
    chosen = []
    for code in np.unique(codes):
        members = np.flatnonzero(codes == code)
        n_taken = min(int(len(members) * fraction + 0.5), len(members) - 1)
        chosen.append(rng.permutation(members)[:n_taken])
    validation = np.sort(np.concatenate(chosen))
    return np.setdiff1d(np.arange(len(codes)), validation), validation
