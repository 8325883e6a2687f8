"""The same training in plain PyTorch, skorch and Keras, with which the library is compared."""

import os
from copy import deepcopy
from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
import torch
from common import LIGHT, measure_seconds
from scipy import ndimage
from skorch import NeuralNetClassifier
from skorch.callbacks import LRScheduler
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import Dataset

from skquickdraw.networks import MobileNetV2

IMAGE_SHAPE = (1, 28, 28)
N_WARM_UP = 3  # steps before the recording, because PyTorch chooses its kernels in the first


@dataclass(frozen=True)
class Recipe:
    """The settings that all contenders share."""

    n_classes: int = 100
    batch_size: int = 256
    n_epochs: int = 1
    lr: float = 0.003
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    warm_up: float = 0.2  # share of the steps in which the rate rises
    precision: str = "bfloat16"

    def n_steps(self, n_images):
        return self.n_epochs * -(-n_images // self.batch_size)

    def params(self):
        """Return the settings as parameters of a classifier of the library."""
        names = ("lr", "weight_decay", "label_smoothing", "batch_size", "precision")
        own = {name: getattr(self, name) for name in names}
        return {**own, "max_epochs": self.n_epochs, "device": "cpu", "random_state": 0}


def make_network(X, recipe, kind=MobileNetV2):
    """Return a network of the library that standardizes with the mean and deviation of X."""
    torch.manual_seed(0)
    network = kind(IMAGE_SHAPE, recipe.n_classes)
    network.standardize.set_statistics(torch.tensor(X.mean()), torch.tensor(X.std()))
    return network


class MixedNetwork(nn.Module):
    """A network in bfloat16 and in channels-last memory."""

    def __init__(self, network):
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)

    def forward(self, x):
        with torch.autocast(x.device.type, torch.bfloat16, cache_enabled=False):
            return self.network(x).float()  # (B, n_classes)


def train_by_hand(X, y, recipe, *, kind=MobileNetV2, device="cpu", decay=None, is_recorded=False):
    """Train on uint8 rows X and codes y; return the network, and the seconds of each epoch.

    With ``decay``, the step also updates an average of the weights. With ``is_recorded``, the step
    is recorded as a CUDA graph; then all batches must have the same size.
    """
    images = torch.as_tensor(X, device=device).view(-1, *IMAGE_SHAPE)
    labels = torch.as_tensor(y, device=device)
    network = MixedNetwork(make_network(X, recipe, kind)).to(device).train()
    average = None if decay is None else deepcopy(network)
    lr = torch.tensor(recipe.lr, device=device) if is_recorded else recipe.lr
    shared = {"weight_decay": recipe.weight_decay, "fused": True, "capturable": is_recorded}
    optimizer = torch.optim.AdamW(network.parameters(), lr, **shared)
    rise = {"pct_start": recipe.warm_up, "cycle_momentum": False}
    schedule = OneCycleLR(optimizer, recipe.lr, recipe.n_steps(len(X)), **rise)
    criterion = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
    generator = torch.Generator().manual_seed(0)

    def step(batch, targets):
        optimizer.zero_grad()
        criterion(network(batch), targets).backward()
        optimizer.step()
        if average is not None:
            with torch.no_grad():
                torch._foreach_lerp_(floats(average), floats(network), 1 - decay)

    size = recipe.batch_size
    take = record(step, images[:size].float(), labels[:size]) if is_recorded else step

    def run_epoch():
        order = torch.randperm(len(images), generator=generator).to(device)
        for rows in order.split(size):
            take(LIGHT(images[rows].float(), generator), labels[rows])
            schedule.step()

    return network, [measure_seconds(run_epoch, device=device) for _ in range(recipe.n_epochs)]


def floats(network):
    """Return the tensors of a network that are averaged: weights and floating-point buffers."""
    tensors = [*network.parameters(), *network.buffers()]
    return [tensor for tensor in tensors if tensor.is_floating_point()]


def record(step, images, targets):
    """Record a CUDA graph; return a step that copies its batch into the tensors and replays it."""
    targets, stream = targets.clone(), torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(N_WARM_UP):
            step(images, targets)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step(images, targets)

    def replay(new_images, new_targets):
        images.copy_(new_images)
        targets.copy_(new_targets)
        graph.replay()

    return replay


class AugmentedDataset(Dataset):
    """uint8 images (n, H, W) with labels; each image is augmented when it is loaded."""

    def __init__(self, X, y):
        self.images, self.labels = X.reshape(-1, *IMAGE_SHAPE[1:]), y
        self.rng = np.random.default_rng(0)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return warp_by_scipy(self.images[index], self.rng), int(self.labels[index])


def train_with_skorch(X, y, recipe, *, is_tuned=False):
    """Train with skorch: ``is_tuned`` uses bfloat16 and channels-last memory, else float32."""
    network = make_network(X, recipe)
    rise = {"max_lr": recipe.lr, "pct_start": recipe.warm_up, "cycle_momentum": False}
    steps = {"step_every": "batch", "total_steps": recipe.n_steps(len(X))}
    net = NeuralNetClassifier(
        MixedNetwork(network) if is_tuned else network,
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


def warp_by_scipy(image, rng):
    """Augment one image (H, W) like ``LIGHT``; return (1, H, W). torch takes twice as long."""
    angle = radians(rng.uniform(-15, 15))
    shear_x, shear_y = np.tan(np.radians(rng.uniform(-8, 8, 2)))
    zoom, mirror = 1.15 ** rng.uniform(-1, 1), -1.0 if rng.random() < 0.5 else 1.0
    turn = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    matrix = turn @ [[1, shear_x], [shear_y, 1]] * [mirror * zoom, zoom]
    centre = (np.array(image.shape) - 1) / 2
    offset = centre - matrix @ centre + rng.uniform(-0.08, 0.08, 2) * image.shape
    warped = ndimage.affine_transform(image.astype(np.float32), matrix, offset, order=1)
    return torch.from_numpy(warped).unsqueeze(0)


def train_with_keras(X, y, recipe):
    """Train with ``Model.fit`` of Keras, on the CPU."""
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
        network = MixedNetwork(make_network(X, recipe))
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
