"""The recipe of the competition's winner, in this package's estimators: the rows to beat.

Classes are filled up to 1,500 turned, shifted and mirrored copies once, before training. A
MobileNetV2 of 0.3 million weights keeps the full 28 x 28 pixels in its first stages and drops
activations inside every block. Adam trains it at a constant rate, with label smoothing. Then come
students: confident pseudo-labels join, and classes are filled up to 4,000. Six of these vote.
"""

from __future__ import annotations

from typing import Any

import torch
from _settings import make_plain
from imblearn.pipeline import make_pipeline
from torch import Tensor, nn

from skquickdraw import (
    AugmentingOverSampler,
    MobileNetClassifier,
    NoisyStudentClassifier,
    SeedEnsembleClassifier,
)
from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.networks._layers import DepthwiseConv

FILLED = {"teacher": 1500, "student": 4000}  # samples a class
CONFIDENCE = 0.4
N_MEMBERS = 6
N_PASSES = 180  # over the filled-up set; what he trained
DROPOUT = 0.2
STEM_CHANNELS, LAST_CHANNELS = 32, 640
# expansion, channels, blocks, stride of the first block
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 3, 2))


def conv_bn(c_in: int, c_out: int, kernel: int) -> list[nn.Module]:
    conv = nn.Conv2d(c_in, c_out, kernel, padding=kernel // 2, bias=False)
    return [conv, nn.BatchNorm2d(c_out)]


class Dropout(nn.Module):
    """As :class:`torch.nn.Dropout`, whose masks took half the time of this network on a CPU.

    Eight random bits decide on a value, so that rates are multiples of 1/256.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        n_dropped = round(p * 256)
        self.lowest_kept = n_dropped - 128
        self.scale = 256 / (256 - n_dropped)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        n = x.numel()
        draws = torch.empty(n // 8 + 1, dtype=torch.int64, device=x.device).random_(-(2**63), None)
        is_kept = draws.view(torch.int8)[:n] >= self.lowest_kept
        mask = is_kept.to(x.dtype).mul_(self.scale)
        return x * mask.as_strided(x.size(), x.stride())  # whichever way x lies in memory


class Block(nn.Module):
    """An inverted residual block that drops activations after both of its nonlinearities.

    The first block has both as well, though it does not widen.
    """

    def __init__(self, c_in: int, c_out: int, expansion: int, stride: int) -> None:
        super().__init__()
        hidden = c_in * expansion
        self.layers = nn.Sequential(
            *conv_bn(c_in, hidden, 1),
            nn.ReLU6(),
            Dropout(DROPOUT),
            DepthwiseConv(hidden, (stride, stride)),
            nn.BatchNorm2d(hidden),
            nn.ReLU6(),
            Dropout(DROPOUT),
            *conv_bn(hidden, c_out, 1),
        )
        self.is_residual = c_in == c_out and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        branch = self.layers(x)
        return x + branch if self.is_residual else branch


class Standardize(nn.Module):
    """Pixels from 0 to 1, as the winner had them: the training set's statistics are not used."""

    def set_statistics(self, mean: Tensor, std: Tensor) -> None:
        pass

    def forward(self, x: Tensor) -> Tensor:
        return x.float() / 255


class OriginalMobileNetV2(nn.Module):
    """The winner's network; takes the arguments that every network here takes, and uses two."""

    def __init__(self, image_shape: tuple[int, int, int], n_classes: int, **_: Any) -> None:
        super().__init__()
        self.standardize = Standardize()
        layers: list[nn.Module] = [*conv_bn(image_shape[0], STEM_CHANNELS, 3), nn.ReLU6()]
        c = STEM_CHANNELS
        for expansion, channels, n_blocks, stride in STAGES:
            for i in range(n_blocks):
                layers.append(Block(c, channels, expansion, stride if i == 0 else 1))
                c = channels
        layers += [*conv_bn(c, LAST_CHANNELS, 1), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        self.layers = nn.Sequential(*layers)
        self.classify = nn.Linear(LAST_CHANNELS, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self.layers(self.standardize(x)))  # (B, n_classes)


class OriginalClassifier(MobileNetClassifier):
    """The library's classifier around the winner's network."""

    _network = OriginalMobileNetV2


def adam(params: Any, lr: float, weight_decay: float) -> torch.optim.Optimizer:
    """Adam with weight decay as a part of the gradient."""
    return torch.optim.Adam(params, lr=lr, weight_decay=weight_decay)


COPIES = AugmentationPolicy(rotation=30, shift=0.2, horizontal_flip=0.5, scale=0, shear=0)


def network(n_passes: int) -> OriginalClassifier:
    """Return one network, to be trained for some passes over the filled-up set."""
    return make_plain(
        OriginalClassifier,
        optimizer=adam,
        lr=0.001,
        lr_schedule=None,
        weight_decay=4e-5,
        label_smoothing=0.1,
        batch_size=128,
        max_epochs=n_passes,
    )


def filled(role: str, n_passes: int) -> Any:
    """Return the network behind the over-sampler, as teacher or as student."""
    copies = AugmentingOverSampler(FILLED[role], augmentation=COPIES, unlabeled_label=-1)
    return make_pipeline(copies, network(n_passes))


def single(n_passes: int = N_PASSES) -> Any:
    """One network on the labelled drawings."""
    return filled("teacher", n_passes)


def student(n_passes: int = N_PASSES, *, memory: Any = None) -> NoisyStudentClassifier:
    """One noisy student, on about as many pictures as its teacher, in whole passes.

    How long the author trained his students is not known.
    """
    share = FILLED["teacher"] / FILLED["student"]
    return NoisyStudentClassifier(
        filled("teacher", n_passes),
        student=filled("student", max(1, round(n_passes * share))),
        n_iterations=1,
        pseudo_labels="hard",
        threshold=CONFIDENCE,
        unlabeled_label=-1,
        memory=memory,
    )


def six(n_passes: int = N_PASSES, *, memory: Any = None, n_jobs: int | None = None) -> Any:
    """Six noisy students that vote, each of a teacher of its own."""
    return SeedEnsembleClassifier(
        student(n_passes, memory=memory), N_MEMBERS, memory=memory, n_jobs=n_jobs
    )
