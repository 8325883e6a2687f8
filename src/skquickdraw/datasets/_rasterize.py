"""Turn strokes into bitmaps, as Google made the Quick, Draw! bitmaps from simplified drawings."""

from collections.abc import Iterable, Sequence
from itertools import chain
from numbers import Integral, Real
from reprlib import repr as shorten
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import FLAG, as_array, check_arguments, is_finite_number
from ..exceptions import InvalidParameterError

LARGEST = 2**31 - 1  # of a side
BOX = 256  # side of the box that simplified drawings are scaled into: coordinates 0..255


def rasterize(
    strokes: Sequence[object],
    *,
    side: int = 28,
    line_width: float = 16.0,
    margin: float = 16.0,
    centered: bool = True,
) -> np.ndarray:
    """Draw strokes as white ink on black, as in the Quick, Draw! bitmaps.

    Use it to turn drawings in the simplified stroke format (``.ndjson``), or your own strokes, into
    images for the classifiers of this package.

    Parameters
    ----------
    strokes : sequence
        One drawing, or a sequence of drawings. A drawing is a sequence of strokes; a stroke is a
        pair ``[[x, ...], [y, ...]]`` of equally long lists. Coordinates are from 0 to 256, usually
        from 0 to 255 as in the simplified format; y points down. A stroke of one point is a dot; a
        drawing without strokes is black.
    side : int, default=28
        Height and width of the images in pixels, at least 1.
    line_width : float, default=16.0
        Width of the ink, in the units of the coordinates; above 0.
    margin : float, default=16.0
        Width of the black margin on each side, in the units of the coordinates; at least 0.
    centered : bool, default=True
        Whether to move each drawing to the middle, as in the Quick, Draw! bitmaps. With False, it
        stays where its coordinates are. So parts of a drawing, such as those of one colour, can be
        drawn separately and fit together.

    Returns
    -------
    images : ndarray of shape (side, side) or (n_drawings, side, side), uint8
        One image for a drawing; several, or none, for a sequence of drawings.

    Raises
    ------
    InvalidParameterError
        If a stroke is not a pair of equally long finite coordinates in 0..256, or a parameter is
        out of range.

    Notes
    -----
    One unit of the coordinates is ``side / (256 + 2 * margin + line_width)`` pixels. To centre a
    drawing, the middle between 0 and its largest coordinate is moved to the centre of the image. So
    a drawing whose smallest coordinate is 1 is half a unit off the centre, as in Google's bitmaps.
    Google's bitmaps were drawn with cairo. The pixels of these images differ from them by about
    half a grey level on average.

    References
    ----------
    Ha, D. and Eck, D. (2017). A Neural Representation of Sketch Drawings. arXiv:1704.03477. The
    format is described at https://github.com/googlecreativelab/quickdraw-dataset.

    Examples
    --------
    >>> from skquickdraw.datasets import rasterize
    >>> cross = [[[0, 255], [0, 255]], [[0, 255], [255, 0]]]
    >>> rasterize(cross).shape
    (28, 28)
    >>> rasterize([cross, cross[:1]], side=14).shape
    (2, 14, 14)
    """
    _check_positive(side, line_width, margin)
    check_arguments("rasterize", {"centered": FLAG}, {"centered": centered})
    one = is_one_drawing("rasterize", strokes)
    points, stroke, drawing = flatten("rasterize", [strokes] if one else strokes)
    images = draw_points(
        points,
        stroke,
        drawing,
        n_drawings=1 if one else len(strokes),
        shape=(int(side), int(side)),
        line_width=line_width,
        margin=margin,
        centered=centered,
    )
    return images[0] if one else images


def draw_points(
    points: NDArray[np.float64],
    stroke: NDArray[np.intp],
    drawing: NDArray[np.intp],
    *,
    n_drawings: int,
    shape: tuple[int, int],
    line_width: float = 16.0,
    margin: float = 16.0,
    centered: bool = True,
) -> NDArray[np.uint8]:
    """Draw the concatenated points of many drawings on images of any shape.

    Parameters
    ----------
    points : ndarray of shape (n_points, 2)
        Coordinates (x, y) in box units; points of one stroke follow each other.
    stroke, drawing : ndarray of shape (n_points,), int
        The stroke (a number of its own) and the drawing (ascending) that each point belongs to.
    n_drawings : int
    shape : tuple (height, width)
        The box is fitted into the shorter side and centred.
    line_width, margin : float
    centered : bool
        As in :func:`rasterize`.

    Returns
    -------
    images : ndarray of shape (n_drawings, height, width), uint8
    """
    import torch  # here: reading data must not load it

    from .._device import plain_torch
    from .._rasterizer import pixels_per_unit, rasterize_segments

    scale = pixels_per_unit(shape, line_width, margin)
    points = points.astype(np.float32)
    largest = np.full((n_drawings, 2), BOX, dtype=np.float32)
    if centered and len(points):
        drawn, first = np.unique(drawing, return_index=True)
        largest[drawn] = np.maximum.reduceat(points, first, axis=0)
    # float32 throughout, as when strokes are drawn for a network: the images are equal to the bit.
    offset = (np.array(shape[::-1], dtype=np.float32) - scale * largest) / 2
    points = scale * points + offset[drawing]

    opens = np.append(True, stroke[1:] != stroke[:-1])[: len(points)]
    closes = np.append(opens[1:], True)[: len(points)]
    layer = np.cumsum(opens) - 1
    # A segment starts at every point but a stroke's last; a single point is a segment of its own.
    start = np.flatnonzero(~closes | opens)
    end = start + ~closes[start]
    with plain_torch():
        images = rasterize_segments(
            torch.from_numpy(points[start]),
            torch.from_numpy(points[end]),
            torch.from_numpy(layer[start]),
            torch.from_numpy(drawing[opens]),
            n_images=n_drawings,
            shape=shape,
            radius=torch.full((n_drawings,), scale * line_width / 2),
        )
    return images.to(torch.uint8).numpy()


def _check_positive(side: int, line_width: float, margin: float) -> None:
    """Raise if a parameter is of the wrong kind or out of range."""
    for name, value, kind, least, rule in [
        ("side", side, Integral, 1, "an int of at least 1"),
        ("line_width", line_width, Real, np.nextafter(0, 1), "a finite number above 0"),
        ("margin", margin, Real, 0, "a finite number of at least 0"),
    ]:
        is_right = isinstance(value, kind) and is_finite_number(value)
        if not is_right or not least <= value <= LARGEST:
            raise InvalidParameterError(f"rasterize: {name} must be {rule}; got {value!r}.")


def is_one_drawing(subject: str, strokes: object) -> bool:
    """Distinguish one drawing (stroke, axis, point) from a sequence by its depth, or raise."""
    if not np.iterable(strokes):
        raise InvalidParameterError(
            f"{subject}: a drawing must be a list of strokes [[x, ...], [y, ...]]; got {strokes!r}."
        )
    for outer in strokes:
        is_text = isinstance(outer, str | bytes)
        inner: Iterable[Any] = outer if np.iterable(outer) and not is_text else [outer]
        for middle in inner:
            if not _has_size(middle):
                raise InvalidParameterError(
                    f"{subject}: a drawing must be a list of strokes [[x, ...], [y, ...]]; got a "
                    "list of numbers in place of one. Pass [stroke] for a drawing of one stroke."
                )
            return len(middle) > 0 and not _has_size(middle[0])
    return False


def flatten(
    subject: str, drawings: Sequence[Any]
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """Concatenate the points of all drawings: points (n, 2), stroke (n,), drawing (n,).

    ``subject`` names the caller in errors.
    """
    for drawing in drawings:
        _check_drawing(subject, drawing)
    strokes = [stroke for drawing in drawings for stroke in drawing]
    for stroke in strokes:
        if len(stroke) != 2 or len(stroke[0]) != len(stroke[1]) or len(stroke[0]) == 0:
            raise InvalidParameterError(
                f"{subject}: a stroke must be a pair [[x, ...], [y, ...]] of equally long, "
                f"non-empty coordinates; got lengths {[len(axis) for axis in stroke]}. Leave out "
                "empty strokes, and the times of the raw format."
            )
    n_points = np.array([len(x) for x, _ in strokes], dtype=np.intp)
    n_strokes = np.array([len(drawing) for drawing in drawings], dtype=np.intp)
    points = np.empty((n_points.sum(), 2))
    for axis in (0, 1):
        values = list(chain.from_iterable(stroke[axis] for stroke in strokes))
        points[:, axis] = as_array(subject, "coordinates", values, np.float64)
    _check_box(subject, points)
    drawing = np.repeat(np.arange(len(n_strokes)), n_strokes)
    return points, np.repeat(np.arange(len(strokes)), n_points), np.repeat(drawing, n_points)


def _check_drawing(subject: str, drawing: Any) -> None:
    """Raise if this is not a list of pairs of lists."""
    is_list = np.iterable(drawing) and not isinstance(drawing, str | bytes)
    parts = [axis for stroke in drawing if _has_size(stroke) for axis in stroke] if is_list else []
    if not is_list or not all(map(_has_size, [*drawing, *parts])):
        raise InvalidParameterError(
            f"{subject}: a drawing must be a list of strokes [[x, ...], [y, ...]]; got "
            f"{shorten(drawing)}."
        )


def _has_size(value: object) -> bool:
    is_sequence = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    return is_sequence or (isinstance(value, np.ndarray) and value.ndim > 0)


def _check_box(subject: str, points: NDArray[np.float64]) -> None:
    """Raise if a coordinate lies outside the box, or is not a number."""
    wrong = ~((points >= 0) & (points <= BOX))
    if wrong.any():
        raise InvalidParameterError(
            f"{subject}: coordinates must lie in 0..{BOX}, as in the simplified format; got "
            f"{points[wrong][0]:g}. Shift each drawing to start at 0 and scale it to end at 255."
        )
