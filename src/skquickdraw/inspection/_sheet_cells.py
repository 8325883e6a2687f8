"""Sizes of the images of a sheet and of the texts above them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .._checks import is_int
from ..exceptions import InvalidParameterError
from ._figures import LINE, SMALLEST_FONT, shorten

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

TEXT_LINES = 2
LETTERS = 17  # in a cell's width, at the usual size
GAP = 0.12  # between columns, in heights of an image
FILLED = 0.94  # of a cell's width, by the longest text
SHRINK = 0.8  # smallest font that long names lead to, as a share of the usual one
FEWEST = 4  # letters of a name
NARROWEST = 0.2  # width of a letter, in font sizes


class Line(NamedTuple):
    """A line of text with a name, which may be shortened."""

    before: str
    name: str
    after: str

    def fit(self, font: FontProperties, space: float) -> str:
        """Return the line, with as much of the name as fits into ``space`` points."""
        fewest, most = FEWEST, min(len(self.name), int(space / (NARROWEST * font.get_size())))
        while fewest < most:
            middle = (fewest + most + 1) // 2
            if _width_of(self._cut(middle), font) <= space:
                fewest = middle
            else:
                most = middle - 1
        return self._cut(fewest)

    def _cut(self, n_letters: int) -> str:
        return self.before + shorten(self.name, n_letters) + self.after


class Label(NamedTuple):
    """The text above an image."""

    lines: tuple[Line, Line]
    is_bold: bool

    def font(self, size: float, family: str | None) -> FontProperties:
        from matplotlib.font_manager import FontProperties

        weight = "bold" if self.is_bold else "normal"
        return FontProperties(family=family, size=size, weight=weight)

    def width(self, font: FontProperties) -> float:
        """Return the width of the whole text, in points."""
        return max(_width_of("".join(line), font) for line in self.lines)


class Cell:
    """Size of an image with its text, in heights of an image; fonts in points."""

    def __init__(
        self, width: float, text: float, font: float, space: float, family: str | None
    ) -> None:
        self.width = width
        self.text = text
        self.font = font
        self.space = space  # for the text, in points
        self.family = family

    @classmethod
    def fitting(
        cls,
        size: tuple[float, float],
        n_columns: int,
        n_rows: int,
        width: float,
        labels: Sequence[Label],
        family: str | None = None,
    ) -> Cell:
        """Return cells for axes of ``size`` points; long labels make all of them a bit smaller."""
        points = _points_of_a_unit(size, n_columns, n_rows, width)
        column = points * (width + GAP)
        font = float(np.clip(column / (0.55 * LETTERS), SMALLEST_FONT, 9))
        widest = max((label.width(label.font(font, family)) for label in labels), default=0.0)
        shrink = float(np.clip(FILLED * column / max(widest, 1), SHRINK, 1))
        font = max(SMALLEST_FONT, shrink * font)
        text = TEXT_LINES * LINE * font / points + 0.08
        return cls(width, text, font, FILLED * column, family)

    def fit(self, label: Label) -> str:
        """Return the text of a label, with names as long as fit."""
        font = label.font(self.font, self.family)
        return "\n".join(line.fit(font, self.space) for line in label.lines)

    def corner(self, position: int, n_columns: int) -> tuple[float, float]:
        row, column = divmod(position, n_columns)
        return column * (self.width + GAP) + GAP / 2, row * (1 + self.text) + self.text


def _width_of(text: str, font: FontProperties) -> float:
    """Return the width of a text in points."""
    from matplotlib.textpath import text_to_path

    measure = text_to_path.get_text_width_height_descent
    return max(float(measure(line, font, False)[0]) for line in text.split("\n"))


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
