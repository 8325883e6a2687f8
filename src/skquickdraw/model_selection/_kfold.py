"""Stratified folds that test on labeled rows only."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import BaseCrossValidator

from .._checks import FLAG, check_arguments, check_random_state, is_int
from .._targets import NO_LABEL, read_labels
from ..exceptions import InvalidParameterError
from ._no_groups import NoGroupsMixin


class LabeledStratifiedKFold(NoGroupsMixin, BaseCrossValidator):
    """Split labeled rows into stratified folds; unlabeled rows are in every training part.

    The splitters of scikit-learn treat the mark of unlabeled rows as a class, and put unlabeled
    rows into test folds. Then the score of a semi-supervised classifier is wrong. The test folds of
    this splitter contain only labeled rows.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    shuffle : bool, default=False
        Whether to shuffle the rows of each class before splitting.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling. Without ``shuffle``, it has no effect.
    unlabeled_label : label, 'auto' or None, default='auto'
        The value that marks unlabeled rows in y. With 'auto', these are missing values (None, NaN,
        NA). If there are none, -1 is the mark, unless y holds only one other class, such as 1. With
        None, all rows of y are labeled.

    Raises
    ------
    InvalidParameterError
        In ``split``, if ``n_splits`` is below 2 or no class has that many labeled rows, or if
        ``groups`` are given.
    InvalidTargetsError
        In ``split``, if labels cannot be read.

    Warns
    -----
    UserWarning
        If classes have fewer labeled rows than there are folds. The warning names up to five. These
        classes are missing from some test folds, but never from a training part. If a class has
        only one row, this row is in every training part and in no test fold.

    See Also
    --------
    LabeledStratifiedShuffleSplit : Repeated random splits of any size.
    sklearn.model_selection.StratifiedKFold : Gives the same folds if all rows are labeled and each
        class has at least ``n_splits`` rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skquickdraw.model_selection import LabeledStratifiedKFold
    >>> y = np.array(["cat", "cat", "dog", "dog", "?", "?"], dtype=object)
    >>> folds = LabeledStratifiedKFold(n_splits=2, unlabeled_label="?")
    >>> for train, test in folds.split(y, y):
    ...     print(train, test)
    [1 3 4 5] [0 2]
    [0 2 4 5] [1 3]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: int | np.random.RandomState | None = None,
        unlabeled_label: object = "auto",
    ) -> None:
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state
        self.unlabeled_label = unlabeled_label

    def get_n_splits(self, X: object = None, y: object = None, groups: object = None) -> int:
        """Return the number of folds; the arguments are ignored."""
        return self.n_splits

    def _iter_test_indices(
        self, X: object, y: ArrayLike | None = None, groups: object = None
    ) -> Iterator[NDArray[np.intp]]:
        name = type(self).__name__
        check_arguments(name, {"shuffle": FLAG}, {"shuffle": self.shuffle})
        # Stacking sets random_state on every splitter; without shuffling it has no effect.
        rng = check_random_state(self.random_state) if self.shuffle else None
        if not is_int(self.n_splits, 2):
            raise InvalidParameterError(
                f"{name}: n_splits must be an int of at least 2, got {self.n_splits!r}."
            )
        classes, codes = read_labels(name, y, unlabeled_label=self.unlabeled_label, min_classes=0)
        labeled = np.flatnonzero(codes != NO_LABEL)
        codes = codes[labeled]
        counts = np.bincount(codes, minlength=1)
        self._check_counts(classes, counts)
        tested = labeled[counts[codes] > 1]
        folds = _assign_folds(codes[counts[codes] > 1], self.n_splits, rng)
        for fold in range(self.n_splits):
            yield tested[folds == fold]

    def _check_counts(self, classes: NDArray[np.generic], counts: NDArray[np.intp]) -> None:
        name = type(self).__name__
        if counts.max() < self.n_splits:
            raise InvalidParameterError(
                f"{name}: n_splits={self.n_splits} needs a class with as many labeled rows, but "
                f"the largest has {counts.max()}. Label more rows, or lower n_splits: it must be "
                "at least 2."
            )
        small = classes[counts < self.n_splits]
        if len(small):
            have = "1 class has" if len(small) == 1 else f"{len(small)} classes have"
            warnings.warn(
                f"{name}: {have} fewer labeled rows than n_splits="
                f"{self.n_splits}, such as {small[:5].tolist()}: some test folds lack them, and a "
                "class with one row is never tested.",
                UserWarning,
                stacklevel=2,
            )


def _assign_folds(
    codes: NDArray[np.int64], n_splits: int, rng: np.random.RandomState | None
) -> NDArray[np.intp]:
    """Return the fold of each row, as ``StratifiedKFold`` does, which warns about small classes."""
    _, first = np.unique(codes, return_index=True)
    folds = np.empty(len(codes), dtype=np.intp)
    start = 0
    for code in codes[np.sort(first)]:
        rows = np.flatnonzero(codes == code)
        own = np.sort(np.arange(start, start + len(rows)) % n_splits)
        if rng is not None:
            rng.shuffle(own)
        folds[rows] = own
        start += len(rows)
    return folds
