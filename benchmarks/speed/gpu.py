"""What a GPU does with the library, beside a loop by hand, step by step and as a CUDA graph."""

from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import torch
from common import LIGHT, make_labeled_sketches, make_plain, measure_seconds
from competition.measure import score

from skquickdraw import (
    CNNClassifier,
    MobileNetClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
    recipes,
)
from skquickdraw.datasets import load_competition, make_sketches
from skquickdraw.networks import MobileNetV2, ResNet

from .loops import IMAGE_SHAPE, HandLoop, Recipe
from .training import flops_of_training, measure_machine

N_CLASSES, N_NETWORKS, DECAY = 100, 6, 0.999
NETWORKS = {"ResNet": (ResNetClassifier, ResNet), "MobileNet": (MobileNetClassifier, MobileNetV2)}

Rows = list[dict[str, Any]]


class Bench:
    """Images on the host, and how much to measure."""

    def __init__(self, device: str, *, is_quick: bool) -> None:
        self.device, self.is_quick = device, is_quick
        self.n_steps = 2 if is_quick else 150
        self.batch_sizes, self.jobs = ((64,), (1, 2)) if is_quick else ((256, 1024), (1, 2, 3, 6))
        n_drawn, n_copies = (512, 1) if is_quick else (4096, 10)
        some, codes = make_labeled_sketches(n_drawn, N_CLASSES)
        self.X, self.y = np.tile(some, (n_copies, 1)), np.tile(codes, n_copies)

    def classifier(self, name: str, recipe: Recipe, **params: Any) -> Any:
        """Return a classifier that does in a step what the loop by hand does."""
        given = recipe.params() | {"augmentation": LIGHT, "ema_decay": DECAY, **params}
        return make_plain(NETWORKS[name][0], **given | {"device": self.device})

    def network(self, name: str) -> Any:
        return NETWORKS[name][1](IMAGE_SHAPE, N_CLASSES, stem_stride=2)

    def time(self, action: Any) -> float:
        return measure_seconds(action, device=self.device)


def measure_gpu(options: Any) -> Iterator[dict[str, Any]]:
    """Yield part after part, so that a run that is cut off leaves what it had."""
    bench = Bench(options.device, is_quick=options.quick)
    is_cuda = bench.device.startswith("cuda")
    name = torch.cuda.get_device_name(bench.device) if is_cuda else "CPU"
    limits = measure_machine(10, bench.device, 8192 if is_cuda else 512)
    reached = {"tflops": limits["gflops"] / 1e3, "terabytes": limits["gigabytes"] / 1e3}
    yield {"card": {"name": name, "cuda": torch.version.cuda, **reached}}
    for part, measure in PARTS.items():
        yield {part: measure(bench)}
    if options.data is not None and not bench.is_quick:
        yield {"winner": [measure_winner(load_competition(options.data), bench)]}


def measure_training(bench: Bench) -> Rows:
    """Return images per second of each network and size of batch, ours and by hand."""
    return [measure_pace(bench, name, size) for name in NETWORKS for size in bench.batch_sizes]


def measure_pace(bench: Bench, name: str, size: int) -> dict[str, Any]:
    n_epochs = 2 + -(-2 * bench.n_steps * size // len(bench.X))
    recipe = Recipe(N_CLASSES, size, n_epochs)
    clf = bench.classifier(name, recipe).fit(bench.X, bench.y)
    first, *later = (record["dur"] for record in clf.history_)
    ours = len(bench.X) / median(later)
    row: dict[str, Any] = {"network": name, "batch": size, "skquickdraw": round(ours)}
    contenders: dict[str, dict[str, Any]] = {"by_hand": {}}
    if bench.device.startswith("cuda"):
        recorded = {"is_recorded": True}
        contenders |= {"recorded": recorded, "recorded_plain": recorded | {"policy": None}}
    for contender, how in contenders.items():
        given = {"device": bench.device, "decay": DECAY, **how}
        loop = HandLoop(bench.network(name), bench.X, bench.y, recipe, **given)
        row[contender] = round(loop.images_per_second(bench.n_steps))
    if "recorded" in row:
        row["of_recorded"] = round(ours / row["recorded"], 2)
    row["TFLOP/s"] = round(ours * flops_of_training(bench.network(name)) / 1e12, 2)
    return row | {"first_epoch_later,_s": round(first - median(later), 2)}


def measure_prediction(bench: Bench) -> Rows:
    """Return images per second of many images, and milliseconds of one."""
    rows = []
    for name in NETWORKS:
        clf = bench.classifier(name, Recipe()).fit(bench.X[:2048], bench.y[:2048])
        clf.predict(bench.X[:64])  # folds the network
        many = min(bench.time(partial(clf.predict, bench.X)) for _ in range(3))
        one = median(bench.time(partial(clf.predict, bench.X[:1])) for _ in range(20))
        is_same = np.array_equal(clf.predict_proba(bench.X[:1]), clf.predict_proba(bench.X)[:1])
        row = {"network": name, "predicted_images_a_second": round(len(bench.X) / many)}
        rows.append(row | {"one_image,_ms": round(1e3 * one, 3), "one_as_among_many": is_same})
    return rows


def measure_small_fit(bench: Bench) -> Rows:
    """Return the seconds of a fit of 50 images: of one pass, and of the passes of the default."""
    X, y = bench.X[:50], bench.y[:50] % 5

    def seconds(n_epochs: Any) -> float:
        clf = ResNetClassifier(max_epochs=n_epochs, device=bench.device, random_state=0)
        return round(bench.time(lambda: clf.fit(X, y)), 2)

    seconds(1)  # warms up
    passes = {"one pass": 1} if bench.is_quick else {"one pass": 1, "default": "auto"}
    return [{"a_fit_of_50_images": name, "seconds": seconds(n)} for name, n in passes.items()]


def measure_several(bench: Bench) -> Rows:
    """Return the seconds that six networks take, so many of them at once, in processes."""
    clf = bench.classifier("ResNet", Recipe(n_epochs=max(1, bench.n_steps // 50)))

    def fit(n_jobs: int, n_rows: int | None = None) -> float:
        vote = SeedEnsembleClassifier(clf, N_NETWORKS, n_jobs=n_jobs, random_state=0)
        return round(bench.time(lambda: vote.fit(bench.X[:n_rows], bench.y[:n_rows])), 2)

    rows = []
    for n_jobs in bench.jobs:
        fit(n_jobs, 256)  # starts the processes
        rows.append({"networks_at_once,_of_six": n_jobs, "seconds": fit(n_jobs)})
    return rows


def measure_accuracy(bench: Bench) -> Rows:
    """Return the scores of three seeds on this device and on the CPU, on new sketches."""
    n_rows, n_passes = (200, 1) if bench.is_quick else (500, 10)
    X, y = make_sketches(n_rows + 2000, 10, random_state=1)

    def score(device: str, seed: int) -> str:
        network = CNNClassifier(max_epochs=n_passes, device=device, random_state=seed)
        return f"{network.fit(X[:n_rows], y[:n_rows]).score(X[n_rows:], y[n_rows:]):.1%}"

    devices = sorted({bench.device, "cpu"})
    return [
        {"device": d, "accuracy": ", ".join(score(d, seed) for seed in (0, 1, 2))} for d in devices
    ]


def measure_winner(data: Any, bench: Bench) -> dict[str, Any]:
    """Return the minutes and the scores of ``recipes.ensemble``, from a cold start."""
    clf = recipes.ensemble(class_prior="uniform", random_state=0)
    seconds = bench.time(lambda: clf.fit(data.data, data.target, X_unlabeled=data.unlabeled))
    scores = score(clf.predict_proba(data.holdout_data), data)
    row = {"recipe": "winner", "minutes": round(seconds / 60, 2)}
    return row | {f"accuracy,_{k}": f"{own['balanced_accuracy']:.1%}" for k, own in scores.items()}


PARTS = {
    "training": measure_training,
    "accuracy": measure_accuracy,
    "prediction": measure_prediction,
    "small_fit": measure_small_fit,
    "several": measure_several,
}
