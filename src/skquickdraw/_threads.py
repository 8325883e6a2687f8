"""How many threads PyTorch has in a fit: the user's, or one if nobody expects to repeat the fit.

Another number of threads rounds differently. So a fit with a ``random_state`` keeps its threads,
even if they wait for cores that other programs use; ``neural_network/_waiting.py`` notices that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Threads:
    """Whether a fit may go on with one thread, and how many it had before it did so."""

    may_change: bool
    before: int | None = None


_threads: ContextVar[Threads | None] = ContextVar("threads", default=None)  # of the outermost fit


@contextmanager
def threads_of_fit(estimator: object) -> Iterator[None]:
    """Let the outermost fit decide whether it, and all fits inside, may go on with one thread.

    Meta-estimators give the estimators inside seeds of their own, so these cannot decide. What has
    no ``random_state`` leaves the decision to the fits inside.
    """
    if _threads.get() is not None or not hasattr(estimator, "random_state"):
        yield
        return
    with threads_may_change(estimator.random_state is None):
        yield


@contextmanager
def threads_may_change(may: bool = True) -> Iterator[None]:
    """Set this for all fits inside, and give PyTorch its threads back at the end."""
    threads = Threads(may)
    token = _threads.set(threads)
    try:
        yield
    finally:
        _threads.reset(token)
        if threads.before is not None:
            import torch  # here, because some fits need no torch

            torch.set_num_threads(threads.before)


def take_one_thread() -> bool:
    """Let this fit go on with one thread, and return whether it may."""
    threads = _threads.get()
    if threads is None or not threads.may_change:
        return False
    import torch

    threads.before = threads.before or torch.get_num_threads()
    torch.set_num_threads(1)
    return True
