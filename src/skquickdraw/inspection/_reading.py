"""Read what displays are given: images, labels and fitted estimators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from .._checks import as_array, check_array, raised_as
from .._compat import count_samples
from .._image_shape import SMALLEST_SIDE, Layout, flatten_stack, resolve_image_shape
from .._pixel_range import check_numbers
from .._targets import NO_LABEL, read_own_labels
from .._typing import Classifier
from ..exceptions import InvalidImagesError, InvalidParameterError, InvalidTargetsError


def read_images(
    caller: str, X: ArrayLike, image_shape: tuple[int, ...] | None = None
) -> NDArray[np.number]:
    """Return images as (n, C, H, W), in their own dtype and on their own scale."""
    with raised_as(InvalidImagesError):
        rows, layout = flatten_stack(caller, X, image_shape)
        rows = check_array(rows, dtype="numeric", input_name="X")
        check_numbers(caller, rows)
    if layout is None:
        layout = Layout(resolve_image_shape(caller, rows.shape[1], image_shape), False)
    if min(layout.shape[1:]) < SMALLEST_SIDE:
        raise InvalidImagesError(
            f"{caller}: X must hold images of {SMALLEST_SIDE} pixels a side at least, got "
            f"{layout.shape} (channels, height, width). Pass image_shape= where rows are flat and "
            "not square; draw strokes with skquickdraw.datasets.rasterize first."
        )
    return layout.restore(rows)


def shape_of(estimator: object, image_shape: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """Return how to read flat rows: as ``image_shape``, or if that is None, as in the fit."""
    return getattr(estimator, "image_shape_", None) if image_shape is None else image_shape


def unmarked(caller: str, estimator: Classifier, y: ArrayLike) -> NDArray[np.generic]:
    """Return y with None for unlabeled rows, where the classes of the estimator decide about -1."""
    classes = np.asarray(estimator.classes_)
    _, codes = read_own_labels(caller, y, known=classes, input_name="y")
    return without_marks(y, codes)


def without_marks(labels: ArrayLike, codes: NDArray[np.int64]) -> NDArray[np.generic]:
    """Return labels with None in place of whatever marks a missing one."""
    is_missing = codes == NO_LABEL
    if not is_missing.any():
        return np.asarray(labels)
    kept = np.array(labels, dtype=object)
    kept[is_missing] = None
    return kept


def check_names(caller: str, name: str, names: object, n_wanted: int) -> list[object]:
    """Return names as a list, or raise if their number is not ``n_wanted``."""
    listed = as_array(caller, name, names)
    if listed.shape != (n_wanted,):
        raise InvalidParameterError(
            f"{caller}: {name} must hold {n_wanted} names, got an array of shape {listed.shape}."
        )
    return listed.tolist()


def check_length(caller: str, name: str, values: ArrayLike, n_rows: int) -> None:
    """Refuse values whose number differs from that of the rows."""
    n_values = count_samples(values)
    if n_values != n_rows:
        raise InvalidTargetsError(
            f"{caller}: {name} must have one entry for each of the {n_rows} rows, got {n_values}."
        )


def check_fitted(caller: str, estimator: object, method: str | None = None) -> None:
    """Refuse anything that is not a fitted estimator with this method."""
    with raised_as(InvalidParameterError):
        check_is_fitted(estimator)
    if method is not None and not hasattr(estimator, method):
        raise InvalidParameterError(
            f"{caller}: the estimator must have {method}, but {type(estimator).__name__} has none. "
            "Use from_predictions with predictions of your own."
        )


def named_estimators(
    caller: str, estimator: Classifier | Mapping[str, Classifier], method: str
) -> dict[str, Classifier]:
    """Return fitted estimators by name; a single one goes by the name of its class."""
    named = estimator if isinstance(estimator, Mapping) else {type(estimator).__name__: estimator}
    if not named:
        raise InvalidParameterError(f"{caller}: there must be at least one estimator, got none.")
    for own in named.values():
        check_fitted(caller, own, method)
    return dict(named)
