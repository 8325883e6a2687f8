"""Measure remedies for unequal classes, on ten classes of 200 down to 5 sketches.

One small network is trained with each remedy, and scored on a balanced test set: once as it comes,
and once in few passes. The table of the user guide's page on imbalance comes from here. ::

    python -m studies.imbalance [--epochs 4] [--seed 0]
"""

import argparse

import numpy as np

from skquickdraw import ResNetClassifier
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.losses import LDAM
from skquickdraw.metrics import imbalance_report

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
    options = parse_options()
    train, test = make_data(options.seed)
    print(f"{'':26}balanced   head  medium   tail")
    for name, remedy in REMEDIES.items():
        y_pred = predict(remedy, train, test[0], options)
        report = imbalance_report(test[1], y_pred, y_train=train[1])
        scores = [report[key] for key in ("balanced_accuracy", "head", "medium", "tail")]
        print(f"{name:26}" + "".join(f"{score:8.1%}" for score in scores))


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare remedies for unequal classes.")
    parser.add_argument("--epochs", type=float, default="auto", help="passes (default: automatic)")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def make_data(seed: int, n_classes: int = 10, n_max: int = 200) -> tuple:
    """Return a training set cut to a ladder, and a balanced test set of other sketches."""
    X, y = make_sketches(n_max * n_classes, n_classes, random_state=2 * seed)
    train = make_ladder(X, y, n_max=n_max, n_min=5, profile="exponential", random_state=seed)
    return train, make_sketches(100 * n_classes, n_classes, random_state=2 * seed + 1)


def predict(
    remedy: dict, train: tuple, X_test: np.ndarray, options: argparse.Namespace
) -> np.ndarray:
    classifier = ResNetClassifier(
        width=0.25, max_epochs=options.epochs, random_state=options.seed, **remedy
    )
    return classifier.fit(*train).predict(X_test)


if __name__ == "__main__":
    main()
