"""Images that occur more than once are told of before the training."""

import warnings

import numpy as np
import pytest

from skquickdraw.cli._copies import warn_of_copies

X = np.repeat(np.arange(6, dtype=np.uint8), 64).reshape(6, 8, 8)
Y = np.array(["a", "a", "a", "b", "b", "b"])
TEST = np.array([2, 5])


def test_different_images_give_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_copies(X, Y, TEST)
        copied = X.copy()
        copied[1] = copied[0]  # both are in the training set, with the same label
        warn_of_copies(copied, Y, TEST)


def test_copies_on_both_sides_of_the_split():
    copied = X.copy()
    copied[2] = copied[0]
    with pytest.warns(UserWarning, match="1 of 2 held-out images are also among the training"):
        warn_of_copies(copied, Y, TEST)


def test_equal_images_with_unequal_labels():
    copied = X.copy()
    copied[3] = copied[0]
    with pytest.warns(UserWarning, match="2 images have an exact copy with another label"):
        warn_of_copies(copied, Y, TEST)
