"""Warn of images that occur more than once: scores would be too good, or labels are wrong."""

from __future__ import annotations

import warnings
from collections import defaultdict
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray


def warn_of_copies(X: NDArray[np.number], y: NDArray[np.generic], test: NDArray[np.intp]) -> None:
    """Warn if held-out images are also in the training set, or equal images have unequal labels."""
    rows_of = defaultdict(list)
    for row, image in enumerate(X):
        rows_of[blake2b(image.tobytes(), digest_size=16).digest()].append(row)
    copies = [rows for rows in rows_of.values() if len(rows) > 1]
    is_held_out = np.isin(np.arange(len(X)), test)
    n_seen = sum(int(is_held_out[rows].sum()) for rows in copies if not is_held_out[rows].all())
    if n_seen:
        warnings.warn(
            f"{n_seen} of {len(test)} held-out images are also among the training images, pixel "
            "for pixel. The score is too high: remove the copies.",
            UserWarning,
            stacklevel=2,
        )
    n_unclear = sum(len(rows) for rows in copies if len(np.unique(y[rows])) > 1)
    if n_unclear:
        warnings.warn(
            f"{n_unclear} images have an exact copy with another label. Correct the labels.",
            UserWarning,
            stacklevel=2,
        )
