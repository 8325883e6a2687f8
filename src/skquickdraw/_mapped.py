"""Arrays in a file (memory maps), read piece by piece: they need not fit in memory.

Rows are read from the file, not through the map: pages that are touched through a map stay
resident, with their neighbours, so a pass over shuffled rows would soon hold the whole file.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from math import prod
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .exceptions import DataFileError

CHUNK_BYTES = 2**24
N_PIECES, PIECE_BYTES = 16, 1024  # compared to see whether the file is still the one mapped


class FileRows:
    """A reader of rows from files: ``shape``, ``dtype``, ``take(positions)``, ``cut(a, b)``."""


class MappedRows(FileRows):
    """Rows of a memory-mapped array, each a copy that is read from the file.

    Parameters
    ----------
    array : ndarray of shape (n, ...)
        A view on a memory map with contiguous rows; images (n, C, H, W) may have their channels
        last in the file.
    path : str or path
        The file that was mapped.
    start : int
        Position of the first row in the file, in bytes.
    """

    def __init__(self, array: NDArray[np.generic], path: str | PathLike[str], start: int) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = array.dtype
        self.path = path
        self.start = start
        self._is_moved = not array[:1].flags.c_contiguous
        self._stored = np.moveaxis(array, 1, -1) if self._is_moved else array

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.number]:
        """Return the rows at these positions."""
        rows = np.empty((len(positions), *self._stored.shape[1:]), self.array.dtype)
        with open(self.path, "rb", buffering=0) as file:
            for i, position in enumerate(positions.tolist()):
                self._read(file, position, rows[i : i + 1])
        return self._shown(rows)

    def cut(self, start: int, stop: int) -> NDArray[np.number]:
        """Return the rows from ``start`` to ``stop``."""
        stop = min(stop, len(self.array))
        if not self._stored.flags.c_contiguous:
            return self.take(np.arange(start, stop))
        rows = np.empty((stop - start, *self._stored.shape[1:]), self.array.dtype)
        with open(self.path, "rb", buffering=0) as file:
            self._read(file, start, rows)
        return self._shown(rows)

    def _shown(self, rows: NDArray[np.number]) -> NDArray[np.number]:
        return np.moveaxis(rows, -1, 1) if self._is_moved else rows

    def _read(self, file: Any, position: int, out: NDArray[np.generic]) -> None:
        file.seek(self.start + position * self.array.strides[0])
        if file.readinto(out) != out.nbytes:
            raise DataFileError(
                f"{self.path} ends before row {position} of X, which was mapped from it. Do not "
                "change the file while it is read, or load X into memory: np.array(X)."
            )


def map_rows(array: Any, n_pieces: int | None = None) -> Any:
    """Return how to read the rows of a mapped array from its file; None for any other array.

    An object that reads its rows from files is returned unchanged. The more pieces are compared,
    the surer it is that the file is still the same.

    None also if the file does not hold the values of the array: in a copy-on-write map, whose
    changes are in memory only, and if the file is gone or has been replaced.
    """
    if isinstance(array, FileRows):
        return array
    check_whole(array)
    root = find_map(array)
    if root is None or root.mode == "c" or not root.filename:
        return None
    if not len(array) or not _is_in_one_piece(array[:1]):
        return None
    if not _is_still_there(root, root.filename, N_PIECES if n_pieces is None else n_pieces):
        return None
    return MappedRows(array, root.filename, root.offset + _address(array) - _address(root))


def check_whole(array: object) -> None:
    """Raise if a mapped file has become shorter: reading behind its end would kill the process.

    The size is that of the file that was mapped, even if another one has taken its place.
    """
    root = find_map(array)
    if root is None:
        return
    file: Any = root.base  # an mmap
    n_bytes, n_left = root.offset + root.nbytes, file.size()
    if n_left < n_bytes:
        raise DataFileError(
            f"X must lie in its file completely, but {root.filename} was cut off after it was "
            f"mapped: {n_left:,} bytes are left of {n_bytes:,}. Write the file again, and map it "
            "again."
        )


def in_chunks(array: Any) -> Iterator[NDArray[np.number]]:
    """Iterate over the rows of an array, a few megabytes at a time."""
    mapped = map_rows(array)
    n_rows = max(1, CHUNK_BYTES // max(1, prod(array.shape[1:]) * array.dtype.itemsize))
    for start in range(0, len(array), n_rows):
        stop = start + n_rows
        yield array[start:stop] if mapped is None else mapped.cut(start, stop)


def find_map(array: object) -> np.memmap | None:
    """Return the memory map that an array is a view of."""
    while array is not None:
        if isinstance(array, np.memmap) and isinstance(array.base, mmap.mmap):
            return array
        array = getattr(array, "base", None)
    return None


def _is_in_one_piece(row: NDArray[np.number]) -> bool:
    """Return whether a row's memory has no gaps, as it is or with the channels moved last."""
    return row.flags.c_contiguous or (row.ndim == 4 and np.moveaxis(row, 1, -1).flags.c_contiguous)


def _is_still_there(root: np.memmap, path: str | PathLike[str], n_pieces: int) -> bool:
    """Return whether the file still holds what its map shows; pieces from all over it tell."""
    content = root.ravel(order="K").view(np.uint8)
    starts = np.linspace(0, max(0, len(content) - PIECE_BYTES), n_pieces).astype(np.int64)
    try:
        with open(path, "rb") as file:
            for start in starts.tolist():
                piece = content[start : start + PIECE_BYTES]
                file.seek(root.offset + start)
                if file.read(len(piece)) != piece.tobytes():
                    return False
    except OSError:
        return False
    return True


def _address(array: NDArray[np.generic]) -> int:
    return array.__array_interface__["data"][0]
