"""Locks for what threads of one process may not do at the same time.

Fits, predictions and loaded models in several threads do not wait for each other: they draw from
generators of their own (``_draws.py``). Three things belong to the whole process:

- **Switches of torch.** An export (``to_onnx``) changes them, and replaces methods of
  ``torch.nn.Module``. Each batch or step that runs a network is a :func:`user_of_torch`; any number
  of them run at the same time. An export is the :func:`sole_user_of_torch`: it waits for running
  steps, and later steps wait for it.
- **torch's global generator on the CPU.** A user's own network, loss, optimizer or augmentation can
  only draw from it. For each step, and for the construction of a network, :func:`lent_generator`
  sets its state and restores it afterwards, for one thread at a time.
- **The generator of a GPU**, from which dropout draws there, because recorded steps must know their
  generator. :func:`seeded_device` keeps it for a whole fit, so one fit at a time runs on GPUs.

A forked process has only the thread that forked it. It gets new locks. If another thread had
borrowed the global generator, its state is restored. torch makes its threads again there, which one
thread must do alone: :func:`renew_threads_of_torch`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Condition, RLock, get_ident

import torch
from torch import Tensor


class SharedTurns:
    """A lock for any number of users at a time, or for one thread alone.

    A thread that has it may take it again, in either way. A thread that wants it alone comes before
    new users.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._users: Counter[int] = Counter()  # how often each thread has it
        self._sole: int | None = None
        self._n_waiting = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        me = get_ident()
        with self._changed:
            if me not in self._users:
                self._changed.wait_for(lambda: self._sole is None and not self._n_waiting)
            self._users[me] += 1
        try:
            yield
        finally:
            self._leave(me)

    @contextmanager
    def alone(self) -> Iterator[None]:
        me = get_ident()
        with self._changed:
            self._n_waiting += 1
            try:
                self._changed.wait_for(
                    lambda: self._sole in (None, me) and self._users.keys() <= {me}
                )
                outer, self._sole = self._sole, me  # None, or this thread
                self._users[me] += 1
            finally:
                self._n_waiting -= 1
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._sole = outer
                self._changed.notify_all()
            self._leave(me)

    def _leave(self, thread: int) -> None:
        with self._changed:
            self._users[thread] -= 1
            if not self._users[thread]:
                del self._users[thread]
            if self._n_waiting:
                self._changed.notify_all()

    def forget_others(self) -> None:
        """Keep only what the calling thread has: in a forked process there is no other thread."""
        me = get_ident()
        self._changed = Condition()
        self._users = Counter({me: self._users[me]} if me in self._users else {})
        self._sole = me if self._sole == me else None
        self._n_waiting = 0


_turns = SharedTurns()
_generator_lock = RLock()
_device_lock = RLock()
_threads_lock = RLock()
_lacks_threads = False  # as a forked process does
_lent: list[tuple[int, Tensor]] = []  # the thread and the state before, the outermost first


def user_of_torch() -> AbstractContextManager[None]:
    """Run a network inside; waits while another thread is the sole user."""
    return _turns.shared()


def sole_user_of_torch() -> AbstractContextManager[None]:
    """Wait until no other thread runs a network of this package, and let none begin inside."""
    return _turns.alone()


@contextmanager
def lent_generator(own: torch.Generator) -> Iterator[None]:
    """Let torch's global generator continue the numbers of ``own`` inside the block.

    Afterwards ``own`` continues after these draws, and the global generator is as before, also if
    another thread drew from it in the meantime.
    """
    shared = torch.default_generator
    with _generator_lock:
        before = shared.get_state()
        _lent.append((get_ident(), before))
        try:
            shared.set_state(own.get_state())
            yield
        finally:
            own.set_state(shared.get_state())
            shared.set_state(before)
            _lent.pop()


@contextmanager
def seeded_device(seed: int, device: torch.device) -> Iterator[None]:
    """Seed the generator of an accelerator inside the block, and restore it; nothing on a CPU."""
    if device.type == "cpu":
        yield
        return
    module = torch.get_device_module(device)
    with _device_lock, module.device(device):
        before = module.get_rng_state()
        try:
            module.manual_seed(seed)
            yield
        finally:
            module.set_rng_state(before)


def renew_threads_of_torch() -> None:
    """Let this thread alone make the threads that torch lacks in a forked process.

    The first operation of torch makes them. If several threads run their first one at the same
    time, torch 2.13 may give one of them no threads: ``Invalid thread pool!``. It is not done right
    after each fork, because threads that nobody needs would cause a warning at the next fork.
    """
    global _lacks_threads
    with _threads_lock:
        if _lacks_threads:
            torch.set_num_threads(torch.get_num_threads())
            _lacks_threads = False


def _begin_child() -> None:
    global _generator_lock, _device_lock, _threads_lock, _lacks_threads
    _threads_lock, _lacks_threads = RLock(), True
    _turns.forget_others()
    _generator_lock, _device_lock = _own_or_new(_generator_lock), _own_or_new(_device_lock)
    if _lent and _lent[0][0] != get_ident():
        torch.default_generator.set_state(_lent[0][1])
        _lent.clear()


def _own_or_new(lock: RLock) -> RLock:
    """Return a lock that is free or this thread's own, else a new one."""
    if not lock.acquire(blocking=False):
        return RLock()
    lock.release()
    return lock


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_begin_child)
