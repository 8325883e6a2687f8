"""load_images on files and folders of images without labels."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skquickdraw.datasets import load_image_folder, load_images
from skquickdraw.exceptions import DataFileError, InvalidParameterError

Image = pytest.importorskip("PIL.Image")

GREY = np.random.RandomState(0).randint(0, 256, (5, 28, 28)).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    for i, name in enumerate(["b.png", "a.png", "sub/c.png", "sub/deep/d.bmp", ".hidden/e.png"]):
        file = tmp_path / "all" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(GREY[i]).save(file)
    (tmp_path / "all" / "Thumbs.db").write_bytes(b"litter")
    return tmp_path / "all"


def test_folders_are_searched_in_order_of_names(folder):
    found = load_images(folder)
    names = ["a.png", "b.png", "sub/c.png", "sub/deep/d.bmp"]
    assert found.filenames.tolist() == [str(folder / name) for name in names]
    assert_array_equal(found.data, GREY[[1, 0, 2, 3]])
    assert found.image_shape == (28, 28)


def test_paths_come_in_the_order_given(folder):
    found = load_images([folder / "sub", str(folder / "b.png"), folder / "b.png"])
    assert_array_equal(found.data, GREY[[2, 3, 0, 0]])


def test_images_are_read_as_those_of_a_class(tmp_path):
    colours = np.random.RandomState(1).randint(0, 256, (40, 60, 4)).astype(np.uint8)
    (tmp_path / "data" / "cat").mkdir(parents=True)
    Image.fromarray(colours).save(tmp_path / "data" / "cat" / "a.png")
    options = {"image_shape": (20, 24), "background": 90}
    for mode in ("auto", "L", "RGB"):
        assert_array_equal(
            load_images(tmp_path / "data", mode=mode, **options).data,
            load_image_folder(tmp_path / "data", mode=mode, **options).data,
        )


def test_broken_files_are_named_or_left_out(folder):
    (folder / "sub" / "x.png").write_bytes(b"no image")
    with pytest.raises(DataFileError, match=r"load_images: all files .* 1 could not .*\n.*x\.png"):
        load_images(folder)
    with pytest.warns(UserWarning, match=r"load_images: 1 file was left out:\n.*x\.png"):
        found = load_images(folder, on_error="warn")
    assert len(found.data) == 4


@pytest.mark.parametrize("place", ["missing", "empty"])
def test_nothing_to_read_is_told(tmp_path, place):
    (tmp_path / "empty").mkdir()
    match = "does not exist" if place == "missing" else "got none in"
    with pytest.raises(DataFileError, match=match):
        load_images(tmp_path / place)


@pytest.mark.parametrize(
    ("params", "rule"),
    [
        ({"image_shape": 28}, "load_images: image_shape must be"),
        ({"mode": "CMYK"}, "load_images: mode must be one of"),
        ({"background": 256}, "load_images: background must be an int from 0 to 255"),
        ({"on_error": "ignore"}, "load_images: on_error must be one of"),
    ],
)
def test_parameters_are_checked_first(tmp_path, params, rule):
    with pytest.raises(InvalidParameterError, match=rule):
        load_images(tmp_path / "missing", **params)


def test_without_padding_images_keep_their_shapes(tmp_path):
    sizes = {"a.png": (40, 30), "b.png": (10, 20), "c.png": (16, 16)}
    for name, size in sizes.items():
        Image.new("L", size, 200).save(tmp_path / name)
    found = load_images(tmp_path, image_shape=(20, 20), pad=False)
    assert [image.shape for image in found.data] == [(15, 20), (20, 10), (20, 20)]
    assert all(image.dtype == np.uint8 and (image == 200).all() for image in found.data)
    assert found.image_shape == (20, 20) and found.data[[True, False, True]].shape == (2,)
    Image.new("RGB", (40, 20), (200, 0, 0)).save(tmp_path / "d.png")
    found = load_images(tmp_path, image_shape=(20, 20), pad=False)
    assert {len(image) for image in found.data} == {3} and found.image_shape == (3, 20, 20)


def test_pad_is_true_or_false(tmp_path):
    with pytest.raises(InvalidParameterError, match="load_images: pad must be one of .*got 'no'"):
        load_images(tmp_path, pad="no")
