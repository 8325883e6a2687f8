"""When memory runs out: an error of ours, and the failed call's memory freed."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from .exceptions import OutOfMemoryError

# Messages of PyTorch's allocators, cuDNN and cuBLAS, in lower case. Not all of these errors have a
# type of their own.
SIGNS = ("not enough memory", "can't allocate memory", "out of memory", "status_alloc_failed")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that the memory of a device, or of the computer, ran out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in SIGNS)


@contextmanager
def out_of_memory_as(describe: Callable[[], str]) -> Iterator[None]:
    """Turn an error for lack of memory into ours, with the text that ``describe`` returns."""
    try:
        yield
    except OutOfMemoryError as error:  # raised already, but more can be freed here
        _release(error)
        raise
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        _release(error)
        raise OutOfMemoryError(f"{describe()} The cause: {reason}") from error


def _release(error: BaseException) -> None:
    """Free what the failed calls held: an error keeps their variables as long as it exists.

    Otherwise a notebook, which keeps the last error, would keep a network and its activations.
    """
    traceback.clear_frames(error.__traceback__)
    cause = error if not isinstance(error, OutOfMemoryError) else None
    while cause is not None:
        cause.__traceback__ = None  # the frame of a closure keeps it even when cleared
        cause = cause.__cause__ or cause.__context__
    gc.collect()
    torch.cuda.empty_cache()  # does nothing if CUDA is not in use
