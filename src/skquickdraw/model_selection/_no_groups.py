"""What the splitters share: they do not keep groups together, and say so."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import indexable

from .._checks import raised_as
from ..exceptions import InvalidParameterError, InvalidTargetsError


class NoGroupsMixin:
    """The ``split`` of splitters that keep no groups together."""

    def split(
        self, X: ArrayLike, y: ArrayLike, groups: object = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the positions of training rows and of test rows, split by split.

        Parameters
        ----------
        X : array-like of n rows
        y : array-like of shape (n,)
        groups : None
            Must be None. scikit-learn's splitters have this parameter.

        Yields
        ------
        train : ndarray
            All unlabeled rows, and the labeled ones that are not tested.
        test : ndarray
            Labeled rows.
        """
        # scikit-learn's splitters warn and go on. But if one group is in both training and test
        # rows, the score is too good, which groups are meant to prevent.
        if groups is not None:
            raise InvalidParameterError(
                f"{type(self).__name__}: groups must be None, because this splitter does not keep "
                "them together. Use scikit-learn's StratifiedGroupKFold, or GroupKFold. They test "
                "on unlabeled rows too, which the score of the estimators here leaves out."
            )
        with raised_as(InvalidTargetsError):
            X, y = indexable(X, y)
        yield from super().split(X, y, groups)  # type: ignore[misc]  # of the splitter's base
