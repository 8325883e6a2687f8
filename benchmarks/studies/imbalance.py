"""Imbalanced classes of sketches: remedies, and other classifiers on the features of a network.

Both print scores on a balanced test set of ten classes, for tables of the user guide. ::

    python -m studies.run remedies [--epochs 4] [--seeds 0]
    python -m studies.run heads [--seeds 0 1 2]
"""

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from skquickdraw import DeepFeatureExtractor, PrototypeClassifier, ResNetClassifier
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.losses import LDAM
from skquickdraw.metrics import imbalance_report

SCORES = ["balanced_accuracy", "head", "medium", "tail"]
REMEDIES = {
    "loss='cross_entropy'": {"loss": "cross_entropy"},
    "loss='balanced_softmax'": {},
    "sampling='balanced'": {"sampling": "balanced"},
    "class_weight='balanced'": {"class_weight": "balanced"},
    "class_weight='effective'": {"class_weight": "effective"},
    "loss='focal'": {"loss": "focal"},
    "loss=LDAM(max_margin=2)": {"loss": LDAM(max_margin=2)},
}
# Deliberately poor networks: without augmentation, and with a loss that does not correct for class
# sizes. With balanced sampling they memorise the training set, which makes the effect of
# cross-fitting visible.
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
TREES = {"n_estimators": 50, "class_weight": "balanced", "n_jobs": 1, "verbose": -1}
HEADS = {
    "LDA": LinearDiscriminantAnalysis(**UNIFORM),
    "LDA, shrunk": LinearDiscriminantAnalysis(**UNIFORM, solver="lsqr", shrinkage="auto"),
    "class means": PrototypeClassifier(),
    "LightGBM": LGBMClassifier(**TREES, random_state=0),
}


def measure_remedies(options):
    """Train a network with each remedy, for ``--epochs``, or by default, for "auto" epochs."""
    for seed in options.seeds or [0]:
        X, y, X_test, y_test = make_data((200, 5), seed, 2 * seed, 2 * seed + 1)
        shared = {"width": 0.25, "max_epochs": options.epochs or "auto", "random_state": seed}
        reports = {}
        for name, remedy in REMEDIES.items():
            predicted = ResNetClassifier(**shared, **remedy).fit(X, y).predict(X_test)
            reports[name] = imbalance_report(y_test, predicted, y_train=y)
        show(f"seed {seed}", [reports])


def measure_heads(options):
    """Train heads on plain and on cross-fitted features; scores are means over the seeds."""
    for sampling in (None, "balanced"):
        show(f"sampling={sampling!r}", [score_heads(sampling, s) for s in options.seeds or [0]])


def score_heads(sampling, seed):
    """Return the scores of each head on both kinds of features, and of the network itself."""
    X, y, X_test, y_test = make_data((150, 10), seed, seed, 1000 + seed)
    network = ResNetClassifier(sampling=sampling, **NETWORK)
    extractor = DeepFeatureExtractor(network, cv=5, random_state=seed)
    crossed = extractor.fit_transform(X, y)
    features = {"plain": extractor.transform(X), "cross-fitted": crossed}
    predicted = {("own last layer", ""): extractor.estimator_.predict(X_test)}
    for name, head in HEADS.items():
        for kind, rows in features.items():
            fitted = clone(head).fit(rows, y)
            predicted[name, kind] = fitted.predict(extractor.transform(X_test))
    return {key: imbalance_report(y_test, own, y_train=y) for key, own in predicted.items()}


def make_data(sizes, seed, drawn, tested):
    """Return ten classes of decreasing sizes, and a balanced test set."""
    X, y = make_sketches(10 * sizes[0], 10, random_state=drawn)
    ladder = {"n_max": sizes[0], "n_min": sizes[1], "profile": "exponential"}
    test = make_sketches(1000, 10, random_state=tested)
    return *make_ladder(X, y, **ladder, random_state=seed), *test


def show(title, seeds):
    """Print the scores in percent, as means over the seeds."""
    means = sum(pd.DataFrame(reports).T[SCORES] for reports in seeds) / len(seeds)
    print(f"{title}\n{(100 * means).round(1).to_string()}\n", flush=True)
