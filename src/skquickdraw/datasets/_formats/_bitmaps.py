"""Read bitmaps: .npy files, which may stay on disk, and .npz archives of one or many classes."""

from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...exceptions import DataFileError
from ._npy import check_plain, read_header
from ._npz import array_names, open_npz, read_plain


def map_npy(file: Path, where: str) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Return the images of a .npy file as a memory map, and their (height, width)."""
    with file.open("rb") as stream:
        header = read_header(stream, where)
    check_plain(header, file.stat().st_size, where)
    shape = check_bitmaps(header.shape, header.dtype, where)
    if header.fortran_order:
        raise DataFileError(
            f"{where}: must be in C order, image after image; got Fortran order. Save "
            "np.ascontiguousarray(X)."
        )
    images = np.memmap(file, np.uint8, mode="r", offset=header.start, shape=header.shape)
    return images.reshape(len(images), -1), shape


def read_npz(file: Path, where: str) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Return the only array of an archive as images in rows, and their (height, width)."""
    with open_npz(file, where) as archive:
        images = read_plain(archive, array_names(archive)[0], where)
    shape = check_bitmaps(images.shape, images.dtype, where)
    return images.reshape(len(images), -1), shape


def read_labeled(
    file: Path, where: str
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.str_], tuple[int, int]]:
    """Return X in rows, y as indices, the names of the classes, and (height, width)."""
    with open_npz(file, where) as archive:
        wanted = {"X", "y", "classes"} & set(array_names(archive))
        if "y" not in wanted:
            raise DataFileError(
                f"{where}: must hold labels y beside X; got {array_names(archive)}. "
                "load_competition reads unlabeled drawings beside a train.npz."
            )
        arrays = {name: read_plain(archive, name, where) for name in sorted(wanted)}
    X, y, names = arrays["X"], arrays["y"], arrays.get("classes")
    shape = check_bitmaps(X.shape, X.dtype, f"{where}, array 'X'")
    if y.shape != (len(X),):
        raise DataFileError(
            f"{where}: y must hold one label for each of the {len(X)} images of X; got shape "
            f"{y.shape}."
        )
    if names is None:
        names, y = np.unique(y, return_inverse=True)
    _check_indices(y, names, where)
    return X.reshape(len(X), -1), y.astype(np.int64), _as_text(names, where), shape


def _check_indices(y: NDArray[np.generic], names: NDArray[np.generic], where: str) -> None:
    """Raise if y does not index the names."""
    if names.ndim != 1 or y.dtype.kind not in "iu" or y.min() < 0 or y.max() >= len(names):
        raise DataFileError(
            f"{where}: y must hold indices into classes, a list of names; got y of {y.dtype} and "
            f"classes of shape {names.shape}. Leave classes out if y holds the names "
            "themselves."
        )
    if len(np.unique(names)) < len(names):
        raise DataFileError(
            f"{where}: the names in classes must differ from each other; got "
            f"{first_twice(names)!r} twice. Rename one, or join the two."
        )


def first_twice(names: NDArray[np.generic]) -> str:
    """Return the first of the names, in their order, that occurs twice."""
    values, counts = np.unique(names, return_counts=True)
    return str(values[counts > 1][0])


def _as_text(names: NDArray[Any], where: str) -> NDArray[np.str_]:
    """Return the names of the classes as str."""
    try:
        return np.char.decode(names, "utf-8") if names.dtype.kind == "S" else names.astype(str)
    except UnicodeDecodeError as error:
        raise DataFileError(
            f"{where}: names of classes that are bytes must be UTF-8; got {error.object!r}. Save "
            "np.array(names, dtype=str)."
        ) from error


def check_bitmaps(
    shape: tuple[int, ...], dtype: np.dtype[np.generic], where: str
) -> tuple[int, int]:
    """Return (height, width), or raise if this is not a batch of 8-bit images."""
    if dtype != np.uint8 or len(shape) not in (2, 3) or min(shape[1:]) < 1:
        raise DataFileError(
            f"{where}: bitmaps must be uint8 of shape (n, height * width) or (n, height, width); "
            f"got {dtype} of shape {shape}. Scale them to 0..255 and save X.astype(np.uint8)."
        )
    if shape[0] < 1:
        raise DataFileError(
            f"{where}: must hold at least one drawing; got none. Leave the file out."
        )
    if len(shape) == 3:
        return shape[1:]
    side = isqrt(shape[1])
    if side * side != shape[1]:
        raise DataFileError(
            f"{where}: flat bitmaps must be square; got rows of {shape[1]} pixels. Save them as "
            "(n, height, width)."
        )
    return side, side
