"""Turn the strokes that a browser sends into the image that a model sees."""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from .._pixel_range import MAX_PIXEL
from ..datasets import rasterize
from ..exceptions import InvalidImagesError

# Far more than a person draws, but few enough that an image takes well under a second.
MAX_STROKES = 500
MAX_POINTS = 10_000
MAX_COORDINATE = 1e6
BOX = 255.0  # largest coordinate of the simplified Quick, Draw! format
COLOUR = re.compile("#[0-9a-f]{6}", re.ASCII)

Stroke = NDArray[np.float64]  # of shape (2, n_points), x over y


class Sketch(NamedTuple):
    """Strokes, and the colour of each, as bytes (red, green, blue); None without colours."""

    strokes: list[Stroke]
    colours: list[bytes] | None


def read_request(body: bytes) -> dict[str, object]:
    """Return the JSON object of a request.

    Raises
    ------
    InvalidImagesError
        If the body is not a JSON object.
    """
    try:
        request = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidImagesError(f"The request must be JSON; got: {error}.") from error
    return request if isinstance(request, dict) else {}


def read_sketch(request: dict[str, object], *, with_colours: bool = False) -> Sketch:
    """Return the sketch of a request, ``{"strokes": [[[x, ...], [y, ...]], ...]}``.

    ``with_colours`` says that the request must name the colour of each stroke too, as
    ``"colours": ["#rrggbb", ...]``.

    Raises
    ------
    InvalidImagesError
        If the request has another form, holds no stroke, or has more strokes or points, or larger
        coordinates, than any sketch.
    """
    strokes = request.get("strokes")
    if not isinstance(strokes, list) or not 1 <= len(strokes) <= MAX_STROKES:
        got = f"{len(strokes)} of them" if isinstance(strokes, list) else "no such list"
        raise InvalidImagesError(
            f"The request must have a list 'strokes' of 1 to {MAX_STROKES} strokes; got {got}."
        )
    if sum(_n_points(stroke) for stroke in strokes) > MAX_POINTS:
        raise InvalidImagesError(
            f"A sketch may have at most {MAX_POINTS} points; this one has more. Clear it and draw "
            "again."
        )
    colours = _read_colours(request.get("colours"), len(strokes)) if with_colours else None
    return Sketch([_as_points(stroke) for stroke in strokes], colours)


def fit_to_box(strokes: list[Stroke]) -> list[Stroke]:
    """Move and scale strokes to the box of Quick, Draw!, keeping their proportions.

    A sketch of any size, at any place, fills the image's longer side, as in the bitmaps that
    models learn from.
    """
    points = np.concatenate(strokes, axis=1)
    corner = points.min(axis=1, keepdims=True)
    extent = (points.max(axis=1, keepdims=True) - corner).max()
    return [(stroke - corner) / (extent or 1.0) * BOX for stroke in strokes]


def draw_picture(strokes: list[Stroke], side: int) -> NDArray[np.uint8]:
    """Draw strokes as Quick, Draw! does: light ink on black, of shape (side, side)."""
    return rasterize(fit_to_box(strokes), side=side)


def draw_in_colours(sketch: Sketch, side: int, paper: int) -> NDArray[np.uint8]:
    """Draw strokes in their colours on paper of this grey, of shape (3, side, side).

    The rasteriser decides what the ink covers; later strokes are on top of earlier ones.
    """
    assert sketch.colours is not None
    boxed = fit_to_box(sketch.strokes)
    extent = np.concatenate(boxed, axis=1).max(axis=1, keepdims=True)
    middle = [stroke + (BOX + 1 - extent) / 2 for stroke in boxed]  # as rasterize centres all
    pairs = zip(sketch.colours, middle, strict=True)
    runs = [
        (colour, [stroke for _, stroke in run])
        for colour, run in groupby(pairs, key=lambda pair: pair[0])
    ]
    covers = rasterize([strokes for _, strokes in runs], side=side, centered=False) / MAX_PIXEL
    picture = np.full((3, side, side), float(paper))
    for (colour, _), cover in zip(runs, covers, strict=True):
        ink = np.frombuffer(colour, dtype=np.uint8)[:, None, None]
        picture += cover * (ink - picture)
    return np.rint(picture).astype(np.uint8)


def _n_points(stroke: Any) -> int:
    """Count the points of a stroke, and raise if it is not a pair of equally long lists."""
    is_pair = isinstance(stroke, list) and len(stroke) == 2
    if not is_pair or not all(isinstance(axis, list) for axis in stroke):
        raise InvalidImagesError("A stroke must be a pair of lists, [[x, ...], [y, ...]].")
    if len(stroke[0]) != len(stroke[1]) or not stroke[0]:
        raise InvalidImagesError(
            "A stroke must have as many x as y, and at least one of each; got "
            f"{len(stroke[0])} and {len(stroke[1])}."
        )
    return len(stroke[0])


def _as_points(stroke: list[list[Any]]) -> Stroke:
    for axis in stroke:
        for value in axis:
            # bool is a subclass of int, and integers in JSON have no limit.
            if type(value) not in (int, float) or not abs(value) <= MAX_COORDINATE:
                raise InvalidImagesError(
                    f"Coordinates must be numbers of at most {MAX_COORDINATE:g} in size; got "
                    f"{str(value)[:40]}."
                )
    return np.array(stroke, dtype=np.float64)


def _read_colours(colours: object, n_strokes: int) -> list[bytes]:
    if not isinstance(colours, list) or len(colours) != n_strokes:
        got = f"{len(colours)} of them" if isinstance(colours, list) else "no such list"
        raise InvalidImagesError(
            f"The request must have a list 'colours' with one for each of the {n_strokes} strokes; "
            f"got {got}."
        )
    for colour in colours:
        if not isinstance(colour, str) or not COLOUR.fullmatch(colour):
            raise InvalidImagesError(
                f"A colour must be text like '#1971c2'; got {str(colour)[:40]!r}."
            )
    return [bytes.fromhex(colour[1:]) for colour in colours]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
