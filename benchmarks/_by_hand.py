"""The loop that a careful PyTorch user writes: the yardstick for what the package costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from _settings import LIGHT
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import OneCycleLR

from skquickdraw.networks import MobileNetV2

IMAGE_SHAPE = (1, 28, 28)


@dataclass(frozen=True)
class Recipe:
    """What all contenders do alike."""

    n_classes: int = 100
    batch_size: int = 256
    n_epochs: int = 1
    lr: float = 0.003
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    warm_up: float = 0.2  # share of the steps in which the rate rises
    precision: torch.dtype = torch.float32


def train_by_hand(X: np.ndarray, y: np.ndarray, recipe: Recipe) -> nn.Module:
    """Train MobileNetV2 on uint8 rows X and codes y, all of which stay in memory as they are."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    images = torch.from_numpy(X).view(-1, *IMAGE_SHAPE)
    labels = torch.from_numpy(y)
    network = make_network(images, recipe)
    optimizer = torch.optim.AdamW(
        parameter_groups(network), lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True
    )
    n_steps = recipe.n_epochs * -(-len(images) // recipe.batch_size)
    schedule = OneCycleLR(
        optimizer, recipe.lr, n_steps, pct_start=recipe.warm_up, cycle_momentum=False
    )
    for _ in range(recipe.n_epochs):
        for rows in torch.randperm(len(images), generator=generator).split(recipe.batch_size):
            batch = LIGHT(images[rows].float(), generator)
            optimizer.zero_grad()
            training_loss(network, batch, labels[rows], recipe).backward()
            optimizer.step()
            schedule.step()
    return network


def make_network(images: Tensor, recipe: Recipe) -> nn.Module:
    """Return a network for channels-last images, with the pixel statistics of these."""
    network = MobileNetV2(IMAGE_SHAPE, recipe.n_classes).to(memory_format=torch.channels_last)
    pixels = images.float()
    network.standardize.set_statistics(pixels.mean(), pixels.std())
    return network


def parameter_groups(network: nn.Module) -> list[dict]:
    """Let weights decay, but no biases and no parameters of batch norm."""
    parameters = list(network.parameters())
    return [
        {"params": [p for p in parameters if p.ndim > 1]},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


def training_loss(network: nn.Module, batch: Tensor, labels: Tensor, recipe: Recipe) -> Tensor:
    """Return the loss, computed in float32 from logits in the recipe's precision."""
    with torch.autocast("cpu", recipe.precision, enabled=recipe.precision != torch.float32):
        logits = network(batch).float()  # (B, n_classes)
    return cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
