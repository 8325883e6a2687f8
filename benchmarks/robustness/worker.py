"""Read damaged files in a process with limits of memory and time.

``python -m robustness.worker FIRST LAST READER ...`` prints a line for each file: its reader, its
seed and the outcome. If a file ends the process, its line is the last one, and has no outcome.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import sleep

from skquickdraw.exceptions import SkquickdrawError

from .faulty import FAULTY
from .mutations import damage
from .readers import READERS, Reader

READ, REFUSED = "read", "refused"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("readers", nargs="+")
    parser.add_argument(
        "--seconds", type=float, default=20, help="for one file, before it is ended"
    )
    parser.add_argument("--memory", type=int, default=2**30, help="bytes beyond those at the start")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")  # Pillow warns about oddities of damaged files
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # C libraries may print to stdout; the outcomes go to `lines`
    for name in options.readers:
        with TemporaryDirectory() as folder:
            trial = Trial(name, Path(folder))
            with limits(options.memory):
                for seed in range(options.first, options.last + 1):
                    print(json.dumps([name, seed]), end=" ", file=lines, flush=True)
                    signal.setitimer(signal.ITIMER_REAL, options.seconds)  # ends the process
                    outcome = trial.run(seed)
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    print(json.dumps(outcome), file=lines, flush=True)


class limits:
    """Limit the address space of this process to its present size plus ``n_bytes``."""

    def __init__(self, n_bytes: int) -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        self.most = pages * os.sysconf("SC_PAGE_SIZE") + n_bytes

    def __enter__(self) -> None:
        self.before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (self.most, self.before[1]))

    def __exit__(self, *error: object) -> None:
        resource.setrlimit(resource.RLIMIT_AS, self.before)


class Trial:
    """One reader, and a valid file for it, which it must be able to read."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.reader = name, (READERS | FAULTY)[name]
        self.path = folder / self.reader.file
        self.reader.write(self.path)
        self.valid = self.path.read_bytes()
        for _ in range(2 if name in READERS else 0):
            self.reader.read(self.path)  # opens the files that stay open on purpose
        self.n_open = count_open(0)

    def run(self, seed: int) -> str:
        """Return the outcome for the file of a seed."""
        self.path.write_bytes(damaged(self.name, self.reader, self.valid, seed))
        outcome = attempt(self.reader.read, self.path)
        before, self.n_open = self.n_open, count_open(self.n_open)
        return "left a file open" if self.n_open > before else outcome


def count_open(expected: int) -> int:
    """Return the number of open files; wait a moment if a thread still has to close some."""
    for _ in range(20):
        n_open = len(os.listdir("/proc/self/fd"))
        if n_open <= expected:
            break
        sleep(0.01)
    return n_open


def damaged(name: str, reader: Reader, valid: bytes, seed: int) -> bytes:
    """Return the damaged file of a seed; three in four have damaged content, if ``inside`` can."""
    rng = Random(f"{name} {seed}")
    if reader.inside is not None and rng.random() < 0.75:
        return reader.inside(valid, rng, valid)
    return damage(valid, rng, valid)


def attempt(read: Callable[[Path], object], path: Path) -> str:
    try:
        read(path)
    except SkquickdrawError:
        return REFUSED
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:300]
    return READ


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    main()
