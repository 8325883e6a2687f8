"""One sampling grid and one interpolation for everything that moves pixels.

A grid is linear in what was drawn: three numbers per axis for the affine map, one per node for the
elastic field. So one matrix product builds it, whatever is switched on, and each pixel is
interpolated once.
"""

from __future__ import annotations

import torch
from torch.nn.functional import grid_sample

from ._affine import AffineDraw, affine_basis, inverse_affine
from ._batch import to_device
from ._elastic import elastic_basis


def warp(
    images: torch.Tensor, affine: AffineDraw | None, elastic: torch.Tensor | None
) -> torch.Tensor:
    """Move the pixels of each image; what comes from outside is background, 0.

    Parameters
    ----------
    images : float tensor of shape (n, C, H, W)
    affine : AffineDraw or None
    elastic : tensor of shape (n, 2, n_nodes) or None
        Displacements of the nodes of the elastic field, in pixels.

    Returns
    -------
    images : float tensor of shape (n, C, H, W)
        Bilinear between the four pixels around each source.
    """
    if affine is None and elastic is None:
        return images
    dtype = torch.promote_types(images.dtype, torch.float32)
    # In half precision, as under autocast, coordinates would be off by visible fractions of a
    # pixel.
    with torch.autocast(images.device.type, enabled=False):
        grid = _sampling_grid(images, affine, elastic).to(dtype)
        warped = grid_sample(images.to(dtype), grid, padding_mode="zeros", align_corners=False)
    return warped.to(images.dtype)


def _sampling_grid(
    images: torch.Tensor, affine: AffineDraw | None, elastic: torch.Tensor | None
) -> torch.Tensor:
    n_samples, _, height, width = images.shape
    size = (height, width, images.device)
    stays = torch.eye(2, 3).expand(n_samples, 2, 3)
    coefficients = stays if affine is None else inverse_affine(affine)  # (n, 2, 3), pixels
    basis = affine_basis(*size)
    if elastic is not None:
        coefficients = torch.cat([coefficients, elastic], -1)  # (n, 2, 3 + n_nodes)
        basis = torch.cat([basis, elastic_basis(*size)])
    coefficients = coefficients * torch.tensor([[2 / width], [2 / height]])  # sides from -1 to 1
    grid = to_device(coefficients.float(), images).flatten(0, 1) @ basis
    return grid.view(n_samples, 2, height, width).permute(0, 2, 3, 1)  # (n, H, W, 2)
