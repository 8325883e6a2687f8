"""The rows of a noisy student: some with labels, some without."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import check_sample_weight
from .._images import check_more_rows, check_rows_and_labels
from .._mapped_files import join_rows
from .._targets import NO_LABEL
from ._pseudo_labels import PseudoLabels


@dataclass
class PartlyLabeled:
    """Rows of X, then those of ``X_unlabeled``.

    Attributes
    ----------
    X : ndarray of shape (n, ...)
    codes : int64 ndarray of shape (n,)
        Position of each row's class in ``classes``; -1 if it has no label.
    classes : ndarray of shape (n_classes,)
    weights : float64 ndarray of shape (n,) or None
        Of labeled rows; others are 1.
    """

    X: NDArray[Any]
    codes: NDArray[np.int64]
    classes: NDArray[Any]
    weights: NDArray[np.float64] | None = None

    @cached_property
    def unlabeled(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.codes == NO_LABEL)

    @cached_property
    def labeled(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.codes != NO_LABEL)

    def labeled_part(self) -> tuple[Any, ...]:
        """Return X, y, no soft targets, and weights of the labeled rows."""
        weights = None if self.weights is None else self.weights[self.labeled]
        return self.X[self.labeled], self.classes[self.codes[self.labeled]], None, weights

    def with_pseudo_labels(
        self, pseudo: PseudoLabels, *, is_soft: bool, weight: float
    ) -> tuple[Any, ...]:
        """Return X, y, soft targets (or None), and weights (or None), in the order of the rows."""
        codes = self.codes.copy()
        codes[self.unlabeled] = pseudo.standing_codes()
        rows = np.flatnonzero(codes != NO_LABEL)
        soft = self.soft_targets(codes, pseudo)[rows] if is_soft else None
        weights = self._weights(weight)
        weights = None if weights is None else weights[rows]
        return self.X[rows], self.classes[codes[rows]], soft, weights

    def soft_targets(
        self, codes: NDArray[np.int64], pseudo: PseudoLabels | None
    ) -> NDArray[np.float32]:
        """Return one-hot rows for labels, else the teacher's probabilities; zeros if none."""
        targets = np.zeros((len(codes), len(self.classes)), dtype=np.float32)
        targets[self.labeled, codes[self.labeled]] = 1
        if pseudo is not None:
            targets[self.unlabeled] = pseudo.proba
        return targets

    def _weights(self, weight: float) -> NDArray[np.float64] | None:
        if self.weights is None and weight == 1:
            return None
        weights = np.ones(len(self.codes)) if self.weights is None else self.weights.copy()
        weights[self.unlabeled] = weight
        return weights


def read_partly_labeled(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    X_unlabeled: ArrayLike | None,
    sample_weight: ArrayLike | None,
    unlabeled_label: Any,
) -> PartlyLabeled:
    """Validate the arguments of ``fit``.

    Raises
    ------
    InvalidTargetsError
        If the labeled rows hold fewer than two classes.
    InvalidImagesError
        If ``X_unlabeled`` holds images of another shape or on another scale than X.
    """
    rows, classes, codes = check_rows_and_labels(estimator, X, y, unlabeled_label=unlabeled_label)
    weights = None
    if sample_weight is not None:
        weights = check_sample_weight(
            sample_weight, rows, dtype=np.float64, ensure_non_negative=True
        )
    if X_unlabeled is not None:
        pool = check_more_rows(estimator, X_unlabeled, rows)
        rows = join_rows(rows, pool)
        codes = np.concatenate([codes, np.full(len(pool), NO_LABEL)])
        weights = None if weights is None else np.concatenate([weights, np.ones(len(pool))])
    return PartlyLabeled(rows, codes, classes, weights)
