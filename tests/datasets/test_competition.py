"""The competition loader: what it reads, and what it refuses."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skquickdraw.datasets import load_competition
from skquickdraw.exceptions import DataFileError

CLASSES = np.array(["ant", "bee", "cat"])
X = np.random.RandomState(0).randint(0, 256, (6, 8, 9)).astype(np.uint8)
TRAIN = {"X": X, "y": np.array([0, 0, 0, 1, 1, 2], dtype=np.int32), "classes": CLASSES}
UNLABELED = {"X": X[:4], "classes": CLASSES}
HOLDOUT = {"X": X[:3], "y": np.array([2, 1, 0]), "classes": CLASSES}


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file of arrays and returns the folder."""

    def write(name="train", **arrays):
        np.savez(tmp_path / f"{name}.npz", **arrays)
        return tmp_path

    return write


def test_reads_the_whole_folder(write):
    write(**TRAIN)
    write("unlabeled", **UNLABELED)
    folder = write("holdout", **HOLDOUT)
    competition = load_competition(folder)
    assert_array_equal(competition.data, X.reshape(6, 72))
    assert_array_equal(competition.target, TRAIN["y"])
    assert_array_equal(competition.target_names, CLASSES)
    assert_array_equal(competition.unlabeled, X[:4].reshape(4, 72))
    assert_array_equal(competition.holdout_data, X[:3].reshape(3, 72))
    assert_array_equal(competition.holdout_target, [2, 1, 0])
    assert_array_equal(competition.class_counts, [3, 2, 1])
    assert competition.image_shape == (8, 9)
    assert competition.data.dtype == np.uint8 and competition.target.dtype == np.int64
    assert "3 classes" in competition.DESCR


def test_reads_the_labeled_set_alone_and_from_a_string(write):
    competition = load_competition(str(write(**TRAIN)))
    assert competition.unlabeled is None
    assert competition.holdout_data is None and competition.holdout_target is None


def test_opens_no_other_file(write):
    folder = write(**TRAIN)
    (folder / "answers.bin").mkdir()  # opening it would raise
    assert len(load_competition(folder).data) == 6


def test_reads_the_real_one(data_folder):
    competition = load_competition(data_folder("quickdraw100"))
    assert competition.data.shape == (50_500, 784)
    assert_array_equal(competition.class_counts, np.arange(1000, 0, -10))
    assert competition.unlabeled.shape == (30_000, 784)
    assert_array_equal(np.bincount(competition.holdout_target), np.full(100, 100))


def test_refuses_a_missing_folder(tmp_path):
    with pytest.raises(DataFileError, match="path must be a folder"):
        load_competition(tmp_path / "nowhere")


def test_refuses_a_folder_without_train(write):
    with pytest.raises(DataFileError, match=r"must hold train.npz.*holdout.npz"):
        load_competition(write("holdout", **HOLDOUT))


@pytest.mark.parametrize("name", ["train", "holdout"])
def test_lists_the_arrays_that_are_there(write, name):
    write(**TRAIN)
    with pytest.raises(DataFileError, match=rf"{name}.npz must hold.*got \['X', 'labels'\].*Add y"):
        load_competition(write(name, X=X, labels=TRAIN["y"]))


def test_refuses_pickled_objects(write):
    with pytest.raises(
        DataFileError, match=r"train.npz, array 'classes': must hold .*got an array of objects"
    ):
        load_competition(write(**{**TRAIN, "classes": CLASSES.astype(object)}))


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"PK\x03\x04 cut off"])
def test_refuses_damaged_files(tmp_path, content):
    (tmp_path / "train.npz").write_bytes(content)
    with pytest.raises(DataFileError, match="train.npz.* must be"):
        load_competition(tmp_path)


@pytest.mark.parametrize(
    ("mark", "distance", "byte"),
    [(b"}", 0, ord("(")), (b"PK\x01\x02", 6, 200), (b"PK\x01\x02", 8, 1)],
    ids=["unbalanced header", "version", "encrypted"],
)
def test_refuses_files_with_a_wrong_byte(tmp_path, mark, distance, byte):
    np.savez(tmp_path / "train.npz", **TRAIN)
    content = bytearray((tmp_path / "train.npz").read_bytes())
    content[content.index(mark) + distance] = byte
    (tmp_path / "train.npz").write_bytes(content)
    with pytest.raises(DataFileError, match="train.npz.* must be"):
        load_competition(tmp_path)


def test_refuses_a_lone_array(tmp_path):
    np.save(tmp_path / "train.npy", X)
    (tmp_path / "train.npy").rename(tmp_path / "train.npz")
    with pytest.raises(DataFileError, match="train.npz.* must be"):
        load_competition(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": X.reshape(6, 72)}, "X of train.npz must be uint8 of shape"),
        ({"X": X.astype(float)}, "X of train.npz must be uint8.*got float64"),
        ({"X": X[:0], "y": TRAIN["y"][:0]}, "X of train.npz must be .*n >= 1"),
        ({"y": TRAIN["y"][:5]}, "one integer for each of the 6 images"),
        ({"y": TRAIN["y"] / 2}, "one integer for each"),
        ({"y": TRAIN["y"] + 1}, r"must lie in 0\.\.2.*got 1\.\.3"),
        ({"y": TRAIN["y"] - 1}, r"must lie in 0\.\.2.*got -1\.\.1"),
        ({"classes": np.arange(3)}, "classes of train.npz must be a 1-D array of str"),
        ({"classes": CLASSES[[0, 1, 0]]}, f"must differ from each other; got '{CLASSES[0]}' twice"),
    ],
)
def test_refuses_arrays_that_do_not_fit(write, change, message):
    with pytest.raises(DataFileError, match=message):
        load_competition(write(**{**TRAIN, **change}))


@pytest.mark.parametrize("name", ["unlabeled", "holdout"])
def test_refuses_files_that_disagree(write, name):
    arrays = {"unlabeled": UNLABELED, "holdout": HOLDOUT}[name]
    write(**TRAIN)
    with pytest.raises(DataFileError, match=f"must be the same in {name}.npz and in train.npz"):
        load_competition(write(name, **{**arrays, "classes": CLASSES[::-1]}))
    with pytest.raises(DataFileError, match=f"{name}.npz must hold images of the shape"):
        load_competition(write(name, **{**arrays, "X": arrays["X"][:, 1:]}))
