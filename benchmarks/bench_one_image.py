"""Milliseconds of a prediction of one image, against the bare network and against ONNX Runtime.

Each of the package's networks, with the weights of one short fit, in float32, from a uint8 row in
memory. The first call, which folds the network and tries out small batches, is timed apart.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from _settings import make_plain
from _speed_run import (
    begin_result,
    keep_result,
    make_labeled_sketches,
    parse_options,
    print_line,
)
from _timing import compare, measure_seconds, summarize, take_turns
from bench_prediction import N_CLASSES, N_TRAINED, Predict, make_contenders

from skquickdraw import CNNClassifier, MobileNetClassifier, ResNetClassifier

CLASSIFIERS = {
    "mobilenet": MobileNetClassifier,
    "resnet": ResNetClassifier,
    "cnn": CNNClassifier,
}
LARGEST_RATIO = 1.5  # that the package aims for: its time by that of the bare network
N_CALLS = 20


def main() -> None:
    options = parse_options(__doc__, n_rounds=15)
    result = begin_result(options, "onnxruntime")
    X, y = make_labeled_sketches(N_TRAINED, N_CLASSES)
    networks = {
        name: measure(classifier, X, y, options.rounds, options.threads)
        for name, classifier in CLASSIFIERS.items()
    }
    result |= {"networks": networks, "target": LARGEST_RATIO}
    keep_result("one_image", result, options)
    for name, network in networks.items():
        print(f"{name}, ms a call; the first call took {network['first_ms']}:")
        for contender, figures in network["ms"].items():
            ratio = network["ratios"].get(contender)
            note = f"skquickdraw takes {ratio['median']:.2f} x as long" if ratio else ""
            print_line(contender, figures, note)


def measure(
    classifier: type, X: np.ndarray, y: np.ndarray, n_rounds: int, n_threads: int
) -> dict[str, Any]:
    """Return milliseconds a call of each contender, and ratios round by round."""
    clf = make_plain(classifier, max_epochs=1, device="cpu", random_state=0).fit(X, y)
    first = measure_seconds(partial(clf.predict, X[:1]))
    contenders: dict[str, Predict] = {"skquickdraw": clf.predict}
    in_batches = make_contenders(clf, n_threads)
    contenders |= {name: partial(p, batch_size=1) for name, p in in_batches.items()}
    actions = {name: partial(repeat, predict, X[:1]) for name, predict in contenders.items()}
    ms = {
        name: [1000 * s / N_CALLS for s in seconds]
        for name, seconds in take_turns(actions, n_rounds).items()
    }
    return {
        "first_ms": round(1000 * first, 1),
        "ms": {name: summarize(values) for name, values in ms.items()},
        "ratios": {name: compare(ms["skquickdraw"], ms[name]) for name in in_batches},
    }


def repeat(predict: Predict, X: np.ndarray) -> None:
    for _ in range(N_CALLS):
        predict(X)


if __name__ == "__main__":
    main()
