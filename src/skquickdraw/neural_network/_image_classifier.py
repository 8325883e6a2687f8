"""The classifier whose network is a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from .._compat import StrOptions
from ..augmentation import Augmentation, Mixing
from ..losses import Loss
from ._base import BaseImageClassifier
from ._docs import share_parameters
from ._networks import NETWORKS, NetworkBuilder, check_network
from ._optimizers import OptimizerBuilder


@share_parameters
class ImageClassifier(BaseImageClassifier):
    """Classify small images with your own network, or with one of this package by its name.

    Your network is trained and regularised like the networks of the other classifiers. If you pass
    a name, you get exactly the results of the classifier with this network:
    ``ImageClassifier("resnet")`` is equivalent to
    :class:`~skquickdraw.neural_network.ResNetClassifier`. So a search can compare networks.

    Parameters
    ----------
    network : {'cnn', 'mobilenet', 'resnet'} or callable, default='resnet'
        A module class, or a function that returns a new module, called as ``network(image_shape,
        n_classes)``: see :class:`~skquickdraw.networks.Network`. Set other arguments with
        ``functools.partial``. The network receives images with mean 0 and variance 1 in each
        channel.
    width, dropout, spatial_dropout, stochastic_depth : float or None, default=None
        As in :class:`~skquickdraw.neural_network.ResNetClassifier`. With None, the network uses its
        own default. If the signature of the network does not contain a parameter, setting it raises
        an error.
    stem_stride : {1, 2} or 'auto', default='auto'
        As in :class:`~skquickdraw.neural_network.ResNetClassifier`. But with 'auto', your own
        network uses its own default.
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    ResNetClassifier, MobileNetClassifier, CNNClassifier : Have one network each.
    skquickdraw.networks.Network : The protocol for your own network.

    Notes
    -----
    After your own network is built, it is called with two blank images. So a wrong shape of the
    output is found before any training.

    With ``optimizer='muon'``, Muon trains the hidden layers, also linear ones. AdamW trains
    embeddings, filters of one input channel (depthwise ones, or a first convolution of grey
    images), layers of ``n_classes`` outputs, and weights of one dimension or one row.

    For predictions, batch normalisation of your own network is not folded. The weights of the
    network have PyTorch's usual memory order, so that ``view`` works after convolutions.

    Examples
    --------
    >>> from torch import nn
    >>> from skquickdraw import ImageClassifier
    >>> from skquickdraw.datasets import make_sketches
    >>> def small_network(image_shape, n_classes):
    ...     return nn.Sequential(
    ...         nn.Conv2d(image_shape[0], 16, 3, stride=2), nn.ReLU(),
    ...         nn.Conv2d(16, 32, 3, stride=2), nn.ReLU(),
    ...         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, n_classes),
    ...     )
    >>> X, y = make_sketches(600, n_classes=3, random_state=0)
    >>> clf = ImageClassifier(small_network, max_epochs=20, random_state=0)
    >>> clf.fit(X[:500], y[:500]).score(X[500:], y[500:]) > 0.8
    True
    """

    _parameter_constraints: ClassVar[dict[str, Sequence[object]]] = {
        "network": [StrOptions(set(NETWORKS)), callable],
        **BaseImageClassifier._parameter_constraints,
        **{
            name: [*BaseImageClassifier._parameter_constraints[name], None]
            for name in ("width", "dropout", "spatial_dropout", "stochastic_depth")
        },
    }

    def __init__(
        self,
        network: str | NetworkBuilder = "resnet",
        *,
        width: Any = None,
        stem_stride: int | str = "auto",
        dropout: Any = None,
        spatial_dropout: Any = None,
        stochastic_depth: Any = None,
        weight_decay: float | str = "auto",
        label_smoothing: float = 0.0,
        loss: str | Loss = "auto",
        class_weight: str | dict[Any, float] | None = None,
        sampling: str | float | None = None,
        augmentation: str | Augmentation | None = "auto",
        mixing: str | Mixing | None = None,
        optimizer: str | OptimizerBuilder = "muon",
        lr: float | str = "auto",
        lr_schedule: str | None = "onecycle",
        batch_size: int | str = "auto",
        max_epochs: float | str = "auto",
        epoch_size: int | None = None,
        ema_decay: float | None = 0.999,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        n_tta: int | str = "auto",
        image_shape: tuple[int, ...] | None = None,
        device: str | torch.device = "auto",
        precision: str = "auto",
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            width=width,
            stem_stride=stem_stride,
            dropout=dropout,
            spatial_dropout=spatial_dropout,
            stochastic_depth=stochastic_depth,
            weight_decay=weight_decay,
            label_smoothing=label_smoothing,
            loss=loss,
            class_weight=class_weight,
            sampling=sampling,
            augmentation=augmentation,
            mixing=mixing,
            optimizer=optimizer,
            lr=lr,
            lr_schedule=lr_schedule,
            batch_size=batch_size,
            max_epochs=max_epochs,
            epoch_size=epoch_size,
            ema_decay=ema_decay,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            n_tta=n_tta,
            image_shape=image_shape,
            device=device,
            precision=precision,
            warm_start=warm_start,
            random_state=random_state,
            verbose=verbose,
        )
        self.network = network

    @property
    def _network(self) -> str | NetworkBuilder:
        return self.network

    def _validate_params(self) -> None:
        check_network(type(self).__name__, self.network, self._given_options())
        super()._validate_params()
