"""What is tried on every set: the defaults, single changes of them, and what others would take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from skquickdraw import ResNetClassifier, recipes
from skquickdraw.augmentation import AugmentationPolicy

from .generic import GenericResNet18


@dataclass(frozen=True)
class Setting:
    """One row of the table.

    Attributes
    ----------
    title : str
    make : callable
        Takes a seed and returns an unfitted classifier.
    kind : {'default', 'change', 'peer'}
    """

    title: str
    make: Callable[[int], Any]
    kind: str


def change(title: str, **params: Any) -> Setting:
    """Return ``recipes.fast``, a network of half the width, with other parameters."""

    def make(seed: int) -> Any:
        own = {name: clone(value, safe=False) for name, value in params.items()}
        return recipes.fast(random_state=seed).set_params(**own)

    return Setting(title, make, "change")


def on_pixels(estimator: Any) -> Any:
    """Return a pipeline that flattens images for an estimator of scikit-learn."""
    return make_pipeline(FunctionTransformer(flatten), estimator)


def flatten(X: Any) -> Any:
    return X.reshape(len(X), -1)


SETTINGS: dict[str, Setting] = {
    "default": Setting(
        "`ResNetClassifier()`", lambda seed: ResNetClassifier(random_state=seed), "default"
    ),
    "fast": Setting("`recipes.fast()`", lambda seed: recipes.fast(random_state=seed), "default"),
    "best-5": Setting(
        "`recipes.best(minutes=5)`",
        lambda seed: recipes.best(minutes=5, n_jobs=1, random_state=seed),
        "default",
    ),
    "adamw": change("AdamW", optimizer="adamw"),
    "smoothing": change("label smoothing 0.1", label_smoothing=0.1),
    "no-average": change("last weights, no average", ema_decay=None),
    "one-view": change("one view", n_tta=1),
    "no-augmentation": change("no augmentation", augmentation=None),
    "light": change("turned, moved, resized, sheared", augmentation=AugmentationPolicy()),
    "no-mirror": change(
        "never mirrored",
        augmentation=AugmentationPolicy(horizontal_flip=0),
    ),
    "mirror": change(
        "always mirrored",
        augmentation=AugmentationPolicy(horizontal_flip=0.5),
    ),
    "cross-entropy": change("cross entropy", loss="cross_entropy"),
    "sampling": change("balanced sampling", loss="cross_entropy", sampling="balanced"),
    "dropout": change("dropout 0.2, stochastic depth 0.1", dropout=0.2, stochastic_depth=0.1),
    "twenty": change("20 passes", max_epochs=20),
    "svc": Setting(
        "SVC on pixels",
        lambda seed: on_pixels(make_pipeline(StandardScaler(), SVC(C=10, class_weight="balanced"))),
        "peer",
    ),
    "forest": Setting(
        "random forest on pixels",
        lambda seed: on_pixels(
            RandomForestClassifier(500, class_weight="balanced", random_state=seed)
        ),
        "peer",
    ),
    "boosting": Setting(
        "histogram boosting on pixels",
        lambda seed: on_pixels(
            HistGradientBoostingClassifier(class_weight="balanced", random_state=seed)
        ),
        "peer",
    ),
    "generic": Setting(
        "ResNet-18, as usual",
        lambda seed: GenericResNet18(random_state=seed),
        "peer",
    ),
}
