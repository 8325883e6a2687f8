"""Sizes of the images of a sheet and of the texts above them."""

from __future__ import annotations

import numpy as np

from .._checks import is_int
from ..exceptions import InvalidParameterError
from ._figures import LINE, SMALLEST_FONT

TEXT_LINES = 2
LETTERS = 17  # in a cell's width, at the usual size
GAP = 0.12  # between columns, in heights of an image


class Cell:
    """Size of an image with its text, in heights of an image; fonts in points."""

    def __init__(self, width: float, text: float, font: float, n_letters: int) -> None:
        self.width = width
        self.text = text
        self.font = font
        self.n_letters = n_letters

    @classmethod
    def fitting(cls, size: tuple[float, float], n_columns: int, n_rows: int, width: float) -> Cell:
        """Return cells for axes of ``size`` points."""
        points = _points_of_a_unit(size, n_columns, n_rows, width)
        column = points * (width + GAP)
        font = float(np.clip(column / (0.55 * LETTERS), SMALLEST_FONT, 9))
        text = TEXT_LINES * LINE * font / points + 0.08
        return cls(width, text, font, max(4, int(column / (0.55 * font))))

    def corner(self, position: int, n_columns: int) -> tuple[float, float]:
        row, column = divmod(position, n_columns)
        return column * (self.width + GAP) + GAP / 2, row * (1 + self.text) + self.text


def _points_of_a_unit(
    size: tuple[float, float], n_columns: int, n_rows: int, width: float
) -> float:
    return min(size[0] / (n_columns * (width + GAP)), size[1] / (n_rows * 1.4))


def count_columns(
    caller: str,
    n_columns: int | None,
    n_images: int,
    width: float,
    size: tuple[float, float] | None,
) -> int:
    """Return how many columns make the images largest in axes of ``size`` points."""
    if n_columns is not None:
        if not is_int(n_columns, 1):
            raise InvalidParameterError(
                f"{caller}: n_columns must be an int of at least 1, or None for as many as make "
                f"the images large, got {n_columns!r}."
            )
        return min(int(n_columns), n_images)
    if size is None:
        return min(n_images, 8 if n_images > 12 else 6)
    choices = range(1, n_images + 1)
    return max(choices, key=lambda n: _points_of_a_unit(size, n, -(-n_images // n), width))
