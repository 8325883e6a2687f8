"""What a GPU does with the library, beside a loop by hand, step by step and as a CUDA graph."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from common import LIGHT, make_labeled_sketches, make_plain
from competition.measure import score
from joblib import Parallel, delayed
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from skquickdraw import CNNClassifier, MobileNetClassifier, ResNetClassifier, recipes
from skquickdraw.datasets import load_competition, make_sketches
from skquickdraw.networks import MobileNetV2, ResNet

from .step import flops_of_training, measure_machine, time_call

IMAGE_SHAPE, N_CLASSES, N_NETWORKS = (1, 28, 28), 100, 6
NETWORKS = {"ResNet": (ResNetClassifier, ResNet), "MobileNet": (MobileNetClassifier, MobileNetV2)}
N_WARM_UP, DECAY = 5, 0.999

Rows = list[dict[str, Any]]


class Bench:
    """Images on the host, and how much to measure."""

    def __init__(self, device: str, *, is_quick: bool) -> None:
        self.device, self.is_quick = device, is_quick
        self.n_steps = 2 if is_quick else 150
        self.batch_sizes, self.jobs = ((64,), (1, 2)) if is_quick else ((256, 1024), (1, 2, 3, 6))
        n_drawn, n_copies = (512, 1) if is_quick else (4096, 10)
        some, codes = make_labeled_sketches(n_drawn, N_CLASSES)
        self.X = np.tile(some.reshape(-1, *IMAGE_SHAPE), (n_copies, 1, 1, 1)).astype(np.uint8)
        self.y = np.tile(codes, n_copies)

    def classifier(self, name: str, **params: Any) -> Any:
        """Return a classifier that does in a step what the loop by hand does."""
        given = {"augmentation": LIGHT, "ema_decay": DECAY, "precision": "bfloat16", **params}
        given |= {"label_smoothing": 0.0, "device": self.device, "random_state": 0}
        return make_plain(NETWORKS[name][0], **given)

    def time(self, action: Any, digits: int = 2) -> float:
        return round(time_call(action, self.device), digits)


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
    clf = bench.classifier(name, batch_size=size, max_epochs=n_epochs).fit(bench.X, bench.y)
    epochs = [record["dur"] for record in clf.history_]
    ours = len(bench.X) / median(epochs[1:])
    row: dict[str, Any] = {"network": name, "batch": size, "skquickdraw": round(ours)}
    contenders = {"by_hand": (False, LIGHT)}
    if bench.device.startswith("cuda"):
        contenders |= {"recorded": (True, LIGHT), "recorded_plain": (True, None)}
    data = [torch.as_tensor(array, device=bench.device) for array in (bench.X, bench.y)]
    for contender, (is_recorded, augmentation) in contenders.items():
        network = NETWORKS[name][1](IMAGE_SHAPE, N_CLASSES, stem_stride=2)
        loop = HandLoop(network, *data, size, augmentation, is_recorded=is_recorded)
        row[contender] = round(loop.images_per_second(bench.n_steps))
    if "recorded" in row:
        row["of_recorded"] = round(ours / row["recorded"], 2)
    network = NETWORKS[name][1](IMAGE_SHAPE, N_CLASSES, stem_stride=2)
    row["TFLOP/s"] = round(ours * flops_of_training(network) / 1e12, 2)
    return row | {"first_epoch_later,_s": round(epochs[0] - median(epochs[1:]), 2)}


class HandLoop:
    """Does what a classifier does in a step: gather, augment, forward, backward, AdamW, average.

    ``images``, uint8 (n, C, H, W), and ``codes`` lie on the device; ``is_recorded`` makes the step
    a CUDA graph.
    """

    def __init__(
        self,
        network: Any,
        images: Tensor,
        codes: Tensor,
        size: int,
        policy: Any,
        *,
        is_recorded: bool,
    ) -> None:
        self.network = network.to(images.device, memory_format=torch.channels_last).train()
        self.average = deepcopy(self.network)
        self.images, self.codes, self.policy = images, codes, policy
        self.generator = torch.Generator().manual_seed(0)
        settings = {"lr": 0.003, "weight_decay": 0.05, "fused": True, "capturable": is_recorded}
        self.optimizer = torch.optim.AdamW(self.network.parameters(), **settings)
        self.batch, self.targets = images[:size].float(), codes[:size].clone()
        self.step = self.record() if is_recorded else self.train_batch

    def images_per_second(self, n_steps: int) -> float:
        """Return the pace of so many steps, after warming up."""
        self.run(N_WARM_UP)
        seconds = time_call(lambda: self.run(n_steps), str(self.images.device))
        return n_steps * len(self.batch) / seconds

    def run(self, n_steps: int) -> None:
        shape = n_steps, len(self.batch)
        all_rows = torch.randint(len(self.images), shape, generator=self.generator)
        for rows in all_rows.to(self.images.device):
            batch = self.images[rows].float()
            self.batch.copy_(self.policy(batch, self.generator) if self.policy else batch)
            self.targets.copy_(self.codes[rows])
            self.step()

    def record(self) -> Any:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(N_WARM_UP):
                self.train_batch()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.train_batch()
        return graph.replay

    def train_batch(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.batch.device.type, torch.bfloat16, cache_enabled=False):
            logits = self.network(self.batch).float()
        cross_entropy(logits, self.targets).backward()
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(floats(self.average), floats(self.network), 1 - DECAY)


def floats(network: nn.Module) -> list[Tensor]:
    """Return what an average of a network averages: weights and statistics."""
    tensors = [*network.parameters(), *network.buffers()]
    return [tensor for tensor in tensors if tensor.is_floating_point()]


def measure_prediction(bench: Bench) -> Rows:
    """Return images per second of many images, and milliseconds of one."""
    rows = []
    for name in NETWORKS:
        clf = bench.classifier(name, max_epochs=1).fit(bench.X[:2048], bench.y[:2048])
        clf.predict(bench.X[:64])  # folds the network
        many = min(bench.time(partial(clf.predict, bench.X), 4) for _ in range(3))
        one = median(bench.time(partial(clf.predict, bench.X[:1]), 6) for _ in range(20))
        is_same = np.array_equal(clf.predict_proba(bench.X[:1]), clf.predict_proba(bench.X)[:1])
        row = {"network": name, "predicted_images_a_second": round(len(bench.X) / many)}
        rows.append(row | {"one_image,_ms": 1000 * one, "one_as_among_many": is_same})
    return rows


def measure_small_fit(bench: Bench) -> Rows:
    """Return the seconds of a fit of 50 images: of one pass, and of the passes of the default."""
    X, y = bench.X[:50], bench.y[:50] % 5
    passes = {"one pass": 1} if bench.is_quick else {"one pass": 1, "default": "auto"}
    make = {"device": bench.device, "random_state": 0}
    ResNetClassifier(max_epochs=1, **make).fit(X, y)  # warms up
    return [
        {
            "a_fit_of_50_images": name,
            "seconds": bench.time(lambda n=n: ResNetClassifier(max_epochs=n, **make).fit(X, y)),
        }
        for name, n in passes.items()
    ]


def measure_several(bench: Bench) -> Rows:
    """Return the seconds that six networks take, so many of them at once, in processes."""
    clf = bench.classifier("ResNet", batch_size=256, max_epochs=max(1, bench.n_steps // 50))
    rows = []
    for n_jobs in bench.jobs:
        with Parallel(n_jobs=n_jobs) as pool:
            pool(delayed(train)(clf, bench.X[:256], bench.y[:256], 0) for _ in range(n_jobs))
            started = perf_counter()
            pool(delayed(train)(clf, bench.X, bench.y, seed) for seed in range(N_NETWORKS))
            seconds = round(perf_counter() - started, 2)
        rows.append({"networks_at_once,_of_six": n_jobs, "seconds": seconds})
    return rows


def train(clf: Any, X: np.ndarray, y: np.ndarray, seed: int) -> None:
    # Workers are given memory maps, which would be read from the file batch by batch.
    clf.set_params(random_state=seed).fit(np.array(X), np.array(y))


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
