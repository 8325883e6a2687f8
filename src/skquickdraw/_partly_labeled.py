"""Labeled and unlabeled rows, as read by all estimators that learn from both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from ._checks import check_sample_weight
from ._images import check_more_rows, check_rows_and_labels
from ._mapped_files import join_rows
from ._targets import NO_LABEL
from .exceptions import InvalidTargetsError


@dataclass(frozen=True, eq=False)
class PartlyLabeled:
    """The rows of X, some of them without a label, and more unlabeled rows.

    Attributes
    ----------
    X : ndarray or MappedFiles of shape (n, ...)
    codes : int64 ndarray of shape (n,)
        Position of each row's class in ``classes``; -1 if it has no label.
    classes : ndarray of shape (n_classes,)
    weights : float64 ndarray of shape (n,) or None
    more : ndarray or MappedFiles of shape (n_unlabeled, ...) or None
        The rows of ``X_unlabeled``.
    """

    X: NDArray[np.number]
    codes: NDArray[np.int64]
    classes: NDArray[np.generic]
    weights: NDArray[np.float64] | None = None
    more: NDArray[np.number] | None = None

    @cached_property
    def labeled(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.codes != NO_LABEL)

    @cached_property
    def unlabeled(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.codes == NO_LABEL)

    def labeled_part(
        self,
    ) -> tuple[NDArray[np.number], NDArray[np.generic], NDArray[np.float64] | None]:
        """Return X, y and weights of the labeled rows; X itself if all are labeled."""
        if len(self.labeled) == len(self.codes):
            return self.X, self.classes[self.codes], self.weights
        weights = None if self.weights is None else self.weights[self.labeled]
        return self.X[self.labeled], self.classes[self.codes[self.labeled]], weights

    def pool(self) -> NDArray[np.number] | None:
        """Return the unlabeled rows, those of X first; None if there are none."""
        marked = self.X[self.unlabeled]
        if self.more is None:
            return marked if len(marked) else None
        return join_rows(marked, self.more)

    def joined(self) -> PartlyLabeled:
        """Return the same with the rows of ``X_unlabeled`` appended to X, with weight 1."""
        if self.more is None:
            return self
        weights, n_more = self.weights, len(self.more)
        return PartlyLabeled(
            join_rows(self.X, self.more),
            np.append(self.codes, np.full(n_more, NO_LABEL)),
            self.classes,
            None if weights is None else np.append(weights, np.ones(n_more)),
        )


def read_partly_labeled(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    unlabeled_label: object,
    X_unlabeled: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> PartlyLabeled:
    """Validate the arguments of ``fit``.

    Raises
    ------
    InvalidTargetsError
        If the labeled rows hold fewer than two classes, or a weight is negative.
    InvalidImagesError
        If ``X_unlabeled`` holds images of another shape or on another scale than X.
    """
    rows, classes, codes = check_rows_and_labels(estimator, X, y, unlabeled_label=unlabeled_label)
    more = None if X_unlabeled is None else check_more_rows(estimator, X_unlabeled, rows)
    weights = None
    if sample_weight is not None:
        weights = check_sample_weight(
            sample_weight, rows, dtype=np.float64, ensure_non_negative=True
        )
        if not weights[codes != NO_LABEL].any():
            raise InvalidTargetsError(
                f"{type(estimator).__name__}: sample weights of labeled rows must not all be 0. "
                "Give some a weight above 0."
            )
    return PartlyLabeled(rows, codes, classes, weights, more)
