"""Classify small images with scarce, imbalanced labels, the scikit-learn way.

Names are imported on first use: ``import skquickdraw`` loads neither PyTorch nor scikit-learn.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        app,
        augmentation,
        cli,
        datasets,
        distillation,
        ensemble,
        exceptions,
        feature_extraction,
        few_shot,
        inspection,
        losses,
        metrics,
        model_selection,
        networks,
        neural_network,
        over_sampling,
        persistence,
        preprocessing,
        recipes,
        semi_supervised,
    )
    from .distillation import DistilledClassifier
    from .ensemble import SeedEnsembleClassifier
    from .feature_extraction import DeepFeatureExtractor as DeepFeatureExtractor
    from .few_shot import PrototypeClassifier, RelationNetworkClassifier
    from .few_shot import TopKReranker as TopKReranker
    from .neural_network import (
        CNNClassifier,
        ImageClassifier,
        MobileNetClassifier,
        ResNetClassifier,
    )
    from .over_sampling import AugmentingOverSampler
    from .persistence import load_model, save_model
    from .preprocessing import SketchNormalizer as SketchNormalizer
    from .semi_supervised import NoisyStudentClassifier, TransductiveClassifier

__version__ = "0.1.0.dev0"

# What most users need. DeepFeatureExtractor, SketchNormalizer and TopKReranker can be imported too.
# Type checkers can only read a literal. A test compares it with the tables below.
__all__ = [
    "AugmentingOverSampler",
    "CNNClassifier",
    "DistilledClassifier",
    "ImageClassifier",
    "MobileNetClassifier",
    "NoisyStudentClassifier",
    "PrototypeClassifier",
    "RelationNetworkClassifier",
    "ResNetClassifier",
    "SeedEnsembleClassifier",
    "TransductiveClassifier",
    "app",
    "augmentation",
    "cli",
    "datasets",
    "distillation",
    "ensemble",
    "exceptions",
    "feature_extraction",
    "few_shot",
    "inspection",
    "load_model",
    "losses",
    "metrics",
    "model_selection",
    "networks",
    "neural_network",
    "over_sampling",
    "persistence",
    "preprocessing",
    "recipes",
    "save_model",
    "semi_supervised",
]

_SUBPACKAGE_OF = {
    "AugmentingOverSampler": "over_sampling",
    "CNNClassifier": "neural_network",
    "DeepFeatureExtractor": "feature_extraction",
    "DistilledClassifier": "distillation",
    "ImageClassifier": "neural_network",
    "MobileNetClassifier": "neural_network",
    "NoisyStudentClassifier": "semi_supervised",
    "PrototypeClassifier": "few_shot",
    "RelationNetworkClassifier": "few_shot",
    "ResNetClassifier": "neural_network",
    "SeedEnsembleClassifier": "ensemble",
    "SketchNormalizer": "preprocessing",
    "TopKReranker": "few_shot",
    "TransductiveClassifier": "semi_supervised",
    "load_model": "persistence",
    "save_model": "persistence",
}
_SUBPACKAGES = set(__all__) - set(_SUBPACKAGE_OF)


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return import_module(f".{name}", __name__)
    if name not in _SUBPACKAGE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_SUBPACKAGE_OF[name]}", __name__), name)
    globals()[name] = value  # the next look-up does not call this function
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBPACKAGE_OF})
