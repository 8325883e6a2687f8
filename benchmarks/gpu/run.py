"""Measure what a GPU does with the package: ``python -m gpu.run``, some minutes on one GPU.

Training against a loop by hand, step by step and recorded; prediction of many images and of one;
the first epoch; a fit of 50 images; six networks at once; the accuracy of recorded steps. Every
part is written to the results when it is finished, so a run that is cut off leaves what it had.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from _machine import describe_machine, describe_moment
from _settings import LIGHT, make_plain
from _speed_run import make_labeled_sketches
from competition.measure import score
from joblib import Parallel, delayed
from torch.utils.flop_counter import FlopCounterMode

from skquickdraw import CNNClassifier, MobileNetClassifier, ResNetClassifier, recipes
from skquickdraw.datasets import load_competition, make_sketches
from skquickdraw.networks import MobileNetV2, ResNet

from .loop import HandLoop, measure_limits, time_call
from .tables import render_gpu

RESULTS = Path(__file__).parents[1] / "results" / "gpu.json"
IMAGE_SHAPE = (1, 28, 28)
N_CLASSES = 100
NETWORKS = {"ResNet": (ResNetClassifier, ResNet), "MobileNet": (MobileNetClassifier, MobileNetV2)}
BATCH_SIZES = (256, 1024)
N_NETWORKS = 6
JOBS = (1, 2, 3, 6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--quick", action="store_true", help="tiny, to try it out, also on a CPU")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--data", type=Path, help="the competition's folder: the winner too")
    options = parser.parse_args()
    bench = Bench(torch.device(options.device), is_quick=options.quick)
    parts = (
        PARTS if options.data is None else PARTS | {"winner": partial(measure_winner, options.data)}
    )
    result: dict[str, Any] = {**describe_moment(), "machine": describe_machine()}
    result["card"] = describe_card(bench.device)
    for name, part in parts.items():
        started = perf_counter()
        result[name] = part(bench)
        print(f"{name} ({perf_counter() - started:.0f} s): {json.dumps(result[name])}", flush=True)
        options.output.write_text(json.dumps(result, indent=1) + "\n")
    print(render_gpu(result))


def describe_card(device: torch.device) -> dict[str, Any]:
    """Return the device's name, versions, and what it reaches in large products and copies."""
    is_cuda = device.type == "cuda"
    name = torch.cuda.get_device_name(device) if is_cuda else "CPU"
    return {"name": name, "cuda": torch.version.cuda, **measure_limits(device)}


class Bench:
    """What the parts share: images on the host and on the device, and how much to measure."""

    def __init__(self, device: torch.device, *, is_quick: bool) -> None:
        self.device = device
        self.is_quick = is_quick
        self.n_images = 512 if is_quick else 40_960
        self.n_steps = 2 if is_quick else 150
        self.batch_sizes = (64,) if is_quick else BATCH_SIZES
        self.jobs = (1, 2) if is_quick else JOBS
        some, codes = make_labeled_sketches(min(self.n_images, 4096), N_CLASSES)
        n_copies = self.n_images // len(some)
        self.X = np.tile(some.reshape(-1, *IMAGE_SHAPE), (n_copies, 1, 1, 1)).astype(np.uint8)
        self.y = np.tile(codes, n_copies)

    def classifier(self, name: str, **params: Any) -> Any:
        """Return a classifier that does in a step what the loop by hand does."""
        given = {"augmentation": LIGHT, "ema_decay": 0.999, "precision": "bfloat16", **params}
        given |= {"label_smoothing": 0.0, "device": str(self.device), "random_state": 0}
        return make_plain(NETWORKS[name][0], **given)


def measure_training(bench: Bench) -> list[dict[str, Any]]:
    """Return images per second of each network and size of batch, ours and by hand."""
    return [
        measure_pace(bench, name, batch_size)
        for name in NETWORKS
        for batch_size in bench.batch_sizes
    ]


def measure_pace(bench: Bench, name: str, batch_size: int) -> dict[str, Any]:
    n_epochs = 2 + -(-2 * bench.n_steps * batch_size // bench.n_images)
    clf = bench.classifier(name, batch_size=batch_size, max_epochs=n_epochs).fit(bench.X, bench.y)
    epochs = [record["dur"] for record in clf.history_]
    ours = bench.n_images / median(epochs[1:])
    images = torch.as_tensor(bench.X, device=bench.device)
    codes = torch.as_tensor(bench.y, device=bench.device)
    found: dict[str, Any] = {"network": name, "batch_size": batch_size, "ours": round(ours)}
    contenders = {"by_hand": (False, LIGHT)}
    if bench.device.type == "cuda":
        contenders |= {"recorded": (True, LIGHT), "recorded_plain": (True, None)}
    for contender, (is_recorded, augmentation) in contenders.items():
        network = NETWORKS[name][1](IMAGE_SHAPE, N_CLASSES, stem_stride=2)
        loop = HandLoop(
            network,
            images,
            codes,
            batch_size=batch_size,
            augmentation=augmentation,
            is_recorded=is_recorded,
        )
        found[contender] = round(loop.images_per_second(bench.n_steps))
    found["tflops"] = round(ours * flops_of_training(name) / 1e12, 2)
    found["first_epoch_later"] = round(epochs[0] - median(epochs[1:]), 2)
    return found


def flops_of_training(name: str) -> float:
    """Return the operations that an image takes; backwards takes twice those forwards."""
    network = NETWORKS[name][1](IMAGE_SHAPE, N_CLASSES, stem_stride=2).eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(8, *IMAGE_SHAPE))
    return 3 * counter.get_total_flops() / 8


def measure_prediction(bench: Bench) -> dict[str, Any]:
    """Return images per second of many images, and milliseconds of one."""
    return {name: measure_one_prediction(bench, name) for name in NETWORKS}


def measure_one_prediction(bench: Bench, name: str) -> dict[str, Any]:
    clf = bench.classifier(name, max_epochs=1).fit(bench.X[:2048], bench.y[:2048])
    clf.predict(bench.X[:64])  # folds the network
    many = min(time_call(lambda: clf.predict(bench.X), bench.device) for _ in range(3))
    one = [time_call(lambda: clf.predict(bench.X[:1]), bench.device) for _ in range(20)]
    is_same = np.array_equal(clf.predict_proba(bench.X[:1]), clf.predict_proba(bench.X)[:1])
    return {
        "images_per_second": round(bench.n_images / many),
        "one_image_ms": round(1000 * median(one), 3),
        "one_as_among_many": is_same,
    }


def measure_small_fit(bench: Bench) -> dict[str, float]:
    """Return the seconds of a fit of 50 images with the passes of the default, and of one pass."""
    X, y = bench.X[:50], bench.y[:50] % 5

    def fit(**params: Any) -> float:
        clf = ResNetClassifier(device=str(bench.device), random_state=0, **params)
        return time_call(lambda: clf.fit(X, y), bench.device)

    fit(max_epochs=1)
    once = round(fit(max_epochs=1), 2)
    return {"one_pass": once} if bench.is_quick else {"one_pass": once, "default": round(fit(), 2)}


def measure_several(bench: Bench) -> dict[str, float]:
    """Return the seconds that six networks take, so many of them at once, in processes."""
    clf = bench.classifier("ResNet", batch_size=256, max_epochs=max(1, bench.n_steps // 50))
    found = {}
    for n_jobs in bench.jobs:
        with Parallel(n_jobs=n_jobs) as pool:
            pool(delayed(warm_up)(str(bench.device)) for _ in range(n_jobs))
            started = perf_counter()
            pool(delayed(train)(clf, bench.X, bench.y, seed) for seed in range(N_NETWORKS))
            found[str(n_jobs)] = round(perf_counter() - started, 2)
    return found


def warm_up(device: str) -> None:
    """Let a process load what it needs."""
    X, y = make_sketches(64, 2, random_state=0)
    ResNetClassifier(width=0.25, max_epochs=1, device=device).fit(X, y)


def train(clf: Any, X: np.ndarray, y: np.ndarray, seed: int) -> None:
    # Workers are given memory maps, which would be read from the file batch by batch.
    clf.set_params(random_state=seed).fit(np.array(X), np.array(y))


def measure_accuracy(bench: Bench) -> dict[str, list[float]]:
    """Return the scores of three seeds on this device and on the CPU, on new sketches."""
    n_rows, n_passes = (200, 1) if bench.is_quick else (500, 10)
    X, y = make_sketches(n_rows + 2000, 10, random_state=1)

    def score(device: str, seed: int) -> float:
        network = CNNClassifier(max_epochs=n_passes, device=device, random_state=seed)
        return round(network.fit(X[:n_rows], y[:n_rows]).score(X[n_rows:], y[n_rows:]), 4)

    devices = sorted({str(bench.device), "cpu"})
    return {device: [score(device, seed) for seed in range(3)] for device in devices}


def measure_winner(folder: Path, bench: Bench) -> dict[str, Any]:
    """Return the minutes and the scores of ``recipes.ensemble``, from a cold start."""
    data = load_competition(folder)
    clf = recipes.ensemble(class_prior="uniform", random_state=0)
    seconds = time_call(
        lambda: clf.fit(data.data, data.target, X_unlabeled=data.unlabeled), bench.device
    )
    return {"minutes": round(seconds / 60, 2), **score(clf.predict_proba(data.holdout_data), data)}


PARTS: dict[str, Callable[[Bench], Any]] = {
    "training": measure_training,
    "accuracy": measure_accuracy,
    "prediction": measure_prediction,
    "small_fit": measure_small_fit,
    "several": measure_several,
}

if __name__ == "__main__":
    main()
