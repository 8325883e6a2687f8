"""skquickdraw train FOLDER -o MODEL: from images to a saved and scored model."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import rich
from numpy.typing import NDArray

from .. import recipes
from .._device import resolve_device
from .._fitting import learns_from
from .._threads import threads_may_change
from .._typing import Estimator, ProbabilisticClassifier
from ..exceptions import FitInterrupted, InvalidParameterError
from ..model_selection import LabeledStratifiedShuffleSplit
from ..persistence import save_model
from ._copies import warn_of_copies
from ._data import (
    LabeledSet,
    check_classes,
    read_training_set,
    read_unlabeled,
    recall,
    remember,
)
from ._figures import check_figures, write_figures
from ._main import INTERRUPTED
from ._messages import tell
from ._output import check_output
from ._progress import Clock, describe, show_reading
from ._report import print_report, score

say = partial(tell, "train")


def run(arguments: argparse.Namespace) -> int:
    """Read, hold out, train, save, score, print."""
    inputs = [arguments.data, arguments.unlabeled]
    check_output(arguments.output, is_forced=arguments.force, inputs=inputs)
    check_figures(arguments.figures, is_forced=arguments.force)
    _check_name(arguments.output)
    resolve_device(arguments.device)
    model = make_model(arguments)
    if arguments.unlabeled is not None and not learns_from(model, "X_unlabeled"):
        raise InvalidParameterError(
            "--unlabeled needs a recipe that learns from images without labels; got --recipe "
            f"{arguments.recipe}. Take ensemble or distilled, or --minutes in its place."
        )
    state = "no model was saved"
    try:
        run = _train(model, arguments)
        state = f"{arguments.output} is saved, but not scored"
        print_report(_make_report(model, run, arguments), as_json=arguments.json)
    except KeyboardInterrupt:
        say(f"interrupted: {state}.")
        return INTERRUPTED
    return INTERRUPTED if run.is_interrupted else 0


@dataclass(frozen=True)
class Run:
    """The data of a training, and how long it took."""

    labeled: LabeledSet
    train: NDArray[np.intp]
    test: NDArray[np.intp]
    pool: NDArray[np.number] | None
    minutes: float
    is_interrupted: bool


def _train(model: ProbabilisticClassifier, arguments: argparse.Namespace) -> Run:
    """Train the model on all but the held-out images, and save it, also after an interrupt."""
    labeled, pool = _read(arguments)
    train, test = _hold_out(labeled.y, arguments.holdout, arguments.seed)
    warn_of_copies(labeled.X, labeled.y, test)
    started, is_interrupted = perf_counter(), False
    try:
        # The passes that fit into a time depend on the machine: no second run will be equal.
        with threads_may_change(arguments.recipe is None):
            _fit(model, labeled, train, pool, arguments)
    except FitInterrupted as interrupt:
        if not hasattr(model, "classes_"):
            raise
        say(f"{interrupt} Interrupt again to leave without a score.")
        is_interrupted = True
    minutes = (perf_counter() - started) / 60
    remember(model, labeled.reading, np.unique(labeled.y[train], return_counts=True)[1])
    save_model(model, arguments.output, keep_optimizer=False)
    return Run(labeled, train, test, pool, minutes, is_interrupted)


def _make_report(
    model: ProbabilisticClassifier, run: Run, arguments: argparse.Namespace
) -> dict[str, Any]:
    X, y = run.labeled.X[run.test], run.labeled.y[run.test]
    class_counts = recall(model)[1]
    return {
        "model": arguments.output,
        "trained_on": "training part" if len(run.test) else "all images",
        "trained": describe(model),
        "minutes": run.minutes,
        "images": _count(run, model),
        **score(model, X, y, class_counts),
        "figures": write_figures(model, X, y, class_counts, arguments.figures),
    }


def make_model(arguments: argparse.Namespace) -> ProbabilisticClassifier:
    """Return the estimator to train, unfitted, on the requested device."""
    if arguments.recipe is None:
        model = recipes.best(minutes=arguments.minutes, random_state=arguments.seed)
        parts = model.estimators
    else:
        model = getattr(recipes, arguments.recipe)(random_state=arguments.seed)
        parts = [model]
    for part in parts:
        _set_everywhere(part, "device", arguments.device)
    for part in [model, *parts]:  # folders say which images have no label, so no label is a mark
        marks = [key for key in part.get_params() if key.split("__")[-1] == "unlabeled_label"]
        part.set_params(**dict.fromkeys(marks))
    return model


def _set_everywhere(estimator: Estimator, parameter: str, value: object) -> None:
    """Set a parameter of each network inside: only networks have ``max_epochs``."""
    names = estimator.get_params()
    networks = [name.removesuffix("max_epochs") for name in names if name.endswith("max_epochs")]
    estimator.set_params(**{f"{prefix}{parameter}": value for prefix in networks})


def _check_name(path: str) -> None:
    if path.lower().endswith(".onnx"):
        raise InvalidParameterError(
            f"--output must not end with .onnx, because train writes another format; got {path!r}. "
            "Call the file model.safetensors, and convert it with skquickdraw export."
        )


def _read(arguments: argparse.Namespace) -> tuple[LabeledSet, NDArray[np.number] | None]:
    """Return the labeled images, and all unlabeled ones."""
    say(f"reading {arguments.data}")
    with show_reading("train", is_quiet=arguments.json):
        labeled = read_training_set(
            arguments.data,
            size=arguments.size,
            background=arguments.background,
            skip_broken=arguments.skip_broken,
        )
    check_classes(labeled, arguments.data)
    pools = [] if labeled.pool is None else [labeled.pool]
    if arguments.unlabeled is not None:
        say(f"reading {arguments.unlabeled}")
        with show_reading("train", is_quiet=arguments.json):
            pool = read_unlabeled(
                arguments.unlabeled, labeled.reading, skip_broken=arguments.skip_broken
            )
        pools.append(pool)
    kind = "in colour" if labeled.reading.mode == "RGB" else "grey"
    height, width = labeled.reading.image_shape
    n_classes = len(np.unique(labeled.y))
    say(f"{len(labeled.y)} images of {n_classes} classes, {height} x {width} pixels, {kind}")
    return labeled, np.concatenate(pools) if pools else None


def _hold_out(
    y: NDArray[np.generic], share: float, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows to train on and those to score on; each class keeps one to train on."""
    if share == 0:
        return np.arange(len(y)), np.arange(0)
    splitter = LabeledStratifiedShuffleSplit(
        n_splits=1, test_size=share, random_state=seed, unlabeled_label=None
    )
    try:
        ((train, test),) = splitter.split(y, y)
    except InvalidParameterError as error:
        raise InvalidParameterError(
            f"--holdout must hold out at least one image; got {share:g} of {len(y)} images, which "
            "is too little. Raise it, add images, or train on all of them with --holdout 0."
        ) from error
    return train, test


def _fit(
    model: ProbabilisticClassifier,
    labeled: LabeledSet,
    train: NDArray[np.intp],
    pool: NDArray[np.number] | None,
    arguments: argparse.Namespace,
) -> None:
    """Train, with a bar."""
    is_pooled = pool is not None and learns_from(model, "X_unlabeled")
    options = {"X_unlabeled": pool} if is_pooled else {}
    if arguments.recipe is None:
        with Clock(model, arguments.minutes, say, 0 if pool is None else len(pool)):
            model.fit(labeled.X[train], labeled.y[train], **options)
    else:
        say(f"training {describe(model)}")
        _set_everywhere(model, "verbose", 1)
        with _bars_on_stderr():
            model.fit(labeled.X[train], labeled.y[train], **options)


@contextmanager
def _bars_on_stderr() -> Iterator[None]:
    """Move the networks' own bars to stderr: stdout is for the result."""
    console = rich.get_console()
    before, console.stderr = console.stderr, True
    try:
        yield
    finally:
        console.stderr = before


def _count(run: Run, model: object) -> dict[str, int]:
    n_pool = 0 if run.pool is None else len(run.pool)
    is_used = learns_from(getattr(model, "plan_", model), "X_unlabeled")
    return {
        "training": len(run.train),
        "held_out": len(run.test),
        "unlabeled": n_pool,
        "unlabeled_used": n_pool if is_used else 0,
    }
