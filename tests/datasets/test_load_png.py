"""load_quickdraw on folders of PNGs."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skquickdraw.datasets import load_quickdraw
from skquickdraw.exceptions import DataFileError, MissingDependencyError

Image = pytest.importorskip("PIL.Image")

GREY = np.random.RandomState(0).randint(0, 256, (5, 9, 12)).astype(np.uint8)


def write(folder, images=GREY):
    folder.mkdir(exist_ok=True)
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i}.png")
    return folder


def test_reads_a_folder_of_folders(tmp_path):
    write(tmp_path / "owl", GREY[:2])
    write(tmp_path / "cat", GREY[2:])
    (tmp_path / "notes").mkdir()
    drawings = load_quickdraw(tmp_path)
    assert_array_equal(drawings.data, GREY[[2, 3, 4, 0, 1]].reshape(5, 108))
    assert drawings.data.dtype == np.uint8 and drawings.image_shape == (9, 12)
    assert_array_equal(drawings.target, [0, 0, 0, 1, 1])
    assert_array_equal(drawings.target_names, ["cat", "owl"])
    few = load_quickdraw(tmp_path, n_per_class=1)
    assert_array_equal(few.data, GREY[[2, 0]].reshape(2, 108))


def test_a_flat_folder_is_one_class(tmp_path):
    drawings = load_quickdraw(write(tmp_path / "cat"))
    assert_array_equal(drawings.data, GREY.reshape(5, 108))
    assert_array_equal(drawings.target_names, ["cat"])


def test_a_folder_of_both_kinds_is_refused(tmp_path):
    write(tmp_path / "cat")
    write(tmp_path, GREY[:1])
    with pytest.raises(DataFileError, match="of one class, or .*got both, '0.png' and 'cat"):
        load_quickdraw(tmp_path)


def test_hidden_folders_are_passed_over(tmp_path):
    write(tmp_path / "cat"), write(tmp_path / ".thumbnails")
    assert_array_equal(load_quickdraw(tmp_path).target_names, ["cat"])


def test_a_class_is_named_as_its_folder_is_reached(tmp_path, monkeypatch, make_link):
    write(tmp_path / "cat")
    (tmp_path / "linked").mkdir()
    for name in ("owl", "tiger"):
        make_link(tmp_path / "linked" / name, tmp_path / "cat")
    assert_array_equal(load_quickdraw(tmp_path / "linked").target_names, ["owl", "tiger"])
    assert_array_equal(load_quickdraw(tmp_path / "linked" / "owl").target_names, ["owl"])
    monkeypatch.chdir(tmp_path / "cat")
    assert_array_equal(load_quickdraw(".").target_names, ["cat"])


def test_data_files_come_before_thumbnails(tmp_path):
    np.save(tmp_path / "cat.npy", GREY[:, :, :9])
    write(tmp_path / "thumbnails")
    assert_array_equal(load_quickdraw(tmp_path).target_names, ["cat"])
    assert_array_equal(load_quickdraw(tmp_path, file_format="png").target_names, ["thumbnails"])


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA"])
def test_reads_colours_as_grey(tmp_path, mode):
    ink = Image.fromarray(np.where(GREY[0] > 127, 255, 0).astype(np.uint8))
    ink.convert(mode).save(tmp_path / "a.png")
    assert_array_equal(load_quickdraw(tmp_path).data[0], np.asarray(ink).ravel())


def test_refuses_transparent_ink(tmp_path):
    picture = Image.fromarray(np.zeros((8, 8), np.uint8)).convert("RGBA")
    picture.putpixel((0, 0), (0, 0, 0, 0))
    picture.save(tmp_path / "a.png")
    with pytest.raises(DataFileError, match="a.png: must be opaque"):
        load_quickdraw(tmp_path)


def test_a_palette_with_unused_transparency_is_read(tmp_path):
    picture = Image.fromarray(np.full((8, 8), 1, np.uint8)).convert("P")
    picture.putpalette([0, 0, 0, 9, 9, 9])
    picture.save(tmp_path / "a.png", transparency=b"\x07\xff")
    assert_array_equal(load_quickdraw(tmp_path).data[0], 9)


def test_damage_is_found_or_harmless(tmp_path):
    """Whichever byte is changed, the file is read, or an error names it."""
    Image.fromarray(GREY[0]).convert("RGBA").save(tmp_path / "a.png", dpi=(72, 72))
    content = (tmp_path / "a.png").read_bytes()
    rng = np.random.RandomState(0)
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 1 << rng.randint(8)
        (tmp_path / "a.png").write_bytes(damaged)
        try:
            load_quickdraw(tmp_path)
        except DataFileError as error:
            assert "a.png" in str(error)


def test_refuses_sixteen_bits(tmp_path):
    Image.fromarray(GREY[0].astype(np.uint16) * 257).save(tmp_path / "a.png")
    with pytest.raises(DataFileError, match="a.png: must have 8 bits per channel; got the mode 'I"):
        load_quickdraw(tmp_path)


def test_refuses_pictures_of_different_sizes(tmp_path):
    write(tmp_path / "cat", [GREY[0], GREY[1, :8]])
    with pytest.raises(DataFileError, match="cat/1.png: .*one size; got 8 x 12 .*after 9 x 12"):
        load_quickdraw(tmp_path)
    write(tmp_path / "cat", GREY[:2])
    write(tmp_path / "owl", GREY[:2, :8])
    with pytest.raises(DataFileError, match="owl: bitmaps must be 9 x 12, .*got 8 x 12"):
        load_quickdraw(tmp_path)


def test_a_truncated_picture_is_named(tmp_path):
    folder = write(tmp_path / "cat", GREY[:2])
    content = (folder / "1.png").read_bytes()
    for size in (0, 5, 40, len(content) // 2):
        (folder / "1.png").write_bytes(content[:size])
        with pytest.raises(DataFileError, match=f"cat/1.png: must be a whole PNG.*got {size} byt"):
            load_quickdraw(tmp_path)


def test_opens_nothing_but_png(tmp_path):
    Image.fromarray(GREY[0]).save(tmp_path / "a.png", format="BMP")
    with pytest.raises(DataFileError, match="a.png: must be a whole PNG"):
        load_quickdraw(tmp_path)


def test_refuses_bombs(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(DataFileError, match="0.png: must be a whole PNG.*bomb"):
        load_quickdraw(write(tmp_path / "cat"))


def test_names_the_extra_where_pillow_is_missing(tmp_path, monkeypatch):
    folder = write(tmp_path / "cat")
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'skquickdraw\[data\]'"):
        load_quickdraw(folder)
