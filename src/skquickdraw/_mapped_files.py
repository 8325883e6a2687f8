"""Images in many files as one X that is never loaded: rows are read when they are needed.

Only the name of a file and the position of its rows are kept. So nothing stays open, copies for
other processes are small, and memory holds the rows read, not the pages that a map has touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from math import prod
from operator import index
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._mapped import FileRows, find_map, map_rows
from .exceptions import DataFileError, InvalidImagesError

Rows = NDArray[np.int64]
LARGEST_GAP = 2**14  # bytes between two rows that are read rather than skipped
LONGEST_READ = 2**22  # bytes
N_SAMPLED, SAMPLED_TOGETHER = 2**16, 32  # rows in a sample, and in each of its runs of neighbours


class MappedFiles(FileRows):
    """The rows of several memory-mapped arrays as one X that stays on disk.

    Use it for images in many files that do not fit into memory, such as all of Quick, Draw!. The
    classifiers of this package accept it like an array, in training and in predictions. Only
    PrototypeClassifier and RelationNetworkClassifier refuse it. Only rows can be indexed: ``X[i]``
    reads one row into an array. Slices, masks and arrays of positions return another MappedFiles
    and read nothing. So ``train_test_split`` and cross-validation work. Estimators that need
    arrays, like those of scikit-learn, read all rows into memory: pass them a part.

    Parameters
    ----------
    arrays : iterable of uint8 arrays of shape (n_i, ...)
        As ``np.load(file, mmap_mode="r")`` returns them, in C order, with rows of one shape. Arrays
        that are not memory maps are accepted too, but stay in memory.

    Attributes
    ----------
    shape : tuple
        (n, ...), n rows in all.
    ndim : int
    dtype : dtype
        uint8.

    Raises
    ------
    InvalidImagesError
        If there is no array, or one is empty, is not uint8, is not in C order or has rows of
        another shape.
    DataFileError
        If a map differs from its file. When rows are read: if a file has changed or is missing.

    See Also
    --------
    load_quickdraw : Makes a MappedFiles of a folder, with ``mmap=True``.

    Notes
    -----
    A file counts as changed if its size or the time of its last modification differs.

    A pickle of this object contains the names of the files, but not their rows. It can be used if
    the files are still at the same place and have not changed. If rows were selected by a mask or
    an array, it contains their positions, 8 bytes per row. Arrays in memory are stored whole.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skquickdraw.datasets import MappedFiles, make_sketches
    >>> images, y = make_sketches(60, n_classes=2, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = [Path(folder, f"{label}.npy") for label in (0, 1)]
    ...     for label, file in enumerate(files):
    ...         np.save(file, images[y == label])
    ...     X = MappedFiles(np.load(file, mmap_mode="r") for file in files)
    ...     first = np.asarray(X[:3])
    >>> X
    MappedFiles of shape (60, 784) in 2 files
    >>> X[10:].shape, first.shape
    ((50, 784), (3, 784))
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, arrays: Iterable[ArrayLike]) -> None:
        parts: list[_FilePart | _ArrayPart] = []
        shapes: set[tuple[int, ...]] = set()
        if not np.iterable(arrays) or isinstance(arrays, str | bytes):
            raise InvalidImagesError(
                f"MappedFiles: arrays must be a list of arrays, got {arrays!r}. Open files with "
                "numpy.load(file, mmap_mode='r')."
            )
        for array in arrays:
            array = np.asanyarray(array)
            _check_array(array, shapes)
            shapes.add(array.shape[1:])
            parts.append(_as_part(array))
        if not parts:
            raise InvalidImagesError("MappedFiles: needs at least one array, got none.")
        self._parts = tuple(parts)
        self._ends = np.cumsum([part.n_rows for part in parts])
        self._rows: range | NDArray[np.int64] = range(int(self._ends[-1]))
        self._row_shape: tuple[int, ...] = shapes.pop()

    @property
    def shape(self) -> tuple[int, ...]:
        return len(self._rows), *self._row_shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        plural = "" if len(self._parts) == 1 else "s"
        return f"MappedFiles of shape {self.shape} in {len(self._parts)} file{plural}"

    def __getitem__(self, key: Any) -> Any:
        """Return one row as an array for an int, and other rows as a MappedFiles."""
        rows = self._read_key(key)
        if isinstance(rows, int):
            return self.take(np.array([rows]))[0]
        if isinstance(rows, slice):
            return self._like(self._rows[rows])
        return self._like(self._positions(rows))

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.generic]:
        """Read all rows into memory."""
        if copy is False:
            raise ValueError("MappedFiles: rows of files cannot become an array without a copy.")
        rows = self.cut(0, len(self))
        return rows if dtype is None else rows.astype(dtype, copy=False)

    def reshape(self, *shape: Any) -> MappedFiles:
        """Return the same rows in another shape, whose first size must be n or -1.

        Parameters
        ----------
        *shape : ints, or one tuple of them

        Returns
        -------
        X : MappedFiles

        Raises
        ------
        InvalidImagesError
            If the rows do not fit into the shape.
        """
        first, *row = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
        n_pixels = prod(self._row_shape)
        known = prod(size for size in row if size != -1)
        row = [n_pixels // max(1, known) if size == -1 else int(size) for size in row]
        if first not in (-1, len(self)) or prod(row) != n_pixels:
            raise InvalidImagesError(
                f"MappedFiles: {shape} must keep the {len(self)} rows of {n_pixels} pixels each. "
                "Change the shape of the rows only."
            )
        return self._like(self._rows, tuple(row))

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Read the rows at these positions into an array.

        Parameters
        ----------
        positions : int ndarray of shape (n_taken,)
            From 0 to n - 1.

        Returns
        -------
        rows : ndarray of shape (n_taken, ...)
        """
        found = self._positions(np.asarray(positions, dtype=np.int64))
        out = np.empty((len(found), prod(self._row_shape)), np.uint8)
        order = np.argsort(found, kind="stable")
        found = found[order]
        owners = np.searchsorted(self._ends, found, side="right")
        edges = np.flatnonzero(np.diff(owners, prepend=-1, append=-1))
        for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            owner = int(owners[begin])
            rows = found[begin:end] - (self._ends[owner] - self._parts[owner].n_rows)
            self._parts[owner].read(rows, order[begin:end], out)
        return out.reshape(len(found), *self._row_shape)

    def cut(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Read the rows from ``start`` to ``stop`` into an array."""
        return self.take(np.arange(start, min(stop, len(self))))

    def sample(self) -> NDArray[np.uint8]:
        """Read at most 65,536 rows, evenly spread, into an array."""
        return self.take(spread(len(self), N_SAMPLED))

    def join(self, other: MappedFiles) -> MappedFiles:
        """Return the rows of both, one after the other."""
        joined = self._like(np.concatenate([self._all(), other._all() + int(self._ends[-1])]))
        joined._parts = self._parts + other._parts
        joined._ends = np.cumsum([part.n_rows for part in joined._parts])
        return joined

    def _skquickdraw_fingerprint(self) -> tuple[object, ...]:
        """Return what identifies these rows: the files, as they were when mapped, and the rows."""
        return self._parts, self._rows, self._row_shape

    def _like(self, rows: range | Rows, row_shape: tuple[int, ...] | None = None) -> MappedFiles:
        other = object.__new__(MappedFiles)
        other.__dict__.update(vars(self), _rows=rows)
        if row_shape is not None:
            other._row_shape = row_shape
        return other

    def _all(self) -> NDArray[np.int64]:
        return self._positions(np.arange(len(self)))

    def _positions(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the positions of chosen rows among the rows of all files."""
        if isinstance(self._rows, range):
            return self._rows.start + self._rows.step * chosen
        return self._rows[chosen]

    def _read_key(self, key: Any) -> int | slice | NDArray[np.int64]:
        if isinstance(key, tuple):
            if len(key) != 2 or key[1] is not Ellipsis:
                raise IndexError(
                    f"MappedFiles: only rows can be chosen, got {len(key)} indices. Read the rows "
                    "first: np.asarray(X[rows])[:, columns]."
                )
            key = key[0]
        if isinstance(key, slice):
            return key
        if np.ndim(key) == 0 and not isinstance(key, bool | np.bool_):
            key = range(len(self))[index(key)]  # raises like a list
            return int(key)
        return _as_positions(np.asarray(key), len(self))


class _FilePart(NamedTuple):
    """Rows that lie one after another in a file."""

    path: str
    start: int  # byte of the first row
    n_rows: int
    n_bytes: int  # of one row
    state: tuple[int, int]  # size of the file, and the time of its last modification

    def read(self, rows: Rows, places: NDArray[np.intp], out: NDArray[np.uint8]) -> None:
        """Read ``rows``, which ascend, into ``out`` at ``places``."""
        try:
            with open(self.path, "rb", buffering=0) as file:
                if state_of(os.fstat(file.fileno())) != self.state:
                    raise DataFileError(
                        f"{self.path} has changed since MappedFiles was made of it. Make a new "
                        "one, and do not change files while they are read."
                    )
                for begin, end in _runs(rows, self.n_bytes):
                    first = int(rows[begin])
                    read = self._read_run(file, first, int(rows[end - 1]) + 1 - first)
                    out[places[begin:end]] = read[rows[begin:end] - first]
        except OSError as error:
            raise DataFileError(
                f"{self.path} cannot be read: {error.strerror}. Put the files that MappedFiles "
                "was made of back in their place, or make a new one."
            ) from error

    def _read_run(self, file: Any, first: int, n_rows: int) -> NDArray[np.uint8]:
        read = np.empty((n_rows, self.n_bytes), np.uint8)
        view, n_done = read.reshape(-1), 0
        file.seek(self.start + first * self.n_bytes)
        while n_done < read.nbytes:
            n_more = file.readinto(view[n_done:])
            if not n_more:
                raise DataFileError(f"{self.path} ends before row {first + n_rows}.")
            n_done += n_more
        return read


class _ArrayPart(NamedTuple):
    """Rows in memory."""

    array: NDArray[np.uint8]

    @property
    def n_rows(self) -> int:
        return len(self.array)

    def read(self, rows: Rows, places: NDArray[np.intp], out: NDArray[np.uint8]) -> None:
        out[places] = self.array[rows].reshape(len(rows), -1)


def join_rows(rows: Any, more: Any) -> Any:
    """Return the rows of both; if one is MappedFiles, nothing is read and images are uint8."""
    if not isinstance(rows, MappedFiles) and not isinstance(more, MappedFiles):
        return np.concatenate([rows, more])
    if not len(rows) or not len(more):
        return rows if len(rows) else more
    first, second = (
        part if isinstance(part, MappedFiles) else MappedFiles([np.ascontiguousarray(part)])
        for part in (rows, more)
    )
    return first.join(second)


def refuse_files(name: str, X: object) -> None:
    """Refuse MappedFiles if all images have to be in memory."""
    if isinstance(X, MappedFiles):
        raise InvalidImagesError(
            f"{name}: needs its images in memory, but X is MappedFiles of shape {X.shape}. Pass "
            "some of them as an array: np.asarray(X[rows])."
        )


def state_of(stat: os.stat_result) -> tuple[int, int]:
    """Return what changes when a file is written."""
    return stat.st_size, stat.st_mtime_ns


def spread(n: int, n_most: int) -> NDArray[np.int64]:
    """Return at most ``n_most``, a multiple of 32, of n positions: evenly spread runs of 32."""
    if n <= n_most:
        return np.arange(n)
    n_runs = n_most // SAMPLED_TOGETHER
    starts = np.arange(n_runs) * n // n_runs
    return (starts[:, None] + np.arange(SAMPLED_TOGETHER)).ravel()


def _runs(rows: NDArray[np.int64], n_bytes: int) -> Iterator[tuple[int, int]]:
    """Cut ascending rows into runs that are read at once, gaps between them included."""
    gap, longest = 1 + LARGEST_GAP // n_bytes, max(1, LONGEST_READ // n_bytes)
    starts = np.flatnonzero(np.diff(rows, prepend=rows[0] - gap - 1) > gap).tolist()
    for begin, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        while begin < end:
            until = int(np.searchsorted(rows[begin:end], rows[begin] + longest)) + begin
            yield begin, until
            begin = until


def _as_part(array: NDArray[np.uint8]) -> _FilePart | _ArrayPart:
    if find_map(array) is None:
        return _ArrayPart(array)
    mapped = map_rows(array, n_pieces=2)
    if mapped is None:
        raise DataFileError(
            "MappedFiles: must be made of maps that show what is in their files, got one that does "
            f"not: {find_map(array).filename}. Open it again with mmap_mode='r', "  # type: ignore
            "or pass np.array(X), which is in memory."
        )
    path = os.path.abspath(mapped.path)
    state = state_of(os.stat(path))
    return _FilePart(path, mapped.start, len(array), prod(array.shape[1:]), state)


def _check_array(array: NDArray[np.generic], shapes: set[tuple[int, ...]]) -> None:
    if array.dtype != np.uint8 or array.ndim < 2 or not array.size:
        raise InvalidImagesError(
            "MappedFiles: arrays must hold uint8 images, one per row, got "
            f"{array.dtype} of shape {array.shape}. Scale to 0..255, and save X.astype(np.uint8)."
        )
    if not array.flags.c_contiguous:
        raise InvalidImagesError(
            f"MappedFiles: arrays must be in C order, without gaps, got strides {array.strides} "
            f"for shape {array.shape}. Save np.ascontiguousarray(X); select rows of MappedFiles, "
            "not of an array."
        )
    if shapes and array.shape[1:] not in shapes:
        raise InvalidImagesError(
            f"MappedFiles: all arrays must have rows of one shape, got {array.shape[1:]} after "
            f"{next(iter(shapes))}. Bring the images to one size first."
        )


def _as_positions(key: NDArray[np.generic], n_rows: int) -> NDArray[np.int64]:
    """Return the positions that a mask or an array of positions names."""
    if key.dtype == np.bool_:
        if key.shape != (n_rows,):
            raise IndexError(
                f"MappedFiles: a mask must have one entry for each of {n_rows} rows, got shape "
                f"{key.shape}."
            )
        return np.flatnonzero(key)
    if key.ndim != 1 or (key.dtype.kind not in "iu" and len(key)):
        raise IndexError(
            "MappedFiles: rows are chosen by an int, a slice, a mask or a 1-D array of ints, got "
            f"{key.dtype} of shape {key.shape}."
        )
    rows = key.astype(np.int64)
    wrong = rows[(rows < -n_rows) | (rows >= n_rows)]
    if len(wrong):
        raise IndexError(f"MappedFiles: there is no row {wrong[0]} among {n_rows} rows.")
    return np.where(rows < 0, rows + n_rows, rows)
