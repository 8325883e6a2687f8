"""The private skorch net: a network, its training state, its predictions and its storage."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skorch import NeuralNet
from skorch.callbacks import Callback, EpochTimer
from skorch.history import History
from torch import Tensor, nn

from .._device import repeatable_cudnn, usable_device
from .._turns import user_of_torch
from ..networks import Standardize, pixel_statistics
from ._batches import Batch, Ink
from ._criterion import Criterion
from ._folded import FoldedCopy
from ._mapped_images import MappedImages
from ._networks import UserNetwork
from ._optimizers import find_hidden_weights
from ._prediction import full_batch, pad_rows
from ._views import View


class ImageNeuralNet(NeuralNet):
    """skorch's net for images that are one tensor in memory.

    It is trained by :class:`~._loop.TrainingLoop`, not by skorch's own loop.

    Parameters
    ----------
    precision : torch.dtype
        Of activations in training; weights and predictions are float32.
    ink : Ink or None
        For packed strokes: draws a batch of them as images.
    """

    module_: nn.Module
    criterion_: Criterion
    optimizer_: torch.optim.Optimizer
    callbacks_: list[tuple[str, Callback]]
    history: History
    is_stopped_: bool  # by a callback, only during training
    is_interrupted_: bool  # by the user, in its last training
    is_diverged_: bool  # in its last training, which went back to the weights before

    def __init__(
        self,
        *args: object,
        precision: torch.dtype = torch.float32,
        ink: Ink | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.precision = precision
        self.ink = ink
        self.folded_ = FoldedCopy()  # the underscore keeps it from skorch's parameters
        self.pixel_sums_: Tensor | None = None

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        return [("epoch_timer", EpochTimer())]

    def initialize_module(self) -> ImageNeuralNet:
        super().initialize_module()
        if not self.is_users:  # a user's network may rely on PyTorch's usual order, as view does
            self.module_.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return self

    def get_params_for_optimizer(
        self, prefix: str, named_parameters: Iterable[tuple[str, Tensor]]
    ) -> tuple[tuple[object, ...], dict[str, object]]:
        args, kwargs = super().get_params_for_optimizer(prefix, named_parameters)
        if self.is_users:
            hidden = find_hidden_weights(self.module_, self.module__n_classes)
            kwargs = {**kwargs, "hidden": hidden}
        return args, kwargs

    @property
    def is_users(self) -> bool:
        """Whether the network is a user's, about which less is known."""
        return isinstance(self.module, UserNetwork)

    def __getstate__(self) -> dict[str, object]:
        """Return plain values and arrays: no tensor of a GPU, no optimizer, no callback.

        Includes the state of the optimizer, so that training continues as if it had never been
        stored.
        """
        from ._restore import net_state  # which imports this

        device = str(self.device)
        return {**net_state(self, with_optimizer=True), "network": self.module, "device": device}

    def snapshot(self) -> ImageNeuralNet:
        """Return a separate net that predicts as this one would if it stopped here."""
        from ._restore import module_state, net_state, rebuild_net

        weights = module_state(self.evaluated_module())
        state = {**net_state(self, with_optimizer=False), "weights": weights}
        return rebuild_net(self.module, state, torch.device(self.device))

    def __setstate__(self, state: dict[str, Any]) -> None:
        from ._restore import rebuild_net

        device = usable_device(state["device"])
        self.__dict__.update(vars(rebuild_net(state["network"], state, device)))

    def see_pixels(self, sums: Tensor) -> None:
        """Add pixels to the statistics of the network; ``sums`` are those of ``pixel_sums``.

        Mean and standard deviation are those of all pixels added so far.
        """
        self.pixel_sums_ = sums if self.pixel_sums_ is None else self.pixel_sums_ + sums
        standardize = self.module_.get_submodule("standardize")
        assert isinstance(standardize, Standardize)
        standardize.set_statistics(*pixel_statistics(self.pixel_sums_))

    def resume(self, previous: ImageNeuralNet) -> None:
        """Copy the weights, the optimizer's state and the history of another net."""
        self.module_.load_state_dict(previous.module_.state_dict())
        if type(self.optimizer_) is type(previous.optimizer_):
            own_options = self.optimizer_.state_dict()["param_groups"]
            memory = previous.optimizer_.state_dict()["state"]
            memory = {"state": memory, "param_groups": own_options}
            self.optimizer_.load_state_dict(deepcopy(memory))
        self.history = deepcopy(previous.history)  # the previous net may still be used
        self.pixel_sums_ = previous.pixel_sums_

    def epochs(self) -> list[dict[str, float]]:
        """Return one record per epoch: losses, validation score, learning rate, seconds."""
        return [
            {key: value for key, value in record.items() if key != "batches"}
            for record in self.history
        ]

    def _skquickdraw_fingerprint(self) -> tuple[dict[str, NDArray[np.generic]], int]:
        """Return what identifies this net: its weights, and how long it trained."""
        weights = {name: w.cpu().numpy() for name, w in self.module_.state_dict().items()}
        return weights, len(self.history)

    def folded_module(self) -> nn.Module:
        """Return the network for prediction, with batch normalisation folded into its layers.

        A user's network is returned unchanged: its layers may be called in another order than they
        are listed.
        """
        return self.module_ if self.is_users else self.folded_.of(self.module_)

    def stop(self) -> None:
        """End the training after this epoch."""
        self.is_stopped_ = True

    def evaluated_module(self) -> nn.Module:
        """Return the averaged network if weights are averaged, else the trained one."""
        average = dict(self.callbacks_).get("average")
        return self.module_ if average is None else average.network()

    def train_step_single(self, batch: Batch, **fit_params: object) -> dict[str, Tensor]:
        images, target = batch
        logits = self.infer(images)
        loss = self.criterion_(logits, target)
        loss.backward()
        return {"loss": loss, "y_pred": logits}

    def infer(self, x: Tensor, **fit_params: object) -> Tensor:
        is_mixed = self.precision != torch.float32
        # Inside a user's own autocast a cache would keep weights of an earlier step.
        with torch.autocast(x.device.type, self.precision, enabled=is_mixed, cache_enabled=False):
            return self.module_(x).float()

    def logits(
        self,
        images: Tensor | MappedImages,
        module: nn.Module | None = None,
        view: View | None = None,
    ) -> Tensor:
        """Return logits (n, n_classes) of images (n, C, H, W) in evaluation mode, in float32.

        ``view`` maps a batch of images to another view of them.
        """
        module = self.module_ if module is None else module
        device = torch.device(self.device)
        full = full_batch(device)
        few_rows = self.folded_.few_rows(module, self.module__image_shape, device)
        if few_rows is None:  # else its network is in evaluation mode already
            module.eval()
        parts = []
        with (
            torch.inference_mode(),
            torch.autocast(device.type, enabled=False),
            repeatable_cudnn(device),
        ):
            for part in images.split(full):
                batch = part.to(device).float()
                with user_of_torch():
                    network, size = few_rows.choose(len(part)) if few_rows else (module, full)
                    if self.ink is not None:
                        batch = self.ink(pad_rows(batch, full))[:size]
                    batch = pad_rows(batch, size)
                    logits = network(batch if view is None else view(batch))
                    parts.append(logits[: len(part)])
            return torch.cat(parts)
