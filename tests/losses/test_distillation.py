"""The distillation loss, compared with the two terms of the paper, written in PyTorch."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch.nn.functional import cross_entropy, kl_div, log_softmax, one_hot

from skquickdraw.exceptions import InvalidParameterError
from skquickdraw.losses import CrossEntropy, Distillation, resolve_loss

COUNTS = torch.tensor([160.0, 50.0, 10.0])


def hinton(student, teacher, labels, temperature, alpha):
    """Return the loss of each row, from the logits of student and teacher and the labels (B,)."""
    soft = kl_div(
        log_softmax(student / temperature, dim=1),
        log_softmax(teacher / temperature, dim=1),
        reduction="none",
        log_target=True,
    ).sum(dim=1)
    return alpha * temperature**2 * soft + (1 - alpha) * cross_entropy(
        student, labels, reduction="none"
    )


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    student, teacher = torch.randn(2, 40, 3, generator=generator, dtype=torch.float64) * 3
    return student.requires_grad_(), teacher, torch.randint(3, (40,), generator=generator)


def own_loss(student, proba, labels, temperature, alpha):
    loss = Distillation(temperature, alpha)
    targets = loss.merge_targets(proba.numpy(), labels.numpy())
    return loss.bind(COUNTS)(student, torch.as_tensor(targets))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0, 20.0])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.9, 1.0])
def test_it_is_hintons_loss_but_for_a_constant(batch, temperature, alpha):
    student, teacher, labels = batch
    expected = hinton(student, teacher, labels, temperature, alpha)
    own = own_loss(student, teacher.softmax(1), one_hot(labels, 3), temperature, alpha)
    gradients = [torch.autograd.grad(loss.sum(), student)[0] for loss in (own, expected)]
    torch.testing.assert_close(*gradients)
    tempered = (teacher / temperature).softmax(1)
    entropy = -(tempered * tempered.log()).sum(1)  # cross entropy is KL divergence plus entropy
    torch.testing.assert_close(own, expected + alpha * temperature**2 * entropy)


PRIOR = torch.tensor([0.7, 0.25, 0.05], dtype=torch.float64)


@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_with_a_prior_it_is_the_loss_of_corrected_logits(batch, temperature):
    student, teacher, labels = batch
    shift = PRIOR.log()
    expected = hinton(student + shift, teacher + shift, labels, temperature, 0.7)
    loss = Distillation(temperature, 0.7, PRIOR.numpy())
    targets = loss.merge_targets(teacher.softmax(1).numpy(), one_hot(labels, 3).numpy())
    own = loss.bind(COUNTS.double())(student, torch.as_tensor(targets))
    gradients = [torch.autograd.grad(value.sum(), student)[0] for value in (own, expected)]
    torch.testing.assert_close(*gradients)


def test_with_a_prior_the_teachers_own_logits_are_best(batch):
    _, teacher, _ = batch
    logits = teacher.clone().requires_grad_()
    loss = Distillation(3.0, 0.7, PRIOR.numpy())
    proba = teacher.softmax(1).numpy()
    targets = torch.as_tensor(loss.merge_targets(proba, proba))
    loss.bind(COUNTS.double())(logits, targets).sum().backward()
    torch.testing.assert_close(logits.grad, torch.zeros_like(logits), atol=1e-12, rtol=0)


def test_a_low_temperature_or_an_empty_class_leaves_numbers():
    targets = Distillation(0.001, 0.5).merge_targets([[0.6, 0.4]], np.eye(2)[[1]])
    np.testing.assert_allclose(targets, [[0.001, 1.0]] / np.array(1.001), atol=1e-9)
    loss = Distillation(2.0, 0.5, [1.0, 0.0])
    assert np.isfinite(loss.merge_targets([[0.6, 0.4]], np.eye(2)[[1]])).all()


def test_where_the_teacher_stands_for_the_label_its_logits_are_best(batch):
    _, teacher, _ = batch
    logits = teacher.clone().requires_grad_()
    own_loss(logits, teacher.softmax(1), teacher.softmax(1), 3.0, 0.7).sum().backward()
    torch.testing.assert_close(logits.grad, torch.zeros_like(logits), atol=1e-12, rtol=0)


def test_at_temperature_one_it_is_cross_entropy(batch):
    student, teacher, labels = batch
    mean = 0.7 * teacher.softmax(1) + 0.3 * one_hot(labels, 3)
    targets = Distillation(1.0, 0.7).merge_targets(
        teacher.softmax(1).numpy(), one_hot(labels, 3).numpy()
    )
    np.testing.assert_allclose(targets, mean)
    torch.testing.assert_close(
        Distillation(1.0, 0.7).bind(COUNTS)(student, mean),
        CrossEntropy().bind(COUNTS)(student, mean),
    )


def test_targets_are_class_probabilities_also_of_a_certain_teacher():
    proba = np.array([[1, 0, 0], [0.5, 0.5, 1e-300]], dtype=np.float32)
    targets = Distillation(10.0, 1.0).merge_targets(proba, np.eye(3)[[1, 1]])
    np.testing.assert_allclose(targets.sum(axis=1), 1)
    np.testing.assert_array_equal(targets[0], [1, 0, 0])


def test_it_holds_scikit_learn_parameters():
    loss = Distillation(2.0, alpha=0.5)
    assert clone(loss).get_params() == {
        "temperature": 2.0,
        "alpha": 0.5,
        "class_prior": None,
    }
    assert pickle.loads(pickle.dumps(loss)).get_params() == loss.get_params()
    assert resolve_loss(loss) is loss


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (Distillation(0.0), "Distillation: temperature must be a finite number above 0, got 0"),
        (Distillation(np.nan), "Distillation: temperature must be a finite number above 0, got na"),
        (Distillation(alpha=1.5), "Distillation: alpha must be a number from 0 to 1, got 1.5"),
        (Distillation(class_prior=[0.5, 0.5]), "class_prior must be 3 shares.* got \\[0.5, 0.5\\]"),
        (Distillation(class_prior=[2.0, -1.0, 0.0]), "class_prior must be 3 shares"),
        (Distillation(class_prior=[0.5, 0.5, np.nan]), "class_prior must be 3 shares"),
        (Distillation(class_prior=[0.5, 0.5, 0.5]), "class_prior must be 3 shares.* sum to 1"),
    ],
)
def test_parameters_out_of_range_are_refused(loss, message):
    with pytest.raises(InvalidParameterError, match=message):
        loss.bind(COUNTS)
    with pytest.raises(InvalidParameterError, match=message):
        loss.merge_targets(np.eye(3), np.eye(3))
