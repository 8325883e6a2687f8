"""Peak memory of a fit on a memory-mapped file that is far larger than it.

    OMP_NUM_THREADS=1 python benchmarks/memory_mapped.py

Writes 6 GB of 28 x 28 pictures into a temporary folder, trains a small network on all of them for
one epoch, and writes results/memory_mapped.json, unless the file is smaller. The peak is the
kernel's count for this process from its start (VmHWM): code, data and every mapped page of a file.
Linux only. Fails where the peak is above 2 GB.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from _machine import describe_machine, describe_moment
from _settings import make_plain

from skquickdraw import CNNClassifier
from skquickdraw.datasets import make_sketches

RESULT = Path(__file__).parent / "results" / "memory_mapped.json"
GIGABYTE = 10**9
FILE_GIGABYTES, LIMIT_GIGABYTES = 6.0, 2.0
N_PIXELS, N_CLASSES = 28 * 28, 10
N_DRAWN = 4096  # different sketches; every copy gets noise of its own
N_SCORED = 50_000

# So small that the run takes minutes: the memory of its activations does not grow with the file.
CLASSIFIER = make_plain(CNNClassifier, width=0.0625, max_epochs=1, device="cpu", random_state=0)


def main() -> None:
    options = parse_options()
    torch.set_num_threads(1)
    n_rows = int(options.gigabytes * GIGABYTE) // N_PIXELS
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        check_space(folder, n_rows * N_PIXELS)
        path = Path(folder, "sketches.npy")
        y = write_sketches(path, n_rows)
        result = {**describe_moment(), "machine": describe_machine(), **measure(path, y)}
    print(json.dumps(result, indent=2))
    if options.gigabytes >= FILE_GIGABYTES:
        RESULT.write_text(json.dumps(result, indent=2) + "\n")
    if result["peak_gb"]["after_fit"] > LIMIT_GIGABYTES:
        raise SystemExit(f"The fit took more than {LIMIT_GIGABYTES} GB.")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=FILE_GIGABYTES)
    parser.add_argument("--folder", help="where to put the file; the system's temporary folder")
    return parser.parse_args()


def check_space(folder: str, n_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < 1.1 * n_bytes:
        raise SystemExit(
            f"{folder} has {free / GIGABYTE:.1f} GB free, {n_bytes / GIGABYTE:.1f} are needed. "
            "Name another place with --folder."
        )


def write_sketches(path: Path, n_rows: int) -> np.ndarray:
    """Write rows that all differ, block by block, and return their labels."""
    drawn, labels = make_sketches(N_DRAWN, N_CLASSES, random_state=0)
    rng = np.random.default_rng(0)
    header = {"descr": "|u1", "fortran_order": False, "shape": (n_rows, N_PIXELS)}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, n_rows, N_DRAWN):
            noise = rng.integers(0, 32, drawn.shape, dtype=np.uint8)
            file.write(np.maximum(drawn, noise)[: n_rows - start])
    return np.resize(labels, n_rows)


def measure(path: Path, y: np.ndarray) -> dict[str, Any]:
    """Fit on the file, and return the peaks of memory before and after with what was done."""
    X = np.load(path, mmap_mode="r")
    before = memory_gigabytes("VmHWM")
    wall, cpu = perf_counter(), process_time()
    clf = CLASSIFIER.fit(X, y)
    wall, cpu = perf_counter() - wall, process_time() - cpu
    after_fit = memory_gigabytes("VmHWM")
    accuracy = clf.score(X[:N_SCORED], y[:N_SCORED])
    return {
        "file_gb": round(X.nbytes / GIGABYTE, 3),
        "n_images": len(X),
        "n_epochs": clf.n_epochs_,
        "peak_gb": {"before_fit": before, "after_fit": after_fit, "limit": LIMIT_GIGABYTES},
        "after_fit_gb": {name: memory_gigabytes(name) for name in ("RssAnon", "RssFile")},
        "fit_seconds": {"wall": round(wall), "cpu": round(cpu)},
        "training_accuracy": round(accuracy, 3),
    }


def memory_gigabytes(name: str) -> float:
    """Return one of the kernel's counts of this process's resident memory."""
    fields = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return round(int(fields[name].split()[0]) * 1024 / GIGABYTE, 3)


if __name__ == "__main__":
    main()
