"""What happens where memory runs out: one error that names the way out, and nothing left behind."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any, TypeVar

import torch

from .._fitting import unchanged_by_failure as _unchanged_by_failure
from ..exceptions import OutOfMemoryError
from ._prediction import full_batch

# In lower case, as said by PyTorch's allocators, cuDNN and cuBLAS; not all raise a type of its own.
SIGNS = ("not enough memory", "out of memory", "status_alloc_failed")

Method = TypeVar("Method", bound=Callable[..., Any])


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that the memory of a device, or of the computer, ran out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in SIGNS)


def unchanged_by_failure(method: Method) -> Method:
    """Make a method that fits leave its estimator as it was, where it raises.

    Where memory runs out, all that the failed fit held is freed.
    """

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        with _unchanged_by_failure(self), out_of_memory_as(lambda: _describe_data(self)):
            return method(self, *args, **kwargs)

    return call  # type: ignore[return-value]


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


def memory_to_train(estimator: Any, plan: Any) -> AbstractContextManager[None]:
    """Name what to lower where memory runs out in a training; ``plan`` knows what 'auto' is."""
    return out_of_memory_as(lambda: _describe_training(estimator, plan))


def memory_to_predict(estimator: Any) -> AbstractContextManager[None]:
    """Name what would lower the memory of a prediction where that runs out."""
    return out_of_memory_as(lambda: _describe_prediction(estimator))


def _describe_training(estimator: Any, plan: Any) -> str:
    names = ["batch_size", *_taken(estimator)]
    values = {name: getattr(plan, name, getattr(estimator, name)) for name in names}
    remedies = ["lower batch_size", *_remedies(values)]
    return (
        f"{type(estimator).__name__}: memory ran out on device={str(estimator.device)!r} in "
        f"training with {_listed(values)}. {' or '.join(remedies).capitalize()}. What was fitted "
        "before is unchanged."
    )


def _describe_prediction(estimator: Any) -> str:
    device = torch.device(estimator.net_.device)
    values = {
        name: estimator.auto_params_.get(name, getattr(estimator, name))
        for name in _taken(estimator)
    }
    network = f", with {_listed(values)}" if values else ""
    remedies = ["free memory of the device", *(f"fit again: {r}" for r in _remedies(values))]
    return (
        f"{type(estimator).__name__}: memory ran out on device={str(device)!r} in a prediction of "
        f"{full_batch(device)} images at a time{network}; batch_size matters in training only. "
        f"{' or '.join(remedies).capitalize()}."
    )


def _describe_data(estimator: Any) -> str:
    return (
        f"{type(estimator).__name__}: memory ran out on device={str(estimator.device)!r} before "
        "training, where neither batch_size nor width matters. Pass X as uint8 or as a memory map, "
        "or fewer rows. What was fitted before is unchanged."
    )


def _taken(estimator: Any) -> list[str]:
    """Return which parameters that matter are set: None leaves one to a network of the user's."""
    options = {name: getattr(estimator, name) for name in ("width", "stem_stride")}
    is_users = not isinstance(estimator._network, str)
    left_open = (None, "auto") if is_users else (None,)
    return [name for name, value in options.items() if value not in left_open]


def _remedies(values: dict[str, Any]) -> list[str]:
    remedies = ["lower width"] if "width" in values else []
    return remedies + (["set stem_stride=2"] if values.get("stem_stride") == 1 else [])


def _listed(values: dict[str, Any]) -> str:
    *rest, last = [f"{name}={value}" for name, value in values.items()]
    return f"{', '.join(rest)} and {last}" if rest else last
