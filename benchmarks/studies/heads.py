"""Measure classifiers on the features of a small network, plain and cross-fitted.

The networks are no good ones: nothing is augmented, and the loss does not correct for the sizes of
the classes. With ``sampling='balanced'`` they memorise the training set, and cross-fitting can show
what it is for. The table of the user guide's page on deep features comes from here. ::

    python -m studies.heads [--repeats 3]
"""

import argparse

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from skquickdraw import DeepFeatureExtractor, PrototypeClassifier, ResNetClassifier
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.metrics import imbalance_report

NETWORKS = {"network left alone": None, "sampling='balanced'": "balanced"}
SCORES = ("balanced_accuracy", "head", "medium", "tail")


def main() -> None:
    options = parse_options()
    for title, sampling in NETWORKS.items():
        tables = []
        for seed in range(options.repeats):
            train, test = make_data(n_classes=10, n_max=150, seed=seed)
            features = extract(make_network(sampling), train, test[0], seed)
            tables.append(score_heads(features, train[1], test[1]))
        print_table(title, tables)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare heads on the features of a network.")
    parser.add_argument("--repeats", type=int, default=1, help="data sets, over which to average")
    return parser.parse_args()


def make_data(n_classes: int, n_max: int, seed: int) -> tuple:
    """Return a training set cut to a ladder, and a balanced test set."""
    X, y = make_sketches(n_max * n_classes, n_classes, random_state=seed)
    train = make_ladder(X, y, n_max=n_max, n_min=10, profile="exponential", random_state=seed)
    return train, make_sketches(100 * n_classes, n_classes, random_state=1000 + seed)


def make_network(sampling: str | None) -> ResNetClassifier:
    return ResNetClassifier(
        width=0.25,
        sampling=sampling,
        loss="cross_entropy",
        augmentation=None,
        label_smoothing=0.1,
        optimizer="adamw",
        ema_decay=None,
        batch_size=64,
        max_epochs=20,
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


def extract(network, train: tuple, X_test: np.ndarray, seed: int) -> dict:
    """Return features of the training rows, plain and cross-fitted, and of the test rows."""
    extractor = DeepFeatureExtractor(network, cv=5, random_state=seed)
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


if __name__ == "__main__":
    main()
