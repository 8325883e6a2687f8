"""Wrong values of X that users pass: each error says what to do instead, and that works."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image, ImageOps
from sklearn.base import BaseEstimator

from skquickdraw import SketchNormalizer
from skquickdraw._images import check_images, check_rows
from skquickdraw.exceptions import InvalidImagesError

GREY = np.arange(3 * 12 * 12, dtype=np.uint8).reshape(3, 12, 12)
RGB = np.stack([GREY] * 3, axis=-1)
READERS = pytest.mark.parametrize("check", [check_images, check_rows])


class Reader(BaseEstimator):
    pass


class Pairs(torch.utils.data.Dataset):
    def __len__(self):
        return len(RGB)

    def __getitem__(self, i):
        if i >= len(RGB):
            raise IndexError
        return Image.fromarray(RGB[i]), "cat"


@READERS
@pytest.mark.parametrize("X", ["cat.png", ["cat.png"], Path("cat.png"), [Path("cat.png")]])
def test_paths_are_read_by_load_images(check, X):
    with pytest.raises(InvalidImagesError, match=r"^Reader: X must hold pixels.*cat\.png.*load_im"):
        check(Reader(), X, reset=True)


@READERS
@pytest.mark.parametrize("wrap", [lambda pairs: pairs, torch.utils.data.DataLoader])
def test_a_dataset_of_pytorch_becomes_arrays(check, wrap):
    dataset = Pairs()
    with pytest.raises(InvalidImagesError, match=r"^Reader: .* of PyTorch\. .*np\.stack") as caught:
        check(Reader(), wrap(dataset), reset=True)
    code = str(caught.value).partition("X = ")[2].partition(", y =")[0]
    X = eval(code, {"np": np, "dataset": dataset})  # the code in the message works
    assert check(Reader(), X, reset=True).shape == (3, 3, 12, 12)


@READERS
def test_images_of_pillow_need_one_size_and_a_mode_of_pixels(check):
    images = [Image.fromarray(image) for image in RGB]
    assert check(Reader(), images, reset=True).shape == (3, 3, 12, 12)
    palette = [image.convert("P") for image in images]
    sizes = [images[0], images[1].resize((20, 9))]
    for X in (palette, sizes, [images[0], images[1].convert("L")]):
        with pytest.raises(InvalidImagesError, match=r"^Reader: images of Pillow .*ImageOps\.pad"):
            check(Reader(), X, reset=True)
        X = [ImageOps.pad(image.convert("RGB"), (32, 32)) for image in X]
        assert check(Reader(), X, reset=True).shape[1:] == (3, 32, 32)


@READERS
def test_one_image_of_pillow_is_no_stack(check):
    with pytest.raises(InvalidImagesError, match=r"^Reader: .* one image of Pillow\. .*\[image\]"):
        check(Reader(), Image.fromarray(RGB[0]), reset=True)


@READERS
@pytest.mark.parametrize("X", [GREY, RGB])
def test_one_array_is_no_stack(check, X):
    reader = Reader()
    check(reader, X, reset=True)
    with pytest.raises(InvalidImagesError, match=r"features, but Reader.*np\.newaxis"):
        check(reader, X[0], reset=False)
    assert len(check(reader, X[0][np.newaxis], reset=False)) == 1


@READERS
def test_another_size_is_told_in_images(check):
    reader = Reader()
    check(reader, RGB, reset=True)
    told = "fit: 12 x 12, 3 channels; images of X: 12 x 12, grey"
    with pytest.raises(InvalidImagesError, match=f"^X has 144 features, but Reader.*{told}.*mode"):
        check(reader, GREY, reset=False)
    with pytest.raises(InvalidImagesError, match="images of X: 8 x 12, 3 channels"):
        check(reader, RGB[:, :8], reset=False)
    with pytest.raises(InvalidImagesError, match=r"expecting 432 features as input\.$"):
        check(reader, np.zeros((5, 150)), reset=False)  # not a square, so no shape is suggested


@READERS
def test_few_numbers_are_features_and_no_images(check):
    reader = Reader()
    check(reader, np.zeros((5, 16)), reset=True)
    with pytest.raises(InvalidImagesError, match=r"expecting 16 features as input\.$"):
        check(reader, np.zeros((5, 9)), reset=False)


@READERS
def test_columns_of_text_are_named(check):
    table = pd.DataFrame(GREY.reshape(3, -1)).add_prefix("pixel")
    table["label"] = ["cat", "owl", "yak"]
    with pytest.raises(InvalidImagesError, match=r"convert .* 'cat'\. Drop the columns .*'label'"):
        check(Reader(), table, reset=True)
    assert len(check(Reader(), table.drop(columns="label"), reset=True)) == 3


@READERS
@pytest.mark.parametrize("as_table", [True, False])
def test_columns_whose_cells_are_images_are_to_be_stacked(check, as_table):
    column = pd.Series(list(GREY), name="image")
    X = column.to_frame() if as_table else column
    if as_table:
        X.insert(0, "label", ["cat"] * len(X))
    way_out = r"Pass np\.stack\(X\['image'\]\)\." if as_table else r"Pass np\.stack\(X\)\."
    with pytest.raises(InvalidImagesError, match=f"^Reader: X must be an array.*{way_out}"):
        check(Reader(), X, reset=True)
    check(Reader(), np.stack(column), reset=True)


@READERS
def test_cells_of_several_shapes_are_to_be_resized(check):
    X = pd.Series([GREY[0], GREY[1, :8]])
    with pytest.raises(
        InvalidImagesError, match=r"several shapes: \[\(8, 12\), \(12, 12\)\]. Resize"
    ):
        check(Reader(), X, reset=True)
    assert SketchNormalizer().fit_transform(X).shape[0] == 2


@READERS
def test_cells_that_are_no_images_are_not_taken_for_them(check):
    with pytest.raises(ValueError, match="setting an array element with a sequence"):
        check(Reader(), pd.Series([[[1, 2], [3]], [[1]]]), reset=True)
