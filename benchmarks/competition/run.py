"""Train a row of docs/competition.md, measure it, and write its predictions.

    make competition RECIPE=fast DATA=folder [SEEDS="0 1 2"] [N_JOBS=2]
    make competition RECIPE=original-single DATA=folder PASSES=5

Writes ``results/<recipe>.json`` and, of seed 0, ``results/<recipe>-unlabeled.npy`` (labels of
``unlabeled.npz``, int64, in its order) and ``results/<recipe>-transductive-unlabeled.npy`` (the
same, using that the set is balanced), and ``results/<recipe>-holdout.npz``, for a look at the
errors. The holdout's labels measure, and nothing else. What a recipe has finished is kept in the
memory folder, so that a run which was interrupted goes on there. ``wall_minutes`` are of this run
alone, in which kept networks took none; ``cpu_minutes`` are of all.
"""

from __future__ import annotations

import argparse
import inspect
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _machine import describe_machine, describe_moment
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch

from skquickdraw._fitting import learns_from
from skquickdraw.datasets import load_competition
from skquickdraw.semi_supervised import assign_to_prior

from .measure import costs, growth, peak_memory, score
from .rows import ROWS, unlabeled_pool

RESULTS = Path(__file__).parent / "results"
MEMORY = Path(__file__).parents[2] / ".cache" / "competition"
CURVE_STEP = 5  # every fifth holdout drawing is scored after each epoch, for the curve


def main() -> None:
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    data = load_competition(args.data)
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{args.recipe}.json"
    seeds = load_seeds(file)
    for seed in args.seeds:
        seeds[str(seed)] = train(args, data, seed, writes=seed == 0)
        file.write_text(json.dumps({"recipe": args.recipe, "seeds": seeds}, indent=1) + "\n")
        print_row(args.recipe, seed, seeds[str(seed)])


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", choices=list(ROWS))
    parser.add_argument("--data", required=True, help="folder with train, unlabeled, holdout .npz")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--passes", type=int, help="of the original's teachers")
    parser.add_argument("--memory", default=str(MEMORY))
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch, for each job")
    parser.add_argument("--n-jobs", type=int, default=2, help="networks to train at once")
    return parser.parse_args()


def load_seeds(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text())["seeds"] if file.is_file() else {}


def train(args: argparse.Namespace, data: Bunch, seed: int, *, writes: bool) -> dict[str, Any]:
    """Fit and measure a recipe with one seed; write its predictions where asked to."""
    started = time.perf_counter()
    estimator = ROWS[args.recipe](seed, args, data)
    estimator.fit(data.data, data.target, **extra_data(estimator, data))
    seconds = time.perf_counter() - started
    pool, holdout = map(estimator.predict_proba, (data.unlabeled, data.holdout_data))
    if writes:
        write_predictions(args.recipe, estimator.classes_, pool)
        file = RESULTS / f"{args.recipe}-holdout.npz"
        label, confidence = holdout.argmax(axis=1), holdout.max(axis=1).astype(np.float32)
        np.savez_compressed(file, label=label, confidence=confidence)
    return {
        **score(holdout, data),
        **costs(estimator),
        "curve": curve(estimator),
        "growth": growth(estimator, data),
        "wall_minutes": seconds / 60,
        "peak_memory": peak_memory(),
        "machine": describe_machine() | {"jobs": args.n_jobs},
        **describe_moment(),
    }


def extra_data(estimator: Any, data: Bunch) -> dict[str, Any]:
    """Return the unlabelled drawings for who learns from such.

    A network by itself is shown a fifth of the holdout after each epoch, for the curve.
    """
    if learns_from(estimator, "X_unlabeled"):
        return {"X_unlabeled": unlabeled_pool(data)}
    prefix = network_prefix(estimator)
    if prefix is None:
        return {}
    part = np.argsort(data.holdout_target, kind="stable")[::CURVE_STEP]
    return {
        f"{prefix}X_val": data.holdout_data[part],
        f"{prefix}y_val": data.holdout_target[part],
    }


def network_prefix(estimator: Any) -> str | None:
    """Return how parameters of a network's ``fit`` are called; None where it is no single one."""
    prefix = ""
    if isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix = f"{name}__"
    return prefix if "X_val" in inspect.signature(estimator.fit).parameters else None


def curve(estimator: Any) -> list[dict[str, float]]:
    """Return epochs of a single network: pictures and processor time so far, and its score."""
    network = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    if network_prefix(network) is None:
        return []
    images = np.cumsum([epoch["n_images"] for epoch in network.history_]).tolist()
    minutes = np.cumsum([epoch["cpu"] / 60 for epoch in network.history_]).tolist()
    scores = [epoch["valid_score"] for epoch in network.history_]
    keys = ("images", "cpu_minutes", "score")
    return [
        dict(zip(keys, point, strict=True)) for point in zip(images, minutes, scores, strict=True)
    ]


def write_predictions(recipe: str, classes: Any, proba: Any) -> None:
    """Write the labels of the unlabelled drawings, row by row and as a balanced set."""
    plain, assigned = proba.argmax(axis=1), assign_to_prior(proba)
    for name, codes in ((recipe, plain), (f"{recipe}-transductive", assigned)):
        np.save(RESULTS / f"{name}-unlabeled.npy", classes[codes].astype(np.int64))


def print_row(recipe: str, seed: int, row: dict[str, Any]) -> None:
    scores = "  ".join(f"{name} {value:.1%}" for name, value in row["scores"].items())
    assigned = row["transductive"]["balanced_accuracy"]
    print(
        f"{recipe}, seed {seed}: {scores}  transductive {assigned:.1%}  "
        f"{row['cpu_minutes']:.0f} CPU minutes, {row['images']:,} pictures",
        flush=True,
    )


if __name__ == "__main__":
    main()
