"""Damage files of every format. A reader must read them, or raise an error of this package.

Any other outcome is saved with its seed: another error, a crash, too much memory or time, a file
that stays open. ``python -m robustness.fuzz --readers model --first 17 --last 17`` repeats a seed.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import PIPE
from tempfile import TemporaryFile
from typing import Any

from common import describe_moment, load, save

from .faulty import FAULTY, NOTICED
from .readers import READERS
from .worker import READ, REFUSED

RESULTS = Path(__file__).parent / "results"
BENCHMARKS = Path(__file__).parents[1]
N_KEPT = 20  # failures that are listed for each reader; all are counted


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", nargs="+", default=list(READERS), choices=READERS)
    parser.add_argument("--first", type=int, default=0, help="seed")
    parser.add_argument("--last", type=int, default=9_999, help="seed")
    parser.add_argument("--output", type=Path, default=RESULTS / "fuzz.json")
    options = parser.parse_args(arguments)
    check_harness()
    result = load(options.output)
    n_failed = 0
    for name in options.readers:
        found = tally(run([name], options.first, options.last))[name]
        print(f"{name}: {found}", flush=True)
        n_failed += found["failed"]
        result[name] = found | describe_moment()
        if options.first == 0:
            save(options.output, result)
    return 1 if n_failed else 0


def run(
    readers: Sequence[str], first: int, last: int, *flags: str
) -> Iterator[tuple[str, int, str]]:
    """Yield (reader, seed, outcome). After a crash, a new worker goes on with the next seed."""
    left = [(name, seed) for name in readers for seed in range(first, last + 1)]
    while left:
        name = left[0][0]
        start = left[0][1]
        rest = [name] if start > first else list(dict.fromkeys(each for each, _ in left))
        command = [sys.executable, "-m", "robustness.worker", str(start), str(last), *rest]
        n_done = 0
        with (
            TemporaryFile() as complaints,  # messages of C libraries, which would fill the screen
            subprocess.Popen(
                [*command, *flags], cwd=BENCHMARKS, stdout=PIPE, stderr=complaints, text=True
            ) as worker,
        ):
            for line in worker.stdout or ():
                case, _, outcome = line.rstrip("\n").partition("] ")
                if not outcome:
                    break
                yield *json.loads(case + "]"), json.loads(outcome)
                n_done += 1
            if worker.wait() > 0:
                complaints.seek(0)
                sys.exit(f"The harness failed at {left[n_done]}: {complaints.read().decode()}")
        del left[:n_done]
        if worker.returncode < 0:
            yield *left.pop(0), describe_end(-worker.returncode)


def describe_end(number: int) -> str:
    """Say which signal ended a worker; SIGALRM means that a file took too long."""
    ended = signal.Signals(number)
    return "took too long" if ended == signal.SIGALRM else f"ended by {ended.name}"


def tally(outcomes: Iterator[tuple[str, int, str]]) -> dict[str, dict[str, Any]]:
    """Count the outcomes of each reader, and list the first failures."""
    found: dict[str, dict[str, Any]] = {}
    for name, seed, outcome in outcomes:
        own = found.setdefault(name, {"tried": 0, READ: 0, REFUSED: 0, "failed": 0, "cases": []})
        own["tried"] += 1
        own[outcome if outcome in (READ, REFUSED) else "failed"] += 1
        if outcome not in (READ, REFUSED) and len(own["cases"]) < N_KEPT:
            own["cases"].append({"seed": seed, "outcome": outcome})
    return found


def check_harness() -> None:
    """Raise if the harness does not notice the readers that fail on purpose."""
    found = tally(run(list(FAULTY), 0, 0, "--seconds", "1"))
    for name, expected in NOTICED.items():
        noticed = [case["outcome"] for case in found[name]["cases"]]
        if noticed != [expected]:
            raise SystemExit(f"The harness does not notice what {name}: {noticed}")


if __name__ == "__main__":
    sys.exit(main())
