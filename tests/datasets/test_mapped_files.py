"""Many files as one X: it behaves like the joined array, and reads only the rows asked for."""

import os
import pickle

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import train_test_split

from skquickdraw import _mapped_files
from skquickdraw.datasets import MappedFiles, load_quickdraw
from skquickdraw.exceptions import DataFileError, InvalidImagesError

SIZES = (30, 1, 50, 19)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (100, 64), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path, images):
    """Return a folder of four files, which contain the images in order."""
    for i, part in enumerate(np.split(images, np.cumsum(SIZES)[:-1])):
        np.save(tmp_path / f"{i}.npy", part)
    return tmp_path


def open_all(folder, mode="r"):
    return MappedFiles(np.load(file, mmap_mode=mode) for file in sorted(folder.glob("*.npy")))


@pytest.fixture
def X(folder):
    return open_all(folder)


def test_it_looks_like_the_joined_array(X, images):
    assert (X.shape, X.ndim, X.dtype, len(X)) == ((100, 64), 2, np.uint8, 100)
    assert_array_equal(np.asarray(X), images)
    assert_array_equal(np.asarray(X, dtype=np.float32), images.astype(np.float32))
    assert repr(X) == "MappedFiles of shape (100, 64) in 4 files"
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(X, copy=False)


KEYS = {
    "part": slice(7, 61),
    "every third": slice(None, None, 3),
    "reversed": slice(None, None, -1),
    "positions": np.array([99, 0, 31, 30, 29, 31, -1]),
    "list": [80, 3],
    "mask": np.arange(100) % 3 == 0,
    "one": [30],
    "none": slice(5, 5),
    "rows of an ellipsis": (np.array([4, 2]), Ellipsis),
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_rows_are_those_of_the_array(X, images, key):
    assert isinstance(X[key], MappedFiles)
    assert_array_equal(np.asarray(X[key]), images[key])
    assert_array_equal(np.asarray(X[::-1][key]), images[::-1][key])
    assert_array_equal(np.asarray(X[key][::-1][:4]), images[key][::-1][:4])


@pytest.mark.parametrize("i", [0, 29, 30, 31, 99, -1, np.int64(80)])
def test_a_single_row_is_an_array(X, images, i):
    assert isinstance(X[i], np.ndarray)
    assert_array_equal(X[i], images[i])


def test_iteration_ends(X, images):
    assert_array_equal(list(X), images)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (100, "range"),
        (-101, "range"),
        ([3, 100], "no row 100 among 100 rows"),
        (np.ones(99, bool), r"one entry for each of 100 rows, got shape \(99,\)"),
        ((slice(None), 3), r"only rows can be chosen.*np.asarray\(X\[rows\]\)\[:, columns\]"),
        ([0.5], "an int, a slice, a mask"),
    ],
)
def test_what_is_no_row_is_refused(X, key, message):
    with pytest.raises(IndexError, match=message):
        X[key]


def test_rows_take_another_shape(X, images):
    for shape in [(-1, 8, 8), ((100, 1, 8, 8),), (-1, 1, -1)]:
        expected = images.reshape(*shape) if shape != (-1, 1, -1) else images[:, None]
        assert_array_equal(np.asarray(X.reshape(*shape)), expected)
        assert_array_equal(X[7:].reshape(*[-1, *expected.shape[1:]])[0], expected[7])
    with pytest.raises(InvalidImagesError, match="must keep the 100 rows of 64 pixels"):
        X.reshape(50, 128)


def test_scikit_learn_splits_it_without_reading(X, images, monkeypatch):
    monkeypatch.setattr(_mapped_files._FilePart, "read", None)
    y = np.arange(100) % 5
    parts = train_test_split(X, y, test_size=0.3, random_state=0, stratify=y)
    expected = train_test_split(images, y, test_size=0.3, random_state=0, stratify=y)
    monkeypatch.undo()
    for part, own in zip(parts, expected, strict=True):
        assert_array_equal(np.asarray(part), own)


@pytest.mark.parametrize("longest", [1, 1000, 2**22])
@pytest.mark.parametrize("gap", [0, 200, 2**14])
def test_any_way_of_reading_gives_the_same_rows(X, images, monkeypatch, longest, gap):
    monkeypatch.setattr(_mapped_files, "LONGEST_READ", longest)
    monkeypatch.setattr(_mapped_files, "LARGEST_GAP", gap)
    positions = np.random.default_rng(1).integers(0, 100, 300)
    assert_array_equal(X.take(positions), images[positions])
    assert_array_equal(X.cut(25, 85), images[25:85])


def test_arrays_in_memory_take_part(folder, X, images):
    files = sorted(folder.glob("*.npy"))
    mixed = MappedFiles([images[:30], *(np.load(file, mmap_mode="r") for file in files[1:])])
    assert_array_equal(np.asarray(mixed[::-2]), images[::-2])


def test_nothing_stays_open(folder):
    before = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    X = open_all(folder)
    np.asarray(X)
    after = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    assert len(after) == len(before)


def test_pickles_hold_names_of_files_not_images(tmp_path):
    np.save(tmp_path / "large.npy", np.zeros((1000, 784), np.uint8))
    X = open_all(tmp_path)[100:]
    copy = pickle.loads(pickle.dumps(X))
    assert len(pickle.dumps(X)) < 1000
    assert_array_equal(np.asarray(copy), np.asarray(X))


def test_hashes_tell_rows_and_files_apart(folder, X):
    assert joblib.hash(X) == joblib.hash(open_all(folder))
    others = [X[1:], X[::-1], X.reshape(-1, 8, 8)]
    file = folder / "1.npy"
    np.save(file, np.zeros((1, 64), np.uint8))
    others.append(open_all(folder))
    assert len({joblib.hash(other) for other in [X, *others]}) == 5


def test_a_file_that_has_changed_is_an_error(folder, X):
    file = folder / "2.npy"
    X.take(np.array([0, 30]))
    os.utime(file, ns=(0, 0))
    X.take(np.array([0, 30]))  # in other files
    with pytest.raises(DataFileError, match=r"2.npy has changed since Mapped.* Make a new one"):
        X.take(np.array([0, 40]))
    file.unlink()
    with pytest.raises(DataFileError, match="2.npy cannot be read: No such file"):
        np.asarray(X)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (
            np.zeros((4, 64), np.float32),
            r"must hold uint8 images, .* got float32 of shape \(4, 64\)",
        ),
        (np.zeros(64, np.uint8), r"got uint8 of shape \(64,\)"),
        (np.zeros((0, 64), np.uint8), r"got uint8 of shape \(0, 64\)"),
        (np.zeros((4, 64), np.uint8)[::2], "must be in C order, without gaps"),
        (np.zeros((4, 49), np.uint8), r"rows of one shape, got \(49,\) after \(64,\)"),
    ],
)
def test_other_arrays_are_refused(images, array, message):
    with pytest.raises(InvalidImagesError, match=message):
        MappedFiles([images, array])


def test_no_array_and_changed_maps_are_refused(folder):
    with pytest.raises(InvalidImagesError, match="at least one array"):
        MappedFiles([])
    copied = np.load(folder / "0.npy", mmap_mode="c")
    with pytest.raises(DataFileError, match=r"0.npy. Open it again with mmap_mode='r', or pass np"):
        MappedFiles([copied])


def test_a_folder_is_loaded_as_mapped_files(folder, images):
    drawings = load_quickdraw(folder, mmap=True)
    assert isinstance(drawings.data, MappedFiles)
    assert_array_equal(np.asarray(drawings.data), images)
    expected = load_quickdraw(folder)
    assert drawings.image_shape == expected.image_shape == (8, 8)
    for key in ("target", "target_names", "class_counts"):
        assert_array_equal(drawings[key], expected[key])
    few, y = load_quickdraw(folder, mmap=True, n_per_class=10, return_X_y=True)
    assert_array_equal(np.bincount(y), [10, 1, 10, 10])
    assert_array_equal(np.asarray(few), load_quickdraw(folder, n_per_class=10).data)


def test_a_spread_sample_covers_all_rows():
    assert_array_equal(_mapped_files.spread(50, 64), np.arange(50))
    found = _mapped_files.spread(10_000, 640)
    assert len(np.unique(found)) == 640 and found.max() < 10_000
    assert np.diff(found).max() <= 10_000 / 20
