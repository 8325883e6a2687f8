"""Images per second in training: the whole ``fit`` beside loops by hand, by skorch and by Keras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
from common import LIGHT, compare_rates, make_labeled_sketches, make_plain, summarize, take_turns
from skorch import NeuralNetClassifier

from skquickdraw import MobileNetClassifier

from .loops import Recipe, TunedClassifier, train_by_hand, train_with_keras, train_with_skorch

# Smallest ratios that the library aims for.
TARGETS = {"by hand": 0.97, "skorch": 5.0, "keras, on torch": 2.0}


def measure_training(options: Any) -> Iterator[dict[str, Any]]:
    """Yield rates on equally many images, ratios, and the fixed cost of a fit."""
    recipe = Recipe(n_epochs=2)
    X, y = make_labeled_sketches(256 if options.quick else 2560, recipe.n_classes)
    TunedClassifier.recipe = recipe
    contenders = {
        "skquickdraw": lambda: fit(X, y, recipe),
        "by hand": lambda: train_by_hand(X, y, recipe),
        "skorch, tuned": lambda: train_with_skorch(TunedClassifier, X, y, recipe),
        "skorch": lambda: train_with_skorch(NeuralNetClassifier, X, y, recipe),
        "keras, on torch": lambda: train_with_keras(X, y, recipe),
    }
    if not find_spec("keras"):
        del contenders["keras, on torch"]
    seconds = take_turns(contenders, options.rounds)
    yield {"recipe": asdict(recipe)}
    yield compare_rates(seconds, len(X) * recipe.n_epochs, TARGETS)
    fits = {n: lambda n=n: fit(X, y, replace(recipe, n_epochs=n)) for n in (1, 2)}
    one, two = take_turns(fits, options.rounds).values()
    yield {"fixed_seconds": summarize(2 * a - b for a, b in zip(one, two, strict=True))}


def fit(X: np.ndarray, y: np.ndarray, recipe: Recipe) -> Any:
    return make_plain(MobileNetClassifier, augmentation=LIGHT, **recipe.params()).fit(X, y)
