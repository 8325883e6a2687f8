"""Measure a row or a study of docs/competition.md: ``python -m competition.run NAME``.

A row, such as ``winner``, is written into ``results/recipes.json``, and its predictions with seed 0
into ``results/predictions.npz``. The labels of the holdout are used for scores only. The memory
folder keeps the networks that are finished, so an interrupted run can be continued. A study, such
as ``ladder``, measures the rows that its file of results lacks. ``errors`` measures the recall of
the winner on the larger classes.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import torch
from common import COMPETITION, ROOT, keep, load_drawings, measure_missing
from sklearn.pipeline import Pipeline

from . import scarce, splits
from .measure import RESULTS, costs, growth, keep_predictions, look_at_errors, score
from .original import N_PASSES
from .rows import ROWS, UNLABELED_TOO, unlabeled_pool
from .splits import Split

# For each study: the function that measures a row, and the rows.
STUDIES = {
    "ladder": (splits.climb, splits.STEPS),
    "students": (splits.teach, splits.STUDENTS),
    "scarce": (scarce.measure, scarce.ROWS),
}


def main():
    names = [*ROWS, *STUDIES, "errors"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=names)
    parser.add_argument("--data", type=Path, default=COMPETITION, help="folder of the competition")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--passes", type=int, default=N_PASSES, help="of the original's teachers")
    parser.add_argument("--memory", default=str(ROOT / ".cache" / "competition"))
    parser.add_argument("--n-jobs", type=int, default=2, help="networks of a vote to train at once")
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = load_drawings(options.data)
    if options.name == "errors":
        return look_at_errors("winner", data)
    for seed in options.seeds:
        if options.name in ROWS:
            keep(RESULTS / "recipes.json", options.name, seed, train(options, data, seed))
        else:
            measure, rows = STUDIES[options.name]
            split = Split(data, seed)
            measures = {row: partial(measure, row, split, options) for row in rows}
            measure_missing(RESULTS / f"{options.name}.json", seed, measures)


def train(options, data, seed):
    """Fit and measure a recipe with one seed."""
    estimator = ROWS[options.name](seed, options, data)
    more = {"X_unlabeled": unlabeled_pool(data)} if options.name in UNLABELED_TOO else {}
    estimator.fit(data.data, data.target, **more, **curve_data(estimator, data))
    holdout = estimator.predict_proba(data.holdout_data)
    if seed == 0:
        keep_predictions(options.name, estimator.predict_proba(data.unlabeled), holdout)
    return {
        **score(holdout, data),
        **costs(estimator),
        "curve": curve(estimator),
        "growth": growth(estimator, data),
    }


def curve_data(estimator, data):
    """Return fit arguments with which a single network is scored on a fifth of the holdout."""
    prefix = f"{estimator.steps[-1][0]}__" if isinstance(estimator, Pipeline) else ""
    if not prefix and not hasattr(estimator, "max_epochs"):
        return {}
    part = np.argsort(data.holdout_target, kind="stable")[::5]
    shown = {"X_val": data.holdout_data[part], "y_val": data.holdout_target[part]}
    return {f"{prefix}{name}": value for name, value in shown.items()}


def curve(estimator):
    """Return for each epoch of a single network: images and CPU minutes so far, and its score."""
    network = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    epochs = network.history_ if hasattr(network, "net_") else []
    images, seconds = (np.cumsum([epoch[key] for epoch in epochs]) for key in ("n_images", "cpu"))
    return [
        {"images": int(n), "cpu_minutes": s / 60, "score": epoch["valid_score"]}
        for n, s, epoch in zip(images, seconds, epochs, strict=True)
    ]


if __name__ == "__main__":
    main()
