"""Read sketch-rnn archives: drawings as steps of the pen, in the splits train, valid and test."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from ...exceptions import DataFileError
from ._inert_pickle import read_array_of_arrays
from ._ndjson import Drawing
from ._npy import read_header
from ._npz import SPLITS, array_names, check_expansion, open_npz

LARGEST = 255  # coordinate of the simplified format
SLACK = 4  # units by which simplifying, 2 at each end, may have shortened the longer side


def read_sketch_rnn(file: Path, where: str, n_max: int | None = None) -> list[Drawing]:
    """Return the drawings of the existing splits, one split after the other."""
    drawings: list[Drawing] = []
    with open_npz(file, where) as archive:
        for split in SPLITS:
            if split in array_names(archive) and len(drawings) != n_max:
                left = None if n_max is None else n_max - len(drawings)
                drawings += _read_split(archive, split, f"{where}, array {split!r}", left)
    return drawings


def _read_split(archive: ZipFile, split: str, where: str, n_max: int | None) -> list[Drawing]:
    check_expansion(archive.getinfo(f"{split}.npy"), where)
    stream = BytesIO(archive.read(f"{split}.npy"))  # completely, so that zip compares the checksum
    header = read_header(stream, where)
    if header.dtype != object or len(header.shape) != 1:
        raise DataFileError(
            f"{where}: must be a 1-D array of drawings, each an array of its own; got "
            f"{header.dtype} of shape {header.shape}. Write the drawings as simplified .ndjson."
        )
    entries = read_array_of_arrays(stream, where)[:n_max]
    return [_as_strokes(steps, f"{where}, drawing {i}") for i, steps in enumerate(entries)]


def _as_strokes(steps: NDArray[np.number], where: str) -> Drawing:
    """Turn rows (dx, dy, whether the pen is lifted afterwards) into strokes in the box."""
    if steps.ndim != 2 or steps.shape[1] != 3 or len(steps) == 0 or not np.isfinite(steps).all():
        raise DataFileError(
            f"{where}: must be rows of finite (dx, dy, pen lifted); got shape {steps.shape}. Leave "
            "the drawing out."
        )
    pen = steps[:, 2]
    wrong = (pen != 0) & (pen != 1)
    if wrong.any():
        raise DataFileError(
            f"{where}: the third column must be 0, or 1 where the pen is lifted; got "
            f"{pen[wrong][0]}. Leave the drawing out."
        )
    points = _into_box(np.cumsum(steps[:, :2], axis=0, dtype=np.float64))
    ends = np.flatnonzero(pen[:-1]) + 1
    return [stroke.T.tolist() for stroke in np.split(points, ends)]


def _into_box(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the points as integers in 0..255, unchanged if they are in Google's units."""
    extent = np.ptp(points, axis=0).max()
    in_units = LARGEST - SLACK <= extent <= LARGEST
    if not in_units or points.min() < 0 or points.max() > LARGEST:
        points = points - points.min(axis=0)
    if not in_units and extent > 0:
        points = points * (LARGEST / extent)
    return np.rint(points).astype(np.int64)
