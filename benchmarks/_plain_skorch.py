"""What one writes with skorch alone: a data set that augments image by image, a default loader."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, radians, sin
from typing import Any

import numpy as np
import torch
from _by_hand import IMAGE_SHAPE, Recipe
from scipy import ndimage
from skorch import NeuralNetClassifier
from skorch.callbacks import LRScheduler
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import Dataset

from skquickdraw.networks import MobileNetV2

Transform = Callable[[np.ndarray, np.random.Generator], Tensor]


class AugmentedDataset(Dataset):
    """uint8 pictures (n, H, W) with labels; each is changed when it is asked for."""

    def __init__(self, X: np.ndarray, y: np.ndarray, transform: Transform) -> None:
        self.images = X.reshape(-1, *IMAGE_SHAPE[1:])
        self.labels = y
        self.transform = transform
        self.rng = np.random.default_rng(0)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(self.images[index], self.rng), int(self.labels[index])


class AutocastClassifier(NeuralNetClassifier):
    """skorch with the network in the recipe's precision and memory layout."""

    def __init__(self, *args: Any, precision: torch.dtype = torch.float32, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.precision = precision

    def initialize_module(self) -> AutocastClassifier:
        super().initialize_module()
        self.module_ = self.module_.to(memory_format=torch.channels_last)
        return self

    def infer(self, x: Tensor, **fit_params: Any) -> Tensor:
        with torch.autocast("cpu", self.precision, enabled=self.precision != torch.float32):
            return super().infer(x, **fit_params).float()


def train_with_skorch(
    X: np.ndarray, y: np.ndarray, transform: Transform, recipe: Recipe, *, is_tuned: bool
) -> NeuralNetClassifier:
    """Train by skorch; ``is_tuned`` adds the recipe's precision and channels-last memory."""
    torch.manual_seed(0)
    n_steps = recipe.n_epochs * -(-len(X) // recipe.batch_size)
    schedule = LRScheduler(
        OneCycleLR,
        step_every="batch",
        max_lr=recipe.lr,
        total_steps=n_steps,
        pct_start=recipe.warm_up,
        cycle_momentum=False,
    )
    options: dict[str, Any] = {"precision": recipe.precision} if is_tuned else {}
    net = (AutocastClassifier if is_tuned else NeuralNetClassifier)(
        MobileNetV2,
        module__image_shape=IMAGE_SHAPE,
        module__n_classes=recipe.n_classes,
        criterion=torch.nn.CrossEntropyLoss,
        criterion__label_smoothing=recipe.label_smoothing,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=recipe.weight_decay,
        lr=recipe.lr,
        batch_size=recipe.batch_size,
        iterator_train__shuffle=True,
        train_split=None,
        max_epochs=recipe.n_epochs,
        callbacks=[schedule],
        verbose=0,
        **options,
    ).initialize()
    net.module_.standardize.set_statistics(torch.tensor(X.mean()), torch.tensor(X.std()))
    return net.partial_fit(AugmentedDataset(X, y, transform), y=None)


def draw_matrix(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the changes of the policy 'sketch': a matrix (2, 2), and a shift in sides."""
    angle = radians(rng.uniform(-15, 15))
    shear_x, shear_y = np.tan(np.radians(rng.uniform(-8, 8, 2)))
    zoom = 1.15 ** rng.uniform(-1, 1)
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    turn = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    skew = np.array([[1, shear_x], [shear_y, 1]])
    return turn @ skew * [mirror * zoom, zoom], rng.uniform(-0.08, 0.08, 2)


def warp_by_torch(image: np.ndarray, rng: np.random.Generator) -> Tensor:
    """Move the pixels of one picture (H, W) by torch's sampling grid; return (1, H, W)."""
    matrix, shift = draw_matrix(rng)
    theta = torch.tensor(np.column_stack([matrix, 2 * shift]), dtype=torch.float32).unsqueeze(0)
    grid = affine_grid(theta, [1, *IMAGE_SHAPE], align_corners=False)
    pixels = torch.from_numpy(image).float().view(1, *IMAGE_SHAPE)
    return grid_sample(pixels, grid, align_corners=False)[0]


def warp_by_scipy(image: np.ndarray, rng: np.random.Generator) -> Tensor:
    """Move the pixels of one picture (H, W) by scipy's affine transform; return (1, H, W)."""
    matrix, shift = draw_matrix(rng)
    centre = (np.array(image.shape) - 1) / 2
    offset = centre - matrix @ centre + shift * image.shape
    warped = ndimage.affine_transform(image.astype(np.float32), matrix, offset, order=1)
    return torch.from_numpy(warped).unsqueeze(0)


TRANSFORMS: dict[str, Transform] = {"torch": warp_by_torch, "scipy": warp_by_scipy}
