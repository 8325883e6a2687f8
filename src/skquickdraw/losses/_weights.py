"""Class weights, as scikit-learn names them, and by the effective number of samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

EFFECTIVE_BETA = 0.999  # 1,000 examples of a class count for 632, 10 for 9.96


def class_weights(
    class_weight: Any, classes: NDArray[Any], codes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return one weight a class.

    Parameters
    ----------
    class_weight : None, 'balanced', 'effective' or dict
        'balanced' is scikit-learn's ``n / (n_classes * n_c)``; 'effective' is proportional to
        ``(1 - b) / (1 - b ** n_c)`` with b = 0.999 (Cui et al. 2019, arXiv:1901.05555) and averages
        to one over the rows; a dict maps labels to weights, and those it leaves out have weight 1.
    classes : ndarray of shape (n_classes,)
    codes : ndarray of shape (n_samples,)
        Position of each row's class in ``classes``.
    """
    counts = np.bincount(codes, minlength=len(classes))
    if class_weight == "effective":
        weights = 1 / (1 - EFFECTIVE_BETA ** np.maximum(counts, 1))
        return weights * len(codes) / (weights @ counts)
    if isinstance(class_weight, str):
        return len(codes) / (len(classes) * np.maximum(counts, 1))
    return compute_class_weight(class_weight, classes=classes, y=classes[codes])
