"""What every transform works on: float images (n, C, H, W), and whole-pixel boxes inside them."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .._checks import is_int
from ..exceptions import InvalidImagesError, InvalidParameterError

MOST = 2**31  # images, or pixels of a side


def check_batch(subject: str, images: torch.Tensor) -> None:
    """Refuse anything but a floating-point batch of shape (n, C, H, W).

    Raises
    ------
    InvalidImagesError
        If the tensor has another number of axes, or holds integers.
    """
    if not isinstance(images, torch.Tensor):
        raise InvalidImagesError(
            f"{subject}: images must be a torch tensor of shape (n, C, H, W), got "
            f"{type(images).__name__}. Convert it: torch.as_tensor(X)."
        )
    if images.ndim != 4:
        raise InvalidImagesError(
            f"{subject}: images must have shape (n, C, H, W), got {tuple(images.shape)}. Add "
            "the missing axes, for example images.unsqueeze(1)."
        )
    if not images.is_floating_point():
        raise InvalidImagesError(
            f"{subject}: images must be floating point, because pixels are interpolated, got "
            f"{images.dtype}. Convert the batch: images.float()."
        )


def check_draw(
    subject: str, n_samples: object, generator: object, image_shape: Sequence[int] = (1, 1, 1)
) -> None:
    """Refuse arguments of ``draw`` for which nothing can be drawn."""
    if generator is not None and not isinstance(generator, torch.Generator):
        raise InvalidParameterError(
            f"{subject}: generator must be a torch.Generator or None, got {generator!r}. Pass "
            "torch.Generator().manual_seed(0)."
        )
    if not is_int(n_samples, 0, MOST):
        raise InvalidParameterError(
            f"{subject}: n_samples must be an int of at least 0, got {n_samples!r}. Pass the "
            "number of images, len(images)."
        )
    is_shape = isinstance(image_shape, tuple | list) and len(image_shape) == 3
    if not is_shape or not all(is_int(n, 1, MOST) for n in image_shape):
        raise InvalidParameterError(
            f"{subject}: image_shape must be three ints of at least 1, (channels, height, width), "
            f"got {image_shape!r}. Pass tuple(images.shape[1:])."
        )


def check_drawn(subject: str, images: torch.Tensor, *drawn: torch.Tensor | None) -> None:
    """Refuse parameters, of shape (n, ...), that were drawn for another number of images."""
    for part in drawn:
        if part is not None and len(part) != len(images):
            raise InvalidImagesError(
                f"{subject}: draw must be for as many images as the batch holds, got one for "
                f"{len(part)}, and a batch of {len(images)}. Call draw with n_samples="
                f"{len(images)}."
            )


def to_device(parameters: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """Move drawn parameters to the images without waiting for the device."""
    if parameters.device == images.device:
        return parameters
    if images.is_cuda:
        parameters = parameters.pin_memory()  # else the copy would wait for the device
    return parameters.to(images.device, non_blocking=True)


def box_mask(boxes: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """Return which pixels lie in each image's box.

    Parameters
    ----------
    boxes : int64 tensor of shape (n, 4)
        Top, left, height and width in pixels; a height of 0 marks no pixel.
    images : tensor of shape (n, C, H, W)
        Gives the size and the device.

    Returns
    -------
    mask : bool tensor of shape (n, 1, H, W)
    """
    top, left, height, width = to_device(boxes, images).view(-1, 4, 1, 1, 1).unbind(1)
    rows = torch.arange(images.shape[2], device=images.device).view(1, 1, -1, 1)
    columns = torch.arange(images.shape[3], device=images.device)
    in_rows = (rows >= top) & (rows < top + height)  # (n, 1, H, 1)
    in_columns = (columns >= left) & (columns < left + width)  # (n, 1, 1, W)
    return in_rows & in_columns
