"""The episodic training of a relation network, on whole tensors."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from math import cos, pi
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from .._device import repeatable_cudnn
from .._divergence import LastFinite
from .._draws import Draws, is_ours
from .._out_of_memory import out_of_memory_as
from .._progress import Bar
from .._random import make_generator
from .._turns import seeded_device
from ..augmentation import BoundAugmentation
from ..networks import RelationNetwork, pixel_statistics
from ._episodes import EpisodeSampler

WARM_UP = 0.1  # share of the steps in which the learning rate rises
LOOK_EVERY = 50  # steps between checks that the weights are finite; each waits for the device
STATISTICS_CHUNK = 4096  # images


@dataclass(frozen=True, eq=False)
class EpisodePlan:
    """The data and the parameters of a relation network's training, all decided.

    Attributes
    ----------
    name : str
        Of the classifier, the subject of messages.
    images : ndarray of shape (n, C, H, W)
    n_shot : int
        Examples of each class in an episode; its other images are queries.
    n_steps, batch_size : int
        ``batch_size`` episodes per step.
    width : float
    augmentation : BoundAugmentation
    lr, weight_decay : float
    device : torch.device
    precision : torch.dtype
    seed : int
        Of initial weights and augmentation.
    verbose : int
    """

    name: str
    images: NDArray[np.number]
    n_shot: int
    n_steps: int
    batch_size: int
    width: float
    augmentation: BoundAugmentation
    lr: float
    weight_decay: float
    device: torch.device
    precision: torch.dtype
    seed: int
    verbose: int

    def describe(self) -> str:
        """Return the message for when memory runs out."""
        return (
            f"{self.name}: memory ran out on device={str(self.device)!r} in training with "
            f"batch_size={self.batch_size} and width={self.width}. Lower batch_size, n_way, "
            "n_query or width. What was fitted before is unchanged."
        )


def build_network(
    images: NDArray[np.number], width: float, device: torch.device
) -> RelationNetwork:
    """Return an untrained network for images (n, C, H, W), with their mean and deviation.

    Weights come from torch's global generator, or what :class:`~.._draws.Draws` puts in its place.
    """
    channels, height, side = images.shape[1:]
    network = RelationNetwork((channels, height, side), width=width)
    sums = np.zeros((3, channels))
    sums[0] = images[:, 0].size
    for start in range(0, len(images), STATISTICS_CHUNK):
        pixels = images[start : start + STATISTICS_CHUNK].astype(np.float64)
        sums[1:] += pixels.sum(axis=(0, 2, 3)), np.square(pixels).sum(axis=(0, 2, 3))
    network.standardize.set_statistics(*pixel_statistics(torch.from_numpy(sums)))
    return network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def make_optimizer(
    network: RelationNetwork, lr: float, weight_decay: float, n_steps: int
) -> tuple[AdamW, LambdaLR]:
    """Return AdamW, and a rate that rises linearly and falls as a half cosine.

    Batch-norm weights and biases, all one-dimensional, do not decay.
    """
    weights = list(network.parameters())
    groups = [
        {"params": [w for w in weights if w.ndim > 1], "weight_decay": weight_decay},
        {"params": [w for w in weights if w.ndim <= 1], "weight_decay": 0.0},
    ]
    n_rising = max(1, round(WARM_UP * n_steps))

    def share(step: int) -> float:
        return min(1.0, (step + 1) / n_rising) * (1 + cos(pi * step / n_steps)) / 2

    optimizer = AdamW(groups, lr=lr, fused=True)
    return optimizer, LambdaLR(optimizer, share)


def episode_loss(network: RelationNetwork, images: Tensor, n_shot: int) -> Tensor:
    """Return the cross entropy of the queries of episodes.

    Parameters
    ----------
    network : RelationNetwork
    images : tensor of shape (E, N, n_shot + n_query, C, H, W)
        The examples of each class come first.
    n_shot : int
    """
    n_episodes, n_way, n_rows = images.shape[:3]
    examples, queries = images.split([n_shot, n_rows - n_shot], dim=2)
    scores = network(examples, queries.flatten(1, 2)).float()  # (E, N * n_query, N)
    classes = torch.arange(n_way, device=images.device).repeat_interleave(n_rows - n_shot)
    return cross_entropy(scores.flatten(0, 1), classes.repeat(n_episodes))


class Trained(NamedTuple):
    """A trained network in evaluation mode, and the loss of each step that was taken."""

    network: RelationNetwork
    losses: list[float]
    is_interrupted: bool
    has_diverged: bool


def train_by_episodes(plan: EpisodePlan, sampler: EpisodeSampler) -> Trained:
    """Train as planned, unless the user interrupts it or it diverges.

    After an interrupt the network is kept, if it has taken a step. A network that diverged, also
    before an interrupt, goes back to the last weights that were found finite.
    """
    draws = Draws(plan.seed, is_own=is_ours(plan.augmentation.augmentation))
    with (
        out_of_memory_as(plan.describe),
        seeded_device(plan.seed, plan.device),
        repeatable_cudnn(plan.device),
    ):
        with draws.to_build():
            network = build_network(plan.images, plan.width, plan.device)
        optimizer, schedule = make_optimizer(network, plan.lr, plan.weight_decay, plan.n_steps)
        batches, losses, is_interrupted = draw_batches(plan, sampler), [], False
        last_finite, has_diverged = LastFinite(network), False
        network.train()
        with shown_steps(plan) as bar:
            try:
                for _ in range(plan.n_steps):
                    with draws.to_step():
                        losses.append(take_step(plan, network, next(batches), optimizer))
                    schedule.step()
                    if bar is not None:
                        bar.tell(len(losses))
                    is_looked_at = len(losses) % LOOK_EVERY == 0 or len(losses) == plan.n_steps
                    if is_looked_at and not last_finite.keep():
                        last_finite.restore(optimizer)
                        warn_of_divergence(plan, len(losses))
                        has_diverged = True
                        break
            except KeyboardInterrupt:
                if not losses:
                    raise
                is_interrupted = True
                if not last_finite.keep():  # it had diverged since the last check
                    last_finite.restore(optimizer)
                    warn_of_divergence(plan, len(losses))
                    has_diverged = True
        optimizer.zero_grad()
        network.eval()
        return Trained(network, torch.stack(losses).tolist(), is_interrupted, has_diverged)


def warn_of_divergence(plan: EpisodePlan, n_steps: int) -> None:
    n_kept = (n_steps - 1) // LOOK_EVERY * LOOK_EVERY
    warnings.warn(
        f"{plan.name}: training has diverged by step {n_steps}, at lr={plan.lr:g}: weights became "
        f"infinite or NaN. It has stopped, and keeps the weights of step {n_kept}"
        f"{', which are untrained' if n_kept == 0 else ''}. Lower lr, or look for extreme values "
        "in X.",
        ConvergenceWarning,
        stacklevel=4,
    )


def shown_steps(plan: EpisodePlan) -> AbstractContextManager[Bar | None]:
    """Return a context with the bar that reports each step, or with None if none is wanted."""
    return (
        closing(Bar(plan.name, "step", plan.n_steps, n_lines=10)) if plan.verbose else nullcontext()
    )


def draw_batches(plan: EpisodePlan, sampler: EpisodeSampler) -> Iterator[Tensor]:
    """Yield the images (E, N, n_rows, C, H, W) of each step's episodes, augmented."""
    generator = make_generator(plan.seed)
    for _ in range(plan.n_steps):
        rows = np.stack([sampler.draw() for _ in range(plan.batch_size)])  # (E, N, n_rows)
        pictures = torch.from_numpy(plan.images[rows.ravel()].astype(np.float32)).to(plan.device)
        yield plan.augmentation(pictures, generator).view(*rows.shape, *plan.images.shape[1:])


def take_step(
    plan: EpisodePlan, network: RelationNetwork, pictures: Tensor, optimizer: Optimizer
) -> Tensor:
    """Change the weights once, and return the loss; it stays on the device."""
    is_mixed = plan.precision != torch.float32
    with torch.autocast(plan.device.type, plan.precision, enabled=is_mixed):
        loss = episode_loss(network, pictures, plan.n_shot)
    torch.clear_autocast_cache()  # a user's own autocast would keep these weights for the next step
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()
