"""Limits of the memory, processes and image sizes that a file may ask for, however small it is.

A few bytes can ask for much: a reference repeats a whole part of the model, a length reserves
memory for text that is not there. All such requests of a file are counted.
"""

from __future__ import annotations

from math import prod
from typing import Any

from joblib import cpu_count

MAX_REPEATED = 1_000_000  # values that references may stand for
MAX_TEXT_BYTES = 2**26  # of all arrays of strings; each string takes the bytes of the longest
MAX_IMAGE_VALUES = 2**22  # of an image that a model draws or scales to: 2,048 x 2,048


class Limits:
    """Count what one file asks for.

    Raises
    ------
    ValueError
        By each method, if the file asks for too much.
    """

    def __init__(self) -> None:
        self.n_repeated = 0
        self.text_bytes = 0

    def count_repeated(self, n_values: int) -> None:
        """Count the values that a reference repeats."""
        self.n_repeated += n_values
        if self.n_repeated > MAX_REPEATED:
            raise ValueError(f"its references repeat more than {MAX_REPEATED:,} values")

    def count_text(self, n_strings: int, length: int) -> None:
        """Count the bytes that an array of strings takes."""
        self.text_bytes += 4 * n_strings * length
        if self.text_bytes > MAX_TEXT_BYTES:
            raise ValueError(
                f"its strings cannot have the length {length}: they would take more than "
                f"{MAX_TEXT_BYTES:,} bytes"
            )


def check_image_shape(shape: Any) -> None:
    """Raise ValueError if images of this shape are larger than a file may ask for."""
    is_shape = isinstance(shape, (list, tuple)) and all(type(side) is int for side in shape)
    if is_shape and prod(shape) > MAX_IMAGE_VALUES:
        raise ValueError(
            f"it asks for images of shape {tuple(shape)}, of more than {MAX_IMAGE_VALUES:,} values"
        )


def within_cores(n_jobs: object) -> object:
    """Return ``n_jobs``, but at most the number of cores of this machine."""
    return min(n_jobs, cpu_count()) if isinstance(n_jobs, int) else n_jobs
