"""Changes of weights are noticed; on CPUs without reading all of them."""

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from skquickdraw.neural_network._weight_changes import (
    WHOLE,
    Snapshot,
    are_equal,
    are_equal_at_once,
)

LARGE = (64, 64, 3, 3)  # more values than are compared completely


def make_weights():
    large = torch.randn(LARGE).to(memory_format=torch.channels_last)
    return [nn.Parameter(large), torch.randn(8, 3), torch.randn(WHOLE), torch.tensor([3.0])]


def add_in_place(weight):
    with torch.no_grad():
        weight[-1:] += 1


def add_in_inference_mode(weight):
    with torch.inference_mode():
        weight[-1:] += 1


def add_past_autograd(weight):
    weight.data[-1:] += 1


def add_by_numpy(weight):
    weight.detach().numpy()[-1:] += 1


def replace_data(weight):
    weight.data = weight.detach().clone() + 1


@pytest.mark.parametrize("i", range(4))
@pytest.mark.parametrize(
    "change",
    [add_in_place, add_in_inference_mode, add_past_autograd, add_by_numpy, replace_data],
)
def test_a_changed_weight_is_noticed(change, i):
    weights = make_weights()
    snapshot = Snapshot(weights)
    assert snapshot.is_of(weights)
    change(weights[i])
    assert not snapshot.is_of(weights)
    assert Snapshot(weights).is_of(weights)


def test_a_single_value_of_a_large_weight_is_noticed_where_pytorch_counts():
    weights = make_weights()
    snapshot = Snapshot(weights)
    with torch.no_grad():
        weights[0][5, 7, 1, 1] += 1
    assert not snapshot.is_of(weights)


def test_another_form_of_the_same_memory_is_noticed():
    weights = make_weights()
    snapshot = Snapshot(weights)
    assert not snapshot.is_of([weights[0], weights[1][:4], *weights[2:]])
    weights[0].data = weights[0].detach().transpose(2, 3)
    assert not snapshot.is_of(weights)


@pytest.mark.parametrize("n_channels", [48, 96, 192])
def test_a_channel_is_noticed_where_pytorch_does_not_count(n_channels):
    weight = torch.zeros(n_channels, n_channels, 3, 3).to(memory_format=torch.channels_last)
    for i in range(n_channels):
        for part in (weight.data[i], weight.data[:, i]):
            snapshot = Snapshot([weight])
            part += 1
            assert not snapshot.is_of([weight])


def test_other_tensors_of_equal_values_are_others():
    weights = make_weights()
    snapshot = Snapshot(weights)
    assert not snapshot.is_of([*weights[:3], weights[3].clone()])
    assert not snapshot.is_of(weights[:3])
    with torch.inference_mode():
        uncounted = weights[3].clone()
    assert not snapshot.is_of([*weights[:3], uncounted])
    assert Snapshot([]).is_of([])


def test_memory_is_not_given_to_a_new_weight():
    weights = [torch.zeros(LARGE)]
    snapshot = Snapshot(weights)
    address = weights.pop().data_ptr()
    weights.append(torch.zeros(LARGE))
    assert weights[0].data_ptr() != address
    assert not snapshot.is_of(weights)


def uncounted():
    with torch.inference_mode():
        return torch.randn(LARGE)


def unknown_to_numpy():
    return torch.zeros(LARGE, dtype=torch.bfloat16)


def with_gaps():
    return torch.randn(LARGE)[:, :32]


@pytest.mark.parametrize("make", [uncounted, unknown_to_numpy, with_gaps])
def test_some_weights_are_compared_value_by_value(make):
    weights = [torch.zeros(3), make()]
    snapshot = Snapshot(weights)
    assert snapshot.is_of(weights)
    assert snapshot.is_of([weight.clone() for weight in weights])
    with torch.inference_mode():
        weights[1][5, 7, 1, 1] += 1
    assert not snapshot.is_of(weights)


def test_weights_of_another_kind_are_others():
    weights = [torch.randn(8, 3, 3, 3), torch.randn(8), torch.tensor(3.0)]
    weights[0] = weights[0].to(memory_format=torch.channels_last)

    def copies():
        return [weight.clone() for weight in weights]

    assert are_equal(weights, copies())
    assert are_equal([], [])
    assert not are_equal(weights, copies()[:2])
    assert not are_equal(weights, [*copies()[:2], torch.tensor(3.0).double()])
    assert not are_equal(weights, [copies()[0], torch.zeros(1), torch.tensor(3.0)])


@pytest.mark.parametrize("compare", [are_equal, are_equal_at_once])
@pytest.mark.parametrize("i", range(5))
def test_any_change_of_values_is_seen(compare, i):
    weights = [*make_weights(), torch.zeros(WHOLE, dtype=torch.bfloat16)]
    others = [weight.detach().clone() for weight in weights]
    assert compare(weights, others)
    others[i][-1] += 1
    assert not compare(weights, others)


class Waits(TorchDispatchMode):
    """Counts how often a value is read from a tensor; on a GPU, each read has to wait for it."""

    n = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.n += func is torch.ops.aten._local_scalar_dense.default
        self.n += func is torch.ops.aten.equal.default
        return func(*args, **(kwargs or {}))


def test_weights_on_a_gpu_are_compared_in_one_wait():
    weights = [torch.randn(4) for _ in range(10)]
    with Waits() as waits:
        assert are_equal_at_once(weights, [weight.clone() for weight in weights])
    assert waits.n == 1
