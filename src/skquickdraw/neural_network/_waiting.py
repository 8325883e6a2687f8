"""Detect threads that wait for cores that other processes use, and train with one thread then."""

from __future__ import annotations

import sys
import warnings

import torch
from skorch.callbacks import Callback

from .._threads import take_one_thread
from ._net import ImageNeuralNet

LEAST_SECONDS = 2.0  # of processor time before a warning
# Interruptions by other processes per second of that time. On two cores, beside two busy processes,
# there were 350; there are hardly any if each thread has a core.
OFTEN = 50


class BusyCores(Callback):
    """Act once per training, within seconds, if its threads spend their time waiting.

    PyTorch divides each operation into equal parts, one per thread, and a thread that is done
    spins: it keeps its core busy until the others are done too. If one thread has no core, all
    others waste theirs. It shows in threads that are interrupted again and again, and never wait
    voluntarily.

    A fit that nobody expects to repeat goes on with one thread (``_threads.py``). Any other fit
    only warns, because another number of threads rounds differently.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def on_train_begin(self, net: ImageNeuralNet, **kwargs: object) -> None:
        self.before_: tuple[float, int, int] | None = usage()

    def on_batch_begin(self, net: ImageNeuralNet, **kwargs: object) -> None:
        if self.before_ is None:
            return
        seconds, n_interrupted, n_waited = (
            now - then for now, then in zip(usage(), self.before_, strict=True)
        )
        if seconds < LEAST_SECONDS or n_interrupted < OFTEN * seconds or n_waited > n_interrupted:
            return
        self.before_ = None
        waiting = (
            f"{self.name}: the {torch.get_num_threads()} threads of PyTorch wait for cores that "
            "other processes use, which can make a training many times slower. "
        )
        if take_one_thread():
            advice = "The training goes on with one thread."
        else:
            advice = (
                "Call torch.set_num_threads(1), or set OMP_WAIT_POLICY=passive in the environment "
                "before Python starts. Without random_state, the training would go on with one "
                "thread by itself."
            )
        warnings.warn(waiting + advice, UserWarning, stacklevel=2)


def usage() -> tuple[float, int, int]:
    """Return this process' seconds, interruptions and voluntary waits so far."""
    import resource  # not on Windows

    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_nivcsw, used.ru_nvcsw


def can_wait(device: torch.device) -> bool:
    """Return whether several threads train and the system counts their interruptions."""
    return sys.platform == "linux" and device.type == "cpu" and torch.get_num_threads() > 1
