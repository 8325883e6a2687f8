"""The random numbers that torch's own layers draw: initial weights, dropout, stochastic depth.

By default they draw from torch's global generator, which threads share. Here each training has a
generator of its own. It gives the same numbers as the global one after ``torch.manual_seed``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from ._random import make_generator
from ._turns import lent_generator, user_of_torch

_thread = threading.local()


def is_ours(part: object) -> bool:
    """Return whether a part of a training is None, a name, or of a class of this package."""
    if part is None or isinstance(part, str):
        return True
    is_known = type(part).__module__.partition(".")[0] == __name__.partition(".")[0]
    return is_known and is_ours(getattr(part, "then", None))  # the policy after drawing


def own_generator(x: Tensor) -> torch.Generator | None:
    """Return the generator from which a layer of this package draws for ``x``.

    None stands for the global one: on a GPU, in evaluation, and in a program's own training loop.
    """
    return getattr(_thread, "generator", None) if x.device.type == "cpu" else None


class Draws:
    """The draws of torch's layers in one training.

    Parameters
    ----------
    seed : int
    is_own : bool, default=True
        Whether only code of this package draws. If so, torch's global generator on the CPU is not
        used. A user's code can only draw from that one, so it is lent out; see ``_turns.py``.
    """

    def __init__(self, seed: int, *, is_own: bool = True) -> None:
        self.generator = make_generator(seed)
        self.is_own = is_own

    @contextmanager
    def to_build(self) -> Iterator[None]:
        """Let networks that are built inside draw their initial weights from this generator."""
        own = _InitialDraws(self.generator) if self.is_own else lent_generator(self.generator)
        with user_of_torch(), own:
            yield

    @contextmanager
    def to_step(self) -> Iterator[None]:
        """Let layers that run inside draw from this generator, for example for dropout."""
        own = _layers_draw_from if self.is_own else lent_generator
        with user_of_torch(), own(self.generator):
            yield


@contextmanager
def _layers_draw_from(generator: torch.Generator) -> Iterator[None]:
    outer = getattr(_thread, "generator", None)
    _thread.generator = generator
    try:
        yield
    finally:
        _thread.generator = outer


class _InitialDraws(TorchDispatchMode):
    """Give the generator to every operation of this thread that takes one.

    It calls Python for each operation, which is too slow for training.
    """

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.generator = generator

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if any(argument.name == "generator" for argument in func._schema.arguments):
            kwargs = {"generator": self.generator, **kwargs}
        return func(*args, **kwargs)
