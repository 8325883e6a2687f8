"""The messages when memory runs out: what the user can lower."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import wraps
from typing import TypeVar

import torch

from .._device import plain_torch
from .._fitting import unchanged_by_failure as _unchanged_by_failure
from .._out_of_memory import out_of_memory_as
from ._net import ImageNeuralNet
from ._parameters import TrainingParameters
from ._plan import TrainingPlan
from ._prediction import full_batch

Method = TypeVar("Method", bound=Callable[..., object])


def unchanged_by_failure(method: Method) -> Method:
    """Make a fitting method leave its estimator unchanged if it raises.

    If memory runs out, everything that the failed fit held is freed. During the fit, torch has the
    settings of a new process.
    """

    @wraps(method)
    def call(self: TrainingParameters, *args: object, **kwargs: object) -> object:
        lacks_memory = out_of_memory_as(lambda: _describe_data(self))
        with _unchanged_by_failure(self), plain_torch(), lacks_memory:
            return method(self, *args, **kwargs)

    return call  # type: ignore[return-value]


def memory_to_train(plan: TrainingPlan) -> AbstractContextManager[None]:
    """Return a context whose out-of-memory errors say what to lower in this training."""
    return out_of_memory_as(lambda: _describe_training(plan))


def memory_to_predict(name: str, net: ImageNeuralNet) -> AbstractContextManager[None]:
    """Return the same for a prediction by the classifier ``name``."""
    return out_of_memory_as(lambda: _describe_prediction(name, net))


def _describe_training(plan: TrainingPlan) -> str:
    options = _sizes(plan.network_options)
    remedies = ["lower batch_size", *_remedies(options)]
    return (
        f"{plan.name}: memory ran out on device={plan.device_name!r} in training with "
        f"{_listed({'batch_size': plan.batch_size, **options})}. "
        f"{' or '.join(remedies).capitalize()}. What was fitted before is unchanged."
    )


def _describe_prediction(name: str, net: ImageNeuralNet) -> str:
    device, options = torch.device(net.device), _sizes(net.get_params_for("module"))
    network = f", with {_listed(options)}" if options else ""
    changes = " or ".join(_remedies(options))
    remedy = f", or {changes} and fit again" if changes else ""
    return (
        f"{name}: memory ran out on device={str(device)!r} in a prediction of "
        f"{full_batch(device)} images at a time{network}; batch_size matters in training only. "
        f"Free memory of the device{remedy}."
    )


def _describe_data(estimator: TrainingParameters) -> str:
    return (
        f"{type(estimator).__name__}: memory ran out on device={str(estimator.device)!r} before "
        "training, where neither batch_size nor width matters. Pass X as uint8 or as a memory map, "
        "or fewer rows. What was fitted before is unchanged."
    )


def _sizes(options: Mapping[str, object]) -> dict[str, object]:
    """Return the relevant options of a network; a user's own may not have them."""
    return {name: options[name] for name in ("width", "stem_stride") if name in options}


def _remedies(values: Mapping[str, object]) -> list[str]:
    remedies = ["lower width"] if "width" in values else []
    return remedies + (["set stem_stride=2"] if values.get("stem_stride") == 1 else [])


def _listed(values: Mapping[str, object]) -> str:
    *rest, last = [f"{name}={value}" for name, value in values.items()]
    return f"{', '.join(rest)} and {last}" if rest else last
