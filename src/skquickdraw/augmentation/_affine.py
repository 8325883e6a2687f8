"""Rotation, flip, change of size, shear and shift of an image, as one matrix per image.

All lengths are pixels measured from the image's centre, x to the right and y downwards, so that
turning an image that is not square does not shear it.
"""

from __future__ import annotations

from functools import lru_cache
from math import radians
from typing import NamedTuple

import numpy as np
import torch

N_UNIFORM = 7  # random numbers per image


class AffineDraw(NamedTuple):
    """Rotation, shear, zoom, flip and shift of each image. All tensors are on the CPU."""

    angle: torch.Tensor  # (n,), radians; positive turns clockwise on the screen
    shear: torch.Tensor  # (2, n), radians, along x and along y
    zoom: torch.Tensor  # (n,), above 1 enlarges
    flip: torch.Tensor  # (n,), bool: mirrored left to right
    shift: torch.Tensor  # (2, n), pixels, to the right and downwards


def draw_affine(
    uniform: torch.Tensor,
    image_size: tuple[int, int],
    *,
    rotation: float,
    horizontal_flip: float,
    shift: float,
    scale: float,
    shear: float,
) -> AffineDraw:
    """Stretch uniform numbers of shape (7, n) over the ranges of the parameters."""
    symmetric = uniform.mul(2).sub_(1)
    height, width = image_size
    return AffineDraw(
        angle=symmetric[0] * radians(rotation),
        shear=symmetric[1:3] * radians(shear),
        zoom=(1.0 + scale) ** symmetric[3],
        flip=uniform[4] < horizontal_flip,
        shift=symmetric[5:7] * torch.tensor([[shift * width], [shift * height]]),
    )


def inverse_affine(draw: AffineDraw) -> torch.Tensor:
    """Return the matrices (n, 2, 3) that map a pixel of the result to its source.

    An image is mapped by ``A = R(angle) @ [[1, tan(shear_x)], [tan(shear_y), 1]] @ diag(+-zoom,
    zoom)`` and then shifted by t; the result is ``[inv(A), -inv(A) @ t]``, in closed form.
    """
    # In numpy: torch would wake all its threads for a few numbers, and wait for busy ones.
    angle, shear, zoom, flip, shift = (np.asarray(part) for part in draw)
    cos, sin = np.cos(angle), np.sin(angle)
    shear_x, shear_y = np.tan(shear)
    shrink = 1 / (zoom * (1 - shear_x * shear_y))
    mirror = np.where(flip, -shrink, shrink)
    to_x = mirror * (cos + sin * shear_x), mirror * (sin - cos * shear_x)
    to_y = -shrink * (sin + cos * shear_y), shrink * (cos - sin * shear_y)
    matrix = np.stack([(*row, -row[0] * shift[0] - row[1] * shift[1]) for row in (to_x, to_y)])
    return torch.from_numpy(np.moveaxis(matrix, 2, 0))  # (n, 2, 3)


@lru_cache(maxsize=16)
def affine_basis(height: int, width: int, device: torch.device) -> torch.Tensor:
    """Return x, y and 1 at every pixel, (3, H * W): a matrix times this is a sampling grid."""
    # float32, whatever torch's default is, because the result is cached for later calls.
    y = torch.arange(height, dtype=torch.float32) - (height - 1) / 2
    x = torch.arange(width, dtype=torch.float32) - (width - 1) / 2
    y, x = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([x, y, torch.ones_like(x)]).view(3, -1).to(device)
