"""Mistakes that are easily made give an error or a warning that says what to do."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from skquickdraw import load_model, save_model
from skquickdraw._images import check_images
from skquickdraw.exceptions import DataFileError, InvalidImagesError


@pytest.mark.parametrize("image_shape", [("8", "8"), (np.nan, 8), (8.5, 8), (None, 8)])
def test_an_image_shape_holds_ints(image_shape):
    with pytest.raises(InvalidImagesError, match="BaseEstimator: image_shape must be a tuple of"):
        check_images(BaseEstimator(), np.zeros((2, 64)), reset=True, image_shape=image_shape)


@pytest.mark.parametrize("path", [None, 3, 1.5, ["model"]])
def test_a_path_is_a_path(path):
    with pytest.raises(DataFileError, match="load_model: path must be a str or a path-like, got"):
        load_model(path)
    with pytest.raises(DataFileError, match="save_model: path must be a str or a path-like, got"):
        save_model(BaseEstimator(), path)


def test_a_stray_column_of_a_table_is_told_of():
    pandas = pytest.importorskip("pandas")
    names = [f"p{i}" for i in range(64)]
    table = pandas.DataFrame(np.zeros((2, 64), np.uint8), columns=names)
    wider = table.assign(id=[1, 2])
    with pytest.warns(UserWarning, match="X has 65 columns, from 'p0' to 'id', which is not a sq"):
        check_images(BaseEstimator(), wider, reset=True)
    with pytest.warns(UserWarning, match="X has 65 columns, which is not a square number"):
        check_images(BaseEstimator(), wider.to_numpy(), reset=True)
    # No warning if the number of columns is a square, or if image_shape is given.
    check_images(BaseEstimator(), table, reset=True)
    check_images(BaseEstimator(), wider, reset=True, image_shape=(5, 13))


def test_flat_rows_of_colour_images_are_told_of():
    flat = np.zeros((2, 3 * 8 * 8), np.uint8)
    with pytest.warns(UserWarning, match=r"image_shape, such as \(3, 8, 8\)"):
        check_images(BaseEstimator(), flat, reset=True)
    with pytest.raises(InvalidImagesError, match=r"channels first.* X.reshape\(-1, 8, 8, 3\)"):
        check_images(BaseEstimator(), flat, reset=True, image_shape=(8, 8, 3))
