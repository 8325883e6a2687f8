"""Images that lie in files: what stands in for their tensor, and a thread that reads ahead."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from math import prod
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .. import _mapped
from .._mapped import MappedRows
from .._mapped_files import MappedFiles

# Rows that lie side by side are read at once, a run: a disk finds one long piece about as fast as a
# short one. Runs from all over the files come together in a window, within which rows are shuffled.
RUN_BYTES = 2**14
WINDOW_BYTES = 2**25

Part = TypeVar("Part")
Found = TypeVar("Found")


class MappedImages:
    """Stands in for the tensor of all images where these lie in files.

    It has those methods of a tensor that are asked for. Each reads what it returns, and nothing
    else comes into memory or goes to the device.

    Parameters
    ----------
    rows : MappedRows or MappedFiles
        Of shape (n, C, H, W).
    device : torch.device
        Where the tensors go that are cut out of it.
    """

    def __init__(self, rows: MappedRows | MappedFiles, device: torch.device) -> None:
        self.rows = rows
        self.device = device
        self.shape = rows.shape

    @property
    def is_in_files(self) -> bool:
        """Whether rows lie in many files, and are read in runs."""
        return isinstance(self.rows, MappedFiles)

    def index_select(self, dim: int, positions: Tensor) -> Tensor:
        """Return the images at ``positions`` (B,); ``dim`` is 0."""
        return as_tensor(self.rows.take(positions.cpu().numpy())).to(self.device)

    def split(self, size: int) -> Iterator[Tensor]:
        """Go through all images in order, ``size`` at a time."""
        n_bytes = size * prod(self.shape[1:]) * self.rows.dtype.itemsize
        chunk = size * max(1, _mapped.CHUNK_BYTES // n_bytes)
        for start in range(0, self.shape[0], chunk):
            for part in as_tensor(self.rows.cut(start, start + chunk)).split(size):
                yield part.to(self.device)

    def read(self, positions: Tensor) -> Tensor:
        """Return the images at ``positions`` on the CPU, where a GPU can fetch them by itself."""
        images = as_tensor(self.rows.take(positions.numpy()))
        return images.pin_memory() if self.device.type == "cuda" else images


def as_tensor(images: NDArray[Any]) -> Tensor:
    """Wrap an array without copying it, also one that must not be written to (a memory map)."""
    if images.dtype.kind == "f" and images.dtype.itemsize > 8:
        images = images.astype(np.float64)
    images = images.astype(images.dtype.newbyteorder("="), copy=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        images = np.ascontiguousarray(images)
        # An axis of one element may keep any stride, which convolutions take for channels last.
        return torch.from_numpy(images.ravel()).view(images.shape)


def window_length(batch_size: int, shape: Sequence[int]) -> int:
    """Return how many batches of images (n, C, H, W) are read at once."""
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

    What it raises is raised here. The thread ends with the generator, when that is closed or done.
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
