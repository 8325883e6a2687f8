"""The objective, compared with PyTorch, and the losses of an untrained network, by hand."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from skquickdraw.losses import LDAM, BalancedSoftmax, CrossEntropy, Focal
from skquickdraw.neural_network._criterion import Criterion

LOGITS = torch.randn(30, 4, generator=torch.Generator().manual_seed(0))
CODES = torch.randint(4, (30,), generator=torch.Generator().manual_seed(1))
TARGETS = one_hot(CODES, 4).float()
CLASS_WEIGHT = torch.tensor([1.0, 2.0, 0.5, 4.0])
ROW_LOSS = CrossEntropy().bind(torch.ones(4))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
def test_label_smoothing_is_pytorchs(smoothing):
    own = Criterion(ROW_LOSS, smoothing, None)(LOGITS, (TARGETS, None))
    torch.testing.assert_close(own, cross_entropy(LOGITS, CODES, label_smoothing=smoothing))
    soft = LOGITS.flip(0).softmax(1)
    own = Criterion(ROW_LOSS, smoothing, None)(LOGITS, (soft, None))
    torch.testing.assert_close(own, cross_entropy(LOGITS, soft, label_smoothing=smoothing))


def test_class_weights_multiply_the_losses_of_a_class():
    own = Criterion(ROW_LOSS, 0.0, CLASS_WEIGHT)(LOGITS, (TARGETS, None))
    oracle = cross_entropy(LOGITS, CODES, weight=CLASS_WEIGHT, reduction="sum") / 30
    torch.testing.assert_close(own, oracle)


@pytest.mark.parametrize("class_weight", [None, CLASS_WEIGHT])
def test_row_weights_multiply_the_losses_of_a_row(class_weight):
    weights = torch.linspace(0.2, 1.8, 30)
    own = Criterion(ROW_LOSS, 0.0, class_weight)(LOGITS, (TARGETS, weights))
    losses = cross_entropy(LOGITS, CODES, weight=class_weight, reduction="none")
    torch.testing.assert_close(own, (losses * weights).mean())


def test_a_row_with_a_soft_target_has_the_mean_weight_of_its_classes():
    soft = torch.tensor([[0.5, 0.5, 0.0, 0.0]])
    own = Criterion(ROW_LOSS, 0.0, CLASS_WEIGHT)(LOGITS[:1], (soft, None))
    torch.testing.assert_close(own, 1.5 * cross_entropy(LOGITS[:1], soft))


def test_smoothing_does_not_change_weights():
    own = Criterion(ROW_LOSS, 0.2, CLASS_WEIGHT)(LOGITS, (TARGETS, None))
    losses = cross_entropy(LOGITS, CODES, label_smoothing=0.2, reduction="none")
    torch.testing.assert_close(own, (losses * CLASS_WEIGHT[CODES]).mean())


SHARES = np.array([54, 27, 9]) / 90
ENTROPY = -(SHARES * np.log(SHARES)).sum()
LOG3 = np.log(3)
MARGINS = 0.5 * (SHARES / SHARES[2]) ** -0.25
UNTRAINED = [
    ({}, LOG3),
    ({"label_smoothing": 0.5}, LOG3),
    ({"class_weight": {0: 3.0}}, LOG3 * (54 * 3 + 36) / 90),
    ({"class_weight": "balanced"}, LOG3),
    ({"class_weight": "effective"}, LOG3),
    ({"loss": Focal(1.0)}, LOG3 * 2 / 3),
    ({"loss": "focal"}, LOG3 * 4 / 9),
    ({"loss": "balanced_softmax"}, ENTROPY),
    ({"loss": BalancedSoftmax(0.0)}, LOG3),
    ({"loss": "balanced_softmax", "sampling": "balanced"}, LOG3),
    ({"loss": "balanced_softmax", "class_weight": "balanced"}, LOG3),
    ({"loss": "ldam"}, (SHARES * np.log(1 + 2 * np.exp(MARGINS))).sum()),
    ({"loss": LDAM(2.0), "sampling": "balanced"}, np.log(1 + 2 * np.exp(4 * MARGINS)).mean()),
]


@pytest.mark.parametrize(("params", "expected"), UNTRAINED, ids=str)
def test_the_loss_of_an_untrained_network(sketches, quick, params, expected):
    # Logits start near zero, so each loss is known. The tiny learning rate keeps them there.
    clf = quick(**{"label_smoothing": 0.0, **params}, lr=1e-9, lr_schedule=None).fit(*sketches)
    assert clf.history_[0]["train_loss"] == pytest.approx(expected, rel=0.05)


def test_a_heavy_class_is_predicted_more_often(sketches, quick):
    X, y = sketches
    light, heavy = (
        quick(max_epochs=4, class_weight={2: weight}).fit(X, y).predict_proba(X)[:, 2].mean()
        for weight in (0.1, 30.0)
    )
    assert heavy > 2 * light


def test_label_smoothing_makes_predictions_less_certain(sketches, quick):
    X, y = sketches
    sharp, smooth = (
        quick(max_epochs=10, lr=0.01, label_smoothing=s).fit(X, y).predict_proba(X).max(1).mean()
        for s in (0.0, 0.6)
    )
    assert smooth < sharp - 0.1


@pytest.mark.parametrize("loss", ["balanced_softmax", "ldam"])
def test_a_class_may_weigh_nothing(sketches, quick, loss):
    clf = quick(loss=loss, class_weight={2: 0.0}).fit(*sketches)
    assert np.isfinite(clf.history_[0]["train_loss"])
