"""The image contract: what X may look like, and the one way in which it is read.

X comes in flat ``(n, H * W)``, as ``(n, H, W)`` or as ``(n, C, H, W)``, values from 0 to 255.
Inside the package it is always a 4-D array in its own dtype: uint8 stays uint8, and nothing here
copies a whole floating-point data set. Scaling happens later, batch by batch, on the device.
"""

from __future__ import annotations

from math import isqrt, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import validate_data

from ._checks import raised_as
from ._mapped import in_chunks
from ._targets import check_same_length, read_labels
from .exceptions import InvalidImagesError

ImageShape = tuple[int, int, int]  # (channels, height, width)

MAX_INK = 255
SMALLEST_SIDE = 8  # anything smaller is no picture, but features in a grid: their range is free
CHANNELS = (1, 3)


def check_images(
    estimator: Any,
    X: Any,
    *,
    reset: bool,
    image_shape: tuple[int, ...] | None = None,
) -> NDArray[Any]:
    """Validate X for an estimator and return it as images.

    Parameters
    ----------
    estimator : estimator
        Named in errors; with ``reset`` its ``n_features_in_`` (pixels an image, over all channels)
        and ``feature_names_in_`` are set, otherwise X is compared with them.
    X : array-like of shape (n, H * W), (n, H, W) or (n, C, H, W)
        Values from 0 to 255.
    reset : bool
        True in ``fit``, False in ``predict``.
    image_shape : (H, W) or (C, H, W), default=None
        How to read flat rows; None guesses (see :func:`resolve_image_shape`).

    Returns
    -------
    images : ndarray of shape (n, C, H, W)
        uint8, or the floating-point dtype that X came in; a view on X where possible.

    Raises
    ------
    InvalidImagesError
        If X has another number of axes, another shape than ``image_shape``, or values outside 0 to
        255.
    """
    name = type(estimator).__name__
    X, stacked_shape = flatten_stack(name, X)
    flat = _validate(estimator, X, reset=reset)
    return _as_images(name, flat, image_shape, stacked_shape)


def check_images_and_labels(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    reset: bool,
    image_shape: tuple[int, ...] | None = None,
    classes: NDArray[Any] | None = None,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]:
    """Validate X and y of a supervised ``fit``, and return images, classes and codes.

    As :func:`check_images` and :func:`~skquickdraw._targets.read_labels`.
    """
    name = type(estimator).__name__
    classes, codes = read_labels(name, y, unlabeled_label=None, classes=classes)
    images = check_images(estimator, X, reset=reset, image_shape=image_shape)
    check_same_length(name, images, codes)
    return images, classes, codes


def check_rows(estimator: Any, X: Any, *, reset: bool) -> NDArray[Any]:
    """Validate X for an estimator that hands it on, and return it in the shape that it came in.

    Stacks stay stacks, whose pixels count as features; the range of values is for those inside to
    judge. With ``reset`` sets ``n_features_in_`` and ``feature_names_in_``.
    """
    flat, stacked_shape = flatten_stack(type(estimator).__name__, X)
    shape = np.shape(X) if stacked_shape is not None else None
    rows = _validate(estimator, flat, reset=reset)
    return rows if shape is None else rows.reshape(shape)


def check_rows_and_labels(
    estimator: Any, X: Any, y: Any, *, unlabeled_label: Any = None
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]:
    """Validate X and y for ``fit``, and return rows, classes and codes.

    As :func:`check_rows` and :func:`~skquickdraw._targets.read_labels`.
    """
    name = type(estimator).__name__
    classes, codes = read_labels(name, y, unlabeled_label=unlabeled_label)
    rows = check_rows(estimator, X, reset=True)
    check_same_length(name, rows, codes)
    return rows, classes, codes


def _validate(estimator: Any, X: Any, *, reset: bool) -> Any:
    """Validate as scikit-learn does, but look for NaN and infinity chunk by chunk."""
    with raised_as(InvalidImagesError):
        rows = validate_data(estimator, X, reset=reset, dtype="numeric", ensure_all_finite=False)
        if rows.dtype.kind == "f":
            for chunk in in_chunks(rows):
                assert_all_finite(chunk, estimator_name=type(estimator).__name__, input_name="X")
    return rows


def _as_images(
    name: str,
    flat: NDArray[Any],
    image_shape: tuple[int, ...] | None,
    stacked_shape: ImageShape | None,
) -> NDArray[Any]:
    shape = resolve_image_shape(name, flat.shape[1], image_shape, stacked_shape)
    is_picture = min(shape[1:]) >= SMALLEST_SIDE
    values = _as_ink(name, flat) if is_picture else _as_features(flat)
    return values.reshape(-1, *shape)


def resolve_image_shape(
    name: str,
    n_features: int,
    image_shape: tuple[int, ...] | None = None,
    stacked_shape: ImageShape | None = None,
) -> ImageShape:
    """Return (channels, height, width) of images that have ``n_features`` pixels.

    Flat rows are read as ``image_shape`` where that is given; else as one square channel; and where
    their length is no square, as a picture that is one row of pixels high.
    """
    wanted = None if image_shape is None else _with_channels(name, image_shape)
    if stacked_shape is not None:
        if wanted is not None and stacked_shape != wanted:
            raise InvalidImagesError(
                f"{name}: X must hold images of shape {wanted} (channels, height, width), got "
                f"{stacked_shape}. Resize the images, or fit on images of this shape."
            )
        return stacked_shape
    if wanted is not None:
        if prod(wanted) != n_features:
            raise InvalidImagesError(
                f"{name}: image_shape={wanted} needs {prod(wanted)} pixels a row, but X has "
                f"{n_features}. Pass the height and width that the rows were flattened from."
            )
        return wanted
    side = isqrt(n_features)
    return (1, side, side) if side * side == n_features else (1, 1, n_features)


def _with_channels(name: str, image_shape: tuple[int, ...]) -> ImageShape:
    shape = tuple(int(size) for size in image_shape)
    if len(shape) == 2:
        shape = (1, *shape)
    if len(shape) != 3 or min(shape) < 1 or shape[0] not in CHANNELS:
        raise InvalidImagesError(
            f"{name}: image_shape must be (height, width) or (1 or 3 channels, height, width), got "
            f"{tuple(image_shape)}."
        )
    return shape


def flatten_stack(name: str, X: Any) -> tuple[Any, ImageShape | None]:
    """Flatten (n, H, W) or (n, C, H, W) to rows, so that scikit-learn counts pixels as features."""
    if isinstance(X, (list, tuple)):
        with raised_as(InvalidImagesError):
            X = np.asarray(X)
    if len(getattr(X, "shape", ())) <= 2:
        return X, None
    X = np.asarray(X)
    if X.ndim == 3:
        shape = (1, *X.shape[1:])
    elif X.ndim == 4 and X.shape[1] in CHANNELS:
        shape = X.shape[1:]
    else:
        hint = " Move the channels first: X.transpose(0, 3, 1, 2)." if X.ndim == 4 else ""
        raise InvalidImagesError(
            f"{name}: X must have shape (n, H * W), (n, H, W) or (n, C, H, W) with 1 or 3 "
            f"channels, got {X.shape}.{hint}"
        )
    return X.reshape(len(X), prod(shape)), shape


def _as_ink(name: str, flat: NDArray[Any]) -> NDArray[Any]:
    """Check the range, and narrow integers to uint8; floating point stays as it is."""
    if flat.dtype == np.uint8:
        return flat
    if flat.dtype == np.bool_:
        return flat.view(np.uint8)
    ranges = [(chunk.min(), chunk.max()) for chunk in in_chunks(flat)]
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    if low < 0:
        raise InvalidImagesError(
            f"Negative values in data passed to {name}: pixels must lie between 0 and {MAX_INK}, "
            f"got a minimum of {low}. Undo the standardisation: {name} scales images by itself."
        )
    if high > MAX_INK:
        raise InvalidImagesError(
            f"{name}: pixels must lie between 0 and {MAX_INK}, got a maximum of {high}. Rescale X, "
            f"for example X * ({MAX_INK} / X.max())."
        )
    return flat if flat.dtype.kind == "f" else _converted(flat, np.uint8)


def _as_features(flat: NDArray[Any]) -> NDArray[Any]:
    is_kept = flat.dtype.kind == "f" or flat.dtype == np.uint8  # strokes, perhaps in a file
    return flat if is_kept else _converted(flat, np.float32)


def _converted(flat: NDArray[Any], dtype: Any) -> NDArray[Any]:
    converted = np.empty(flat.shape, dtype)
    n_done = 0
    for chunk in in_chunks(flat):
        converted[n_done : n_done + len(chunk)] = chunk
        n_done += len(chunk)
    return converted
