"""The same network, augmentation and recipe in Keras, on its PyTorch backend."""

from __future__ import annotations

import os
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"  # read when Keras is imported

import keras
import numpy as np
import torch
from _by_hand import IMAGE_SHAPE, Recipe
from keras import layers

from skquickdraw.networks._mobilenet import LAST_CHANNELS, STAGES, STEM_CHANNELS

PIXELS = (*IMAGE_SHAPE[1:], IMAGE_SHAPE[0])  # channels last, Keras' default and here the faster


def train_with_keras(X: np.ndarray, y: np.ndarray, recipe: Recipe) -> Any:
    """Train by ``Model.fit`` on the CPU, in the recipe's precision."""
    with keras.device("cpu"):
        return _train(X, y, recipe)


def _train(X: np.ndarray, y: np.ndarray, recipe: Recipe) -> Any:
    keras.utils.set_random_seed(0)
    is_mixed = recipe.precision == torch.bfloat16
    keras.config.set_dtype_policy("mixed_bfloat16" if is_mixed else "float32")
    n_steps = recipe.n_epochs * -(-len(X) // recipe.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.lr / 25,
        decay_steps=round(n_steps * (1 - recipe.warm_up)),
        warmup_target=recipe.lr,
        warmup_steps=round(n_steps * recipe.warm_up),
    )
    model = make_network(X, recipe)
    model.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=recipe.label_smoothing
        ),
    )
    targets = keras.utils.to_categorical(y, recipe.n_classes)
    images = X.reshape(-1, *PIXELS)
    model.fit(images, targets, recipe.batch_size, recipe.n_epochs, verbose=0)
    return model


def make_network(X: np.ndarray, recipe: Recipe) -> keras.Model:
    """Return MobileNetV2 as the package builds it, with augmentation and scaling in front."""
    inputs = keras.Input(PIXELS)
    x = augment(inputs)
    x = layers.Normalization(axis=None, mean=float(X.mean()), variance=float(X.var()))(x)
    x = layers.Conv2D(STEM_CHANNELS, 3, 2, "same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    c = STEM_CHANNELS
    for expansion, channels, n_blocks, stride in STAGES:
        for i in range(n_blocks):
            x = inverted_residual(x, c, expansion, channels, stride if i == 0 else 1)
            c = channels
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(LAST_CHANNELS, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    return keras.Model(inputs, layers.Dense(recipe.n_classes, dtype="float32")(x))


def augment(x: Any) -> Any:
    """Change pictures by the ranges of the policy 'sketch', in Keras' own layers."""
    edge = {"fill_mode": "constant", "fill_value": 0.0, "dtype": "float32"}
    x = layers.RandomFlip("horizontal", dtype="float32")(x)
    x = layers.RandomRotation(15 / 360, **edge)(x)
    x = layers.RandomTranslation(0.08, 0.08, **edge)(x)
    x = layers.RandomZoom((-0.13, 0.15), **edge)(x)
    shear = float(np.tan(np.radians(8)))
    return layers.RandomShear(shear, shear, **edge)(x)


def inverted_residual(x: Any, c_in: int, expansion: int, c_out: int, stride: int) -> Any:
    branch = x
    if expansion > 1:
        branch = layers.Conv2D(c_in * expansion, 1, use_bias=False)(branch)
        branch = layers.ReLU()(layers.BatchNormalization()(branch))
    branch = layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(branch)
    branch = layers.ReLU()(layers.BatchNormalization()(branch))
    branch = layers.Conv2D(c_out, 1, use_bias=False)(branch)
    branch = layers.BatchNormalization()(branch)
    return layers.Add()([x, branch]) if c_in == c_out and stride == 1 else branch
