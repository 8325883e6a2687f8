"""The targets of a student: labels, or the teacher's probabilities for rows without one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._partly_labeled import PartlyLabeled
from .._targets import NO_LABEL
from ._pseudo_labels import PseudoLabels


def with_pseudo_labels(
    data: PartlyLabeled, pseudo: PseudoLabels, *, is_soft: bool, weight: float
) -> tuple[
    NDArray[np.number],
    NDArray[np.generic],
    NDArray[np.float32] | None,
    NDArray[np.float64] | None,
]:
    """Return X, y, soft targets (or None), and weights (or None), in the order of the rows."""
    codes = data.codes.copy()
    codes[data.unlabeled] = pseudo.standing_codes()
    rows = np.flatnonzero(codes != NO_LABEL)
    soft = make_soft_targets(data, pseudo)[rows] if is_soft else None
    weights = _weights(data, weight)
    weights = None if weights is None else weights[rows]
    return data.X[rows], data.classes[codes[rows]], soft, weights


def make_soft_targets(data: PartlyLabeled, pseudo: PseudoLabels | None) -> NDArray[np.float32]:
    """Return one-hot rows for labels, else the teacher's probabilities; zeros if none."""
    targets = np.zeros((len(data.codes), len(data.classes)), dtype=np.float32)
    targets[data.labeled, data.codes[data.labeled]] = 1
    if pseudo is not None:
        targets[data.unlabeled] = pseudo.proba
    return targets


def _weights(data: PartlyLabeled, weight: float) -> NDArray[np.float64] | None:
    if data.weights is None and weight == 1:
        return None
    weights = np.ones(len(data.codes)) if data.weights is None else data.weights.copy()
    weights[data.unlabeled] = weight
    return weights
