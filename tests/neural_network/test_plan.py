"""A plan contains all that training needs: it can be used again, without the estimator."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch

from skquickdraw.neural_network import _base
from skquickdraw.neural_network._loop import train


@pytest.fixture
def plans(monkeypatch):
    """Return a list that collects the plans of all following trainings."""
    made = []

    def keep(plan, tasks):
        made.append(plan)
        return train(plan, tasks)

    monkeypatch.setattr(_base, "train", keep)
    return made


def assert_same(net, other):
    weights, others = (n.module_.state_dict() for n in (net, other))
    assert weights.keys() == others.keys()
    assert all(torch.equal(weights[name], others[name]) for name in weights)
    losses, other_losses = ([record["train_loss"] for record in n.history] for n in (net, other))
    assert losses == other_losses


OPTIONS = [
    {"ema_decay": 0.9, "augmentation": "sketch", "mixing": "mixup"},
    {"sampling": "balanced", "class_weight": "balanced", "early_stopping": True},
    {"dropout": 0.2, "epoch_size": 40, "optimizer": "sgd"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_plan_trains_the_same_network_again(sketches, quick, plans, options):
    clf = quick(max_epochs=2, **options).fit(*sketches)
    clf.set_params(augmentation=None, lr=1.0, sampling=None, class_weight=None, random_state=1)
    assert_same(train(plans[0], None), clf.net_)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_plan_that_goes_on_leaves_where_it_goes_on_from(sketches, quick, plans, method):
    clf = quick(warm_start=True, ema_decay=0.9).fit(*sketches)
    first = clf.net_
    before = {name: weight.clone() for name, weight in first.module_.state_dict().items()}
    getattr(clf, method)(*sketches)
    assert plans[1].previous is first
    assert_same(train(plans[1], None), clf.net_)
    assert all(torch.equal(first.module_.state_dict()[name], before[name]) for name in before)


def test_a_plan_tells_what_the_attributes_of_the_fit_tell(sketches, quick, plans):
    clf = quick(augmentation="auto", lr="auto", batch_size="auto").fit(*sketches)
    (plan,) = plans
    assert plan.numbers() == clf.auto_params_
    assert plan.augmentation.augmentation is clf.augmentation_
    np.testing.assert_array_equal(plan.augmentation.background, clf.background_)
    assert (plan.n_epochs, len(plan.train)) == (clf.n_epochs_, len(sketches[0]))


def test_one_epoch_is_all_rows_at_a_constant_rate(sketches, quick, plans):
    quick(epoch_size=20, max_epochs=7, early_stopping=True).partial_fit(*sketches)
    (plan,) = plans
    assert (plan.n_epochs, plan.epoch_size, plan.descent.lr_schedule) == (1, None, None)
    assert (plan.validation, plan.patience) == (None, None)


def test_a_plan_does_not_change(sketches, quick, plans):
    quick().fit(*sketches)
    with pytest.raises(FrozenInstanceError):
        plans[0].n_epochs = 2
