"""load_quickdraw on bitmaps: what it reads, how it names classes, and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skquickdraw.datasets import load_quickdraw, rasterize
from skquickdraw.exceptions import DataFileError, InvalidParameterError

X = np.random.RandomState(0).randint(0, 256, (7, 784)).astype(np.uint8)
BAR = [[[0, 255], [128, 128]]]


@pytest.fixture
def folder(tmp_path):
    np.save(tmp_path / "moon.npy", X[:4])
    np.save(tmp_path / "apple.npy", X[4:])
    (tmp_path / "README.md").write_text("not data")
    (tmp_path / "._apple.npy").write_bytes(b"what macOS leaves behind")
    return tmp_path


def test_reads_a_folder_of_npy(folder):
    drawings = load_quickdraw(folder)
    assert_array_equal(drawings.data, X[[4, 5, 6, 0, 1, 2, 3]])
    assert type(drawings.data) is np.ndarray and drawings.data.dtype == np.uint8
    assert_array_equal(drawings.target, [0, 0, 0, 1, 1, 1, 1])
    assert drawings.target.dtype == np.int64
    assert_array_equal(drawings.target_names, ["apple", "moon"])
    assert_array_equal(drawings.class_counts, [3, 4])
    assert drawings.image_shape == (28, 28)
    assert "7 drawings of 2 classes, from 3 to 4 a class" in drawings.DESCR


def test_returns_the_pair(folder):
    data, target = load_quickdraw(str(folder), return_X_y=True)
    assert data.shape == (7, 784) and target.shape == (7,)


def test_takes_the_first_of_each_class(folder):
    data, target = load_quickdraw(folder, n_per_class=2, return_X_y=True)
    assert_array_equal(data, X[[4, 5, 0, 1]])
    assert_array_equal(target, [0, 0, 1, 1])
    assert len(load_quickdraw(folder, n_per_class=100).data) == 7


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("apple.npy", "apple"),
        ("The Eiffel Tower.npy", "The Eiffel Tower"),
        ("full_numpy_bitmap_alarm clock.npy", "alarm clock"),
        ("alarm%20clock.npy", "alarm clock"),
        ("t-shirt.v2.NPY", "t-shirt.v2"),
        ("full_moon.npy", "full_moon"),
    ],
)
def test_a_class_is_named_after_its_file(tmp_path, filename, name):
    with (tmp_path / filename).open("wb") as stream:
        np.save(stream, X)
    assert_array_equal(load_quickdraw(tmp_path).target_names, [name])
    assert_array_equal(load_quickdraw(tmp_path / filename).target_names, [name])


@pytest.mark.parametrize("filename", ["full_simplified_.npy", "sketchrnn_.npy"])
def test_the_name_of_a_file_contains_a_class(tmp_path, filename):
    np.save(tmp_path / filename, np.zeros((2, 784), np.uint8))
    with pytest.raises(DataFileError, match=f"name of its class; got '{filename}'. Rename it"):
        load_quickdraw(tmp_path)


def test_reads_stacks_of_any_shape(tmp_path):
    np.save(tmp_path / "a.npy", X[:, :96].reshape(7, 8, 12))
    drawings = load_quickdraw(tmp_path)
    assert_array_equal(drawings.data, X[:, :96])
    assert drawings.image_shape == (8, 12)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_reads_an_npz_of_one_class(tmp_path, save):
    save(tmp_path / "apple.npz", X)
    drawings = load_quickdraw(tmp_path)
    assert_array_equal(drawings.data, X)
    assert_array_equal(drawings.target_names, ["apple"])


def test_reads_an_npz_of_many_classes_in_its_own_order(tmp_path):
    y, classes = np.array([1, 0, 1, 1, 2, 0, 2]), np.array(["ant", "bee", "cat"])
    np.savez(tmp_path / "indices.npz", X=X.reshape(-1, 28, 28), y=y, classes=classes)
    np.savez(tmp_path / "names.npz", X=X, y=classes[y])
    for file in ("indices.npz", "names.npz"):
        drawings = load_quickdraw(tmp_path / file)
        assert_array_equal(drawings.data, X)
        assert_array_equal(drawings.target_names[drawings.target], classes[y])
        assert_array_equal(drawings.class_counts, [2, 3, 2])
        few = load_quickdraw(tmp_path / file, n_per_class=1)
        assert_array_equal(few.data, X[[0, 1, 4]])
        assert_array_equal(few.target, [1, 0, 2])


def test_maps_a_file_and_reads_nothing_else(folder):
    drawings = load_quickdraw(folder / "moon.npy", mmap=True)
    assert isinstance(drawings.data, np.memmap)
    assert drawings.data.filename == (folder / "moon.npy").resolve()
    assert not drawings.data.flags.writeable
    assert_array_equal(drawings.data, X[:4])
    few = load_quickdraw(folder / "moon.npy", mmap=True, n_per_class=2)
    assert isinstance(few.data, np.memmap) and len(few.data) == 2


def test_takes_a_few_of_a_file_larger_than_memory(tmp_path):
    n = 2**40 // 784  # a sparse file of one terabyte
    with (tmp_path / "vast.npy").open("wb") as stream:
        header = {"descr": "|u1", "fortran_order": False, "shape": (n, 784)}
        np.lib.format.write_array_header_1_0(stream, header)
        try:
            stream.truncate(stream.tell() + n * 784)
        except OSError:
            pytest.skip("the file system has no sparse files of this size")
    for mmap in (True, False):
        few = load_quickdraw(tmp_path / "vast.npy", n_per_class=3, mmap=mmap)
        assert_array_equal(few.data, np.zeros((3, 784)))


def test_the_format_chooses_among_formats(folder):
    line = json.dumps({"drawing": BAR})
    (folder / "apple.ndjson").write_text(line)
    with pytest.raises(
        DataFileError, match=r"one file per class; got \['apple.ndjson', 'apple.npy'"
    ):
        load_quickdraw(folder)
    assert_array_equal(load_quickdraw(folder, file_format="npy").class_counts, [3, 4])
    assert_array_equal(load_quickdraw(folder, file_format="ndjson").data[0], rasterize(BAR).ravel())


def test_formats_may_be_mixed_where_classes_are_distinct(folder):
    (folder / "bar.ndjson").write_text(json.dumps({"drawing": BAR}))
    drawings = load_quickdraw(folder)
    assert_array_equal(drawings.target_names, ["apple", "bar", "moon"])
    assert_array_equal(drawings.data[3], rasterize(BAR).ravel())


def test_strokes_and_bitmaps_of_the_published_files_agree(data_folder):
    pairs = data_folder("quickdraw_formats")
    bitmaps = load_quickdraw(pairs, file_format="npy")
    drawn = load_quickdraw(pairs, file_format="ndjson")
    assert_array_equal(bitmaps.target, drawn.target)
    assert_array_equal(bitmaps.target_names, ["apple", "boomerang", "cookie", "diamond", "moon"])
    assert np.abs(bitmaps.data.astype(float) - drawn.data).mean() < 0.6
    assert_array_equal(bitmaps.data[:25], np.load(pairs / "apple.npy"))


def test_points_a_competition_to_its_own_loader(data_folder):
    folder = data_folder("quickdraw100")
    with pytest.raises(DataFileError, match="holds several classes.*load_competition reads"):
        load_quickdraw(folder)
    assert load_quickdraw(folder / "train.npz", n_per_class=2).data.shape == (200, 784)


def test_refuses_a_missing_path(tmp_path):
    with pytest.raises(DataFileError, match="got .*nowhere.*does not exist"):
        load_quickdraw(tmp_path / "nowhere")


def test_refuses_a_path_without_data(tmp_path):
    (tmp_path / "notes.txt").write_text("no drawings")
    with pytest.raises(DataFileError, match=r"path must hold .npy.*folders of .png.*notes.txt"):
        load_quickdraw(tmp_path)
    with pytest.raises(DataFileError, match=r"path must hold .npy.*notes.txt"):
        load_quickdraw(tmp_path / "notes.txt")
    with pytest.raises(DataFileError, match=r"path must hold .ndjson, .ndjson.gz; "):
        load_quickdraw(tmp_path, file_format="ndjson")


def test_a_single_file_must_be_of_the_format(folder):
    with pytest.raises(DataFileError, match=r"path must hold .bin; .*moon.npy"):
        load_quickdraw(folder / "moon.npy", file_format="bin")


def test_refuses_labeled_files_beside_others(folder):
    np.savez(folder / "train.npz", X=X, y=np.arange(7))
    with pytest.raises(DataFileError, match="got train.npz, which holds several.*load_competition"):
        load_quickdraw(folder)


def test_refuses_unlabeled_drawings(tmp_path):
    np.savez(tmp_path / "unlabeled.npz", X=X, classes=np.array(["a"]))
    with pytest.raises(DataFileError, match=r"must hold labels y beside X; got \['X', 'classes'\]"):
        load_quickdraw(tmp_path / "unlabeled.npz")


def test_refuses_other_archives(tmp_path):
    np.savez(tmp_path / "a.npz", cat=X, dog=X)
    with pytest.raises(DataFileError, match=r"a.npz: must hold one array.*got \['cat', 'dog'\]"):
        load_quickdraw(tmp_path)


@pytest.mark.parametrize(
    ("y", "classes", "message"),
    [
        (np.arange(6), None, "one label for each of the 7 images"),
        (np.arange(7), np.array(["a"]), "y must hold indices into classes"),
        (np.zeros(7, int) - 1, np.array(["a"]), "y must hold indices into classes"),
        (np.full(7, "a"), np.array(["a"]), "y must hold indices into classes.*Leave classes out"),
        (np.zeros(7, int), np.array([["a"]]), "y must hold indices into classes"),
        (np.zeros(7, int), np.array(["a", "b", "a"]), "must differ from each other; got 'a' twice"),
    ],
)
def test_refuses_labels_that_do_not_fit(tmp_path, y, classes, message):
    arrays = {"X": X, "y": y} | ({} if classes is None else {"classes": classes})
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataFileError, match=f"a.npz: .*{message}"):
        load_quickdraw(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (X / 255, "bitmaps must be uint8.*got float64.*astype"),
        (X.astype(np.int64), "bitmaps must be uint8.*got int64"),
        (X[0], r"bitmaps must be uint8 of shape.*got uint8 of shape \(784,\)"),
        (X[:0], "must hold at least one drawing; got none. Leave the file out"),
        (X[:, :0], r"bitmaps must be uint8.*got uint8 of shape \(7, 0\)"),
        (X[:, :700], "flat bitmaps must be square; got rows of 700"),
        (np.asfortranarray(X), "must be in C order"),
    ],
)
def test_refuses_arrays_that_are_no_bitmaps(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(DataFileError, match=f"a.npy: {message}"):
        load_quickdraw(tmp_path)


@pytest.mark.parametrize("save", [np.save, np.savez])
def test_refuses_objects_without_running_them(tmp_path, save):
    class Bomb:
        def __reduce__(self):
            return Path.touch, (tmp_path / "run",)

    suffix = ".npy" if save is np.save else ".npz"
    save(tmp_path / f"a{suffix}", np.array([Bomb()], dtype=object))
    with pytest.raises(DataFileError, match="got an array of objects.*If you trust the file"):
        load_quickdraw(tmp_path / f"a{suffix}")
    assert not (tmp_path / "run").exists()


def test_the_way_out_of_objects_leads_out(tmp_path):
    y = np.array(["ant", "bee"] * 3 + ["ant"], dtype=object)
    np.savez(tmp_path / "a.npz", X=X, y=y)
    with pytest.raises(DataFileError, match=r"array 'y'.*np.array\(y.tolist\(\), str\)"):
        load_quickdraw(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", X=X.astype(object), y=y)
    trusted = np.load(tmp_path / "a.npz", allow_pickle=True)
    images, names = trusted["X"], trusted["y"]
    np.savez(
        tmp_path / "a.npz", X=np.array(images.tolist(), np.uint8), y=np.array(names.tolist(), str)
    )
    drawings = load_quickdraw(tmp_path / "a.npz")
    assert_array_equal(drawings.data, X)
    assert_array_equal(drawings.target_names[drawings.target], y)


def test_names_of_classes_may_be_bytes_in_utf_8(tmp_path):
    y = np.arange(7) % 2
    for encoding in ("utf-8", "latin-1"):
        names = np.array(["caf\xe9".encode(encoding), b"tea"])
        np.savez(tmp_path / f"{encoding}.npz", X=X, y=y, classes=names)
    names = load_quickdraw(tmp_path / "utf-8.npz").target_names
    assert_array_equal(names, ["caf\xe9", "tea"])
    with pytest.raises(DataFileError, match="latin-1.npz: names .* must be UTF-8; got b'caf"):
        load_quickdraw(tmp_path / "latin-1.npz")


def test_a_file_of_another_size_is_refused(folder):
    np.save(folder / "zebra.npy", X[:, :64])
    with pytest.raises(DataFileError, match="zebra.npy: bitmaps must be 28 x 28, .*got 8 x 8"):
        load_quickdraw(folder)
    with pytest.raises(DataFileError, match="apple.npy: bitmaps must be 8 x 8, as side=8 asks"):
        load_quickdraw(folder, side=8)


def test_a_truncated_npy_is_named_with_the_byte(folder):
    content = (folder / "moon.npy").read_bytes()
    for size in (0, 3, 10, 127, 128, 1000, len(content) - 1):
        (folder / "moon.npy").write_bytes(content[:size])
        with pytest.raises(DataFileError, match=rf"moon.npy: .*byte {size if size > 127 else ''}"):
            load_quickdraw(folder)
    (folder / "moon.npy").write_bytes(content + b"?")
    with pytest.raises(DataFileError, match=f"must end at byte {len(content)}; got .*damaged"):
        load_quickdraw(folder)


def test_a_truncated_npz_is_named(tmp_path):
    np.savez(tmp_path / "a.npz", X)
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(content[:3000])
    with pytest.raises(DataFileError, match="must be a complete .npz archive.*got 3000 bytes"):
        load_quickdraw(tmp_path)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_damage_is_found_or_harmless(tmp_path, suffix):
    """Whichever byte is changed, the file is read, or an error names it."""
    file = tmp_path / f"a{suffix}"
    (np.save if suffix == ".npy" else np.savez_compressed)(file, X[:1])
    content = file.read_bytes()
    rng = np.random.RandomState(0)
    outcomes = set()
    for position in [*range(130), *rng.randint(len(content), size=150)]:
        damaged = bytearray(content)
        damaged[position] ^= 1 << rng.randint(8)
        file.write_bytes(damaged)
        try:
            outcomes.add(load_quickdraw(file).data.shape)
        except DataFileError as error:
            assert file.name in str(error)
            outcomes.add("refused")
    assert outcomes >= {(1, 784), "refused"} if suffix == ".npy" else {"refused"} <= outcomes


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"file_format": "jpg"}, r"file_format must be one of \['npy'.*'png'\] or None; got 'jpg'"),
        ({"n_per_class": 0}, "n_per_class must be an int of at least 1, or None; got 0"),
        ({"n_per_class": 2.5}, "n_per_class must be an int of at least 1"),
        ({"side": 0}, "side must be an int of at least 1"),
        ({"as_strokes": True}, "as_strokes=True needs .ndjson.*got 'apple.npy'"),
        ({"recognized_only": True}, "recognized_only=True needs .ndjson.*got 'apple.npy'"),
    ],
)
def test_refuses_parameters(folder, parameter, message):
    with pytest.raises(InvalidParameterError, match=message):
        load_quickdraw(folder, **parameter)


def test_maps_no_archive(tmp_path):
    np.savez(tmp_path / "a.npz", X)
    with pytest.raises(InvalidParameterError, match="mmap=True needs .npy files; got 'a.npz'"):
        load_quickdraw(tmp_path, mmap=True)
