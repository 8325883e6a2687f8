"""Each loss, compared with cross entropy of PyTorch where both are equal, else with its formula."""

import pickle

import pytest
import torch
from sklearn.base import clone
from torch.nn.functional import cross_entropy, one_hot

from skquickdraw.exceptions import InvalidParameterError
from skquickdraw.losses import LDAM, BalancedSoftmax, CrossEntropy, Focal, resolve_loss

COUNTS = torch.tensor([160.0, 50.0, 10.0])
NAMES = {
    "cross_entropy": CrossEntropy,
    "balanced_softmax": BalancedSoftmax,
    "focal": Focal,
    "ldam": LDAM,
}


@pytest.fixture
def logits():
    return torch.randn(40, 3, generator=torch.Generator().manual_seed(0)) * 2


@pytest.fixture(params=["hard", "soft"])
def targets(request):
    generator = torch.Generator().manual_seed(1)
    if request.param == "hard":
        return one_hot(torch.randint(3, (40,), generator=generator), 3).float()
    return torch.rand(40, 3, generator=generator).softmax(1)


def oracle(logits, targets):
    """Return PyTorch's cross entropy with class-probability targets, row by row."""
    return cross_entropy(logits, targets, reduction="none")


def test_cross_entropy_is_pytorchs(logits, targets):
    row_loss = CrossEntropy().bind(COUNTS)
    torch.testing.assert_close(row_loss(logits, targets), oracle(logits, targets))


@pytest.mark.parametrize("tau", [0.5, 1.0, 2.0])
def test_balanced_softmax_is_cross_entropy_of_adjusted_logits(logits, targets, tau):
    adjusted = logits + tau * torch.log(COUNTS / COUNTS.sum())
    row_loss = BalancedSoftmax(tau).bind(COUNTS)
    torch.testing.assert_close(row_loss(logits, targets), oracle(adjusted, targets))


def test_balanced_softmax_of_strength_zero_is_cross_entropy(logits, targets):
    row_loss = BalancedSoftmax(tau=0).bind(COUNTS)
    torch.testing.assert_close(row_loss(logits, targets), oracle(logits, targets))


def test_balanced_softmax_changes_nothing_where_classes_are_equal(logits, targets):
    row_loss = BalancedSoftmax(tau=1.5).bind(torch.full((3,), 20.0))
    torch.testing.assert_close(row_loss(logits, targets), oracle(logits, targets))


def test_balanced_softmax_is_best_at_the_posterior_of_a_balanced_world():
    # The logits z of the smallest loss have softmax(z) proportional to P(c | x) / P(c).
    posterior = torch.tensor([[0.6, 0.3, 0.1]])
    balanced = posterior / (COUNTS / COUNTS.sum())
    logits = (balanced / balanced.sum()).log().requires_grad_()
    BalancedSoftmax().bind(COUNTS)(logits, posterior).sum().backward()
    torch.testing.assert_close(logits.grad, torch.zeros(1, 3), atol=1e-6, rtol=0)


def test_focal_of_gamma_zero_is_cross_entropy(logits, targets):
    row_loss = Focal(gamma=0).bind(COUNTS)
    torch.testing.assert_close(row_loss(logits, targets), oracle(logits, targets))


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_focal_is_its_formula(logits, targets, gamma):
    p = logits.double().softmax(1)
    expected = -(targets * (1 - p) ** gamma * p.log()).sum(1)
    own = Focal(gamma).bind(COUNTS)(logits.double(), targets.double())
    torch.testing.assert_close(own, expected)


@pytest.mark.parametrize("gamma", [0.0, pytest.param(0.5), 1.0, 2.0])
def test_focal_stays_finite_where_the_network_is_certain(gamma):
    logits = torch.tensor([[200.0, 0.0, -200.0]], requires_grad=True)
    loss = Focal(gamma).bind(COUNTS)(logits, torch.tensor([[1.0, 0.0, 0.0]]))
    assert loss.item() == 0
    loss.sum().backward()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_ldam_of_equal_classes_is_cross_entropy_with_one_margin(logits, targets, scale):
    row_loss = LDAM(max_margin=0.4, scale=scale).bind(torch.full((3,), 20.0))
    expected = oracle(scale * (logits - 0.4 * targets), targets)
    torch.testing.assert_close(row_loss(logits, targets), expected)


def test_the_rarest_class_has_the_largest_margin():
    # All logits are 0, and that of the target is lowered by m, so the loss is log(1 + 2 exp(m)).
    losses = LDAM(max_margin=0.7).bind(COUNTS)(torch.zeros(3, 3), torch.eye(3))
    margins = torch.log((losses.exp() - 1) / 2)
    torch.testing.assert_close(margins, 0.7 * (COUNTS / 10) ** -0.25)
    assert margins[2] == pytest.approx(0.7, abs=1e-5)


@pytest.mark.parametrize("loss", [CrossEntropy(), BalancedSoftmax(), Focal(), LDAM()], ids=str)
def test_a_loss_has_one_value_a_row_and_a_gradient(logits, targets, loss):
    logits = logits.clone().requires_grad_()
    losses = loss.bind(COUNTS)(logits, targets)
    assert losses.shape == (40,)
    losses.sum().backward()
    assert (logits.grad.abs().sum(1) > 0).all()


@pytest.mark.parametrize(
    ("loss", "parameters"),
    [
        (CrossEntropy(), {}),
        (BalancedSoftmax(0.3), {"tau": 0.3}),
        (Focal(1.5), {"gamma": 1.5}),
        (LDAM(0.2, scale=5.0), {"max_margin": 0.2, "scale": 5.0}),
    ],
    ids=str,
)
def test_losses_hold_scikit_learn_parameters(loss, parameters):
    assert loss.get_params() == parameters
    assert clone(loss).get_params() == parameters
    assert pickle.loads(pickle.dumps(loss)).get_params() == parameters


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stands_for_a_loss_with_its_defaults(name):
    loss = resolve_loss(name)
    assert type(loss) is NAMES[name]
    assert loss.get_params() == NAMES[name]().get_params()


def test_a_loss_object_stands_for_itself():
    loss = Focal(1.0)
    assert resolve_loss(loss) is loss


@pytest.mark.parametrize("loss", ["hinge", Focal, 3, None, len], ids=str)
def test_anything_else_is_refused(loss):
    with pytest.raises(InvalidParameterError, match="loss must be one of .*'focal'.* got"):
        resolve_loss(loss)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (BalancedSoftmax(-0.1), "tau must be a finite number of at least 0, got -0.1"),
        (Focal(-1), "Focal: gamma must be a finite number of at least 0, got -1"),
        (LDAM(0), "LDAM: max_margin must be a finite number above 0, got 0"),
        (LDAM(scale=-2), "LDAM: scale must be a finite number above 0, got -2"),
        (LDAM(float("inf")), "LDAM: max_margin must be a finite number above 0, got inf"),
        (Focal(float("nan")), "Focal: gamma must be a finite number of at least 0, got nan"),
        (BalancedSoftmax("1"), "BalancedSoftmax: tau must be a finite number of .* got '1'"),
    ],
    ids=str,
)
def test_parameters_out_of_range_are_refused(loss, message):
    with pytest.raises(InvalidParameterError, match=message):
        loss.bind(COUNTS)
