"""Which rows each network of a cross-fit trains on, and which it leaves out."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv

from ..exceptions import InvalidTargetsError
from ..model_selection import LabeledStratifiedKFold

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]  # rows to train on, rows that are left out


def split_folds(name: str, cv: Any, X: Any, y: NDArray[Any], seed: int) -> list[Fold]:
    """Return the folds of ``cv``; an int is that many stratified ones, shuffled by ``seed``.

    Raises
    ------
    InvalidTargetsError
        If a fold does not train on all classes; ``name`` is the subject.
    """
    if isinstance(cv, Integral):
        cv = LabeledStratifiedKFold(int(cv), shuffle=True, random_state=seed, unlabeled_label=None)
    folds = list(check_cv(cv).split(X, y))
    for i, (train, _) in enumerate(folds):
        missing = np.setdiff1d(y, y[train])
        if len(missing):
            raise InvalidTargetsError(
                f"{name}: every fold of cv must train on all classes, but fold {i} lacks "
                f"{missing[:5].tolist()}. Use an int as cv, which always trains on the row of a "
                "class with one row."
            )
    return folds
