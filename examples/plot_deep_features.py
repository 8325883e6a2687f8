"""
Other heads on deep features
============================

The last layer of a network is a plain linear classifier, learned together with all the others and
on the same unequal classes. :class:`~skquickdraw.DeepFeatureExtractor` takes it off, and any other
estimator can take its place. Here a small network is trained on a steep ladder of classes, and
several heads are put on what it sees.

The network has seen the training drawings, and knows them better than new ones. With ``cv=5`` the
heads are trained on features of networks that left the drawing out. That pays where the network has
memorised its training set, as one does that is shown the rare classes over and over, and costs
where it has hardly learned them. So the networks here are no good ones: nothing is augmented, and
the loss does not correct for the sizes of the classes, as it does by default. The plot shows the
first of these: all panels have the same axes, a linear discriminant projection of the training
features. ::

    python examples/plot_deep_features.py [--output FOLDER] [--repeats 3]
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from skquickdraw import DeepFeatureExtractor, PrototypeClassifier, ResNetClassifier
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.metrics import imbalance_report

matplotlib.use("Agg")
import matplotlib.pyplot as plt

NETWORKS = {"network left alone": None, "sampling='balanced'": "balanced"}
SCORES = ("balanced_accuracy", "head", "medium", "tail")


def main() -> None:
    options = parse_options()
    options.output.mkdir(parents=True, exist_ok=True)
    size = {"n_classes": 6, "n_max": 40} if options.quick else {"n_classes": 10, "n_max": 150}
    for title, sampling in NETWORKS.items():
        network = make_network(sampling, max_epochs=2 if options.quick else 20)
        tables = []
        for seed in range(options.repeats):
            train, test, names = make_data(**size, seed=seed)
            features = extract(network, train, test[0], seed, n_folds=2 if options.quick else 5)
            tables.append(score_heads(features, train[1], test[1]))
            if sampling == "balanced" and seed == 0:
                draw(features, train[1], test[1], names, options.output / "deep_features.png")
        print_table(title, tables)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare heads on the features of a network.")
    parser.add_argument("--output", type=Path, default=Path("demo_output"))
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it runs")
    parser.add_argument("--repeats", type=int, default=1, help="data sets, over which to average")
    return parser.parse_args()


def make_data(n_classes: int, n_max: int, seed: int) -> tuple:
    """Return a training set cut to a ladder, a balanced test set, and the classes' names."""
    X, y, names = make_sketches(n_max * n_classes, n_classes, random_state=seed, return_names=True)
    train = make_ladder(X, y, n_max=n_max, n_min=10, profile="exponential", random_state=seed)
    return train, make_sketches(100 * n_classes, n_classes, random_state=1000 + seed), names


def make_network(sampling: str | None, max_epochs: int) -> ResNetClassifier:
    return ResNetClassifier(
        width=0.25,
        sampling=sampling,
        loss="cross_entropy",
        augmentation=None,
        label_smoothing=0.1,
        optimizer="adamw",
        ema_decay=None,
        batch_size=64,
        max_epochs=max_epochs,
    )


def make_heads(n_classes: int) -> dict:
    """Return classifiers that hold all classes for equally likely, as the test set does."""
    uniform = np.full(n_classes, 1 / n_classes)
    return {
        "LDA": LinearDiscriminantAnalysis(priors=uniform),
        "LDA, shrunk": LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=uniform),
        "class means": PrototypeClassifier(),
        "LightGBM": LGBMClassifier(
            n_estimators=50, class_weight="balanced", n_jobs=1, verbose=-1, random_state=0
        ),
    }


def extract(network, train: tuple, X_test: np.ndarray, seed: int, n_folds: int) -> dict:
    """Return features of the training rows, plain and cross-fitted, and of the test rows."""
    extractor = DeepFeatureExtractor(network, cv=n_folds, random_state=seed)
    crossed = extractor.fit_transform(*train)
    return {
        "plain": extractor.transform(train[0]),
        "cross-fitted": crossed,
        "test": extractor.transform(X_test),
        "own answer": extractor.estimator_.predict(X_test),
    }


def score_heads(features: dict, y_train: np.ndarray, y_test: np.ndarray) -> dict:
    """Return the scores of each head and each kind of features, beside the network's own."""
    answers = {("own last layer", ""): features["own answer"]}
    for name, head in make_heads(len(np.unique(y_train))).items():
        for kind in ("plain", "cross-fitted"):
            fitted = clone(head).fit(features[kind], y_train)
            answers[name, kind] = fitted.predict(features["test"])
    reports = {
        row: imbalance_report(y_test, answer, y_train=y_train) for row, answer in answers.items()
    }
    return {row: [report[score] for score in SCORES] for row, report in reports.items()}


def print_table(title: str, tables: list[dict]) -> None:
    print(f"{title:22}{'features':14}balanced   head  medium   tail")
    for row in tables[0]:
        scores = np.mean([table[row] for table in tables], axis=0)
        print(f"{row[0]:22}{row[1]:14}" + "".join(f"{score:8.1%}" for score in scores))


def draw(features: dict, y_train: np.ndarray, y_test: np.ndarray, names, path: Path) -> None:
    """Draw the same projection of training rows, cross-fitted training rows, and test rows."""
    projection = LinearDiscriminantAnalysis(n_components=2).fit(features["plain"], y_train)
    panels = {
        "training drawings, plain": (features["plain"], y_train),
        "training drawings, cross-fitted": (features["cross-fitted"], y_train),
        "new drawings": (features["test"], y_test),
    }
    figure, axes = plt.subplots(
        1, 3, figsize=(12, 4.6), sharex=True, sharey=True, layout="constrained"
    )
    colours = plt.get_cmap("tab10").colors
    for ax, (title, (rows, y)) in zip(axes, panels.items(), strict=True):
        points = projection.transform(rows)
        for label in np.unique(y):
            of_class = points[y == label]
            ax.scatter(*of_class.T, s=12, alpha=0.7, lw=0, color=colours[label], label=names[label])
        ax.set_title(title, fontsize=11)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_color("0.7")
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=len(names),
        frameon=False,
        markerscale=2,
        handletextpad=0,
    )
    figure.savefig(path, dpi=130)
    plt.close(figure)


if __name__ == "__main__":
    main()
