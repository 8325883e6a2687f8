"""Disturbances, one function each: ``trial(seed, folder, expected)`` raises if something fails.

Each trial runs in forks of this process, which only imports packages. So a trial starts fast, and
cannot damage the process in which the next one starts.
"""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from skquickdraw import CNNClassifier, load_model, save_model
from skquickdraw.datasets import fetch_quickdraw, make_sketches
from skquickdraw.ensemble import SeedEnsembleClassifier
from skquickdraw.exceptions import FitInterrupted, SkquickdrawError
from skquickdraw.semi_supervised import NoisyStudentClassifier

X, Y = make_sketches(60, 3, image_shape=(8, 8), random_state=0)
PARTLY = np.where(np.arange(60) < 30, Y, -1)
LONGEST = 300  # seconds that a process may take
INTERRUPTED, KEPT_SOME = 130, 131  # exit codes
BITMAP = b"\x93NUMPY\x01\x00\x76\x00{'descr': '|u1', 'fortran_order': False, 'shape': (9, 784), }"
BITMAPS = BITMAP.ljust(127) + b"\n" + bytes(range(252)) * 28


def network(seed: int = 0) -> CNNClassifier:
    return CNNClassifier(width=0.1, max_epochs=1, random_state=seed, device="cpu")


def vote(memory: Path | None, n_jobs: int = 1) -> SeedEnsembleClassifier:
    """Return an ensemble of two noisy students, which keeps finished fits in ``memory``."""
    kept = None if memory is None else str(memory)
    student = NoisyStudentClassifier(network(), memory=kept)
    return SeedEnsembleClassifier(student, 2, random_state=0, memory=kept, n_jobs=n_jobs)


def fit_vote(folder: Path, memory: Path | None, n_jobs: int = 1) -> None:
    """Fit the ensemble, and save its probabilities in the folder."""
    found = vote(memory, n_jobs).fit(X, PARTLY).predict_proba(X)
    np.save(folder / "found.npy", found)


def start(job: Callable[[], object]) -> int:
    """Run a job in a fork of this process, and return its number."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()  # so that it can be ended together with its child processes
        warnings.simplefilter("ignore")
        job()
        code = 0
    except FitInterrupted:
        code = KEPT_SOME
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def finish(pid: int) -> int:
    """Return the exit code of a process, negative for a signal. Kill it if it takes too long."""
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError(f"a process took more than {LONGEST} seconds")


def must(job: Callable[[], object]) -> None:
    code = finish(start(job))
    assert code == 0, f"a process that nobody disturbs ended with {code}"


def compare(folder: Path, expected: np.ndarray) -> None:
    found = np.load(folder / "found.npy")
    assert np.array_equal(found, expected), "the result differs from that of an undisturbed run"


def disturb(seed: int, folder: Path, expected: np.ndarray, number: int, n_jobs: int = 1) -> None:
    """Send a signal to a few runs; a last run, undisturbed, must then give the expected result."""
    rng = Random(seed)
    for _ in range(rng.randrange(1, 4)):
        pid = start(lambda: fit_vote(folder, folder / "memory", n_jobs))
        time.sleep(rng.uniform(0, 2 * seconds_of(folder)))
        os.kill(pid, number)
        code = finish(pid)
        allowed = {0, -signal.SIGKILL} if number == signal.SIGKILL else {0, INTERRUPTED, KEPT_SOME}
        if number == signal.SIGINT:
            allowed.add(-signal.SIGINT)  # sent before Python has set its handler
        assert code in allowed, f"a disturbed process ended with {code}"
    must(lambda: fit_vote(folder, folder / "memory"))
    compare(folder, expected)


def seconds_of(folder: Path) -> float:
    return float((folder.parent / "seconds").read_text())


def kills(seed: int, folder: Path, expected: np.ndarray) -> None:
    disturb(seed, folder, expected, signal.SIGKILL)


def interrupts(seed: int, folder: Path, expected: np.ndarray) -> None:
    disturb(seed, folder, expected, signal.SIGINT)


def killed_workers(seed: int, folder: Path, expected: np.ndarray) -> None:
    """Kill a worker of a fit, which must then end. A second fit must give the expected result."""
    rng = Random(seed)
    pid = start(lambda: fit_vote(folder, folder / "memory", n_jobs=2))
    time.sleep(rng.uniform(0, 4 * seconds_of(folder) + 4))
    victims = [child for child in children(pid) if child != pid]
    if victims:
        os.kill(rng.choice(victims), signal.SIGKILL)
    finish(pid)  # with an error of joblib, or with a result
    for child in victims:  # those that are left if their parent died
        with_no_error(lambda child=child: os.kill(child, signal.SIGKILL))
    must(lambda: fit_vote(folder, folder / "memory"))
    compare(folder, expected)


def children(pid: int) -> list[int]:
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        own = [int(child) for child in file.read_text().split()]
        found += own + [deeper for child in own for deeper in children(child)]
    return found


def with_no_error(act: Callable[[], object]) -> None:
    try:
        act()
    except OSError:
        return


def full_disks(seed: int, folder: Path, expected: np.ndarray) -> None:
    """Overwrite a model under a random limit of the file size: the old or the new one must remain.

    A fit that cannot write into its memory folder must still give its result.
    """

    def save() -> None:
        path = folder / "model"
        save_model(network(1).fit(X, Y), path)
        old, size = path.read_bytes(), path.stat().st_size
        newer = network(2).fit(X, Y)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing raises OSError, as on a full disk
        limit = Random(seed).randrange(2 * size)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            save_model(newer, path)
        except OSError:
            assert path.read_bytes() == old, "the old file is lost"
        load_model(path, device="cpu")
        assert os.listdir(folder) == ["model"], "a part of a file is left"
        memory = folder / "memory"
        fit_and_compare(vote(memory), expected)

    must(save)


def fit_and_compare(model: Any, expected: np.ndarray) -> None:
    found = model.fit(X, PARTLY).predict_proba(X)
    assert np.array_equal(found, expected), "the result differs from that of an undisturbed run"


def threads(seed: int, folder: Path, expected: np.ndarray) -> None:
    """Fit in several threads at once: each must give the same result as alone."""

    def run() -> None:
        seeds = [Random(seed).randrange(100) for _ in range(4)]
        fits = [lambda each=each: network(each).fit(X, Y).predict_proba(X) for each in seeds]
        with ThreadPoolExecutor(4) as pool:
            beside = list(pool.map(lambda fit: fit(), fits))
        for found, fit in zip(beside, fits, strict=True):
            assert np.array_equal(found, fit()), "a thread got another result"

    must(run)


def forks(seed: int, folder: Path, expected: np.ndarray) -> None:
    """Predict and fit in forks of a process that has fitted, as in the workers of a pool."""

    def run() -> None:
        model = network(seed).fit(X, Y)
        proba = model.predict_proba(X)
        for _ in range(3):
            must(lambda: _same(model.predict_proba(X), proba))
        must(lambda: _same(network(seed).fit(X, Y).predict_proba(X), proba))

    must(run)


def _same(found: np.ndarray, expected: np.ndarray) -> None:
    assert np.array_equal(found, expected), "a fork got another result"


def hostile_servers(seed: int, folder: Path, expected: np.ndarray) -> None:
    """Download from a faulty server: drawings must come, or an error of this package."""
    rng = Random(seed)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            misbehave(self, rng)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        options = {"data_home": folder, "base_url": url, "n_per_class": 5, "progress": False}
        try:
            data = fetch_quickdraw(["cat"], n_retries=2, delay=0.01, **options).data
            assert data.shape == (5, 784) and data.dtype == np.uint8, "what came has another form"
        except SkquickdrawError:
            pass
        finally:
            server.shutdown()


def misbehave(handler: BaseHTTPRequestHandler, rng: Random) -> None:
    """Answer with a random status, wrong headers, a wrong length or damaged content."""
    from .mutations import damage

    content = damage(BITMAPS, rng, BITMAPS) if rng.random() < 0.5 else BITMAPS
    stated = len(content) + rng.choice((0, 0, 0, 1, -1, 1000, 2**40))
    handler.send_response(rng.choice((200, 200, 206, 206, 204, 301, 403, 404, 416, 429, 500, 503)))
    last = rng.choice((len(content) - 1, 99, 2**63))
    headers = {
        "Content-Length": str(rng.choice((stated, stated, -1, "x"))),
        "Content-Range": f"bytes {rng.choice((0, 0, 5))}-{last}/{rng.choice((stated, '*'))}",
        "Content-Encoding": rng.choice(("gzip", "deflate", "nonsense")),
        "ETag": str(rng.random()),
        "Location": rng.choice(("/", "file:///etc/passwd", "http://127.0.0.1:1/")),
        "Retry-After": rng.choice(("0", "-1", "x")),
    }
    for name, value in headers.items():
        if rng.random() < (0.1 if name in ("Content-Encoding", "Location") else 0.7):
            handler.send_header(name, value)
    handler.end_headers()
    with_no_error(lambda: handler.wfile.write(content[: rng.choice((len(content), 50, 0))]))
    handler.close_connection = True


TRIALS = {
    "kills": kills,
    "interrupts": interrupts,
    "full disks": full_disks,
    "killed workers": killed_workers,
    "threads": threads,
    "forks": forks,
    "hostile servers": hostile_servers,
}
