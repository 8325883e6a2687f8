"""Readers that fail on purpose, to check that the harness notices each kind of failure."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from time import sleep

from .readers import Reader

kept_open = []


def raise_foreign(path: Path) -> None:
    raise KeyError("on purpose")


def take_memory(path: Path) -> None:
    bytearray(2**40)


def wait(path: Path) -> None:
    while True:
        try:
            sleep(1)
        except Exception:  # as in a reader that turns every error into its own
            continue


def die(path: Path) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave_open(path: Path) -> None:
    kept_open.append(path.open())


def make(read: object) -> Reader:
    return Reader("a", lambda path: path.write_bytes(b"valid"), read)  # type: ignore[arg-type]


FAULTY = {
    "raises": make(raise_foreign),
    "takes memory": make(take_memory),
    "waits": make(wait),
    "dies": make(die),
    "leaves a file open": make(leave_open),
}
NOTICED = {
    "raises": "KeyError: 'on purpose'",
    "takes memory": "MemoryError: ",
    "waits": "took too long",
    "dies": "ended by SIGSEGV",
    "leaves a file open": "left a file open",
}
