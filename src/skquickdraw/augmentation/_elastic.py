"""Elastic deformation: a smooth random field of displacements, as a sum of a few bumps.

Simard, Steinkraus & Platt, 2003, draw one random number per pixel and smooth them with a Gaussian.
Random numbers on a coarse grid of nodes, each weighted with a Gaussian around its node, give the
same field at lower cost.
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt

import torch

N_NODES = 5  # per side; the first and the last are on the image's edges
SMOOTHNESS = 0.7  # standard deviation of the bumps, in distances between nodes


def draw_elastic(
    n_samples: int, displacement: float, generator: torch.Generator | None
) -> torch.Tensor:
    """Return the displacements (n, 2, n_nodes) of the nodes, in pixels along x and along y.

    ``displacement`` is the root mean square length of the displacements of all pixels.
    """
    nodes = torch.randn((n_samples, 2, N_NODES * N_NODES), generator=generator)
    return nodes.mul_(displacement / sqrt(2))  # two axes share the squared length


@lru_cache(maxsize=16)
def elastic_basis(height: int, width: int, device: torch.device) -> torch.Tensor:
    """Return every node's bump at every pixel, shape (n_nodes, H * W).

    The weights of a pixel have unit length, so its displacement has the variance of one node's.
    """
    rows, columns = _bumps(height), _bumps(width)
    return torch.einsum("ih,jw->ijhw", rows, columns).reshape(N_NODES**2, -1).to(device)


def _bumps(size: int) -> torch.Tensor:
    """Return Gaussian weights of the nodes along one side, shape (N_NODES, size)."""
    position = (
        (torch.arange(size, dtype=torch.float32) + 0.5) / size * (N_NODES - 1)
    )  # in distances between nodes
    distance = position - torch.arange(N_NODES).unsqueeze(1)
    weights = torch.exp(-0.5 * (distance / SMOOTHNESS) ** 2)
    return weights / weights.norm(dim=0)
