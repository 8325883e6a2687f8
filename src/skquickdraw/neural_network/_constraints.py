"""What values the parameters may have that all classifiers share."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import torch

from .._compat import HasMethods, Interval, Options, StrOptions
from .._device import PRECISIONS
from ..losses import LOSSES

RATE = Interval(Real, 0, 1, closed="left")
AUTO = StrOptions({"auto"})

CONSTRAINTS: dict[str, list[Any]] = {
    "width": [Interval(Real, 0, None, closed="neither")],
    "stem_stride": [AUTO, Options(Integral, {1, 2})],
    "dropout": [RATE],
    "spatial_dropout": [RATE],
    "stochastic_depth": [RATE],
    "weight_decay": [AUTO, Interval(Real, 0, None, closed="left")],
    "label_smoothing": [RATE],
    "loss": [StrOptions({"auto", *LOSSES}), HasMethods(["bind"])],
    "class_weight": [StrOptions({"balanced", "effective"}), dict, None],
    "sampling": [StrOptions({"balanced"}), Interval(Real, 0, 1, closed="both"), None],
    "augmentation": [StrOptions({"auto", "sketch"}), HasMethods(["draw", "apply"]), None],
    "mixing": [StrOptions({"mixup", "cutmix"}), HasMethods(["draw", "apply"]), None],
    "optimizer": [StrOptions({"adamw", "muon", "sgd"}), callable],
    "lr": [AUTO, Interval(Real, 0, None, closed="neither")],
    "lr_schedule": [StrOptions({"onecycle", "cosine", "plateau"}), None],
    "batch_size": [AUTO, Interval(Integral, 2, None, closed="left")],
    "max_epochs": [StrOptions({"auto", "long"}), Interval(Real, 0, None, closed="neither")],
    "epoch_size": [Interval(Integral, 2, None, closed="left"), None],
    "ema_decay": [RATE, None],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    "n_tta": [AUTO, Interval(Integral, 1, 10, closed="both")],
    "image_shape": [tuple, list, None],
    "device": [str, torch.device],
    "precision": [StrOptions(set(PRECISIONS))],
    "warm_start": ["boolean"],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}
