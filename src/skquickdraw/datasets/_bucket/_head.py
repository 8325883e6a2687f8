"""The head of a published file: its first bytes, and what they say about the whole.

Both formats store one drawing after another. So the first rows of a file are in its first bytes,
and a file can be completed later. Each format knows how many bytes hold a number of rows, reads
them, and cuts a head to a valid file.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from ...exceptions import DataFileError
from .._formats._ndjson import Drawing, read_ndjson
from .._formats._npy import NpyHeader, read_header

ANSWER = "the answer"  # name of the content in errors
N_PIXELS = 28 * 28
LONGEST_HEADER = 128  # numpy pads headers to 64 bytes now, and did to 16 before; 80 is common
LINE_BYTES = 450  # a first guess; later the lines read so far count


@dataclass(frozen=True)
class Head:
    """The first bytes of a file on a server."""

    content: bytes = b""
    size: int | None = None  # of the whole file, in bytes
    etag: str | None = None  # the server's mark of this version of the file

    @property
    def is_whole(self) -> bool:
        return len(self.content) == self.size


class BitmapFile:
    """A ``.npy`` file: a header, then 784 bytes per drawing."""

    folder = "numpy_bitmap"
    suffix = ".npy"

    def bytes_for(self, content: bytes, n_rows: int) -> int:
        """Return how many bytes of the file hold the rows, judging by its content so far."""
        is_readable = len(content) >= LONGEST_HEADER
        start = _read_header(content).start if is_readable else LONGEST_HEADER
        return start + n_rows * N_PIXELS

    def read(self, head: Head, n_rows: int | None = None) -> NDArray[np.uint8]:
        """Return the first whole rows of a head, or raise DataFileError."""
        header = _read_header(head.content)
        is_odd = head.size is not None and (head.size - header.start) % N_PIXELS
        if head.size is not None and (header.end > head.size or is_odd):
            raise DataFileError(
                f"{ANSWER}: {header.shape} uint8 must end at byte {header.end}; the file is "
                f"{head.size} bytes long."
            )
        n_whole = _count_rows(head.content, header)
        rows = np.frombuffer(head.content, np.uint8, n_whole * N_PIXELS, offset=header.start)
        return rows.reshape(n_whole, N_PIXELS)[:n_rows].copy()  # a view would keep all the content

    def cut(self, head: Head) -> bytes:
        """Cut to whole rows, and write their number into the header, which keeps its length."""
        header = _read_header(head.content)
        n_rows = _count_rows(head.content, header)
        text = f"{{'descr':'|u1','fortran_order':False,'shape':({n_rows},{N_PIXELS})}}"
        start = head.content[:10] + text.ljust(header.start - 11).encode() + b"\n"
        return start + head.content[header.start : header.start + n_rows * N_PIXELS]


class StrokeFile:
    """An ``.ndjson`` file: one drawing per line, of any length."""

    folder = "simplified"
    suffix = ".ndjson"

    def bytes_for(self, content: bytes, n_rows: int) -> int:
        """Estimate how many bytes of the file hold the rows, by its lines so far."""
        lines = [line for line in content.split(b"\n")[:-1] if line.strip()]
        missing = n_rows - len(lines)
        if missing <= 0:
            return len(content)
        mean = len(content) / len(lines) if lines else LINE_BYTES
        return len(content) + int(1.1 * missing * mean) + LINE_BYTES

    def read(self, head: Head, n_rows: int | None = None) -> list[Drawing]:
        """Return the drawings of the first whole lines, or raise DataFileError."""
        return read_ndjson(self.cut(head).split(b"\n"), ANSWER, n_rows)

    def cut(self, head: Head) -> bytes:
        """Cut to whole lines."""
        return head.content if head.is_whole else head.content[: head.content.rfind(b"\n") + 1]


def _count_rows(content: bytes, header: NpyHeader) -> int:
    return (len(content) - header.start) // N_PIXELS


PublishedFile = BitmapFile | StrokeFile


def _read_header(content: bytes) -> NpyHeader:
    """Read the header of a ``.npy`` file of bitmaps, or raise."""
    header = read_header(BytesIO(content), ANSWER)
    is_rows = header.shape[1:] == (N_PIXELS,) and not header.fortran_order
    if not is_rows or header.dtype != np.uint8 or content[6] != 1:
        raise DataFileError(
            f"{ANSWER}: must hold uint8 of shape (n, {N_PIXELS}) in C order, in version 1 of the "
            f"format; got {header.dtype} of shape {header.shape}."
        )
    return header
