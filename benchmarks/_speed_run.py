"""What the benchmarks of speed share: options, pinned threads, and the frame of a result."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _machine import describe_machine, describe_moment, installed_version
from _timing import Summary
from threadpoolctl import threadpool_limits

from skquickdraw.datasets import make_sketches

RESULTS = Path(__file__).parent / "results"


def parse_options(
    description: str | None,
    n_rounds: int = 5,
    add: Callable[[argparse.ArgumentParser], object] | None = None,
) -> argparse.Namespace:
    """Read the options that all have; ``add`` is given the parser, for those of one alone."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--rounds", type=int, default=n_rounds, help="that count, after one of warm-up"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one small round to try it out; nothing is kept"
    )
    parser.add_argument("--output", type=Path, help="a file for the result, instead of results/")
    if add is not None:
        add(parser)
    options = parser.parse_args()
    options.rounds = 1 if options.quick else options.rounds
    return options


def begin_result(options: argparse.Namespace, *packages: str) -> dict[str, Any]:
    """Pin the threads, and describe machine and settings; ``packages`` are the other contenders."""
    torch.set_num_threads(options.threads)
    threadpool_limits(options.threads)  # of BLAS and of scikit-learn, until the process ends
    machine = describe_machine()
    machine["versions"] |= {name: installed_version(name) for name in packages}
    return {
        **describe_moment(),
        "machine": machine,
        "n_rounds": options.rounds,
        "is_quick": options.quick,
    }


def keep_result(name: str, result: dict[str, Any], options: argparse.Namespace) -> None:
    """Write ``results/<name>.json``, or the file that was asked for; a quick run keeps nothing."""
    file = options.output or (None if options.quick else RESULTS / f"{name}.json")
    if file is not None:
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(result, indent=2) + "\n")


def print_line(name: str, figures: Summary, note: str = "") -> None:
    """Print median, smallest and largest value."""
    values = "".join(f"{figures[key]:12.4g}" for key in ("median", "min", "max"))
    print(f"{name:34}{values}   {note}")


def print_rates(result: dict[str, Any]) -> None:
    """Print images per second, and the package's rate divided by each."""
    for name, rate in result["images_per_second"].items():
        ratio, target = result["ratios"].get(name), result["targets"].get(name)
        note = f"skquickdraw is {ratio['median']:.2f} x as fast" if ratio else ""
        print_line(name, rate, note + (f" (target {target:.2g})" if target else ""))


def make_labeled_sketches(n_images: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return flat sketches with labels that mean nothing: only the speed is looked at."""
    X, _ = make_sketches(n_images, 50, random_state=0)
    return X, np.arange(n_images) % n_classes
