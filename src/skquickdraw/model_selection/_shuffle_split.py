"""Random splits that test on labeled rows only, and leave every class a row to train on."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import BaseShuffleSplit

from .._checks import check_random_state
from .._targets import NO_LABEL, read_labels
from ..exceptions import InvalidParameterError
from ._no_groups import NoGroupsMixin


class LabeledStratifiedShuffleSplit(NoGroupsMixin, BaseShuffleSplit):
    """Draw random test rows from each class of the labeled rows, ``n_splits`` times.

    From each class, the share ``test_size`` of its rows is drawn, rounded to whole rows. At least
    one row per class stays in the training part. Unlabeled rows are always in the training part.

    Parameters
    ----------
    n_splits : int, default=10
        Number of splits, at least 1.
    test_size : float in (0, 1), default=0.1
        Share of each class's labeled rows to test on.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws.
    unlabeled_label : label, 'auto' or None, default='auto'
        The value that marks unlabeled rows in y. With 'auto', these are missing values (None, NaN,
        NA). If there are none, -1 is the mark, unless y holds only one other class, such as 1. With
        None, all rows of y are labeled.

    Raises
    ------
    InvalidParameterError
        In ``split``, if ``n_splits`` or ``test_size`` is out of range, if no class has a test row
        because ``test_size`` is too small or no class has two labeled rows, or if ``groups`` are
        given.
    InvalidTargetsError
        In ``split``, if labels cannot be read.

    See Also
    --------
    LabeledStratifiedKFold : Tests each labeled row once, except those of classes with one row.
    sklearn.model_selection.StratifiedShuffleSplit : Refuses classes of a single row. In its splits,
        a small class may have no training row.

    Notes
    -----
    Classes with a single row, or with fewer than ``0.5 / test_size`` rows, have no test rows. So
    use a score that averages over the classes in the test part only, such as balanced accuracy.

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
        random_state: int | np.random.RandomState | None = None,
        unlabeled_label: object = "auto",
    ) -> None:
        super().__init__(n_splits=n_splits, test_size=test_size, random_state=random_state)
        self.unlabeled_label = unlabeled_label

    def _iter_indices(
        self, X: object, y: ArrayLike | None = None, groups: object = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        name = type(self).__name__
        share = float(self.test_size) if isinstance(self.test_size, Real) else 0.0
        if not 0 < share < 1:
            raise InvalidParameterError(
                f"{name}: test_size must lie between 0 and 1, got {self.test_size!r}. It is a "
                "number: the share of rows to test on."
            )
        if not isinstance(self.n_splits, Integral) or self.n_splits < 1:
            raise InvalidParameterError(
                f"{name}: n_splits must be an int of at least 1, got {self.n_splits!r}."
            )
        _, all_codes = read_labels(name, y, unlabeled_label=self.unlabeled_label, min_classes=0)
        labeled = np.flatnonzero(all_codes != NO_LABEL)
        codes = all_codes[labeled]
        rng = check_random_state(self.random_state)
        for _ in range(self.n_splits):
            test = labeled[_draw_test_rows(codes, share, rng)]
            if len(test) == 0:
                raise InvalidParameterError(
                    f"{name}: test_size={self.test_size} of {len(labeled)} labeled rows leaves no "
                    "class with a row to test on. Raise it, or label more rows: a class needs two."
                )
            yield np.setdiff1d(np.arange(len(all_codes)), test), test


def _draw_test_rows(
    codes: NDArray[np.int64], fraction: float, rng: np.random.RandomState
) -> NDArray[np.intp]:
    chosen = []
    for code in np.unique(codes):
        members = np.flatnonzero(codes == code)
        n_taken = min(int(len(members) * fraction + 0.5), len(members) - 1)
        chosen.append(rng.permutation(members)[:n_taken])
    return np.sort(np.concatenate(chosen)) if chosen else np.empty(0, dtype=np.intp)
