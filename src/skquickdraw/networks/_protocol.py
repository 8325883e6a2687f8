"""The protocol for a user's own network."""

from __future__ import annotations

from typing import Protocol

from torch import nn


class Network(Protocol):
    """Protocol for builders of networks: a module class, or a function that returns a module.

    :class:`~skquickdraw.neural_network.ImageClassifier` takes any such ``network``, and builds a
    new module with it in each ``fit``.

    Notes
    -----
    The module maps images (B, C, H, W) to logits (B, n_classes), without a softmax. Over the
    training set, each channel of the images has mean 0 and variance 1. In evaluation mode, the
    logits of an image must not depend on other images. Layers may be lazy; weights may be shared,
    and may be frozen by ``requires_grad_(False)``.

    The signature of the network may contain ``width``, ``stem_stride``, ``dropout``,
    ``spatial_dropout`` and ``stochastic_depth``. The network then gets those that are set in the
    classifier. Set other options with ``functools.partial``.

    ``extract_features`` returns the input of the layer that computes the logits: the last linear
    layer or 1x1 convolution with ``n_classes`` outputs. To get the output of another layer instead,
    name it in an attribute ``penultimate`` of the module, such as ``penultimate = "pool"``.

    Initial weights and dropout may use torch's global random generator. The classifier sets the
    state of the generator before the network is built and before each step, and restores it
    afterwards. Only one thread at a time does this.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from skquickdraw import ImageClassifier
    >>> class Perceptron(nn.Sequential):
    ...     def __init__(self, image_shape, n_classes, *, width=1.0):
    ...         hidden = int(64 * width)
    ...         super().__init__(
    ...             nn.Flatten(), nn.LazyLinear(hidden), nn.ReLU(), nn.Linear(hidden, n_classes)
    ...         )
    >>> clf = ImageClassifier(Perceptron, width=2.0)
    """

    def __call__(self, image_shape: tuple[int, int, int], n_classes: int) -> nn.Module:
        """Return a new network.

        Parameters
        ----------
        image_shape : (channels, height, width)
        n_classes : int

        Returns
        -------
        network : torch.nn.Module
        """
        ...
