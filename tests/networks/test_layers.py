"""Layers of the networks, compared with those of PyTorch and with counts by hand."""

import pytest
import torch
from torch import nn

from skquickdraw.networks import CNN, MobileNetV2, ResNet
from skquickdraw.networks._layers import (
    ClassifierHead,
    DepthwiseConv,
    Standardize,
    StochasticDepth,
    depth_rates,
    drop_branch,
    plan_strides,
    scale_channels,
    spatial_dropout,
)

SQUARE, TALL = (28, 28), (28, 3)


@pytest.fixture(autouse=True)
def seed():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize(
    ("size", "strides", "plan"),
    [
        (SQUARE, [2, 2, 2], [(2, 2)] * 3),  # 28, 14, 7, 4
        (SQUARE, [2, 2, 2, 2], [(2, 2)] * 3 + [(1, 1)]),  # 4 pixels are not halved
        (TALL, [2, 1, 2], [(2, 1), (1, 1), (2, 1)]),
        ((1, 10), [2, 2], [(1, 2), (1, 1)]),
        ((6, 7), [2], [(1, 2)]),
        ((2, 2), [2, 2], [(1, 1)] * 2),
        (SQUARE, [1, 1], [(1, 1)] * 2),
    ],
)
def test_each_axis_is_halved_as_long_as_it_has_seven_pixels(size, strides, plan):
    assert plan_strides(size, strides) == plan


@pytest.mark.parametrize(
    ("channels", "width", "scaled"),
    [(64, 1.0, 64), (64, 0.25, 16), (24, 0.5, 16), (24, 0.01, 8), (64, 1.5, 96), (20, 1.0, 24)],
)
def test_channels_are_scaled_to_multiples_of_eight(channels, width, scaled):
    assert scale_channels(channels, width) == scaled


def test_standardized_pixels_have_mean_zero_and_variance_one():
    images = torch.rand(50, 3, 6, 6) * torch.tensor([255.0, 10.0, 1.0]).view(1, 3, 1, 1)
    layer = Standardize(3)
    layer.set_statistics(images.mean((0, 2, 3)), images.std((0, 2, 3), correction=0))
    out = layer(images)
    torch.testing.assert_close(out.mean((0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(out.std((0, 2, 3), correction=0), torch.ones(3))


def test_a_constant_channel_says_nothing():
    layer = Standardize(1)
    layer.set_statistics(torch.tensor([7.0]), torch.tensor([0.0]))
    for value in (7.0, 8.0, 0.0):
        assert torch.equal(layer(torch.full((2, 1, 3, 3), value)), torch.zeros(2, 1, 3, 3))


@pytest.mark.parametrize("scale", [1e-30, 1e-8, 1.0, 1e8])
def test_standardised_values_do_not_depend_on_their_scale(scale):
    images = torch.randn(50, 2, 3, 3, generator=torch.Generator().manual_seed(0)).double()
    images[:, 1] *= 1e-8  # almost constant, compared with the other channel
    layer = Standardize(2).double()
    layer.set_statistics(scale * images.mean((0, 2, 3)), scale * images.std((0, 2, 3)))
    out = layer(scale * images)
    torch.testing.assert_close(out[:, 0].std(), torch.tensor(1.0).double(), atol=0.01, rtol=0)
    assert not out[:, 1].any()


def test_stochastic_depth_preserves_the_expectation():
    branch, shortcut = torch.full((20000, 1, 1, 1), 3.0), torch.full((20000, 1, 1, 1), 10.0)
    total = drop_branch(branch, shortcut, 0.4)
    # The mean of 20,000 draws of 5 or 0 has a standard deviation below 0.02.
    assert total.mean() == pytest.approx(13.0, abs=0.1)


def test_stochastic_depth_drops_whole_pictures_and_scales_the_others():
    branch, shortcut = torch.rand(500, 4, 3, 3) + 1, torch.rand(500, 4, 3, 3)
    added = StochasticDepth(0.25).train()(branch, shortcut) - shortcut
    is_dropped = (added.abs() < 1e-6).flatten(1).all(1)
    torch.testing.assert_close(added[~is_dropped], branch[~is_dropped] / 0.75)
    assert 0.15 < is_dropped.float().mean() < 0.35


@pytest.mark.parametrize(("rate", "is_training"), [(0.9, False), (0.0, True)])
def test_stochastic_depth_is_off_in_evaluation_and_at_rate_zero(rate, is_training):
    branch, shortcut = torch.rand(2, 8, 4, 3, 3)
    out = StochasticDepth(rate).train(is_training)(branch, shortcut)
    assert torch.equal(out, branch + shortcut)


def test_stochastic_depth_at_rate_one_leaves_the_shortcut():
    branch, shortcut = torch.rand(2, 8, 4, 3, 3)
    assert torch.equal(StochasticDepth(1.0).train()(branch, shortcut), shortcut)


def test_depth_rates_grow_linearly_to_the_last():
    assert depth_rates(0.4, 4) == pytest.approx([0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize("network", [MobileNetV2, ResNet])
def test_the_rates_reach_the_blocks(network):
    module = network((1, 28, 28), 3, width=0.25, stochastic_depth=0.3)
    rates = [m.rate for m in module.modules() if isinstance(m, StochasticDepth)]
    assert rates == sorted(rates) and rates[-1] == pytest.approx(0.3)
    assert rates[0] > 0


def test_spatial_dropout_drops_whole_channels():
    maps = torch.ones(200, 8, 5, 5)
    means = spatial_dropout(0.3).train()(maps).mean((2, 3))
    is_dropped = means == 0
    torch.testing.assert_close(means[~is_dropped], torch.full_like(means[~is_dropped], 1 / 0.7))
    assert 0.25 < is_dropped.float().mean() < 0.35


def test_spatial_dropout_costs_no_layer_at_rate_zero():
    assert isinstance(spatial_dropout(0.0), nn.Identity)


EACH = pytest.mark.parametrize("network", [MobileNetV2, ResNet, CNN], ids=lambda n: n.__name__)


@EACH
def test_spatial_dropout_is_in_the_network(network):
    plain, dropping = (network((1, 28, 28), 3, width=0.25, spatial_dropout=r) for r in (0, 0.2))
    assert not [m for m in plain.modules() if isinstance(m, nn.Dropout2d)]
    assert {m.p for m in dropping.modules() if isinstance(m, nn.Dropout2d)} == {0.2}


@EACH
def test_classic_dropout_is_on_the_pooled_features_only(network):
    module = network((1, 28, 28), 3, width=0.25, dropout=0.6)
    shapes = []
    for layer in module.modules():
        if isinstance(layer, nn.Dropout) and layer.p > 0:
            layer.register_forward_hook(lambda *args: shapes.append(tuple(args[2].shape)))
    module(torch.rand(4, 1, 28, 28))
    assert len(shapes) == 1
    assert len(shapes[0]) == 2 and shapes[0][0] == 4


@EACH
def test_dropping_is_off_in_evaluation(network):
    rates = {"dropout": 0.5, "spatial_dropout": 0.3}
    if network is not CNN:
        rates["stochastic_depth"] = 0.5
    module, images = network((1, 8, 8), 3, width=0.25, **rates), torch.rand(4, 1, 8, 8)
    assert not torch.equal(module(images), module(images))
    module.eval()
    assert torch.equal(module(images), module(images))


@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (1, 2)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_depthwise_convolution_is_pytorchs_grouped_one(stride, dtype):
    ours = DepthwiseConv(6, stride)
    oracle = nn.Conv2d(6, 6, 3, stride=stride, padding=1, groups=6, bias=False)
    oracle.load_state_dict(ours.state_dict())
    maps = [torch.randn(4, 6, 9, 9, generator=torch.manual_seed(1)) for _ in range(2)]
    tolerance = {} if dtype == torch.float32 else {"atol": 0.03, "rtol": 0.03}
    results = []
    for layer, x in zip((ours, oracle), maps, strict=True):
        x.requires_grad_()
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            out = layer(x.to(dtype))
            assert out.dtype == dtype
        out.float().sum().backward()
        results.append((out, x.grad, layer.weight.grad))
    for own, expected in zip(*results, strict=True):
        torch.testing.assert_close(own.float(), expected.float(), **tolerance)


@pytest.mark.parametrize("network", [CNN, MobileNetV2, ResNet])
def test_networks_run_in_float64(network):
    single = network((1, 14, 14), 3, width=0.25).eval()
    images = torch.rand(2, 1, 14, 14)
    expected = single(images)
    outputs = single.double()(images.double())
    assert outputs.dtype == torch.float64
    torch.testing.assert_close(outputs.float(), expected)


@pytest.mark.parametrize("c_hidden", [None, 16])
def test_the_head_averages_over_the_picture(c_hidden):
    head = ClassifierHead(8, 3, 0.0, c_hidden).eval()
    maps = torch.rand(5, 8, 4, 6)
    flat = maps.mean((2, 3), keepdim=True)
    torch.testing.assert_close(head(maps), head(flat))
    assert head.features(maps).shape == (5, c_hidden or 8)
    torch.testing.assert_close(head.classify(head.features(maps)), head(maps))
