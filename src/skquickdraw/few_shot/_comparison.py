"""Prediction with a trained relation network: images to maps, maps to scores, in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from .._device import repeatable_cudnn
from .._turns import user_of_torch
from ..networks import RelationNetwork

# Blocks of one size, so that a prediction does not depend on how many rows are predicted with it:
# libraries choose the order of their sums by the size of a batch.
PICTURES, CLASSES = 32, 64


def embed(network: RelationNetwork, images: NDArray[np.number]) -> Iterator[Tensor]:
    """Yield the maps (b, c, h, w) of the images (n, C, H, W), block by block."""
    device = next(network.parameters()).device
    for start in range(0, len(images), PICTURES):
        part = images[start : start + PICTURES].astype(np.float32)
        block = pad(torch.from_numpy(part).to(device), (0, 0) * 3 + (0, PICTURES - len(part)))
        with torch.inference_mode(), user_of_torch(), repeatable_cudnn(device):
            maps = network.embed(block)[: len(part)]
        yield maps


def mean_maps(
    network: RelationNetwork, images: NDArray[np.number], codes: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the mean maps of each class's images, of shape (n_classes, c, h, w)."""
    total: Any = 0.0
    counts = np.bincount(codes)
    for i, maps in enumerate(embed(network, images)):
        part = codes[i * PICTURES : (i + 1) * PICTURES]
        members = np.arange(len(counts))[:, None] == part  # (n_classes, b)
        shares = torch.as_tensor(members / counts[:, None], dtype=maps.dtype, device=maps.device)
        total = total + torch.tensordot(shares, maps, dims=1)
    return total.cpu().numpy()


def relation_scores(
    network: RelationNetwork, images: NDArray[np.number], class_maps: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the score of each image against each class, of shape (n, n_classes)."""
    device = next(network.parameters()).device
    classes = torch.from_numpy(class_maps).to(device).split(CLASSES)
    scores = []
    for maps in embed(network, images):
        queries = pad(maps, (0, 0) * 3 + (0, PICTURES - len(maps)))[None]
        with torch.inference_mode(), user_of_torch(), repeatable_cudnn(device):
            row = torch.cat([network.relate(part[None], queries)[0] for part in classes], dim=1)
        scores.append(row[: len(maps)].cpu())
    return torch.cat(scores).numpy()
