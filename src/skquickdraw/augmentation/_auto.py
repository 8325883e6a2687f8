"""The augmentation that suits the images, decided from the training rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._bound import find_background
from ._policy import AugmentationPolicy

# Shares of the range of pixel values, and of all pixels. In drawings and letters, 0.75 to 0.87 of
# all pixels are paper; in clothes, and in digits that fill their image, at most 0.53.
SAME_COLOUR = 0.1
LEAST_PAPER = 0.6
USUAL_SIDE = 28.0  # pixels; displacements are given for this side


class AutoAugmentation(AugmentationPolicy):
    """What ``augmentation='auto'`` stands for: :meth:`bind` returns the policy for the images.

    Lines on paper bend, and become thicker and thinner. Colour images are moved and partly erased,
    but hardly turned and not sheared. All others are turned, moved, resized and sheared a little.
    """

    def bind(self, images: NDArray[np.number], codes: NDArray[np.int64]) -> AugmentationPolicy:
        """Return a policy for images (n, C, H, W), with mirroring decided."""
        return suit(images).bind(images, codes)


def suit(images: NDArray[np.number]) -> AugmentationPolicy:
    """Return the policy for images (n, C, H, W); whether it mirrors is left open."""
    if images.shape[1] > 1:
        return AugmentationPolicy(rotation=8, shift=0.12, shear=0, erasing=0.3)
    if are_lines_on_paper(images):
        elastic = 0.8 * min(images.shape[2:]) / USUAL_SIDE
        return AugmentationPolicy(scale=0.2, shear=10, elastic=elastic, thickness=0.3)
    return AugmentationPolicy()


def are_lines_on_paper(images: NDArray[np.number]) -> bool:
    """Return whether most pixels have the colour that surrounds the images."""
    values = images.astype(np.float32)
    span = values.max() - values.min()
    distance = np.abs(values - find_background(images).reshape(-1, 1, 1))
    return bool(np.mean(distance <= SAME_COLOUR * span) >= LEAST_PAPER)
