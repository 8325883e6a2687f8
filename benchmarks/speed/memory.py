"""How time and memory of a fit grow, and training from files that are larger than memory.

Peaks of memory are the kernel's count since the start of the process (VmHWM), with code, data and
every mapped page of a file. Linux only.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from itertools import pairwise
from math import log
from multiprocessing import get_context
from pathlib import Path
from statistics import median
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
N_WARM_UP = 256
N_MEMBERS = 4  # of the ensemble that is fitted with several processes
# Largest exponent between neighbouring points, 1 is linear; a tenth for noise. And gigabytes
# beyond the data at the largest number of images.
GROWTH_TARGETS = {"exponent": 1.1, "gigabytes": 1.0}
FILES_TARGETS = {"pace": 0.9, "resident_gb": 2.0}
N_CLASSES = 345  # as many as Quick, Draw! has
FILES_GIGABYTES, EPOCH_SIZE, N_BLANK = 7.0, 100_000, 50_000_000
MAPPED_GIGABYTES, MOST_MAPPED_GIGABYTES = 6.0, 2.0


def make_classifier(**params: Any) -> CNNClassifier:
    """Return a classifier whose memory is small, and which needs many images a second."""
    given = {"width": 0.0625, "max_epochs": 1, "device": "cpu", "random_state": 0}
    return make_plain(CNNClassifier, **(given | params))


@cache
def draw_sketches(side: int) -> np.ndarray:
    return make_sketches(512, 50, image_shape=(side, side), random_state=0)[0]


def noisy_rows(n_rows: int, side: int = 28, seed: int = 0) -> Iterator[np.ndarray]:
    """Yield blocks of flat sketches, 512 different ones, every copy with noise of its own."""
    drawn, rng = draw_sketches(side), np.random.default_rng(seed)
    for start in range(0, n_rows, len(drawn)):
        noise = rng.integers(0, 32, drawn.shape, dtype=np.uint8)
        yield np.maximum(drawn, noise)[: n_rows - start]


def memory_gigabytes(name: str = "VmHWM", process: int | str = "self") -> float:
    """Return one of the kernel's counts of a process's resident memory."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return round(int(fields[name].split()[0]) * 1024 / GIGABYTE, 4)


# ---- growth: every point is a new process that fits once to warm up, and once for the figures ---


@dataclass(frozen=True)
class Point:
    """One fit. ``n_jobs`` makes it an ensemble's, with one thread a process."""

    n_images: int = 4096
    n_classes: int = 10
    side: int = 28
    n_jobs: int | None = None
    network: str = "CNNClassifier"
    width: float = 0.125


# Axis: where a point lies on it, and the points.
AXES: dict[str, tuple[Callable[[Point], Any], list[Point]]] = {
    "images": (
        lambda point: point.n_images,
        [Point(n_images=n) for n in (1_000, 4_000, 16_000, 64_000, 200_000)],
    ),
    "classes": (lambda point: point.n_classes, [Point(n_classes=n) for n in (10, 100, 1_000)]),
    "pixels": (
        lambda point: point.side**2,
        [Point(n_images=2048, side=side) for side in (28, 56, 112)],
    ),
    "processes": (lambda point: point.n_jobs, [Point(n_jobs=n) for n in (1, 2)]),
    "network": (
        lambda point: point.network,
        [Point(network=f"{name}Classifier", width=1.0) for name in ("CNN", "MobileNet", "ResNet")],
    ),
}


def measure_growth(options: Any) -> Iterator[dict[str, Any]]:
    """Yield the points of each axis, which take turns, and how steeply it rises."""
    axes = {name: axis[1][:2] if options.quick else axis[1] for name, axis in AXES.items()}
    points = [(axis, point) for axis, own in axes.items() for point in own]
    runs: dict[tuple[str, Point], list[dict[str, float]]] = {key: [] for key in points}
    for _ in range(options.rounds):
        for key in points:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                found = pool.submit(measure_point, key[1], options.threads).result()
            runs[key].append(found)
    summaries = {
        axis: [summarize_point(axis, point, runs[axis, point]) for point in own]
        for axis, own in axes.items()
    }
    found = {axis: {"points": own} for axis, own in summaries.items()}
    for axis in found.keys() - {"network"}:
        found[axis]["exponent"] = {
            figure: steepest([(p["x"], p[figure]["median"]) for p in summaries[axis]])
            for figure in ("seconds", "peak_gb")
        }
    yield {"axes": found, "targets": GROWTH_TARGETS}


def measure_point(point: Point, n_threads: int) -> dict[str, float]:
    n_threads = n_threads if point.n_jobs is None else 1
    torch.set_num_threads(n_threads)
    threadpool_limits(n_threads)
    X = np.empty((point.n_images, point.side**2), dtype=np.uint8)
    for i, block in enumerate(noisy_rows(len(X), point.side)):  # by blocks: the peak stays low
        X[512 * i : 512 * i + len(block)] = block
    y = np.arange(len(X)) % point.n_classes
    params = {"width": point.width, "augmentation": LIGHT, "batch_size": 256, "max_epochs": 1}
    kind = getattr(skquickdraw, point.network)
    model = make_plain(kind, **params, device="cpu", random_state=0)
    if point.n_jobs is not None:
        model = SeedEnsembleClassifier(model, N_MEMBERS, n_jobs=point.n_jobs, random_state=0)
    few = slice(0, max(N_WARM_UP, 2 * point.n_classes))
    model.fit(X[few], y[few])
    seconds = measure_seconds(lambda: model.fit(X, y))
    children = " ".join(f.read_text() for f in Path("/proc/self/task").glob("*/children")).split()
    peaks = [memory_gigabytes(process=each) for each in ("self", *children)]
    if point.n_jobs is not None:  # else this process would wait minutes for its idle workers
        get_reusable_executor().shutdown(kill_workers=True)
    return {"seconds": seconds, "peak_gb": sum(peaks), "data_gb": X.nbytes / GIGABYTE}


def summarize_point(axis: str, point: Point, runs: list[dict[str, float]]) -> dict[str, Any]:
    data = median(run["data_gb"] for run in runs)
    return {
        "x": AXES[axis][0](point),
        **asdict(point),
        "seconds": summarize(run["seconds"] for run in runs),
        "peak_gb": summarize(run["peak_gb"] for run in runs),
        "beyond_data_gb": summarize(run["peak_gb"] - run["data_gb"] for run in runs),
        "data_gb": round(data, 4),
    }


def steepest(curve: list[tuple[float, float]]) -> float:
    """Return the largest exponent between neighbours: 1 is linear growth, 0 is none."""
    return round(max(log(v / u) / log(b / a) for (a, u), (b, v) in pairwise(curve)), 3)


# ---- a folder of files that is larger than memory may cache, against an array -------------------


def measure_files(options: Any) -> Iterator[dict[str, Any]]:
    """Yield rates of epochs from files and from memory, in turns, and the peak of memory.

    Before every epoch from files the system is told to forget what it has cached of them
    (posix_fadvise). Where memory is limited from outside, it cannot cache more than that either.
    """
    n_rows = int((0.1 if options.quick else FILES_GIGABYTES) * GIGABYTE) // N_PIXELS
    size = 10_000 if options.quick else EPOCH_SIZE
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        check_space(folder, n_rows * N_PIXELS)
        shares = np.random.default_rng(0).uniform(0.8, 1.2, N_CLASSES)
        counts = (shares / shares.sum() * n_rows).astype(int).tolist()
        for i, n in enumerate(counts):
            np.save(Path(folder, f"class {i:03}.npy"), np.concatenate(list(noisy_rows(n, seed=i))))
        yield {"cache_limit_gb": cache_limit()}
        started = perf_counter()
        data = load_quickdraw(folder, mmap=True)
        mapped = round(perf_counter() - started, 2)
        yield {
            "file_gb": round(len(data.target) * N_PIXELS / GIGABYTE, 3),
            "n_files": N_CLASSES,
            "n_images": len(data.target),
            "epoch_size": size,
            "seconds_to_map": mapped,
            "targets": FILES_TARGETS,
            **time_epochs(folder, data, size, options.rounds),
        }


def time_epochs(folder: str, data: Any, size: int, n_rounds: int) -> dict[str, Any]:
    clf = make_classifier(augmentation=LIGHT, batch_size=256, epoch_size=size)
    memory = {"before_fit": memory_gigabytes()}
    sets = {"files": (data.data, data.target)}
    seconds: dict[str, list[tuple[float, float]]] = {"files": [], "memory": []}
    for i in range(n_rounds + 1):  # the first one warms up
        forget(folder)
        for name in seconds:
            if name not in sets:  # the peak is of the time before the array is there
                memory["peak"] = memory_gigabytes()
                rows = np.linspace(0, len(data.target) - 1, size).astype(int)
                sets["memory"] = np.asarray(data.data[rows]), data.target[rows]
            (epoch,) = clf.fit(*sets[name]).history_
            if i > 0:
                seconds[name].append((epoch["dur"], epoch["cpu"]))
    rates = {
        name: {clock: [size / s[k] for s in own] for k, clock in enumerate(("wall", "cpu"))}
        for name, own in seconds.items()
    }
    return {
        "images_per_second": {
            name: {clock: summarize(values) for clock, values in own.items()}
            for name, own in rates.items()
        },
        "pace": {
            clock: compare(rates["files"][clock], rates["memory"][clock])
            for clock in ("wall", "cpu")
        },
        "resident_gb": memory,
    }


def check_space(folder: str, n_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < 1.1 * n_bytes:
        raise SystemExit(
            f"{folder} has {free / GIGABYTE:.1f} GB free, {n_bytes / GIGABYTE:.1f} are needed. "
            "Name another place with --folder."
        )


def forget(folder: str) -> None:
    """Let the system drop what it has cached of the files."""
    os.sync()
    for path in Path(folder).iterdir():
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def cache_limit() -> float | None:
    """Return the memory that this process's control group may use, its cache included, in GB."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, group = line.split(":", 2)
        for root, name in (("memory", "memory.limit_in_bytes"), ("", "memory.max")):
            path = Path("/sys/fs/cgroup", root, group.lstrip("/"), name)
            if controllers == root and path.is_file() and path.read_text().strip() != "max":
                n_bytes = int(path.read_text())
                return round(n_bytes / GIGABYTE, 2) if n_bytes < 2**60 else None
    return None


def measure_files_blank(options: Any) -> Iterator[dict[str, Any]]:
    """Yield what a fit on 50 million blank rows takes, in sparse files: it is nearly all set-up."""
    n_rows = 10_000 if options.quick else N_BLANK
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for i in range(N_CLASSES):
            n = n_rows // N_CLASSES + (i < n_rows % N_CLASSES)
            with open(Path(folder, f"class {i:03}.npy"), "wb") as file:
                write_header(file, n)
                file.truncate(file.tell() + n * N_PIXELS)
        X, y = load_quickdraw(folder, mmap=True, return_X_y=True)
        clf = make_classifier(augmentation=LIGHT, batch_size=256, epoch_size=1000)
        clf.fit(X[:1000], np.arange(1000) % 2)  # loads what a fit needs
        before, wall, cpu = memory_gigabytes(), perf_counter(), process_time()
        clf.fit(X, y)
        seconds = {"wall": perf_counter() - wall, "cpu": process_time() - cpu}
        seconds["training_cpu"] = clf.history_[0]["cpu"]
        yield {
            "n_images": len(y),
            "fit_seconds": {name: round(value, 2) for name, value in seconds.items()},
            "resident_gb": {"before_fit": before, "peak": memory_gigabytes()},
        }


def write_header(file: Any, n_rows: int) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": (n_rows, N_PIXELS)}
    np.lib.format.write_array_header_1_0(file, header)


def measure_memory_mapped(options: Any) -> Iterator[dict[str, Any]]:
    """Yield the peak of memory of a fit on one memory-mapped file; fail above 2 GB."""
    n_rows = int((0.1 if options.quick else MAPPED_GIGABYTES) * GIGABYTE) // N_PIXELS
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        check_space(folder, n_rows * N_PIXELS)
        path = Path(folder, "sketches.npy")
        with open(path, "wb") as file:
            write_header(file, n_rows)
            for block in noisy_rows(n_rows):
                file.write(block)
        X, y = np.load(path, mmap_mode="r"), np.arange(n_rows) % 10
        before, wall, cpu = memory_gigabytes(), perf_counter(), process_time()
        clf = make_classifier().fit(X, y)
        seconds = {"wall": round(perf_counter() - wall), "cpu": round(process_time() - cpu)}
        peak = memory_gigabytes()
        yield {
            "file_gb": round(X.nbytes / GIGABYTE, 3),
            "n_images": len(X),
            "n_epochs": clf.n_epochs_,
            "peak_gb": {"before_fit": before, "after_fit": peak, "limit": MOST_MAPPED_GIGABYTES},
            "after_fit_gb": {name: memory_gigabytes(name) for name in ("RssAnon", "RssFile")},
            "fit_seconds": seconds,
        }
    if peak > MOST_MAPPED_GIGABYTES:
        raise SystemExit(f"The fit took more than {MOST_MAPPED_GIGABYTES} GB.")
