"""The settings that benchmarks train with, spelled out, so that rows do not follow the defaults."""

from __future__ import annotations

from typing import Any

from skquickdraw.augmentation import AugmentationPolicy

# Every parameter whose default has changed, but for the passes, which each benchmark gives.
PLAIN = {
    "stem_stride": 2,
    "weight_decay": 0.05,
    "label_smoothing": 0.1,
    "loss": "cross_entropy",
    "augmentation": None,
    "optimizer": "adamw",
    "lr": 0.003,
    "ema_decay": None,
    "n_tta": 1,
}
LIGHT = AugmentationPolicy(rotation=15, horizontal_flip=0.5, shift=0.08, scale=0.15, shear=8)
STRONGER = AugmentationPolicy(
    rotation=15,
    horizontal_flip=0.5,
    shift=0.08,
    scale=0.2,
    shear=10,
    elastic=0.8,
    thickness=0.3,
)


def make_plain(classifier: type, **params: Any) -> Any:
    """Return a classifier with the plain settings, but for ``params``."""
    return classifier(**(PLAIN | params))
