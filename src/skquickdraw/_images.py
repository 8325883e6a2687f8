"""The image contract: what X may look like, and the one way in which it is read.

X has the shape ``(n, H * W)``, ``(n, H, W)``, ``(n, C, H, W)`` or ``(n, H, W, C)``, and values from
0 to 255. Inside the package it is a 4-D array with the channels first. Its dtype is kept: uint8
stays uint8, and nothing here copies a whole floating-point data set. Pixels are scaled later, batch
by batch, on the device.
"""

from __future__ import annotations

import warnings
from math import isqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import assert_all_finite

from ._checks import check_array, raised_as, validate_data
from ._image_errors import way_out
from ._image_shape import (
    SMALLEST_PICTURE,
    SMALLEST_SIDE,
    ImageShape,
    Layout,
    Numbers,
    flatten_stack,
    resolve_image_shape,
)
from ._mapped import in_chunks
from ._mapped_files import MappedFiles
from ._pixel_range import MAX_PIXEL, check_features, check_numbers, check_same_range, find_range
from ._targets import check_same_length, read_labels
from .exceptions import InvalidImagesError


def check_images(
    estimator: BaseEstimator,
    X: ArrayLike,
    *,
    reset: bool,
    image_shape: tuple[int, ...] | None = None,
) -> Numbers:
    """Validate X for an estimator and return it as images.

    Parameters
    ----------
    estimator : estimator
        Named in errors. With ``reset``, its ``n_features_in_`` (values per image, in all channels),
        ``feature_names_in_``, ``data_format_`` and ``pixel_range_`` are set. Otherwise X is
        compared with them.
    X : array-like of shape (n, H * W), (n, H, W), (n, C, H, W) or (n, H, W, C)
        Values from 0 to 255.
    reset : bool
        True in ``fit``, False in ``predict``.
    image_shape : (H, W) or (C, H, W), default=None
        How to read flat rows; None guesses (see :func:`resolve_image_shape`).

    Returns
    -------
    images : ndarray or MappedFiles of shape (n, C, H, W)
        uint8, or the floating-point dtype of X; a view on X where possible.

    Raises
    ------
    InvalidImagesError
        If X has another number of axes, another shape than ``image_shape``, values outside 0 to
        255, or, without ``reset``, values on another scale than in ``fit``.
    """
    X, layout = flatten_stack(type(estimator).__name__, X, image_shape)
    flat = _validate(estimator, X, layout, reset=reset)
    return _as_images(estimator, flat, image_shape, layout, reset)


def check_images_and_labels(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike | None,
    *,
    reset: bool,
    image_shape: tuple[int, ...] | None = None,
    classes: NDArray[np.generic] | None = None,
) -> tuple[Numbers, NDArray[np.generic], NDArray[np.int64]]:
    """Validate X and y of a supervised ``fit``, and return images, classes and codes.

    As :func:`check_images` and :func:`~skquickdraw._targets.read_labels`.
    """
    name = type(estimator).__name__
    classes, codes = read_labels(name, y, unlabeled_label=None, classes=classes)
    images = check_images(estimator, X, reset=reset, image_shape=image_shape)
    check_same_length(name, images, codes)
    return images, classes, codes


def check_rows(estimator: BaseEstimator, X: ArrayLike, *, reset: bool) -> Numbers:
    """Validate X for a meta-estimator, which passes it on to others, and keep its shape.

    A stack of images stays a stack, with the channels first; each pixel counts as a feature. The
    range of values is checked by the inner estimators. ``reset`` sets ``n_features_in_``,
    ``feature_names_in_`` and ``data_format_``.
    """
    flat, layout = flatten_stack(type(estimator).__name__, X)
    rows = _validate(estimator, flat, layout, reset=reset)
    return _as_rows(estimator, rows, X, layout, reset)


def check_rows_and_labels(
    estimator: BaseEstimator, X: ArrayLike, y: ArrayLike | None, *, unlabeled_label: object = None
) -> tuple[Numbers, NDArray[np.generic], NDArray[np.int64]]:
    """Validate X and y for ``fit``, and return rows, classes and codes.

    As :func:`check_rows` and :func:`~skquickdraw._targets.read_labels`.
    """
    name = type(estimator).__name__
    classes, codes = read_labels(name, y, unlabeled_label=unlabeled_label)
    rows = check_rows(estimator, X, reset=True)
    check_same_length(name, rows, codes)
    return rows, classes, codes


def check_more_rows(estimator: BaseEstimator, X_unlabeled: ArrayLike, rows: Numbers) -> Numbers:
    """Validate ``X_unlabeled``, which joins ``rows`` of X, and return it shaped like them.

    Raises
    ------
    InvalidImagesError
        If it holds images of another shape or on another scale. Rows of too few numbers for an
        image may have any scale.
    """
    name = type(estimator).__name__
    more = check_rows(estimator, X_unlabeled, reset=False)
    if more.ndim > 2 and rows.ndim > 2 and _size(more) != _size(rows):
        raise InvalidImagesError(
            f"{name}: X_unlabeled must be shaped like X, whose rows have shape {rows.shape[1:]}, "
            f"got {more.shape[1:]}. Bring the images to one size and as many channels."
        )
    more = more.reshape(len(more), *rows.shape[1:])
    seen = find_range(rows.sample() if isinstance(rows, MappedFiles) else rows)
    if rows[0].size >= SMALLEST_PICTURE and seen[0] >= 0 and seen[1] <= MAX_PIXEL:
        # These rows can be judged together, because all are here: features of some may be small.
        check_same_range(name, more, seen, input_name="X_unlabeled", together=True)
    return more


def _size(stack: Numbers) -> ImageShape:
    return (1, *stack.shape[1:])[-3:]


def _as_rows(
    estimator: BaseEstimator, rows: Numbers, X: ArrayLike, layout: Layout | None, reset: bool
) -> Numbers:
    _keep_data_format(estimator, layout, reset)
    if layout is None:
        return rows
    return rows.reshape(np.shape(X)) if np.ndim(X) == 3 else layout.restore(rows)


def _keep_data_format(estimator: BaseEstimator, layout: Layout | None, reset: bool) -> None:
    """Remember that the channels came last: flat rows do not show the order of their values."""
    if reset:
        vars(estimator).pop("data_format_", None)
        if layout is not None and layout.channels_last and layout.shape[0] > 1:
            estimator.data_format_ = "channels_last"
    elif layout is None and hasattr(estimator, "data_format_"):
        raise InvalidImagesError(
            f"{type(estimator).__name__}: X must be a stack, as in fit, where it had shape (n, "
            "height, width, channels): the pixels of flat rows could be in that order or channel "
            "by channel. Pass images of shape (n, height, width, channels) or (n, channels, "
            "height, width)."
        )


def _validate(
    estimator: BaseEstimator, X: ArrayLike, layout: Layout | None, *, reset: bool
) -> Numbers:
    """Validate as scikit-learn does, but look for NaN and infinity chunk by chunk."""
    stacked_shape = None if layout is None else layout.shape
    with way_out(estimator, X, stacked_shape), raised_as(InvalidImagesError):
        if isinstance(X, MappedFiles):  # which holds nothing but uint8
            check_array(X[:1], estimator=estimator)
            return validate_data(estimator, X, reset=reset, skip_check_array=True)
        rows = validate_data(estimator, X, reset=reset, dtype="numeric", ensure_all_finite=False)
        check_numbers(type(estimator).__name__, rows)
        if rows.dtype.kind == "f":
            for chunk in in_chunks(rows):
                assert_all_finite(chunk, estimator_name=type(estimator).__name__, input_name="X")
    return rows


def _as_images(
    estimator: BaseEstimator,
    flat: Numbers,
    image_shape: tuple[int, ...] | None,
    layout: Layout | None,
    reset: bool,
) -> Numbers:
    name = type(estimator).__name__
    _keep_data_format(estimator, layout, reset)
    stacked_shape = None if layout is None else layout.shape
    shape = resolve_image_shape(name, flat.shape[1], image_shape, stacked_shape)
    if reset and image_shape is None and layout is None:
        _warn_of_a_stray_column(estimator, shape)
    if min(shape[1:]) >= SMALLEST_SIDE:
        values = _as_pixels(estimator, flat, reset)
    else:
        check_features(name, flat)
        values = _as_features(flat)
        if reset:
            estimator.pixel_range_ = None
    return (layout or Layout(shape, False)).restore(values)


def _warn_of_a_stray_column(estimator: BaseEstimator, shape: ImageShape) -> None:
    """Warn where rows are too long for features, and form no square image."""
    n_columns = shape[2]
    if shape[1] > 1 or n_columns <= SMALLEST_PICTURE:
        return
    names = getattr(estimator, "feature_names_in_", None)
    which = "" if names is None else f", from {names[0]!r} to {names[-1]!r}"
    side = isqrt(n_columns // 3)
    example = ""
    if 3 * side**2 == n_columns:
        example = f", such as (3, {side}, {side}) for rows with one channel after the other"
    warnings.warn(
        f"{type(estimator).__name__}: X has {n_columns} columns{which}, which is not a square "
        f"number: rows are read as images one pixel high. Set image_shape{example}, or drop a "
        "column that holds no pixels.",
        UserWarning,
        stacklevel=2,
    )


def _as_pixels(estimator: BaseEstimator, flat: Numbers, reset: bool) -> Numbers:
    """Check the range, and narrow integers to uint8; floating point stays as it is."""
    name = type(estimator).__name__
    is_byte = flat.dtype in (np.uint8, np.bool_)
    if reset or not is_byte:
        own = find_range(flat.sample() if isinstance(flat, MappedFiles) else flat)
        _check_pixels(name, *own)
    if reset:
        estimator.pixel_range_ = own
    elif getattr(estimator, "pixel_range_", None) is not None:  # files of older versions have none
        check_same_range(name, flat, estimator.pixel_range_)
    if is_byte:
        return flat if isinstance(flat, MappedFiles) else flat.view(np.uint8)
    return flat if flat.dtype.kind == "f" else _converted(flat, np.uint8)


def _check_pixels(name: str, low: float, high: float) -> None:
    if low < 0:
        raise InvalidImagesError(
            f"Negative values in data passed to {name}: pixels must lie between 0 and {MAX_PIXEL}, "
            f"got a minimum of {low:g}. Do not standardise images, and do not scale each "
            f"column, as MinMaxScaler does: {name} scales images by itself."
        )
    if high > MAX_PIXEL:
        raise InvalidImagesError(
            f"{name}: pixels must lie between 0 and {MAX_PIXEL}, got a maximum of {high:g}. Divide "
            "all images, here and in predictions, by one number, such as 257 where they have 16 "
            "bits."
        )


def _as_features(flat: Numbers) -> Numbers:
    is_kept = flat.dtype.kind == "f" or flat.dtype == np.uint8  # strokes, perhaps in a file
    return flat if is_kept else _converted(flat, np.float32)


def _converted(flat: Numbers, dtype: type[np.number]) -> Numbers:
    converted = np.empty(flat.shape, dtype)
    n_done = 0
    for chunk in in_chunks(flat):
        converted[n_done : n_done + len(chunk)] = chunk
        n_done += len(chunk)
    return converted
