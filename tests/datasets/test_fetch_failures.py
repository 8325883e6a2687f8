"""fetch_quickdraw from a faulty server: what is retried, and what the errors say."""

import subprocess
import sys
import time

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skquickdraw.datasets import fetch_quickdraw
from skquickdraw.datasets._bucket import _download
from skquickdraw.exceptions import DownloadError

pytest.importorskip("pooch", reason="downloading needs pooch")


@pytest.fixture
def fetch(server, tmp_path):
    """Return fetch_quickdraw for this server, with a new cache and without pauses."""

    def fetch(**params):
        defaults = {"base_url": server.url, "data_home": tmp_path, "delay": 0, "progress": False}
        return fetch_quickdraw(["cat"], **{"n_per_class": None, **defaults, **params}).data

    return fetch


@pytest.fixture
def pauses(monkeypatch):
    """Return a list of the pauses; they are recorded instead of made."""
    found = []
    monkeypatch.setattr(_download.time, "sleep", found.append)
    return found


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


HTML = b"<html><body>Please log in to the network of this hotel.</body></html>" * 20
PASSING = [500, 503, 429, "drop", "cut", "refuse", "noise", "hollow", HTML, b""]


@pytest.mark.parametrize("knows_ranges", [True, False])
@pytest.mark.parametrize("mishap", PASSING, ids=lambda mishap: repr(mishap)[:9])
def test_what_may_pass_is_tried_again(server, fetch, mishap, knows_ranges):
    cat = server.put_bitmaps("cat", 50)
    server.knows_ranges = knows_ranges
    server.mishaps = [mishap] * 3
    assert_array_equal(fetch(), cat)
    assert len(server.requests) == 4


@pytest.mark.parametrize("mishap", PASSING, ids=lambda mishap: repr(mishap)[:9])
def test_strokes_survive_the_same(server, fetch, mishap):
    drawings = server.put_strokes("cat", 50)
    server.mishaps = [mishap] * 3
    assert fetch(kind="simplified") == drawings


@pytest.mark.parametrize("kind", ["bitmap", "simplified"])
@pytest.mark.parametrize("mishap", PASSING, ids=lambda mishap: repr(mishap)[:9])
def test_what_does_not_pass_is_named_and_leaves_nothing(server, fetch, tmp_path, kind, mishap):
    server.put_bitmaps("cat", 50), server.put_strokes("cat", 50)
    server.mishaps = [mishap] * 9
    message = rf"{server.url}/\w+/cat.n\w+ could not be fetched in 3 tries; the last one ended"
    with pytest.raises(DownloadError, match=f"{message}.*base_url or SKQUICKDRAW_BASE_URL"):
        fetch(kind=kind, n_retries=2)
    assert len(server.requests) == 3
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("mishap", "message"),
    [
        (503, "HTTPError: the server answered 503 Service Unavailable"),
        ("drop", "ChunkedEncodingError|broke off at byte"),
        ("hollow", "the answer broke off at byte 0 of 100"),
        (HTML, r"must be an array in the .npy format"),
        ("cut", r"\(50, 784\) uint8 must end at byte 39280; the file is 19640 bytes long"),
    ],
)
def test_the_last_mishap_is_told(server, fetch, mishap, message):
    server.put_bitmaps("cat", 50)
    server.mishaps = [mishap]
    with pytest.raises(DownloadError, match=f"in 1 try;.*{message}"):
        fetch(n_retries=0)


@pytest.mark.parametrize("status", [404, 403, 410])
def test_a_refusal_is_final(server, fetch, status):
    server.put_bitmaps("cat", 50)
    server.mishaps = [status]
    with pytest.raises(DownloadError, match=rf"cat.npy could not.*answered {status}.*base URL"):
        fetch()
    assert len(server.requests) == 1


def test_pauses_double(server, fetch, pauses):
    server.put_bitmaps("cat", 50)
    server.mishaps = [500] * 9
    with pytest.raises(DownloadError, match="in 5 tries"):
        fetch(n_retries=4, delay=0.5)
    assert [pause for pause in pauses if pause] == [0.5, 1, 2, 4]


def test_a_dropped_connection_is_taken_up_where_it_broke(server, fetch):
    cat = server.put_bitmaps("cat", 1000)
    server.mishaps = ["drop"] * 3
    assert_array_equal(fetch(), cat)
    starts = [int(request.headers["Range"][6:-1]) for request in server.requests]
    assert starts == sorted(set(starts))
    assert server.n_sent <= 1000 * 784 + 80 + 3 * _download.CHUNK


@pytest.mark.parametrize("has_etags", [True, False])
def test_a_file_that_changes_between_two_tries_is_not_mixed(server, fetch, has_etags):
    server.put_bitmaps("cat", 50)
    server.has_etags = has_etags
    changed = []
    server.mishaps = ["drop", lambda: changed.append(server.put_bitmaps("cat", 60, seed=1))]
    assert_array_equal(fetch(), changed[0])


def test_a_range_that_ends_before_it_starts_is_no_loop(server, fetch):
    cat = server.put_bitmaps("cat", 50)
    server.has_etags = False
    fetch(n_per_class=20)
    n_cached = 20 * 784 + 80
    about = f"bytes {n_cached}-{n_cached - 1}/{50 * 784 + 80}"
    server.mishaps = [{"Content-Range": about}] * 2
    with pytest.raises(DownloadError, match=f"the server sent '{about}'"):
        fetch(n_retries=0)
    assert_array_equal(fetch(n_retries=1), cat)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"Location": "http://[::1"}, "ValueError: Invalid IPv6 URL"),
        ({"Location": "http://a..b"}, "'a..b'"),
        ({"Content-Range": f"bytes 0-{'9' * 5000}/39280"}, "the server sent 'bytes 0-9{,80}'"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_headers_that_lead_nowhere_are_a_download_error(server, fetch, headers, message):
    server.mishaps = [headers]
    with pytest.raises(DownloadError, match=f"in 1 try; .*{message}"):
        fetch(n_retries=0)


def test_a_login_in_the_address_is_not_shown(server, fetch, tmp_path):
    server.put_bitmaps("cat", 5)
    url = server.url.replace("//", "//me:secret@")
    drawings = fetch_quickdraw(["cat"], base_url=url, data_home=tmp_path, progress=False)
    assert "secret" not in drawings.DESCR and server.url in drawings.DESCR
    for mishap in (404, 500):
        server.mishaps = [mishap]
        with pytest.raises(DownloadError, match=server.url) as caught:
            fetch(base_url=url, kind="simplified", n_retries=0)
        assert "secret" not in str(caught.value)


def test_a_server_that_hangs_is_given_up(server, fetch, monkeypatch):
    cat = server.put_bitmaps("cat", 50)
    monkeypatch.setattr(_download, "TIMEOUT", 0.3)
    server.mishaps = ["hang", "hang"]
    with pytest.raises(DownloadError, match="ReadTimeout"):
        fetch(n_retries=0)
    assert_array_equal(fetch(), cat)


def test_more_than_was_asked_for_is_not_read(server, fetch):
    cat = server.put_bitmaps("cat", 20_000)
    server.mishaps = ["flood"]
    assert_array_equal(fetch(n_per_class=5), cat[:5])
    assert server.n_sent < cat.nbytes / 2


def test_a_server_that_drips_is_given_up(server, fetch, monkeypatch):
    cat = server.put_bitmaps("cat", 50)
    monkeypatch.setattr(_download, "TIMEOUT", 0.3)
    server.chunk, server.pause = 1, 0.02
    with pytest.raises(DownloadError, match="bytes came in"):
        fetch(n_retries=0)
    server.chunk, server.pause = 1 << 16, 0
    assert_array_equal(fetch(), cat)


def test_a_compressed_answer_without_end_is_given_up(server, fetch, monkeypatch):
    server.put_bitmaps("cat", 50)
    monkeypatch.setattr(_download, "LARGEST", 1_000_000)
    server.mishaps = ["bomb"]
    with pytest.raises(DownloadError, match="goes on beyond byte 1000000"):
        fetch(n_retries=0)


def test_a_cache_that_cannot_be_written_loses_nothing(server, fetch, tmp_path):
    cat = server.put_bitmaps("cat", 50)
    (tmp_path / "quickdraw").write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="cat.npy was fetched, but cannot be kept in .*data_home"):
        data = fetch()
    assert_array_equal(data, cat)


def test_without_a_network_the_error_names_the_ways_out(fetch, tmp_path):
    message = "http://127.0.0.1:9/numpy_bitmap/cat.npy.*ConnectionError.*copy its cache folder.*"
    with pytest.raises(OSError, match=f"{message}load_quickdraw"):
        fetch(base_url="http://127.0.0.1:9", n_retries=1)
    assert files(tmp_path) == []


def test_a_failed_fetch_leaves_the_cache_as_it_was(server, fetch):
    cat = server.put_bitmaps("cat", 50)
    fetch(n_per_class=20)
    server.mishaps = ["drop", HTML]
    with pytest.raises(DownloadError):
        fetch(n_retries=1)
    assert_array_equal(fetch(n_per_class=20, download_if_missing=False), cat[:20])


def test_classes_that_were_complete_stay(server, fetch, tmp_path):
    cat = server.put_bitmaps("cat", 50)
    with pytest.raises(DownloadError, match="dog.npy.*404"):
        fetch_quickdraw(["cat", "dog"], base_url=server.url, data_home=tmp_path, progress=False)
    assert_array_equal(fetch(n_per_class=50, download_if_missing=False), cat)


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((9, 784), np.float32),
        np.zeros((9, 100), np.uint8),
        np.zeros((9, 28, 28), np.uint8),
        np.asfortranarray(np.zeros((9, 784), np.uint8)),
    ],
)
def test_arrays_of_another_kind_are_refused(server, fetch, tmp_path, X):
    np.save(tmp_path / "other.npy", X)
    server.files["/full/numpy_bitmap/cat.npy"] = (tmp_path / "other.npy").read_bytes()
    with pytest.raises(DownloadError, match=r"the answer: must hold uint8 of shape \(n, 784\)"):
        fetch(n_per_class=1, n_retries=0)


def test_lines_of_another_kind_are_refused(server, fetch):
    server.files["/full/simplified/cat.ndjson"] = b'{"word": "cat"}\n' * 5
    with pytest.raises(DownloadError, match="the answer, line 1: 'drawing' must be"):
        fetch(kind="simplified", n_retries=0)


def test_a_file_without_drawings_is_refused(server, fetch):
    server.put_bitmaps("cat", 0)
    with pytest.raises(DownloadError, match="must hold a drawing; got none"):
        fetch(n_retries=0)


PROGRAM = """
import sys
from skquickdraw.datasets import fetch_quickdraw
url, home, *counts = sys.argv[1:]
for n in counts:
    X = fetch_quickdraw(["cat"], n_per_class=int(n), base_url=url, data_home=home, progress=False)
    assert len(X.data) == int(n), X.data.shape
print(X.data.sum())
"""


def start(server, home, *counts):
    args = [sys.executable, "-c", PROGRAM, server.url, str(home), *map(str, counts)]
    return subprocess.Popen(args, stdout=subprocess.PIPE, text=True)


def test_a_killed_download_leaves_no_half_file(server, fetch, tmp_path):
    cat = server.put_bitmaps("cat", 1000)
    server.chunk, server.pause = 784, 0.01
    process = start(server, tmp_path, 1000)
    while server.n_sent < 50 * 784:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    process.stdout.close()
    assert files(tmp_path) == []
    server.pause = 0
    assert_array_equal(fetch(), cat)


def test_processes_that_fetch_at_once_do_not_harm_each_other(server, fetch, tmp_path):
    cat = server.put_bitmaps("cat", 300)
    processes = [start(server, tmp_path, *range(step, 301, step)) for step in (60, 100)]
    for process in processes:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0 and int(out) == cat.sum()
    assert_array_equal(fetch(n_per_class=300), cat)
    assert {path.name for path in files(tmp_path)} == {"cat.npy", "cat.npy.json"}


@pytest.mark.parametrize("number", ["9" * 5000, "\xb2"])
def test_numbers_that_python_does_not_read_are_a_wrong_answer(server, fetch, number):
    server.put_bitmaps("cat", 30)
    server.mishaps = [{"Content-Range": f"bytes 0-{number}/{number}"}] * 9
    with pytest.raises(DownloadError):
        fetch()
