"""Read the header of a .npy array before its data, to locate damage by the byte.

Nothing is unpickled here: an array of objects is recognised by its header, and refused.
"""

from math import prod
from typing import IO, Any, NamedTuple
from warnings import catch_warnings, simplefilter

import numpy as np

from ...exceptions import DataFileError

HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class NpyHeader(NamedTuple):
    """What a .npy array says about itself."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype[Any]
    start: int  # the byte at which the data begin

    @property
    def end(self) -> int:
        """The byte after the last one of the data, where these are not objects."""
        return self.start + prod(self.shape) * self.dtype.itemsize


def read_header(stream: IO[bytes], where: str) -> NpyHeader:
    """Read the header of the .npy array in a stream, up to its data."""
    try:
        read = HEADER_READERS[np.lib.format.read_magic(stream)]
        with catch_warnings():
            simplefilter("ignore")  # numpy warns that headers of Python 2, like Google's, are slow
            return NpyHeader(*read(stream), start=stream.tell())
    except Exception as error:  # numpy parses it as Python text, and damage can raise anything
        raise DataFileError(
            f"{where}: must be an array in the .npy format, but byte {stream.tell()} is no part of "
            f"a header that can be read: {error}. Download the file again, or write it with "
            "np.save."
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
