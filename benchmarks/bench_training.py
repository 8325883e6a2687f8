"""Images per second in training, against a hand-written loop, plain skorch and Keras.

All train the same network on the same pictures by the same recipe. The loop by hand does without
an estimator's comforts; plain skorch augments image by image, as its data sets invite to; Keras has
layers for it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _by_hand import Recipe, train_by_hand
from _keras_loop import train_with_keras
from _machine import describe_machine, describe_moment
from _plain_skorch import TRANSFORMS, Transform, train_with_skorch
from _settings import LIGHT, make_plain
from _timing import compare, measure_seconds, summarize, take_turns

from skquickdraw import MobileNetClassifier
from skquickdraw._device import resolve_precision
from skquickdraw.datasets import make_sketches

RESULT = Path(__file__).parent / "results" / "training.json"
TARGETS = {
    "by hand": 0.97,
    "skorch": 5.0,
    "keras, on torch": 2.0,
}  # smallest ratio that the package aims for
N_TRANSFORMED = 500  # pictures that decide which transform is the faster one


def main() -> None:
    options = parse_options()
    torch.set_num_threads(options.threads)
    precision = resolve_precision(options.precision, torch.device("cpu"))
    recipe = Recipe(n_epochs=options.epochs, precision=precision)
    result = {**describe_moment(), "machine": describe_machine()}
    result["machine"]["versions"]["keras"] = version("keras")
    result |= {"recipe": describe_recipe(recipe), "n_rounds": options.rounds}
    result |= measure(options, recipe)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print_table(result)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="that count, after one of warm-up")
    parser.add_argument("--images", type=int, default=2560, help="pictures an epoch")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--precision", choices=["auto", "float32", "bfloat16"], default="auto")
    return parser.parse_args()


def describe_recipe(recipe: Recipe) -> dict[str, Any]:
    return {**asdict(recipe), "precision": str(recipe.precision).removeprefix("torch.")}


def measure(options: argparse.Namespace, recipe: Recipe) -> dict[str, Any]:
    """Return everything that is measured: rates, ratios, and the fixed cost of a fit."""
    X, y = make_data(options.images, recipe.n_classes)
    speeds = transform_speeds(X)
    transform = TRANSFORMS[max(speeds, key=speeds.__getitem__)]
    contenders = make_contenders(X, y, transform, recipe)
    n_shown = len(X) * recipe.n_epochs
    seconds = take_turns(contenders, options.rounds)
    rates = {name: [n_shown / s for s in seconds[name]] for name in contenders}
    ours = rates["skquickdraw"]
    return {
        "n_images": n_shown,
        "images_per_second": {name: summarize(values) for name, values in rates.items()},
        "ratios": {name: compare(ours, rates[name]) for name in rates if name != "skquickdraw"},
        "targets": TARGETS,
        "transforms_per_second": speeds,
        "fixed_seconds": measure_fixed_cost(X, y, recipe, options.rounds),
    }


def make_data(n_images: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sketches with labels that mean nothing: only the speed is looked at."""
    X, _ = make_sketches(n_images, 50, random_state=0)
    return X, np.arange(n_images) % n_classes


def transform_speeds(X: np.ndarray) -> dict[str, float]:
    """Return how many single pictures a second each way to augment changes."""
    speeds = {}
    for name, transform in TRANSFORMS.items():
        rng = np.random.default_rng(0)
        images = X[:N_TRANSFORMED].reshape(-1, 28, 28)
        transform(images[0], rng)  # the first call loads what it needs
        seconds = measure_seconds(lambda t=transform, r=rng, i=images: [t(image, r) for image in i])
        speeds[name] = round(len(images) / seconds)
    return speeds


def make_contenders(
    X: np.ndarray, y: np.ndarray, transform: Transform, recipe: Recipe
) -> dict[str, Callable[[], object]]:
    """Return the trainings to time; 'tuned' has the precision and memory layout of the others."""
    return {
        "skquickdraw": lambda: fit(X, y, recipe),
        "by hand": lambda: train_by_hand(X, y, recipe),
        "skorch, tuned": lambda: train_with_skorch(X, y, transform, recipe, is_tuned=True),
        "skorch": lambda: train_with_skorch(X, y, transform, recipe, is_tuned=False),
        "keras, on torch": lambda: train_with_keras(X, y, recipe),
    }


def fit(X: np.ndarray, y: np.ndarray, recipe: Recipe) -> MobileNetClassifier:
    """Fit the estimator by the recipe."""
    return make_plain(
        MobileNetClassifier,
        augmentation=LIGHT,
        lr=recipe.lr,
        weight_decay=recipe.weight_decay,
        label_smoothing=recipe.label_smoothing,
        batch_size=recipe.batch_size,
        max_epochs=recipe.n_epochs,
        precision=str(recipe.precision).removeprefix("torch."),
        device="cpu",
        random_state=0,
    ).fit(X, y)


def measure_fixed_cost(
    X: np.ndarray, y: np.ndarray, recipe: Recipe, n_rounds: int
) -> dict[str, float]:
    """Return the seconds of a fit that are no training: twice one epoch less two epochs."""
    fits = {n: lambda n=n: fit(X, y, replace(recipe, n_epochs=n)) for n in (1, 2)}
    seconds = take_turns({str(n): action for n, action in fits.items()}, n_rounds)
    return summarize([2 * a - b for a, b in zip(seconds["1"], seconds["2"], strict=True)])


def print_table(result: dict[str, Any]) -> None:
    print(f"{'':15} images/s     min     max   skquickdraw is")
    for name, rate in result["images_per_second"].items():
        ratio = result["ratios"].get(name)
        times = f"{ratio['median']:.2f} x as fast" if ratio else ""
        if name in TARGETS:
            times += f" (target {TARGETS[name]:g})"
        print(f"{name:15} {rate['median']:8.0f}{rate['min']:8.0f}{rate['max']:8.0f}   {times}")
    print(f"Fixed cost of a fit: {result['fixed_seconds']['median']:.2f} s")


if __name__ == "__main__":
    main()
