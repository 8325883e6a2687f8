"""Thickness and erasing, compared with scipy.ndimage and with counts of pixels."""

import numpy as np
import pytest
import torch
from scipy.ndimage import grey_dilation, grey_erosion

from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.augmentation._ink import change_thickness, erase

SHAPES = [(3, 1, 28, 28), (2, 3, 20, 31), (2, 1, 1, 10), (2, 1, 2, 2)]
PLAIN = {"rotation": 0, "horizontal_flip": 0, "shift": 0, "scale": 0, "shear": 0}


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("change", "oracle"), [(1.0, grey_dilation), (-1.0, grey_erosion)])
def test_thickness_at_its_ends_is_scipys(shape, change, oracle, generator):
    pictures = torch.rand(shape, generator=generator)
    changed = change_thickness(pictures, torch.full((len(pictures),), change))
    expected = oracle(pictures.numpy(), size=(1, 1, 3, 3))
    np.testing.assert_array_equal(changed.numpy(), expected)


def test_thickness_between_blends(generator):
    pictures = torch.rand((3, 1, 28, 28), generator=generator)
    changed = change_thickness(pictures, torch.tensor([0.0, 0.25, -0.5]))
    assert torch.equal(changed[0], pictures[0])
    _, second, third = pictures[:, 0].numpy()
    thick, thin = grey_dilation(second, size=(3, 3)), grey_erosion(third, size=(3, 3))
    np.testing.assert_allclose(changed[1, 0], 0.75 * second + 0.25 * thick, atol=1e-6)
    np.testing.assert_allclose(changed[2, 0], 0.5 * third + 0.5 * thin, atol=1e-6)


def test_thickness_stays_in_its_range(generator):
    draw = AugmentationPolicy(**PLAIN, thickness=0.4).draw(10_000, (1, 28, 28), generator)
    assert draw.affine is None and draw.elastic is None and draw.box is None
    assert -0.4 <= draw.thickness.min() < -0.39
    assert 0.39 < draw.thickness.max() <= 0.4


@pytest.mark.parametrize("area", [(0.02, 0.2), (0.3, 0.9), (0.1, 0.11)])
@pytest.mark.parametrize("size", [(28, 28), (20, 31)], ids=str)
def test_erased_boxes_lie_inside_and_have_the_area_asked(size, area, generator):
    policy = AugmentationPolicy(**PLAIN, erasing=1.0, erasing_area=area)
    top, left, height, width = policy.draw(10_000, (1, *size), generator).box.unbind(1)
    assert top.min() == 0 and left.min() == 0
    assert (top + height).max() == size[0] and (left + width).max() == size[1]
    share = height * width / (size[0] * size[1])
    step = max(size) / (size[0] * size[1])  # one row or column of the longest box
    assert area[0] - step <= share.min() and share.max() <= area[1]
    assert share.max() - share.min() >= 0.8 * (area[1] - area[0])


def test_erased_boxes_have_moderate_aspect_ratios(generator):
    policy = AugmentationPolicy(**PLAIN, erasing=1.0, erasing_area=(0.1, 0.25))
    box = policy.draw(10_000, (1, 280, 280), generator).box
    aspect = box[:, 2] / box[:, 3]
    assert 0.28 < aspect.min() < 0.32
    assert 3.1 < aspect.max() < 3.5
    assert abs(aspect.log().mean()) < 0.05


@pytest.mark.parametrize("size", [(1, 10), (2, 2), (1, 1)], ids=str)
def test_tiny_pictures_lose_at_least_a_pixel(size, generator):
    policy = AugmentationPolicy(**PLAIN, erasing=1.0)
    pictures = torch.ones(50, 1, *size)
    erased = policy(pictures, generator)
    assert (erased.flatten(1).sum(1) < pictures.flatten(1).sum(1)).all()


def test_erasing_blanks_the_box_and_nothing_else():
    pictures = torch.ones(2, 3, 6, 8)
    erased = erase(pictures, torch.tensor([[1, 2, 3, 4], [0, 0, 0, 5]]))
    expected = torch.ones(2, 3, 6, 8)
    expected[0, :, 1:4, 2:6] = 0
    assert torch.equal(erased, expected)
    assert pictures.min() == 1  # not written to


def test_erasing_has_its_probability(generator):
    box = AugmentationPolicy(**PLAIN, erasing=0.3).draw(10_000, (1, 28, 28), generator).box
    assert abs((box[:, 2] > 0).float().mean() - 0.3) < 0.02


def test_whether_a_box_is_erased_does_not_depend_on_the_box(generator):
    box = AugmentationPolicy(**PLAIN, erasing=0.5).draw(10_000, (1, 28, 28), generator).box.double()
    is_erased = (box[:, 2] > 0).double()
    for part in (0, 1, 3):  # top, left, width
        correlation = torch.corrcoef(torch.stack([is_erased, box[:, part]]))[0, 1]
        assert abs(correlation) < 0.04  # four standard errors
