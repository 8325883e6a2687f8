"""Images in files: a substitute for their tensor, and a thread that reads ahead."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from math import prod
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .. import _mapped
from .._mapped import MappedRows
from .._mapped_files import MappedFiles

# Neighbouring rows are read at once, as a run: a disk reads one long piece about as fast as a short
# one. A window collects runs from everywhere in the files; rows are shuffled within it.
RUN_BYTES = 2**14
WINDOW_BYTES = 2**25

Part = TypeVar("Part")
Found = TypeVar("Found")


class MappedImages:
    """A substitute for the tensor of all images, if these are in files.

    It has the methods of a tensor that are needed. Each reads only what it returns; nothing else is
    loaded into memory or moved to the device.

    Parameters
    ----------
    rows : MappedRows or MappedFiles
        Of shape (n, C, H, W).
    device : torch.device
        The device of the tensors that it returns.
    """

    def __init__(self, rows: MappedRows | MappedFiles, device: torch.device) -> None:
        self.rows = rows
        self.device = device
        self.shape = rows.shape

    @property
    def is_in_files(self) -> bool:
        """Whether rows are in many files, and are read in runs."""
        return isinstance(self.rows, MappedFiles)

    def index_select(self, dim: int, positions: Tensor) -> Tensor:
        """Return the images at ``positions`` (B,); ``dim`` is 0."""
        return as_tensor(self.rows.take(positions.cpu().numpy())).to(self.device)

    def split(self, size: int) -> Iterator[Tensor]:
        """Iterate over all images in order, ``size`` at a time."""
        n_bytes = size * prod(self.shape[1:]) * self.rows.dtype.itemsize
        chunk = size * max(1, _mapped.CHUNK_BYTES // n_bytes)
        for start in range(0, self.shape[0], chunk):
            for part in as_tensor(self.rows.cut(start, start + chunk)).split(size):
                yield part.to(self.device)

    def read(self, positions: Tensor) -> Tensor:
        """Return the images at ``positions`` on the CPU, in pinned memory for a GPU."""
        images = as_tensor(self.rows.take(positions.numpy()))
        return images.pin_memory() if self.device.type == "cuda" else images


def as_tensor(images: NDArray[np.number]) -> Tensor:
    """Wrap an array without copying it, also a read-only one (a memory map)."""
    if images.dtype.kind == "f" and images.dtype.itemsize > 8:
        images = images.astype(np.float64)
    images = images.astype(images.dtype.newbyteorder("="), copy=False)
    # An axis of one element may have any stride, which convolutions could mistake for channels
    # last.
    flat = np.ascontiguousarray(images).ravel()
    if not flat.flags.writeable:
        flat = np.asarray(_Writeable(flat))
    return torch.from_numpy(flat).view(images.shape)


class _Writeable:
    """A read-only array that claims to be writeable; nothing here writes to it.

    PyTorch warns about read-only arrays. The warning is not filtered, because all threads share the
    filters, and two threads that change them at the same time could leave them changed.
    """

    def __init__(self, array: NDArray[np.generic]) -> None:
        self.array = array  # keeps the memory
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = array.__array_interface__ | {"data": (address, False)}


def window_length(batch_size: int, shape: Sequence[int]) -> int:
    """Return the number of batches of images (n, C, H, W) to read at once."""
    return max(1, WINDOW_BYTES // (batch_size * prod(shape[1:])))


def read_batches(images: MappedImages, batches: Sequence[Tensor]) -> Generator[Tensor, None, None]:
    """Yield the images of each batch, on their device; a thread reads the next ones meanwhile.

    Parameters
    ----------
    images : MappedImages
    batches : sequence of int64 tensors
        Positions of the images of each batch.
    """
    length = window_length(len(batches[0]), images.shape)
    windows = [list(batches[i : i + length]) for i in range(0, len(batches), length)]
    with ExitStack() as stack:
        read = read_ahead(images.read, (torch.cat(window) for window in windows))
        stack.callback(read.close)
        for window, found in zip(windows, read, strict=True):
            for part in found.split([len(batch) for batch in window]):
                yield part.to(images.device, non_blocking=True)


def read_ahead(
    read: Callable[[Part], Found], parts: Iterable[Part]
) -> Generator[Found, None, None]:
    """Yield ``read(part)`` for each part in order; a thread reads the next one meanwhile.

    Its exceptions are raised here. The thread ends when the generator is closed or exhausted.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="skquickdraw-read") as pool:
        pending: Future[Found] | None = None
        for part in parts:
            upcoming = pool.submit(read, part)
            if pending is not None:
                yield pending.result()
            pending = upcoming
        if pending is not None:
            yield pending.result()
