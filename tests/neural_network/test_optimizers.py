"""Optimizers, compared with PyTorch and with formulas by hand; averages of weights."""

import numpy as np
import pytest
import torch

from skquickdraw.neural_network._muon import iterate, orthogonal_factor
from skquickdraw.neural_network._optimizers import make_optimizer

LR, DECAY = 0.1, 0.5


def make(name):
    generator = torch.Generator().manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(3, 2, generator=generator))
    bias = torch.nn.Parameter(torch.randn(3, generator=generator))
    optimizer = make_optimizer([{"params": [weight, bias]}], name=name, lr=LR, weight_decay=DECAY)
    return weight, bias, optimizer


@pytest.mark.parametrize("name", ["adamw", "muon", "sgd"])
def test_decay_shrinks_weights_apart_from_the_gradient_and_spares_biases(name):
    weight, bias, optimizer = make(name)
    before = weight.detach().clone(), bias.detach().clone()
    for tensor in (weight, bias):
        tensor.grad = torch.zeros_like(tensor)
    optimizer.step()
    torch.testing.assert_close(weight.detach(), before[0] * (1 - LR * DECAY))
    torch.testing.assert_close(bias.detach(), before[1])


def test_sgd_is_nesterovs_with_decoupled_decay():
    weight, bias, optimizer = make("sgd")
    generator = torch.Generator().manual_seed(1)
    expected, momentum = [weight.detach().clone(), bias.detach().clone()], [0.0, 0.0]
    for _ in range(3):
        for i, (tensor, decay) in enumerate([(weight, DECAY), (bias, 0.0)]):
            tensor.grad = torch.randn(tensor.shape, generator=generator)
            momentum[i] = 0.9 * momentum[i] + tensor.grad
            step = tensor.grad + 0.9 * momentum[i]
            expected[i] = (expected[i] - LR * step) * (1 - LR * decay)
        optimizer.step()
    torch.testing.assert_close([weight.detach(), bias.detach()], expected)


def test_adamw_is_pytorchs():
    weight, bias, optimizer = make("adamw")
    copies = [weight.detach().clone(), bias.detach().clone()]
    oracle = torch.optim.AdamW(
        [{"params": copies[:1]}, {"params": copies[1:], "weight_decay": 0}],
        lr=LR,
        weight_decay=DECAY,
    )
    generator = torch.Generator().manual_seed(1)
    for _ in range(3):
        for tensor, copy in zip((weight, bias), copies, strict=True):
            tensor.grad = copy.grad = torch.randn(tensor.shape, generator=generator)
        optimizer.step()
        oracle.step()
    torch.testing.assert_close([weight.detach(), bias.detach()], copies)


def make_filters():
    """Return a dense filter (6, 4, 3, 3), a depthwise one (6, 1, 3, 3), and Muon for both."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((6, 4, 3, 3), (6, 1, 3, 3))
    filters = [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in shapes]
    return *filters, make_optimizer([{"params": filters}], name="muon", lr=LR, weight_decay=DECAY)


def test_muon_steps_along_the_orthogonal_factor_of_the_momentum():
    dense, depthwise, optimizer = make_filters()
    depthwise.grad = torch.zeros_like(depthwise)
    generator = torch.Generator().manual_seed(1)
    mean = torch.zeros_like(dense)
    for _ in range(3):
        dense.grad = torch.randn(dense.shape, generator=generator)
        mean = 0.95 * mean + 0.05 * dense.grad
        left, _, right = torch.linalg.svd(
            (0.05 * dense.grad + 0.95 * mean).flatten(1), full_matrices=False
        )
        before = dense.detach().clone()
        optimizer.step()
        step = (before * (1 - LR * DECAY) - dense.detach()).flatten(1) / (LR * 0.2 * 6)
        singular = torch.diag(left.T @ step @ right.T)
        assert singular.min() > 0.6 and singular.max() < 1.3
        torch.testing.assert_close(left @ singular.diag() @ right, step, atol=0.02, rtol=0)


@pytest.mark.parametrize("shape", [(2, 24, 216), (1, 24, 36), (1, 8, 8)], ids=str)
@pytest.mark.parametrize("smallest", [-1, -9], ids=["well", "ill"])
def test_the_rounds_in_single_precision_need_only_the_square_of_a_matrix(shape, smallest):
    """The gradient of a layer has singular values of all sizes, many of them nearly 0."""
    columns = torch.logspace(0, smallest, shape[2])
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * columns
    x = x / x.norm()
    found = orthogonal_factor(x @ x.mT) @ x
    exact = iterate(x.double()).float()
    torch.testing.assert_close(found, exact, atol=2e-3, rtol=0)  # singular values are 0.7 to 1.2


def test_muon_does_not_move_a_filter_without_a_gradient():
    dense, depthwise, optimizer = make_filters()
    dense.grad, depthwise.grad = torch.zeros_like(dense), torch.zeros_like(depthwise)
    before = dense.detach().clone()
    optimizer.step()
    torch.testing.assert_close(dense.detach(), before * (1 - LR * DECAY))


def test_muon_leaves_depthwise_filters_to_adamw():
    dense, depthwise, optimizer = make_filters()
    copy = depthwise.detach().clone()
    oracle = torch.optim.AdamW([copy], lr=LR, weight_decay=DECAY)
    dense.grad = torch.ones_like(dense)
    depthwise.grad = copy.grad = torch.randn(copy.shape, generator=torch.Generator().manual_seed(1))
    optimizer.step()
    oracle.step()
    torch.testing.assert_close(depthwise.detach(), copy)


@pytest.mark.parametrize(
    "optimizer", ["adamw", "muon", "sgd", torch.optim.AdamW, torch.optim.RMSprop]
)
def test_every_parameter_is_optimized_once_and_matrices_alone_decay(sketches, quick, optimizer):
    clf = quick(optimizer=optimizer, lr=0.004, weight_decay=0.125, lr_schedule=None)
    clf.fit(*sketches)
    groups = clf.net_.optimizer_.param_groups
    key = "decay" if optimizer == "sgd" else "weight_decay"
    decays = {id(p): group[key] for group in groups for p in group["params"]}
    named = dict(clf.net_.module_.named_parameters())
    assert len(decays) == sum(len(g["params"]) for g in groups) == len(named)
    assert {p.ndim > 1: decays[id(p)] for p in named.values()} == {True: 0.125, False: 0.0}
    assert {group["lr"] for group in groups} == {0.004}


@pytest.mark.parametrize(
    ("optimizer", "lr"),
    [("adamw", 0.005), ("muon", 0.005), ("sgd", 0.05), (torch.optim.RMSprop, 0.005)],
)
def test_each_optimizer_learns(sketches, quick, optimizer, lr):
    clf = quick(optimizer=optimizer, lr=lr, max_epochs=5, label_smoothing=0).fit(*sketches)
    assert clf.history_[-1]["train_loss"] < 0.8 * clf.history_[0]["train_loss"]


def test_weight_decay_makes_weights_smaller(sketches, quick):
    def norm(weight_decay):
        clf = quick(weight_decay=weight_decay, lr=0.01, max_epochs=3).fit(*sketches)
        return float(clf.net_.module_.stages[1][0].weight.detach().norm())

    assert norm(5.0) < 0.8 * norm(0.0)


class Recorder(torch.optim.SGD):
    """Remembers all weights after each step."""

    def __init__(self, params, lr, weight_decay):
        super().__init__(params, lr=lr, weight_decay=weight_decay)
        self.steps = []

    def tensors(self):
        return [p for group in self.param_groups for p in group["params"]]

    def step(self, closure=None):
        super().step(closure)
        self.steps.append([p.detach().clone() for p in self.tensors()])


@pytest.mark.parametrize("ema_decay", [0.5, 0.99])
def test_averaged_weights_are_the_moving_average_of_all_steps(sketches, quick, ema_decay):
    clf = quick(optimizer=Recorder, lr=0.05, lr_schedule=None, max_epochs=3, ema_decay=ema_decay)
    recorder = clf.fit(*sketches).net_.optimizer_
    first, *later = recorder.steps
    average = first
    for t, weights in enumerate(later, start=1):
        decay = min(ema_decay, (1 + t) / (10 + t))
        average = [decay * a + (1 - decay) * w for a, w in zip(average, weights, strict=True)]
    final = [p.detach() for p in recorder.tensors()]
    torch.testing.assert_close(final, average, atol=1e-6, rtol=1e-5)
    assert not torch.equal(final[0], recorder.steps[-1][0])


def test_without_averaging_the_last_weights_are_used(sketches, quick):
    recorder = quick(optimizer=Recorder, lr_schedule=None).fit(*sketches).net_.optimizer_
    assert all(map(torch.equal, recorder.tensors(), recorder.steps[-1]))


def test_batch_norm_statistics_are_averaged_with_the_weights(sketches, quick):
    X, y = sketches
    plain, averaged = (
        quick(max_epochs=3, lr=0.01, lr_schedule=None, ema_decay=e).fit(X, y) for e in (None, 0.9)
    )
    name = "stages.2.1.running_mean"
    statistics = [clf.net_.module_.state_dict()[name] for clf in (plain, averaged)]
    assert not torch.allclose(*statistics, rtol=1e-3)
    assert np.isfinite(averaged.decision_function(X)).all()


def test_muon_takes_a_closure_where_gradients_are_off():
    weight = torch.nn.Parameter(torch.eye(3))
    optimizer = make_optimizer([{"params": [weight]}], name="muon", lr=0.1, weight_decay=0.0)

    def closure():
        optimizer.zero_grad()
        loss = weight.square().sum()
        loss.backward()
        return loss

    with torch.no_grad():
        assert optimizer.step(closure).item() == 3.0
    assert not torch.equal(weight, torch.eye(3))
