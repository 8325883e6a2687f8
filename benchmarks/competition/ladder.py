"""Climb the ladder: every step with several seeds, on splits of the labelled drawings.

    cd benchmarks && python -m competition.ladder --data ../../shared/quickdraw100 --seeds 0 1 2

A seed's split holds out a fifth of each class, at most 40 drawings, and is scored by balanced
accuracy, so that every class counts the same though the rare ones have few to be held out. The
holdout is not touched. Each finished pair of step and seed is kept: a run goes on where it stopped.
Writes ``results/ladder.json``.
"""

from __future__ import annotations

import argparse
import json
from itertools import product
from pathlib import Path
from statistics import mean, stdev
from time import process_time
from typing import Any

import numpy as np
import torch
from _machine import describe_machine
from joblib import Parallel, delayed
from sklearn.utils import Bunch

from skquickdraw.datasets import load_competition

from .measure import report
from .steps import PASSES, STEPS, looks_of, make_estimator

FILE = Path(__file__).parent / "results" / "ladder.json"
HELD_OUT, MOST_HELD_OUT = 5, 40  # one in five of a class, and how many at most


def main() -> None:
    args = parse_arguments()
    torch.set_num_threads(1)
    data = load_competition(args.data)
    result = json.loads(FILE.read_text()) if FILE.is_file() else {"steps": {}}
    names = args.steps or [step.name for step in STEPS if not step.is_look]
    tasks = [
        (name, seed)
        for seed, name in product(args.seeds, names)
        if str(seed) not in result["steps"].get(name, {})
    ]
    jobs = (delayed(climb)(name, seed, data) for name, seed in tasks)
    for seed, rows in Parallel(args.n_jobs, return_as="generator_unordered")(jobs):
        for name, row in rows.items():
            result["steps"].setdefault(name, {})[str(seed)] = row
            print(f"{name}, seed {seed}: {row['balanced_accuracy']:.1%}", flush=True)
        result |= {"passes": PASSES, "machine": describe_machine()}
        FILE.write_text(json.dumps(result, indent=1) + "\n")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder with train.npz")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", nargs="+", help="some of the steps only")
    parser.add_argument("--n-jobs", type=int, default=2)
    return parser.parse_args()


def climb(name: str, seed: int, data: Bunch) -> tuple[int, dict[str, dict[str, Any]]]:
    """Fit one step on one split; score it, and the steps that share its network, by name."""
    torch.set_num_threads(1)
    train, held_out = split(data.target, seed)
    estimator = make_estimator(name, seed)
    started = process_time()
    estimator.fit(data.data[train], data.target[train])
    minutes = (process_time() - started) / 60
    rows = {}
    for look in looks_of(name):
        if look.is_look:
            estimator.set_params(**look.params)
        prediction = estimator.predict(data.data[held_out])
        rows[look.name] = report(data.target[held_out], prediction, data)
        rows[look.name]["cpu_minutes"] = minutes
    return seed, rows


def split(y: Any, seed: int) -> tuple[Any, Any]:
    """Return rows to train on and rows to score; the latter at most a fifth of any class."""
    rng = np.random.default_rng(seed)
    is_held_out = np.zeros(len(y), dtype=bool)
    for code in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == code))
        is_held_out[rows[: min(len(rows) // HELD_OUT, MOST_HELD_OUT)]] = True
    return np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)


def gain(runs: dict[str, Any], below: dict[str, Any]) -> str:
    """Return the mean difference over common seeds, in points, and its standard error."""
    key = "balanced_accuracy"
    gains = [100 * (runs[s][key] - below[s][key]) for s in sorted(runs.keys() & below.keys())]
    if not gains:
        return ""
    error = f" ± {stdev(gains) / len(gains) ** 0.5:.1f}" if len(gains) > 1 else ""
    return f"{mean(gains):+.1f}{error}"


if __name__ == "__main__":
    main()
