"""
Three ways to help rare classes
===============================

A classifier that is trained on unequal classes learns, besides the pictures, that some answers
are seldom right. Three parameters take that back: ``sampling`` shows rare classes more often,
``class_weight`` makes their mistakes more expensive, and ``loss`` corrects the logits by the
classes' sizes. The default is the last: the balanced softmax.

Here one small network is trained with each, on the same steep ladder of classes. The plot shows the
recall of each class against the number of its drawings, and the means of head, medium and tail; in
grey stands plain cross entropy, which corrects nothing. One run of small networks: look at the
means, not at single points. By default
there are many passes; then balanced softmax and balanced sampling are level, and the default will
do. With ``--epochs 4`` rare drawings are not seen often enough, and ``sampling='balanced'`` is
well ahead. ::

    python examples/plot_imbalance.py [--output FOLDER] [--epochs 4]
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np

from skquickdraw import ResNetClassifier
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.inspection import RecallByClassSizeDisplay
from skquickdraw.losses import LDAM
from skquickdraw.metrics import imbalance_report

matplotlib.use("Agg")
import matplotlib.pyplot as plt

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
    train, test = make_data(
        n_classes=6 if options.quick else 10, n_max=40 if options.quick else 200
    )
    y_pred = {}
    print(f"{'':26}balanced   head  medium   tail")
    for name, remedy in REMEDIES.items():
        y_pred[name] = predict(remedy, train, test[0], options.epochs or "auto")
        report = imbalance_report(test[1], y_pred[name], y_train=train[1])
        scores = [report[key] for key in ("balanced_accuracy", "head", "medium", "tail")]
        print(f"{name:26}" + "".join(f"{score:8.1%}" for score in scores))

    options.output.mkdir(parents=True, exist_ok=True)
    draw(test[1], y_pred, train[1], options.output / "imbalance.png")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare remedies for unequal classes.")
    parser.add_argument("--output", type=Path, default=Path("demo_output"))
    parser.add_argument("--epochs", type=float, help="passes (default: automatic)")
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it runs")
    options = parser.parse_args()
    if options.quick:
        options.epochs = 2
    return options


def make_data(n_classes: int, n_max: int) -> tuple:
    """Return a training set cut to a ladder, and a balanced test set of other sketches."""
    X, y = make_sketches(n_max * n_classes, n_classes, random_state=0)
    train = make_ladder(X, y, n_max=n_max, n_min=5, profile="exponential", random_state=0)
    return train, make_sketches(100 * n_classes, n_classes, random_state=1)


def predict(remedy: dict, train: tuple, X_test: np.ndarray, epochs: float | str) -> np.ndarray:
    classifier = ResNetClassifier(width=0.25, max_epochs=epochs, random_state=0, **remedy)
    return classifier.fit(*train).predict(X_test)


def draw(y_test: np.ndarray, y_pred: dict, y_train: np.ndarray, path: Path) -> None:
    """Draw a panel for each remedy, with the untreated network behind it in grey."""
    untreated, *remedies = y_pred
    figure, panels = plt.subplots(
        2, 3, figsize=(13, 8), sharex=True, sharey=True, layout="constrained"
    )
    for axes, name in zip(panels.flat, remedies, strict=True):
        RecallByClassSizeDisplay.from_predictions(
            y_test,
            {untreated: y_pred[untreated], name: y_pred[name]},
            y_train=y_train,
            ax=axes,
            styles={untreated: {"color": "0.6"}},
        )
        axes.label_outer()
    figure.savefig(path, dpi=130)
    plt.close(figure)


if __name__ == "__main__":
    main()
