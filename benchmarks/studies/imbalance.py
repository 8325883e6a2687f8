"""Measure remedies for unequal classes, on ten classes of 200 down to 5 sketches.

One small network is trained with each remedy, and scored on a balanced test set: once as it comes,
and once in few passes. The table of the user guide's page on imbalance comes from here. ::

    python -m studies.imbalance [--epochs 4] [--seed 0]
"""

import argparse
from collections.abc import Iterable
from typing import Any

import numpy as np

from skquickdraw import ResNetClassifier
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.losses import LDAM
from skquickdraw.metrics import imbalance_report

SCORES = ("balanced_accuracy", "head", "medium", "tail")
REMEDIES = {
    "loss='cross_entropy'": {"loss": "cross_entropy"},
    "loss='balanced_softmax'": {},
    "sampling='balanced'": {"sampling": "balanced"},
    "class_weight='balanced'": {"class_weight": "balanced"},
    "class_weight='effective'": {"class_weight": "effective"},
    "loss='focal'": {"loss": "focal"},
    "loss=LDAM(max_margin=2)": {"loss": LDAM(max_margin=2)},
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare remedies for unequal classes.")
    parser.add_argument("--epochs", type=float, default="auto", help="passes (default: automatic)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    seed = options.seed
    X, y, X_test, y_test = make_data((200, 5), seed, 2 * seed, 2 * seed + 1)
    shared = {"width": 0.25, "max_epochs": options.epochs, "random_state": seed}
    print(f"{'':26}{'  '.join(SCORES)}")
    for name, remedy in REMEDIES.items():
        predicted = ResNetClassifier(**shared, **remedy).fit(X, y).predict(X_test)
        print(f"{name:26}{show(score(y_test, predicted, y))}")


def make_data(sizes: tuple[int, int], seed: int, drawn: int, tested: int) -> tuple[np.ndarray, ...]:
    """Return ten classes that fall from one size to another, and a balanced test set."""
    X, y = make_sketches(10 * sizes[0], 10, random_state=drawn)
    ladder = {"n_max": sizes[0], "n_min": sizes[1], "profile": "exponential"}
    test = make_sketches(1000, 10, random_state=tested)
    return *make_ladder(X, y, **ladder, random_state=seed), *test


def score(y_true: Any, y_pred: Any, y_train: Any) -> list[float]:
    report = imbalance_report(y_true, y_pred, y_train=y_train)
    return [report[name] for name in SCORES]


def show(scores: Iterable[float]) -> str:
    return "".join(f"{value:8.1%}" for value in scores)


if __name__ == "__main__":
    main()
