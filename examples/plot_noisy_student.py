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
at once. One run of small networks: look at the means, not at single points. ::

    python examples/plot_noisy_student.py [--output FOLDER]
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
from sklearn.frozen import FrozenEstimator

from skquickdraw import NoisyStudentClassifier, ResNetClassifier
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.inspection import RecallByClassSizeDisplay
from skquickdraw.metrics import imbalance_report, per_class_recall

matplotlib.use("Agg")
import matplotlib.pyplot as plt

NAIVE = "threshold 0.4"
PRIOR_AWARE = "uniform prior"
STUDENTS = {
    NAIVE: {"threshold": 0.4, "pseudo_labels": "hard"},
    PRIOR_AWARE: {"threshold": 0.0, "class_prior": "uniform"},
}
STYLES = {
    "teacher": {"color": "0.6", "marker": "o", "linestyle": ":"},
    NAIVE: {"color": "#D55E00", "marker": "s", "linestyle": "--"},
    PRIOR_AWARE: {"color": "#0072B2", "marker": "D", "linestyle": "-"},
}


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
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
    labels = ("right pseudo-labels, share of the class", "recall on the test set")
    for axes, shares, label in zip(panels, (found, recalls), labels, strict=True):
        RecallByClassSizeDisplay(sizes, shares).plot(ax=axes, styles=STYLES)
        axes.set(xlabel="labelled drawings of the class", ylabel=label)
    figure.savefig(path, dpi=130)
    plt.close(figure)


if __name__ == "__main__":
    main()
