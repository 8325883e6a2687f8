"""
Noisy students of unequal classes
=================================

A teacher learns from a few labelled drawings, of which some classes have far fewer than others,
and labels many more for its student. By confidence alone the rare classes get few of these
pseudo-labels; if it is known that the unlabelled drawings are balanced, ``class_prior='uniform'``
makes the pseudo-labels balanced too.

The left plot shows, for each class, how many of its unlabelled drawings got the right
pseudo-label. The right one shows the recall on a test set, of the teacher and of its two students.
The table adds what the students score where the whole test set, known to be balanced, is labelled
at once. One run of small networks: look at the slopes, not at single points. ::

    python examples/plot_noisy_student.py [--output FOLDER]
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
from sklearn.frozen import FrozenEstimator

from skquickdraw import NoisyStudentClassifier, ResNetClassifier
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.metrics import imbalance_report, per_class_recall

matplotlib.use("Agg")
import matplotlib.pyplot as plt

NAIVE = "threshold 0.4"
PRIOR_AWARE = "uniform prior"
STUDENTS = {
    NAIVE: {"threshold": 0.4, "pseudo_labels": "hard"},
    PRIOR_AWARE: {"threshold": 0.0, "class_prior": "uniform"},
}
COLOURS = {"teacher": "0.6", NAIVE: "#c2571a", PRIOR_AWARE: "#20366b"}


def main() -> None:
    options = parse_options()
    n_classes = 6 if options.quick else 20
    train, pool, test = make_data(
        n_classes, n_max=30 if options.quick else 120, n_pool=20 if options.quick else 150
    )
    network = ResNetClassifier(
        width=0.25, max_epochs=8 if options.quick else "auto", random_state=0
    )
    teacher = network.fit(*train)
    models = {"teacher": teacher}
    for name, how in STUDENTS.items():
        clf = NoisyStudentClassifier(
            FrozenEstimator(teacher), student=network, n_iterations=1, random_state=0, **how
        )
        models[name] = clf.fit(*train, X_unlabeled=pool[0])

    print(f"{'':28}balanced   head  medium   tail")
    for name, model in models.items():
        tell(name, model.predict(test[0]), test[1], train[1])
    for name in STUDENTS:
        together = models[name].predict_transductive(test[0])
        tell(f"{name}, transductive", together, test[1], train[1])

    recalls = {
        name: per_class_recall(test[1], model.predict(test[0]), labels=range(n_classes))
        for name, model in models.items()
    }
    found = {
        name: per_class_recall(
            pool[1], models[name].transduction_[len(train[1]) :], labels=range(n_classes)
        )
        for name in STUDENTS
    }
    options.output.mkdir(parents=True, exist_ok=True)
    sizes = np.bincount(train[1])
    draw(sizes, found, recalls, options.output / "noisy_student.png")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare two ways to choose pseudo-labels.")
    parser.add_argument("--output", type=Path, default=Path("demo_output"))
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it runs")
    return parser.parse_args()


def make_data(n_classes: int, n_max: int, n_pool: int) -> tuple:
    """Return a training set cut to a ladder, and a balanced pool and test set of other sketches."""
    X, y = make_sketches(n_max * n_classes, n_classes, random_state=0)
    train = make_ladder(X, y, n_max=n_max, n_min=4, profile="exponential", random_state=0)
    pool = make_sketches(n_pool * n_classes, n_classes, random_state=1)
    return train, pool, make_sketches(100 * n_classes, n_classes, random_state=2)


def tell(name: str, y_pred: np.ndarray, y_test: np.ndarray, y_train: np.ndarray) -> None:
    report = imbalance_report(y_test, y_pred, y_train=y_train)
    scores = [report[key] for key in ("balanced_accuracy", "head", "medium", "tail")]
    print(f"{name:28}" + "".join(f"{score:8.1%}" for score in scores))


def draw(
    sizes: np.ndarray, found: dict[str, np.ndarray], recalls: dict[str, np.ndarray], path: Path
) -> None:
    order = np.argsort(sizes)
    figure, panels = plt.subplots(
        1, 2, figsize=(10, 4.2), sharex=True, sharey=True, layout="constrained"
    )
    titles = ("right pseudo-labels", "recall on the test set")
    for axes, curves, title in zip(panels, (found, recalls), titles, strict=True):
        for name, values in curves.items():
            style = {"color": COLOURS[name], "label": name, "ms": 4}
            axes.semilogx(sizes[order], values[order], "o-", **style)
        axes.set_title(title, fontsize=11)
        axes.set(xlim=(sizes.min() * 0.9, sizes.max() * 1.1), ylim=(-0.03, 1.03))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xticks([5, 10, 20, 50, 100], labels=["5", "10", "20", "50", "100"])
        axes.minorticks_off()
    handles, names = panels[1].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=3, frameon=False)
    figure.supxlabel("labelled drawings of the class")
    panels[0].set_ylabel("share of the class")
    figure.savefig(path, dpi=130)
    plt.close(figure)


if __name__ == "__main__":
    main()
