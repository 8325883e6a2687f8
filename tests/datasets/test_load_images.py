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
    with pytest.warns(UserWarning, match=r"load_images: 1 files were left out:\n.*x\.png"):
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
