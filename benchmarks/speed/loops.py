"""The same training in plain PyTorch, in skorch and in Keras: what the library is compared with."""

import os
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

import numpy as np
import torch
from common import LIGHT, measure_seconds
from scipy import ndimage
from skorch import NeuralNetClassifier
from skorch.callbacks import LRScheduler
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import Dataset

from skquickdraw.networks import MobileNetV2

IMAGE_SHAPE = (1, 28, 28)
N_WARM_UP = 5  # steps


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

    def autocast(self, device: str = "cpu") -> torch.autocast:
        is_mixed = self.precision == "bfloat16"
        return torch.autocast(device, torch.bfloat16, enabled=is_mixed, cache_enabled=False)

    def params(self) -> dict[str, Any]:
        """Return the same for a classifier of the library."""
        names = ("lr", "weight_decay", "label_smoothing", "batch_size", "precision")
        own = {name: getattr(self, name) for name in names}
        return {**own, "max_epochs": self.n_epochs, "device": "cpu", "random_state": 0}


# ---- by hand: uint8 images in memory, whole batches augmented; no checks, no history ------------


def train_by_hand(X: np.ndarray, y: np.ndarray, recipe: Recipe) -> nn.Module:
    """Train MobileNetV2 on uint8 rows X and codes y."""
    torch.manual_seed(0)
    loop = HandLoop(MobileNetV2(IMAGE_SHAPE, recipe.n_classes), X, y, recipe)
    rise = {"pct_start": recipe.warm_up, "cycle_momentum": False}
    loop.schedule = OneCycleLR(loop.optimizer, recipe.lr, recipe.n_steps(len(X)), **rise)
    for _ in range(recipe.n_epochs):
        loop.run(torch.randperm(len(X), generator=loop.generator).split(recipe.batch_size))
    return loop.network


class HandLoop:
    """Does in a step what a classifier does: gather, augment, forward, backward, AdamW.

    ``decay`` also averages the weights. ``is_recorded`` makes the step a CUDA graph; then all
    batches are full.
    """

    schedule: Any = None

    def __init__(
        self,
        network: Any,
        X: np.ndarray,
        y: np.ndarray,
        recipe: Recipe,
        *,
        device: str = "cpu",
        policy: Any = LIGHT,
        decay: float | None = None,
        is_recorded: bool = False,
    ) -> None:
        self.images = torch.as_tensor(X, device=device).view(-1, *IMAGE_SHAPE)
        self.labels = torch.as_tensor(y, device=device)
        self.recipe, self.policy, self.decay = recipe, policy, decay
        self.generator = torch.Generator().manual_seed(0)
        network.standardize.set_statistics(*statistics(self.images))
        self.network = network.to(device, memory_format=torch.channels_last).train()
        self.called = self.network  # or the same, compiled
        self.average = None if decay is None else deepcopy(self.network)
        self.optimizer = make_adamw(self.network, recipe, capturable=is_recorded)
        self.step: Callable[[Tensor, Tensor], None] = self.record() if is_recorded else self.train

    def images_per_second(self, n_steps: int) -> float:
        """Return the pace of so many steps of random rows, after some that warm up."""
        size, device = self.recipe.batch_size, self.images.device
        shape = N_WARM_UP + n_steps, size
        rows = torch.randint(len(self.images), shape, generator=self.generator).to(device)
        self.run(rows[:N_WARM_UP])
        seconds = measure_seconds(lambda: self.run(rows[N_WARM_UP:]), device=str(device))
        return n_steps * size / seconds

    def run(self, batches: Iterable[Tensor]) -> None:
        for rows in batches:
            batch = self.images[rows].float()
            batch = self.policy(batch, self.generator) if self.policy else batch
            self.step(batch, self.labels[rows])
            if self.schedule is not None:
                self.schedule.step()

    def train(self, batch: Tensor, labels: Tensor) -> None:
        self.optimizer.zero_grad()
        training_loss(self.called, batch, labels, self.recipe).backward()
        self.optimizer.step()
        if self.average is not None:
            with torch.no_grad():
                torch._foreach_lerp_(floats(self.average), floats(self.network), 1 - self.decay)

    def record(self) -> Callable[[Tensor, Tensor], None]:
        """Return a step that replays a graph of one."""
        size = self.recipe.batch_size
        batch, labels = self.images[:size].float(), self.labels[:size].clone()
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(N_WARM_UP):
                self.train(batch, labels)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.train(batch, labels)

        def replay(new_batch: Tensor, new_labels: Tensor) -> None:
            batch.copy_(new_batch)
            labels.copy_(new_labels)
            graph.replay()

        return replay


def statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    pixels = images.float()
    return pixels.mean(), pixels.std()


def make_adamw(network: nn.Module, recipe: Recipe, **more: Any) -> torch.optim.Optimizer:
    """Let weights decay, but no biases and no parameters of batch norm."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": weights}, {"params": others, "weight_decay": 0.0}]
    given = {"lr": recipe.lr, "weight_decay": recipe.weight_decay, "fused": True, **more}
    return torch.optim.AdamW(groups, **given)


def training_loss(network: Any, batch: Tensor, labels: Tensor, recipe: Recipe) -> Tensor:
    """Return the loss, computed in float32 from logits in the recipe's precision."""
    with recipe.autocast(batch.device.type):
        logits = network(batch).float()  # (B, n_classes)
    return cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)


def floats(network: nn.Module) -> list[Tensor]:
    """Return what an average of a network averages: weights and statistics."""
    tensors = [*network.parameters(), *network.buffers()]
    return [tensor for tensor in tensors if tensor.is_floating_point()]


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


def make_network(X: np.ndarray, recipe: Recipe) -> MobileNetV2:
    """Return the network that trains by hand, with the statistics of the images."""
    torch.manual_seed(0)
    network = MobileNetV2(IMAGE_SHAPE, recipe.n_classes)
    network.standardize.set_statistics(*statistics(torch.from_numpy(X)))
    return network


class MixedNetwork(nn.Module):
    """A network in the recipe's precision and in channels-last memory."""

    def __init__(self, network: nn.Module, recipe: Recipe) -> None:
        super().__init__()
        self.network, self.recipe = network.to(memory_format=torch.channels_last), recipe

    def forward(self, x: Tensor) -> Tensor:
        with self.recipe.autocast():
            return self.network(x).float()  # (B, n_classes)


def train_with_skorch(
    X: np.ndarray, y: np.ndarray, recipe: Recipe, *, is_tuned: bool = False
) -> NeuralNetClassifier:
    """Train by skorch, whose network is the tuned one or in float32."""
    network = make_network(X, recipe)
    rise = {"max_lr": recipe.lr, "pct_start": recipe.warm_up, "cycle_momentum": False}
    steps = {"step_every": "batch", "total_steps": recipe.n_steps(len(X))}
    net = NeuralNetClassifier(
        MixedNetwork(network, recipe) if is_tuned else network,
        criterion=nn.CrossEntropyLoss,
        criterion__label_smoothing=recipe.label_smoothing,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=recipe.weight_decay,
        lr=recipe.lr,
        batch_size=recipe.batch_size,
        iterator_train__shuffle=True,
        train_split=None,
        max_epochs=recipe.n_epochs,
        callbacks=[LRScheduler(OneCycleLR, **steps, **rise)],
        verbose=0,
    )
    return net.fit(AugmentedDataset(X, y), y=None)


def warp_by_scipy(image: np.ndarray, rng: np.random.Generator) -> Tensor:
    """Change one image (H, W) as ``LIGHT`` does; return (1, H, W). torch takes twice as long."""
    angle = radians(rng.uniform(-15, 15))
    shear_x, shear_y = np.tan(np.radians(rng.uniform(-8, 8, 2)))
    zoom, mirror = 1.15 ** rng.uniform(-1, 1), -1.0 if rng.random() < 0.5 else 1.0
    turn = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    matrix = turn @ [[1, shear_x], [shear_y, 1]] * [mirror * zoom, zoom]
    centre = (np.array(image.shape) - 1) / 2
    offset = centre - matrix @ centre + rng.uniform(-0.08, 0.08, 2) * image.shape
    warped = ndimage.affine_transform(image.astype(np.float32), matrix, offset, order=1)
    return torch.from_numpy(warped).unsqueeze(0)


# ---- Keras on its PyTorch backend: the same network behind its own layers for augmentation ------


def train_with_keras(X: np.ndarray, y: np.ndarray, recipe: Recipe) -> Any:
    """Train by ``Model.fit`` on the CPU."""
    os.environ["KERAS_BACKEND"] = "torch"  # read when Keras is imported
    import keras

    layers, edge = keras.layers, {"fill_mode": "constant", "fill_value": 0.0}
    shear = float(np.tan(np.radians(8)))
    with keras.device("cpu"):
        keras.utils.set_random_seed(0)
        n_steps, lr = recipe.n_steps(len(X)), recipe.lr
        n_rising = round(n_steps * recipe.warm_up)
        rise = {"warmup_target": lr, "warmup_steps": n_rising}
        schedule = keras.optimizers.schedules.CosineDecay(lr / 25, n_steps - n_rising, **rise)
        changes = [
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(15 / 360, **edge),
            layers.RandomTranslation(0.08, 0.08, **edge),
            layers.RandomZoom((-0.13, 0.15), **edge),
            layers.RandomShear(shear, shear, **edge),
            layers.Reshape(IMAGE_SHAPE),  # layers for augmentation take the channel last
        ]
        network = MixedNetwork(make_network(X, recipe), recipe)
        wrapped = layers.TorchModuleWrapper(network, output_shape=(recipe.n_classes,))
        model = keras.Sequential([keras.Input((*IMAGE_SHAPE[1:], 1)), *changes, wrapped])
        smoothing = {"from_logits": True, "label_smoothing": recipe.label_smoothing}
        model.compile(
            optimizer=keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay),
            loss=keras.losses.CategoricalCrossentropy(**smoothing),
        )
        targets = keras.utils.to_categorical(y, recipe.n_classes)
        images = X.reshape(-1, *IMAGE_SHAPE[1:], 1)
        model.fit(images, targets, recipe.batch_size, recipe.n_epochs, verbose=0)
    return model
