"""Where memory runs out: one error of ours, and nothing that is held for it."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from .exceptions import OutOfMemoryError

# In lower case, as said by PyTorch's allocators, cuDNN and cuBLAS; not all raise a type of its own.
SIGNS = ("not enough memory", "out of memory", "status_alloc_failed")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that the memory of a device, or of the computer, ran out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in SIGNS)


@contextmanager
def out_of_memory_as(describe: Callable[[], str]) -> Iterator[None]:
    """Turn an error that memory ran out into ours, with the text that ``describe`` returns."""
    try:
        yield
    except OutOfMemoryError as error:  # told already, but more can be freed here
        _release(error)
        raise
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        _release(error)
        raise OutOfMemoryError(f"{describe()} The cause: {reason}") from error


def _release(error: BaseException) -> None:
    """Free what the calls that failed held: an error keeps their variables for as long as it lives.

    Else a notebook, which keeps the last error, would keep a network and its activations with it.
    """
    traceback.clear_frames(error.__traceback__)
    cause = error if not isinstance(error, OutOfMemoryError) else None
    while cause is not None:
        cause.__traceback__ = None  # a frame of a closure holds it even when it is cleared
        cause = cause.__cause__ or cause.__context__
    gc.collect()
    torch.cuda.empty_cache()  # which does nothing where CUDA is not in use
