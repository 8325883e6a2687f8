"""Unequal classes of sketches: remedies, and other classifiers on the features of a network.

Both print the scores of small networks on a balanced test set of ten classes, for tables of the
user guide. ::

    python -m studies.run remedies [--epochs 4] [--seeds 0]
    python -m studies.run heads [--seeds 0 1 2]
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from skquickdraw import DeepFeatureExtractor, PrototypeClassifier, ResNetClassifier
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
# Networks that are no good ones: nothing is augmented, and the loss does not correct for the sizes
# of the classes. With balanced sampling they memorise the training set, and cross-fitting can show
# what it is for.
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


def measure_remedies(options: Any) -> None:
    """Train a network with each remedy, in passes of its own choice or in ``--epochs``."""
    for seed in options.seeds or [0]:
        X, y, X_test, y_test = make_data((200, 5), seed, 2 * seed, 2 * seed + 1)
        shared = {"width": 0.25, "max_epochs": options.epochs or "auto", "random_state": seed}
        show(f"seed {seed}", "scores", SCORES)
        for name, remedy in REMEDIES.items():
            predicted = ResNetClassifier(**shared, **remedy).fit(X, y).predict(X_test)
            show(name, "", score(y_test, predicted, y))


def measure_heads(options: Any) -> None:
    """Train heads on plain and on cross-fitted features; scores are means over the seeds."""
    for sampling in (None, "balanced"):
        tables = [score_heads(sampling, seed) for seed in options.seeds or [0]]
        show(f"sampling={sampling!r}", "features", SCORES)
        for head, kind in tables[0]:
            show(head, kind, np.mean([table[head, kind] for table in tables], axis=0))


def score_heads(sampling: str | None, seed: int) -> dict[tuple[str, str], Any]:
    """Return the scores of each head and each kind of features, beside the network's own."""
    heads = {
        "LDA": LinearDiscriminantAnalysis(**UNIFORM),
        "LDA, shrunk": LinearDiscriminantAnalysis(**UNIFORM, **SHRUNK),
        "class means": PrototypeClassifier(),
        "LightGBM": LGBMClassifier(**TREES, random_state=0),
    }
    X, y, X_test, y_test = make_data((150, 10), seed, seed, 1000 + seed)
    network = ResNetClassifier(sampling=sampling, **NETWORK)
    extractor = DeepFeatureExtractor(network, cv=5, random_state=seed)
    crossed = extractor.fit_transform(X, y)
    features = {"plain": extractor.transform(X), "cross-fitted": crossed}
    own = extractor.estimator_.predict(X_test)
    scores = {("own last layer", ""): score(y_test, own, y)}
    for name, head in heads.items():
        for kind, rows in features.items():
            predicted = clone(head).fit(rows, y).predict(extractor.transform(X_test))
            scores[name, kind] = score(y_test, predicted, y)
    return scores


def make_data(sizes: tuple[int, int], seed: int, drawn: int, tested: int) -> tuple[np.ndarray, ...]:
    """Return ten classes that fall from one size to another, and a balanced test set."""
    X, y = make_sketches(10 * sizes[0], 10, random_state=drawn)
    ladder = {"n_max": sizes[0], "n_min": sizes[1], "profile": "exponential"}
    test = make_sketches(1000, 10, random_state=tested)
    return *make_ladder(X, y, **ladder, random_state=seed), *test


def score(y_true: Any, y_pred: Any, y_train: Any) -> list[float]:
    report = imbalance_report(y_true, y_pred, y_train=y_train)
    return [report[name] for name in SCORES]


def show(name: str, kind: str, values: Iterable[Any]) -> None:
    cells = (value if isinstance(value, str) else f"{value:.1%}" for value in values)
    print(f"{name:26}{kind:14}{''.join(f'{cell:>19}' for cell in cells)}", flush=True)
