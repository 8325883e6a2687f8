"""One column of labels of any type: its distinct labels, and each row's position among them."""

from __future__ import annotations

import warnings
from numbers import Real

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import DataConversionWarning

from .exceptions import InvalidTargetsError

NO_LABEL = -1  # the code of a row without a label; the user's own mark may be anything
KINDS = ("text", "boolean", "number")
COUNTED = 2**16  # whole numbers within such a range are counted, not sorted


def kind_of(label: object) -> str:
    """Return 'text', 'boolean' or 'number', or the name of a type that cannot be a label."""
    if isinstance(label, str):
        return "text"
    if isinstance(label, bool | np.bool_):
        return "boolean"
    return "number" if isinstance(label, Real) else type(label).__name__


def is_missing(label: object) -> bool:
    """Return whether this is None, NaN or pandas' NA; pandas may be missing."""
    if label is None:
        return True
    try:
        return bool(label != label)
    except TypeError:  # NA is neither true nor false
        return True
    except (ValueError, RuntimeError):  # an array or a tensor, which is no label
        return False


def not_a_label(name: str, label: object, input_name: str) -> str:
    """Return the message for a value that cannot be a label."""
    return (
        f"{name}: labels must be text, numbers or booleans, but {input_name} holds {label!r}, a "
        f"{type(label).__name__}. Convert them, for example to text."
    )


def read_column(
    name: str, y: object, input_name: str
) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    """Return the distinct labels in any order, and the position of each row's label among them.

    Missing values are not labels: their rows have the code ``NO_LABEL``.

    Raises
    ------
    InvalidTargetsError
        If y is not a column, or has a type that cannot be a label: bytes, dates, complex numbers.
    """
    values = _as_column(name, y, input_name)
    if values.dtype == object:
        labels, codes = _distinct_objects(name, values, input_name)
        is_text = all(isinstance(label, str) for label in labels)
        # A list of texts has no dtype to keep, so it gets NumPy's dtype for text.
        labels = np.array(labels.tolist()) if isinstance(y, list | tuple) and is_text else labels
        return labels, codes
    if values.dtype.kind in "iu" and len(values):
        low, high = int(values.min()), int(values.max())
        if high - low < COUNTED and high < 2**63:
            return _distinct_integers(values, low)
    labels, codes = np.unique(values, return_inverse=True)
    if len(labels) and labels[-1] != labels[-1]:  # NaN, which is sorted to the end
        codes = np.where(codes == len(labels) - 1, NO_LABEL, codes)
        labels = labels[:-1]
    return labels, codes.astype(np.int64)


def _distinct_integers(
    values: NDArray[np.generic], low: int
) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    """Do what np.unique does, by counting: sorting many rows is slow, and makes many copies."""
    offsets = values.astype(np.int64)
    offsets -= low
    is_there = np.bincount(offsets) > 0
    labels = np.flatnonzero(is_there) + low
    np.take(np.cumsum(is_there) - 1, offsets, out=offsets, mode="clip")  # 'raise' makes a copy
    return labels.astype(values.dtype), offsets


def _as_column(name: str, y: object, input_name: str) -> NDArray[np.generic]:
    if y is None:
        raise InvalidTargetsError(
            f"{name} requires y to be passed, but the target y is None. Pass a label for each row."
        )
    values = _as_array(y)
    if values.ndim == 2 and values.shape[1] == 1:
        warnings.warn(
            f"A column-vector {input_name} was passed when a 1d array was expected. Please change "
            f"the shape of {input_name} to (n_samples,), for example using ravel().",
            DataConversionWarning,
            stacklevel=2,
        )
        values = values[:, 0]
    if values.ndim != 1:
        hint = f" If each column is a class, pass {input_name}.argmax(axis=1)."
        raise InvalidTargetsError(
            f"{name}: {input_name} should be a 1d array of one label a row, got shape "
            f"{values.shape}.{hint if values.ndim == 2 else ''}"
        )
    if values.dtype.kind == "T":  # NumPy's texts of variable length
        values = values.astype(object)
    if values.dtype.kind not in "biufUO":
        is_complex = "Complex data not supported: " if values.dtype.kind == "c" else ""
        raise InvalidTargetsError(
            f"{name}: {is_complex}labels must be text, numbers or booleans, but the dtype of "
            f"{input_name} is {values.dtype}. Convert them, for example to text."
        )
    return values


def _as_array(y: object) -> NDArray[np.generic]:
    """Return y as an array without conversions to a common type."""
    if isinstance(y, np.ma.MaskedArray):
        values = y.data.astype(object)
        values[np.ma.getmaskarray(y)] = None
        return values
    if not isinstance(y, list | tuple) and not isinstance(getattr(y, "dtype", None), np.dtype):
        # NumPy would turn nullable and categorical integers of pandas, and integers of polars, into
        # floats if values are missing.
        if hasattr(y, "astype"):
            y = y.astype(object)
        elif hasattr(y, "to_list"):
            y = np.asarray(y.to_list(), dtype=object)
    # NumPy would turn numbers into texts in a list that holds both.
    return np.asarray(y, dtype=object if isinstance(y, list | tuple) else None)


def _distinct_objects(
    name: str, values: NDArray[np.generic], input_name: str
) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    # The kind is a part of the key, because True equals 1.
    table: dict[tuple[str, object], int] = {}
    codes = np.full(len(values), NO_LABEL)
    for row, label in enumerate(values.tolist()):
        if is_missing(label):
            continue
        try:
            codes[row] = table.setdefault((kind_of(label), label), len(table))
        except TypeError as error:  # such as a list, which cannot be a key
            raise InvalidTargetsError(not_a_label(name, label, input_name)) from error
    labels = np.empty(len(table), dtype=object)
    labels[:] = [label for _, label in table]
    return labels, codes
