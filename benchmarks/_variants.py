"""The networks to compare, and how to train them."""

from __future__ import annotations

from typing import Any, NamedTuple

from _settings import LIGHT, PLAIN

from skquickdraw import CNNClassifier, MobileNetClassifier, ResNetClassifier

RECIPE = PLAIN | {
    "augmentation": LIGHT,
    "loss": "balanced_softmax",
    "ema_decay": 0.99,
    "batch_size": 256,
    "device": "cpu",
    "random_state": 0,
}


class Variant(NamedTuple):
    """A classifier, and the parameters in which it departs from the recipe."""

    classifier: type
    parameters: dict[str, Any]


VARIANTS = {
    "mobilenet-0.5": Variant(MobileNetClassifier, {"width": 0.5}),
    "mobilenet-0.75": Variant(MobileNetClassifier, {"width": 0.75}),
    "mobilenet-1.0": Variant(MobileNetClassifier, {}),
    "mobilenet-1.5": Variant(MobileNetClassifier, {"width": 1.5}),
    "mobilenet-0.5-stem1": Variant(MobileNetClassifier, {"width": 0.5, "stem_stride": 1}),
    "mobilenet-1.0-stem1": Variant(MobileNetClassifier, {"stem_stride": 1}),
    "mobilenet-1.0-dropout": Variant(MobileNetClassifier, {"dropout": 0.2}),
    "mobilenet-1.0-spatial": Variant(MobileNetClassifier, {"spatial_dropout": 0.05}),
    "mobilenet-1.0-depth": Variant(MobileNetClassifier, {"stochastic_depth": 0.1}),
    "mobilenet-1.0-float32": Variant(MobileNetClassifier, {"precision": "float32"}),
    "mobilenet-1.0-bfloat16": Variant(MobileNetClassifier, {"precision": "bfloat16"}),
    "resnet-0.5": Variant(ResNetClassifier, {"width": 0.5}),
    "resnet-0.75": Variant(ResNetClassifier, {"width": 0.75}),
    "resnet-1.0": Variant(ResNetClassifier, {}),
    "resnet-1.0-float32": Variant(ResNetClassifier, {"precision": "float32"}),
    "resnet-1.0-bfloat16": Variant(ResNetClassifier, {"precision": "bfloat16"}),
    "cnn-0.5": Variant(CNNClassifier, {"width": 0.5}),
    "cnn-1.0": Variant(CNNClassifier, {}),
}


def make_classifier(name: str, n_epochs: int) -> Any:
    """Return the variant, ready to fit."""
    classifier, parameters = VARIANTS[name]
    return classifier(**{**RECIPE, **parameters}, max_epochs=n_epochs)
