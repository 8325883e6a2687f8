"""Weights, speed and accuracy of the networks; and whether a fit takes the minutes it was given."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from common import (
    LIGHT,
    describe_moment,
    make_labeled_sketches,
    make_plain,
    measure_seconds,
    summarize,
)
from sklearn.metrics import balanced_accuracy_score

from skquickdraw import (
    CNNClassifier,
    MobileNetClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
    recipes,
)
from skquickdraw.datasets import load_competition, make_sketches

VARIANTS: dict[str, tuple[type, dict[str, Any]]] = {
    "mobilenet-0.5": (MobileNetClassifier, {"width": 0.5}),
    "mobilenet-1.0": (MobileNetClassifier, {}),
    "mobilenet-0.5-stem1": (MobileNetClassifier, {"width": 0.5, "stem_stride": 1}),
    "mobilenet-1.0-dropout": (MobileNetClassifier, {"dropout": 0.2}),
    "mobilenet-1.0-spatial": (MobileNetClassifier, {"spatial_dropout": 0.05}),
    "mobilenet-1.0-depth": (MobileNetClassifier, {"stochastic_depth": 0.1}),
    "mobilenet-1.0-float32": (MobileNetClassifier, {"precision": "float32"}),
    "resnet-0.5": (ResNetClassifier, {"width": 0.5}),
    "resnet-1.0": (ResNetClassifier, {}),
    "resnet-1.0-float32": (ResNetClassifier, {"precision": "float32"}),
    "cnn-1.0": (CNNClassifier, {}),
}
WITH_ACCURACY = ("mobilenet-0.5", "mobilenet-1.0", "resnet-0.5", "resnet-1.0", "cnn-1.0")
SECONDS = 75  # of training, for the accuracy
HELD_OUT_FRACTION, MOST_HELD_OUT = 0.2, 30  # of a class
RECIPES = {"best": recipes.best}
N_SKETCHES, MINUTES = (5000,), (1, 20)


def measure_networks(options: Any) -> Iterator[dict[str, Any]]:
    """Yield weights and images per second over the epochs of one short fit, without the first.

    With a competition's folder of data also the balanced accuracy after equal time, as many whole
    epochs as the measured speed allows, on a part of the labeled drawings. The holdout stays shut.
    """
    n_images, n_epochs = (256, 2) if options.quick else (1280, 7)
    X, y = make_labeled_sketches(n_images, 100)
    split = None if options.data is None or options.quick else load_split(options.data)
    found: dict[str, Any] = {}
    for name in VARIANTS:
        row = describe_moment()
        clf = make_variant(name, n_epochs).fit(X, y)
        rates = summarize(n_images / epoch["dur"] for epoch in clf.history_[1:])
        n_parameters = sum(p.numel() for p in clf.net_.module_.parameters())
        row |= {"n_parameters": n_parameters, "images_per_second": rates}
        if split is not None and name in WITH_ACCURACY:
            row["accuracy"] = train_and_score(name, *split, rates["median"] * SECONDS)
        found[name] = row
        yield {"variants": found}


def make_variant(name: str, n_epochs: int) -> Any:
    classifier, params = VARIANTS[name]
    given = {"augmentation": LIGHT, "loss": "balanced_softmax", "ema_decay": 0.99, **params}
    given |= {"batch_size": 256, "device": "cpu", "random_state": 0, "max_epochs": n_epochs}
    return make_plain(classifier, **given)


def load_split(folder: Any) -> tuple[Any, Any, np.ndarray]:
    """Return images, codes, and which rows are held out: a fifth of a class, but at most 30."""
    X, y = load_competition(folder, return_X_y=True)
    rng, is_held_out = np.random.default_rng(0), np.zeros(len(y), dtype=bool)
    for rows in (np.flatnonzero(y == code) for code in np.unique(y)):
        n = min(MOST_HELD_OUT, round(len(rows) * HELD_OUT_FRACTION))
        is_held_out[rng.permutation(rows)[:n]] = True
    return X, y, is_held_out


def train_and_score(
    name: str, X: Any, y: Any, is_held_out: np.ndarray, n_shown: float
) -> dict[str, Any]:
    n_train = int((~is_held_out).sum())
    clf = make_variant(name, max(1, round(n_shown / n_train)))
    seconds = measure_seconds(lambda: clf.fit(X[~is_held_out], y[~is_held_out]))
    score = balanced_accuracy_score(y[is_held_out], clf.predict(X[is_held_out]))
    return {
        "n_train": n_train,
        "n_test": int(is_held_out.sum()),
        "n_epochs": clf.n_epochs_,
        "fit_seconds": round(seconds, 1),
        "balanced_accuracy": round(float(score), 4),
        "seconds": SECONDS,
    }


def measure_minutes(options: Any) -> Iterator[dict[str, Any]]:
    """Yield the minutes that a fit took, by a clock of our own, and what was trained.

    The first fit is the process' first, so nothing is warmed up, as for a user.
    """
    keys = list(product(RECIPES, *(((200,), (0.05,)) if options.quick else (N_SKETCHES, MINUTES))))
    runs: dict[tuple[str, int, float], list[dict[str, Any]]] = {key: [] for key in keys}
    for seed in range(options.rounds):
        for name, n_rows, minutes in keys:
            X, y = make_sketches(n_rows, 10, random_state=0)
            clf = RECIPES[name](minutes=minutes, random_state=seed, n_jobs=options.threads)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of lateness, which is measured
                seconds = measure_seconds(lambda clf=clf, X=X, y=y: clf.fit(X, y))
            run = {"minutes": seconds / 60, "trained": describe_plan(clf.plan_)}
            runs[name, n_rows, minutes].append(run)
    yield {"points": [describe_point(key, own) for key, own in runs.items()]}


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
        "taken": summarize(run["minutes"] for run in runs),
        "ratio": summarize(run["minutes"] / minutes for run in runs),
        "trained": sorted({run["trained"] for run in runs}),
    }
