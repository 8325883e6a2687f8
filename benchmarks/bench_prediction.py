"""Images per second in prediction, against the bare network and against ONNX Runtime.

All predict labels of the same pictures with the same weights in float32, from uint8 rows in memory.
The network as trained, folded and as an ONNX graph each get the batch size that suits them better.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from _settings import make_plain
from _speed_run import (
    begin_result,
    keep_result,
    make_labeled_sketches,
    parse_options,
    print_rates,
)
from _timing import compare, measure_seconds, summarize, take_turns
from torch import nn

from skquickdraw import MobileNetClassifier
from skquickdraw.networks import fold_batch_norm
from skquickdraw.persistence import to_onnx

# Smallest ratios that the package aims for. It folds batch normalisation itself, so it has to be
# faster than the network as trained, and lose little to one that was folded by hand.
TARGETS = {"bare": 1.2, "bare, folded": 0.95}
BATCH_SIZES = (32, 256)
N_CLASSES = 100
N_TRAINED = 512  # enough for statistics; what is predicted does not matter
IMAGE_SHAPE = (1, 28, 28)

Predict = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    options = parse_options(__doc__)
    result = begin_result(options, "onnxruntime")
    result |= measure(512 if options.quick else 4096, options.rounds, options.threads)
    keep_result("prediction", result, options)
    print_rates(result)


def measure(n_images: int, n_rounds: int, n_threads: int) -> dict[str, Any]:
    """Return rates of many pictures in one call, and their ratios."""
    X, y = make_labeled_sketches(n_images, N_CLASSES)
    clf = make_plain(MobileNetClassifier, max_epochs=1, device="cpu", random_state=0)
    clf.fit(X[:N_TRAINED], y[:N_TRAINED])
    in_batches = make_contenders(clf, n_threads)
    sizes = {name: fastest_batch(predict, X[:1024]) for name, predict in in_batches.items()}
    contenders: dict[str, Predict] = {"skquickdraw": clf.predict}
    contenders |= {name: partial(p, batch_size=sizes[name]) for name, p in in_batches.items()}
    check_same_labels(contenders, X[:N_TRAINED])
    seconds = take_turns({name: partial(p, X) for name, p in contenders.items()}, n_rounds)
    rates = {name: [n_images / s for s in values] for name, values in seconds.items()}
    ours = rates["skquickdraw"]
    return {
        "n_images": n_images,
        "batch_sizes": sizes,
        "images_per_second": {name: summarize(values) for name, values in rates.items()},
        "ratios": {name: compare(ours, rates[name]) for name in sizes},
        "targets": TARGETS,
    }


def make_contenders(clf: Any, n_threads: int) -> dict[str, Any]:
    """Return the rivals, as functions of rows and ``batch_size`` that return labels."""
    network = clf.net_.module_.eval()
    return {
        "bare": partial(predict_bare, network),
        "bare, folded": partial(predict_bare, fold_batch_norm(network)),
        "onnxruntime": partial(predict_onnx, open_session(clf, n_threads)),
    }


def predict_bare(network: nn.Module, X: np.ndarray, batch_size: int) -> np.ndarray:
    """Return codes of rows, as one writes it by hand."""
    with torch.inference_mode():
        batches = torch.from_numpy(X).view(-1, *IMAGE_SHAPE).split(batch_size)
        return torch.cat([network(batch.float()).argmax(1) for batch in batches]).numpy()


def open_session(clf: Any, n_threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = n_threads, 1
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.onnx")
        to_onnx(clf, file)
        content = file.read_bytes()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def predict_onnx(session: Any, X: np.ndarray, batch_size: int) -> np.ndarray:
    images = X.reshape(-1, *IMAGE_SHAPE)
    parts = [images[start : start + batch_size] for start in range(0, len(images), batch_size)]
    return np.concatenate([session.run(None, {"images": p})[0].argmax(1) for p in parts])


def fastest_batch(predict: Any, X: np.ndarray) -> int:
    """Return the batch size at which a contender is faster, from the best of three calls each."""
    calls = [partial(predict, X, batch_size=size) for size in BATCH_SIZES]
    seconds = [min(measure_seconds(call) for _ in range(3)) for call in calls]
    return BATCH_SIZES[int(np.argmin(seconds))]


def check_same_labels(contenders: dict[str, Predict], X: np.ndarray) -> None:
    """Stop where a contender does other work: labels may differ by rounding only."""
    labels = {name: predict(X) for name, predict in contenders.items()}
    for name, own in labels.items():
        share = (own == labels["skquickdraw"]).mean()
        if share < 0.99:
            raise SystemExit(f"{name} predicts other labels: only {share:.1%} are the same.")


if __name__ == "__main__":
    main()
