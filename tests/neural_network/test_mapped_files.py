"""Images in many files: how they are divided into files and read does not change the network."""

import threading

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import cross_val_predict

from skquickdraw import NoisyStudentClassifier, PrototypeClassifier, SeedEnsembleClassifier
from skquickdraw._recall import content_hash
from skquickdraw.datasets import MappedFiles, make_sketches
from skquickdraw.exceptions import DataFileError, InvalidImagesError, InvalidTargetsError
from skquickdraw.neural_network import _mapped_images, _statistics
from skquickdraw.neural_network._mapped_images import read_ahead


class Unchanged:
    """A custom augmentation that changes nothing; subclasses look at the images."""

    def draw(self, n, shape, generator):
        return None


@pytest.fixture(scope="module")
def sorted_sketches():
    """Return 90 images sorted by class, as in files with one class each."""
    X, y = make_sketches(90, 3, weights=[6, 3, 1], image_shape=(12, 12), random_state=0)
    order = np.argsort(y, kind="stable")
    return X[order], y[order]


@pytest.fixture
def store(tmp_path):
    """Return a function that saves parts of an array in files, and maps these as one X."""

    def map_files(X, *ends):
        maps = []
        for part in np.split(X, ends):
            np.save(tmp_path / f"{len(maps)} of {len(ends)}.npy", part)
            maps.append(np.load(tmp_path / f"{len(maps)} of {len(ends)}.npy", mmap_mode="r"))
        return MappedFiles(maps)

    return map_files


@pytest.fixture
def small_windows(monkeypatch):
    """Make runs of 4 images, and windows of two batches of 10."""
    monkeypatch.setattr("skquickdraw.neural_network._samplers.RUN_BYTES", 4 * 144)
    monkeypatch.setattr(_mapped_images, "WINDOW_BYTES", 20 * 144)


RECIPES = [
    {"early_stopping": True, "validation_fraction": 0.3, "max_epochs": 2},
    {"sampling": "balanced", "augmentation": "sketch", "mixing": "cutmix"},
    {"epoch_size": 35, "max_epochs": 3.5},
    {"n_tta": 3, "ema_decay": 0.5, "loss": "auto", "augmentation": "auto"},
]


@pytest.mark.parametrize("params", RECIPES, ids=lambda params: next(iter(params)))
def test_the_cut_into_files_does_not_matter(sorted_sketches, quick, store, small_windows, params):
    X, y = sorted_sketches
    weight = np.linspace(0, 1, len(X))
    clf = quick(batch_size=10, **params).fit(store(X, 20, 54, 81), y, sample_weight=weight)
    expected = quick(batch_size=10, **params).fit(store(X), y, sample_weight=weight)
    in_memory = quick(batch_size=10, **params).fit(MappedFiles([X]), y, sample_weight=weight)
    for other in (expected, in_memory):
        assert_array_equal(clf.predict_proba(X), other.predict_proba(X))
    assert_array_equal(clf.predict_proba(store(X, 40)), clf.predict_proba(X))
    assert_array_equal(clf.extract_features(store(X, 40)), clf.extract_features(X))
    assert [r["train_loss"] for r in clf.history_] == [r["train_loss"] for r in expected.history_]


@pytest.mark.parametrize("params", RECIPES, ids=lambda params: next(iter(params)))
def test_the_thread_changes_nothing(
    sorted_sketches, quick, store, small_windows, params, monkeypatch
):
    X, y = sorted_sketches
    M = store(X, 54, 81)
    clf = quick(batch_size=10, **params).fit(M, y)
    monkeypatch.setattr(_mapped_images, "read_ahead", lambda read, parts: (read(p) for p in parts))
    expected = quick(batch_size=10, **params).fit(M, y)
    assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))


def test_it_learns_what_an_array_teaches(quick, store):
    X, y = make_sketches(400, 3, image_shape=(12, 12), random_state=0)
    order = np.argsort(y[:300], kind="stable")
    clf = quick(max_epochs=8).fit(store(X[order], 133, 266), y[order])
    assert clf.score(X[300:], y[300:]) > 0.7
    assert clf.pixel_range_ == (X[:300].min(), X[:300].max())
    assert clf.net_.pixel_sums_[0, 0] == 300 * 144


def test_the_pixels_of_a_sample_stand_for_all(sorted_sketches, quick, store, monkeypatch):
    X, y = sorted_sketches
    monkeypatch.setattr(_statistics, "N_SAMPLED", 32)
    sums = quick().fit(store(X, 54), y).net_.pixel_sums_[:, 0]
    shown = X[:32].astype(float)  # one run of 32, at the beginning
    expected = 90 / 32 * np.array([shown.size, shown.sum(), np.square(shown).sum()])
    np.testing.assert_allclose(sums, expected)


def test_every_row_is_trained_on_once_an_epoch(sorted_sketches, quick, store, small_windows):
    X, y = sorted_sketches
    X = X.copy()
    X[:, 0] = np.arange(90)  # the first pixel is the number of the row
    seen = []

    class Watch(Unchanged):
        def apply(self, images, draw):
            seen.append(images[:, 0, 0, 0].cpu().numpy().astype(int))
            return images

    quick(batch_size=10, max_epochs=3, augmentation=Watch()).fit(store(X, 54), y)
    assert [len(batch) for batch in seen] == [10] * 27
    epochs = np.concatenate(seen).reshape(3, 90)
    assert_array_equal(np.sort(epochs, axis=1), np.tile(np.arange(90), (3, 1)))
    assert len(np.unique(epochs, axis=0)) == 3
    mixed = [len(np.unique(y[batch])) for batch in seen]
    assert min(mixed) >= 2  # although the first 54 rows in the files are of one class


def test_the_rows_of_weight_zero_and_repeated_ones_count(sorted_sketches, quick, store):
    X, y = sorted_sketches
    weight = np.arange(90) % 3
    weighted = quick(max_epochs=2).fit(store(X, 54), y, sample_weight=weight)
    repeated = quick(max_epochs=2).fit(store(np.repeat(X, weight, 0)), np.repeat(y, weight))
    assert_array_equal(weighted.predict_proba(X), repeated.predict_proba(X))


def test_soft_targets_validation_rows_and_going_on(sorted_sketches, quick, store):
    X, y = sorted_sketches
    soft = np.random.default_rng(0).dirichlet([1, 1, 1], 90)
    M, N = store(X, 54), MappedFiles([X])
    fits = [
        quick(warm_start=True).fit(A, y, soft_targets=soft, X_val=A[::3], y_val=y[::3]).fit(A, y)
        for A in (M, N)
    ]
    assert_array_equal(*[clf.predict_proba(X) for clf in fits])
    parts = [
        quick().partial_fit(A[:70], y[:70], classes=[0, 1, 2]).partial_fit(A, y) for A in (M, N)
    ]
    assert_array_equal(*[clf.predict_proba(X) for clf in parts])
    assert parts[0].history_[1]["n_images"] == 90


def test_cross_validation_hands_out_files(sorted_sketches, quick, store):
    X, y = sorted_sketches
    found = cross_val_predict(quick(), store(X, 54), y, cv=3)
    assert_array_equal(found, cross_val_predict(quick(), MappedFiles([X]), y, cv=3))


def test_noisy_students_learn_from_files(sorted_sketches, quick, store):
    X, y = sorted_sketches
    known = np.arange(90) % 3 == 0
    M = store(X, 54)
    clf = NoisyStudentClassifier(
        SeedEnsembleClassifier(quick(), 2), n_iterations=1, threshold=0.0, random_state=0
    )
    learned = clf.fit(X[known], y[known], X_unlabeled=M[~known]).predict_proba(X)
    in_memory = MappedFiles([X[~known]])
    assert_array_equal(learned, clf.fit(X[known], y[known], X_unlabeled=in_memory).predict_proba(M))
    marked = np.where(known, y, -1)
    assert clf.fit(M, marked).transduction_.shape == (90,)


def test_fits_are_recalled_by_the_files(sorted_sketches, store):
    M = store(sorted_sketches[0], 54)
    assert content_hash(M) == content_hash(M[:])
    assert content_hash(M) != content_hash(M[1:])


def test_who_needs_memory_says_so(sorted_sketches, store):
    X, y = sorted_sketches
    message = r"PrototypeClassifier: needs its images in memory, .* np.asarray\(X\[rows\]\)"
    with pytest.raises(InvalidImagesError, match=message):
        PrototypeClassifier().fit(store(X), y)
    with pytest.raises(InvalidImagesError, match=message):
        PrototypeClassifier().fit(X, y).predict(store(X))


def test_bad_input_is_refused(sorted_sketches, quick, store):
    X, y = sorted_sketches
    M = store(X, 54)
    with pytest.raises(InvalidTargetsError, match="90 and 89"):
        quick().fit(M, y[:-1])
    clf = quick().fit(M, y)
    with pytest.raises(InvalidImagesError, match="X has 169 features, but CNNClassifier is expect"):
        clf.predict(MappedFiles([np.zeros((3, 169), np.uint8)]))
    with pytest.raises(InvalidImagesError, match=r"channels first, got shape \(3, 8, 8, 3\)"):
        quick().fit(MappedFiles([np.zeros((3, 8, 8, 3), np.uint8)]), [0, 1, 1])
    with pytest.raises(InvalidImagesError, match="0 sample"):
        clf.predict(M[:0])


def reading_threads():
    return [t for t in threading.enumerate() if t.name.startswith("skquickdraw-read")]


class StopAtThird(Unchanged):
    """Raises an error in the third batch, for example that of an interrupt."""

    def __init__(self, error):
        self.error = error
        self.n_batches = 0

    def apply(self, images, draw):
        self.n_batches += 1
        if self.n_batches == 3:
            assert reading_threads()
            raise self.error
        return images


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_the_thread_ends_with_the_fit(sorted_sketches, quick, store, small_windows, error):
    X, y = sorted_sketches
    with pytest.raises(error) as caught:
        quick(batch_size=10, augmentation=StopAtThird(error)).fit(store(X, 54), y)
    assert caught.tb and not reading_threads()  # although the traceback keeps all frames alive
    quick(batch_size=10, max_epochs=1.5).fit(store(X, 54), y)
    assert not reading_threads()


def test_what_happens_to_the_thread_is_raised_in_fit(sorted_sketches, quick, store, small_windows):
    X, y = sorted_sketches
    M = store(X, 54)

    class Touch(Unchanged):
        def apply(self, images, draw):
            for part in M._parts:
                with open(part.path, "ab") as file:
                    file.write(b"!")
            return images

    with pytest.raises(DataFileError, match="has changed since"):
        quick(batch_size=10, augmentation=Touch()).fit(M, y)
    assert not reading_threads()


def test_arrays_in_memory_need_no_thread(sorted_sketches, quick, monkeypatch):
    monkeypatch.setattr(_mapped_images, "read_ahead", None)
    quick(epoch_size=30).fit(*sorted_sketches)


def test_one_part_is_read_ahead():
    begun, go_on = [], threading.Event()

    def read(part):
        begun.append(part)
        go_on.wait(10)
        return part

    parts = read_ahead(read, range(9))
    go_on.set()
    assert next(parts) == 0
    while reading_threads() and len(begun) < 2:
        pass
    assert begun == [0, 1]
    parts.close()
    assert not reading_threads()
