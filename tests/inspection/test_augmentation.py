from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError

from skquickdraw import CNNClassifier
from skquickdraw.augmentation import AugmentationPolicy, StrokeAugmentation
from skquickdraw.datasets import make_sketches, pack_strokes
from skquickdraw.exceptions import InvalidImagesError, InvalidParameterError
from skquickdraw.inspection import AugmentationDisplay

X, Y = make_sketches(60, n_classes=3, random_state=0)
MIRROR = AugmentationPolicy(rotation=0, shift=0, scale=0, shear=0, horizontal_flip=1)


class Fade:
    def draw(self, n_samples, image_shape, generator=None):
        return torch.full((n_samples, 1, 1, 1), 0.5)

    def apply(self, images, draw):
        return images * draw


def test_originals_stand_in_front_of_what_is_made_of_them():
    display = AugmentationDisplay.from_augmentation(MIRROR, X, rows=[7, 2], n_variants=3)
    images = X[[7, 2]].reshape(2, 28, 28)
    for row, image in enumerate(images):
        np.testing.assert_array_equal(display.images_[row, 0].get_array(), image)
        for column in (1, 2, 3):
            drawn = display.images_[row, column].get_array()
            np.testing.assert_allclose(drawn, image[:, ::-1], atol=0.1)
    assert [text.get_text() for text in display.text_] == ["original", "changed"]


def test_names_are_decided_by_the_images():
    display = AugmentationDisplay.from_augmentation("auto", X, Y, n_variants=2)
    assert display.images.shape == (6, 3, 1, 28, 28)
    with pytest.raises(InvalidParameterError, match="Pass y, or set horizontal_flip"):
        AugmentationDisplay.from_augmentation("auto", X)
    with pytest.raises(InvalidParameterError, match="Pass y, or set horizontal_flip"):
        AugmentationDisplay.from_augmentation(AugmentationPolicy(), X)


def test_an_augmentation_of_ones_own():
    display = AugmentationDisplay.from_augmentation(Fade(), X, rows=[0], n_variants=1)
    np.testing.assert_allclose(display.images[0, 1, 0], X[0].reshape(28, 28) / 2)


def test_colour_images_keep_their_colours():
    colours = np.random.default_rng(0).integers(0, 256, (4, 9, 9, 3), dtype=np.uint8)
    display = AugmentationDisplay.from_augmentation(MIRROR, colours, n_variants=1)
    assert display.images.shape == (4, 2, 3, 9, 9)
    np.testing.assert_array_equal(display.images[:, 0], np.moveaxis(colours, -1, 1))


def test_a_seed_repeats_the_changes():
    one, other, third = (
        AugmentationDisplay.from_augmentation("sketch", X, Y, random_state=seed).images
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one, other)
    assert (one != third).any()


def test_a_fitted_classifier_shows_its_own():
    clf = CNNClassifier(width=0.125, max_epochs=1, augmentation=MIRROR, random_state=0).fit(X, Y)
    display = AugmentationDisplay.from_estimator(clf, X, rows=[1], n_variants=1)
    np.testing.assert_allclose(display.images[0, 1], display.images[0, 0, :, :, ::-1], atol=0.1)


def test_strokes_are_drawn():
    square = [[[0, 255, 255, 0, 0], [0, 0, 255, 255, 0]]]
    strokes = pack_strokes([square] * 4, 16)
    policy = StrokeAugmentation(side=20, then=None)
    display = AugmentationDisplay.from_augmentation(policy, strokes, n_variants=2)
    assert display.images.shape == (4, 3, 1, 20, 20)
    assert display.images[:, 0].max() > 0
    flat = strokes.reshape(4, -1)
    of_flat = AugmentationDisplay.from_augmentation(policy, flat, image_shape=(3, 16), n_variants=2)
    assert of_flat.images[:, 0].tolist() == display.images[:, 0].tolist()


def test_a_grid_of_ones_own_has_names():
    grid = np.zeros((2, 3, 10, 10))
    display = AugmentationDisplay(grid, row_labels=["a", "b"]).plot()
    assert [text.get_text() for text in display.text_] == ["a", "b"]
    assert display.images_.shape == (2, 3)
    display = AugmentationDisplay(grid, column_labels=["x", "y", "z"]).plot()
    assert [text.get_text() for text in display.text_] == ["x", "y", "z"]


def test_names_of_rows_lie_within_the_figure():
    labels = ["a name of a row that is rather long", "b"]
    display = AugmentationDisplay(np.zeros((2, 3, 10, 10)), row_labels=labels).plot()
    display.figure_.draw_without_rendering()
    assert all(text.get_window_extent().x0 >= 0 for text in display.text_)


def test_axes_that_are_passed_are_used():
    figure, ax = plt.subplots()
    display = AugmentationDisplay.from_augmentation(MIRROR, X, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": [60]}, "from 0 to 59"),
        ({"n_variants": 0}, "n_variants must be an int of at least 1"),
        ({"augmentation": None}, "got None"),
        ({"augmentation": "blur"}, "augmentation must be None, one of"),
        ({"y": Y[:5]}, "a label for each of the 60 images, got 5"),
    ],
)
def test_bad_parameters_are_refused(options, message):
    options = {"augmentation": MIRROR, "X": X, **options}
    with pytest.raises(InvalidParameterError, match=message):
        AugmentationDisplay.from_augmentation(**options)


def test_estimators_without_an_augmentation_are_refused():
    with pytest.raises(NotFittedError):
        AugmentationDisplay.from_estimator(CNNClassifier(), X)
    clf = CNNClassifier(width=0.125, max_epochs=1, augmentation=None, random_state=0).fit(X, Y)
    with pytest.raises(
        InvalidParameterError, match="must be a classifier of .* this CNNClassifier is not"
    ):
        AugmentationDisplay.from_estimator(clf, X)


def test_grids_of_other_shapes_are_refused():
    with pytest.raises(InvalidImagesError, match="images must have shape"):
        AugmentationDisplay(np.zeros((3, 8, 8))).plot()
    with pytest.raises(
        InvalidParameterError, match="row_labels must hold 2 names, got an array of shape \\(1,\\)"
    ):
        AugmentationDisplay(np.zeros((2, 3, 8, 8)), row_labels=["a"]).plot()
