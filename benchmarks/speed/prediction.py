"""Prediction of many images and of one, against the bare network and against ONNX Runtime.

All predict labels of the same images with the same weights in float32, from uint8 rows in memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from common import (
    compare,
    compare_rates,
    make_labeled_sketches,
    make_plain,
    measure_seconds,
    summarize,
    take_turns,
)
from torch import nn

from skquickdraw import CNNClassifier, MobileNetClassifier, ResNetClassifier
from skquickdraw.networks import fold_batch_norm
from skquickdraw.persistence import to_onnx

# Smallest ratios that the library aims for. It folds batch normalisation itself, so it has to be
# faster than the network as trained, and lose little to one that was folded by hand.
TARGETS = {"bare": 1.2, "bare, folded": 0.95}
LARGEST_RATIO = 1.5  # of the time for one image to that of the bare network
CLASSIFIERS = {"mobilenet": MobileNetClassifier, "resnet": ResNetClassifier, "cnn": CNNClassifier}
BATCH_SIZES = (32, 256)
N_TRAINED = 512  # enough for statistics; what is predicted does not matter
IMAGE_SHAPE = (1, 28, 28)

Predict = Callable[[np.ndarray], np.ndarray]


def measure_prediction(options: Any) -> Iterator[dict[str, Any]]:
    """Yield rates of many images in one call; each rival has the batch size that suits it."""
    X, y = make_labeled_sketches(512 if options.quick else 4096, 100)
    clf = fit(MobileNetClassifier, X[:N_TRAINED], y[:N_TRAINED])
    rivals = make_rivals(clf, options.threads)
    sizes = {name: fastest_batch(predict, X[:1024]) for name, predict in rivals.items()}
    contenders: dict[str, Predict] = {"skquickdraw": clf.predict}
    contenders |= {name: partial(p, batch_size=sizes[name]) for name, p in rivals.items()}
    for name, predict in contenders.items():  # labels may differ by rounding only
        if (predict(X[:N_TRAINED]) == clf.predict(X[:N_TRAINED])).mean() < 0.99:
            raise SystemExit(f"{name} does other work: it predicts other labels.")
    actions = {name: partial(predict, X) for name, predict in contenders.items()}
    yield {"n_images": len(X), "batch_sizes": sizes}
    yield compare_rates(take_turns(actions, options.rounds), len(X), TARGETS)


def measure_one_image(options: Any) -> Iterator[dict[str, Any]]:
    """Yield milliseconds of one image a call, and of the first call, which folds the network."""
    X, y = make_labeled_sketches(N_TRAINED, 100)
    found = {name: time_one(fit(kind, X, y), X[:1], options) for name, kind in CLASSIFIERS.items()}
    yield {"target": LARGEST_RATIO, "networks": found}


def fit(classifier: type, X: np.ndarray, y: np.ndarray) -> Any:
    return make_plain(classifier, max_epochs=1, device="cpu", random_state=0).fit(X, y)


def time_one(clf: Any, x: np.ndarray, options: Any) -> dict[str, Any]:
    first = measure_seconds(partial(clf.predict, x))
    rivals = make_rivals(clf, options.threads)
    contenders = {name: partial(predict, x, batch_size=1) for name, predict in rivals.items()}
    contenders = {"skquickdraw": partial(clf.predict, x), **contenders}
    seconds = take_turns(contenders, options.rounds, partial(measure_seconds, n_calls=20))
    return {
        "first_ms": round(1000 * first, 1),
        "ms": {name: summarize(1000 * s for s in values) for name, values in seconds.items()},
        "ratios": {name: compare(seconds["skquickdraw"], seconds[name]) for name in rivals},
    }


def make_rivals(clf: Any, n_threads: int) -> dict[str, Any]:
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
        return onnxruntime.InferenceSession(file.read_bytes(), options)


def predict_onnx(session: Any, X: np.ndarray, batch_size: int) -> np.ndarray:
    images = X.reshape(-1, *IMAGE_SHAPE)
    parts = [images[start : start + batch_size] for start in range(0, len(images), batch_size)]
    return np.concatenate([session.run(None, {"images": p})[0].argmax(1) for p in parts])


def fastest_batch(predict: Any, X: np.ndarray) -> int:
    """Return the batch size at which a rival is faster, from the best of three calls each."""
    calls = [partial(predict, X, batch_size=size) for size in BATCH_SIZES]
    seconds = [min(measure_seconds(call) for _ in range(3)) for call in calls]
    return BATCH_SIZES[int(np.argmin(seconds))]
