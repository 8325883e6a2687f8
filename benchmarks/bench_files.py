"""Training from a folder of files that is larger than memory may cache, against an array.

    OMP_NUM_THREADS=1 python benchmarks/bench_files.py

Writes files of 28 x 28 images into a temporary folder, one file a class, and trains a small network
on them by epochs of a fixed size, in turns with the same network on an array in memory. Before
every epoch from files, the system is told to forget what it has cached of them (posix_fadvise), so
that rows come from the disk. Where memory is limited from outside, as by a control group, it cannot
cache more than that either. Writes results/files.json. With --blank the files are sparse, and only
the set-up and the memory of a fit on 50 million rows are looked at. Linux only.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
from _settings import LIGHT, make_plain
from _speed_run import begin_result, keep_result, parse_options, print_line
from _timing import compare, summarize
from memory_mapped import GIGABYTE, N_DRAWN, N_PIXELS, check_space, memory_gigabytes

from skquickdraw import CNNClassifier
from skquickdraw.datasets import load_quickdraw, make_sketches

TARGETS = {"pace": 0.9, "resident_gb": 2.0}
N_CLASSES = 345  # as many as Quick, Draw! has
QUICK_GIGABYTES, QUICK_EPOCH = 0.1, 10_000


def main() -> None:
    """Measure what the options ask for."""
    options = parse_options(__doc__, n_rounds=7, add=add_options)
    if options.quick:
        options.gigabytes, options.epoch = QUICK_GIGABYTES, QUICK_EPOCH
    result = begin_result(options)
    if options.blank:
        return measure_blank(options, result)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        n_rows = int(options.gigabytes * GIGABYTE) // N_PIXELS
        check_space(folder, n_rows * N_PIXELS)
        write_classes(Path(folder), n_rows)
        result["cache_limit_gb"] = cache_limit()
        result |= measure(folder, options.epoch, options.rounds)
    keep_result("files", result, options)
    print_result(result)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(threads=1)
    parser.add_argument("--gigabytes", type=float, default=7.0)
    parser.add_argument("--epoch", type=int, default=100_000, help="images an epoch")
    parser.add_argument(
        "--blank", action="store_true", help="the set-up of a fit on many blank rows"
    )
    parser.add_argument("--rows", type=int, default=50_000_000, help="of the blank ones")
    parser.add_argument("--folder", help="where to put the files; the system's temporary folder")


def write_classes(folder: Path, n_rows: int) -> None:
    """Write rows that all differ, and classes of unequal size."""
    drawn, _ = make_sketches(N_DRAWN, 50, random_state=0)
    rng = np.random.default_rng(0)
    shares = rng.uniform(0.8, 1.2, N_CLASSES)
    for i, n in enumerate((shares / shares.sum() * n_rows).astype(int).tolist()):
        noise = rng.integers(0, 32, (n, N_PIXELS), dtype=np.uint8)
        np.save(folder / f"class {i:03}.npy", np.maximum(drawn[rng.integers(0, N_DRAWN, n)], noise))


def measure_blank(options: argparse.Namespace, result: dict[str, Any]) -> None:
    """Fit for one short epoch on sparse files, which read as zeros, and keep what that took."""
    n_rows = 10_000 if options.quick else options.rows
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for i in range(N_CLASSES):
            n = n_rows // N_CLASSES + (i < n_rows % N_CLASSES)
            header = {"descr": "|u1", "fortran_order": False, "shape": (n, N_PIXELS)}
            with open(Path(folder, f"class {i:03}.npy"), "wb") as file:
                np.lib.format.write_array_header_1_0(file, header)
                file.truncate(file.tell() + n * N_PIXELS)
        X, y = load_quickdraw(folder, mmap=True, return_X_y=True)
        make_classifier(1000).fit(X[:1000], np.arange(1000) % 2)  # loads what a fit needs
        before, wall, cpu = memory_gigabytes("VmHWM"), perf_counter(), process_time()
        clf = make_classifier(1000).fit(X, y)
        result |= {
            "n_images": len(y),
            "fit_seconds": {
                "wall": round(perf_counter() - wall, 2),
                "cpu": round(process_time() - cpu, 2),
                "training_cpu": round(clf.history_[0]["cpu"], 2),
            },
            "resident_gb": {"before_fit": before, "peak": memory_gigabytes("VmHWM")},
        }
    keep_result("files_blank", result, options)
    print(result["fit_seconds"], result["resident_gb"])


def measure(folder: str, epoch_size: int, n_rounds: int) -> dict[str, Any]:
    """Train one epoch of each in turns, and return rates and the peak of memory."""
    started = perf_counter()
    data = load_quickdraw(folder, mmap=True)
    seconds_to_map = perf_counter() - started
    subset = np.linspace(0, len(data.target) - 1, epoch_size).astype(int)
    trained, before = {}, memory_gigabytes("VmHWM")
    trained["files"] = make_classifier(epoch_size), data.data, data.target
    seconds: dict[str, list[Any]] = {"files": [], "memory": []}
    for i in range(n_rounds + 1):  # the first one warms up
        forget(folder)
        times = {"files": time_epoch(*trained["files"])}
        if i == 0:
            peak = memory_gigabytes("VmHWM")  # before the array is there
            array = np.asarray(data.data[subset])
            trained["memory"] = make_classifier(epoch_size), array, data.target[subset]
        times["memory"] = time_epoch(*trained["memory"])
        for name in seconds if i else ():
            seconds[name].append(times[name])
    rates = {
        name: {
            clock: [epoch_size / s[k] for s in values] for k, clock in enumerate(("wall", "cpu"))
        }
        for name, values in seconds.items()
    }
    return {
        "file_gb": round(len(data.target) * N_PIXELS / GIGABYTE, 3),
        "n_files": N_CLASSES,
        "n_images": len(data.target),
        "epoch_size": epoch_size,
        "seconds_to_map": round(seconds_to_map, 2),
        "images_per_second": {
            name: {clock: summarize(values) for clock, values in own.items()}
            for name, own in rates.items()
        },
        "pace": {
            clock: compare(rates["files"][clock], rates["memory"][clock])
            for clock in ("wall", "cpu")
        },
        "targets": TARGETS,
        "resident_gb": {"before_fit": before, "peak": peak},
    }


def make_classifier(epoch_size: int) -> CNNClassifier:
    """Return a classifier that trains for one epoch."""
    return make_plain(
        CNNClassifier,
        width=0.0625,  # a fast one, which needs many images a second
        augmentation=LIGHT,
        batch_size=256,
        max_epochs=1,
        epoch_size=epoch_size,
        device="cpu",
        random_state=0,
    )


def time_epoch(clf: CNNClassifier, X: Any, y: np.ndarray) -> tuple[float, float]:
    """Return wall and CPU seconds of the epoch of a fit."""
    (record,) = clf.fit(X, y).history_
    return record["dur"], record["cpu"]


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


def forget(folder: str) -> None:
    """Let the system drop what it has cached of the files."""
    os.sync()
    for path in Path(folder).iterdir():
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def print_result(result: dict[str, Any]) -> None:
    for name, rates in result["images_per_second"].items():
        for clock, rate in rates.items():
            print_line(f"{name}, images a {clock} second", rate)
    for clock, pace in result["pace"].items():
        print_line(f"files / memory, {clock}", pace, f"(target {TARGETS['pace']:g})")
    print(f"Peak of resident memory: {result['resident_gb']['peak']:.2f} GB")


if __name__ == "__main__":
    main()
