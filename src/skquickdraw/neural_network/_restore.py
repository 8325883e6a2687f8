"""Turn a trained net into plain values and arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .._device import plain_torch
from .._draws import Draws
from ..augmentation import StrokeAugmentation
from ..losses import resolve_loss
from ._criterion import Criterion
from ._net import ImageNeuralNet
from ._networks import UserNetwork
from ._optimizers import make_optimizer

Builder = type[nn.Module] | UserNetwork

# States of weights in the optimizers; "step" is a number, the others have the weight's shape.
MEMORIES = ({"step", "exp_avg", "exp_avg_sq"}, {"step", "mean"}, {"momentum_buffer"})


def net_state(net: ImageNeuralNet, *, with_optimizer: bool) -> dict[str, object]:
    """Return the state for :func:`restore_net`: plain values and arrays."""
    # Weights that a user's loss learns are not restored, so their optimizer state is dropped.
    learns_loss = any(True for _ in net.criterion_.parameters())
    is_kept = with_optimizer and not learns_loss
    memory = net.optimizer_.state_dict()["state"] if is_kept else {}
    sums = net.pixel_sums_
    return {
        "options": net.get_params_for("module"),
        "weights": module_state(net.module_),
        "optimizer": {
            "name": net.optimizer__name,
            "lr": net.lr,
            "weight_decay": net.optimizer__weight_decay,
            "memory": {i: _plain(values) for i, values in memory.items()},
        },
        "pixel_sums": None if sums is None else sums.numpy(),
        "ink": None if net.ink is None else vars(net.ink),
        "history": [dict(record, batches=[]) for record in net.history],
    }


def restore_net(network: Builder, state: dict[str, Any], device: torch.device) -> ImageNeuralNet:
    """Return a net that predicts as before, and from which training can continue.

    The criterion and callbacks of a training are not restored. The state may be hostile: it holds
    plain values and arrays only, but these may be anything.

    Raises
    ------
    ValueError, TypeError, RuntimeError, LookupError, AttributeError
        If something in the state does not fit.
    """
    check_module_state(network, state["options"], state["weights"])
    if not isinstance(state["optimizer"]["name"], str):  # otherwise it would be called
        raise ValueError("the optimizer of a network has no name")
    _check_sums(state.get("pixel_sums"), state["options"]["image_shape"][0])
    return rebuild_net(network, state, device, is_trusted=False)


@plain_torch()
def rebuild_net(
    network: Builder,
    state: dict[str, Any],
    device: torch.device,
    *,
    is_trusted: bool = True,
) -> ImageNeuralNet:
    """As :func:`restore_net`, but for a trusted state, from a pickle, with any optimizer.

    The optimizer is called, and its state is not checked.
    """
    options, optimizer = state["options"], state["optimizer"]
    with _draws_of(network).to_build():
        net = ImageNeuralNet(
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
    if not is_trusted:
        _check_memory(net.optimizer_, optimizer["memory"])
    _restore_memory(net.optimizer_, optimizer["memory"])
    net.history.extend(state["history"])
    sums = state.get("pixel_sums")  # older files have none, so their statistics stay unchanged
    net.pixel_sums_ = None if sums is None else torch.as_tensor(np.array(sums))
    return net


def restore_module(network: Builder, state: dict[str, Any], device: torch.device) -> nn.Module:
    """Return a network on the device that computes as before; raises as :func:`restore_net`."""
    check_module_state(network, state["options"], state["weights"])
    with _draws_of(network).to_build():
        module = network(**state["options"])
    module.load_state_dict(_tensors(state["weights"]))
    module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return module.eval()


def module_state(module: nn.Module) -> dict[str, NDArray[np.generic]]:
    """Return the weights and buffers of a module as arrays."""
    return _arrays(module.state_dict())


def check_module_state(
    network: Builder, options: Mapping[str, Any], weights: dict[str, NDArray[np.generic]]
) -> None:
    """Raise ValueError unless the weights fit the network.

    For a network of this package this takes no memory, whatever its size. A user's network is built
    and run, because not every network can be built without values.
    """
    device = "cpu" if isinstance(network, UserNetwork) else "meta"
    with torch.device(device), _draws_of(network).to_build():
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


def _draws_of(network: Builder) -> Draws:
    return Draws(0, is_own=not isinstance(network, UserNetwork))


def _check_memory(optimizer: torch.optim.Optimizer, memory: dict[int, dict[str, Any]]) -> None:
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    for i, values in memory.items():
        found = {name: np.shape(array) for name, array in values.items()}
        wanted = {name: () if name == "step" else tuple(weights[i].shape) for name in found}
        if set(found) not in MEMORIES or found != wanted:
            raise ValueError(f"the optimizer's state of weight {i} has the shapes {found}")


def _check_sums(sums: Any, n_channels: int) -> None:
    if sums is None:
        return
    is_right = isinstance(sums, np.ndarray) and sums.dtype == np.float64
    if not is_right or sums.shape != (3, n_channels) or not (sums[0] > 0).all():
        raise ValueError(
            "the network's pixel statistics are not a number, a sum and a sum of squares"
        )


def _restore_memory(optimizer: torch.optim.Optimizer, memory: dict[int, dict[str, Any]]) -> None:
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    tensors = {
        i: {name: _as_remembered(value, weights[i]) for name, value in values.items()}
        for i, values in memory.items()
    }
    # The optimizer's own method knows which state belongs on which device.
    optimizer.load_state_dict(
        {"state": tensors, "param_groups": optimizer.state_dict()["param_groups"]}
    )


def _as_remembered(value: object, weight: Tensor) -> object:
    """Return an array as a tensor with the weight's strides, which fused optimizers require.

    Other states of an optimizer are not changed.
    """
    if not isinstance(value, np.ndarray):
        return value
    tensor = torch.as_tensor(np.array(value))
    if tensor.shape != weight.shape:
        return tensor
    return torch.empty_like(weight).copy_(tensor).detach()


def _plain(values: dict[str, object]) -> dict[str, object]:
    """Return tensors as arrays, bfloat16 (unknown to NumPy) as float32; keep anything else."""
    half = torch.bfloat16
    tensors = {name: value for name, value in values.items() if isinstance(value, Tensor)}
    exact = {name: t.float() if t.dtype == half else t for name, t in tensors.items()}
    return {**values, **_arrays(exact)}


def _arrays(tensors: dict[str, Tensor]) -> dict[str, NDArray[np.generic]]:
    return {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in tensors.items()}


def _tensors(arrays: dict[str, NDArray[np.generic]]) -> dict[str, Tensor]:
    return {name: torch.as_tensor(np.array(array)) for name, array in arrays.items()}
