"""Read the header of a .npy array before its data, to locate damage by the byte.

Nothing is unpickled here: an array of objects is recognised by its header, and refused.
"""

import re
from io import BytesIO
from math import prod
from typing import IO, NamedTuple

import numpy as np

from ...exceptions import DataFileError

# By version: the number of bytes of the header's length, and the function that reads the header.
HEADER_READERS = {
    (1, 0): (2, np.lib.format.read_array_header_1_0),
    (2, 0): (4, np.lib.format.read_array_header_2_0),
}
LONGEST_HEADER = 2**16  # bytes; numpy reads no more than 10,000
# Python 2 wrote 1000 as 1000L, as in Google's files. numpy reads this, but warns. Filtering the
# warning would change the filters of other threads too.
LONG = re.compile(rb"(?<=\d)L")


class NpyHeader(NamedTuple):
    """What a .npy array says about itself."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype[np.generic]
    start: int  # the byte at which the data begin

    @property
    def end(self) -> int:
        """The byte after the last one of the data, if these are not objects."""
        return self.start + prod(self.shape) * self.dtype.itemsize


def read_header(stream: IO[bytes], where: str) -> NpyHeader:
    """Read the header of the .npy array in a stream, up to its data."""
    try:
        n_bytes, read = HEADER_READERS[np.lib.format.read_magic(stream)]
        size = stream.read(n_bytes)
        text = stream.read(min(LONGEST_HEADER, int.from_bytes(size, "little")))
        header = read(BytesIO(size + LONG.sub(b" ", text)))
        return NpyHeader(*header, start=stream.tell())
    except Exception as error:  # numpy parses it as Python text, and damage can raise anything
        raise DataFileError(
            f"{where}: must be an array in the .npy format, but its header cannot be read at byte "
            f"{stream.tell()}: {error}. Download the file again, or write it with np.save."
        ) from error


def check_plain(header: NpyHeader, size: int, where: str) -> None:
    """Raise if an array holds objects, or does not end where its header says."""
    if header.dtype.hasobject:
        raise DataFileError(
            f"{where}: must hold plain numbers; got an array of objects, which would have to be "
            "unpickled, and that can run code. If you trust the file, np.load it once with "
            "allow_pickle=True, and save np.array(X.tolist(), np.uint8) instead, or names as "
            "np.array(y.tolist(), str)."
        )
    if header.end != size:
        raise DataFileError(
            f"{where}: {header.dtype} of shape {header.shape} must end at byte {header.end}; got "
            f"an end at byte {size}. The file is {'cut off' if size < header.end else 'damaged'}: "
            "download or write it again."
        )
