"""Images in a memory-mapped file: the same networks, and the file is not loaded into memory."""

import os
import re
import sys
import tracemalloc
from pathlib import Path

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression

from skquickdraw import SeedEnsembleClassifier, _mapped
from skquickdraw._mapped import in_chunks, map_rows
from skquickdraw.exceptions import DataFileError, InvalidImagesError

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
changes_file = pytest.mark.skipif(os.name != "posix", reason="Windows protects files with a map")


@pytest.fixture
def mapped(tmp_path):
    """Return a function that saves an array and opens it as a memory map."""

    def store(array, mode="r"):
        np.save(tmp_path / "X.npy", array)
        return np.load(tmp_path / "X.npy", mmap_mode=mode)

    return store


@pytest.fixture
def small_chunks(monkeypatch):
    """Make chunks of 64 kB, so that small files have many chunks."""
    monkeypatch.setattr(_mapped, "CHUNK_BYTES", 2**16)


@pytest.fixture
def large_sketches(monkeypatch):
    """Return 6 MB of images; a file is compared with its map in one place instead of sixteen.

    For each place, the system loads up to two megabytes of the file.
    """
    monkeypatch.setattr(_mapped, "N_PIECES", 1)
    X = np.random.default_rng(0).integers(0, 256, (1500, 64 * 64), dtype=np.uint8)
    return X, np.arange(len(X)) % 2


def resident_bytes(path):
    """Return how many bytes of a file are in memory through the maps of this process."""
    held, is_file = 0, False
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            is_file = line.endswith(str(path))
        elif is_file and line.startswith("Rss:"):
            held += 1024 * int(line.split()[1])
    return held


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
@pytest.mark.parametrize("dtype", ["u1", "f4", ">f4", "f2", "i8", "?"])
def test_a_map_trains_the_same_network_as_an_array(sketches, quick, mapped, dtype, mode):
    X, y = sketches
    X = X.astype(dtype)
    clf, expected = quick().fit(mapped(X, mode), y), quick().fit(X, y)
    proba = expected.predict_proba(X)
    assert_array_equal(clf.predict_proba(X), proba)
    assert_array_equal(expected.predict_proba(mapped(X, mode)), proba)


@pytest.mark.parametrize(
    "params",
    [
        {"early_stopping": True, "validation_fraction": 0.3, "max_epochs": 2},
        {"sampling": "balanced", "augmentation": "sketch", "mixing": "cutmix"},
        {"n_tta": 3, "ema_decay": 0.5},
    ],
    ids=lambda params: next(iter(params)),
)
def test_a_map_trains_the_same_network_by_any_recipe(sketches, quick, mapped, params):
    X, y = sketches
    weight, M = np.linspace(0, 1, len(X)), mapped(X)
    clf = quick(**params).fit(M, y, sample_weight=weight)
    expected = quick(**params).fit(X, y, sample_weight=weight)
    assert_array_equal(clf.predict_proba(M), expected.predict_proba(X))
    assert_array_equal(clf.extract_features(M), expected.extract_features(X))


def test_labels_weights_and_validation_rows_may_be_maps_too(sketches, quick, tmp_path):
    X, y = sketches
    arrays = {"X": X, "y": y, "weight": np.linspace(0.5, 1.5, len(X))}
    maps = {}
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
        maps[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")
    fits = [
        quick().fit(a["X"], a["y"], a["weight"], X_val=a["X"][:30], y_val=a["y"][:30])
        for a in (maps, arrays)
    ]
    assert_array_equal(*[clf.predict_proba(X) for clf in fits])
    assert fits[0].history_[0]["valid_loss"] == fits[1].history_[0]["valid_loss"]


VIEWS = {
    "whole": lambda X: X,
    "part": lambda X: X[7:61],
    "every third": lambda X: X[::3],
    "reversed": lambda X: X[::-1],
    "columns": lambda X: X[:, 12:-12],
    "stack": lambda X: X.reshape(-1, 1, 12, 12),
    "one row": lambda X: X[5:6],
    "transposed": lambda X: X.T,
    "labels": lambda X: X[:, 3],
    "no row": lambda X: X[:0],
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("order", ["C", "F"])
def test_chunks_hold_what_the_view_shows(sketches, mapped, monkeypatch, view, order):
    monkeypatch.setattr(_mapped, "CHUNK_BYTES", 1000)
    X = np.asarray(sketches[0], order=order)
    expected, seen = VIEWS[view](X), VIEWS[view](np.asarray(mapped(X)))
    if view == "no row":
        assert list(in_chunks(seen)) == []
    else:
        assert_array_equal(np.concatenate(list(in_chunks(seen))), expected)


@pytest.mark.parametrize("view", ["whole", "part", "every third", "reversed", "columns", "stack"])
def test_rows_are_read_from_the_file(sketches, mapped, view):
    X = VIEWS[view](sketches[0])
    rows = map_rows(np.asarray(VIEWS[view](mapped(sketches[0]))))
    positions = np.array([8, 0, 8, len(X) - 1])
    assert_array_equal(rows.take(positions), X[positions])
    assert_array_equal(rows.cut(3, 9), X[3:9])
    assert_array_equal(rows.cut(len(X) - 2, len(X) + 9), X[-2:])


def test_a_map_within_a_file_is_found(sketches, tmp_path):
    joblib.dump({"labels": sketches[1], "X": sketches[0]}, tmp_path / "data.joblib")
    X = joblib.load(tmp_path / "data.joblib", mmap_mode="r")["X"]
    assert_array_equal(map_rows(X).take(np.arange(90)), sketches[0])


@pytest.mark.parametrize("mode", ["r+", "c"])
def test_changes_that_are_only_in_memory_are_seen(sketches, mapped, mode):
    M = mapped(sketches[0], mode)
    M[40] = 77
    assert_array_equal(np.concatenate(list(in_chunks(M)))[[39, 40]], M[[39, 40]])
    assert (map_rows(M) is None) == (mode == "c")


@changes_file
def test_a_map_whose_file_is_gone_or_another_is_read_through_the_map(sketches, mapped, quick):
    X, y = sketches
    M = mapped(X)
    path = Path(M.filename)
    os.unlink(path)
    proba = quick().fit(M, y).predict_proba(M)
    np.save(path, X[::-1])
    assert map_rows(M) is None
    assert_array_equal(quick().fit(M, y).predict_proba(M), proba)
    assert_array_equal(quick().fit(X, y).predict_proba(X), proba)


@changes_file
def test_a_file_that_is_cut_off_later_is_an_error(sketches, mapped):
    M = mapped(sketches[0])
    rows = map_rows(M)
    os.truncate(M.filename, 128 + 144 * 50)
    assert len(rows.take(np.array([49]))) == 1
    with pytest.raises(DataFileError, match=r"X.npy ends before row 50 of X, .*np.array\(X\)"):
        rows.take(np.array([3, 50]))
    with pytest.raises(DataFileError, match="ends before row 40 of X"):
        rows.cut(40, 60)
    with pytest.raises(DataFileError, match="was cut off after it was mapped: 7,328 bytes are"):
        map_rows(M)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 256.0])
@pytest.mark.parametrize("row", [0, 500, 1999])
@pytest.mark.parametrize("is_mapped", [True, False])
def test_a_bad_pixel_is_found_in_any_chunk(small_chunks, mapped, quick, value, row, is_mapped):
    X = np.zeros((2000, 144), np.float32)
    X[row, 77] = value
    messages = {
        np.nan: "Input X contains NaN.\nCNNClassifier does not accept missing values",
        np.inf: "Input X contains infinity",
        -1.0: "Negative values in data passed to CNNClassifier.* a minimum of -1",
        256.0: "pixels must lie between 0 and 255, got a maximum of 256",
    }
    error = InvalidImagesError if np.isfinite(value) else ValueError
    with pytest.raises(error, match=messages[value]):
        quick().fit(mapped(X) if is_mapped else X, np.arange(2000) % 2)


@only_linux
@pytest.mark.parametrize("params", [{}, {"early_stopping": True}], ids=str)
def test_a_fit_leaves_the_file_where_it_is(mapped, quick, large_sketches, params):
    X, y = large_sketches
    M = mapped(X)
    clf = quick(width=0.0625, **params).fit(M, y)
    clf.predict(M), clf.extract_features(M)
    assert 0 < resident_bytes(M.filename) < M.nbytes / 2
    M.sum()
    assert resident_bytes(M.filename) >= M.nbytes  # the count works


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_checks_need_the_memory_of_a_chunk(small_chunks, mapped, quick, dtype):
    X = 200 * np.eye(2, 64 * 64, dtype=dtype).repeat(2, 0)
    # On the CPU, because a GPU predicts in batches of more rows than X has.
    clf = quick(width=0.0625, device="cpu").fit(X, [0, 0, 1, 1])
    M = mapped(np.full((400, 64 * 64), 200, dtype))
    tracemalloc.start()
    clf.predict(M)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < M.nbytes / 4


@only_linux
def test_partial_fit_streams_a_file(mapped, quick, large_sketches):
    X, y = large_sketches
    M, parts = mapped(X), [slice(i, i + 250) for i in range(0, len(X), 250)]
    streamed, expected = quick(width=0.0625), quick(width=0.0625)
    for part in parts:
        streamed.partial_fit(M[part], y[part], classes=[0, 1])
    assert resident_bytes(M.filename) < M.nbytes / 2
    for part in parts:
        expected.partial_fit(X[part], y[part], classes=[0, 1])
    assert streamed.n_epochs_ == len(parts)
    assert_array_equal(streamed.predict_proba(M[:50]), expected.predict_proba(X[:50]))


@changes_file
@pytest.mark.parametrize("shape", [(-1, 144), (-1, 1, 12, 12)])
def test_a_file_that_was_cut_off_is_refused_and_not_touched(mapped, quick, sketches, shape):
    X, y = sketches
    X = mapped(X.reshape(len(X), -1)[:, :144])
    clf = quick(max_epochs=1).fit(X.reshape(shape), y)
    os.truncate(X.filename, 200)  # reading the rest would end the process with SIGBUS
    for use in (clf.predict, clf.extract_features, lambda rows: clf.fit(rows, y)):
        with pytest.raises(DataFileError, match=r"X\.npy was cut off after it was mapped: 200 byt"):
            use(X.reshape(shape))


@changes_file
def test_a_vote_refuses_it_too(mapped, quick, sketches):
    X, y = sketches
    X = mapped(X)
    vote = SeedEnsembleClassifier(LogisticRegression(), 2).fit(X, y)
    os.truncate(X.filename, 200)
    with pytest.raises(DataFileError, match="was cut off after it was mapped"):
        vote.predict(X)


@changes_file
def test_another_file_in_its_place_takes_nothing_away(mapped, quick, sketches, tmp_path):
    X, y = sketches
    clf = quick(max_epochs=1).fit(X, y)
    expected = clf.predict_proba(X)
    X = mapped(X)
    (tmp_path / "short.npy").write_bytes(b"short")
    os.replace(tmp_path / "short.npy", X.filename)
    assert_array_equal(clf.predict_proba(X), expected)
