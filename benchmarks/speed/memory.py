"""How time and memory of a fit grow, and training from files that are larger than memory.

Peaks of memory are the kernel's count since the start of the process (VmHWM), with code, data and
every mapped page of a file. Linux only.
"""

import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from math import isqrt
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import torch
from common import LIGHT, make_plain, measure_seconds, summarize
from joblib.externals.loky import get_reusable_executor
from threadpoolctl import threadpool_limits

from skquickdraw import CNNClassifier, SeedEnsembleClassifier
from skquickdraw.datasets import load_quickdraw, make_sketches

GIGABYTE = 10**9
N_PIXELS = 28 * 28
N_MEMBERS = 4  # of the ensemble that is fitted with several processes
N_FILES = 345  # as many as Quick, Draw! has classes
EPOCH_SIZE, N_BLANK = 100_000, 50_000_000
FILES_ROWS, MAPPED_ROWS = 8_930_000, 7_650_000  # 7 and 6 GB on the disk

# Axis: what grows, its values, and what else is not as in `measure_point`.
AXES = {
    "images": ("n_images", [1_000, 4_000, 16_000, 64_000, 200_000], {}),
    "classes": ("n_classes", [10, 100, 1_000], {}),
    "pixels": ("n_pixels", [28**2, 56**2, 112**2], {"n_images": 2048}),
    "processes": ("n_jobs", [1, 2], {}),
}


@cache
def draw_sketches(side):
    return make_sketches(512, 50, image_shape=(side, side), random_state=0)[0]


def noisy_rows(n_rows, side=28, seed=0):
    """Yield blocks of flat sketches, 512 different ones, every copy with noise of its own."""
    drawn, rng = draw_sketches(side), np.random.default_rng(seed)
    for start in range(0, n_rows, len(drawn)):
        noise = rng.integers(0, 32, drawn.shape, dtype=np.uint8)
        yield np.maximum(drawn, noise)[: n_rows - start]


def memory_gigabytes(process="self"):
    """Return the peak of a process's resident memory."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    (peak,) = (line for line in lines if line.startswith("VmHWM"))
    return round(int(peak.split()[1]) * 1024 / GIGABYTE, 4)


def measure_growth(options):
    """Yield the points of each axis, which take turns, and how steeply it rises."""
    runs = {
        (axis, value): []
        for axis, (_, values, _) in AXES.items()
        for value in (values[:2] if options.quick else values)
    }
    for _ in range(options.rounds):
        for (axis, value), own in runs.items():
            name, _, more = AXES[axis]
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                point = pool.submit(measure_point, options.threads, **more, **{name: value})
                own.append(point.result())
    found = {axis: {"points": []} for axis in AXES}
    for (axis, value), own in runs.items():
        figures = {name: summarize(run[name] for run in own) for name in own[0]}
        found[axis]["points"].append({"x": value, **figures})
    for own in found.values():
        own["exponent"] = {name: steepest(own["points"], name) for name in ("seconds", "peak_gb")}
    yield {"axes": found}


def measure_point(n_threads, n_images=4096, n_classes=10, n_pixels=N_PIXELS, n_jobs=None):
    """Fit once; ``n_jobs`` makes it an ensemble's fit, with one thread a process."""
    n_threads = n_threads if n_jobs is None else 1
    torch.set_num_threads(n_threads)
    threadpool_limits(n_threads)
    X, y = np.empty((n_images, n_pixels), dtype=np.uint8), np.arange(n_images) % n_classes
    for i, block in enumerate(noisy_rows(len(X), isqrt(n_pixels))):  # the peak stays low
        X[512 * i : 512 * i + len(block)] = block
    params = {"width": 0.125, "augmentation": LIGHT, "batch_size": 256, "max_epochs": 1}
    model = make_plain(CNNClassifier, **params, device="cpu", random_state=0)
    if n_jobs is not None:
        model = SeedEnsembleClassifier(model, N_MEMBERS, n_jobs=n_jobs, random_state=0)
    few = max(256, 2 * n_classes)
    model.fit(X[:few], y[:few])
    seconds = measure_seconds(lambda: model.fit(X, y))
    children = " ".join(f.read_text() for f in Path("/proc/self/task").glob("*/children")).split()
    peak = sum(memory_gigabytes(process) for process in ("self", *children))
    if n_jobs is not None:  # else this process would wait minutes for its idle workers
        get_reusable_executor().shutdown(kill_workers=True)
    return {"seconds": seconds, "peak_gb": peak, "beyond_data_gb": peak - X.nbytes / GIGABYTE}


def steepest(points, name):
    """Return the largest exponent between neighbours: 1 is linear growth, 0 is none."""
    x, y = np.log([(point["x"], point[name]["median"]) for point in points]).T
    return round(float((np.diff(y) / np.diff(x)).max()), 3)


def make_classifier(**params):
    """Return a classifier whose memory is small, and which needs many images a second."""
    given = {"width": 0.0625, "max_epochs": 1, "device": "cpu", "random_state": 0}
    return make_plain(CNNClassifier, **given, **params)


def write_rows(path, n_rows, blocks):
    """Write a .npy of so many rows; those behind the last block are blank, and take no space."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (n_rows, N_PIXELS)}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        end = file.tell() + n_rows * N_PIXELS
        for block in blocks:
            file.write(block)
        file.truncate(end)


def write_classes(folder, n_rows, *, are_blank=False):
    """Write a file for each class, so many rows in all; return X and y, read from there."""
    for i in range(N_FILES):
        n_own = n_rows // N_FILES + (i < n_rows % N_FILES)
        blocks = [] if are_blank else noisy_rows(n_own, seed=i)
        write_rows(Path(folder, f"class {i:03}.npy"), n_own, blocks)
    return load_quickdraw(folder, mmap=True, return_X_y=True)


def watch(fit):
    """Return seconds and memory of a call."""
    before, wall, cpu = memory_gigabytes(), perf_counter(), process_time()
    fit()
    seconds = {"wall": round(perf_counter() - wall, 2), "cpu": round(process_time() - cpu, 2)}
    return {"seconds": seconds, "resident_gb": {"before": before, "peak": memory_gigabytes()}}


def measure_files(options):
    """Yield the pace of epochs from files, that from memory is 1, and the peak of memory.

    Before every epoch from files the system is told to forget what it has cached of them
    (posix_fadvise). Where memory is limited from outside, it cannot cache more than that either.
    """
    size = 10_000 if options.quick else EPOCH_SIZE
    with tempfile.TemporaryDirectory() as folder:
        X, y = write_classes(folder, 100_000 if options.quick else FILES_ROWS)
        clf = make_classifier(augmentation=LIGHT, batch_size=256, epoch_size=size)
        forget(folder)
        memory = watch(lambda: clf.fit(X, y))["resident_gb"]  # the array is not there yet
        yield {"n_images": len(y), "epoch_size": size, "resident_gb": memory}
        rows = np.linspace(0, len(y) - 1, size).astype(int)
        in_memory = np.asarray(X[rows]), y[rows]
        epochs = {"files": [], "memory": []}
        for _ in range(options.rounds):
            forget(folder)
            epochs["files"] += clf.fit(X, y).history_
            epochs["memory"] += clf.fit(*in_memory).history_
    for clock in ("dur", "cpu"):
        pairs = zip(epochs["memory"], epochs["files"], strict=True)
        yield {f"pace, {clock}": summarize(memory[clock] / files[clock] for memory, files in pairs)}


def forget(folder):
    """Let the system drop what it has cached of the files."""
    os.sync()
    for path in Path(folder).iterdir():
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure_files_blank(options):
    """Yield what a fit on 50 million blank rows takes, in sparse files: it is nearly all set-up."""
    with tempfile.TemporaryDirectory() as folder:
        X, y = write_classes(folder, 10_000 if options.quick else N_BLANK, are_blank=True)
        clf = make_classifier(augmentation=LIGHT, batch_size=256, epoch_size=1000)
        clf.fit(X[:1000], np.arange(1000) % 2)  # loads what a fit needs
        yield {"n_images": len(y), **watch(lambda: clf.fit(X, y))}
        yield {"training_cpu": clf.history_[0]["cpu"]}


def measure_memory_mapped(options):
    """Yield what a fit on one memory-mapped file takes."""
    n_rows = 100_000 if options.quick else MAPPED_ROWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sketches.npy")
        write_rows(path, n_rows, noisy_rows(n_rows))
        X, y = np.load(path, mmap_mode="r"), np.arange(n_rows) % 10
        clf = make_classifier()
        yield {"n_images": len(X), **watch(lambda: clf.fit(X, y))}
