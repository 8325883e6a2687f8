"""From the strokes that a browser sends to the picture that a model sees."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..datasets import rasterize
from ..exceptions import InvalidImagesError

# Far more than a person draws, and little enough that a picture takes well under a second.
MAX_STROKES = 500
MAX_POINTS = 10_000
MAX_COORDINATE = 1e6
BOX = 255.0  # largest coordinate of the simplified Quick, Draw! format


def read_strokes(body: bytes) -> list[NDArray[np.float64]]:
    """Return the strokes of a request, each of shape (2, n_points), x over y.

    Raises
    ------
    InvalidImagesError
        If the body is no JSON of the form ``{"strokes": [[[x, ...], [y, ...]], ...]}``, holds no
        stroke, or more strokes, points or larger coordinates than any drawing has.
    """
    try:
        request = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidImagesError(f"The request must be JSON; got: {error}.") from error
    strokes = request.get("strokes") if isinstance(request, dict) else None
    if not isinstance(strokes, list) or not 1 <= len(strokes) <= MAX_STROKES:
        got = f"{len(strokes)} of them" if isinstance(strokes, list) else "no such list"
        raise InvalidImagesError(
            f"The request must have a list 'strokes' of 1 to {MAX_STROKES} strokes; got {got}."
        )
    if sum(_n_points(stroke) for stroke in strokes) > MAX_POINTS:
        raise InvalidImagesError(
            f"A drawing may have {MAX_POINTS} points; this one has more. Clear it and draw again."
        )
    return [_as_points(stroke) for stroke in strokes]


def draw_picture(strokes: list[NDArray[np.float64]], side: int) -> NDArray[np.uint8]:
    """Draw strokes as Quick, Draw! does: moved and scaled to its box, keeping their proportions.

    However large and wherever a thing was drawn, it fills the picture's longer side, as in the
    bitmaps that models learn from.
    """
    points = np.concatenate(strokes, axis=1)
    corner = points.min(axis=1, keepdims=True)
    extent = (points.max(axis=1, keepdims=True) - corner).max()
    boxed = [(stroke - corner) / (extent or 1.0) * BOX for stroke in strokes]
    return rasterize(boxed, side=side)


def _n_points(stroke: Any) -> int:
    """Count the points of a stroke, and raise if it is no pair of equally long lists."""
    is_pair = isinstance(stroke, list) and len(stroke) == 2
    if not is_pair or not all(isinstance(axis, list) for axis in stroke):
        raise InvalidImagesError("A stroke must be a pair of lists, [[x, ...], [y, ...]].")
    if len(stroke[0]) != len(stroke[1]) or not stroke[0]:
        raise InvalidImagesError(
            "A stroke must have as many x as y, and at least one of each; got "
            f"{len(stroke[0])} and {len(stroke[1])}."
        )
    return len(stroke[0])


def _as_points(stroke: list[list[Any]]) -> NDArray[np.float64]:
    for axis in stroke:
        for value in axis:
            # bool is a kind of int, and whole numbers of JSON have no bound.
            if type(value) not in (int, float) or not abs(value) <= MAX_COORDINATE:
                raise InvalidImagesError(
                    f"Coordinates must be numbers of at most {MAX_COORDINATE:g} in size; got "
                    f"{str(value)[:40]}."
                )
    return np.array(stroke, dtype=np.float64)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
