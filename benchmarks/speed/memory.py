"""How time and memory of a fit grow, and training from files that are larger than memory.

Peaks of memory are the kernel's count since the start of the process (VmHWM), with code, data and
every mapped page of a file. Linux only.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from itertools import pairwise
from math import isqrt, log
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from common import LIGHT, compare, make_plain, measure_seconds, summarize
from joblib.externals.loky import get_reusable_executor
from threadpoolctl import threadpool_limits

import skquickdraw
from skquickdraw import CNNClassifier, SeedEnsembleClassifier
from skquickdraw.datasets import load_quickdraw, make_sketches

GIGABYTE = 10**9
N_PIXELS = 28 * 28
N_MEMBERS = 4  # of the ensemble that is fitted with several processes
# Largest exponent between neighbouring points, 1 is linear; a tenth for noise. And gigabytes
# beyond the data at the largest number of images.
GROWTH_TARGETS = {"exponent": 1.1, "gigabytes": 1.0}
N_FILES = 345  # as many as Quick, Draw! has classes
EPOCH_SIZE, N_BLANK = 100_000, 50_000_000
SIZES = {"files": 7.0, "memory_mapped": 6.0}  # gigabytes on the disk

# Axis: what grows, its values, and what else is not as in `measure_point`.
AXES: dict[str, tuple[str, list[Any], dict[str, Any]]] = {
    "images": ("n_images", [1_000, 4_000, 16_000, 64_000, 200_000], {}),
    "classes": ("n_classes", [10, 100, 1_000], {}),
    "pixels": ("n_pixels", [28**2, 56**2, 112**2], {"n_images": 2048}),
    "processes": ("n_jobs", [1, 2], {}),
    "network": (
        "network",
        ["CNNClassifier", "MobileNetClassifier", "ResNetClassifier"],
        {"width": 1.0},
    ),
}


@cache
def draw_sketches(side: int) -> np.ndarray:
    return make_sketches(512, 50, image_shape=(side, side), random_state=0)[0]


def noisy_rows(n_rows: int, side: int = 28, seed: int = 0) -> Iterator[np.ndarray]:
    """Yield blocks of flat sketches, 512 different ones, every copy with noise of its own."""
    drawn, rng = draw_sketches(side), np.random.default_rng(seed)
    for start in range(0, n_rows, len(drawn)):
        noise = rng.integers(0, 32, drawn.shape, dtype=np.uint8)
        yield np.maximum(drawn, noise)[: n_rows - start]


def memory_gigabytes(process: int | str = "self") -> float:
    """Return the peak of a process's resident memory."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return round(int(fields["VmHWM"].split()[0]) * 1024 / GIGABYTE, 4)


# ---- growth: every point is a new process that fits once to warm up, and once for the figures ---


def measure_growth(options: Any) -> Iterator[dict[str, Any]]:
    """Yield the points of each axis, which take turns, and how steeply it rises."""
    points = {
        (axis, value): more | {name: value, "n_threads": options.threads}
        for axis, (name, values, more) in AXES.items()
        for value in (values[:2] if options.quick else values)
    }
    runs: dict[tuple[str, Any], list[dict[str, float]]] = {key: [] for key in points}
    for _ in range(options.rounds):
        for key, point in points.items():
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                runs[key].append(pool.submit(partial(measure_point, **point)).result())
    found: dict[str, Any] = {axis: {"points": []} for axis in AXES}
    for (axis, value), own in runs.items():
        figures = {name: summarize(run[name] for run in own) for name in own[0]}
        found[axis]["points"].append({"x": value, **figures})
    for axis in found.keys() - {"network"}:
        curve = found[axis]["points"]
        found[axis]["exponent"] = {name: steepest(curve, name) for name in ("seconds", "peak_gb")}
    yield {"axes": found, "targets": GROWTH_TARGETS}


def measure_point(
    n_threads: int,
    n_images: int = 4096,
    n_classes: int = 10,
    n_pixels: int = N_PIXELS,
    n_jobs: int | None = None,
    network: str = "CNNClassifier",
    width: float = 0.125,
) -> dict[str, float]:
    """Fit once; ``n_jobs`` makes it an ensemble's fit, with one thread a process."""
    n_threads = n_threads if n_jobs is None else 1
    torch.set_num_threads(n_threads)
    threadpool_limits(n_threads)
    X, y = np.empty((n_images, n_pixels), dtype=np.uint8), np.arange(n_images) % n_classes
    for i, block in enumerate(noisy_rows(len(X), isqrt(n_pixels))):  # the peak stays low
        X[512 * i : 512 * i + len(block)] = block
    params = {"width": width, "augmentation": LIGHT, "batch_size": 256, "max_epochs": 1}
    model = make_plain(getattr(skquickdraw, network), **params, device="cpu", random_state=0)
    if n_jobs is not None:
        model = SeedEnsembleClassifier(model, N_MEMBERS, n_jobs=n_jobs, random_state=0)
    few = max(256, 2 * n_classes)
    model.fit(X[:few], y[:few])
    seconds = measure_seconds(lambda: model.fit(X, y))
    children = " ".join(f.read_text() for f in Path("/proc/self/task").glob("*/children")).split()
    peak = sum(memory_gigabytes(process) for process in ("self", *children))
    if n_jobs is not None:  # else this process would wait minutes for its idle workers
        get_reusable_executor().shutdown(kill_workers=True)
    beyond = peak - X.nbytes / GIGABYTE
    return {"seconds": seconds, "peak_gb": peak, "beyond_data_gb": beyond}


def steepest(points: list[dict[str, Any]], name: str) -> float:
    """Return the largest exponent between neighbours: 1 is linear growth, 0 is none."""
    curve = [(point["x"], point[name]["median"]) for point in points]
    return round(max(log(v / u) / log(b / a) for (a, u), (b, v) in pairwise(curve)), 3)


# ---- files: many that are larger than memory may cache, one, and many blank rows ----------------


def make_classifier(**params: Any) -> CNNClassifier:
    """Return a classifier whose memory is small, and which needs many images a second."""
    given = {"width": 0.0625, "max_epochs": 1, "device": "cpu", "random_state": 0}
    return make_plain(CNNClassifier, **given, **params)


def write_rows(path: Path, n_rows: int, blocks: Iterator[np.ndarray]) -> None:
    """Write a .npy of so many rows; those behind the last block are blank, and take no space."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (n_rows, N_PIXELS)}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        end = file.tell() + n_rows * N_PIXELS
        for block in blocks:
            file.write(block)
        file.truncate(end)


def watch(fit: Callable[[], object]) -> dict[str, Any]:
    """Return seconds and memory of a call."""
    before, wall, cpu = memory_gigabytes(), perf_counter(), process_time()
    fit()
    seconds = {"wall": round(perf_counter() - wall, 2), "cpu": round(process_time() - cpu, 2)}
    return {"seconds": seconds, "resident_gb": {"before": before, "peak": memory_gigabytes()}}


def write_classes(folder: str, counts: Iterable[int], *, are_blank: bool = False) -> tuple:
    """Write a file for each class of so many rows; return X and y, which are read from there."""
    for i, n in enumerate(counts):
        blocks = iter(()) if are_blank else noisy_rows(n, seed=i)
        write_rows(Path(folder, f"class {i:03}.npy"), n, blocks)
    return load_quickdraw(folder, mmap=True, return_X_y=True)


def measure_files(options: Any) -> Iterator[dict[str, Any]]:
    """Yield rates of epochs from files and from memory, in turns, and the peak of memory.

    Before every epoch from files the system is told to forget what it has cached of them
    (posix_fadvise). Where memory is limited from outside, it cannot cache more than that either.
    """
    n_rows = int((0.1 if options.quick else SIZES["files"]) * GIGABYTE) // N_PIXELS
    shares = np.random.default_rng(0).uniform(0.8, 1.2, N_FILES)
    size = 10_000 if options.quick else EPOCH_SIZE
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        X, y = write_classes(folder, (shares / shares.sum() * n_rows).astype(int).tolist())
        clf = make_classifier(augmentation=LIGHT, batch_size=256, epoch_size=size)
        forget(folder)
        memory = watch(lambda: clf.fit(X, y))["resident_gb"]  # the array is not there yet
        yield {"n_images": len(y), "epoch_size": size, "resident_gb": memory}
        rows = np.linspace(0, len(y) - 1, size).astype(int)
        in_memory = np.asarray(X[rows]), y[rows]
        epochs: dict[str, list[dict[str, float]]] = {"files": [], "memory": []}
        for _ in range(options.rounds):
            forget(folder)
            epochs["files"] += clf.fit(X, y).history_
            epochs["memory"] += clf.fit(*in_memory).history_
    for clock, key in (("wall", "dur"), ("cpu", "cpu")):
        rates = {name: [size / epoch[key] for epoch in own] for name, own in epochs.items()}
        found = {name: summarize(own) for name, own in rates.items()}
        yield {clock: {"images_per_second": found, "pace": compare(*rates.values())}}


def forget(folder: str) -> None:
    """Let the system drop what it has cached of the files."""
    os.sync()
    for path in Path(folder).iterdir():
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure_files_blank(options: Any) -> Iterator[dict[str, Any]]:
    """Yield what a fit on 50 million blank rows takes, in sparse files: it is nearly all set-up."""
    n_each, n_left = divmod(10_000 if options.quick else N_BLANK, N_FILES)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        X, y = write_classes(
            folder, (n_each + (i < n_left) for i in range(N_FILES)), are_blank=True
        )
        clf = make_classifier(augmentation=LIGHT, batch_size=256, epoch_size=1000)
        clf.fit(X[:1000], np.arange(1000) % 2)  # loads what a fit needs
        yield {"n_images": len(y), **watch(lambda: clf.fit(X, y))}
        yield {"training_cpu": clf.history_[0]["cpu"]}


def measure_memory_mapped(options: Any) -> Iterator[dict[str, Any]]:
    """Yield what a fit on one memory-mapped file takes."""
    n_rows = int((0.1 if options.quick else SIZES["memory_mapped"]) * GIGABYTE) // N_PIXELS
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder, "sketches.npy")
        write_rows(path, n_rows, noisy_rows(n_rows))
        X, y = np.load(path, mmap_mode="r"), np.arange(n_rows) % 10
        clf = make_classifier()
        yield {"n_images": len(X), **watch(lambda: clf.fit(X, y)), "n_epochs": clf.n_epochs_}
