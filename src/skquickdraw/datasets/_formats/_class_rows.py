"""Read the drawings of one class file, as bitmaps in rows or as strokes."""

import gzip
from collections.abc import Callable
from functools import partial, wraps
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..._checks import path_in_errors
from ...exceptions import DataFileError
from .._rasterize import rasterize
from ._binary import read_binary
from ._bitmaps import map_npy, read_npz
from ._class_files import ClassFile
from ._ndjson import Drawing, read_ndjson
from ._png import read_png_folder
from ._sketch_rnn import read_sketch_rnn

Read = TypeVar("Read", bound=Callable[..., object])

STROKES = ("ndjson", "bin", "sketch_rnn")
SAYS_RECOGNIZED = ("ndjson", "bin")
LONGEST_LINE = 2**24  # bytes of one drawing; a longer line is cut, so it is not JSON
BLOCK = 512  # drawings rasterised at a time; bounds the memory


def names_its_file(read: Read) -> Read:
    """Make a reader of a class file name it in each OSError."""

    @wraps(read)
    def call(file: ClassFile, *args: object) -> object:
        with path_in_errors(file.path):
            return read(file, *args)

    return call  # type: ignore[return-value]


@names_its_file
def read_strokes(file: ClassFile, n_max: int | None, recognized_only: bool) -> list[Drawing]:
    """Return the drawings of a class file as strokes."""
    if file.layout == "sketch_rnn":
        drawings = read_sketch_rnn(file.path, file.where, n_max)
    elif file.layout == "bin":
        data = file.path.read_bytes()
        drawings = read_binary(data, file.where, n_max, recognized_only=recognized_only)
    else:
        open_lines = gzip.open if file.path.suffix.lower() == ".gz" else open
        with open_lines(file.path, "rb") as lines:
            limited = iter(partial(lines.readline, LONGEST_LINE), b"")
            drawings = read_ndjson(limited, file.where, n_max, recognized_only=recognized_only)
    if not drawings:
        kept = " that the game recognised" if recognized_only else ""
        raise DataFileError(
            f"{file.where}: must hold at least one drawing{kept}; got none. Leave the file out."
        )
    return drawings


@names_its_file
def read_images(
    file: ClassFile, n_max: int | None, side: int | None, recognized_only: bool
) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Return the drawings of a class file as images in rows, and their (height, width)."""
    if file.layout in STROKES:
        side = 28 if side is None else int(side)
        return _draw(read_strokes(file, n_max, recognized_only), side), (side, side)
    if file.layout == "png":
        return read_png_folder(file.path, file.where, n_max)
    images, shape = (map_npy if file.layout == "npy" else read_npz)(file.path, file.where)
    return images[:n_max], shape


def _draw(drawings: list[Drawing], side: int) -> NDArray[np.uint8]:
    images = np.empty((len(drawings), side * side), dtype=np.uint8)
    for start in range(0, len(drawings), BLOCK):
        block = drawings[start : start + BLOCK]
        images[start : start + BLOCK] = rasterize(block, side=side).reshape(len(block), -1)
    return images
