"""The same training in plain PyTorch, in skorch and in Keras: what the library is compared with."""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

import numpy as np
import torch
from common import LIGHT
from scipy import ndimage
from skorch import NeuralNetClassifier
from skorch.callbacks import LRScheduler
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import Dataset

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
    precision: str = "bfloat16"

    def n_steps(self, n_images: int) -> int:
        return self.n_epochs * -(-n_images // self.batch_size)

    def autocast(self) -> torch.autocast:
        is_mixed = self.precision == "bfloat16"
        return torch.autocast("cpu", torch.bfloat16, enabled=is_mixed)

    def params(self) -> dict[str, Any]:
        """Return the same for a classifier of the library."""
        names = ("lr", "weight_decay", "label_smoothing", "batch_size", "precision")
        own = {name: getattr(self, name) for name in names}
        return {**own, "max_epochs": self.n_epochs, "device": "cpu", "random_state": 0}


# ---- by hand: uint8 images in memory, whole batches augmented; no checks, no history ------------


def train_by_hand(X: np.ndarray, y: np.ndarray, recipe: Recipe) -> nn.Module:
    """Train MobileNetV2 on uint8 rows X and codes y."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    images, labels = torch.from_numpy(X).view(-1, *IMAGE_SHAPE), torch.from_numpy(y)
    network = MobileNetV2(IMAGE_SHAPE, recipe.n_classes).to(memory_format=torch.channels_last)
    network.standardize.set_statistics(*statistics(images))
    optimizer = make_adamw(network, recipe)
    n_steps = recipe.n_steps(len(images))
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


def statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    pixels = images.float()
    return pixels.mean(), pixels.std()


def make_adamw(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Let weights decay, but no biases and no parameters of batch norm."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": weights}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True)


def training_loss(network: Any, batch: Tensor, labels: Tensor, recipe: Recipe) -> Tensor:
    """Return the loss, computed in float32 from logits in the recipe's precision."""
    with recipe.autocast():
        logits = network(batch).float()  # (B, n_classes)
    return cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)


# ---- skorch: a data set that augments image by image, a default loader --------------------------


class AugmentedDataset(Dataset):
    """uint8 images (n, H, W) with labels; each is changed when it is asked for."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.images, self.labels = X.reshape(-1, *IMAGE_SHAPE[1:]), y
        self.rng = np.random.default_rng(0)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return warp_by_scipy(self.images[index], self.rng), int(self.labels[index])


class TunedClassifier(NeuralNetClassifier):
    """skorch with the network in the recipe's precision and in channels-last memory."""

    recipe = Recipe()

    def initialize_module(self) -> TunedClassifier:
        super().initialize_module()
        self.module_ = self.module_.to(memory_format=torch.channels_last)
        return self

    def infer(self, x: Tensor, **fit_params: Any) -> Tensor:
        with self.recipe.autocast():
            return super().infer(x, **fit_params).float()


def train_with_skorch(kind: type, X: np.ndarray, y: np.ndarray, recipe: Recipe) -> Any:
    """Train by skorch, ``kind`` being its classifier or the tuned one."""
    torch.manual_seed(0)
    one_cycle = {"max_lr": recipe.lr, "pct_start": recipe.warm_up, "cycle_momentum": False}
    n_steps = recipe.n_steps(len(X))
    schedule = LRScheduler(OneCycleLR, step_every="batch", total_steps=n_steps, **one_cycle)
    net = kind(
        MobileNetV2,
        module__image_shape=IMAGE_SHAPE,
        module__n_classes=recipe.n_classes,
        criterion=nn.CrossEntropyLoss,
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
    ).initialize()
    net.module_.standardize.set_statistics(torch.tensor(X.mean()), torch.tensor(X.std()))
    return net.partial_fit(AugmentedDataset(X, y), y=None)


def draw_matrix(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the changes of ``LIGHT``: a matrix (2, 2), and a shift in sides."""
    angle = radians(rng.uniform(-15, 15))
    shear_x, shear_y = np.tan(np.radians(rng.uniform(-8, 8, 2)))
    zoom = 1.15 ** rng.uniform(-1, 1)
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    turn = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    skew = np.array([[1, shear_x], [shear_y, 1]])
    return turn @ skew * [mirror * zoom, zoom], rng.uniform(-0.08, 0.08, 2)


def warp_by_scipy(image: np.ndarray, rng: np.random.Generator) -> Tensor:
    """Move the pixels of one image (H, W); return (1, H, W). torch's grids take twice the time."""
    matrix, shift = draw_matrix(rng)
    centre = (np.array(image.shape) - 1) / 2
    offset = centre - matrix @ centre + shift * image.shape
    warped = ndimage.affine_transform(image.astype(np.float32), matrix, offset, order=1)
    return torch.from_numpy(warped).unsqueeze(0)


# ---- Keras on its PyTorch backend: its own layers for augmentation, one pass each ---------------

STEM, LAST = 24, 512  # channels of MobileNetV2 as the library builds it
# Expansion, channels, blocks, stride of the first block.
STAGES = ((1, 24, 1, 1), (4, 32, 2, 1), (4, 64, 3, 2), (4, 96, 3, 1))


def train_with_keras(X: np.ndarray, y: np.ndarray, recipe: Recipe) -> Any:
    """Train by ``Model.fit`` on the CPU, in the recipe's precision."""
    os.environ["KERAS_BACKEND"] = "torch"  # read when Keras is imported
    import keras

    with keras.device("cpu"):
        keras.utils.set_random_seed(0)
        mixed = recipe.precision == "bfloat16"
        keras.config.set_dtype_policy("mixed_bfloat16" if mixed else "float32")
        n_steps = recipe.n_steps(len(X))
        schedule = keras.optimizers.schedules.CosineDecay(
            recipe.lr / 25,
            decay_steps=round(n_steps * (1 - recipe.warm_up)),
            warmup_target=recipe.lr,
            warmup_steps=round(n_steps * recipe.warm_up),
        )
        smoothing = {"from_logits": True, "label_smoothing": recipe.label_smoothing}
        model = make_keras_network(keras, X, recipe.n_classes)
        ours = MobileNetV2(IMAGE_SHAPE, recipe.n_classes).parameters()
        n_weights = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
        if n_weights != sum(weight.numel() for weight in ours):
            raise SystemExit("MobileNetV2 has changed: train_with_keras has another network.")
        model.compile(
            optimizer=keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay),
            loss=keras.losses.CategoricalCrossentropy(**smoothing),
        )
        targets = keras.utils.to_categorical(y, recipe.n_classes)
        images = X.reshape(-1, *IMAGE_SHAPE[1:], 1)  # channels last, here the faster
        model.fit(images, targets, recipe.batch_size, recipe.n_epochs, verbose=0)
    return model


def make_keras_network(keras: Any, X: np.ndarray, n_classes: int) -> Any:
    """Return MobileNetV2 as the library builds it, with augmentation and scaling in front."""
    layers = keras.layers
    edge = {"fill_mode": "constant", "fill_value": 0.0, "dtype": "float32"}
    shear = float(np.tan(np.radians(8)))

    def conv(x: Any, layer: Any, *, is_active: bool = True) -> Any:
        x = layers.BatchNormalization()(layer(x))
        return layers.ReLU()(x) if is_active else x

    def block(x: Any, c_in: int, expansion: int, c_out: int, stride: int) -> Any:
        branch = x
        if expansion > 1:
            branch = conv(branch, layers.Conv2D(c_in * expansion, 1, use_bias=False))
        branch = conv(branch, layers.DepthwiseConv2D(3, stride, "same", use_bias=False))
        branch = conv(branch, layers.Conv2D(c_out, 1, use_bias=False), is_active=False)
        return layers.Add()([x, branch]) if c_in == c_out and stride == 1 else branch

    x = inputs = keras.Input((*IMAGE_SHAPE[1:], 1))
    for change in (
        layers.RandomFlip("horizontal", dtype="float32"),
        layers.RandomRotation(15 / 360, **edge),
        layers.RandomTranslation(0.08, 0.08, **edge),
        layers.RandomZoom((-0.13, 0.15), **edge),
        layers.RandomShear(shear, shear, **edge),
        layers.Normalization(axis=None, mean=float(X.mean()), variance=float(X.var())),
    ):
        x = change(x)
    x, c = conv(x, layers.Conv2D(STEM, 3, 2, "same", use_bias=False)), STEM
    for expansion, channels, n_blocks, stride in STAGES:
        for i in range(n_blocks):
            x, c = block(x, c, expansion, channels, stride if i == 0 else 1), channels
    x = conv(layers.GlobalAveragePooling2D()(x), layers.Dense(LAST, use_bias=False))
    return keras.Model(inputs, layers.Dense(n_classes, dtype="float32")(x))
