"""The rows that each network of a cross-fit trains on, and those that it leaves out."""

from __future__ import annotations

from numbers import Integral
from reprlib import repr as shorten
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import as_array, raised_as
from .._compat import count_samples
from .._typing import CrossValidation
from ..exceptions import InvalidParameterError, InvalidTargetsError
from ._kfold import LabeledStratifiedKFold

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]  # rows to train on, rows that are left out


def split_folds(
    name: str, cv: CrossValidation | None, X: ArrayLike, y: NDArray[np.generic], seed: int
) -> list[Fold]:
    """Return the folds of ``cv``; an int is a number of stratified folds, shuffled by ``seed``.

    Raises
    ------
    InvalidParameterError
        If ``cv`` cannot split X, or a fold trains on rows that it leaves out. ``name`` is the
        subject of the message.
    InvalidTargetsError
        If a fold does not train on all classes.
    """
    if isinstance(cv, Integral):
        cv = LabeledStratifiedKFold(int(cv), shuffle=True, random_state=seed, unlabeled_label=None)
    folds = read_splits(name, cv, X, y)
    for i, (train, left_out) in enumerate(folds):
        is_seen = np.zeros(len(y), dtype=bool)
        is_seen[train] = True
        if is_seen[left_out].any():
            raise InvalidParameterError(
                f"{name}: no fold of cv may train on rows that it leaves out, but fold {i} trains "
                f"on {is_seen[left_out].sum()} of them. Take each row out of one of the two."
            )
        missing = np.setdiff1d(y, y[train])
        if len(missing):
            raise InvalidTargetsError(
                f"{name}: every fold of cv must train on all classes, but fold {i} lacks "
                f"{missing[:5].tolist()}. Use an int as cv, which always trains on the row of a "
                "class with one row."
            )
    return folds


def read_splits(name: str, cv: Any, X: ArrayLike, y: ArrayLike) -> list[Fold]:
    """Return the splits of a splitter, or those that the user gave, as positions in X.

    Raises
    ------
    InvalidParameterError
        If ``cv`` is something else, needs groups or gives no splits, or if a split has no rows to
        train on, none that are left out, or positions that X does not have.
    """
    is_splitter = hasattr(cv, "split") and hasattr(cv, "get_n_splits")
    if isinstance(cv, str | bytes | type) or not (is_splitter or np.iterable(cv)):
        raise InvalidParameterError(
            f"{name}: cv must be a number of folds, a splitter or pairs (train, test), got {cv!r}. "
            "Pass a number, or an object such as LabeledStratifiedKFold(5)."
        )
    if _wants_groups(cv):
        raise InvalidParameterError(
            f"{name}: cv={cv!r} needs groups, and groups cannot be passed on to it. Pass its "
            "splits: cv=list(cv.split(X, y, groups))."
        )
    with raised_as(InvalidParameterError):
        pairs = list(cv.split(X, y) if is_splitter else cv)
    if not pairs:
        raise InvalidParameterError(
            f"{name}: cv must give at least one fold, but {cv!r} gives none. A generator can be "
            "used once only: pass a list of its splits."
        )
    n_rows = count_samples(X)
    return [_read_pair(f"{name}: fold {i} of cv", pair, n_rows) for i, pair in enumerate(pairs)]


def _read_pair(subject: str, pair: object, n_rows: int) -> Fold:
    """Return the positions of the rows of a split, which may be given as boolean masks."""
    parts = list(pair) if isinstance(pair, list | tuple | np.ndarray) else []
    arrays = [as_array(subject, "a part", part) for part in parts]
    arrays = [
        np.flatnonzero(part) if part.dtype == np.bool_ and part.shape == (n_rows,) else part
        for part in arrays
    ]
    are_rows = all(p.ndim == 1 and len(p) and p.dtype.kind in "iu" for p in arrays)
    if len(arrays) != 2 or not are_rows:
        raise InvalidParameterError(
            f"{subject} must be a pair (train, test) of rows' positions, and neither may be empty, "
            f"got {shorten(pair)}. Pass a number of folds, a splitter, or such pairs."
        )
    for part in arrays:
        beyond = part[(part < -n_rows) | (part >= n_rows)]
        if len(beyond):
            raise InvalidParameterError(
                f"{subject} must name rows of X, which has {n_rows}, but names row {beyond[0]}. "
                "Split the same X, and count from 0."
            )
    train, left_out = arrays
    return train, left_out


def _wants_groups(splitter: object) -> bool:
    """Return whether a splitter of scikit-learn splits by groups, as GroupKFold does."""
    if not hasattr(splitter, "get_metadata_routing"):
        return False
    return splitter.get_metadata_routing().split.requests.get("groups") is True
