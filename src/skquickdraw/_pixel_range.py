"""The scale of pixels: what ``fit`` saw is remembered, and other scales are refused later.

A network that learned from pixels of 0 to 1 takes those of 0 to 255 for images a hundred times
too bright, and the reverse for black ones: its answers are wrong without a word. Nothing is
converted, for X alone does not say what it means: a single dark image looks the same on any scale.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._mapped import in_chunks
from .exceptions import InvalidImagesError

PixelRange = tuple[float, float]  # lowest and highest value; whole numbers are of type int

MAX_PIXEL = 255
TOO_BRIGHT = 4  # times the span that fit saw
BRIGHT = 128  # who learned from this or more did not learn from pixels of 0 to 1
UNIT = 1 + 1e-6  # a scaler's 1, but for rounding
ENOUGH = 16  # pixels that must agree before a row is refused


def check_numbers(name: str, rows: NDArray[np.number]) -> None:
    """Refuse dates and the like, which scikit-learn lets pass."""
    if rows.dtype.kind not in "biuf":
        raise InvalidImagesError(
            f"{name}: X must hold numbers, got the dtype {rows.dtype}. Convert it, for example "
            "with X.astype(numpy.float32)."
        )


def check_features(name: str, rows: NDArray[np.number]) -> None:
    """Refuse features that single precision cannot hold, in which networks compute."""
    if rows.dtype.kind != "f" or np.can_cast(rows.dtype, np.float32):
        return
    limit = float(np.finfo(np.float32).max)
    furthest = max(find_range(rows), key=abs)
    if abs(furthest) > limit:
        raise InvalidImagesError(
            f"{name}: features must lie within single precision, from {-limit:.2g} to {limit:.2g}, "
            f"got {furthest:g}. Scale them, for example with a StandardScaler."
        )


def check_scores(name: str, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return scores (n, n_classes) of a network; refuse the X from which NaN was computed."""
    n_failed = int(np.isnan(scores).any(axis=1).sum())
    if n_failed:
        raise InvalidImagesError(
            f"{name}: {n_failed} of {len(scores)} rows of X gave scores of NaN: their values are "
            "too far from those of fit. Scale X as in fit."
        )
    return scores


def find_range(rows: NDArray[np.number]) -> PixelRange:
    """Return the lowest and the highest value of an array, as int where it holds integers."""
    ranges = [(chunk.min(), chunk.max()) for chunk in in_chunks(rows)]
    kind = float if rows.dtype.kind == "f" else int
    return kind(min(low for low, _ in ranges)), kind(max(high for _, high in ranges))


def has_own_scale(seen: PixelRange) -> bool:
    """Return whether images of 0 to 255 are too bright for who learned from this range."""
    low, high = seen
    return low < high and low + TOO_BRIGHT * (high - low) < MAX_PIXEL


def check_same_range(
    name: str,
    rows: NDArray[np.number],
    seen: PixelRange,
    *,
    input_name: str = "X",
    together: bool = False,
) -> None:
    """Refuse images on another scale than those that ``fit`` saw.

    Every row is judged by itself, so that what an estimator says of an image does not depend on the
    others beside it. And only what cannot be an image of the scale seen is refused:

    - Too bright: at least half of a row's non-zero pixels, and 16 of them, lie more than four spans
      above the lowest value seen. A few may, as behind a ``MinMaxScaler`` whose training images
      hardly had ink in some pixel.
    - Too dark: floating point within 0 to 1, where ``fit`` saw 128 or more. At least 16 pixels of
      the row are not whole numbers, and the largest is above a half. So rows of zeros pass, and so
      do dark 8-bit images, whose pixels are whole numbers, as floating point too. An image that is
      black but for fractions, as resizing makes them of noise, mostly stays below a half.
    - Truth values, where ``fit`` saw 128 or more.

    With ``together`` rows are too dark only where all of X lies within 0 to 1.

    Raises
    ------
    InvalidImagesError
        With both ranges.
    """
    low, high = seen
    limit, way_out = low + TOO_BRIGHT * (high - low), ""
    if has_own_scale(seen) and any(_is_too_bright(c, limit).any() for c in in_chunks(rows)):
        example = ", for example X / 255" if high <= UNIT else ""
        way_out = f"Scale the images as those of fit were{example}"
    if high >= BRIGHT and _is_too_dark(rows, together):
        way_out = "Pass pixels from 0 to 255 as in fit, for example X * 255"
    if way_out:
        lowest, highest = find_range(rows)
        raise InvalidImagesError(
            f"{name}: {input_name} must hold pixels on the scale that fit saw, from {low:g} to "
            f"{high:g}, but they lie between {lowest:g} and {highest:g}. {way_out}; or fit on "
            "images of this scale."
        )


def _is_too_bright(rows: NDArray[np.number], limit: float) -> NDArray[np.bool_]:
    rows = rows.reshape(len(rows), -1)
    n_above = np.count_nonzero(rows > limit, axis=1)
    return (n_above >= ENOUGH) & (2 * n_above >= np.count_nonzero(rows, axis=1))


def _is_too_dark(rows: NDArray[np.number], together: bool) -> bool:
    if rows.dtype == np.bool_:
        return True
    if rows.dtype.kind != "f" or (together and find_range(rows)[1] > UNIT):
        return False
    return any(_have_unit_scale(chunk).any() for chunk in in_chunks(rows))


def _have_unit_scale(rows: NDArray[np.number]) -> NDArray[np.bool_]:
    rows = rows.reshape(len(rows), -1)
    peaks = rows.max(axis=1)
    found = (peaks > 0.5) & (peaks <= UNIT)
    inside = rows[found]  # mostly no row at all
    found[found] = np.count_nonzero((inside > 0) & (inside < 1), axis=1) >= ENOUGH
    return found
