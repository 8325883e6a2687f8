"""The network of a classifier: one of this package by its name, or a user's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import Parameter, signature
from typing import Any

import torch
from torch import Tensor, nn

from .._out_of_memory import is_out_of_memory
from .._turns import user_of_torch
from ..exceptions import InvalidParameterError
from ..networks import CNN, MobileNetV2, ResNet, Standardize

NetworkBuilder = Callable[..., nn.Module]
NETWORKS: dict[str, type[nn.Module]] = {"cnn": CNN, "mobilenet": MobileNetV2, "resnet": ResNet}
NETWORK_PARAMETERS = ("width", "stem_stride", "dropout", "spatial_dropout", "stochastic_depth")
N_TRIED = 2  # blank images, to see whether a network keeps them apart
LEFT_OPEN = (None, "auto")  # values that leave an option to the network


class StandardizedNetwork(nn.Module):
    """A user's network after the standardisation of pixels, like those of this package."""

    def __init__(self, network: nn.Module, n_channels: int) -> None:
        super().__init__()
        self.standardize = Standardize(n_channels)
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return self.network(self.standardize(images))  # (B, n_classes)


@dataclass(frozen=True)
class UserNetwork:
    """Build the module to train from a user's network; called like the networks of this package."""

    network: Callable[..., object]

    def __call__(
        self, image_shape: tuple[int, int, int], n_classes: int, **options: object
    ) -> StandardizedNetwork:
        network = self.network(image_shape, n_classes, **options)
        if not isinstance(network, nn.Module):
            raise InvalidParameterError(
                f"network={name_of(self.network)} must return a torch.nn.Module, got {network!r}."
            )
        whole = StandardizedNetwork(network, image_shape[0])
        try_out(name_of(self.network), whole, image_shape, n_classes)
        return whole


def try_out(
    name: str, network: nn.Module, image_shape: tuple[int, int, int], n_classes: int
) -> None:
    """Run a network on blank images: lazy layers take their shape, and the output is checked.

    Raises
    ------
    InvalidParameterError
        If it fails, or does not return logits of shape (n, n_classes).
    """
    shape = N_TRIED, *image_shape
    network.eval()
    try:
        with torch.no_grad():  # not inference_mode, whose tensors cannot be trained
            logits = network(torch.zeros(shape))
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise InvalidParameterError(
            f"network={name} must map images of shape {shape} to logits of shape "
            f"{(N_TRIED, n_classes)}, and it raised {type(error).__name__}: {error}"
        ) from error
    if not isinstance(logits, Tensor) or logits.shape != (N_TRIED, n_classes):
        found = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise InvalidParameterError(
            f"network={name} must map images of shape {shape} to logits of shape "
            f"{(N_TRIED, n_classes)}, got {found}. Let its last layer have n_classes outputs, "
            "the second argument that it gets."
        )
    network.train()


def find_logits_layer(
    network: nn.Module, image_shape: tuple[int, int, int], n_classes: int
) -> str | None:
    """Return the name of the layer that makes the logits: the last suitable one called."""
    called: list[str] = []
    hooks = [
        layer.register_forward_hook(lambda *_, path=path: called.append(path))
        for path, layer in network.named_modules()
        if makes_logits(layer, n_classes)
    ]
    device = next((weight.device for weight in network.parameters()), None)
    try:
        with torch.no_grad(), user_of_torch():
            network.eval()(torch.zeros(N_TRIED, *image_shape, device=device))
    finally:
        for hook in hooks:
            hook.remove()
    return called[-1] if called else None


def resolve_network(network: str | NetworkBuilder) -> NetworkBuilder:
    """Return the builder of the network that a parameter ``network`` stands for."""
    if isinstance(network, str):
        return NETWORKS[network]
    return network if network in NETWORKS.values() else UserNetwork(network)


def choose_options(
    network: str | NetworkBuilder, given: dict[str, object], planned: dict[str, object]
) -> dict[str, object]:
    """Return the options to build a network with.

    Parameters
    ----------
    network : object
        As :func:`check_network` takes it.
    given : dict
        The options as set on the estimator. A user's network chooses those that are None or 'auto'.
    planned : dict
        The values of 'auto' for the networks of this package.
    """
    if isinstance(resolve_network(network), UserNetwork):
        planned = {}
    options = {key: value for key, value in given.items() if value not in LEFT_OPEN}
    return options | {key: value for key, value in planned.items() if given[key] == "auto"}


def check_network(name: str, network: Any, options: dict[str, object]) -> None:
    """Refuse a network that cannot be built, before any work.

    Parameters
    ----------
    name : str
        Of the estimator.
    network : object
    options : dict
        As set on the estimator.

    Raises
    ------
    InvalidParameterError
        If it is a module, if it is not callable with an image shape and a number of classes, or if
        it does not name an option that is set.
    """
    if isinstance(network, nn.Module):
        kind = type(network).__name__
        raise InvalidParameterError(
            f"{name}: network must be a class or function that builds a module, got a module, "
            f"{kind}(...): each fit, fold and member trains a new one. Pass a function of "
            "image_shape and n_classes that returns a new module. If the class takes these two "
            f"arguments, pass the class, network={kind}."
        )
    if not callable(network) or network in NETWORKS.values():
        return  # scikit-learn's check of the parameter refuses unknown names
    _check_call(name, network)
    named = named_options(network)
    options = {key: value for key, value in options.items() if value not in LEFT_OPEN}
    unknown = sorted(set(options) - set(named))
    if unknown:
        takes = ", ".join(named) if named else "no option"
        raise InvalidParameterError(
            f"{name}: {unknown[0]}={options[unknown[0]]!r} must be an option that the network "
            f"names, but {name_of(network)} takes {takes}. Leave {unknown[0]} out, or name it in "
            "the network's signature."
        )


def named_options(network: Callable[..., object]) -> list[str]:
    """Return which of the network parameters a network names in its signature."""
    by_name = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    found = signature(network).parameters
    return [key for key in NETWORK_PARAMETERS if key in found and found[key].kind in by_name]


def makes_logits(layer: nn.Module, n_classes: int) -> bool:
    """Return whether a layer is linear, or a 1x1 convolution, with ``n_classes`` outputs."""
    if isinstance(layer, nn.Linear):
        return layer.out_features == n_classes
    if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return layer.out_channels == n_classes and set(layer.kernel_size) == {1}
    return False


def name_of(network: object) -> str:
    """Return the name of a class or function, also of one with arguments by functools.partial."""
    while isinstance(network, partial):
        network = network.func
    return getattr(network, "__name__", type(network).__name__)


def _check_call(name: str, network: Callable[..., object]) -> None:
    try:
        signature(network).bind((1, 28, 28), 2)
    except (TypeError, ValueError) as error:
        own = name_of(network)
        raise InvalidParameterError(
            f"{name}: network must be callable as network(image_shape, n_classes), but Python "
            f"says of {own}: {error}. Set further arguments with functools.partial({own}, ...)."
        ) from error
