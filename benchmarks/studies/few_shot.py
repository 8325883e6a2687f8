"""Few-shot accuracy on new classes: relation network, prototypes, and prototypes of pixels.

Training uses the drawings of 170 classes. All contenders play the same 5-way episodes on the other
74 classes. Settings were chosen within the 170: training on 140, episodes on 30.
"""

import gzip
import json
from pathlib import Path

import numpy as np
from common import LIGHT, describe_machine, describe_moment, find_data, make_plain, save

from skquickdraw import PrototypeClassifier, RelationNetworkClassifier, ResNetClassifier
from skquickdraw.datasets import rasterize

RESULT = Path(__file__).parent / "results" / "few_shot.json"
N_TRAIN = 170  # classes, in the order of a fixed permutation of their sorted names
N_WAY, N_QUERY, SHOTS = 5, 15, (1, 5)
EPISODE_SEED, N_EPISODES = 1, 600

# Both see about 192,000 images in training.
SHARED = {"augmentation": LIGHT, "precision": "bfloat16", "random_state": 0}
RELATION = RelationNetworkClassifier(n_way=20, n_shot=3, n_query=3, n_episodes=1600, **SHARED)
RESNET = make_plain(ResNetClassifier, width=0.5, batch_size=64, max_epochs=45, **SHARED)


def measure(options):
    """Train all contenders on 170 classes, and score them on the others."""
    with gzip.open(find_data(options.data, "quickdraw_rare/simplified.ndjson.gz"), "rt") as file:
        drawings = [json.loads(line) for line in file]
    X = rasterize([drawing["drawing"] for drawing in drawings])
    y = np.array([drawing["word"] for drawing in drawings])
    classes = np.random.RandomState(0).permutation(np.unique(y))
    is_train = np.isin(y, classes[:N_TRAIN])
    X_play, y_play = X[~is_train], y[~is_train]
    resnet, relation = (model.fit(X[is_train], y[is_train]) for model in (RESNET, RELATION))
    contenders = {
        "prototypes of pixels": (X_play, nearest_prototype),
        "prototypes of ResNet features": (resnet.extract_features(X_play), nearest_prototype),
        "relation network": (X_play, lambda X, y, queries: relation.adapt(X, y).predict(queries)),
    }
    found = {
        name: {f"{n_shot}-shot": score(rows, y_play, answer, n_shot) for n_shot in SHOTS}
        for name, (rows, answer) in contenders.items()
    }
    print(json.dumps(found, indent=1))
    settings = {"n_way": N_WAY, "n_query": N_QUERY, "n_episodes": N_EPISODES}
    result = {**describe_moment(), "machine": describe_machine(), "settings": settings}
    save(RESULT, result | {"contenders": found})


def nearest_prototype(examples, labels, queries):
    return PrototypeClassifier().fit(examples, labels).predict(queries)


def score(rows, y, answer, n_shot):
    """Return the mean accuracy over the episodes, and half of its 95 % interval, in percent.

    The same seed draws the same episodes for all contenders.
    """
    rng = np.random.RandomState(EPISODE_SEED)
    members = [np.flatnonzero(y == label) for label in np.unique(y)]
    accuracies, size = [], n_shot + N_QUERY
    for _ in range(N_EPISODES):
        ways = rng.choice(len(members), N_WAY, replace=False)
        drawn = np.array([rng.choice(members[way], size, replace=False) for way in ways])
        examples, queries = drawn[:, :n_shot].ravel(), drawn[:, n_shot:].ravel()
        labels = answer(rows[examples], y[examples], rows[queries])
        accuracies.append(100 * np.mean(labels == y[queries]))
    half = 1.96 * np.std(accuracies, ddof=1) / np.sqrt(len(accuracies))
    return {"accuracy": round(float(np.mean(accuracies)), 2), "interval": round(float(half), 2)}
