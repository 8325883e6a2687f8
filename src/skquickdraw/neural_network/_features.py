"""Deep features: what a layer of a trained network makes of a picture, as one row of numbers."""

from __future__ import annotations

from copy import deepcopy
from difflib import get_close_matches
from typing import Any

from torch import Tensor, nn

from ..exceptions import InvalidParameterError
from ..networks import fold_batch_norm

PENULTIMATE, LOGITS = "penultimate", "logits"
LAST_LINEAR = "head.classify"


class LayerOutput(nn.Module):
    """The network, with the output of one of its layers in place of its logits.

    Parameters
    ----------
    network : Module
        It is copied: hooks belong to a module, and others may predict with it at the same time.
    layer : str
        'penultimate' is what the last linear layer takes in; else a name of a submodule.
    """

    def __init__(self, network: nn.Module, layer: str) -> None:
        super().__init__()
        self.network = deepcopy(network)
        self.caught: Tensor | None = None
        if layer == PENULTIMATE:
            last = self.network.get_submodule(LAST_LINEAR)
            last.register_forward_pre_hook(self._catch_input)
        else:
            self.network.get_submodule(layer).register_forward_hook(self._catch_output)

    def _catch_input(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self.caught = inputs[0]

    def _catch_output(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        self.caught = output

    def forward(self, x: Tensor) -> Tensor:
        self.network(x)
        assert self.caught is not None
        maps = self.caught
        return maps.mean((2, 3)) if maps.ndim == 4 else maps  # (B, channels)


def read_layer(name: str, network: nn.Module, layer: str) -> nn.Module:
    """Return a module from images to the features of ``layer``; ``name`` is the subject of errors.

    Raises
    ------
    InvalidParameterError
        If the network has no such layer.
    """
    if layer == LOGITS:
        return fold_batch_norm(network)  # as for predictions, so that both agree to the bit
    known = [PENULTIMATE, LOGITS, *(path for path, _ in network.named_modules() if path)]
    if layer not in known:
        close = get_close_matches(str(layer), known)
        guess = f"Did you mean {' or '.join(map(repr, close))}? " if close else ""
        raise InvalidParameterError(
            f"{name} has no layer {layer!r}. {guess}Take 'penultimate', 'logits' or a name from "
            "net_.module_.named_modules()."
        )
    return LayerOutput(network, layer)
