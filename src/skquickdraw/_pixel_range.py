"""The scale of pixels: what ``fit`` saw is remembered, and other scales are refused later.

To a network that learned from pixels from 0 to 1, images from 0 to 255 are far too bright. In the
reverse case, images are almost black. The predictions would be wrong, without an error. Nothing is
converted, because X alone does not show its scale: a dark image has small values on any scale.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._mapped import in_chunks
from .exceptions import InvalidImagesError

PixelRange = tuple[float, float]  # lowest and highest value; whole numbers are of type int

MAX_PIXEL = 255
TOO_BRIGHT = 4  # times the span that fit saw
BRIGHT = 128  # if fit saw this or more, its pixels were not on a scale of 0 to 1
UNIT = 1 + 1e-6  # the 1 of a scaler, which may be off by rounding
ENOUGH = 16  # pixels that must agree before a row is refused


def check_numbers(name: str, rows: NDArray[np.number]) -> None:
    """Refuse dates and the like, which scikit-learn lets pass."""
    if rows.dtype.kind not in "biuf":
        raise InvalidImagesError(
            f"{name}: X must hold numbers, got the dtype {rows.dtype}. Convert it, for example "
            "with X.astype(numpy.float32)."
        )


def check_features(name: str, rows: NDArray[np.number]) -> None:
    """Refuse features that float32, in which networks compute, cannot hold."""
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
    """Return whether images from 0 to 255 are too bright after a fit to this range."""
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

    Each row is judged by itself, so that the prediction for an image does not depend on the other
    rows. A row is only refused if it cannot be an image on the scale that ``fit`` saw:

    - Too bright: at least half of the non-zero pixels, and at least 16, lie more than four spans
      above the lowest value seen. A few such pixels may occur, for example after a
      ``MinMaxScaler``, where the training images hardly had any ink.
    - Too dark: floating point from 0 to 1, where ``fit`` saw 128 or more. At least 16 pixels are
      not whole numbers, and the largest is above 0.5. So rows of zeros pass, and so do dark 8-bit
      images, also as floating point, because their pixels are whole numbers. After resizing, the
      noise of a black image may leave fractions, but these mostly stay below 0.5.
    - Truth values, where ``fit`` saw 128 or more.

    With ``together``, rows are only too dark if all of X lies within 0 to 1.

    Raises
    ------
    InvalidImagesError
        With the range of fit and that of the refused rows.
    """
    low, high = seen
    limit = low + TOO_BRIGHT * (high - low)
    if has_own_scale(seen):
        example = ", for example X / 255" if high <= UNIT else ""
        masks = [_is_too_bright(chunk, limit) for chunk in in_chunks(rows)]
        way_out = f"Scale the images as those of fit were{example}; or fit on images of this scale."
        _refuse(name, input_name, rows, seen, masks, way_out)
    may_be_dark = high >= BRIGHT and rows.dtype.kind in "bf"
    if may_be_dark and not (together and find_range(rows)[1] > UNIT):
        masks = [_is_too_dark(chunk) for chunk in in_chunks(rows)]
        way_out = (
            "Pass pixels from 0 to 255 as in fit, for example X * 255; or fit on images of this "
            "scale. Round the pixels of an image that is almost black on the scale of fit."
        )
        _refuse(name, input_name, rows, seen, masks, way_out)


def _refuse(
    name: str,
    input_name: str,
    rows: NDArray[np.number],
    seen: PixelRange,
    masks: list[NDArray[np.bool_]],
    way_out: str,
) -> None:
    """Raise if one of the masks, each of a chunk of rows, holds a True."""
    if not any(mask.any() for mask in masks):
        return
    ranges = [find_range(c[m]) for c, m in zip(in_chunks(rows), masks, strict=True) if m.any()]
    lowest, highest = min(low for low, _ in ranges), max(high for _, high in ranges)
    refused = np.flatnonzero(np.concatenate(masks))
    where = f" in {len(refused)} of {len(rows)} rows, the first at position {refused[0]}"
    raise InvalidImagesError(
        f"{name}: {input_name} must hold pixels on the scale that fit saw, from {seen[0]:g} to "
        f"{seen[1]:g}, but they lie between {lowest:g} and {highest:g}"
        f"{where if len(refused) < len(rows) else ''}. {way_out}"
    )


def _is_too_bright(rows: NDArray[np.number], limit: float) -> NDArray[np.bool_]:
    rows = rows.reshape(len(rows), -1)
    n_above = np.count_nonzero(rows > limit, axis=1)
    return (n_above >= ENOUGH) & (2 * n_above >= np.count_nonzero(rows, axis=1))


def _is_too_dark(rows: NDArray[np.number]) -> NDArray[np.bool_]:
    if rows.dtype == np.bool_:
        return np.ones(len(rows), dtype=np.bool_)
    rows = rows.reshape(len(rows), -1)
    peaks = rows.max(axis=1)
    found = (peaks > 0.5) & (peaks <= UNIT)
    inside = rows[found]  # mostly no row at all
    found[found] = np.count_nonzero((inside > 0) & (inside < 1), axis=1) >= ENOUGH
    return found
