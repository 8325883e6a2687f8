"""'auto' chooses a policy for line drawings, for colour images, and for all other images."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from skquickdraw import CNNClassifier
from skquickdraw.augmentation import AugmentationPolicy, resolve_augmentation
from skquickdraw.augmentation._auto import are_lines_on_paper, suit
from skquickdraw.datasets import make_sketches

SKETCHES = make_sketches(60, 3, random_state=0)[0].reshape(-1, 1, 28, 28)
DIGITS = load_digits().images[:100, None]  # they fill their 8 x 8 pixels
PHOTOS = np.random.default_rng(0).integers(0, 256, (20, 3, 16, 16), dtype=np.uint8)


@pytest.mark.parametrize(
    ("images", "are_lines"),
    [(SKETCHES, True), (255 - SKETCHES, True), (SKETCHES / 255, True), (DIGITS, False)],
    ids=["white on black", "black on white", "from 0 to 1", "digits"],
)
def test_lines_on_paper_are_known(images, are_lines):
    assert are_lines_on_paper(images) == are_lines
    assert (suit(images).elastic > 0) == (suit(images).thickness > 0) == are_lines


def test_lines_bend_in_proportion_to_the_image():
    large = SKETCHES.repeat(2, axis=2).repeat(2, axis=3)
    assert suit(large).elastic == pytest.approx(2 * suit(SKETCHES).elastic)


def test_colour_images_are_erased_and_not_sheared():
    policy = suit(PHOTOS)
    assert policy.erasing > 0 and policy.shear == policy.elastic == policy.thickness == 0


def test_binding_decides_all():
    bound = resolve_augmentation("auto", image_shape=(1, 28, 28)).bind(SKETCHES, np.arange(60) % 3)
    assert type(bound) is AugmentationPolicy and bound.horizontal_flip in (0.0, 0.5)
    bound.validate()


def test_grids_of_features_have_none():
    assert resolve_augmentation("auto", image_shape=(1, 1, 30)) is None


def test_classifiers_take_it_by_default():
    y = np.arange(60) % 3
    clf = CNNClassifier(width=0.25, max_epochs=1, random_state=0).fit(SKETCHES, y)
    expected = suit(SKETCHES).bind(SKETCHES, y).get_params()
    assert clf.augmentation_.get_params() | {"horizontal_flip": 0} == expected | {
        "horizontal_flip": 0
    }
