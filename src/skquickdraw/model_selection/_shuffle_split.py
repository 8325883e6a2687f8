"""Random splits that test on labelled rows only, and leave every class a row to train on."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import BaseShuffleSplit
from sklearn.utils import indexable

from .._checks import check_random_state, column_or_1d, raised_as
from .._targets import find_labeled
from ..exceptions import InvalidParameterError, InvalidTargetsError


class LabeledStratifiedShuffleSplit(BaseShuffleSplit):
    """Draw test rows from each class of the labelled rows, at random, as often as is asked for.

    Each class gives the nearest whole number to ``test_size`` of its rows, and never its last one:
    a class of one example is for training. Unlabelled rows are always trained on.

    Parameters
    ----------
    n_splits : int, default=10
        At least 1.
    test_size : float in (0, 1), default=0.1
        Share of each class's labelled rows that is tested on.
    random_state : int, RandomState instance or None, default=None
    unlabeled_label : label or None, default=-1
        The mark of unlabelled rows in y, of any type; None says that all rows are labelled.

    Raises
    ------
    InvalidParameterError
        In ``split``, if ``test_size`` is out of range, or so small that no class gives a row.

    See Also
    --------
    LabeledStratifiedKFold : Folds, in which every row of a class with two or more is tested once.
    sklearn.model_selection.StratifiedShuffleSplit : Refuses classes of a single row, and may leave
        a small class none to train on.

    Notes
    -----
    Classes of fewer than ``0.5 / test_size`` rows are not tested. Average the recalls of the others
    only, as balanced accuracy does.

    Examples
    --------
    >>> import numpy as np
    >>> from skquickdraw.model_selection import LabeledStratifiedShuffleSplit
    >>> y = np.array([0] * 6 + [1] * 2 + [2] + [-1] * 3)
    >>> splits = LabeledStratifiedShuffleSplit(n_splits=1, test_size=0.5, random_state=0)
    >>> train, test = next(splits.split(y, y))
    >>> y[train].tolist(), y[test].tolist()
    ([0, 0, 0, 1, 2, -1, -1, -1], [0, 0, 0, 1])
    """

    def __init__(
        self,
        n_splits: int = 10,
        *,
        test_size: float = 0.1,
        random_state: Any = None,
        unlabeled_label: Any = -1,
    ) -> None:
        super().__init__(n_splits=n_splits, test_size=test_size, random_state=random_state)
        self.unlabeled_label = unlabeled_label

    def split(
        self, X: ArrayLike, y: ArrayLike, groups: Any = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the positions of training rows and of test rows, in ascending order.

        Parameters
        ----------
        X : array-like of n rows
        y : array-like of shape (n,)
        groups : None
            Ignored, for scikit-learn's signature.

        Yields
        ------
        train : ndarray
            All unlabelled rows, and the labelled ones that are not tested.
        test : ndarray
            Labelled rows.
        """
        with raised_as(InvalidTargetsError):
            X, y, groups = indexable(X, y, groups)
        yield from super().split(X, y, groups)

    def _iter_indices(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        name = type(self).__name__
        share = float(self.test_size) if isinstance(self.test_size, Real) else 0.0
        if not 0 < share < 1:
            raise InvalidParameterError(
                f"{name}: test_size must lie between 0 and 1, got {self.test_size}. It is a share."
            )
        if not isinstance(self.n_splits, Integral) or self.n_splits < 1:
            raise InvalidParameterError(
                f"{name}: n_splits must be an int of at least 1, got {self.n_splits!r}."
            )
        labels = column_or_1d(y)
        labeled = find_labeled(labels, self.unlabeled_label)
        codes = np.unique(labels[labeled], return_inverse=True)[1]
        rng = check_random_state(self.random_state)
        for _ in range(self.n_splits):
            test = labeled[_draw_test_rows(codes, share, rng)]
            if len(test) == 0:
                raise InvalidParameterError(
                    f"{name}: test_size={self.test_size} of {len(labeled)} labelled rows leaves no "
                    "class with a row to test on. Raise it."
                )
            yield np.setdiff1d(np.arange(len(labels)), test), test


def _draw_test_rows(
    codes: NDArray[np.int64], fraction: float, rng: np.random.RandomState
) -> NDArray[np.intp]:
    chosen = []
    for code in np.unique(codes):
        members = np.flatnonzero(codes == code)
        n_taken = min(int(len(members) * fraction + 0.5), len(members) - 1)
        chosen.append(rng.permutation(members)[:n_taken])
    return np.sort(np.concatenate(chosen)) if chosen else np.empty(0, dtype=np.intp)
