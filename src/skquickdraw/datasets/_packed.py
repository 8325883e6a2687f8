"""Drawings as one array: strokes that can be sliced, shuffled and learned from, like images."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .._checks import as_array, is_int
from ..exceptions import InvalidParameterError
from ._rasterize import flatten, is_one_drawing

LARGEST = 255  # coordinate that a byte holds
NOTHING, GOES_ON, ENDS = 0, 1, 2  # what the pen does at a point


def pack_strokes(drawings: Sequence[object], n_points: int | None = None) -> np.ndarray:
    """Pack drawings into one uint8 array.

    Lists of strokes have different lengths, but estimators need one array. A classifier with a
    :class:`~skquickdraw.augmentation.StrokeAugmentation` can be trained on packed drawings.

    Parameters
    ----------
    drawings : sequence of drawings
        As for :func:`rasterize`: a drawing is a sequence of strokes ``[[x, ...], [y, ...]]``, with
        coordinates from 0 to 256. They are rounded, and 256 becomes 255.
    n_points : int, default=None
        Points per drawing, at least 1. Shorter drawings are padded; longer ones lose the points
        that matter least for the shape of their strokes. None takes the number of points of the
        longest drawing. Pass a number if other drawings must get the same shape. 128 points are
        enough for 98 % of the Quick, Draw! drawings.

    Returns
    -------
    packed : ndarray of shape (n_drawings, 3, n_points), uint8
        Rows x, y and pen. The pen is 1 if the stroke goes on to the next point, 2 at the last point
        of a stroke, and 0 if there is no point: padding is all zeros.

    Raises
    ------
    InvalidParameterError
        If a stroke is not a pair of equally long finite coordinates in 0..256, if ``n_points`` is
        not an int of at least 1, if the strokes of a drawing have more than ``n_points`` end
        points, or if ``drawings`` is a single drawing.

    See Also
    --------
    unpack_strokes : The inverse.

    Notes
    -----
    If a drawing has too many points, the point whose triangle with its two neighbours has the
    smallest area is removed, again and again (Visvalingam and Whyatt, 1993). The ends of strokes
    are never removed.

    References
    ----------
    Visvalingam, M. and Whyatt, J. D. (1993). Line generalisation by repeated elimination of points.
    doi:10.1179/000870493786962263

    Examples
    --------
    >>> from skquickdraw.datasets import pack_strokes
    >>> cross = [[[0, 255], [0, 255]], [[0, 255], [255, 0]]]
    >>> pack_strokes([cross, cross[:1]], n_points=5)[0]
    array([[  0, 255,   0, 255,   0],
           [  0, 255, 255,   0,   0],
           [  1,   2,   1,   2,   0]], dtype=uint8)
    """
    if is_one_drawing("pack_strokes", drawings):
        raise InvalidParameterError(
            "pack_strokes: drawings must be a sequence of drawings, got a single one. Pass "
            "[drawing]."
        )
    if n_points is not None and not is_int(n_points, 1, 2**31):
        raise InvalidParameterError(
            f"pack_strokes: n_points must be an int of at least 1, or None, got {n_points!r}."
        )
    points, stroke, drawing = flatten("pack_strokes", drawings)
    points = np.minimum(np.rint(points), LARGEST)
    if n_points is not None:
        kept = _thin(points, stroke, drawing, int(n_points))
        points, stroke, drawing = points[kept], stroke[kept], drawing[kept]
    counts = np.bincount(drawing, minlength=len(drawings))
    place = np.arange(len(drawing)) - (np.cumsum(counts) - counts)[drawing]
    size = int(counts.max(initial=1)) if n_points is None else int(n_points)
    packed = np.zeros((len(drawings), 3, size), dtype=np.uint8)
    packed[drawing, :2, place] = points
    packed[drawing, 2, place] = np.where(_is_last(stroke), ENDS, GOES_ON)
    return packed


def unpack_strokes(packed: np.ndarray) -> list[list[list[list[int]]]]:
    """Return packed drawings as lists of strokes.

    Parameters
    ----------
    packed : array-like of shape (n_drawings, 3, n_points) or (n_drawings, 3 * n_points)
        From :func:`pack_strokes`, flat or not.

    Returns
    -------
    drawings : list of drawings
        A drawing is a list of strokes ``[[x, ...], [y, ...]]`` of ints, as in the simplified
        format.

    Raises
    ------
    InvalidParameterError
        If the array has another shape, or a pen other than 0, 1 and 2.

    Examples
    --------
    >>> from skquickdraw.datasets import pack_strokes, unpack_strokes
    >>> unpack_strokes(pack_strokes([[[[0, 128, 255], [9, 0, 9]]]], n_points=8))
    [[[[0, 128, 255], [9, 0, 9]]]]
    """
    packed = as_array("unpack_strokes", "packed", packed)
    if packed.ndim == 2 and packed.shape[1] % 3 == 0:
        packed = packed.reshape(len(packed), 3, -1)
    if packed.ndim != 3 or packed.shape[1] != 3:
        raise InvalidParameterError(
            "unpack_strokes: packed must have shape (n_drawings, 3, n_points) or (n_drawings, 3 * "
            f"n_points), got {packed.shape}. Pass what pack_strokes returns."
        )
    if not np.isin(packed[:, 2], (NOTHING, GOES_ON, ENDS)).all():
        raise InvalidParameterError(
            "unpack_strokes: the third row, the pen, must hold 0, 1 and 2 only, got "
            f"{np.unique(packed[:, 2])[:5].tolist()} ... Pass what pack_strokes returns."
        )
    return [_strokes_of(drawing) for drawing in packed.astype(np.int64)]


def _strokes_of(drawing: NDArray[np.int64]) -> list[list[list[int]]]:
    """Return the strokes of one packed drawing (3, n_points)."""
    drawing = drawing[:, drawing[2] != NOTHING]
    ends = np.flatnonzero(drawing[2] == ENDS) + 1
    return [part[:2].tolist() for part in np.split(drawing, ends, axis=1) if part.size]


def _is_last(stroke: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which points are the last of their strokes."""
    return np.append(stroke[1:] != stroke[:-1], True)[: len(stroke)]


def _thin(
    points: NDArray[np.float64], stroke: NDArray[np.intp], drawing: NDArray[np.intp], n_points: int
) -> NDArray[np.intp]:
    """Return the positions of points to keep, at most n_points per drawing."""
    stops = np.cumsum(np.bincount(drawing))
    kept = np.ones(len(points), dtype=bool)
    for i in np.flatnonzero(np.diff(stops, prepend=0) > n_points):
        own = np.arange(stops[i - 1] if i else 0, stops[i])
        is_end = _is_last(stroke[own]) | _is_last(stroke[own][::-1])[::-1]
        if is_end.sum() > n_points:
            raise InvalidParameterError(
                f"pack_strokes: the strokes of drawing {i} have {is_end.sum()} end points, more "
                f"than n_points={n_points}. Raise n_points, or leave such drawings out."
            )
        while len(own) > n_points:
            least = _areas(points[own], stroke[own]).argmin()
            kept[own[least]] = False
            own = np.delete(own, least)
    return np.flatnonzero(kept)


def _areas(points: NDArray[np.float64], stroke: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return twice the area of the triangle that each point makes with its neighbours."""
    areas = np.full(len(points), np.inf)
    before, after = points[1:-1] - points[:-2], points[2:] - points[1:-1]
    is_inner = stroke[2:] == stroke[:-2]
    doubled = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0])
    areas[1:-1] = np.where(is_inner, doubled, np.inf)
    return areas
