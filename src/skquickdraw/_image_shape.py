"""The shape of images: how rows and stacks are read, and where their channels are."""

from __future__ import annotations

from math import isqrt, prod
from operator import index
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import raised_as
from ._image_errors import as_one_array, refuse_objects
from ._mapped import check_whole
from ._mapped_files import MappedFiles
from .exceptions import InvalidImagesError

ImageShape = tuple[int, int, int]  # (channels, height, width)
Numbers = NDArray[np.number]  # or MappedFiles, unless the caller refuses these

SMALLEST_SIDE = 8  # smaller arrays are features in a grid, of any range
SMALLEST_PICTURE = SMALLEST_SIDE**2
CHANNELS = (1, 3)


class Layout(NamedTuple):
    """How a stack holds its images."""

    shape: ImageShape
    channels_last: bool

    def restore(self, flat: Numbers) -> Numbers:
        """Return flat rows as (n, C, H, W), a view where the rows are one block of memory."""
        channels, *size = self.shape
        if self.channels_last:
            return np.moveaxis(flat.reshape(-1, *size, channels), -1, 1)
        return flat.reshape(-1, channels, *size)


def resolve_image_shape(
    name: str,
    n_features: int,
    image_shape: tuple[int, ...] | None = None,
    stacked_shape: ImageShape | None = None,
    *,
    parameter: str = "image_shape",
) -> ImageShape:
    """Return (channels, height, width) of images that have ``n_features`` pixels.

    Flat rows are read as ``image_shape`` if it is given, else as a square image of one channel. If
    their length is not a square number, they are read as images that are one pixel high. Errors
    call ``image_shape`` by the name ``parameter``.
    """
    wanted = None if image_shape is None else _with_channels(name, image_shape, parameter)
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
                f"{name}: {parameter}={wanted} needs {prod(wanted)} pixels a row, but X has "
                f"{n_features}. Pass the height and width that the rows were flattened from."
            )
        return wanted
    side = isqrt(n_features)
    return (1, side, side) if side * side == n_features else (1, 1, n_features)


def _with_channels(name: str, image_shape: tuple[int, ...], parameter: str) -> ImageShape:
    try:
        shape = tuple(index(size) for size in image_shape)
    except TypeError:
        raise InvalidImagesError(
            f"{name}: {parameter} must be a tuple of ints, (height, width) or (channels, height, "
            f"width), got {image_shape!r}."
        ) from None
    if len(shape) == 2:
        shape = (1, *shape)
    if len(shape) == 3 and shape[0] not in CHANNELS and shape[2] == 3 and min(shape) > 0:
        raise InvalidImagesError(
            f"{name}: {parameter} must have its channels first, got {shape}. Rows that were "
            "flattened with the channels last hold the colours of each pixel together: pass "
            f"X.reshape(-1, {shape[0]}, {shape[1]}, {shape[2]}) in place of such rows, and leave "
            f"{parameter} out."
        )
    if len(shape) != 3 or min(shape) < 1 or shape[0] not in CHANNELS:
        raise InvalidImagesError(
            f"{name}: {parameter} must be (height, width) or (1 or 3 channels, height, width), got "
            f"{tuple(image_shape)}."
        )
    return shape


def flatten_stack(
    name: str,
    X: ArrayLike,
    image_shape: tuple[int, ...] | None = None,
    *,
    parameter: str = "image_shape",
) -> tuple[ArrayLike, Layout | None]:
    """Flatten a stack of images to rows, so that scikit-learn counts pixels as features.

    The pixels of a row keep their order, so a memory map is not copied. The layout says what the
    order is; it is None for rows that were flat. If a shape can be read in two ways,
    ``image_shape`` decides. Errors call it ``parameter``.
    """
    refuse_objects(name, X)
    if isinstance(X, (list, tuple)):
        with raised_as(InvalidImagesError):
            X = as_one_array(name, X)
    check_whole(X)
    if len(getattr(X, "shape", ())) <= 2:
        return X, None
    X = X if isinstance(X, MappedFiles) else np.asarray(X)
    layout = _read_layout(name, X.shape, image_shape, parameter)
    if layout.channels_last and isinstance(X, MappedFiles):
        raise InvalidImagesError(
            f"{name}: images in MappedFiles must have their channels first, got shape {X.shape}. "
            "Save np.moveaxis(X, -1, 1), or pass one file, np.load(file, mmap_mode='r')."
        )
    return X.reshape(len(X), prod(layout.shape)), layout


def _read_layout(
    name: str, shape: tuple[int, ...], image_shape: tuple[int, ...] | None, parameter: str
) -> Layout:
    """Return how a stack of this shape is read: the axis of 1 or 3 entries holds the channels."""
    if len(shape) == 3:
        return Layout((1, shape[1], shape[2]), False)
    readings = []
    if len(shape) == 4 and shape[1] in CHANNELS:
        readings.append(Layout((shape[1], shape[2], shape[3]), False))
    if len(shape) == 4 and shape[3] in CHANNELS:
        readings.append(Layout((shape[3], shape[1], shape[2]), True))
    if not readings:
        hint = ""
        if len(shape) == 4 and 4 in (shape[1], shape[3]):
            colours = "X[..., :3]" if shape[3] == 4 else "X[:, :3]"
            hint = (
                " A fourth channel, transparency, is not read: leave it out where all images are "
                f"opaque, {colours}, or draw them on a background first."
            )
        raise InvalidImagesError(
            f"{name}: X must have shape (n, H * W), (n, H, W), (n, C, H, W) or (n, H, W, C) with 1 "
            f"or 3 channels, got {shape}.{hint}"
        )
    if len(readings) == 1 or shape[1] == shape[3] == 1:  # one channel: both are the same
        return readings[0]
    wanted = None if image_shape is None else _with_channels(name, image_shape, parameter)
    fitting = [reading for reading in readings if reading.shape == wanted]
    if not fitting:
        raise InvalidImagesError(
            f"{name}: X of shape {shape} could have its channels first or last. Pass {parameter}="
            "(channels, height, width), and X as flat rows where there is no such parameter."
        )
    return fitting[0]
