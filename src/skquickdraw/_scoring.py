"""The score of every classifier: accuracy on the labeled rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import base
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from ._checks import check_sample_weight
from ._compat import safe_indexing
from ._fitting import find_mark
from ._targets import (
    NO_LABEL,
    check_same_kind,
    check_same_length,
    locate,
    read_labels,
    read_own_labels,
    with_codes,
)
from .exceptions import InvalidTargetsError


class ClassifierMixin(base.ClassifierMixin):
    """scikit-learn's mixin, with a score that reads labels as ``fit`` does."""

    classes_: NDArray[np.generic]

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy on the rows that have a label.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            As in :meth:`fit`.
        y : array-like of shape (n,)
            True labels. Unlabeled rows are left out, if ``fit`` takes such rows.
        sample_weight : array-like of shape (n,), default=None

        Returns
        -------
        accuracy : float

        Raises
        ------
        InvalidTargetsError
            If no row has a label, or if a row is unlabeled but ``fit`` takes labeled rows only.
        """
        check_is_fitted(self)
        name = type(self).__name__
        own, codes = read_own_labels(
            name, y, unlabeled_label=find_mark(name, self), known=self.classes_
        )
        check_same_length(name, X, codes)
        check_same_kind(name, own, self.classes_)
        labeled = np.flatnonzero(codes != NO_LABEL)
        if len(labeled) == 0:
            raise InvalidTargetsError(
                f"{name}: score needs rows with a label, but none of the {len(codes)} rows of y "
                "has one. Pass their true labels."
            )
        true = with_codes(locate(own, self.classes_), codes)[labeled]
        if sample_weight is not None:
            sample_weight = check_sample_weight(sample_weight, codes)[labeled]
        rows = X if len(labeled) == len(codes) else safe_indexing(X, labeled)
        predicted = self.predict(rows)
        _, predicted = read_labels(name, predicted, unlabeled_label=None, classes=self.classes_)
        return float(accuracy_score(true, predicted, sample_weight=sample_weight))
