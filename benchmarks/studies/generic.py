"""What a practitioner would write: a ResNet-18 with a 3 x 3 stem, trained in the usual way.

Weighted cross entropy, AdamW at 2e-3 under a one-cycle schedule, light affine changes, and as many
passes as the defaults of the library make.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, relu

from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.neural_network import resolve_batch_size, resolve_epochs

LIGHT = AugmentationPolicy(rotation=10, horizontal_flip=0, shift=0.1, scale=0.1, shear=0)
LR, WEIGHT_DECAY = 2e-3, 0.01


def conv_bn(c_in: int, c_out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(c_out))


class Block(nn.Module):
    def __init__(self, c_in: int, c_out: int, stride: int) -> None:
        super().__init__()
        self.first, self.second = conv_bn(c_in, c_out, 3, stride), conv_bn(c_out, c_out, 3)
        is_same = stride == 1 and c_in == c_out
        self.shortcut = nn.Identity() if is_same else conv_bn(c_in, c_out, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return relu(self.second(relu(self.first(x))) + self.shortcut(x))


def resnet18(n_channels: int, n_classes: int) -> nn.Module:
    """Return the network of He et al. (2016) for small images: full resolution in the stem."""
    layers: list[nn.Module] = [conv_bn(n_channels, 64, 3), nn.ReLU()]
    for c_in, c_out, stride in ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)):
        layers += [Block(c_in, c_out, stride), Block(c_out, c_out, 1)]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, n_classes)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


class GenericResNet18(ClassifierMixin, BaseEstimator):
    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> GenericResNet18:
        torch.manual_seed(self.random_state)
        images = self.images(X)
        self.mean_, self.std_ = images.mean((0, 2, 3)), images.std((0, 2, 3)) + 1e-6
        self.classes_, codes = np.unique(y, return_inverse=True)
        weights = compute_class_weight("balanced", classes=self.classes_, y=y)
        weight, targets = torch.as_tensor(weights).float(), torch.as_tensor(codes)
        size = resolve_batch_size("auto", len(images))
        n_epochs = int(resolve_epochs("auto", len(images), size, is_picture=True))
        n_batches = -(-len(images) // size)
        self.network_ = resnet18(images.shape[1], len(self.classes_))
        optimizer = torch.optim.AdamW(self.network_.parameters(), LR, weight_decay=WEIGHT_DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, n_epochs * n_batches)
        for _ in range(n_epochs):
            for rows in torch.randperm(len(images)).tensor_split(n_batches):
                with torch.autocast("cpu", torch.bfloat16):
                    logits = self.network_(self.scale(LIGHT(images[rows])))
                optimizer.zero_grad()
                cross_entropy(logits.float(), targets[rows], weight).backward()
                optimizer.step()
                schedule.step()
        return self

    def predict(self, X: Any) -> np.ndarray:
        self.network_.eval()
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            parts = [self.network_(self.scale(part)) for part in self.images(X).split(256)]
        return self.classes_[torch.cat(parts).float().argmax(1).numpy()]

    def images(self, X: Any) -> Tensor:
        images = torch.from_numpy(np.array(X, dtype=np.float32))
        if images.ndim == 2:  # flat rows of square images
            images = images.unflatten(1, (math.isqrt(images.shape[1]), -1))
        return images[:, None] if images.ndim == 3 else images

    def scale(self, images: Tensor) -> Tensor:
        scaled = (images - self.mean_.view(-1, 1, 1)) / self.std_.view(-1, 1, 1)
        return scaled.to(memory_format=torch.channels_last)
