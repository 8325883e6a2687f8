"""What all networks share: strides for small images, regularisers, initial weights."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from .._checks import is_finite_number, is_int
from .._draws import own_generator
from ..exceptions import InvalidParameterError

LARGEST_SIDE = 2**31
LARGEST_WIDTH = 10_000  # with more, the number of weights would exceed 64 bits

# Halving a side below this many pixels would leave fewer than four, too few to distinguish shapes.
SMALLEST_HALVED_SIDE = 7

CHANNEL_MULTIPLE = 8  # AMX tiles and tensor cores want channel counts in multiples of eight

ROUNDING = 1e-13  # of sums of squares in double precision, relative
SMALLEST_STD = 1e-6  # of the pixels of a channel, relative to the channel that varies most

Size = tuple[int, int]


def check_parameters(
    name: str,
    image_shape: Sequence[int],
    n_classes: object,
    width: float,
    stem_stride: object,
    **rates: float,
) -> None:
    """Refuse parameters of the network ``name`` that no layer can be made of."""
    is_shape = isinstance(image_shape, tuple | list) and len(image_shape) == 3
    if not is_shape or not all(is_int(size, 1, LARGEST_SIDE) for size in image_shape):
        raise InvalidParameterError(
            f"{name}: image_shape must be three ints of at least 1, (channels, height, width), got "
            f"{image_shape!r}. Pass tuple(images.shape[1:])."
        )
    for key, value in {"n_classes": n_classes, "stem_stride": stem_stride}.items():
        if not is_int(value, 1, LARGEST_SIDE):
            raise InvalidParameterError(
                f"{name}: {key} must be an int of at least 1, got {value!r}."
            )
    if not is_finite_number(width) or not 0 < width <= LARGEST_WIDTH:
        raise InvalidParameterError(
            f"{name}: width must be a number above 0 and at most {LARGEST_WIDTH:,}, got {width!r}. "
            "1.0 is the usual width."
        )
    for key, value in rates.items():
        if not is_finite_number(value) or not 0 <= value <= 1:
            raise InvalidParameterError(
                f"{name}: {key} must be a rate from 0 to 1, got {value!r}. 0 switches it off."
            )


def scale_channels(channels: int, width: float) -> int:
    """Return ``channels * width``, rounded to a multiple of eight and never below eight."""
    multiples = int(channels * width / CHANNEL_MULTIPLE + 0.5)
    return max(1, multiples) * CHANNEL_MULTIPLE


def plan_strides(size: Sequence[int], strides: Sequence[int]) -> list[Size]:
    """Turn the wanted strides into strides per axis that suit an image of this size.

    A network made for large images would shrink a small one to a single pixel half-way. So an axis
    is only halved while it has at least seven pixels: 28 goes to 14, 7 and 4; an image one pixel
    high stays so.
    """
    height, width = size
    plan: list[Size] = []
    for stride in strides:
        down = stride if height >= SMALLEST_HALVED_SIDE else 1
        across = stride if width >= SMALLEST_HALVED_SIDE else 1
        height, width = -(-height // down), -(-width // across)
        plan.append((down, across))
    return plan


def copy_network(network: nn.Module) -> nn.Module:
    """Return a deep copy, in which recurrent layers hold their weights in one piece again.

    Copied one by one, they would be put together in each call on a GPU, with a warning.
    """
    copied = deepcopy(network)
    for layer in copied.modules():
        if isinstance(layer, nn.RNNBase):
            layer.flatten_parameters()
    return copied


class Standardize(nn.Module):
    """Take pixels of any dtype to floating point with mean 0 and variance 1 for each channel.

    A channel that is constant in the training set becomes 0.

    The statistics are the training set's. They are part of the network, so they are saved and
    exported with it.
    """

    mean: Tensor
    inverse_std: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(1, channels, 1, 1))
        self.register_buffer("inverse_std", torch.ones(1, channels, 1, 1))

    def set_statistics(self, mean: Tensor, std: Tensor) -> None:
        self.mean.copy_(mean.view_as(self.mean))
        std = std.view_as(self.mean)
        # A constant channel carries no information. Amplified, any change in it would outweigh the
        # rest.
        varies = std > SMALLEST_STD * std.max()
        self.inverse_std.copy_(torch.where(varies, 1 / std, 0.0))

    def forward(self, x: Tensor) -> Tensor:
        return (x.to(self.mean.dtype) - self.mean) * self.inverse_std


def pixel_statistics(sums: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each channel, float32 of shape (C,) each.

    ``sums``, float64 of shape (3, C), are the number, the sum and the sum of squares of the pixels.
    """
    mean, square = sums[1:] / sums[0]
    variance = square - mean**2
    variance[variance < ROUNDING * square] = 0.0
    return mean.float(), variance.sqrt().float()


def drop_branch(branch: Tensor, shortcut: Tensor, rate: float) -> Tensor:
    """Add a residual branch to its shortcut, leaving it out for a random ``rate`` of the images.

    The branches that stay are scaled by ``1 / (1 - rate)``. It takes one pass over memory, like a
    plain addition.
    """
    keep = draw_kept(branch.new_empty(len(branch), 1, 1, 1), rate)  # (B, 1, 1, 1)
    return torch.addcmul(shortcut, branch, keep)


def draw_kept(empty: Tensor, rate: float) -> Tensor:
    """Fill a tensor with 0 at a random ``rate`` of its places, and ``1 / (1 - rate)`` elsewhere."""
    kept = empty.bernoulli_(1 - rate, generator=own_generator(empty))
    return kept.div_(1 - rate) if rate < 1 else kept  # at 1 all are 0


class StochasticDepth(nn.Module):
    """Addition that drops whole branches in training (Huang et al. 2016, arXiv:1603.09382)."""

    def __init__(self, rate: float = 0.0) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, branch: Tensor, shortcut: Tensor) -> Tensor:
        if self.training and self.rate > 0:
            return drop_branch(branch, shortcut, self.rate)
        return branch + shortcut

    def extra_repr(self) -> str:
        return f"rate={self.rate}"


class Dropout(nn.Dropout):
    """PyTorch's layer, equal to the bit. In a fit, it draws from the generator of the fit."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or own_generator(x) is None or self.p in (0, 1):
            return super().forward(x)
        return x * draw_kept(torch.empty_like(x), self.p)


class SpatialDropout(nn.Dropout2d):
    """As :class:`Dropout`, for whole channels of maps (B, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or own_generator(x) is None or self.p in (0, 1):
            return super().forward(x)
        return x * draw_kept(x.new_empty(*x.shape[:2], 1, 1), self.p)


def spatial_dropout(rate: float) -> nn.Module:
    """Drop whole channels, by a mask of B x C (Tompson et al. 2015, arXiv:1411.4280)."""
    return SpatialDropout(rate) if rate > 0 else nn.Identity()


def depth_rates(rate: float, n_blocks: int) -> list[float]:
    """Return drop rates that grow linearly from the first block to ``rate`` at the last."""
    return [rate * (i + 1) / n_blocks for i in range(n_blocks)]


class DepthwiseConv(nn.Conv2d):
    """A 3x3 filter for each channel.

    With a stride it runs in float32 at least: on CPUs, oneDNN's gradient of a strided depthwise
    convolution in bfloat16 was measured to be twenty times slower.
    """

    def __init__(self, channels: int, stride: tuple[int, int] = (1, 1)) -> None:
        super().__init__(
            channels, channels, 3, stride=stride, padding=1, groups=channels, bias=False
        )

    def forward(self, x: Tensor) -> Tensor:
        is_exact = x.dtype in (torch.float32, torch.float64)
        if self.stride == (1, 1) or x.device.type != "cpu" or is_exact:
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float()).to(x.dtype)


def conv_bn(c_in: int, c_out: int, kernel: int, stride: Size = (1, 1)) -> list[nn.Module]:
    conv = nn.Conv2d(c_in, c_out, kernel, stride=stride, padding=kernel // 2, bias=False)
    return [conv, nn.BatchNorm2d(c_out)]


class ClassifierHead(nn.Module):
    """Average over the image, widen the features if wanted, drop some, and compute logits."""

    def __init__(
        self, c_in: int, n_classes: int, dropout: float, c_hidden: int | None = None
    ) -> None:
        super().__init__()
        self.widen: nn.Module = nn.Identity()
        if c_hidden is not None:
            self.widen = nn.Sequential(
                nn.Linear(c_in, c_hidden, bias=False),
                nn.BatchNorm1d(c_hidden),
                nn.ReLU(),
            )
        self.dropout = Dropout(dropout)
        self.classify = nn.Linear(c_hidden or c_in, n_classes)

    def forward(self, maps: Tensor) -> Tensor:
        return self.classify(self.dropout(self.features(maps)))  # (B, n_classes)

    def features(self, maps: Tensor) -> Tensor:
        # Not maps.mean((2, 3)): its gradient is a broadcast view, which the layer below copies,
        # slowly.
        pooled = avg_pool2d(maps, maps.shape[2:]).flatten(1)  # (B, c_in)
        return self.widen(pooled)  # (B, c_hidden or c_in)


def initialize(network: nn.Module, head: ClassifierHead) -> None:
    """Draw He-normal weights, and small ones for the layer that makes the logits."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    nn.init.normal_(head.classify.weight, std=0.01)
    nn.init.zeros_(head.classify.bias)
