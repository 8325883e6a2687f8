"""Errors for an X that does not hold images, or other images than ``fit`` saw, and what to do then.

Neither torch nor Pillow is imported here: their objects are recognised by the name of their module.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import isqrt
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from .exceptions import InvalidImagesError

FEWEST_PIXELS = 64  # rows of fewer numbers are features
READABLE_MODES = ("1", "L", "RGB")  # of Pillow; in other modes, pixels are neither grey nor RGB


def refuse_objects(name: str, X: object) -> None:
    """Refuse paths, datasets of PyTorch and images of Pillow that NumPy would misread."""
    first = X[0] if isinstance(X, (list, tuple)) and X else X
    if isinstance(first, (str, bytes, PathLike)):
        raise InvalidImagesError(
            f"{name}: X must hold pixels, got the path or text {first!r}. Read image files with "
            "skquickdraw.datasets.load_images."
        )
    if _comes_from(first, "torch.utils.data"):
        raise InvalidImagesError(
            f"{name}: X must be an array of all images, got a {type(first).__name__} of PyTorch. "
            "Pass arrays: X = np.stack([np.asarray(image) for image, _ in dataset]), y = [label "
            "for _, label in dataset]."
        )
    if _comes_from(X, "PIL"):
        raise InvalidImagesError(
            f"{name}: X must hold several images, got one image of Pillow. Pass a list of images, "
            "even of one: [image]."
        )
    if isinstance(X, (list, tuple)) and _comes_from(first, "PIL"):
        _refuse_unlike(name, X)
    _refuse_cells(name, X)


def _refuse_cells(name: str, X: Any) -> None:
    """Refuse tables and columns of pandas, and arrays of objects, whose cells are images."""
    if hasattr(X, "iloc") and hasattr(X, "columns"):
        objects = [i for i, dtype in enumerate(X.dtypes) if dtype == np.dtype(object)]
        columns = {f"X[{X.columns[i]!r}]": X.iloc[:, i] for i in objects}
    else:
        is_column = getattr(X, "ndim", 0) == 1 and getattr(X, "dtype", None) == np.dtype(object)
        columns = {"X": X} if is_column else {}
    for source, column in columns.items():
        shapes = {getattr(cell, "shape", ()) for cell in column}
        if not shapes or min(map(len, shapes)) < 2:
            continue
        way_out = f"Pass np.stack({source})."
        if len(shapes) > 1:
            way_out = (
                f"They have several shapes: {sorted(shapes)[:5]}. Resize them to one; "
                "SketchNormalizer does so for drawings."
            )
        raise InvalidImagesError(
            f"{name}: X must be an array of all images, got a column whose cells are images. "
            f"{way_out}"
        )


def _refuse_unlike(name: str, images: Sequence[object]) -> None:
    """Refuse images of Pillow of several sizes or modes, or of palette numbers."""
    kinds = sorted({(getattr(image, "size", ()), getattr(image, "mode", "")) for image in images})
    if len(kinds) > 1 or kinds[0][1] not in READABLE_MODES:
        raise InvalidImagesError(
            f"{name}: images of Pillow in X must have one size, and one mode of {READABLE_MODES}, "
            f"got (size, mode) {', '.join(map(str, kinds[:4]))}{', ...' * (len(kinds) > 4)}. "
            "Convert each: PIL.ImageOps.pad(image.convert('RGB'), (32, 32)), or 'L' for grey."
        )


def _comes_from(thing: object, module: str) -> bool:
    return any(f"{base.__module__}.".startswith(f"{module}.") for base in type(thing).__mro__)


@contextmanager
def way_out(
    estimator: BaseEstimator, flat: object, stacked_shape: tuple[int, ...] | None
) -> Iterator[None]:
    """Add to errors of scikit-learn's checks, which speak of features, a hint about images."""
    try:
        yield
    except InvalidImagesError as error:
        hint = _hint_on_size(estimator, flat, stacked_shape) or _hint_on_columns(flat)
        if not hint:
            raise
        raise InvalidImagesError(f"{str(error).rstrip('.')}. {hint}") from None


def _hint_on_size(
    estimator: BaseEstimator, flat: object, stacked_shape: tuple[int, ...] | None
) -> str:
    shape: tuple[int, ...] = getattr(flat, "shape", ())
    expected = getattr(estimator, "n_features_in_", None)
    if expected is None or len(shape) != 2 or shape[1] == expected or expected < FEWEST_PIXELS:
        return ""
    hint = "If X is one image, pass X[np.newaxis]. " if shape[0] * shape[1] == expected else ""
    seen = _describe(_square(expected))
    own = _describe(stacked_shape or _square(shape[1]))
    if not seen or not own:
        return hint.rstrip()
    return (
        f"{hint}Images of fit: {seen}; images of X: {own}. Bring X to the size and channels of the "
        "images of fit: load_images has image_shape and mode for that."
    )


def _square(n_pixels: int) -> tuple[int, ...] | None:
    """Return (channels, height, width) of the square image with so many values, or None."""
    for channels in (1, 3):
        side = isqrt(n_pixels // channels)
        if channels * side * side == n_pixels:
            return channels, side, side
    return None


def _describe(shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return ""
    channels, height, width = shape
    return f"{height} x {width}, {'grey' if channels == 1 else f'{channels} channels'}"


def _hint_on_columns(flat: object) -> str:
    """Name the columns of a pandas DataFrame that hold no numbers."""
    if not hasattr(flat, "select_dtypes"):
        return ""
    others = [str(name) for name in flat.select_dtypes(exclude=["number", "bool"]).columns]
    if not others:
        return ""
    return f"Drop the columns that hold no pixels: {', '.join(map(repr, others[:5]))}."


def as_one_array(name: str, images: Sequence[object]) -> NDArray[np.generic]:
    """Return a list of images as one array; an error names the shapes where they differ."""
    try:
        return np.asarray(images)
    except ValueError as error:
        shapes = {np.shape(image) for image in images if hasattr(image, "shape")}
        if len(shapes) < 2:
            raise
        raise InvalidImagesError(
            f"{name}: all images of X must have one shape, got {sorted(shapes)[:5]}. Resize them; "
            "SketchNormalizer does so for drawings."
        ) from error
