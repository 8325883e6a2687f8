"""A folded network has the same outputs as the network, with fewer layers."""

import pytest
import torch
from torch import nn

from skquickdraw.networks import CNN, MobileNetV2, ResNet, fold_batch_norm


def make_network(kind):
    torch.manual_seed(0)
    network = kind((1, 28, 28), n_classes=5, width=0.5)
    for _ in range(3):  # so that its statistics differ from the initial ones
        network(255 * torch.rand(16, 1, 28, 28))
    return network.eval()


@pytest.fixture(params=[CNN, MobileNetV2, ResNet], ids=lambda kind: kind.__name__)
def network(request):
    return make_network(request.param)


def batch_norms(module):
    return [m for m in module.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]


@torch.no_grad()
def test_the_outputs_stay(network):
    images = 255 * torch.rand(8, 1, 28, 28)
    torch.testing.assert_close(
        fold_batch_norm(network)(images), network(images), rtol=1e-4, atol=1e-5
    )


def test_no_batch_norm_is_left(network):
    assert batch_norms(network)
    assert not batch_norms(fold_batch_norm(network))


def test_the_network_itself_is_not_changed(network):
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    folded = fold_batch_norm(network)
    assert not folded.training
    assert network.training
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])


@torch.no_grad()
def test_a_norm_without_a_layer_before_it_stays():
    layers = nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3), nn.Conv2d(3, 4, 1)).eval()
    assert len(batch_norms(fold_batch_norm(layers))) == 1


def test_a_norm_without_statistics_stays():
    norm = nn.BatchNorm2d(4, track_running_stats=False)
    network = nn.Sequential(nn.Conv2d(1, 4, 3), norm).eval()
    assert isinstance(fold_batch_norm(network)[1], nn.BatchNorm2d)


def used_twice():
    shared = nn.Conv2d(4, 4, 1)
    parts = [nn.Sequential(shared, nn.BatchNorm2d(4)), nn.Sequential(shared, nn.ReLU())]
    return nn.Sequential(nn.Conv2d(1, 4, 3), *parts)


class Residual(nn.Sequential):
    """A sequence whose ``forward`` does more than apply its layers in order."""

    def forward(self, x):
        return x + self[1](self[0](x).relu())


class Centred(nn.Conv2d):
    """A convolution whose weights are standardized whenever it is called."""

    def forward(self, x):
        weight = self.weight / self.weight.std()
        return self._conv_forward(x, weight, self.bias)


def with_hook():
    convolution = nn.Conv2d(1, 4, 3)
    convolution.register_forward_hook(lambda module, inputs, output: output.relu())
    return nn.Sequential(convolution, nn.BatchNorm2d(4))


ODD = [
    used_twice,
    with_hook,
    lambda: nn.Sequential(nn.Conv2d(1, 4, 1), Residual(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4))),
    lambda: nn.Sequential(Centred(1, 4, 3), nn.BatchNorm2d(4)),
    lambda: nn.Sequential(
        nn.utils.parametrizations.weight_norm(nn.Conv2d(1, 4, 3)), nn.BatchNorm2d(4)
    ),
    lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 4), nn.ReLU()),
]


@torch.no_grad()
@pytest.mark.parametrize("make", ODD)
def test_a_network_of_any_kind_keeps_its_outputs(make):
    torch.manual_seed(0)
    network, images = make(), torch.randn(16, 1, 8, 8)
    for _ in range(3):
        network(3 * images + 1)
    network.eval()
    torch.testing.assert_close(fold_batch_norm(network)(images), network(images))
