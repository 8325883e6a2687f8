"""Class weights, as scikit-learn names them, and by the effective number of samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

from .._checks import is_finite_number, raised_as
from ..exceptions import InvalidParameterError

EFFECTIVE_BETA = 0.999  # 1,000 examples of a class count for 632, 10 for 9.96

SMALLEST_SHARE = 1e-9  # of a class, by weight, if its rows have almost no weight


def check_class_weight(class_weight: object) -> None:
    """Raise InvalidParameterError, before any training, if a dict holds what is not a weight.

    Whether all weights are 0 is not checked: without y, it is not known if the dict leaves out
    classes, which have weight 1.
    """
    values = class_weight.values() if isinstance(class_weight, dict) else ()
    if not all(is_finite_number(value) and value >= 0 for value in values):
        raise _bad_weights(class_weight)


def _bad_weights(class_weight: object) -> InvalidParameterError:
    return InvalidParameterError(
        "class_weight must give weights that are finite, not negative and not all 0, got "
        f"{class_weight!r}. Leave out rows of a class that shall not count."
    )


def class_weights(
    class_weight: object,
    classes: NDArray[np.generic],
    codes: NDArray[np.int64],
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return one weight per class.

    Parameters
    ----------
    class_weight : None, 'balanced', 'effective' or dict
        'balanced' is scikit-learn's ``n / (n_classes * n_c)``; 'effective' is proportional to
        ``(1 - b) / (1 - b ** n_c)`` with b = 0.999 (Cui et al. 2019, arXiv:1901.05555) and averages
        to one over the rows; a dict maps labels to weights, and those it leaves out have weight 1.
    classes : ndarray of shape (n_classes,)
    codes : ndarray of shape (n_samples,)
        Position of each row's class in ``classes``.
    weights : ndarray of shape (n_samples,) or None, default=None
        A row of weight 2 counts as two.

    Raises
    ------
    InvalidParameterError
        If a weight of a dict is negative or not finite, or all are 0, or if a dict names classes
        that do not occur and leaves others out.
    """
    if isinstance(class_weight, str):
        counts = np.bincount(codes, weights, minlength=len(classes)).astype(np.float64)
        present = np.bincount(codes, minlength=len(classes)) > 0
        size = np.where(present, np.maximum(counts, SMALLEST_SHARE * counts.sum()), 1.0)
        if class_weight == "effective":
            rarity = -1 / np.expm1(size * np.log(EFFECTIVE_BETA))
            return rarity * counts.sum() / (rarity @ counts)
        return counts.sum() / (len(classes) * size)
    with raised_as(InvalidParameterError):
        chosen = compute_class_weight(class_weight, classes=classes, y=classes[codes])
    if not np.isfinite(chosen).all() or chosen.min() < 0 or chosen.max() == 0:
        raise _bad_weights(class_weight)
    return chosen
