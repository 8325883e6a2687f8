"""How time and memory of a fit grow with pictures, classes, picture size and processes.

Every point is a new process that fits once to warm up and once for the figures, and points take
turns. The network is small, so that what the package does for each picture shows; full-size
networks are measured at one size. Peak memory is the kernel's count since the start of the process
(VmHWM), with code, data and all, and that of worker processes added. Linux only.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import log
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from _settings import LIGHT, make_plain
from _speed_run import begin_result, keep_result, parse_options, print_line
from _timing import Summary, summarize
from joblib.externals.loky import get_reusable_executor
from threadpoolctl import threadpool_limits

import skquickdraw
from skquickdraw import SeedEnsembleClassifier
from skquickdraw.datasets import make_sketches

GIGABYTE = 10**9
N_DRAWN = 512  # different sketches; every copy gets noise of its own
N_WARM_UP = 256
N_MEMBERS = 4  # of the ensemble that is fitted with several processes
BATCH_SIZE = 256  # the default from 4,096 pictures on; fixed, so that only what is named grows
# Largest exponent between neighbouring points, 1 is linear; a tenth for noise. And gigabytes
# beyond the data at the largest number of pictures.
TARGETS = {"exponent": 1.1, "gigabytes": 1.0}


@dataclass(frozen=True)
class Point:
    """One fit. ``n_jobs`` makes it an ensemble's, with one thread a process."""

    n_images: int = 4096
    n_classes: int = 10
    side: int = 28
    n_jobs: int | None = None
    network: str = "CNNClassifier"
    width: float = 0.125


AXES = {
    "pictures": [Point(n_images=n) for n in (1_000, 4_000, 16_000, 64_000, 200_000)],
    "classes": [Point(n_classes=n) for n in (10, 100, 1_000)],
    "pixels": [Point(n_images=2048, side=side) for side in (28, 56, 112)],
    "processes": [Point(n_jobs=n) for n in (1, 2)],
    "network": [
        Point(network=name, width=1.0)
        for name in ("CNNClassifier", "MobileNetClassifier", "ResNetClassifier")
    ],
}
QUICK_AXES = {
    "pictures": [Point(n_images=n) for n in (1_000, 4_000)],
    "classes": [Point(n_images=1_000, n_classes=n) for n in (10, 100)],
    "pixels": [Point(n_images=512, side=side) for side in (28, 56)],
    "processes": [Point(n_images=1_000, n_jobs=n) for n in (1, 2)],
    "network": [Point(n_images=512, network="CNNClassifier", width=1.0)],
}


def main() -> None:
    options = parse_options(__doc__, n_rounds=3)
    result = begin_result(options)
    axes = QUICK_AXES if options.quick else AXES
    result |= {"axes": measure_axes(axes, options.rounds, options.threads), "targets": TARGETS}
    keep_result("growth", result, options)
    print_axes(result["axes"])


def measure_axes(
    axes: dict[str, list[Point]], n_rounds: int, n_threads: int
) -> dict[str, dict[str, Any]]:
    """Return the points of each axis, and how steeply it rises."""
    points = [(axis, point) for axis, own in axes.items() for point in own]
    runs: dict[tuple[str, Point], list[dict[str, float]]] = {key: [] for key in points}
    for _ in range(n_rounds):
        for axis, point in points:
            runs[axis, point].append(run_in_process(point, n_threads))
    return {
        axis: summarize_axis(axis, {point: runs[axis, point] for point in own})
        for axis, own in axes.items()
    }


def run_in_process(point: Point, n_threads: int) -> dict[str, float]:
    """Measure a point in a new process, whose peak of memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure_point, point, n_threads).result()


def measure_point(point: Point, n_threads: int) -> dict[str, float]:
    n_threads = n_threads if point.n_jobs is None else 1
    torch.set_num_threads(n_threads)
    threadpool_limits(n_threads)
    X, y = make_pictures(point)
    model = make_model(point)
    few = slice(0, max(N_WARM_UP, 2 * point.n_classes))
    model.fit(X[few], y[few])
    start = perf_counter()
    model.fit(X, y)
    seconds = perf_counter() - start
    peak = peak_bytes("self") + sum(map(peak_bytes, child_ids()))
    if point.n_jobs is not None:  # else this process would wait minutes for its idle workers
        get_reusable_executor().shutdown(kill_workers=True)
    return {"seconds": seconds, "peak_gb": peak / GIGABYTE, "data_gb": X.nbytes / GIGABYTE}


def make_pictures(point: Point) -> tuple[np.ndarray, np.ndarray]:
    """Return flat pictures that all differ, made block by block to keep the peak low."""
    drawn, _ = make_sketches(N_DRAWN, 50, image_shape=(point.side, point.side), random_state=0)
    rng = np.random.default_rng(0)
    X = np.empty((point.n_images, point.side**2), dtype=np.uint8)
    for start in range(0, len(X), N_DRAWN):
        block = X[start : start + N_DRAWN]
        noise = rng.integers(0, 32, block.shape, dtype=np.uint8)
        np.maximum(drawn[: len(block)], noise, out=block)
    return X, np.arange(len(X)) % point.n_classes


def make_model(point: Point) -> Any:
    clf = make_plain(
        getattr(skquickdraw, point.network),
        width=point.width,
        augmentation=LIGHT,
        batch_size=BATCH_SIZE,
        max_epochs=1,
        device="cpu",
        random_state=0,
    )
    if point.n_jobs is None:
        return clf
    return SeedEnsembleClassifier(clf, N_MEMBERS, n_jobs=point.n_jobs, random_state=0)


def peak_bytes(process: int | str) -> int:
    """Return the most that a process has had in memory so far."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return 1024 * int(fields["VmHWM"].split()[0])


def child_ids() -> list[int]:
    """Return the processes that this one has started and that are still there."""
    files = Path("/proc/self/task").glob("*/children")
    return [int(number) for file in files for number in file.read_text().split()]


def summarize_axis(axis: str, runs: dict[Point, list[dict[str, float]]]) -> dict[str, Any]:
    summaries = [summarize_point(axis, point, own) for point, own in runs.items()]
    result: dict[str, Any] = {"points": summaries}
    if axis != "network":
        result["exponent"] = {
            figure: steepest([(p["x"], p[figure]["median"]) for p in summaries])
            for figure in ("seconds", "peak_gb")
        }
    return result


def summarize_point(axis: str, point: Point, runs: list[dict[str, float]]) -> dict[str, Any]:
    def all_of(figure: str) -> list[float]:
        return [run[figure] for run in runs]

    beyond = [run["peak_gb"] - run["data_gb"] for run in runs]
    figures: dict[str, Summary] = {
        "seconds": summarize(all_of("seconds")),
        "peak_gb": summarize(all_of("peak_gb")),
        "beyond_data_gb": summarize(beyond),
    }
    data = round(median(all_of("data_gb")), 4)
    return {"x": place(axis, point), **asdict(point), **figures, "data_gb": data}


def place(axis: str, point: Point) -> int | str | None:
    """Return where a point lies on its axis; of a picture's size, what counts are its pixels."""
    places = {
        "pictures": point.n_images,
        "classes": point.n_classes,
        "pixels": point.side**2,
        "processes": point.n_jobs,
        "network": point.network,
    }
    return places[axis]


def steepest(curve: list[tuple[float, float]]) -> float:
    """Return the largest exponent between neighbours: 1 is linear growth, 0 is none."""
    steps = pairwise(curve)
    return round(max(log(v / u) / log(b / a) for (a, u), (b, v) in steps), 3)


def print_axes(axes: dict[str, dict[str, Any]]) -> None:
    for axis, content in axes.items():
        print(f"{axis}: exponents {content.get('exponent', 'none')}")
        for point in content["points"]:
            beyond = f"{point['beyond_data_gb']['median']:.2f} GB beyond the data"
            print_line(f"  {point['x']}", point["seconds"], beyond)


if __name__ == "__main__":
    main()
