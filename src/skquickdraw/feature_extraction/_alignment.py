"""Bring the features of two networks, trained separately on the same classes, into one basis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes


class Alignment:
    """The shift and rotation (or reflection) that best map rows of one network to another's.

    Parameters
    ----------
    source, target : ndarray of shape (n, n_features)
        The two networks' features of the same rows.
    """

    def __init__(self, source: NDArray[np.number], target: NDArray[np.number]) -> None:
        self.source_mean = source.mean(axis=0, dtype=np.float64)
        self.target_mean = target.mean(axis=0, dtype=np.float64)
        self.rotation, _ = orthogonal_procrustes(
            source - self.source_mean, target - self.target_mean
        )

    def apply(self, features: NDArray[np.number]) -> NDArray[np.number]:
        return (features - self.source_mean) @ self.rotation + self.target_mean
