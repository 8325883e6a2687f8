"""A plain convolutional network, the baseline for all others."""

from __future__ import annotations

from torch import Tensor, nn

from ..exceptions import InvalidParameterError
from ._layers import (
    ClassifierHead,
    Size,
    Standardize,
    check_parameters,
    conv_bn,
    initialize,
    plan_strides,
    scale_channels,
    spatial_dropout,
)

CHANNELS = (64, 128, 256)
N_CONVOLUTIONS = 2  # in each stage


class CNN(nn.Module):
    """Three stages of two 3x3 convolutions each (Simonyan and Zisserman 2015, arXiv:1409.1556).

    Strided convolutions reduce the size of the image, instead of pooling as in VGG. There is no
    residual branch, so ``stochastic_depth`` must be 0. The other parameters are those of
    :class:`~skquickdraw.networks.MobileNetV2`.

    Examples
    --------
    >>> import torch
    >>> from skquickdraw.networks import CNN
    >>> network = CNN((3, 32, 32), n_classes=10, width=0.5)
    >>> network(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        n_classes: int,
        *,
        width: float = 1.0,
        stem_stride: int = 2,
        dropout: float = 0.0,
        spatial_dropout: float = 0.0,
        stochastic_depth: float = 0.0,
    ) -> None:
        super().__init__()
        check_parameters(
            "CNN",
            image_shape,
            n_classes,
            width,
            stem_stride,
            dropout=dropout,
            spatial_dropout=spatial_dropout,
            stochastic_depth=stochastic_depth,
        )
        if stochastic_depth:
            raise InvalidParameterError(
                "CNN has no residual branches to drop: stochastic_depth must be 0, got "
                f"{stochastic_depth}."
            )
        c_image, *size = image_shape
        self.standardize = Standardize(c_image)
        firsts = plan_strides(size, (stem_stride, 2, 2))
        stages = []
        c = c_image
        for channels, first in zip(CHANNELS, firsts, strict=True):
            c_out = scale_channels(channels, width)
            stages.append(_stage(c, c_out, first, spatial_dropout))
            c = c_out
        self.stages = nn.Sequential(*stages)
        self.head = ClassifierHead(c, n_classes, dropout)
        initialize(self, self.head)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, n_classes) of images (B, C, H, W)."""
        x = self.stages(self.standardize(x))  # (B, 256, 4, 4)
        return self.head(x)  # (B, n_classes)


def _stage(c_in: int, c_out: int, stride: Size, dropout: float) -> nn.Module:
    layers = [*conv_bn(c_in, c_out, 3, stride), nn.ReLU()]
    for _ in range(N_CONVOLUTIONS - 1):
        layers += [*conv_bn(c_out, c_out, 3), nn.ReLU()]
    return nn.Sequential(*layers, spatial_dropout(dropout))
