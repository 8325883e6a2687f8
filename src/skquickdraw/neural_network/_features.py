"""Deep features: the output of a layer of a trained network, as one row of numbers per image."""

from __future__ import annotations

from difflib import get_close_matches
from typing import NamedTuple

from torch import Tensor, nn

from ..exceptions import InvalidParameterError
from ..networks import copy_network
from ._net import ImageNeuralNet
from ._networks import find_logits_layer

PENULTIMATE, LOGITS = "penultimate", "logits"


class Layer(NamedTuple):
    """Where the features of a network are: the output or the input of a submodule."""

    path: str
    takes_input: bool = False


class LayerOutput(nn.Module):
    """A network, with the features of one of its layers in place of its logits.

    Parameters
    ----------
    network : Module
        It is copied, because hooks belong to a module, and others may predict with it at the same
        time.
    layer : Layer
    """

    def __init__(self, network: nn.Module, layer: Layer) -> None:
        super().__init__()
        self.network = copy_network(network)
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        caught: list[object] = []
        module = self.network.get_submodule(self.layer.path)
        if self.layer.takes_input:
            hook = module.register_forward_pre_hook(lambda _, inputs: caught.append(inputs[0]))
        else:
            hook = module.register_forward_hook(lambda _, inputs, output: caught.append(output))
        try:
            self.network(x)
        finally:
            hook.remove()
        return _as_rows(self.layer.path, caught, x)


def _as_rows(path: str, caught: list[object], x: Tensor) -> Tensor:
    """Return the layer's values in its last call as features (B, n_features)."""
    if not caught:
        raise InvalidParameterError(
            f"layer {path!r} must take part in predictions, but the network never calls it. Name "
            "another layer."
        )
    maps = caught[-1]
    if not isinstance(maps, Tensor) or maps.ndim < 2 or maps.shape[0] != x.shape[0]:
        found = tuple(maps.shape) if isinstance(maps, Tensor) else type(maps).__name__
        raise InvalidParameterError(
            f"layer {path!r} must give features for each of {x.shape[0]} images, got {found}. Name "
            "another layer."
        )
    return maps.mean((2, 3)) if maps.ndim == 4 else maps.flatten(1)  # (B, n_features)


def read_layer(name: str, net: ImageNeuralNet, layer: str) -> nn.Module:
    """Return a module from images to the features of ``layer``; ``name`` is the subject of errors.

    Raises
    ------
    InvalidParameterError
        If the network has no such layer.
    """
    if layer == LOGITS:
        return net.folded_module()  # the same as for predictions, so both agree to the bit
    return LayerOutput(net.module_, find_layer(name, net, layer))


def find_layer(name: str, net: ImageNeuralNet, layer: str) -> Layer:
    """Return where the features of a layer are, except 'logits'; raises as :func:`read_layer`."""
    network = net.module_
    paths = [path for path, _ in network.named_modules() if path]
    if layer == PENULTIMATE:
        return _find_penultimate(name, net, paths)
    known = [PENULTIMATE, LOGITS, *paths]
    if layer not in known:
        inner = [path for path in paths if path.endswith(f".{layer}")]
        close = inner[:3] or get_close_matches(str(layer), known)
        guess = f"Did you mean {' or '.join(map(repr, close))}? " if close else ""
        raise InvalidParameterError(
            f"{name} has no layer {layer!r}. {guess}Take 'penultimate', 'logits' or a name from "
            "net_.module_.named_modules()."
        )
    return Layer(layer)


def _find_penultimate(name: str, net: ImageNeuralNet, paths: list[str]) -> Layer:
    network = net.module_.network if net.is_users else net.module_
    named = getattr(network, "penultimate", None)
    if named is not None:
        path = f"network.{named}" if net.is_users else named
        if path not in paths:
            raise InvalidParameterError(
                f"{name}: the attribute penultimate of {type(network).__name__} must name one of "
                f"its layers, got {named!r}. Take a name from its named_modules()."
            )
        return Layer(path)
    # In a copy, because others may predict with the network at the same time.
    shape, n_classes = tuple(net.module__image_shape), net.module__n_classes
    last = find_logits_layer(copy_network(net.module_), shape, n_classes)
    if last is None:
        raise InvalidParameterError(
            f"{name}: layer='penultimate' is the input of the layer that makes the logits, but "
            f"{type(network).__name__} calls no linear layer and no 1x1 convolution of {n_classes} "
            "outputs. Name a layer, or set an attribute penultimate of the network."
        )
    return Layer(last, takes_input=True)
