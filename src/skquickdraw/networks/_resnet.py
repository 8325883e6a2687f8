"""A residual network for small images (He et al. 2016, arXiv:1512.03385)."""

from __future__ import annotations

from torch import Tensor, nn

from ._layers import (
    ClassifierHead,
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

# channels, blocks, stride of the first block
STAGES = (
    (48, 2, 1),
    (96, 2, 2),
    (192, 2, 2),
)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut, projected by a 1x1 where the shape changes."""

    def __init__(
        self, c_in: int, c_out: int, stride: Size, drop_rate: float, dropout: float
    ) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            *conv_bn(c_in, c_out, 3, stride),
            nn.ReLU(),
            *conv_bn(c_out, c_out, 3),
            spatial_dropout(dropout),
        )
        is_same = c_in == c_out and stride == (1, 1)
        self.shortcut = (
            nn.Identity() if is_same else nn.Sequential(*conv_bn(c_in, c_out, 1, stride))
        )
        self.add = StochasticDepth(drop_rate)
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.add(self.branch(x), self.shortcut(x))  # (B, c_out, H / stride, W / stride)
        return self.activation(x)


class ResNet(nn.Module):
    """Basic residual blocks; a 28 x 28 image is 14 x 14 after the stem and 4 x 4 at the end.

    The design is that of He et al. (2016, arXiv:1512.03385). Parameters are those of
    :class:`~skquickdraw.networks.MobileNetV2`.

    Examples
    --------
    >>> import torch
    >>> from skquickdraw.networks import ResNet
    >>> network = ResNet((3, 32, 32), n_classes=10, width=0.5)
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
            "ResNet",
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
        wanted = [stem_stride] + [s if i == 0 else 1 for _, n, s in STAGES for i in range(n)]
        stem_step, *steps = plan_strides(size, wanted)
        rates = depth_rates(stochastic_depth, len(steps))
        c = scale_channels(STAGES[0][0], width)
        self.stem = nn.Sequential(*conv_bn(c_image, c, 3, stem_step), nn.ReLU())
        blocks: list[nn.Module] = []
        for channels, n_blocks, _ in STAGES:
            c_out = scale_channels(channels, width)
            for _ in range(n_blocks):
                i = len(blocks)
                blocks.append(BasicBlock(c, c_out, steps[i], rates[i], spatial_dropout))
                c = c_out
        self.blocks = nn.Sequential(*blocks)
        self.head = ClassifierHead(c, n_classes, dropout)
        initialize(self, self.head)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, n_classes) of images (B, C, H, W)."""
        x = self.stem(self.standardize(x))  # (B, 48, 14, 14)
        x = self.blocks(x)  # (B, 192, 4, 4)
        return self.head(x)  # (B, n_classes)
