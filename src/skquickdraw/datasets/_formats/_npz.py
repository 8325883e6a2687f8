"""Read .npz archives without unpickling, and recognise the layouts by the names of the arrays."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from zipfile import ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from ...exceptions import DataFileError
from ._npy import check_plain, read_header

SPLITS = ("train", "valid", "test")  # of a sketch-rnn file
LARGEST_RATIO = 200  # of bytes in memory to bytes on disk; sketches have about 6
SMALL = 2**28  # bytes in memory that need no such limit


@contextmanager
def open_npz(file: Path, where: str) -> Iterator[ZipFile]:
    """Open an archive, and name the file in every error of the archive."""
    try:
        with ZipFile(file) as archive:
            yield archive
    except DataFileError:
        raise
    except Exception as error:  # damage in an archive can raise anything
        raise DataFileError(
            f"{where}: must be a complete .npz archive without a password; got "
            f"{file.stat().st_size} bytes that are not: {error}. Download or write it again."
        ) from error


def array_names(archive: ZipFile) -> list[str]:
    """Return the names of the arrays, as np.load gives them."""
    return [name.removesuffix(".npy") for name in archive.namelist()]


def tell_layout(file: Path, where: str) -> str:
    """Return what an archive holds: 'sketch_rnn', 'labeled' images or 'bitmaps' of one class."""
    with open_npz(file, where) as archive:
        names = array_names(archive)
    if set(SPLITS) & set(names):
        return "sketch_rnn"
    if "X" in names and {"y", "classes"} & set(names):
        return "labeled"
    if len(names) == 1:
        return "bitmaps"
    raise DataFileError(
        f"{where}: must hold one array of bitmaps, or X and y (and classes), or the train, valid "
        f"and test of sketch-rnn; got {names}. Write one array per class with "
        "np.savez_compressed, or a folder with one file per class."
    )


def check_expansion(entry: ZipInfo, where: str) -> None:
    """Raise where an entry of an archive would take far more memory than it takes on disk."""
    if entry.file_size > max(SMALL, LARGEST_RATIO * entry.compress_size):
        raise DataFileError(
            f"{where}: must not need more than {LARGEST_RATIO} times as many bytes in memory as on "
            f"disk, because such a file may have been made to fill the memory; got "
            f"{entry.file_size:,} bytes in memory and {entry.compress_size:,} on disk. If you "
            "trust the file, write it again without compression, with np.savez."
        )


def read_plain(archive: ZipFile, name: str, where: str) -> NDArray[Any]:
    """Return an array, which must not hold objects, of an archive."""
    entry = archive.getinfo(name + ".npy" if name + ".npy" in archive.namelist() else name)
    where = f"{where}, array {name!r}"
    check_expansion(entry, where)
    with archive.open(entry) as stream:
        header = read_header(stream, where)
        check_plain(header, entry.file_size, where)
        data = bytearray(stream.read())  # to the end, so that zip compares the checksum
    order: Literal["F", "C"] = "F" if header.fortran_order else "C"
    return np.frombuffer(data, header.dtype).reshape(header.shape, order=order)
