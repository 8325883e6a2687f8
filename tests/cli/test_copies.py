"""Images that occur more than once are told of before the training."""

import shutil
import warnings

import numpy as np
import pytest

from skquickdraw.cli import main
from skquickdraw.cli._copies import warn_of_copies

from .conftest import write_folder

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


def test_train_warns(quick, tmp_path, capsys):
    folder = write_folder(tmp_path / "images")
    for file in list(folder.glob("*/*")):
        shutil.copy(file, file.with_name(f"again {file.name}"))
    with warnings.catch_warnings():
        warnings.simplefilter("always")  # in tests, a warning is an error
        main(["train", str(folder), "-o", str(tmp_path / "m.safetensors"), "--recipe", "fast"])
    assert "are also among the training images, pixel for pixel" in capsys.readouterr().err
