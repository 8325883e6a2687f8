"""fetch_quickdraw: what it returns, what it reads from the server, and what the cache keeps."""

import json
import sys
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skquickdraw.datasets import fetch_quickdraw, load_quickdraw, rasterize
from skquickdraw.datasets._bucket._class_names import CLASS_NAMES
from skquickdraw.exceptions import (
    DownloadError,
    InvalidParameterError,
    MissingDependencyError,
    SkquickdrawError,
)

pooch = pytest.importorskip("pooch", reason="downloading needs pooch")


@pytest.fixture
def fetch(server, tmp_path):
    """Return fetch_quickdraw for this server, with a new cache and without pauses."""

    def fetch(classes=("cat",), **params):
        defaults = {"base_url": server.url, "data_home": tmp_path, "delay": 0, "progress": False}
        return fetch_quickdraw(classes, **{**defaults, **params})

    return fetch


def as_list(drawings):
    return list(map(list, drawings))


def cached_file(tmp_path, name):
    (file,) = tmp_path.rglob(name)
    return file


@pytest.mark.parametrize("alignment", [16, 64])
def test_returns_the_first_bitmaps_of_each_class(server, fetch, alignment):
    cat = server.put_bitmaps("cat", 30, seed=0, alignment=alignment)
    tower = server.put_bitmaps("The Eiffel Tower", 30, seed=1, alignment=alignment)
    data = fetch(["The Eiffel Tower", "cat"], n_per_class=5)
    assert_array_equal(data.data, np.concatenate([tower[:5], cat[:5]]))
    assert data.data.dtype == np.uint8
    assert_array_equal(data.target, np.repeat([0, 1], 5))
    assert data.target.dtype == np.int64
    assert_array_equal(data.target_names, ["The Eiffel Tower", "cat"])
    assert_array_equal(data.class_counts, [5, 5])
    assert data.image_shape == (28, 28)
    assert "10 drawings of 2 classes" in data.DESCR and server.url in data.DESCR


def test_returns_strokes_that_can_be_drawn(server, fetch):
    cat, dog = server.put_strokes("cat", 30), server.put_strokes("dog", 30, seed=1)
    data = fetch(["cat", "dog"], kind="simplified", n_per_class=7)
    assert data.data == cat[:7] + dog[:7]
    assert_array_equal(data.target, np.repeat([0, 1], 7))
    assert data.image_shape is None
    assert rasterize(data.data).shape == (14, 28, 28)


@pytest.mark.parametrize("word", ["apple", "moon"])
def test_reads_real_files(server, fetch, word, data_folder):
    pairs = data_folder("quickdraw_formats")
    for folder, suffix in [("numpy_bitmap", "npy"), ("simplified", "ndjson")]:
        content = (pairs / f"{word}.{suffix}").read_bytes()
        server.files[f"/full/{folder}/{word}.{suffix}"] = content
    published = np.load(pairs / f"{word}.npy")
    X = fetch([word], n_per_class=20).data
    assert_array_equal(X, published[:20])
    drawings = fetch([word], kind="simplified", n_per_class=20).data
    assert np.abs(rasterize(drawings).reshape(20, 784).astype(float) - X).mean() < 1


@pytest.mark.parametrize("kind", ["bitmap", "simplified"])
@pytest.mark.parametrize("n_per_class", [None, 40, 100])
def test_returns_all_where_there_are_no_more(server, fetch, kind, n_per_class):
    put = server.put_bitmaps if kind == "bitmap" else server.put_strokes
    drawings = put("cat", 40)
    assert as_list(fetch(kind=kind, n_per_class=n_per_class).data) == as_list(drawings)
    before = len(server.requests)
    X, y = fetch(kind=kind, n_per_class=500, return_X_y=True)  # the cache knows that these are all
    assert len(X) == len(y) == 40 and len(server.requests) == before
    assert as_list(X) == as_list(drawings)


def test_reads_no_more_than_the_first_bitmaps(server, fetch):
    server.put_bitmaps("cat", 5000)
    fetch(n_per_class=10)
    assert server.n_sent <= 10 * 784 + 128
    assert len(server.requests) == 1


def test_reads_little_more_than_the_first_strokes(server, fetch):
    server.put_strokes("cat", 3000)
    fetch(kind="simplified", n_per_class=300)
    n_bytes = len(server.files["/full/simplified/cat.ndjson"])
    assert server.n_sent < 1.5 * n_bytes * 300 / 3000
    assert len(server.requests) <= 4


def test_one_connection_serves_all_classes(server, fetch):
    names = CLASS_NAMES[:6]
    for name in names:
        server.put_bitmaps(name, 20)
    fetch(names, n_per_class=5)
    assert len({request.client_address for request in server.requests}) == 1


@pytest.mark.parametrize("says_length", [True, False])
@pytest.mark.parametrize("kind", ["bitmap", "simplified"])
def test_a_server_without_ranges_will_do(server, fetch, kind, says_length):
    server.knows_ranges, server.says_length = False, says_length
    put = server.put_bitmaps if kind == "bitmap" else server.put_strokes
    drawings = put("cat", 400)
    for n in (10, 200, None):
        found = fetch(kind=kind, n_per_class=n).data
        assert as_list(found) == as_list(drawings[:n])


def test_reading_stops_where_a_server_without_ranges_goes_on(server, fetch):
    server.put_bitmaps("cat", 15_000)
    server.knows_ranges = False
    fetch(n_per_class=10)
    assert server.n_sent < 15_000 * 784 / 2  # some was sent before the connection was closed


def test_fewer_come_from_the_cache_and_more_are_fetched_from_where_it_ends(server, fetch):
    cat = server.put_bitmaps("cat", 100)
    fetch(n_per_class=20)
    assert_array_equal(fetch(n_per_class=10, download_if_missing=False).data, cat[:10])
    assert len(server.requests) == 1
    assert_array_equal(fetch(n_per_class=50).data, cat[:50])
    assert server.n_sent <= 50 * 784 + 2 * 128
    assert_array_equal(fetch(n_per_class=None).data, cat)
    assert server.n_sent <= 100 * 784 + 3 * 128


def test_more_strokes_are_fetched_from_where_the_cache_ends(server, fetch):
    cat = server.put_strokes("cat", 500)
    for n in (20, 300, None):
        assert fetch(kind="simplified", n_per_class=n).data == cat[:n]
    n_bytes = len(server.files["/full/simplified/cat.ndjson"])
    assert server.n_sent < n_bytes + 2 * 2000  # twice, part of a line is asked for again


@pytest.mark.parametrize("n_now", [90, 10])
@pytest.mark.parametrize("has_etags", [True, False])
def test_a_file_that_has_changed_is_fetched_anew(server, fetch, has_etags, n_now):
    server.has_etags = has_etags  # without ETags, the size shows the change
    server.put_bitmaps("cat", 100)
    fetch(n_per_class=20)
    changed = server.put_bitmaps("cat", n_now, seed=1)
    # With ETags, the server sends the new version at once, so no second try is needed.
    assert_array_equal(fetch(n_per_class=50, n_retries=1 - has_etags).data, changed[:50])


def test_the_cache_holds_sound_files(server, fetch, tmp_path):
    cat, drawings = server.put_bitmaps("cat", 100), server.put_strokes("cat", 100)
    for n in (7, 20):
        fetch(n_per_class=n)
        fetch(kind="simplified", n_per_class=n)
        file = cached_file(tmp_path, "cat.npy")
        assert_array_equal(np.load(file)[:n], cat[:n])
        assert_array_equal(load_quickdraw(file.parent, n_per_class=n).data, cat[:n])
        lines = cached_file(tmp_path, "cat.ndjson").read_text().splitlines()
        assert [json.loads(line)["drawing"] for line in lines] == drawings[: len(lines)]
        assert len(lines) >= n


def flip(file):
    content = bytearray(file.read_bytes())
    content[-1] ^= 255
    file.write_bytes(content)


DAMAGE = {
    "flipped": flip,
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-100]),
    "empty": lambda file: file.write_bytes(b""),
    "gone": lambda file: file.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("which", ["cat.npy", "cat.npy.json"])
def test_damage_in_the_cache_is_noticed_and_made_good(server, fetch, tmp_path, damage, which):
    cat = server.put_bitmaps("cat", 100)
    fetch(n_per_class=20)
    DAMAGE[damage](cached_file(tmp_path, which))
    with pytest.raises(DownloadError, match="damaged"):
        fetch(n_per_class=20, download_if_missing=False)
    assert_array_equal(fetch(n_per_class=20).data, cat[:20])
    assert len(server.requests) == 2
    assert_array_equal(fetch(n_per_class=20, download_if_missing=False).data, cat[:20])


def test_servers_do_not_share_a_cache(server, fetch):
    here = server.put_bitmaps("cat", 10)
    server.files["/mirror/numpy_bitmap/cat.npy"] = server.files["/full/numpy_bitmap/cat.npy"]
    fetch(n_per_class=5)
    mirror = server.url.replace("full", "mirror") + "/"
    with pytest.raises(DownloadError, match="must be in the cache"):
        fetch(n_per_class=5, base_url=mirror, download_if_missing=False)
    assert_array_equal(fetch(n_per_class=5, base_url=mirror).data, here[:5])


def test_the_cache_lies_in_the_data_home_of_scikit_learn(server, fetch, tmp_path, monkeypatch):
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "home"))
    server.put_bitmaps("cat", 5)
    fetch(data_home=None)
    assert cached_file(tmp_path, "cat.npy").is_relative_to(tmp_path / "home" / "quickdraw")


def test_the_environment_names_the_server_and_the_argument_overrules(server, fetch, monkeypatch):
    cat = server.put_bitmaps("cat", 5)
    monkeypatch.setenv("SKQUICKDRAW_BASE_URL", "http://127.0.0.1:9/full")
    assert_array_equal(fetch().data, cat)
    monkeypatch.setenv("SKQUICKDRAW_BASE_URL", server.url)
    assert_array_equal(fetch(base_url=None, download_if_missing=False).data, cat)


def test_the_bucket_is_the_default(fetch, tmp_path):
    with pytest.raises(DownloadError, match="storage.googleapis.com") as caught:
        fetch(base_url=None, download_if_missing=False)
    assert repr(str(tmp_path))[1:-1] in str(caught.value)


def test_a_proxy_is_used(server, fetch, monkeypatch):
    cat = server.put_bitmaps("cat", 5)
    monkeypatch.setenv("http_proxy", server.url.removesuffix("/full"))
    assert_array_equal(fetch(base_url="http://bucket.invalid/full").data, cat)


@pytest.mark.parametrize("kind", ["bitmap", "simplified"])
def test_a_seed_shuffles_drawings_with_their_targets(server, fetch, kind):
    put = server.put_bitmaps if kind == "bitmap" else server.put_strokes
    put("cat", 40), put("dog", 40, seed=1)
    plain, y = fetch(["cat", "dog"], kind=kind, n_per_class=30, return_X_y=True)
    shuffled = fetch(["cat", "dog"], kind=kind, n_per_class=30, random_state=0)
    again = fetch(["cat", "dog"], kind=kind, n_per_class=30, random_state=0)
    assert_array_equal(np.diff(y).clip(min=0).sum(), 1)  # sorted by class
    assert (np.diff(shuffled.target) != 0).sum() > 10
    pairs = zip(as_list(plain), y.tolist(), strict=True)
    shuffled_pairs = zip(as_list(shuffled.data), shuffled.target.tolist(), strict=True)
    assert sorted(pairs) == sorted(shuffled_pairs)
    assert as_list(again.data) == as_list(shuffled.data)


def test_all_classes_are_the_default(fetch):
    with pytest.raises(DownloadError, match="345 of 345 classes .*: aircraft carrier, airplane,"):
        fetch(None, download_if_missing=False)


def test_the_names_are_those_of_the_published_files(data_folder):
    assert len(CLASS_NAMES) == len(set(CLASS_NAMES)) == 345
    with np.load(data_folder("quickdraw100") / "train.npz") as train:
        assert set(train["classes"]) <= set(CLASS_NAMES)


def test_a_large_cache_is_not_held_in_memory_for_few_drawings(server, fetch):
    names = CLASS_NAMES[:5]
    for name in names:
        server.put_bitmaps(name, 2000)
    fetch(names, n_per_class=None)
    tracemalloc.start()
    fetch(names, n_per_class=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.5 * 2000 * 784  # about one file at a time


def test_progress_is_shown_where_it_is_wanted(server, fetch, capfd, caplog, monkeypatch):
    monkeypatch.setattr(pooch.get_logger(), "handlers", [caplog.handler])
    server.put_bitmaps("cat", 5), server.put_bitmaps("dog", 5)
    fetch(["cat"])
    assert capfd.readouterr() == ("", "") and caplog.records == []
    fetch(["cat", "dog"], progress=True)  # one of them is in the cache
    shown = capfd.readouterr().err
    assert "Quick, Draw!" in shown and "dog" in shown and "1/1" in shown


@pytest.mark.parametrize("module", ["pooch", "tqdm.auto"])
def test_a_missing_extra_is_named_and_the_cache_needs_none(server, fetch, monkeypatch, module):
    cat = server.put_bitmaps("cat", 5)
    fetch(["cat"])
    monkeypatch.setitem(sys.modules, module, None)
    assert_array_equal(fetch(["cat"]).data, cat)
    with pytest.raises(MissingDependencyError, match=r"pip install 'skquickdraw\[data\]'"):
        fetch(["dog"])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"classes": "cat"}, "must be a sequence of names; got 'cat'"),
        ({"classes": 10}, "must be a sequence of names; got 10"),
        ({"classes": []}, "at least one name"),
        ({"classes": ["cat", "dog", "cat"]}, "each once"),
        ({"classes": ["cat", "eifel tower"]}, "'eifel tower' is not a class.*'The Eiffel Tower'"),
        ({"classes": ["Cat"]}, "'Cat' is not a class.*Did you mean 'cat'"),
        ({"classes": ["../cat"]}, "is not a class"),
        ({"classes": ["qqqq"]}, "names are listed at"),
        ({"kind": "raw"}, r"kind must be one of \['bitmap', 'simplified'\]; got 'raw'"),
        ({"n_per_class": 0}, "n_per_class must be an int of at least 1"),
        ({"n_per_class": 1.5}, "n_per_class must be"),
        ({"n_retries": -1}, "n_retries must be an int of at least 0"),
        ({"delay": -1}, "delay must be a finite number"),
        ({"delay": float("nan")}, "delay must be a finite number"),
        ({"base_url": "/data/full"}, "must be a web address, such as http.*load_quickdraw"),
        ({"base_url": "https:///full"}, "must be a web address, such as http"),
        ({"base_url": "http://[::1/full"}, "must be a web address, such as http"),
        ({"base_url": "http://localhost:port/full"}, "must be a web address, such as http"),
        ({"base_url": "http://localhost/full?key=1"}, "without [?] and #"),
    ],
)
def test_refuses_parameters_before_any_request(server, fetch, params, message):
    with pytest.raises(InvalidParameterError, match=message):
        fetch(**params)
    assert server.requests == []


def test_what_is_not_in_the_cache_is_an_os_error_that_says_what_is_missing(server, fetch):
    server.put_bitmaps("cat", 100)
    fetch(["cat"], n_per_class=5)
    message = r"1 of 2 classes are missing.*n_per_class=5: dog.*download_if_missing=True"
    with pytest.raises(OSError, match=message) as caught:
        fetch(["cat", "dog"], n_per_class=5, download_if_missing=False)
    assert isinstance(caught.value, SkquickdrawError)
    with pytest.raises(DownloadError, match="1 of 1 classes.*n_per_class=None: cat"):
        fetch(["cat"], n_per_class=None, download_if_missing=False)


def test_a_seed_that_is_none_is_refused_before_the_download(server, fetch):
    server.put_bitmaps("cat", 3)
    with pytest.raises(InvalidParameterError, match="'x' cannot be used to seed"):
        fetch(random_state="x")
    assert not server.requests
