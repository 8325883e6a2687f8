"""MixUp and CutMix: rows stay probabilities, and targets are mixed like the images."""

import numpy as np
import pytest
import torch
from scipy.stats import beta, kstest
from sklearn.base import clone

from skquickdraw.augmentation import CutMix, MixUp, resolve_mixing
from skquickdraw.exceptions import (
    InvalidImagesError,
    InvalidParameterError,
    InvalidTargetsError,
)

SHAPE = (2, 20, 30)
BOTH = pytest.mark.parametrize("mixing", [MixUp(), CutMix()], ids=str)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def batch():
    """Return 64 constant images with different values, and soft targets of 5 classes."""
    images = torch.arange(1.0, 65).view(-1, 1, 1, 1).expand(64, *SHAPE)
    return images, torch.rand((64, 5), generator=seeded()).softmax(1)


@BOTH
def test_rows_stay_probabilities(mixing, batch):
    images, targets = batch
    mixed, mixed_targets = mixing.apply(images, targets, mixing.draw(64, SHAPE, seeded()))
    assert mixed.shape == images.shape and mixed_targets.shape == targets.shape
    assert mixed_targets.min() >= 0
    torch.testing.assert_close(mixed_targets.sum(1), torch.ones(64))


@BOTH
def test_each_keeps_its_share_and_takes_the_rest_of_its_partner(mixing, batch):
    images, targets = batch
    draw = mixing.draw(64, SHAPE, seeded())
    mixed, mixed_targets = mixing.apply(images, targets, draw)
    own, partner = images[:, 0, 0, 0], images[draw.partner, 0, 0, 0]
    # The images are constant, so the mean value shows the share, whether blended or cut.
    expected = draw.share * own + (1 - draw.share) * partner
    torch.testing.assert_close(mixed.mean((1, 2, 3)), expected)
    share = draw.share.unsqueeze(1)
    torch.testing.assert_close(mixed_targets, share * targets + (1 - share) * targets[draw.partner])


def test_cutmix_replaces_one_box_of_the_true_area(batch):
    images, targets = batch
    draw = CutMix().draw(64, SHAPE, seeded())
    mixed, _ = CutMix().apply(images, targets, draw)
    top, left, height, width = draw.box.unbind(1)
    assert (top >= 0).all() and (top + height <= 20).all()
    assert (left >= 0).all() and (left + width <= 30).all()
    torch.testing.assert_close(1 - height * width / 600, draw.share)
    for row in range(64):
        expected = images[row].clone()
        box = slice(top[row], top[row] + height[row]), slice(left[row], left[row] + width[row])
        expected[:, *box] = images[draw.partner[row], 0, 0, 0]
        assert torch.equal(mixed[row], expected)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_shares_are_beta_distributed(alpha):
    share = MixUp(alpha).draw(5000, SHAPE, seeded()).share
    assert kstest(share.numpy(), beta(alpha, alpha).cdf).pvalue > 1e-3


@BOTH
def test_draws_follow_the_generator_and_nothing_global(mixing):
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    first, second = mixing.draw(64, SHAPE, seeded()), mixing.draw(64, SHAPE, seeded())
    other = mixing.draw(64, SHAPE, seeded(1))
    for own, again, different in zip(first, second, other, strict=True):
        assert own is again is None or torch.equal(own, again)
        assert own is None or not torch.equal(own, different)
    assert sorted(first.partner.tolist()) == list(range(64))
    assert torch.equal(torch_state, torch.get_rng_state())
    np.testing.assert_array_equal(numpy_state, np.random.get_state()[1])


@BOTH
def test_a_batch_of_one_stays_as_it_is(mixing):
    images, targets = torch.rand(1, 1, 2, 2), torch.eye(3)[:1]
    mixed, mixed_targets = mixing.apply(images, targets, mixing.draw(1, (1, 2, 2), seeded()))
    torch.testing.assert_close(mixed, images)
    torch.testing.assert_close(mixed_targets, targets)


@BOTH
def test_parameters_are_scikit_learns(mixing):
    assert clone(mixing).set_params(alpha=0.5).get_params() == {"alpha": 0.5}


@BOTH
@pytest.mark.parametrize("alpha", [0, -1, float("inf"), float("nan"), "1", None, True])
def test_alpha_out_of_range_is_refused_at_use(mixing, alpha):
    mixing = clone(mixing).set_params(alpha=alpha)
    match = "alpha must be a finite number above 0, got .* Use mixing=None"
    with pytest.raises(InvalidParameterError, match=match):
        mixing.draw(2, SHAPE, seeded())
    with pytest.raises(InvalidParameterError, match=match):
        resolve_mixing(mixing)


@BOTH
def test_labels_instead_of_rows_are_refused(mixing, batch):
    images, targets = batch
    draw = mixing.draw(64, SHAPE, seeded())
    with pytest.raises(InvalidTargetsError, match=r"\(64, n_classes\), got \(64,\).*one_hot"):
        mixing.apply(images, targets.argmax(1), draw)
    with pytest.raises(InvalidTargetsError, match=r"got \(63, 5\)"):
        mixing.apply(images, targets[1:], draw)
    with pytest.raises(InvalidImagesError, match=r"got \(64, 20, 30\)"):
        mixing.apply(images[:, 0], targets, draw)
    with pytest.raises(InvalidImagesError, match="got one for 64, and a batch of 63"):
        mixing.apply(images[1:], targets, draw)


def test_cutmix_needs_boxes(batch):
    with pytest.raises(InvalidParameterError, match="must hold boxes.*Make it by CutMix.draw"):
        CutMix().apply(*batch, MixUp().draw(64, SHAPE, seeded()))


def test_names_of_mixings():
    assert resolve_mixing(None) is None
    assert isinstance(resolve_mixing("mixup"), MixUp)
    assert isinstance(resolve_mixing("cutmix"), CutMix)
    own = MixUp(0.7)
    assert resolve_mixing(own) is own


def test_any_object_that_draws_and_applies_will_do():
    class Nothing:
        def draw(self, n_samples, image_shape, generator=None):
            return None

        def apply(self, images, targets, draw):
            return images, targets

    own = Nothing()
    assert resolve_mixing(own) is own


@pytest.mark.parametrize("wrong", ["mix", "none", 3, MixUp])
def test_other_names_are_refused(wrong):
    with pytest.raises(InvalidParameterError, match=r"\['cutmix', 'mixup'\] or an object"):
        resolve_mixing(wrong)
