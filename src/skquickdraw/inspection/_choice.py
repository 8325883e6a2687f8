"""Which rows to show."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import as_array, check_target_array, is_int
from ..exceptions import InvalidParameterError, InvalidTargetsError
from ._reading import check_length

CHOICES = ("surest_errors", "least_sure", "errors")


def read_proba(caller: str, y_proba: ArrayLike, n_rows: int) -> NDArray[np.float64]:
    """Return the probability of each row's predicted class: the largest if all are given."""
    proba = check_target_array(y_proba, ensure_2d=False, dtype=np.float64, input_name="y_proba")
    check_length(caller, "y_proba", proba, n_rows)
    if proba.min() < 0 or proba.max() > 1:
        raise InvalidTargetsError(
            f"{caller}: y_proba must lie between 0 and 1, got {proba.min():.3g} to "
            f"{proba.max():.3g}."
        )
    return proba.max(axis=1) if proba.ndim == 2 else proba


def default_choice(has_labels: bool, has_proba: bool) -> str:
    """Return what to show if the user did not choose."""
    if not has_labels:
        return "least_sure"
    return "surest_errors" if has_proba else "errors"


def choose_rows(
    caller: str,
    show: str,
    is_wrong: NDArray[np.bool_],
    sure: NDArray[np.float64] | None,
    n_images: int,
) -> tuple[NDArray[np.intp], str]:
    """Return the rows to show, and a title that says how they were chosen."""
    if not isinstance(show, str) or show not in CHOICES:
        raise InvalidParameterError(
            f"{caller}: show must be one of {CHOICES} or rows, got {show!r}."
        )
    if not is_int(n_images, 1):
        raise InvalidParameterError(
            f"{caller}: n_images must be an int of at least 1, got {n_images!r}."
        )
    rows = np.arange(len(is_wrong)) if show == "least_sure" else np.flatnonzero(is_wrong)
    n_found = len(rows)
    if show != "errors":
        if sure is None:
            raise InvalidParameterError(
                f"{caller}: show={show!r} needs y_proba. Pass it, or the positions of the images. "
                "If there are labels, show='errors' needs no probabilities."
            )
        order = sure[rows] if show == "least_sure" else -sure[rows]
        rows = rows[np.argsort(order, kind="stable")]
    rows = rows[:n_images]
    if show == "least_sure":
        return rows, f"the {len(rows)} least sure of {n_found} images"
    suffix = ", the surest first" if show == "surest_errors" and n_found else ""
    return rows, f"{len(rows)} of {n_found} errors in {len(is_wrong)} images{suffix}"


def check_positions(caller: str, rows: object, n_rows: int) -> NDArray[np.intp]:
    """Return the positions of rows that the user chose."""
    rows = as_array(caller, "rows to show", rows)
    is_right = rows.ndim == 1 and rows.size and rows.dtype.kind in "iu"
    if not is_right or rows.min() < 0 or rows.max() >= n_rows:
        raise InvalidParameterError(
            f"{caller}: rows to show must be whole numbers from 0 to {n_rows - 1}, one at least, "
            f"got {rows[:5].tolist() if rows.ndim else rows.item()!r}."
        )
    return rows.astype(np.intp)
