"""load_image_folder on folders as users have them."""

import os
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skquickdraw import CNNClassifier, NoisyStudentClassifier, SketchNormalizer
from skquickdraw.datasets import load_image_folder, load_images
from skquickdraw.exceptions import DataFileError, InvalidParameterError

Image = pytest.importorskip("PIL.Image")

RNG = np.random.RandomState(0)
GREY = RNG.randint(0, 256, (8, 28, 28)).astype(np.uint8)
COLOUR = RNG.randint(0, 256, (28, 28, 3)).astype(np.uint8)


def write(path, image, **options):
    path.parent.mkdir(exist_ok=True)
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(path, **options)


def only(tmp_path, image, name="a.png", options=None, **params):
    """Return one image as the loader reads it."""
    write(tmp_path / "cat" / name, image, **(options or {}))
    return load_image_folder(tmp_path, **params).data[0]


@pytest.fixture
def folder(tmp_path):
    """Return a folder of two classes, with three images and one, and two unlabeled images."""
    for i, name in enumerate(["owl/b.PNG", "owl/a.bmp", "owl/c", "cat/z.tiff", "unlabeled/x.png"]):
        options = {"format": "PNG"} if name == "owl/c" else {}
        write(tmp_path / name, GREY[i], **options)
    write(tmp_path / "unlabeled" / "y.webp", GREY[5], lossless=True)
    return tmp_path


def test_one_folder_is_one_class(folder):
    found = load_image_folder(folder)
    assert_array_equal(found.data, GREY[[3, 1, 0, 2]])
    assert found.data.dtype == np.uint8 and found.image_shape == (28, 28)
    assert_array_equal(found.target, [0, 1, 1, 1])
    assert_array_equal(found.target_names, ["cat", "owl"])
    assert_array_equal(found.class_counts, [1, 3])
    names = ["cat/z.tiff", "owl/a.bmp", "owl/b.PNG", "owl/c"]
    assert found.filenames.tolist() == [str(folder / name) for name in names]
    assert_array_equal(found.unlabeled, GREY[[4, 5]])
    assert found.unlabeled_filenames.tolist()[1].endswith("y.webp")
    assert "4 images of 2 classes, from 1 to 3 a class" in found.DESCR
    X, y = load_image_folder(folder, return_X_y=True)
    assert_array_equal(X, found.data), assert_array_equal(y, found.target)


def test_the_unlabeled_folder_has_any_name_or_none(folder):
    assert load_image_folder(folder, unlabeled=None).target_names.tolist() == [
        "cat",
        "owl",
        "unlabeled",
    ]
    found = load_image_folder(folder, unlabeled="owl")
    assert found.target_names.tolist() == ["cat", "unlabeled"]
    assert len(found.unlabeled) == 3
    assert load_image_folder(folder, unlabeled="nobody").unlabeled is None


def test_what_is_loaded_teaches_students(folder):
    found = load_image_folder(folder)
    net = CNNClassifier(width=0.25, max_epochs=1, random_state=0)
    clf = NoisyStudentClassifier(net, n_iterations=1, random_state=0)
    clf.fit(found.data, found.target_names[found.target], X_unlabeled=found.unlabeled)
    assert set(clf.predict(found.unlabeled)) <= {"cat", "owl"}


def test_hidden_files_and_litter_are_passed_over(folder):
    for name in (".DS_Store", "cat/.hidden.png", "cat/Thumbs.db", "desktop.ini"):
        (folder / name).write_bytes(b"no picture")
    for name in (".cache", "__MACOSX", "cat/__MACOSX"):
        (folder / name).mkdir()
        (folder / name / "b.png").write_bytes(b"no picture")
    assert len(load_image_folder(folder).data) == 4


@pytest.mark.parametrize("size", [(56, 56), (84, 84)])
def test_larger_pictures_are_area_averages(tmp_path, size):
    times = size[0] // 28
    found = only(tmp_path, np.kron(GREY[0], np.ones((times, times), np.uint8)))
    assert_array_equal(found, GREY[0])
    noise = RNG.randint(0, 256, size).astype(np.uint8)
    mean = noise.reshape(28, times, 28, times).mean(axis=(1, 3))
    assert_allclose(only(tmp_path, noise), mean, atol=1.01)  # rounded twice


@pytest.mark.parametrize(("rows", "columns"), [(14, 28), (28, 7), (200, 100), (3, 300), (1, 1)])
def test_proportions_are_kept_and_the_border_goes_on(tmp_path, rows, columns):
    picture = np.full((rows, columns), 200, np.uint8)
    picture[rows // 4 : -rows // 4, columns // 4 : -columns // 4] = 30
    found = only(tmp_path, picture, image_shape=(28, 28))
    scale = 28 / max(rows, columns)
    height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
    top, left = (28 - height) // 2, (28 - width) // 2
    outside = np.ones((28, 28), bool)
    outside[top : top + height, left : left + width] = False
    assert (found[outside] == 200).all()
    if min(rows, columns) > 5:
        assert found[14, 14] == 30


def test_another_shape(tmp_path):
    assert only(tmp_path, np.full((50, 50), 7, np.uint8), image_shape=(20, 40)).shape == (20, 40)


MODES = {
    "1": np.where(GREY[0] > 127, 255, 0).astype(np.uint8),
    "L": GREY[0],
    "P": GREY[0] // 16 * 16,
    "LA": GREY[0],
    "RGB": GREY[0],
    "RGBA": GREY[0],
    "CMYK": GREY[0],
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_a_grey_picture_is_grey(tmp_path, mode):
    name = "a.tiff" if mode == "CMYK" else "a.png"
    assert_array_equal(
        only(tmp_path, Image.fromarray(MODES[mode]).convert(mode), name), MODES[mode]
    )


@pytest.mark.parametrize("name", ["a.png", "a.tiff"])
def test_sixteen_bits_become_eight(tmp_path, name):
    wide = GREY[0].astype(np.uint16) * 257
    assert_array_equal(only(tmp_path, wide, name), GREY[0])


@pytest.mark.parametrize("name", ["a.png", "a.tiff"])
def test_twelve_bits_in_files_of_sixteen_are_told_once(tmp_path, name):
    twelve = GREY[:3].astype(np.uint16) * 4095 // 255
    twelve[0, 0, 0] = 4095
    for image, folder in zip(twelve, ("cat", "owl", "unlabeled"), strict=True):
        write(tmp_path / folder / name, image)
    for load in (load_image_folder, load_images):
        with pytest.warns(UserWarning) as told:
            load(tmp_path)
        (warning,) = told
        assert str(warning.message) == (
            f"{load.__name__}: files with 16 bits should use all of them, from 0 to 65535, but the "
            "largest value in them is 4095, so in 8 bits the largest is 16, and few grey values "
            "are left. If they hold fewer bits, such as 12, multiply their pixels by at most 16, "
            "and save them again."
        )
        assert warning.filename == __file__
    file = tmp_path / "cat" / name  # as the guide says
    Image.fromarray(16 * np.asarray(Image.open(file))).save(file)
    assert_allclose(load_images(file).data[0], twelve[0] / 4095 * 255, atol=1)


@pytest.mark.parametrize("brightest", [0, 8192])
def test_of_other_files_with_sixteen_bits_nothing_is_told(tmp_path, brightest):
    wide = np.full((28, 28), brightest, np.uint16)
    assert_array_equal(only(tmp_path, wide), np.full((28, 28), round(brightest / 257)))


def test_sixteen_bits_of_a_pgm_become_eight(tmp_path):
    wide = (GREY[0].astype(np.uint16) * 257).astype(">u2")
    (tmp_path / "cat").mkdir()
    # Written by hand, because Pillow 10.3 reads such files, but cannot write them.
    (tmp_path / "cat" / "a.pgm").write_bytes(b"P5\n28 28\n65535\n" + wide.tobytes())
    assert_array_equal(load_image_folder(tmp_path).data[0], GREY[0])


def test_colours(tmp_path):
    assert_array_equal(only(tmp_path, COLOUR), COLOUR.transpose(2, 0, 1))
    write(tmp_path / "cat" / "b.png", GREY[0])
    found = load_image_folder(tmp_path)
    assert found.image_shape == (3, 28, 28)
    assert_array_equal(found.data[1], np.stack([GREY[0]] * 3))  # one colour image gives all three
    grey = load_image_folder(tmp_path, mode="L")
    assert_array_equal(grey.data[0], np.asarray(Image.fromarray(COLOUR).convert("L")))
    (tmp_path / "cat" / "a.png").unlink()
    assert load_image_folder(tmp_path).data.shape == (1, 28, 28)
    assert load_image_folder(tmp_path, mode="RGB").data.shape == (1, 3, 28, 28)


def test_colour_without_a_label_counts_too(folder):
    write(folder / "unlabeled" / "x.png", COLOUR)
    found = load_image_folder(folder)
    assert found.data.shape == (4, 3, 28, 28) and found.unlabeled.shape == (2, 3, 28, 28)


def test_transparent_pixels_show_the_background(tmp_path):
    ink = np.zeros((28, 28, 4), np.uint8)
    ink[5:9, 5:20] = (0, 0, 0, 255)
    ink[9:12, 5:20] = (0, 0, 0, 51)
    found = only(tmp_path, ink)
    assert found[0, 0] == 255 and (found[5:9, 5:20] == 0).all() and (found[9:12, 5:20] == 204).all()
    with pytest.raises(DataFileError, match="cat/a.png: must show something on a background of gr"):
        load_image_folder(tmp_path, background=0)
    ink[5:12, 5:20, :3] = 255
    found = only(tmp_path, ink, background=0)
    assert found[0, 0] == 0 and (found[5:9, 5:20] == 255).all()
    assert (only(tmp_path, np.zeros((28, 28, 4), np.uint8)) == 255).all()  # nothing was drawn


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(tmp_path, orientation):
    turned = {
        1: GREY[0],
        2: GREY[0][:, ::-1],
        3: GREY[0][::-1, ::-1],
        4: GREY[0][::-1],
        5: GREY[0].T,
        6: np.rot90(GREY[0]),
        7: GREY[0][::-1, ::-1].T,
        8: np.rot90(GREY[0], -1),
    }[orientation]  # as a camera held this way stores it
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = only(tmp_path, np.ascontiguousarray(turned), options={"exif": exif})
    assert_array_equal(found, GREY[0])


def test_a_jpeg_and_the_first_of_several_pictures(tmp_path):
    smooth = np.add.outer(np.arange(28), np.arange(28)).astype(np.uint8) * 4
    assert_allclose(only(tmp_path, smooth, "a.JPG", {"format": "JPEG"}), smooth, atol=6)
    (tmp_path / "cat" / "a.JPG").unlink()
    pages = [Image.fromarray(image) for image in GREY[:2]]
    options = {"save_all": True, "append_images": pages[1:]}
    assert_array_equal(only(tmp_path, pages[0], "a.tiff", options), GREY[0])


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_pictures_of_unknown_range_are_refused(tmp_path, dtype):
    write(tmp_path / "cat" / "a.tiff", GREY[0].astype(dtype))
    with pytest.raises(DataFileError, match="cat/a.tiff: must have 8 or 16 bits per channel"):
        load_image_folder(tmp_path)


def damage(folder):
    (folder / "cat" / "notes.txt").write_text("circles")
    content = (folder / "owl" / "b.PNG").read_bytes()
    (folder / "owl" / "b.PNG").write_bytes(content[: len(content) // 2])
    (folder / "owl" / "empty.png").write_bytes(b"")


def test_damaged_files_are_named_all_at_once(folder):
    damage(folder)
    with pytest.raises(DataFileError, match="3 could not be read .on_error='warn' leaves") as info:
        load_image_folder(folder)
    for names in ("cat/notes.txt, owl/empty.png", "owl/b.PNG"):
        assert f"\n{names}: must be a whole image, but cannot be read" in str(info.value)


def test_a_reason_is_written_once_for_all_its_files(folder):
    for i in range(8):
        write(folder / "cat" / f"{i}.tiff", GREY[0].astype(np.int32))
    for name in "pq":  # cut at different places
        write(folder / "owl" / f"{name}.png", GREY[0])
        content = (folder / "owl" / f"{name}.png").read_bytes()
        (folder / "owl" / f"{name}.png").write_bytes(content[: 400 + 50 * (name == "q")])
    with pytest.warns(UserWarning) as told:
        load_image_folder(folder, on_error="warn")
    _, wide, cut = str(told[-1].message).splitlines()
    assert wide.startswith("cat/0.tiff, cat/1.tiff, cat/2.tiff, cat/3.tiff, cat/4.tiff and 3 more:")
    assert cut.startswith("owl/p.png, owl/q.png: must be a whole image")


def test_damaged_files_are_left_out_with_a_warning(folder):
    damage(folder)
    with pytest.warns(
        UserWarning, match="3 files were left out:\ncat/notes.txt, owl/empty.png: must be"
    ):
        found = load_image_folder(folder, on_error="warn")
    assert_array_equal(found.data, GREY[[3, 1, 2]])


def test_folders_without_images_are_left_out_with_a_warning(folder):
    (folder / "yak").mkdir(), (folder / "cat" / "z.tiff").write_text("circles")
    for name in "xy":
        (folder / "unlabeled" / f"{name}.{'png' if name == 'x' else 'webp'}").unlink()
    with pytest.warns(UserWarning) as told:
        found = load_image_folder(folder, on_error="warn")
    assert str(told[-1].message) == (
        "load_image_folder: 3 folders were left out, because no image in them can be read: 'cat', "
        "'unlabeled', 'yak'."
    )
    assert found.target_names.tolist() == ["owl"] and found.unlabeled is None
    assert_array_equal(found.data, GREY[[1, 0, 2]])


def test_without_any_class_there_is_an_error_also_where_a_warning_was_wanted(folder):
    for name in ("owl/a.bmp", "owl/b.PNG", "owl/c", "cat/z.tiff"):
        (folder / name).write_text("circles")
    with (
        pytest.warns(UserWarning, match="4 files were left out"),
        pytest.raises(DataFileError, match="got none in 'cat', 'owl'. Put one in, or remove"),
    ):
        load_image_folder(folder, on_error="warn")


def test_one_error_lists_all_that_is_wrong(folder):
    damage(folder)
    for name in ("1.png", "2.png", "3.png", "4.png", "5.png", "6.png", "7.png"):
        (folder / name).write_bytes(b"")
    (folder / "yak").mkdir(), (folder / "owl" / "young").mkdir()
    (folder / "cats").mkdir(), (folder / "cats" / "old").mkdir()
    write(folder / "ow%6C" / "a.png", GREY[0])
    with pytest.raises(DataFileError) as info:
        load_image_folder(folder)
    first, *kinds = str(info.value).split("\n")
    assert first.endswith("must hold one folder of images for each class, but 5 things are wrong:")
    assert "must hold folders only, one for each class; got '1.png', '2.png'" in kinds[0]
    assert "'5.png' and 2 more. Put each image" in kinds[0]
    assert kinds[1].startswith("2. the folder of a class must hold images only; got the folders 'c")
    assert kinds[2].startswith("3. a class must have one folder; got 'ow%6C', 'owl' for 'owl'.")
    assert kinds[3].startswith("4. all files must be images, but 3 could not be read (on_error=")
    assert kinds[4].startswith(
        "cat/notes.txt, owl/empty.png: must be a whole image, but cannot be read"
    )
    assert kinds[6].startswith(
        "5. every folder must hold an image that can be read; got none in 'y"
    )
    assert len(kinds) == 7


def test_with_a_warning_of_damaged_files_the_other_problems_remain(folder):
    damage(folder)
    (folder / "loose.png").write_bytes(b""), (folder / "cat" / "old").mkdir()
    with (
        pytest.warns(UserWarning, match="3 files were left out"),
        pytest.raises(DataFileError, match="2 things are wrong:\n1. .*loose.png(.|\n)*2. .*'cat/o"),
    ):
        load_image_folder(folder, on_error="warn")


def test_of_many_damaged_files_the_first_are_named(folder):
    for i in range(8):
        (folder / "cat" / f"{i}.txt").write_text("")
    with pytest.raises(DataFileError, match="8 could not be read(.|\n)*4.txt and 3 more: must be"):
        load_image_folder(folder)


def test_every_damaged_byte_is_found_or_harmless(tmp_path):
    for name, options in [("a.png", {}), ("a.gif", {}), ("a.tiff", {}), ("a.jpg", {})]:
        file = tmp_path / "cat" / name
        write(file, GREY[0, :9, :9], **options)
        content = file.read_bytes()
        for position in range(0, len(content), 3):
            damaged = bytearray(content)
            damaged[position] ^= 1 << RNG.randint(8)
            file.write_bytes(damaged)
            with warnings.catch_warnings(action="ignore"):  # of Pillow, about odd metadata
                try:
                    load_image_folder(tmp_path)
                except DataFileError as error:
                    assert f"cat/{name}" in str(error)
        file.unlink()


def test_no_program_is_run(tmp_path, monkeypatch):
    plugin = pytest.importorskip("PIL.EpsImagePlugin")
    monkeypatch.setattr(plugin, "Ghostscript", lambda *args, **kwargs: pytest.fail("it ran"))
    write(tmp_path / "cat" / "a.png", GREY[0], format="EPS")
    with pytest.raises(DataFileError, match="cat/a.png: must be a whole image, but cannot be"):
        load_image_folder(tmp_path)


def test_no_file_inside_a_file_is_opened(tmp_path, monkeypatch):
    """An IPTC file may contain a file of any other format."""
    plugin = pytest.importorskip("PIL.IptcImagePlugin")
    monkeypatch.setattr(plugin.IptcImageFile, "_open", lambda self: pytest.fail("it was opened"))
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.iim").write_bytes(b"\x1c\x03\x14\x00\x02ab" + bytes(50))
    with pytest.raises(DataFileError, match="cat/a.iim: must be a whole image, but cannot be"):
        load_image_folder(tmp_path)


def test_what_no_folder_can_be_called_is_written_as_in_addresses(tmp_path):
    for name in ("b", "a%2Fb", "c%C3%A9", "5%"):
        write(tmp_path / name / "a.png", GREY[0])
    found = load_image_folder(tmp_path)
    assert found.target_names.tolist() == ["5%", "a/b", "b", "cé"]
    assert [Path(file).parent.name for file in found.filenames] == ["5%", "a%2Fb", "b", "c%C3%A9"]
    write(tmp_path / "%62" / "a.png", GREY[0])
    with pytest.raises(DataFileError, match="must have one folder; got '%62', 'b' for 'b'"):
        load_image_folder(tmp_path)


def test_bombs_are_refused(tmp_path, monkeypatch):
    write(tmp_path / "cat" / "a.png", GREY[0])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(DataFileError, match="cat/a.png: .*bombs. Make it smaller.$"):
        load_image_folder(tmp_path)


@pytest.mark.parametrize("name", ["a.HEIC", "a.svg"])
def test_formats_that_are_not_read_are_to_be_converted(tmp_path, name):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / name).write_bytes(bytes(100))
    with pytest.raises(
        DataFileError, match=f"cat/{name}: .*of a supported format. Convert it to JPEG or PNG"
    ):
        load_image_folder(tmp_path)


def test_folders_that_are_no_classes(tmp_path):
    def refuse(message, path=tmp_path, **params):
        with pytest.raises(DataFileError, match=message):
            load_image_folder(path, **params)

    refuse("path must be a folder; got .*missing", tmp_path / "missing")
    refuse("must hold a folder for each class; got none. Make a folder")
    write(tmp_path / "unlabeled" / "a.png", GREY[0])
    refuse("must hold a folder for each class; got none")
    write(tmp_path / "cat" / "a.png", GREY[0])
    refuse("path must be a folder; got .*a.png", tmp_path / "cat" / "a.png")
    (tmp_path / "owl").mkdir(), (tmp_path / "owl" / ".hidden").write_text("")
    refuse("every folder must hold an image that can be read; got none in 'owl'")
    (tmp_path / "owl" / "young").mkdir()
    refuse("must hold images only; got the folders 'owl/young'. Move the images up")
    write(tmp_path / "loose.png", GREY[0])
    refuse("got 'loose.png'. Put each .* of its class, or into 'unlabeled' where")
    refuse("got 'loose.png'. Put each image into the folder of its class.\n2", unlabeled=None)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"image_shape": 28}, "image_shape must be .height, width.*got 28"),
        ({"image_shape": (3, 28, 28)}, "two ints of at least 1; got .*channels is set by mode"),
        ({"image_shape": (0, 28)}, r"got \(0, 28\)"),
        ({"mode": "grey"}, "mode must be one of .'auto', 'L', 'RGB'.; got 'grey'"),
        ({"on_error": "skip"}, "on_error must be one of .'raise', 'warn'.; got 'skip'"),
        ({"background": 256}, "background must be an int from 0 to 255; got 256"),
    ],
)
def test_parameters_are_checked(folder, params, message):
    with pytest.raises(InvalidParameterError, match=message):
        load_image_folder(folder, **params)


def test_the_extra_is_named_where_pillow_is_missing(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    message = r"load_image_folder needs Pillow .* pip install 'skquickdraw\[data\]'"
    with pytest.raises(ImportError, match=message):
        load_image_folder(folder)


def test_labels_in_a_table_have_another_way(folder):
    way = "read it in Python, pass its files to load_images, and its labels to fit"
    (folder / "train.CSV").write_text("id,label\n")
    for path in (folder, folder / "train.CSV"):
        with pytest.raises(DataFileError, match=way):
            load_image_folder(path)
    (folder / "train.CSV").rename(folder / "train.txt")
    for path in (folder, folder / "train.txt"):
        with pytest.raises(DataFileError) as info:
            load_image_folder(path)
        assert way not in str(info.value)


def test_without_padding_images_and_pool_keep_their_shapes(tmp_path):
    for folder, size in [("cat", (40, 30)), ("owl", (10, 20)), ("unlabeled", (20, 5))]:
        (tmp_path / folder).mkdir()
        Image.new("L", size, 200).save(tmp_path / folder / "a.png")
    found = load_image_folder(tmp_path, image_shape=(20, 20), pad=False)
    assert [image.shape for image in found.data] == [(15, 20), (20, 10)]
    assert [image.shape for image in found.unlabeled] == [(5, 20)]
    assert SketchNormalizer().fit_transform(found.data).shape == (2, 784)


def test_names_that_are_no_url_escapes_stay(tmp_path):
    for name in ["1%fat", "20%de", "a%2Fb"]:
        write(tmp_path / name / "a.png", GREY[0])
    assert load_image_folder(tmp_path).target_names.tolist() == ["1%fat", "20%de", "a/b"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    write(tmp_path / "cat" / "a.png", GREY[0])
    os.mkfifo(tmp_path / "cat" / "b.png")
    with pytest.raises(DataFileError, match=r"b\.png: must be a file with an image"):
        load_image_folder(tmp_path)
