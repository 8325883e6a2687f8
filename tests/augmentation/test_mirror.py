"""Whether mirrored images keep their class, on images where the answer is known."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.augmentation._mirror import MOST_ROWS, choose_rows, compare_with_mirror
from skquickdraw.datasets import make_sketches


def digits(n_rows=400):
    X, y = load_digits(return_X_y=True)
    return X[:n_rows].reshape(-1, 1, 8, 8), y[:n_rows]


def sketches(n_rows=400):
    X, y = make_sketches(n_rows, 6, random_state=0)
    return X.reshape(-1, 1, 28, 28), y


def arrows(n_rows=120):
    """Return arrows that point left or right, at random places."""
    rng = np.random.default_rng(0)
    shape = np.zeros((20, 20), np.uint8)
    shape[9:11, 3:17] = 255
    for step in range(6):
        shape[9 - step, 3 + step] = shape[10 + step, 3 + step] = 255
    y = np.arange(n_rows) % 2
    images = [np.roll(shape[:, :: 1 - 2 * side], rng.integers(-2, 3, 2), (0, 1)) for side in y]
    return np.stack(images)[:, None], y


def together(first, second):
    """Return two sets of 28 x 28 images as one."""
    (X, y), (Z, z) = first, second
    edge = (28 - Z.shape[-1]) // 2
    Z = np.pad(Z, ((0, 0), (0, 0), (edge, edge), (edge, edge)))
    return np.concatenate([X, Z]), np.concatenate([y, z + y.max() + 1])


@pytest.mark.parametrize(
    ("images", "keeps_class"),
    [
        (digits(), False),
        (digits(100), False),
        (arrows(), False),
        (sketches(), True),
        (together(sketches(), arrows()), False),  # two classes of eight are enough
    ],
    ids=["digits", "few digits", "arrows", "sketches", "sketches and arrows"],
)
def test_images_of_which_the_answer_is_known(images, keeps_class):
    assert compare_with_mirror(*images).keeps_class == keeps_class
    assert AugmentationPolicy().bind(*images).horizontal_flip == (0.5 if keeps_class else 0.0)


@pytest.mark.parametrize("cut", [(1, 0), (0, 1), (1, 1)])
def test_sides_may_be_odd(cut):
    X, y = sketches()
    height, width = 28 - cut[0], 28 - cut[1]
    assert compare_with_mirror(X[:, :, :height, :width], y).keeps_class


def test_noise_cannot_tell_and_is_not_mirrored():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (200, 1, 12, 12), dtype=np.uint8), rng.integers(0, 4, 200)
    assert AugmentationPolicy().bind(*noise).horizontal_flip == 0.0


def test_two_rows_cannot_tell():
    images = np.zeros((2, 1, 12, 12), np.uint8)
    assert AugmentationPolicy().bind(images, np.array([0, 1])).horizontal_flip == 0.0


def test_symmetric_images_are_the_same_mirrored():
    X, y = digits()
    found = compare_with_mirror(np.maximum(X, X[..., ::-1]), y)
    assert found.recall == found.mirrored_recall and found.keeps_class


def test_large_classes_do_not_decide_alone():
    X, y = digits(1797)  # 0 and 8 look the same in the mirror
    rows = [np.flatnonzero(y == c)[: 170 if c in (0, 8) else 12] for c in range(10)]
    rows = np.concatenate(rows)
    assert not compare_with_mirror(X[rows], y[rows]).keeps_class


def test_a_given_number_is_kept():
    policy = AugmentationPolicy(horizontal_flip=0.25)
    assert policy.bind(*digits()) is policy


def test_binding_leaves_the_policy_as_it_was():
    policy = AugmentationPolicy(rotation=3)
    bound = policy.bind(*digits())
    assert policy.horizontal_flip == "auto"
    assert bound.get_params() == policy.get_params() | {"horizontal_flip": 0.0}


@pytest.mark.parametrize("counts", [(3, 2), (5000, 40, 1), (900, 900, 900), (1,) * 3000])
def test_rows_are_chosen_from_all_classes_alike(counts):
    codes = np.repeat(np.arange(len(counts)), counts)
    rows = choose_rows(codes)
    found = np.bincount(codes[rows], minlength=len(counts))
    assert len(rows) <= MOST_ROWS
    if len(codes) <= MOST_ROWS:
        assert len(rows) == len(codes)
    elif len(counts) <= MOST_ROWS:
        most = found.max()
        np.testing.assert_array_equal(found, np.minimum(counts, most))
        assert np.minimum(counts, most + 1).sum() >= MOST_ROWS
