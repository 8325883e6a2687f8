"""
Three ways to help rare classes
===============================

A classifier that is trained on unequal classes learns, besides the pictures, that some answers
are seldom right. Three parameters take that back: ``sampling`` shows rare classes more often,
``class_weight`` makes their mistakes more expensive, and ``loss`` corrects the logits by the
classes' sizes. The default is the last: the balanced softmax.

Here one small network is trained with each, on the same steep ladder of classes. The plot shows the
recall of each class against the number of its drawings; the grey line is plain cross entropy, which
corrects nothing. One run of small networks: look at the slopes, not at single points. By default
there are many passes; then balanced softmax and balanced sampling are level, and the default will
do. With ``--epochs 4`` rare drawings are not seen often enough, and ``sampling='balanced'`` is
well ahead. ::

    python examples/plot_imbalance.py [--output FOLDER] [--epochs 4]
"""

import argparse
from collections import Counter
from pathlib import Path

import matplotlib
import numpy as np

from skquickdraw import ResNetClassifier
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.losses import LDAM
from skquickdraw.metrics import imbalance_report, per_class_recall

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
    counts = Counter(train[1].tolist())
    sizes = np.array([counts[label] for label in sorted(counts)])

    recalls = {}
    print(f"{'':26}balanced   head  medium   tail")
    for name, remedy in REMEDIES.items():
        y_pred = predict(remedy, train, test[0], options.epochs or "auto")
        recalls[name] = per_class_recall(test[1], y_pred, labels=sorted(counts))
        report = imbalance_report(test[1], y_pred, y_train=train[1])
        scores = [report[key] for key in ("balanced_accuracy", "head", "medium", "tail")]
        print(f"{name:26}" + "".join(f"{score:8.1%}" for score in scores))

    options.output.mkdir(parents=True, exist_ok=True)
    draw(sizes, recalls, options.output / "imbalance.png")


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


def draw(sizes: np.ndarray, recalls: dict[str, np.ndarray], path: Path) -> None:
    """Draw a panel for each remedy, with the untreated network behind it in grey."""
    order = np.argsort(sizes)
    untreated, *remedies = recalls
    figure, panels = plt.subplots(
        2, 3, figsize=(10.5, 6), sharex=True, sharey=True, layout="constrained"
    )
    for axes, name in zip(panels.flat, remedies, strict=True):
        axes.semilogx(sizes[order], recalls[untreated][order], "o-", color="0.75", ms=4)
        axes.semilogx(sizes[order], recalls[name][order], "o-", color="#20366b", ms=4)
        axes.set_title(name, fontsize=10, family="monospace")
        axes.set_ylim(-0.03, 1.03)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.supxlabel("training drawings of the class")
    figure.supylabel("recall of the class")
    figure.savefig(path, dpi=130)
    plt.close(figure)


if __name__ == "__main__":
    main()
