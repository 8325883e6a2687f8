"""Threads that wait for cores which other processes have, found out and told."""

from __future__ import annotations

import sys
import warnings

import torch
from skorch.callbacks import Callback

from ._net import ImageNet

LEAST_SECONDS = 2.0  # of processor time, before anything is said
# Interrupted for others so often in a second of that time. On two cores, beside two busy processes,
# it was 350 times; it is hardly ever where each thread has a core.
OFTEN = 50


class BusyCores(Callback):
    """Warns once a training where its threads spend their time waiting for each other.

    PyTorch cuts each operation into equal parts, one a thread, and a thread that is done spins:
    it keeps its core busy until the others are done too. Where one of them has no core, all cores
    that the process gets are spent so. The system tells of it by threads that are interrupted again
    and again, and never wait of their own accord.

    Nothing is changed: another number of threads gives other bits, and the runtime of OpenMP that
    comes with PyTorch reads how to wait once, when it is loaded.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def on_train_begin(self, net: ImageNet, **kwargs: object) -> None:
        self.before_: tuple[float, int, int] | None = usage()

    def on_epoch_end(self, net: ImageNet, **kwargs: object) -> None:
        if self.before_ is None:
            return
        seconds, n_interrupted, n_waited = (
            now - then for now, then in zip(usage(), self.before_, strict=True)
        )
        if seconds < LEAST_SECONDS or n_interrupted < OFTEN * seconds or n_waited > n_interrupted:
            return
        self.before_ = None
        warnings.warn(
            f"{self.name}: the {torch.get_num_threads()} threads of PyTorch wait for cores that "
            "other processes have, which can make a training many times slower. Call "
            "torch.set_num_threads(1), or set OMP_WAIT_POLICY=passive in the environment before "
            "Python starts.",
            UserWarning,
            stacklevel=2,
        )


def usage() -> tuple[float, int, int]:
    """Return what this process has had: seconds, how often interrupted, how often waiting."""
    import resource  # which Windows does not have

    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_nivcsw, used.ru_nvcsw


def can_wait(device: torch.device) -> bool:
    """Return whether several threads train, and the system tells how often they are interrupted."""
    return sys.platform == "linux" and device.type == "cpu" and torch.get_num_threads() > 1
