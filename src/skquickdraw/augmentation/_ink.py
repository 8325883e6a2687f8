"""Changes of the ink itself: thicker or thinner strokes, and blanked boxes."""

from __future__ import annotations

import torch
from torch.nn.functional import pad

from ._batch import box_mask, to_device

N_UNIFORM_ERASING = 5  # random numbers per image
PADS = {2: (0, 0, 1, 1), 3: (1, 1, 0, 0)}  # one pixel on either side of an axis
ASPECT = (0.3, 3.3)  # of an erased box, height to width: Zhong et al., 2017


def change_thickness(images: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
    """Thicken or thin the strokes of each image.

    Parameters
    ----------
    images : float tensor of shape (n, C, H, W)
    change : tensor of shape (n,)
        Change of the stroke radius in pixels, from -1 to 1: 1 is a 3 x 3 grey dilation, -1 an
        erosion, and values between blend them with the image.

    Returns
    -------
    images : float tensor of shape (n, C, H, W)
    """
    change = to_device(change, images).to(images.dtype).view(-1, 1, 1, 1)
    # An erosion is the dilation of the negative: one maximum serves both signs.
    sign = torch.where(change < 0, -1.0, 1.0).to(images.dtype)
    widest = _dilate(_dilate(images * sign, 2), 3) * sign
    return torch.lerp(images, widest, change.abs())


def _dilate(images: torch.Tensor, axis: int) -> torch.Tensor:
    """Return the maximum of each pixel and its neighbours along an axis.

    On a CPU this is many times faster than max pooling, which also finds the positions.
    """
    size = images.shape[axis]
    padded = pad(images, PADS[axis], mode="replicate")
    either = torch.maximum(padded.narrow(axis, 0, size), padded.narrow(axis, 2, size))
    return torch.maximum(either, images)


def draw_erasing(
    uniform: torch.Tensor,
    image_size: tuple[int, int],
    probability: float,
    area: tuple[float, float],
) -> torch.Tensor:
    """Turn uniform numbers (5, n) into boxes (n, 4): top, left, height and width in pixels.

    Zhong et al. draw again until a box fits. Here the aspect ratio gives way, so that every image
    takes the same number of random numbers. The share of the image stays as drawn, up to rounding
    to whole pixels.
    """
    image_height, image_width = image_size
    n_pixels = image_height * image_width
    share = area[0] + uniform[0] * (area[1] - area[0])
    aspect = ASPECT[0] * (ASPECT[1] / ASPECT[0]) ** uniform[1]  # log-uniform
    height = (share * n_pixels * aspect).sqrt_()
    height = height.maximum(share * image_height).round_().clamp_(1, image_height)
    width = (share * n_pixels / height).round_()
    fewest, most = (area[0] * n_pixels / height).ceil_(), (area[1] * n_pixels / height).floor_()
    width = width.maximum(fewest).minimum(most).clamp_(1, image_width)
    top = (uniform[2] * (image_height - height + 1)).floor_().minimum(image_height - height)
    left = (uniform[3] * (image_width - width + 1)).floor_().minimum(image_width - width)
    height = height * (uniform[4] < probability)
    return torch.stack([top, left, height, width], 1).long()


def erase(images: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """Blank a box of each image to background, 0; boxes as :func:`draw_erasing` makes them."""
    return images.masked_fill(box_mask(boxes, images), 0)
