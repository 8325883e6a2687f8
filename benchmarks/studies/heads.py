"""Measure classifiers on the features of a small network, plain and cross-fitted.

The networks are no good ones: nothing is augmented, and the loss does not correct for the sizes of
the classes. With ``sampling='balanced'`` they memorise the training set, and cross-fitting can show
what it is for. The table of the user guide's page on deep features comes from here. ::

    python -m studies.heads [--repeats 3]
"""

import argparse
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from skquickdraw import DeepFeatureExtractor, PrototypeClassifier, ResNetClassifier

from .imbalance import SCORES, make_data, score, show

NETWORKS = {"network left alone": None, "sampling='balanced'": "balanced"}
NETWORK = {
    "width": 0.25,
    "loss": "cross_entropy",
    "augmentation": None,
    "label_smoothing": 0.1,
    "optimizer": "adamw",
    "ema_decay": None,
    "batch_size": 64,
    "max_epochs": 20,
}
UNIFORM = {"priors": np.full(10, 0.1)}  # the test set is balanced
SHRUNK = {"solver": "lsqr", "shrinkage": "auto"}
TREES = {"n_estimators": 50, "class_weight": "balanced", "n_jobs": 1, "verbose": -1}
HEADS = {
    "LDA": LinearDiscriminantAnalysis(**UNIFORM),
    "LDA, shrunk": LinearDiscriminantAnalysis(**UNIFORM, **SHRUNK),
    "class means": PrototypeClassifier(),
    "LightGBM": LGBMClassifier(**TREES, random_state=0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare heads on the features of a network.")
    parser.add_argument("--repeats", type=int, default=1, help="data sets, over which to average")
    options = parser.parse_args()
    for title, sampling in NETWORKS.items():
        tables = [score_heads(sampling, seed) for seed in range(options.repeats)]
        print(f"{title:22}{'features':14}{'  '.join(SCORES)}")
        for head, kind in tables[0]:
            scores = np.mean([table[head, kind] for table in tables], axis=0)
            print(f"{head:22}{kind:14}{show(scores)}")


def score_heads(sampling: str | None, seed: int) -> dict[tuple[str, str], Any]:
    """Return the scores of each head and each kind of features, beside the network's own."""
    X, y, X_test, y_test = make_data((150, 10), seed, seed, 1000 + seed)
    network = ResNetClassifier(sampling=sampling, **NETWORK)
    extractor = DeepFeatureExtractor(network, cv=5, random_state=seed)
    crossed = extractor.fit_transform(X, y)
    features = {"plain": extractor.transform(X), "cross-fitted": crossed}
    own = extractor.estimator_.predict(X_test)
    scores = {("own last layer", ""): score(y_test, own, y)}
    for name, head in HEADS.items():
        for kind, rows in features.items():
            predicted = clone(head).fit(rows, y).predict(extractor.transform(X_test))
            scores[name, kind] = score(y_test, predicted, y)
    return scores


if __name__ == "__main__":
    main()
