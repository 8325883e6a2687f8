"""Batch normalisation folded into the layer before it, for prediction."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights, fuse_linear_bn_weights


def fold_batch_norm(network: nn.Module) -> nn.Module:
    """Return a copy for prediction, with each batch normalisation folded into the layer before it.

    In evaluation mode a batch normalisation is a fixed scale and shift of each channel, so it can
    be multiplied into the weights of the convolution or linear layer in front of it. That saves a
    pass over every activation.

    Parameters
    ----------
    network : torch.nn.Module
        Pairs are sought in its ``Sequential`` parts, where the order of work is plain. It is not
        changed.

    Returns
    -------
    folded : torch.nn.Module
        In evaluation mode, with equal outputs up to rounding, and an identity in the place of every
        batch normalisation that was folded. It is not meant to be trained.

    Examples
    --------
    >>> import torch
    >>> from skquickdraw.networks import ResNet, fold_batch_norm
    >>> network = ResNet((1, 28, 28), n_classes=10, width=0.5).eval()
    >>> images = torch.rand(2, 1, 28, 28)
    >>> torch.allclose(network(images), fold_batch_norm(network)(images), atol=1e-5)
    True
    """
    folded = copy.deepcopy(network).eval()
    for part in folded.modules():
        if isinstance(part, nn.Sequential):
            _fold_pairs(part)
    return folded


def _fold_pairs(layers: nn.Sequential) -> None:
    for i, (layer, norm) in enumerate(pairwise(layers)):
        if getattr(norm, "running_mean", None) is None:
            continue
        # Not torch's fuse_conv_bn_eval and its like: they copy the layer once more.
        if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            fuse: Any = fuse_conv_bn_weights
        elif isinstance(layer, nn.Linear) and isinstance(norm, nn.BatchNorm1d):
            fuse = fuse_linear_bn_weights
        else:
            continue
        statistics = norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
        layer.weight, layer.bias = fuse(layer.weight, layer.bias, *statistics)
        layers[i + 1] = nn.Identity()
