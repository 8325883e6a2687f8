"""Estimating the shares of the classes among unlabeled rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_ITER = 1000
TOLERANCE = 1e-7
SMALLEST_SHARE = 1e-6  # no prediction is impossible


def estimate_prior(
    codes: NDArray[np.int64],
    predicted: NDArray[np.int64],
    pool_predicted: NDArray[np.int64],
    n_classes: int,
) -> NDArray[np.float64]:
    """Return the shares under which a classifier's predictions for the pool are most likely.

    Expectation maximisation of :math:`\\sum_i \\log \\sum_c \\pi_c C_{c, k_i}`, where
    :math:`k_i` is the class predicted for row i of the pool, and :math:`C_{ck}` how often class c
    is predicted as k, with one right prediction added for each class (Saerens et al. 2002; Lipton
    et al. 2018, arXiv:1802.03916, solve the same model by inversion).

    Parameters
    ----------
    codes, predicted : ndarray of shape (n_labeled,)
        True and predicted classes of labeled rows. If the classifier was fitted to these rows, it
        seems more accurate than on new ones, and the estimate is closer to the plain counts of the
        predictions.
    pool_predicted : ndarray of shape (n_unlabeled,)
    n_classes : int
    """
    confusion = np.eye(n_classes) + SMALLEST_SHARE
    np.add.at(confusion, (codes, predicted), 1.0)
    confusion /= confusion.sum(axis=1, keepdims=True)
    observed = np.bincount(pool_predicted, minlength=n_classes) / len(pool_predicted)
    prior = np.full(n_classes, 1 / n_classes)
    for _ in range(MAX_ITER):
        joint = prior[:, None] * confusion
        new = (joint / joint.sum(axis=0)) @ observed
        change = np.abs(new - prior).max()
        prior = new
        if change < TOLERANCE:
            break
    return prior
