"""Disturb fits and downloads for some minutes, and count the trials that end as they should.

``python -m robustness.soak --minutes 10`` goes on with the next seeds of each kind of disturbance.
``--kinds kills --seed 17`` repeats one trial. Failures are saved with their seeds.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from common import describe_moment, load, save

from .trials import TRIALS, fit_vote, must

RESULTS = Path(__file__).parent / "results"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--kinds", nargs="+", default=list(TRIALS), choices=TRIALS)
    parser.add_argument("--seed", type=int, help="try this one alone; keeps nothing")
    parser.add_argument("--output", type=Path, default=RESULTS / "soak.json")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    result = load(options.output) if options.seed is None else {}
    with TemporaryDirectory() as folder:
        expected = run_undisturbed(Path(folder))
        until = time.monotonic() + 60 * options.minutes
        while True:
            for kind in options.kinds:
                own = result.setdefault(kind, {"tried": 0, "held": 0, "cases": []})
                seed = own["tried"] if options.seed is None else options.seed
                record(own, kind, seed, attempt(kind, seed, Path(folder), expected))
                if options.seed is None:
                    save(options.output, result)
                if time.monotonic() > until:
                    return report(result)
            if options.seed is not None:
                return report(result)


def run_undisturbed(folder: Path) -> np.ndarray:
    """Fit without a disturbance, and write down how long it takes."""
    start = time.monotonic()
    must(lambda: fit_vote(folder, None))
    (folder / "seconds").write_text(str(time.monotonic() - start))
    return np.load(folder / "found.npy")


def attempt(kind: str, seed: int, folder: Path, expected: np.ndarray) -> str | None:
    """Return the message of a failed trial, else None."""
    with TemporaryDirectory(dir=folder) as own:
        try:
            TRIALS[kind](seed, Path(own), expected)
        except Exception as error:
            return f"{type(error).__name__}: {error}"[:300]
    return None


def record(own: dict[str, Any], kind: str, seed: int, broken: str | None) -> None:
    own.update(describe_moment())
    own["tried"] += 1
    own["held"] += broken is None
    if broken is not None:
        own["cases"].append({"seed": seed, "outcome": broken})
    print(f"{kind}, seed {seed}: {broken or 'held'}", flush=True)


def report(result: dict[str, Any]) -> int:
    for kind, own in result.items():
        print(f"{kind}: {own['held']} of {own['tried']} held")
    return 0 if all(own["held"] == own["tried"] for own in result.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
