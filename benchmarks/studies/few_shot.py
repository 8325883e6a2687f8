"""Few-shot accuracy on classes that were never trained on: relation network, prototypes, pixels.

Trains on the drawings of 170 classes and plays 5-way episodes on the other 74, the same ones for
all contenders. Settings were chosen on classes inside the 170: 140 to train on, 30 to play on.
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import LIGHT, describe_machine, describe_moment, make_plain, need_folder, save
from sklearn.base import clone

from skquickdraw import PrototypeClassifier, RelationNetworkClassifier, ResNetClassifier
from skquickdraw.datasets import rasterize

RESULT = Path(__file__).parent / "results" / "few_shot.json"
N_TRAIN = 170  # classes, in the order of a fixed permutation of their sorted names
N_WAY, N_QUERY, SHOTS = 5, 15, (1, 5)
EPISODE_SEED, N_EPISODES = 1, 600
SHARED = {"augmentation": LIGHT, "precision": "bfloat16", "random_state": 0}

Answer = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # examples, labels, queries

# Both see about 192,000 images in training.
RELATION = RelationNetworkClassifier(n_way=20, n_shot=3, n_query=3, n_episodes=1600, **SHARED)
RESNET = make_plain(ResNetClassifier, width=0.5, batch_size=64, max_epochs=45, **SHARED)


def measure(options: Any) -> None:
    """Train all contenders on some classes, and let them play on the others."""
    folder = need_folder(options.data and Path(options.data, "quickdraw_rare"), "quickdraw_rare")
    with gzip.open(folder / "simplified.ndjson.gz", "rt") as file:
        drawings = [json.loads(line) for line in file]
    X = rasterize([drawing["drawing"] for drawing in drawings])
    y = np.array([drawing["word"] for drawing in drawings])
    classes = np.random.RandomState(0).permutation(np.unique(y))
    is_train = np.isin(y, classes[:N_TRAIN])
    X_play, y_play = X[~is_train], y[~is_train]
    episodes = {shots: draw_episodes(y_play, shots) for shots in SHOTS}
    found: dict[str, Any] = {}
    for name, prepare in CONTENDERS.items():
        rows, answer = prepare(X[is_train], y[is_train], X_play)
        found[name] = {f"{n}-shot": score(rows, y_play, answer, episodes[n], n) for n in SHOTS}
        print(name, json.dumps(found[name]), flush=True)
    settings = {"n_way": N_WAY, "n_query": N_QUERY, "n_episodes": N_EPISODES}
    result = {**describe_moment(), "machine": describe_machine(), "settings": settings}
    save(RESULT, result | {"contenders": found})


def draw_episodes(y: np.ndarray, n_shot: int) -> np.ndarray:
    """Return rows of shape (N_EPISODES, 5, n_shot + 15): of each class its examples first."""
    rng = np.random.RandomState(EPISODE_SEED)
    members = [np.flatnonzero(y == label) for label in np.unique(y)]

    def draw_one() -> list[Any]:
        drawn = rng.choice(len(members), N_WAY, replace=False)
        return [rng.choice(members[i], n_shot + N_QUERY, replace=False) for i in drawn]

    return np.array([draw_one() for _ in range(N_EPISODES)])


def score(
    rows: np.ndarray, y: np.ndarray, answer: Answer, episodes: np.ndarray, n_shot: int
) -> dict[str, float]:
    """Return the mean accuracy over the episodes, and half of its 95 % interval."""
    accuracies = []
    for episode in episodes:
        examples, queries = episode[:, :n_shot].ravel(), episode[:, n_shot:].ravel()
        labels = answer(rows[examples], y[examples], rows[queries])
        accuracies.append(np.mean(labels == y[queries]))
    half = 1.96 * np.std(accuracies, ddof=1) / np.sqrt(len(accuracies))
    return {"accuracy": round(float(np.mean(accuracies)), 4), "interval": round(float(half), 4)}


def nearest_prototype(examples: np.ndarray, labels: np.ndarray, queries: np.ndarray) -> np.ndarray:
    return PrototypeClassifier().fit(examples, labels).predict(queries)


def prepare_features(X: Any, y: Any, X_play: Any) -> tuple[np.ndarray, Answer]:
    """Train a classifier on the training classes, and keep what its last layer would see."""
    return clone(RESNET).fit(X, y).extract_features(X_play), nearest_prototype


def prepare_relation(X: Any, y: Any, X_play: Any) -> tuple[np.ndarray, Answer]:
    relation = clone(RELATION).fit(X, y)
    return X_play, lambda examples, labels, rows: relation.adapt(examples, labels).predict(rows)


CONTENDERS = {
    "prototypes of pixels": lambda X, y, X_play: (X_play, nearest_prototype),
    "prototypes of ResNet features": prepare_features,
    "relation network": prepare_relation,
}
