"""The device and precision of a training, resolved once at the start of ``fit``."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock, get_ident
from typing import Any

import torch

from ._turns import renew_threads_of_torch
from .exceptions import InvalidParameterError, MissingDependencyError

PRECISIONS = ("auto", "float32", "bfloat16")
AUTOCAST_DEVICES = ("cpu", "cuda", "mps")
SHARED = "accelerate"  # the device of a network that several processes train


def resolve_device(device: str | torch.device) -> torch.device:
    """Return the torch device; 'auto' is the first CUDA GPU if there is one, else the CPU.

    'accelerate' is the device that the launcher gave this process.
    """
    if str(device) == SHARED:
        return _shared_device()
    if str(device) == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
        torch.empty(0, device=resolved).cpu()  # raises on a device without data, such as 'meta'
    except (RuntimeError, AssertionError, TypeError, ValueError, OverflowError) as error:
        reason = str(error).split("\n")[0].split(". ")[0].rstrip(".!")
        raise InvalidParameterError(
            f"device={device!r} cannot be used here: {reason}. Use device='auto' or device='cpu'."
        ) from error
    return resolved


def usable_device(device: str) -> torch.device:
    """Return the device, or the CPU with a warning if there is no such device here."""
    try:
        return resolve_device(device)
    except InvalidParameterError:
        warnings.warn(
            f"A network that was trained on device={device!r} goes to the CPU: there is no such "
            "device here.",
            UserWarning,
            stacklevel=2,
        )
        return torch.device("cpu")


def _shared_device() -> torch.device:
    try:
        from accelerate import Accelerator
    except ImportError as error:
        raise MissingDependencyError(
            f"device={SHARED!r} needs the package accelerate, which is not installed. "
            "pip install 'skquickdraw[distributed]', or use device='auto'."
        ) from error
    return Accelerator().device  # joins the processes on first use


def is_shared(device: str | torch.device) -> bool:
    """Return whether several processes train one network; the device must be resolved already."""
    return str(device) == SHARED and torch.distributed.is_initialized()


def resolve_precision(precision: str, device: torch.device) -> torch.dtype:
    """Return the dtype of a network's activations in training.

    'auto' is bfloat16 where the hardware multiplies in it (NVIDIA from Ampere on, processors with
    AMX or AVX512-BF16), else float32. bfloat16 halves the memory traffic, which limits the speed of
    small networks.
    """
    if precision not in PRECISIONS:
        raise InvalidParameterError(f"precision must be one of {PRECISIONS}, got {precision!r}.")
    if precision != "auto":
        return getattr(torch, precision)
    return torch.bfloat16 if multiplies_bfloat16(device) else torch.float32


def multiplies_bfloat16(device: torch.device) -> bool:
    """Return whether the hardware has a unit for products in bfloat16."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    has_unit = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return device.type == "cpu" and has_unit


class _SharedFlags:
    """Flags of the whole process: the first user sets them, the last one restores them.

    Users are counted because threads overlap: without counting, the later of two threads would
    restore the values that the first one had set. ``change`` sets the flags, and registers how to
    restore them. A forked process has only the thread that forked, so users in other threads are
    forgotten there.
    """

    def __init__(self, change: Callable[[ExitStack], None]) -> None:
        self._change = change
        self._lock = Lock()
        self._users: Counter[int] = Counter()  # how often each thread is inside
        self._flags = ExitStack()
        if hasattr(os, "register_at_fork"):  # not on Windows
            os.register_at_fork(after_in_child=self._forget_others)

    def __enter__(self) -> None:
        with self._lock:
            if not self._users:
                self._change(self._flags)
            self._users[get_ident()] += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._users -= Counter([get_ident()])
            if not self._users:
                self._flags.close()

    def _forget_others(self) -> None:
        me = get_ident()
        self._lock = Lock()
        self._users = +Counter({me: self._users[me]})
        if not self._users:
            self._flags.close()


def repeatable_settings() -> list[tuple[object, str, object]]:
    """Return the flags of cuDNN to set: each module, attribute and value."""
    cudnn: Any = torch.backends.cudnn
    settings = [(cudnn, "enabled", True), (cudnn, "benchmark", False)]
    settings.append((cudnn, "deterministic", True))
    if not _has_named_precision():
        return [*settings, (cudnn, "allow_tf32", False)]
    return [*settings, *((part, "fp32_precision", "ieee") for part in (cudnn.conv, cudnn.rnn))]


def _has_named_precision() -> bool:
    """Return whether the user has set a precision by its name, as in torch 2.9 and later.

    Then the flag for TF32 may neither be read nor written.
    """
    try:
        _ = torch.backends.cudnn.allow_tf32
    except RuntimeError:
        return True
    return getattr(torch.backends, "fp32_precision", "none") != "none"


def _make_cudnn_repeatable(flags: ExitStack) -> None:
    for holder, name, value in repeatable_settings():
        flags.callback(setattr, holder, name, getattr(holder, name))
        setattr(holder, name, value)


def _make_float32_default(flags: ExitStack) -> None:
    flags.callback(torch.set_default_dtype, torch.get_default_dtype())
    torch.set_default_dtype(torch.float32)


_CUDNN = _SharedFlags(_make_cudnn_repeatable)
_DEFAULT_DTYPE = _SharedFlags(_make_float32_default)


@contextmanager
def plain_torch() -> Iterator[None]:
    """Give torch the settings of a new process, and restore the program's settings afterwards.

    Networks would otherwise follow the program's default dtype and device, and its autocast,
    ``no_grad`` and ``inference_mode``. Deterministic algorithms stay as they are: they change no
    result here, and a user's own network may need them.
    """
    renew_threads_of_torch()
    with ExitStack() as settings:
        settings.enter_context(_DEFAULT_DTYPE)
        if torch.get_default_device().type != "cpu":  # a default device slows every call of torch
            settings.enter_context(torch.device("cpu"))
        for kind in AUTOCAST_DEVICES:
            if torch.is_autocast_enabled(kind):
                settings.enter_context(torch.autocast(kind, enabled=False))
        if torch.is_inference_mode_enabled() or not torch.is_grad_enabled():
            settings.enter_context(torch.inference_mode(False))  # which enables gradients too
        yield


@contextmanager
def repeatable_cudnn(device: torch.device) -> Iterator[None]:
    """Make cuDNN's results repeat to the bit, in full float32; on other devices do nothing.

    PyTorch's default for convolutions is TF32, which keeps only ten bits of each factor. Several
    threads may be inside at once.
    """
    if device.type != "cuda":
        yield
        return
    with _CUDNN:
        yield
