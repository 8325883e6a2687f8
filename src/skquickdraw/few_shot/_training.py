"""The episodic training of a relation network, on whole tensors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, nullcontext
from math import cos, pi
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from .._progress import Bar
from .._random import make_generator
from ..augmentation import BoundAugmentation
from ..networks import RelationNetwork
from ._episodes import EpisodeSampler

WARM_UP = 0.1  # share of the steps in which the learning rate rises
STATISTICS_CHUNK = 4096  # images

Augment = Callable[[Tensor], Tensor]


def build_network(images: NDArray[Any], width: float, device: torch.device) -> RelationNetwork:
    """Return an untrained network for such images (n, C, H, W), which knows their mean and spread.

    Weights come from torch's global generator.
    """
    channels, height, side = images.shape[1:]
    network = RelationNetwork((channels, height, side), width=width)
    sums = np.zeros((2, channels))
    for start in range(0, len(images), STATISTICS_CHUNK):
        pixels = images[start : start + STATISTICS_CHUNK].astype(np.float64)
        sums += pixels.sum(axis=(0, 2, 3)), np.square(pixels).sum(axis=(0, 2, 3))
    mean, square = torch.from_numpy(sums / images[:, 0].size)
    network.standardize.set_statistics(mean, (square - mean**2).clamp(min=0).sqrt())
    return network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def augmenter(bound: BoundAugmentation, seed: int) -> Augment:
    """Return what changes a batch of images, from a generator of its own."""
    generator = make_generator(seed)
    return lambda images: bound(images, generator)


def make_optimizer(
    network: RelationNetwork, lr: float, weight_decay: float, n_steps: int
) -> tuple[AdamW, LambdaLR]:
    """Return AdamW, and a rate that rises in a line and falls in a half cosine.

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


def episode_loss(network: RelationNetwork, pictures: Tensor, n_shot: int) -> Tensor:
    """Return the cross entropy of the queries of episodes.

    Parameters
    ----------
    network : RelationNetwork
    images : tensor of shape (E, N, n_shot + n_query, C, H, W)
        Of each class the examples first.
    n_shot : int
    """
    n_episodes, n_way, n_rows = pictures.shape[:3]
    examples, queries = pictures.split([n_shot, n_rows - n_shot], dim=2)
    scores = network(examples, queries.flatten(1, 2)).float()  # (E, N * n_query, N)
    classes = torch.arange(n_way, device=pictures.device).repeat_interleave(n_rows - n_shot)
    return cross_entropy(scores.flatten(0, 1), classes.repeat(n_episodes))


def train_by_episodes(
    network: RelationNetwork,
    images: NDArray[Any],
    sampler: EpisodeSampler,
    *,
    n_shot: int,
    n_steps: int,
    batch_size: int,
    lr: float,
    weight_decay: float,
    augment: Augment,
    precision: torch.dtype,
    title: str | None,
) -> list[float]:
    """Train in place, leave the network in evaluation mode, and return the loss of each step.

    ``title`` heads a progress bar; None shows none.
    """
    device = next(network.parameters()).device
    optimizer, schedule = make_optimizer(network, lr, weight_decay, n_steps)
    losses = []
    network.train()
    shown = nullcontext() if title is None else closing(Bar(title, "step", n_steps, n_lines=10))
    with shown as bar:
        for i in range(n_steps):
            rows = np.stack([sampler.draw() for _ in range(batch_size)])  # (E, N, n_rows)
            pictures = torch.from_numpy(images[rows.ravel()].astype(np.float32)).to(device)
            pictures = augment(pictures).view(*rows.shape, *images.shape[1:])
            with torch.autocast(device.type, precision, enabled=precision != torch.float32):
                loss = episode_loss(network, pictures, n_shot)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.detach())
            if bar is not None:
                bar.tell(i + 1)
    optimizer.zero_grad()
    network.eval()
    return torch.stack(losses).tolist()
