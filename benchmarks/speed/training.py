"""Images per second in training: the whole ``fit`` beside loops by hand, by skorch and by Keras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from common import LIGHT, compare_rates, make_labeled_sketches, make_plain, summarize, take_turns
from skorch import NeuralNetClassifier

from skquickdraw import MobileNetClassifier

from .loops import Recipe, TunedClassifier, train_by_hand, train_with_keras, train_with_skorch

# Smallest ratios that the library aims for.
TARGETS = {"by hand": 0.97, "skorch": 5.0, "keras, on torch": 2.0}


def fit(X: np.ndarray, y: np.ndarray, recipe: Recipe) -> Any:
    return make_plain(MobileNetClassifier, augmentation=LIGHT, **recipe.params()).fit(X, y)


CONTENDERS = {
    "skquickdraw": fit,
    "by hand": train_by_hand,
    "skorch, tuned": partial(train_with_skorch, TunedClassifier),
    "skorch": partial(train_with_skorch, NeuralNetClassifier),
    "keras, on torch": train_with_keras,
}


def measure_training(options: Any) -> Iterator[dict[str, Any]]:
    """Yield rates on equally many images, ratios, and the fixed cost of a fit."""
    recipe = TunedClassifier.recipe = Recipe(n_epochs=2)
    X, y = make_labeled_sketches(256 if options.quick else 2560, recipe.n_classes)
    present = {
        k: train for k, train in CONTENDERS.items() if k[:5] != "keras" or find_spec("keras")
    }
    actions = {name: partial(train, X, y, recipe) for name, train in present.items()}
    yield {"recipe": asdict(recipe)}
    yield compare_rates(take_turns(actions, options.rounds), len(X) * recipe.n_epochs, TARGETS)
    fits = {n: partial(fit, X, y, replace(recipe, n_epochs=n)) for n in (1, 2)}
    one, two = take_turns(fits, options.rounds).values()
    yield {"fixed_seconds": summarize(2 * a - b for a, b in zip(one, two, strict=True))}
