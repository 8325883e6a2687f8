"""Place a drawing on a small image as Quick, Draw! does: centred, at full size, with its pen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Grey = NDArray[np.float64]

# The layout that datasets.rasterize has: a box of 256 units, with a margin and half a pen around.
BOX, MARGIN, PEN = 256, 16, 16
THIN = 0.75  # of Quick, Draw!'s pen: thinner lines are widened to that
LONGER_SIDE = 255  # units between the points of a drawing that are farthest from each other


def place(ink: Grey, image_shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the ink (h, w), from 0 to 1, as an image of this shape."""
    image = np.zeros(image_shape, dtype=np.uint8)
    if not ink.any():
        return image
    spans = [_extent(ink.max(axis=1 - axis)) for axis in (0, 1)]
    size = max(end - start for start, end in spans)
    unit = min(image_shape) / (BOX + 2 * MARGIN + PEN)  # pixels of the image
    pen = _pen_width(ink)
    scale = (LONGER_SIDE + PEN) * unit / size
    if pen * scale < THIN * PEN * unit:
        scale = LONGER_SIDE * unit / max(size - pen, pen)
        ink, shift = _grow(ink, (PEN * unit / scale - pen) / 2)
        spans = [(start + shift, end + shift) for start, end in spans]
    rows, columns = (
        averages(side, n, (start + end) / 2, scale)
        for side, n, (start, end) in zip(image_shape, ink.shape, spans, strict=True)
    )
    return np.rint(255 * (rows @ ink @ columns.T).clip(0, 1)).astype(np.uint8)


def _extent(profile: NDArray[np.float64]) -> tuple[float, float]:
    """Return where ink starts and ends; a partly covered pixel counts by its covered part."""
    inked = np.flatnonzero(profile > 0.1)
    if len(inked) == 0:
        inked = np.flatnonzero(profile)
    first, last = inked[0], inked[-1]
    return first + 1 - profile[first], last + profile[last]


def _pen_width(ink: Grey) -> float:
    """Return the width of the lines: twice a line's area, divided by the length of its outline.

    The length of the outline is the total variation, which soft edges do not change.
    """
    padded = np.pad(ink, 1)
    steps = np.diff(padded, axis=0)[:, :-1], np.diff(padded, axis=1)[:-1]
    return 2 * float(ink.sum() / np.hypot(*steps).sum())


def _grow(ink: Grey, by: float) -> tuple[Grey, int]:
    """Return the ink widened by ``by`` pixels, and how far the image was padded for that."""
    shift = int(np.ceil(by)) + 1
    ink = np.pad(ink, shift)
    away = ndimage.distance_transform_edt(ink < 0.5)
    return np.maximum(ink, np.clip(by + 1 - away, 0, 1) * (away > 0)), shift


def averages(n_out: int, n_in: int, middle: float, scale: float) -> NDArray[np.float64]:
    """Return the matrix (n_out, n_in) that averages the input over what each output pixel shows.

    ``middle`` is the place in the input that comes to the middle of the output; outside of the
    input there is no ink.
    """
    edges = (np.arange(n_out + 1) - n_out / 2) / scale + middle
    pixels = np.arange(n_in)
    low = np.maximum(edges[:-1, None], pixels)
    high = np.minimum(edges[1:, None], pixels + 1)
    return np.maximum(high - low, 0) * scale
