"""Train a row of docs/competition.md, or a study of it: ``python -m competition.run NAME``.

A row, such as ``winner``, writes ``results/NAME.json`` and, of seed 0, its predictions into
``results/predictions.npz``. The holdout's labels measure, and nothing else. What a row has finished
is kept in the memory folder, so that a run which was interrupted goes on there. ``wall_minutes``
are of this run alone, in which kept networks took none; ``cpu_minutes`` are of all. A study,
``ladder`` or ``students``, measures what its results lack. ``errors`` looks at the
predictions of the winner.
"""

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from common import COMPETITION, ROOT, describe_machine, describe_moment, load, need_folder, save
from joblib import Parallel, delayed
from sklearn.pipeline import Pipeline

from skquickdraw.datasets import load_competition

from .measure import RESULTS, costs, growth, keep_predictions, look_at_errors, score
from .original import N_PASSES
from .rows import ROWS, UNLABELED_TOO, unlabeled_pool
from .splits import PASSES, STUDIES, Split


def main():
    names = [*ROWS, *STUDIES, "errors"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=names)
    parser.add_argument("--data", type=Path, default=COMPETITION, help="folder of the competition")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--passes", type=int, default=N_PASSES, help="of the original's teachers")
    parser.add_argument("--rows", nargs="+", help="some rows of a study only")
    parser.add_argument("--memory", default=str(ROOT / ".cache" / "competition"))
    parser.add_argument("--n-jobs", type=int, default=2, help="networks to train at once")
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = load_competition(need_folder(options.data, "The competition's folder"))
    if options.name == "errors":
        look_at_errors("winner", data)
    elif options.name in STUDIES:
        study(options, data)
    else:
        train_row(options, data)


def study(options, data):
    """Measure what the results of a study lack, the row first that leaves others its teacher."""
    measure, names = STUDIES[options.name]
    file = RESULTS / f"{options.name}.json"
    result = {"rows": {}, "passes": PASSES} | load(file)
    for seed in options.seeds:
        split = Split(data, seed)
        known = [name for name, runs in result["rows"].items() if str(seed) in runs]
        missing = [name for name in options.rows or names if name not in known]
        for part in (missing[:1], missing[1:]):
            jobs = (delayed(in_one_thread)(measure, name, split, options.memory) for name in part)
            for name, row in Parallel(options.n_jobs, return_as="generator_unordered")(jobs):
                result["rows"].setdefault(name, {})[str(seed)] = row
                save(file, result | {"machine": describe_machine()})
                print(f"{name}, seed {seed}: {row['balanced_accuracy']:.1%}", flush=True)


def in_one_thread(measure, name, split, memory):
    torch.set_num_threads(1)
    return name, measure(name, split, memory)


def train_row(options, data):
    file = RESULTS / f"{options.name}.json"
    result = {"recipe": options.name, "seeds": {}} | load(file)
    for seed in options.seeds:
        row = result["seeds"][str(seed)] = train(options, data, seed)
        save(file, result)
        scores = "  ".join(f"{name} {value:.1%}" for name, value in row["scores"].items())
        print(f"seed {seed}: {scores}  {row['cpu_minutes']:.0f} CPU minutes", flush=True)


def train(options, data, seed):
    """Fit and measure a recipe with one seed."""
    started = perf_counter()
    estimator = ROWS[options.name](seed, options, data)
    more = {"X_unlabeled": unlabeled_pool(data)} if options.name in UNLABELED_TOO else {}
    estimator.fit(data.data, data.target, **more, **curve_data(estimator, data))
    seconds = perf_counter() - started
    holdout = estimator.predict_proba(data.holdout_data)
    if seed == 0:
        keep_predictions(options.name, estimator.predict_proba(data.unlabeled), holdout)
    return {
        **score(holdout, data),
        **costs(estimator),
        "curve": curve(estimator),
        "growth": growth(estimator, data),
        "wall_minutes": seconds / 60,
        "machine": describe_machine() | {"jobs": options.n_jobs},
        **describe_moment(),
    }


def curve_data(estimator, data):
    """Return what shows a single network a fifth of the holdout after each epoch."""
    prefix = f"{estimator.steps[-1][0]}__" if isinstance(estimator, Pipeline) else ""
    if not prefix and not hasattr(estimator, "max_epochs"):
        return {}
    part = np.argsort(data.holdout_target, kind="stable")[::5]
    shown = {"X_val": data.holdout_data[part], "y_val": data.holdout_target[part]}
    return {f"{prefix}{name}": value for name, value in shown.items()}


def curve(estimator):
    """Return epochs of a single network: images and processor time so far, and its score."""
    network = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    epochs = network.history_ if hasattr(network, "net_") else []
    images, seconds = (np.cumsum([epoch[key] for epoch in epochs]) for key in ("n_images", "cpu"))
    return [
        {"images": int(n), "cpu_minutes": s / 60, "score": epoch["valid_score"]}
        for n, s, epoch in zip(images, seconds, epochs, strict=True)
    ]


if __name__ == "__main__":
    main()
