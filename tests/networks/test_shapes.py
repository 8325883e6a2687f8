"""Every network maps images of any size to logits, and has the size that its width asks for."""

import pytest
import torch
from torch import nn

from skquickdraw.networks import CNN, MobileNetV2, ResNet

NETWORKS = [MobileNetV2, ResNet, CNN]
SIZES = [(8, 8), (16, 16), (28, 28), (32, 48), (1, 10), (2, 2)]

each_network = pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n.__name__)


def build(network, image_shape=(1, 28, 28), n_classes=5, **options):
    torch.manual_seed(0)
    return network(image_shape, n_classes, **{"width": 0.25, **options})


def count_weights(module):
    return sum(weight.numel() for weight in module.parameters())


def sizes_of_maps(network, image_shape, **options):
    """Return the (H, W) of the output of each convolution, in order."""
    module = build(network, image_shape, **options).eval()
    sizes = []
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda _, __, maps: sizes.append(tuple(maps.shape[2:])))
    module(torch.zeros(1, *image_shape))
    return sizes


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", SIZES, ids=str)
@each_network
def test_logits_have_a_row_a_picture_and_a_column_a_class(network, size, channels):
    module = build(network, (channels, *size), n_classes=7)
    for n_pictures in (2, 5):
        logits = module(torch.rand(n_pictures, channels, *size) * 255)
        assert logits.shape == (n_pictures, 7)
        assert logits.isfinite().all()


@each_network
def test_a_single_picture_can_be_classified(network):
    assert build(network).eval()(torch.zeros(1, 1, 28, 28)).shape == (1, 5)


@each_network
def test_integer_pixels_are_read_as_they_are(network):
    module = build(network).eval()
    images = torch.randint(0, 256, (3, 1, 28, 28), dtype=torch.uint8)
    torch.testing.assert_close(module(images), module(images.float()))


@each_network
def test_width_multiplies_the_channels_and_squares_the_weights(network):
    narrow, wide, wider = (count_weights(build(network, width=w)) for w in (0.5, 1.0, 2.0))
    assert 3 < wide / narrow <= 4.2
    assert 3 < wider / wide <= 4.2


@each_network
def test_no_width_is_too_small(network):
    assert build(network, width=1e-3)(torch.rand(2, 1, 8, 8)).shape == (2, 5)


@each_network
def test_a_stem_stride_of_one_keeps_the_resolution(network):
    assert sizes_of_maps(network, (1, 28, 28), stem_stride=1)[0] == (28, 28)
    assert sizes_of_maps(network, (1, 28, 28), stem_stride=2)[0] == (14, 14)


@each_network
def test_the_stem_stride_costs_no_weights(network):
    assert count_weights(build(network, stem_stride=1)) == count_weights(build(network))


LAST_SIZES = [(MobileNetV2, (7, 7)), (ResNet, (4, 4)), (CNN, (4, 4))]


@pytest.mark.parametrize(("network", "size"), LAST_SIZES)
def test_pictures_shrink_as_documented(network, size):
    assert sizes_of_maps(network, (1, 28, 28))[-1] == size


@each_network
def test_a_picture_one_row_high_stays_so(network):
    sizes = sizes_of_maps(network, (1, 1, 40))
    assert {height for height, _ in sizes} == {1}
    assert sizes[-1][1] < 40


@each_network
def test_gradients_reach_every_parameter(network):
    module = build(network, n_classes=3)
    # With the small initial weights of the last layer, the first gradients would round to 0.
    nn.init.normal_(module.head.classify.weight)
    loss = nn.functional.cross_entropy(
        module(torch.rand(8, 1, 28, 28) * 255), torch.arange(8).remainder(3)
    )
    loss.backward()
    for name, weight in module.named_parameters():
        assert weight.grad is not None and weight.grad.abs().max() > 0, name


@each_network
def test_logits_start_near_zero_so_that_no_class_is_preferred(network):
    # Standardized images, as in training.
    logits = build(network, n_classes=10)(torch.randn(16, 1, 28, 28))
    assert logits.abs().max() < 2


@each_network
def test_the_same_seed_builds_the_same_network(network):
    one, other = build(network).state_dict(), build(network).state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


@each_network
def test_statistics_are_saved_with_the_network(network):
    module = build(network)
    module.standardize.set_statistics(torch.tensor([40.0]), torch.tensor([90.0]))
    copy = build(network)
    copy.load_state_dict(module.state_dict())
    images = torch.rand(3, 1, 28, 28) * 255
    torch.testing.assert_close(copy.eval()(images), module.eval()(images))


def test_a_network_without_branches_refuses_to_drop_them():
    with pytest.raises(ValueError, match="CNN has no residual branches to drop.*got 0.2"):
        CNN((1, 28, 28), 5, stochastic_depth=0.2)
