"""One module for all steps of an estimator: pixels in, probabilities (or features) out.

The networks inside are shared with the estimator. So copy the module before you change it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from .._image_shape import ImageShape
from .._pixel_range import MAX_PIXEL, PixelRange
from ..distillation import DistilledClassifier
from ..ensemble import SeedEnsembleClassifier
from ..exceptions import InvalidParameterError
from ..feature_extraction import DeepFeatureExtractor
from ..few_shot import RelationNetworkClassifier
from ..neural_network import BaseImageClassifier, ResNetClassifier, read_layer
from ..recipes import BudgetedClassifier
from ..semi_supervised import TransductiveClassifier

SMALLEST_PROBA = 1e-15  # as in the vote of logits

SUPPORTED = (
    "CNNClassifier, ImageClassifier, MobileNetClassifier, ResNetClassifier, "
    "RelationNetworkClassifier and DeepFeatureExtractor; and, holding such classifiers, "
    "SeedEnsembleClassifier, NoisyStudentClassifier, DistilledClassifier, TransductiveClassifier, "
    "recipes.BudgetedClassifier and scikit-learn's VotingClassifier(voting='soft'), "
    "FrozenEstimator, searches, and pipelines whose other steps only work in fit"
)


class PictureReader(nn.Module):
    """A module that takes floating-point pixels (B, ...) and reads them as ``image_shape``.

    ``pixel_range`` is what its network was fitted to, and ``background`` the colour that surrounds
    these images, one value per channel; None if not known.
    """

    pixel_range: PixelRange | None = None
    background: list[float] | None = None

    def __init__(self, network: nn.Module, image_shape: ImageShape) -> None:
        super().__init__()
        self.network: Any = network
        self.image_shape = image_shape

    def read(self, pixels: Tensor) -> Tensor:
        if pixels.shape[1:] == self.image_shape:
            return pixels
        return pixels.reshape(pixels.shape[0], *self.image_shape)  # (B, C, H, W)


class MeanOfViews(PictureReader):
    """A network's logits or features of images, averaged over test-time views."""

    def __init__(
        self,
        network: nn.Module,
        image_shape: ImageShape,
        views: list[Callable[[Tensor], Tensor]],
    ) -> None:
        super().__init__(network, image_shape)
        self.views = views

    def forward(self, pixels: Tensor) -> Tensor:
        images = self.read(pixels)
        views = torch.cat([view(images) for view in self.views])  # (V * B, C, H, W): one network
        outputs = self.network(views)
        return outputs.reshape(len(self.views), *images.shape[:1], *outputs.shape[1:]).mean(0)


class Relations(PictureReader):
    """Scores (B, n_classes) of images against the mean maps of classes."""

    class_maps: Tensor

    def __init__(self, network: nn.Module, image_shape: ImageShape, class_maps: Tensor) -> None:
        super().__init__(network, image_shape)
        self.register_buffer("class_maps", class_maps)  # (n_classes, c, h, w)

    def forward(self, pixels: Tensor) -> Tensor:
        maps = self.network.embed(self.read(pixels))  # (B, c, h, w)
        return self.network.relate(self.class_maps[None], maps[None])[0]  # (B, n_classes)


class Vote(nn.Module):
    """The weighted mean of probabilities (B, n_classes), or the geometric one, of sum 1."""

    def __init__(self, members: list[nn.Module], weights: ArrayLike, *, is_geometric: bool) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.weights = (np.asarray(weights, dtype=np.float64) / np.sum(weights)).tolist()
        self.is_geometric = is_geometric

    def forward(self, pixels: Tensor) -> Tensor:
        probas = [member(pixels) for member in self.members]
        if self.is_geometric:
            probas = [proba.clamp(min=SMALLEST_PROBA).log() for proba in probas]
        pairs = zip(self.weights, probas, strict=True)
        mean = torch.stack([weight * proba for weight, proba in pairs]).sum(0)
        return mean.softmax(1) if self.is_geometric else mean


def build_module(estimator: object) -> nn.Module:
    """Return a module from pixels (B, ...) to what ``predict_proba`` or ``transform`` returns.

    Raises
    ------
    InvalidParameterError
        If the estimator, or one inside it, is neither a network nor a vote of networks.
    NotFittedError
        If it is not fitted.
    """
    if isinstance(estimator, FrozenEstimator):
        return build_module(estimator.estimator)
    if isinstance(estimator, Pipeline):
        return build_module(_only_worker(estimator))
    build = BUILDERS.get(_class_defining(type(estimator)))
    if build is None:
        raise InvalidParameterError(
            f"to_onnx: {type(estimator).__name__} cannot be exported; what can is {SUPPORTED}. "
            "Export a network inside it, or distil it into one: DistilledClassifier("
            "FrozenEstimator(fitted), ResNetClassifier())."
        )
    check_is_fitted(estimator)
    return build(estimator)


def read_image_shape(module: nn.Module) -> ImageShape:
    """Return (channels, height, width) of the images that a built module takes.

    Raises
    ------
    InvalidParameterError
        If the networks inside were trained on images of different sizes.
    """
    shapes = [part.image_shape for part in module.modules() if isinstance(part, PictureReader)]
    if len({np.prod(shape) for shape in shapes}) > 1:
        raise InvalidParameterError(
            "to_onnx: all networks of an estimator must take the same images, but they were "
            f"fitted to images of the shapes {shapes}. Fit them on the same X."
        )
    channels, height, width = map(int, shapes[0])
    return channels, height, width


def read_pixel_range(module: nn.Module) -> PixelRange | None:
    """Return the lowest and highest pixel that the networks inside were fitted to, if known."""
    parts = [part for part in module.modules() if isinstance(part, PictureReader)]
    ranges = [part.pixel_range for part in parts if part.pixel_range is not None]
    if len(ranges) < len(parts):
        return None
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def read_background(module: nn.Module) -> list[float] | None:
    """Return the mean background of the networks inside, one value per channel, if known."""
    parts = [part for part in module.modules() if isinstance(part, PictureReader)]
    known = [part.background for part in parts if part.background is not None]
    # Networks that read the same pixels in other shapes have other channels.
    if len(known) < len(parts) or len({len(background) for background in known}) > 1:
        return None
    return np.mean(known, axis=0).tolist()


def _only_worker(pipeline: Pipeline) -> object:
    """Return the last step, if the steps before it do nothing to new images."""
    for i, (name, step) in enumerate(pipeline.steps[:-1]):
        if hasattr(step, "transform"):  # 'passthrough' has none, nor has a sampler
            raise InvalidParameterError(
                f"to_onnx: only the last step of a pipeline may work on new images, but step "
                f"{name!r}, {type(step).__name__}, transforms them. Export only the step that "
                f"holds the network: to_onnx(pipeline[-1], path) or to_onnx(pipeline[{i}], path). "
                "Run the other steps outside the graph."
            )
    return pipeline.steps[-1][1]


def _class_defining(
    kind: type, methods: Sequence[str] = ("predict_proba", "transform")
) -> type | None:
    """Return the class that defines the first of these methods that exists.

    It says more about an estimator than its own class does: a subclass may keep the method, or
    define another one, which then counts as unknown.
    """
    bases = (base for method in methods for base in kind.__mro__ if method in vars(base))
    return next(bases, None)


def _with_views(estimator: Any, network: nn.Module) -> nn.Module:
    views = estimator._views()
    ink = estimator.net_.ink  # draws strokes as images, which a graph cannot do
    shape = estimator.image_shape_ if ink is None else ink.image_shape
    logits = MeanOfViews(network, tuple(shape), views)
    logits.pixel_range = getattr(estimator, "pixel_range_", None) if ink is None else (0, MAX_PIXEL)
    if ink is None:
        logits.background = [float(value) for value in estimator.background_]
    return logits


def _build_classifier(estimator: BaseImageClassifier) -> nn.Module:
    return nn.Sequential(_with_views(estimator, estimator.net_.folded_module()), nn.Softmax(1))


def _build_relations(estimator: RelationNetworkClassifier) -> nn.Module:
    class_maps = torch.from_numpy(estimator.class_maps_)
    relations = Relations(estimator.network_, tuple(estimator.image_shape_), class_maps)
    relations.pixel_range = getattr(estimator, "pixel_range_", None)
    return nn.Sequential(relations, nn.Softmax(1))


def _build_features(extractor: DeepFeatureExtractor) -> nn.Module:
    estimator: Any = extractor.estimator_
    while isinstance(estimator, FrozenEstimator | Pipeline):
        is_frozen = isinstance(estimator, FrozenEstimator)
        estimator = estimator.estimator if is_frozen else _only_worker(estimator)
    method = ["extract_features"]
    if _class_defining(type(estimator), method) is not _class_defining(ResNetClassifier, method):
        raise InvalidParameterError(
            f"to_onnx: DeepFeatureExtractor can be exported around a classifier of "
            f"skquickdraw.neural_network, got {type(estimator).__name__}."
        )
    name, layer = type(estimator).__name__, extractor.layer
    return _with_views(estimator, read_layer(name, estimator.net_, layer))


def _build_seeds(ensemble: SeedEnsembleClassifier) -> nn.Module:
    voting = np.flatnonzero(ensemble.weights_)
    members = [build_module(ensemble.estimators_[i]) for i in voting]
    return Vote(members, ensemble.weights_[voting], is_geometric=ensemble.combine == "logit")


def _build_vote(vote: VotingClassifier) -> nn.Module:
    if vote.voting != "soft":
        raise InvalidParameterError(
            f"to_onnx: VotingClassifier(voting={vote.voting!r}) has no probabilities to export. "
            "Set voting='soft'; the fitted members serve both."
        )
    weights = [1.0] * len(vote.estimators) if vote.weights is None else vote.weights
    pairs = zip(vote.estimators, weights, strict=True)
    weights = [weight for (_, given), weight in pairs if not isinstance(given, str)]  # not 'drop'
    voting = np.flatnonzero(weights)
    members = [build_module(vote.estimators_[i]) for i in voting]
    return Vote(members, np.take(weights, voting), is_geometric=False)


# One of each family of classes that share predict_proba.
BUILDERS: dict[type | None, Callable[[Any], nn.Module]] = {
    _class_defining(kind): build
    for kind, build in (
        (ResNetClassifier, _build_classifier),
        (RelationNetworkClassifier, _build_relations),
        (DeepFeatureExtractor, _build_features),
        (SeedEnsembleClassifier, _build_seeds),
        (VotingClassifier, _build_vote),
        (TransductiveClassifier, lambda e: build_module(e.estimator_)),
        (BudgetedClassifier, lambda e: build_module(e.estimator_)),
        (DistilledClassifier, lambda e: build_module(e.student_)),
        (GridSearchCV, lambda e: build_module(e.best_estimator_)),
    )
}
