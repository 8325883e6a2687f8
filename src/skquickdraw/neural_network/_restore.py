"""A trained net taken apart into plain values and arrays, and put together again."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .._random import isolated_torch_rng
from ..augmentation import StrokeAugmentation
from ..losses import resolve_loss
from ._criterion import Criterion
from ._net import ImageNet
from ._networks import UserNetwork
from ._optimizers import make_optimizer

Builder = type[nn.Module] | UserNetwork

# What optimizers remember of a weight, one or another; "step" is a number, the rest has its shape.
MEMORIES = ({"step", "exp_avg", "exp_avg_sq"}, {"step", "mean"}, {"momentum_buffer"})


def net_state(net: ImageNet, *, with_optimizer: bool) -> dict[str, Any]:
    """Return what :func:`restore_net` needs: plain values and arrays."""
    # What a loss of a user's learns itself is not restored, so it could not be told apart.
    learns_loss = any(True for _ in net.criterion_.parameters())
    is_kept = with_optimizer and not learns_loss
    memory = net.optimizer_.state_dict()["state"] if is_kept else {}
    return {
        "options": net.get_params_for("module"),
        "weights": module_state(net.module_),
        "optimizer": {
            "name": net.optimizer__name,
            "lr": net.lr,
            "weight_decay": net.optimizer__weight_decay,
            "memory": {i: _arrays(values) for i, values in memory.items()},
        },
        "ink": None if net.ink is None else vars(net.ink),
        "history": [dict(record, batches=[]) for record in net.history],
    }


def restore_net(network: Builder, state: dict[str, Any], device: torch.device) -> ImageNet:
    """Return a net that predicts as the one before, and from which training can go on.

    What a training makes for itself is not restored: its criterion and its callbacks. The state may
    be hostile: plain values and arrays, but any.

    Raises
    ------
    ValueError, TypeError, RuntimeError, LookupError, AttributeError
        If something in the state does not fit.
    """
    options, optimizer = state["options"], state["optimizer"]
    check_module_state(network, options, state["weights"])
    if not isinstance(optimizer["name"], str):  # else it would be called
        raise ValueError("the optimizer of a network has no name")
    with isolated_torch_rng(0, device):
        net = ImageNet(
            network,
            **{f"module__{name}": value for name, value in options.items()},
            criterion=Criterion,
            criterion__row_loss=resolve_loss("cross_entropy").bind(
                torch.ones(options["n_classes"])
            ),
            criterion__label_smoothing=0.0,
            criterion__class_weight=None,
            optimizer=make_optimizer,
            optimizer__name=optimizer["name"],
            optimizer__weight_decay=optimizer["weight_decay"],
            lr=optimizer["lr"],
            device=str(device),
            ink=None if state["ink"] is None else StrokeAugmentation(**state["ink"]).ink,
            verbose=0,
        ).initialize()
    net.module_.load_state_dict(_tensors(state["weights"]))
    net.module_.eval()
    _restore_memory(net.optimizer_, optimizer["memory"])
    net.history.extend(state["history"])
    return net


def restore_module(network: Builder, state: dict[str, Any], device: torch.device) -> nn.Module:
    """Return a network on the device that computes as the one before; raises as for a net."""
    check_module_state(network, state["options"], state["weights"])
    with isolated_torch_rng(0):
        module = network(**state["options"])
    module.load_state_dict(_tensors(state["weights"]))
    module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return module.eval()


def module_state(module: nn.Module) -> dict[str, NDArray[Any]]:
    """Return the weights and buffers of a module as arrays."""
    return _arrays(module.state_dict())


def check_module_state(
    network: Builder, options: dict[str, Any], weights: dict[str, NDArray[Any]]
) -> None:
    """Raise ValueError unless the weights fit the network.

    For a network of this package that takes no memory, whatever the size. A user's is built and
    tried out, which not every network is able to do without values.
    """
    with torch.device("cpu" if isinstance(network, UserNetwork) else "meta"):
        expected = network(**options).state_dict()
    if expected.keys() != weights.keys():
        odd = sorted(expected.keys() ^ weights.keys())[:3]
        raise ValueError(f"weights of the network are missing or unknown, such as {odd}")
    for name, tensor in expected.items():
        found = torch.as_tensor(weights[name])
        if found.shape != tensor.shape or found.dtype != tensor.dtype:
            raise ValueError(
                f"the network needs {name} as {tensor.dtype} of shape {tuple(tensor.shape)}, and "
                f"there is {found.dtype} of shape {tuple(found.shape)}"
            )


def _restore_memory(optimizer: torch.optim.Optimizer, memory: dict[int, Any]) -> None:
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    for i, values in memory.items():
        found = {name: np.shape(array) for name, array in values.items()}
        wanted = {name: () if name == "step" else tuple(weights[i].shape) for name in found}
        if set(found) not in MEMORIES or found != wanted:
            raise ValueError(f"what the optimizer remembers of weight {i} has the shapes {found}")
        for name, value in _tensors(values).items():
            # With the weight's own strides, on which fused optimizers count.
            like = weights[i] if value.ndim else value.to(weights[i].device)
            optimizer.state[weights[i]][name] = torch.empty_like(like).copy_(value).detach()


def _arrays(tensors: dict[str, Tensor]) -> dict[str, NDArray[Any]]:
    return {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in tensors.items()}


def _tensors(arrays: dict[str, NDArray[Any]]) -> dict[str, Tensor]:
    return {name: torch.as_tensor(np.array(array)) for name, array in arrays.items()}
