"""The global state of the process, which a call must leave unchanged."""

from __future__ import annotations

import atexit
import gc
import locale
import logging
import os
import random
import signal
import sys
import tempfile
import threading
import warnings

import numpy as np
import sklearn
import torch

from skquickdraw import _device, _turns


def settings():
    """Return the settings that a program may have changed, by name."""
    return {
        "random": random.getstate(),
        "numpy.random": repr(np.random.get_state()),
        "numpy errors": np.geterr(),
        "numpy printing": np.get_printoptions(),
        "sklearn": sklearn.get_config(),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "locale": locale.setlocale(locale.LC_ALL),
        "warning filters": list(warnings.filters),
        "showwarning": warnings.showwarning,
        "excepthook": (sys.excepthook, threading.excepthook),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "path": list(sys.path),
        "recursion": sys.getrecursionlimit(),
        "collector": (gc.isenabled(), gc.get_threshold()),
        "signals": [signal.getsignal(number) for number in signal.valid_signals()],
        **torch_settings(),
    }


def torch_settings():
    cudnn = torch.backends.cudnn
    kinds = ("cpu", "cuda")
    return {
        "torch generator": torch.get_rng_state().tolist(),
        "torch threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "torch defaults": (torch.get_default_dtype(), torch.get_default_device()),
        "torch gradients": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "torch anomalies": torch.is_anomaly_enabled(),
        "torch autocast": [
            (torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)) for kind in kinds
        ],
        "torch determinism": (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        "cudnn": (cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32),
        "mkldnn": torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled,
        "float32 products": torch.get_float32_matmul_precision(),
        "denormal numbers": (torch.full((1,), 1e-40) * 1.0).item(),
    }


def loggers():
    """Return level, handlers and filters of each existing logger."""
    named = [
        each
        for each in logging.root.manager.loggerDict.values()
        if isinstance(each, logging.Logger)
    ]
    return {
        each.name: (each.level, list(each.handlers), list(each.filters), each.disabled)
        for each in [logging.root, *named]
    }


def resources():
    """Return the resources that a call may have taken and not released."""
    return {
        "threads": {each.name for each in threading.enumerate()},
        "temporary files": sorted(os.listdir(tempfile.gettempdir())),
        "functions for the end": atexit._ncallbacks(),
        "open files": open_files(),
        "locks": locks(),
    }


def open_files():
    """Return the paths of the open files; an empty list on systems without /proc."""
    folder = "/proc/self/fd"
    if not os.path.isdir(folder):
        return []
    found = []
    for number in os.listdir(folder):
        try:
            found.append(os.readlink(f"{folder}/{number}"))
        except FileNotFoundError:  # the descriptor with which the folder was listed
            continue
    return sorted(found)


def locks():
    """Return whether the locks are free for another thread, and the users of all shared state."""
    free = []

    def ask():
        for lock in (_turns._generator_lock, _turns._device_lock):
            free.append(lock.acquire(blocking=False))
            if free[-1]:
                lock.release()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    turns, flags = _turns._turns, (_device._CUDNN, _device._DEFAULT_DTYPE)
    return free, dict(turns._users), turns._sole, [dict(shared._users) for shared in flags]


def differences(before, after):
    """Return the entries that differ, by name; for dicts and lists, only the differing parts."""
    found = {}
    for name, value in before.items():
        now = after.get(name)
        if now == value:
            continue
        if isinstance(value, dict):
            found[name] = set(value.items()) ^ set(now.items())
        elif isinstance(value, list):
            found[name] = (
                [part for part in value if part not in now],
                [part for part in now if part not in value],
            )
        else:
            found[name] = value, now
    return found


def left_behind(call):
    """Return what a call changes in the process, by name.

    The first call may load libraries, which open files and add loggers that they keep. So resources
    and loggers are compared before and after a second call.
    """
    before = settings()
    call()
    changed = differences(before, settings())
    gc.collect()  # frees what earlier calls have left
    before, loggers_before = resources(), loggers()
    call()
    gc.collect()
    return changed | differences(before, resources()) | differences(loggers_before, loggers())
