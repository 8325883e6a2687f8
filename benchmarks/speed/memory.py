"""How time and memory of a fit grow, and training from files that are larger than memory.

A peak of memory is VmHWM: the largest resident memory since the start of the process, including
code, data and mapped pages of files. Linux only.
"""

import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import chain
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

# For each axis, the arguments of `measure_point`. The first argument is the one that grows.
AXES = {
    "images": [{"n_images": n} for n in (1_000, 4_000, 16_000, 64_000, 200_000)],
    "classes": [{"n_classes": n} for n in (10, 100, 1_000)],
    "pixels": [{"n_pixels": n**2, "n_images": 2048} for n in (28, 56, 112)],
    "processes": [{"n_jobs": n} for n in (1, 2)],
}


@cache
def draw_sketches(side):
    return make_sketches(512, 50, image_shape=(side, side), random_state=0)[0]


def noisy_rows(n_rows, side=28, seed=0):
    """Yield blocks of the same 512 flat sketches, with new noise in each block."""
    drawn, rng = draw_sketches(side), np.random.default_rng(seed)
    for start in range(0, n_rows, len(drawn)):
        noise = rng.integers(0, 32, drawn.shape, dtype=np.uint8)
        yield np.maximum(drawn, noise)[: n_rows - start]


def memory_gigabytes(process="self"):
    """Return the peak of the resident memory of a process, in GB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    (peak,) = (line for line in lines if line.startswith("VmHWM"))
    return round(int(peak.split()[1]) * 1024 / GIGABYTE, 4)


def measure_growth(options):
    """Yield the points of each axis and its exponent. The points are measured in turns."""
    most = 2 if options.quick else None
    runs = {axis: [(given, []) for given in own[:most]] for axis, own in AXES.items()}
    for _ in range(options.rounds):
        for given, measured in chain(*runs.values()):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                measured.append(pool.submit(measure_point, options.threads, **given).result())
    found = {}
    for axis, own in runs.items():
        points = [describe_point(*point) for point in own]
        exponent = {name: steepest(points, name) for name in ("seconds", "peak_gb")}
        found[axis] = {"points": points, "exponent": exponent}
    yield {"axes": found}


def describe_point(given, runs):
    """Return the value that grows, and the spread of each figure over the runs."""
    figures = {name: summarize(run[name] for run in runs) for name in runs[0]}
    return {"x": next(iter(given.values())), **figures}


def measure_point(n_threads, n_images=4096, n_classes=10, n_pixels=N_PIXELS, n_jobs=None):
    """Measure one fit; with ``n_jobs``, that of an ensemble with one thread per process."""
    n_threads = n_threads if n_jobs is None else 1
    torch.set_num_threads(n_threads)
    threadpool_limits(n_threads)
    X, y = np.empty((n_images, n_pixels), dtype=np.uint8), np.arange(n_images) % n_classes
    for i, block in enumerate(noisy_rows(len(X), isqrt(n_pixels))):  # no second copy of X at once
        X[512 * i : 512 * i + len(block)] = block
    model = make_classifier(width=0.125, augmentation=LIGHT, batch_size=256)
    if n_jobs is not None:
        model = SeedEnsembleClassifier(model, N_MEMBERS, n_jobs=n_jobs, random_state=0)
    few = max(256, 2 * n_classes)
    model.fit(X[:few], y[:few])
    seconds = measure_seconds(lambda: model.fit(X, y))
    children = " ".join(f.read_text() for f in Path("/proc/self/task").glob("*/children")).split()
    peak = sum(memory_gigabytes(process) for process in ("self", *children))
    if n_jobs is not None:  # without this, the process would wait minutes for its idle workers
        get_reusable_executor().shutdown(kill_workers=True)
    return {"seconds": seconds, "peak_gb": peak, "beyond_data_gb": peak - X.nbytes / GIGABYTE}


def steepest(points, name):
    """Return the largest exponent of growth between neighbouring points; 1 means linear growth."""
    x, y = np.log([(point["x"], point[name]["median"]) for point in points]).T
    return round(float((np.diff(y) / np.diff(x)).max()), 3)


def make_classifier(**params):
    """Return a small, fast classifier, so that memory and speed depend on the reading of X."""
    given = {"width": 0.0625, "max_epochs": 1, "device": "cpu", "random_state": 0}
    return make_plain(CNNClassifier, **(given | params))


def write_rows(path, n_rows, blocks):
    """Write ``n_rows`` to a .npy; rows after the last block are blank, and take no disk space."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (n_rows, N_PIXELS)}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        end = file.tell() + n_rows * N_PIXELS
        for block in blocks:
            file.write(block)
        file.truncate(end)


def write_classes(folder, n_rows, *, are_blank=False):
    """Write a file for each class, ``n_rows`` in all; return X, memory-mapped, and y."""
    for i in range(N_FILES):
        n_own = n_rows // N_FILES + (i < n_rows % N_FILES)
        blocks = [] if are_blank else noisy_rows(n_own, seed=i)
        write_rows(Path(folder, f"class {i:03}.npy"), n_own, blocks)
    return load_quickdraw(folder, mmap=True, return_X_y=True)


def watch(fit):
    """Return the seconds of a call, and the peak of memory before and after it."""
    before, wall, cpu = memory_gigabytes(), perf_counter(), process_time()
    fit()
    seconds = {"wall": round(perf_counter() - wall, 2), "cpu": round(process_time() - cpu, 2)}
    return {"seconds": seconds, "resident_gb": {"before": before, "peak": memory_gigabytes()}}


def measure_files(options):
    """Yield the peak of memory, and the speed of epochs from files, relative to those from memory.

    Before each epoch from files, posix_fadvise tells the system to drop the cached pages of these
    files. If the memory of the process is limited from outside, the cache is limited too.
    """
    size = 10_000 if options.quick else EPOCH_SIZE
    with tempfile.TemporaryDirectory() as folder:
        X, y = write_classes(folder, 100_000 if options.quick else FILES_ROWS)
        clf = make_classifier(augmentation=LIGHT, batch_size=256, epoch_size=size)
        forget(folder)
        memory = watch(lambda: clf.fit(X, y))["resident_gb"]  # before `in_memory` takes memory
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
    """Tell the system to drop the cached pages of the files."""
    os.sync()
    for path in Path(folder).iterdir():
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure_files_blank(options):
    """Yield time and memory of a fit on 50 million blank rows in sparse files: mostly set-up."""
    with tempfile.TemporaryDirectory() as folder:
        X, y = write_classes(folder, 10_000 if options.quick else N_BLANK, are_blank=True)
        clf = make_classifier(augmentation=LIGHT, batch_size=256, epoch_size=1000)
        clf.fit(X[:1000], np.arange(1000) % 2)  # the first fit imports modules
        yield {"n_images": len(y), **watch(lambda: clf.fit(X, y))}
        yield {"training_cpu": clf.history_[0]["cpu"]}


def measure_memory_mapped(options):
    """Yield time and memory of a fit on one memory-mapped file."""
    n_rows = 100_000 if options.quick else MAPPED_ROWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sketches.npy")
        write_rows(path, n_rows, noisy_rows(n_rows))
        X, y = np.load(path, mmap_mode="r"), np.arange(n_rows) % 10
        clf = make_classifier()
        yield {"n_images": len(X), **watch(lambda: clf.fit(X, y))}
