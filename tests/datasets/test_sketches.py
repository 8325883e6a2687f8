"""make_sketches: the class counts, the randomness, and how different the classes are."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skquickdraw.datasets import make_sketches
from skquickdraw.exceptions import InvalidParameterError

N_CONCEPTS = 53


def test_shapes_and_types():
    X, y, names = make_sketches(60, 5, random_state=0, return_names=True)
    assert X.shape == (60, 784) and X.dtype == np.uint8
    assert y.shape == (60,) and y.dtype == np.int64
    assert len(names) == 5 == len(set(names))


def test_names_are_distinct_and_early_ones_stay():
    names = make_sketches(N_CONCEPTS, N_CONCEPTS, random_state=0, return_names=True)[2]
    assert len(set(names)) == N_CONCEPTS
    assert names[:4].tolist() == ["circle", "clock", "cookie", "donut"]


@pytest.mark.parametrize("noise", [0, 1, 4])
@pytest.mark.parametrize("image_shape", [(16, 16), (28, 28), (32, 48)])
def test_every_concept_draws_ink(image_shape, noise):
    X, y = make_sketches(
        3 * N_CONCEPTS, N_CONCEPTS, image_shape=image_shape, noise=noise, random_state=0
    )
    assert X.shape == (3 * N_CONCEPTS, image_shape[0] * image_shape[1])
    assert X.max(axis=1).min() > 100
    ink = X.mean(axis=1) / 255
    assert ink.max() < 0.6
    assert set(y) == set(range(N_CONCEPTS))


def test_drawings_are_centred_with_a_margin():
    images = make_sketches(200, 20, random_state=0)[0].reshape(-1, 28, 28)
    assert images[:, [0, -1]].max() == images[:, :, [0, -1]].max() == 0
    wide = make_sketches(50, 5, image_shape=(28, 60), random_state=0)[0].reshape(-1, 28, 60)
    assert wide[:, :, :15].max() == wide[:, :, -15:].max() == 0


def test_an_int_seed_reproduces_and_other_seeds_differ():
    X, y = make_sketches(80, 8, random_state=3)
    again, y_again = make_sketches(80, 8, random_state=3)
    assert_array_equal(X, again)
    assert_array_equal(y, y_again)
    from_state = make_sketches(80, 8, random_state=np.random.RandomState(3))[0]
    assert_array_equal(X, from_state)
    assert (make_sketches(80, 8, random_state=4)[0] != X).any()


def test_the_global_generator_is_left_alone():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    make_sketches(20, 4, random_state=0)
    assert_array_equal(before, np.random.get_state()[1])


def test_no_two_sketches_are_alike_with_noise():
    X = make_sketches(300, 3, random_state=0)[0]
    assert len(np.unique(X, axis=0)) == 300


def test_without_noise_a_class_is_its_templates():
    X, y = make_sketches(200, 20, noise=0, random_state=0)
    assert len(np.unique(X[y == 0], axis=0)) == 1
    other, z = make_sketches(200, 20, noise=0, random_state=1)
    assert_array_equal(X[y == 0][0], other[z == 0][0])


def test_more_noise_varies_more():
    spread = [
        make_sketches(300, 1, noise=noise, random_state=0)[0].astype(float).std(axis=0).mean()
        for noise in (0, 0.3, 1)
    ]
    assert spread[0] == 0 < spread[1] < spread[2]


@pytest.mark.parametrize(
    ("n_samples", "weights", "counts"),
    [
        (10, None, [4, 3, 3]),
        (10, [1, 1, 2], [3, 2, 5]),
        (100, [0.7, 0.2, 0.1], [70, 20, 10]),
        (10, [1000, 1, 1], [8, 1, 1]),
        (3, [1000, 1, 1], [1, 1, 1]),
        (10, [1, 0, 1], [5, 0, 5]),
        (2, None, [1, 1, 0]),
    ],
)
def test_counts_are_exact(n_samples, weights, counts):
    _, y = make_sketches(n_samples, 3, weights=weights, random_state=0)
    assert_array_equal(np.bincount(y, minlength=3), counts)


def test_labels_are_shuffled():
    y = make_sketches(200, 4, random_state=0)[1]
    assert (np.diff(y) != 0).sum() > 100


def test_more_drawings_than_one_block_of_memory():
    X, y = make_sketches(1100, 2, weights=[10, 1], random_state=0)
    assert_array_equal(np.bincount(y), [1000, 100])
    assert X.max(axis=1).min() > 100


def test_classes_can_be_told_apart_but_not_trivially():
    X, y = make_sketches(1000, 20, random_state=0)
    Z, truth = make_sketches(500, 20, random_state=1)
    centroids = np.stack([X[y == k].mean(axis=0) for k in range(20)])
    distance = ((Z[:, None].astype(np.float32) - centroids) ** 2).sum(axis=2)
    accuracy = (distance.argmin(axis=1) == truth).mean()
    assert 0.4 < accuracy < 0.85


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"n_samples": 0}, "n_samples must be an int of at least 1"),
        ({"n_samples": 10.5}, "n_samples must be an int"),
        ({"n_classes": N_CONCEPTS + 1}, f"from 1 to {N_CONCEPTS}, the number of classes"),
        ({"n_classes": 0}, "n_classes must be an int from 1"),
        ({"image_shape": 28}, r"image_shape must be \(height, width\)"),
        ({"image_shape": (4, 28)}, "image_shape must be"),
        ({"noise": -0.1}, "noise must be a finite number of at least 0"),
        ({"noise": np.inf}, "noise must be a finite number"),
        ({"weights": [1, 2]}, "weights must hold n_classes=3"),
        ({"weights": [1, -2, 3]}, "weights must hold"),
        ({"weights": [0, 0, 0]}, "weights must hold"),
        ({"weights": [1, np.nan, 1]}, "weights must hold"),
    ],
    ids=str,
)
def test_refuses_bad_parameters(parameter, message):
    with pytest.raises(InvalidParameterError, match=message):
        make_sketches(**{"n_samples": 10, "n_classes": 3, **parameter})
