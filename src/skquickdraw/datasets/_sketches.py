"""A generator of labeled sketches, for examples and tests that need no download."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .._checks import (
    FLAG,
    check_arguments,
    check_random_state,
    is_finite_number,
    is_int,
    raised_as,
)
from ..exceptions import InvalidParameterError
from ._concepts._hand import by_hand
from ._concepts._pen import Pen, Stroke
from ._concepts._table import CONCEPTS, NAMES
from ._rasterize import draw_points

BLOCK = 512  # drawings of one class drawn at a time; bounds the memory
MAX_SIDE_COORDINATE = 255.0


def make_sketches(
    n_samples: int = 1000,
    n_classes: int = 20,
    *,
    weights: Sequence[float] | None = None,
    image_shape: tuple[int, int] = (28, 28),
    noise: float = 1.0,
    random_state: int | np.random.RandomState | None = None,
    return_names: bool = False,
) -> tuple[np.ndarray, ...]:
    """Generate sketches of everyday things that look hand-drawn.

    Use it in place of Quick, Draw! if you do not want to download data. The sketches are white on
    black. They are drawn stroke by stroke, with the mistakes that people make: wobbling lines,
    loops that are not closed or too long, strokes that are left out or drawn twice, and odd
    proportions. Each thing is drawn in several ways, and some classes are similar to each other.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of sketches, at least 1.
    n_classes : int, default=20
        Number of classes, from 1 to 53: the first ones of a fixed list, in which groups of things
        that look alike (circle, clock, cookie, donut) come early.
    weights : array-like of shape (n_classes,), default=None
        Proportions of the classes, non-negative, of any positive sum. None is balanced. The numbers
        of samples have these proportions, rounded by the largest remainder. But every class of
        positive weight gets at least one sample, if `n_samples` suffices.
    image_shape : tuple (height, width), default=(28, 28)
        Size of the images in pixels, each at least 8. The drawing is fitted into the shorter side.
    noise : float, default=1.0
        Strength of the mistakes, at least 0. With 0, a class has only clean drawings: the different
        ways to draw it, with and without optional details, and their mirror images. With 1, the
        sketches are similar to drawings of people. With 2, they are hard to recognise.
    random_state : int, RandomState instance or None, default=None
        Determines the sketches and their order. Pass an int for reproducible output.
    return_names : bool, default=False
        Whether to return the names of the classes too.

    Returns
    -------
    X : ndarray of shape (n_samples, height * width), uint8
        Flat images, from 0 (black) to 255 (white), in random order.
    y : ndarray of shape (n_samples,), int64
        Class of each sketch, 0..n_classes - 1.
    names : ndarray of shape (n_classes,), str
        Name of each class. Only with ``return_names=True``.

    Raises
    ------
    InvalidParameterError
        If a parameter is of the wrong kind or out of range, or `weights` does not fit `n_classes`.

    Notes
    -----
    The images are drawn by :func:`rasterize` at its default line width and margin, after scaling
    each drawing to coordinates from 0 to 255, as in the simplified format of Quick, Draw!.

    Examples
    --------
    >>> from skquickdraw.datasets import make_sketches
    >>> X, y, names = make_sketches(100, 4, weights=[4, 3, 2, 1], random_state=0, return_names=True)
    >>> X.shape, X.dtype.name
    ((100, 784), 'uint8')
    >>> print(*names, sep=", ")
    circle, clock, cookie, donut
    """
    _check_parameters(n_samples, n_classes, image_shape, noise)
    check_arguments("make_sketches", {"return_names": FLAG}, {"return_names": return_names})
    counts = _class_counts(n_samples, _check_weights(weights, n_classes))
    rng = check_random_state(random_state)
    y = rng.permutation(np.repeat(np.arange(n_classes, dtype=np.int64), counts))
    X = np.empty((n_samples, image_shape[0] * image_shape[1]), dtype=np.uint8)
    for label in range(n_classes):
        rows = np.flatnonzero(y == label)
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            X[block] = _draw(NAMES[label], len(block), image_shape, noise, rng).reshape(
                len(block), -1
            )
    return (X, y, np.array(NAMES[:n_classes])) if return_names else (X, y)


def _draw(
    name: str, n: int, image_shape: tuple[int, int], noise: float, rng: np.random.RandomState
) -> NDArray[np.uint8]:
    """Return n images of a concept, (n, height, width)."""
    ways = CONCEPTS[name]
    share = np.array([way.share for way in ways])
    chosen = rng.choice(len(ways), size=n, p=share / share.sum())
    images = np.empty((n, *image_shape), dtype=np.uint8)
    for i, way in enumerate(ways):
        rows = np.flatnonzero(chosen == i)
        if len(rows) == 0:
            continue
        pen = Pen(len(rows), rng, noise)
        way.draw(pen)
        strokes = by_hand(pen.strokes, len(rows), rng, noise, turn=way.turn, mirror=way.mirror)
        points, stroke, drawing = _lay_out(strokes)
        points = _fit_box(points * (1, -1), drawing)
        images[rows] = draw_points(points, stroke, drawing, n_drawings=len(rows), shape=image_shape)
    return images


def _lay_out(
    strokes: Sequence[Stroke],
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """Concatenate strokes, drawing after drawing: points (n, 2), stroke (n,), drawing (n,)."""
    points = np.concatenate([path.reshape(-1, 2) for _, path in strokes])
    n_points = np.concatenate([np.full(len(rows), path.shape[1]) for rows, path in strokes])
    drawing = np.repeat(np.concatenate([rows for rows, _ in strokes]), n_points)
    stroke = np.repeat(np.arange(len(n_points)), n_points)
    # 16-bit keys: numpy sorts them by radix, in linear time. A block is far smaller than 2**15.
    order = np.argsort(drawing.astype(np.int16), kind="stable")
    return points[order], stroke[order], drawing[order]


def _fit_box(points: NDArray[np.float64], drawing: NDArray[np.intp]) -> NDArray[np.float64]:
    """Scale every drawing to 0..255 along its longer side, keeping its proportions."""
    first = np.flatnonzero(np.append(True, drawing[1:] != drawing[:-1]))
    low, high = np.minimum.reduceat(points, first), np.maximum.reduceat(points, first)
    # A drawing of which only a short dash is left must not be enlarged to fill the image.
    scale = MAX_SIDE_COORDINATE / np.maximum((high - low).max(axis=1, keepdims=True), 0.5)
    which = np.cumsum(np.append(False, drawing[1:] != drawing[:-1]))
    return (points - low[which]) * scale[which]


def _class_counts(n_samples: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Divide n_samples by largest remainder, then give empty classes one."""
    exact = n_samples * weights / weights.sum()
    counts = np.floor(exact + 1e-9).astype(np.int64)
    missing = n_samples - counts.sum()
    counts[np.argsort(counts - exact, kind="stable")[:missing]] += 1
    for label in np.flatnonzero((counts == 0) & (weights > 0)):
        largest = counts.argmax()
        if counts[largest] > 1:
            counts[[largest, label]] += [-1, 1]
    return counts


def _check_weights(weights: Sequence[float] | None, n_classes: int) -> NDArray[np.float64]:
    """Return the weights as an array, or raise."""
    if weights is None:
        return np.ones(n_classes)
    with raised_as(InvalidParameterError):
        array = np.asarray(weights, dtype=float)
    if (
        array.shape != (n_classes,)
        or not np.isfinite(array).all()
        or (array < 0).any()
        or array.sum() <= 0
    ):
        raise InvalidParameterError(
            f"make_sketches: weights must hold n_classes={n_classes} finite numbers of at least 0 "
            f"and not all 0; got {weights!r}. Pass one number per class, or None for balanced "
            "classes."
        )
    return array


def _check_parameters(
    n_samples: int, n_classes: int, image_shape: tuple[int, int], noise: float
) -> None:
    """Raise if a parameter is of the wrong kind or out of range."""
    if not is_int(n_samples, 1, 2**31):
        raise InvalidParameterError(
            f"make_sketches: n_samples must be an int of at least 1; got {n_samples!r}."
        )
    if not is_int(n_classes, 1, len(NAMES)):
        raise InvalidParameterError(
            f"make_sketches: n_classes must be an int from 1 to {len(NAMES)}, the number of "
            f"classes that it can draw; got {n_classes!r}."
        )
    sides = image_shape if isinstance(image_shape, (tuple, list)) else ()
    if len(sides) != 2 or not all(is_int(side, 8, 2**31) for side in sides):
        raise InvalidParameterError(
            "make_sketches: image_shape must be (height, width), two ints of at least 8; got "
            f"{image_shape!r}."
        )
    if not is_finite_number(noise) or noise < 0:
        raise InvalidParameterError(
            f"make_sketches: noise must be a finite number of at least 0; got {noise!r}. Use 0 for "
            "clean templates, 1 for drawings like people's."
        )
