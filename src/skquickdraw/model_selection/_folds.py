"""The rows that each network of a cross-fit trains on, and those that it leaves out."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import check_cv

from .._checks import raised_as
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
        If there are no folds, if one trains on rows that it leaves out, or if ``cv`` needs groups.
        ``name`` is the subject of the message.
    InvalidTargetsError
        If a fold does not train on all classes.
    """
    if isinstance(cv, Integral):
        cv = LabeledStratifiedKFold(int(cv), shuffle=True, random_state=seed, unlabeled_label=None)
    with raised_as(InvalidParameterError):
        splitter = check_cv(cv)
    if _wants_groups(splitter):
        raise InvalidParameterError(
            f"{name}: cv={cv!r} needs groups, and groups cannot be passed on to it. Pass its "
            "splits: cv=list(cv.split(X, y, groups))."
        )
    with raised_as(InvalidParameterError):
        folds = list(splitter.split(X, y))
    if not folds:
        raise InvalidParameterError(
            f"{name}: cv must give at least one fold, but {cv!r} gives none. A generator can be "
            "used once only: pass a list of its splits."
        )
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


def _wants_groups(splitter: object) -> bool:
    """Return whether a splitter of scikit-learn splits by groups, as GroupKFold does."""
    if not hasattr(splitter, "get_metadata_routing"):
        return False
    return splitter.get_metadata_routing().split.requests.get("groups") is True
