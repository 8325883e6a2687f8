"""The background: how it is found, and that changes fill with it."""

import numpy as np
import pytest
import torch

from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.augmentation._batch import to_device
from skquickdraw.augmentation._bound import BoundAugmentation, bind_augmentation, find_background
from skquickdraw.datasets import make_sketches

MOVES = AugmentationPolicy(rotation=40, horizontal_flip=0.5, shift=0.3, thickness=0.5, erasing=0.5)


def sketches():
    return make_sketches(40, 3, random_state=0)[0].reshape(-1, 1, 28, 28)


@pytest.mark.parametrize(("images", "background"), [(sketches(), 0), (255 - sketches(), 255)])
def test_the_paper_is_the_background(images, background):
    np.testing.assert_array_equal(find_background(images), [background])


def test_photographs_have_the_mean_of_their_border():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (50, 3, 10, 12), dtype=np.uint8)
    border = np.ones((10, 12), bool)
    border[1:-1, 1:-1] = False
    expected = images[:, :, border].mean(axis=(0, 2))
    np.testing.assert_allclose(find_background(images), expected, rtol=1e-5)


def test_dark_lines_on_white_change_as_light_lines_on_black():
    images = torch.from_numpy(sketches()).float()
    policy = AugmentationPolicy(rotation=40, horizontal_flip=0.5, shift=0.3, erasing=0.5)
    black, white = (BoundAugmentation(policy, np.float32([fill])) for fill in (0.0, 255.0))
    expected = 255 - black(images, torch.Generator().manual_seed(0))
    changed = white(255 - images, torch.Generator().manual_seed(0))
    torch.testing.assert_close(changed, expected, atol=1e-3, rtol=0)


def test_white_paper_stays_white():
    white = torch.full((20, 1, 28, 28), 255.0)
    bound = BoundAugmentation(MOVES, np.float32([255]))
    torch.testing.assert_close(bound(white, torch.Generator().manual_seed(0)), white)


def test_nothing_is_done_without_an_augmentation():
    images = torch.rand(3, 1, 8, 8)
    assert BoundAugmentation(None, np.float32([1]))(images, None) is images


def test_features_in_a_grid_have_no_background():
    grid = np.ones((5, 1, 1, 10))
    bound = bind_augmentation(None, np.arange(5) % 2, lambda rows: grid[rows])
    np.testing.assert_array_equal(bound.background, [0])


def test_what_is_drawn_on_a_gpu_stays_there():
    class OnGpu:  # PyTorch cannot pin memory without a GPU, nor memory of a GPU
        is_cuda, device = True, torch.device("cpu")

    drawn = torch.arange(3)
    assert to_device(drawn, OnGpu()) is drawn
