"""Weights, speed and accuracy of the networks; and whether a fit takes the minutes it was given."""

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

from common import (
    LIGHT,
    describe_moment,
    make_labeled_sketches,
    make_plain,
    measure_seconds,
    summarize,
)
from competition.splits import Split

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
N_SKETCHES, MINUTES = 5000, (1, 20)


def measure_networks(options: Any) -> Iterator[dict[str, Any]]:
    """Yield weights and images per second over the epochs of one short fit, without the first.

    With a competition's folder of data also the balanced accuracy after equal time, as many whole
    epochs as the measured speed allows, on a part of the labeled drawings. The holdout stays shut.
    """
    n_images, n_epochs = (256, 2) if options.quick else (1280, 7)
    X, y = make_labeled_sketches(n_images, 100)
    has_data = options.data is not None and not options.quick
    split = Split(load_competition(options.data), 0) if has_data else None
    found: dict[str, Any] = {}
    for name in VARIANTS:
        row = describe_moment()
        clf = make_variant(name, n_epochs).fit(X, y)
        rates = summarize(n_images / epoch["dur"] for epoch in clf.history_[1:])
        n_parameters = sum(p.numel() for p in clf.net_.module_.parameters())
        row |= {"n_parameters": n_parameters, "rate": rates, "score": "not measured"}
        if split is not None and name in WITH_ACCURACY:
            clf = make_variant(name, max(1, round(rates["median"] * SECONDS / len(split.y))))
            seconds = measure_seconds(partial(clf.fit, split.X, split.y))
            score = split.score(clf.predict(split.X_test))["balanced_accuracy"]
            row |= {"n_epochs": clf.n_epochs_, "fit_seconds": round(seconds, 1)}
            row |= {"balanced_accuracy": round(score, 4), "score": f"{100 * score:.1f}"}
        found[name] = row
        yield {"rows": found}


def make_variant(name: str, n_epochs: int) -> Any:
    classifier, params = VARIANTS[name]
    given = {"augmentation": LIGHT, "loss": "balanced_softmax", "ema_decay": 0.99, **params}
    given |= {"batch_size": 256, "device": "cpu", "random_state": 0, "max_epochs": n_epochs}
    return make_plain(classifier, **given)


def measure_minutes(options: Any) -> Iterator[dict[str, Any]]:
    """Yield the minutes that a fit took, by a clock of our own, and what was trained.

    The first fit is the process' first, so nothing is warmed up, as for a user.
    """
    n_rows, all_minutes = (200, (0.05,)) if options.quick else (N_SKETCHES, MINUTES)
    X, y = make_sketches(n_rows, 10, random_state=0)
    runs: dict[float, list[tuple[float, str]]] = {minutes: [] for minutes in all_minutes}
    for seed in range(options.rounds):
        for minutes, own in runs.items():
            clf = recipes.best(minutes=minutes, random_state=seed, n_jobs=options.threads)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of lateness, which is measured
                seconds = measure_seconds(partial(clf.fit, X, y))
            own.append((seconds / 60, describe_plan(clf.plan_)))
    yield {"rows": [describe_point(n_rows, *point) for point in runs.items()]}


def describe_plan(plan: Any) -> str:
    """Return how many networks of which width a plan trains."""
    is_vote = isinstance(plan, SeedEnsembleClassifier)
    n_networks, network = (plan.n_estimators, plan.estimator) if is_vote else (1, plan)
    return f"{n_networks} of width {network.width:g}"


def describe_point(n_rows: int, minutes: float, runs: list[tuple[float, str]]) -> dict[str, Any]:
    """Return a row for so many minutes, of runs: what each took, and what it trained."""
    return {
        "recipe": "best",
        "n_rows": n_rows,
        "minutes": minutes,
        "taken": summarize(taken for taken, _ in runs),
        "ratio": summarize(taken / minutes for taken, _ in runs),
        "networks": "; ".join(sorted({trained for _, trained in runs})),
    }
