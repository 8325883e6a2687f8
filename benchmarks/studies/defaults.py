"""Settings on development sets: the defaults, single changes of them, and what others would take.

A cell is a set and a number of rows. ``results/defaults/<setting>.json`` is a list of runs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

from common import load as load_result
from common import save
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from skquickdraw import ResNetClassifier, recipes
from skquickdraw.augmentation import AugmentationPolicy

from .data import Absent, load
from .generic import GenericResNet18

RESULTS = Path(__file__).parent / "results" / "defaults"
CELLS = [
    "digits-272",
    "letters-300",
    "clothes-500",
    "photos-500",
    "drawings-1000",
    "sketches-300",
    "digits-1000",
    "letters-1000",
    "clothes-1500",
    "photos-2229",
    "characters-1210",
    "drawings-2000",
    "sketches-1200",
]


class Setting(NamedTuple):
    """A row of the table: its title, what makes a classifier of a seed, and its kind."""

    title: str
    make: Callable[[int], Any]
    kind: str = "default"  # or 'change' or 'peer'


def change(title: str, **params: Any) -> Setting:
    """Return ``recipes.fast``, a network of half the width, with other parameters."""

    def make(seed: int) -> Any:
        own = {name: clone(value, safe=False) for name, value in params.items()}
        return recipes.fast(random_state=seed).set_params(**own)

    return Setting(title, make, "change")


def flatten(X: Any) -> Any:
    return X.reshape(len(X), -1)


def on_pixels(title: str, make: Callable[[int], list[Any]]) -> Setting:
    """Return estimators of scikit-learn, of a seed, behind what flattens images."""
    flat = FunctionTransformer(flatten)
    return Setting(title, lambda seed: make_pipeline(flat, *make(seed)), "peer")


BALANCED = {"class_weight": "balanced"}
SETTINGS: dict[str, Setting] = {
    "default": Setting("`ResNetClassifier()`", lambda s: ResNetClassifier(random_state=s)),
    "fast": Setting("`recipes.fast()`", lambda s: recipes.fast(random_state=s)),
    "best-5": Setting(
        "`recipes.best(minutes=5)`", lambda s: recipes.best(minutes=5, n_jobs=1, random_state=s)
    ),
    "adamw": change("AdamW", optimizer="adamw"),
    "smoothing": change("label smoothing 0.1", label_smoothing=0.1),
    "no-average": change("last weights, no average", ema_decay=None),
    "one-view": change("one view", n_tta=1),
    "no-augmentation": change("no augmentation", augmentation=None),
    "light": change("only rotate, move, resize, shear", augmentation=AugmentationPolicy()),
    "no-mirror": change("never mirrored", augmentation=AugmentationPolicy(horizontal_flip=0)),
    "mirror": change("always mirrored", augmentation=AugmentationPolicy(horizontal_flip=0.5)),
    "cross-entropy": change("cross entropy", loss="cross_entropy"),
    "sampling": change("balanced sampling", loss="cross_entropy", sampling="balanced"),
    "dropout": change("dropout 0.2, stochastic depth 0.1", dropout=0.2, stochastic_depth=0.1),
    "twenty": change("20 passes", max_epochs=20),
    "svc": on_pixels("SVC on pixels", lambda s: [StandardScaler(), SVC(C=10, **BALANCED)]),
    "forest": on_pixels(
        "random forest on pixels",
        lambda s: [RandomForestClassifier(500, random_state=s, **BALANCED)],
    ),
    "boosting": on_pixels(
        "histogram boosting on pixels",
        lambda s: [HistGradientBoostingClassifier(random_state=s, **BALANCED)],
    ),
    "generic": Setting("ResNet-18, as usual", lambda s: GenericResNet18(random_state=s), "peer"),
}


def measure(options: Any) -> None:
    """Measure what is not in the results yet, and add it to them."""
    for seed in options.seeds or [0, 1, 2]:
        for cell in options.cells or CELLS:
            for name in options.rows or SETTINGS:
                measure_once(name, cell, seed, options.data)


def measure_once(name: str, cell: str, seed: int, folder: Path | None) -> None:
    path = RESULTS / f"{name}.json"
    found = load_result(path) or []
    if any((row["cell"], row["seed"]) == (cell, seed) for row in found):
        return
    try:
        split = load(cell, seed, folder)
    except Absent as error:
        print(f"{cell}: left out. {error}")
        return
    started = process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a budget that was missed beside other work
        clf = SETTINGS[name].make(seed).fit(split.X, split.y)
    seconds = process_time() - started
    predicted = clf.predict(split.X_test)
    row = {
        "cell": cell,
        "seed": seed,
        "n_rows": len(split.y),
        "balanced_accuracy": round(balanced_accuracy_score(split.y_test, predicted), 5),
        "accuracy": round(accuracy_score(split.y_test, predicted), 5),
        "cpu_seconds": round(seconds, 1),
        "n_epochs": getattr(clf, "n_epochs_", None),
    }
    save(path, [*found, row])
    print(f"{name:16} {cell:16} {seed} {row['balanced_accuracy']:.3f} {row['cpu_seconds']:.0f} s")
