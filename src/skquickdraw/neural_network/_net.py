"""The private skorch net: the training loop, on whole tensors and without needless waits."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from contextlib import closing
from copy import deepcopy
from itertools import islice
from math import isfinite
from time import process_time
from typing import Any

import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import recall_score
from skorch import NeuralNet
from skorch.callbacks import EpochTimer
from torch import Tensor, nn

from .._device import repeatable_cudnn, usable_device
from ..exceptions import FitInterrupted
from ._batches import Batch, ImageSet, TrainingBatches
from ._folded import FoldedCopy
from ._mapped_images import MappedImages
from ._networks import UserNetwork
from ._optimizers import find_hidden_weights
from ._prediction import full_batch, pad_rows
from ._replay import make_step
from ._statistics import pixel_statistics
from ._step import TrainingStep
from ._views import View

VALIDATION_CHUNK = 1024  # rows that are gathered at a time


def count_steps(n_epochs: float, n_batches: int) -> int:
    """Return how many steps so many passes have, of which the last may be a part; at least one."""
    return max(1, round(n_epochs * n_batches))


class ImageNet(NeuralNet):
    """skorch's net for images that lie in memory as one tensor.

    It differs from its parent where whole tensors allow more speed: batches are cut, not collated;
    losses are added up on the device and read once an epoch, where skorch waits for each; an
    interrupt by the user ends the fit, where skorch swallows it.

    Parameters
    ----------
    precision : torch.dtype
        Of activations in training; weights, and all of prediction, stay float32.
    ink : callable or None
        Where rows are packed strokes: draws a batch of them as images, with ``image_shape``.
    """

    module_: nn.Module
    history: Any
    step_: TrainingStep  # while it trains

    def __init__(
        self,
        *args: Any,
        precision: torch.dtype = torch.float32,
        ink: Callable[[Tensor], Tensor] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.precision = precision
        self.ink = ink
        self.folded_ = FoldedCopy()  # the underscore keeps it from skorch's parameters
        self.pixel_sums_: Tensor | None = None

    @property
    def _default_callbacks(self) -> list[tuple[str, Any]]:
        return [("epoch_timer", EpochTimer())]

    def initialize_module(self) -> ImageNet:
        super().initialize_module()
        if not self.is_users:  # who may rely on PyTorch's usual order, as view does
            self.module_.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return self

    def get_params_for_optimizer(self, prefix: str, named_parameters: Any) -> Any:
        args, kwargs = super().get_params_for_optimizer(prefix, named_parameters)
        if self.is_users:
            hidden = find_hidden_weights(self.module_, self.module__n_classes)
            kwargs = {**kwargs, "hidden": hidden}
        return args, kwargs

    @property
    def is_users(self) -> bool:
        """Whether the network is a user's, of which less is known than of this package's."""
        return isinstance(self.module, UserNetwork)

    def __getstate__(self) -> dict[str, Any]:
        """Return plain values and arrays: no tensor of a GPU, no optimizer, no callback.

        With what the optimizer remembers, so that a training goes on as if never stored.
        """
        from ._restore import net_state  # which builds nets

        device = str(self.device)
        return {**net_state(self, with_optimizer=True), "network": self.module, "device": device}

    def snapshot(self) -> ImageNet:
        """Return a net of its own that predicts as this one would if it stopped here."""
        from ._restore import module_state, net_state, rebuild_net

        weights = module_state(self.evaluated_module())
        state = {**net_state(self, with_optimizer=False), "weights": weights}
        return rebuild_net(self.module, state, torch.device(self.device))

    def __setstate__(self, state: dict[str, Any]) -> None:
        from ._restore import rebuild_net

        device = usable_device(state["device"])
        self.__dict__.update(vars(rebuild_net(state["network"], state, device)))

    def train(
        self, batches: TrainingBatches, validation: ImageSet | None, n_epochs: float
    ) -> ImageNet:
        """Train for ``n_epochs``, the last one in part, or until a callback calls :meth:`stop`.

        An interrupt by the user ends it too, and after the first epoch what has been learned is
        kept: ``is_interrupted_`` tells.
        """
        self.is_stopped_ = self.is_interrupted_ = False
        n_steps, n_before = count_steps(n_epochs, len(batches)), len(self.history)
        with make_step(self, n_steps) as self.step_:
            self.notify("on_train_begin", X=batches.dataset, y=None)
            try:
                for n_done in range(0, n_steps, len(batches)):
                    self._run_epoch(batches, min(n_steps - n_done, len(batches)), validation)
                    if self.is_stopped_:
                        break
            except KeyboardInterrupt:
                if self.history and "dur" not in self.history[-1]:
                    self.history.pop()  # of the epoch that was cut off
                if len(self.history) == n_before:
                    raise
                self.is_interrupted_ = True
            finally:
                self.notify("on_train_end", X=batches.dataset, y=None)
                self.module_.eval()
        del self.step_
        return self

    def pass_interrupt_on(self, name: str, n_done: int, n_epochs: float) -> None:
        """Raise where the user interrupted the training; the estimator ``name`` has kept it."""
        if self.is_interrupted_:
            raise FitInterrupted(
                f"{name}: fit was interrupted, and {n_done} of {n_epochs:g} epochs are kept. It "
                "can predict as it is."
            )

    def see_pixels(self, sums: Tensor) -> None:
        """Tell the network of pixels that it will see; ``sums`` are those of ``pixel_sums``.

        Their mean and standard deviation are those of all pixels that it was ever told of.
        """
        self.pixel_sums_ = sums if self.pixel_sums_ is None else self.pixel_sums_ + sums
        standardize: Any = self.module_.get_submodule("standardize")
        standardize.set_statistics(*pixel_statistics(self.pixel_sums_))

    def resume(self, previous: ImageNet) -> None:
        """Take over the weights, the optimizer's memory and the history of another net."""
        self.module_.load_state_dict(previous.module_.state_dict())
        if type(self.optimizer_) is type(previous.optimizer_):
            own_options = self.optimizer_.state_dict()["param_groups"]
            memory = previous.optimizer_.state_dict()["state"]
            memory = {"state": memory, "param_groups": own_options}
            self.optimizer_.load_state_dict(deepcopy(memory))
        self.history = deepcopy(previous.history)  # the previous net may have to serve on
        self.pixel_sums_ = previous.pixel_sums_

    def epochs(self) -> list[dict[str, float]]:
        """Return one record an epoch: losses, validation score, learning rate, seconds."""
        return [
            {key: value for key, value in record.items() if key != "batches"}
            for record in self.history
        ]

    def fingerprint(self) -> tuple[Any, ...]:
        """Return what tells this net from another one: its weights, and how long it trained."""
        weights = {name: w.cpu().numpy() for name, w in self.module_.state_dict().items()}
        return weights, len(self.history)

    def folded_module(self) -> nn.Module:
        """Return the network for prediction, with batch normalisation folded into its layers.

        That of a user comes as it is: its layers may be called in other ways than their order says.
        """
        return self.module_ if self.is_users else self.folded_.of(self.module_)

    def stop(self) -> None:
        """End the training after this epoch."""
        self.is_stopped_ = True

    def evaluated_module(self) -> nn.Module:
        """Return the averaged network where weights are averaged, else the trained one."""
        average = dict(self.callbacks_).get("average")
        return self.module_ if average is None else average.network()

    def _run_epoch(
        self, batches: TrainingBatches, n_steps: int, validation: ImageSet | None
    ) -> None:
        train = batches.dataset
        self.notify("on_epoch_begin", dataset_train=train, dataset_valid=validation)
        self.history.record("lr", float(self.optimizer_.param_groups[0]["lr"]))
        started = process_time()
        with closing(iter(batches)) as epoch:  # which may hold a thread that reads ahead
            self._run_steps(islice(epoch, n_steps))
        self.history.record("cpu", process_time() - started)
        self.history.record("n_images", round(batches.n_shown * n_steps / len(batches)))
        if validation is not None:
            self._validate(validation)
        self.notify("on_epoch_end", dataset_train=train, dataset_valid=validation)

    def _run_steps(self, batches: Iterable[Batch]) -> None:
        self.module_.train()
        self.step_.begin_epoch()
        n_rows = 0
        for batch in batches:
            self.notify("on_batch_begin", batch=batch, training=True)
            self.step_(batch)
            n_rows += len(batch[0])
        loss = self.step_.loss_sum.item() / n_rows
        self.history.record("train_loss", loss)
        if not isfinite(loss):
            warnings.warn(
                f"The train loss is {loss}: training has diverged. Lower lr, or look for "
                "extreme values in X and sample_weight.",
                ConvergenceWarning,
                stacklevel=2,
            )

    def train_step_single(self, batch: Batch, **fit_params: Any) -> dict[str, Tensor]:
        images, target = batch
        logits = self.infer(images)
        loss = self.criterion_(logits, target)
        loss.backward()
        return {"loss": loss, "y_pred": logits}

    def infer(self, x: Tensor, **fit_params: Any) -> Tensor:
        is_mixed = self.precision != torch.float32
        # Inside a user's own autocast a cache would keep weights of an earlier step.
        with torch.autocast(x.device.type, self.precision, enabled=is_mixed, cache_enabled=False):
            return self.module_(x).float()

    def _validate(self, validation: ImageSet) -> None:
        module = self.evaluated_module()
        parts = validation.rows.split(VALIDATION_CHUNK)
        images = (validation.images.index_select(0, rows) for rows in parts)
        logits = torch.cat([self.logits(part, module) for part in images])
        loss = nn.functional.cross_entropy(logits, validation.codes)
        codes = validation.codes.cpu().numpy()
        score = recall_score(
            codes, logits.argmax(1).cpu().numpy(), labels=sorted(set(codes)), average="macro"
        )
        self.history.record("valid_loss", loss.item())
        self.history.record("valid_score", float(score))

    def logits(
        self,
        images: Tensor | MappedImages,
        module: nn.Module | None = None,
        view: View | None = None,
    ) -> Tensor:
        """Return logits (n, n_classes) of images (n, C, H, W) in evaluation mode, in float32.

        ``view`` maps a batch of images to another look at them.
        """
        module = self.module_ if module is None else module
        device = torch.device(self.device)
        full = full_batch(device)
        few_rows = self.folded_.few_rows(module, self.module__image_shape, device)
        if few_rows is None:  # else it is so already
            module.eval()
        parts = []
        with (
            torch.inference_mode(),
            torch.autocast(device.type, enabled=False),
            repeatable_cudnn(device),
        ):
            for part in images.split(full):
                batch = part.to(device).float()
                network, size = few_rows.choose(len(part)) if few_rows else (module, full)
                if self.ink is not None:
                    batch = self.ink(pad_rows(batch, full))[:size]
                batch = pad_rows(batch, size)
                logits = network(batch if view is None else view(batch))
                parts.append(logits[: len(part)])
            return torch.cat(parts)
