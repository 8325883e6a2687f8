"""MobileNetV2 for small images (Sandler et al. 2018, arXiv:1801.04381)."""

from __future__ import annotations

from torch import Tensor, nn

from ._layers import (
    ClassifierHead,
    DepthwiseConv,
    Size,
    Standardize,
    StochasticDepth,
    check_parameters,
    conv_bn,
    depth_rates,
    initialize,
    plan_strides,
    scale_channels,
    spatial_dropout,
)

STEM_CHANNELS = 24
LAST_CHANNELS = 512

# expansion, channels, blocks, stride of the first block
STAGES = (
    (1, 24, 1, 1),
    (4, 32, 2, 1),
    (4, 64, 3, 2),
    (4, 96, 3, 1),
)


class InvertedResidual(nn.Module):
    """Widen by a 1x1, filter each channel by a 3x3, narrow by a 1x1; add the input."""

    def __init__(
        self,
        c_in: int,
        c_out: int,
        expansion: int,
        stride: Size,
        drop_rate: float,
        dropout: float,
    ) -> None:
        super().__init__()
        hidden = c_in * expansion
        layers: list[nn.Module] = []
        if expansion > 1:
            layers += [*conv_bn(c_in, hidden, 1), nn.ReLU()]
        layers += [
            DepthwiseConv(hidden, stride),
            nn.BatchNorm2d(hidden),
            nn.ReLU(),
            *conv_bn(hidden, c_out, 1),
            spatial_dropout(dropout),
        ]
        self.layers = nn.Sequential(*layers)
        is_residual = c_in == c_out and stride == (1, 1)
        self.add = StochasticDepth(drop_rate) if is_residual else None

    def forward(self, x: Tensor) -> Tensor:
        branch = self.layers(x)  # (B, c_out, H / stride, W / stride)
        return branch if self.add is None else self.add(branch, x)


class MobileNetV2(nn.Module):
    """Inverted residual blocks; a 28 x 28 image is 14 x 14 after the stem and 7 x 7 at the end.

    Parameters
    ----------
    image_shape : (channels, height, width)
        Each at least 1. A side is halved only while it has at least seven pixels.
    n_classes : int
        At least 1.
    width : float, default=1.0
        Factor for the number of channels of every layer, above 0 and at most 10,000. A MobileNetV2
        always has at least 512 pooled features.
    stem_stride : int, default=2
        Stride of the first convolution, at least 1. With 1, the first stages keep the full
        resolution, and take about four times as long.
    dropout : float in [0, 1], default=0.0
        Rate of dropout on the pooled features, before the last layer.
    spatial_dropout : float in [0, 1], default=0.0
        Probability that a whole channel of the output of a block, before its shortcut is added, is
        set to 0 during training.
    stochastic_depth : float in [0, 1], default=0.0
        Probability that the last residual branch is left out for an image during training. The
        branches before it have smaller probabilities, which grow linearly with the depth.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of range.

    Notes
    -----
    The network is smaller than that of the paper (Sandler et al. 2018, arXiv:1801.04381): it has
    fewer blocks, and an expansion of 4 instead of 6. It differs in three other ways. Strides suit
    28 x 28 pixels. The last 1x1 convolution comes after the pooling, where it costs almost nothing,
    as in MobileNetV3 (Howard et al. 2019, arXiv:1905.02244). ReLU replaces ReLU6, which was meant
    for 8-bit arithmetic, and whose gradient needs a second copy of the activations.

    Examples
    --------
    >>> import torch
    >>> from skquickdraw.networks import MobileNetV2
    >>> network = MobileNetV2((1, 28, 28), n_classes=100)
    >>> network(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 100])
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
            "MobileNetV2",
            image_shape,
            n_classes,
            width,
            stem_stride,
            dropout=dropout,
            spatial_dropout=spatial_dropout,
            stochastic_depth=stochastic_depth,
        )
        c_image, *size = image_shape
        self.standardize = Standardize(c_image)
        wanted = [stem_stride] + [s if i == 0 else 1 for _, _, n, s in STAGES for i in range(n)]
        stem_step, *steps = plan_strides(size, wanted)
        rates = depth_rates(stochastic_depth, len(steps))
        c = scale_channels(STEM_CHANNELS, width)
        self.stem = nn.Sequential(*conv_bn(c_image, c, 3, stem_step), nn.ReLU())
        blocks: list[nn.Module] = []
        for expansion, channels, n_blocks, _ in STAGES:
            c_out = scale_channels(channels, width)
            for _ in range(n_blocks):
                i = len(blocks)
                blocks.append(
                    InvertedResidual(c, c_out, expansion, steps[i], rates[i], spatial_dropout)
                )
                c = c_out
        self.blocks = nn.Sequential(*blocks)
        self.head = ClassifierHead(
            c, n_classes, dropout, scale_channels(LAST_CHANNELS, max(1.0, width))
        )
        initialize(self, self.head)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, n_classes) of images (B, C, H, W)."""
        x = self.stem(self.standardize(x))  # (B, 24, 14, 14)
        x = self.blocks(x)  # (B, 96, 7, 7)
        return self.head(x)  # (B, n_classes)
