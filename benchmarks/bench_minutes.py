"""Minutes that a fit was given, and minutes that it took.

Each recipe is given some minutes on sketches of some numbers. The first fit of a round is the
process' first, so nothing is warmed up, as for a user.
"""

from __future__ import annotations

import argparse
import warnings
from itertools import product
from time import perf_counter
from typing import Any

import numpy as np
from _speed_run import begin_result, keep_result, parse_options, print_line
from _timing import summarize

from skquickdraw import SeedEnsembleClassifier, recipes
from skquickdraw.datasets import make_sketches

RECIPES = {"best": recipes.best, "fast": recipes.fast, "accurate": recipes.accurate}
N_CLASSES = 10


def main() -> None:
    options = parse_options(__doc__, n_rounds=3, add=add_options)
    if options.quick:
        options.minutes, options.rows = [0.05], [200]
    result = begin_result(options)
    result["points"] = measure(options)
    keep_result("minutes", result, options)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, nargs="+", default=[0.2, 1.0])
    parser.add_argument("--rows", type=int, nargs="+", default=[500, 5000])
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))


def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return a point for each recipe, number of rows and number of minutes; points take turns."""
    data = {n: make_sketches(n, N_CLASSES, random_state=0) for n in options.rows}
    keys = list(product(options.recipes, options.rows, options.minutes))
    runs: dict[tuple[str, int, float], list[dict[str, Any]]] = {key: [] for key in keys}
    for seed in range(options.rounds):
        for name, n_rows, minutes in keys:
            estimator = make_estimator(name, minutes, options.threads, seed)
            runs[name, n_rows, minutes].append(time_fit(estimator, *data[n_rows]))
    points = [describe_point(key, own) for key, own in runs.items()]
    for point in points:
        label = f"{point['recipe']}, {point['n_rows']} rows, {point['minutes']:g} minutes"
        print_line(label, point["ratio"], ", ".join(point["trained"]))
    return points


def make_estimator(name: str, minutes: float, n_threads: int, seed: int) -> Any:
    """Return the recipe; only a vote uses threads by training several networks at once."""
    params: dict[str, Any] = {"n_jobs": n_threads} if name == "best" else {}
    return RECIPES[name](minutes=minutes, random_state=seed, **params)


def time_fit(estimator: Any, X: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Return the minutes of a fit by a clock of our own, and what was trained."""
    started = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of lateness, which is what is measured
        estimator.fit(X, y)
    return {"minutes": (perf_counter() - started) / 60, "trained": describe_plan(estimator.plan_)}


def describe_plan(plan: Any) -> str:
    """Return how many networks of which width a plan trains."""
    is_vote = isinstance(plan, SeedEnsembleClassifier)
    n_networks, network = (plan.n_estimators, plan.estimator) if is_vote else (1, plan)
    return f"{n_networks} of width {network.width:g}"


def describe_point(key: tuple[str, int, float], runs: list[dict[str, Any]]) -> dict[str, Any]:
    name, n_rows, minutes = key
    return {
        "recipe": name,
        "n_rows": n_rows,
        "minutes": minutes,
        "taken": summarize([run["minutes"] for run in runs]),
        "ratio": summarize([run["minutes"] / minutes for run in runs]),
        "trained": sorted({run["trained"] for run in runs}),
    }


if __name__ == "__main__":
    main()
