"""Few-shot accuracy on classes that were never trained on: relation network, prototypes, pixels.

    OMP_NUM_THREADS=1 python benchmarks/few_shot.py ../shared/quickdraw_rare/simplified.ndjson.gz

Trains on the drawings of 170 classes and plays 5-way episodes on the other 74, the same ones for
all contenders; writes results/few_shot.json, unless the run is shortened. Settings were chosen with
``--split validation``, which trains on the first 140 of the 170 classes and plays on the other 30.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from _machine import describe_machine, describe_moment
from _settings import LIGHT, make_plain

from skquickdraw import PrototypeClassifier, RelationNetworkClassifier, ResNetClassifier
from skquickdraw.datasets import rasterize

RESULT = Path(__file__).parent / "results" / "few_shot.json"
# In the order of np.random.RandomState(0).permutation of the sorted names of the classes.
SPLITS = {
    "test": (slice(0, 170), slice(170, 244)),
    "validation": (slice(0, 140), slice(140, 170)),
}
N_WAY, N_QUERY, SHOTS = 5, 15, (1, 5)
EPISODE_SEED, N_EPISODES = 1, 600

Answer = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # examples, labels, queries

# Both see about 192,000 pictures in training.
RELATION = RelationNetworkClassifier(
    n_way=20,
    n_shot=3,
    n_query=3,
    n_episodes=1600,
    augmentation=LIGHT,
    precision="bfloat16",
    random_state=0,
)
RESNET = make_plain(
    ResNetClassifier,
    width=0.5,
    batch_size=64,
    max_epochs=45,
    augmentation=LIGHT,
    precision="bfloat16",
    random_state=0,
)


def main() -> None:
    options = parse_options()
    torch.set_num_threads(1)
    X, y = load(options.data)
    train, play = split_classes(y, options.split)
    episodes = {shots: draw_episodes(y[play], shots, options.episodes) for shots in SHOTS}
    result = {
        **describe_moment(),
        "machine": describe_machine(),
        "settings": settings(options),
        "contenders": {},
    }
    for name, prepare in CONTENDERS.items():
        start = perf_counter()
        rows, answer = prepare(X[train], y[train], X[play], options.shorten)
        fit_seconds = perf_counter() - start
        scores = {f"{n}-shot": score(rows, y[play], answer, episodes[n], n) for n in SHOTS}
        seconds = {"fit": round(fit_seconds, 1), "all": round(perf_counter() - start, 1)}
        result["contenders"][name] = {**scores, "seconds": seconds}
        print(name, json.dumps(result["contenders"][name]), flush=True)
    if is_full(options):
        RESULT.write_text(json.dumps(result, indent=2) + "\n")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="simplified.ndjson.gz of quickdraw_rare")
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("--episodes", type=int, default=N_EPISODES)
    parser.add_argument("--shorten", type=int, default=1, help="divide the trainings by this")
    return parser.parse_args()


def is_full(options: argparse.Namespace) -> bool:
    """Return whether the result may take the place of the committed one."""
    is_whole = options.episodes == N_EPISODES and options.shorten == 1
    return options.split == "test" and is_whole


def settings(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "split": options.split,
        "n_way": N_WAY,
        "n_query": N_QUERY,
        "n_episodes": options.episodes,
        "shorten": options.shorten,
        "relation_network": parameters(RELATION),
        "resnet": parameters(RESNET),
    }


def parameters(classifier: Any) -> dict[str, str]:
    return {name: str(value) for name, value in classifier.get_params(deep=False).items()}


def load(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures (n, 28, 28), and names of classes."""
    with gzip.open(path, "rt") as file:
        drawings = [json.loads(line) for line in file]
    X = rasterize([drawing["drawing"] for drawing in drawings])
    return X, np.array([drawing["word"] for drawing in drawings])


def split_classes(y: np.ndarray, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows are for training and which for episodes; no class is in both."""
    classes = np.random.RandomState(0).permutation(np.unique(y))
    train, play = (np.isin(y, classes[part]) for part in SPLITS[split])
    return train, play


def draw_episodes(y: np.ndarray, n_shot: int, n_episodes: int) -> np.ndarray:
    """Return rows of shape (n_episodes, 5, n_shot + 15): of each class its examples first."""
    rng = np.random.RandomState(EPISODE_SEED)
    members = [np.flatnonzero(y == label) for label in np.unique(y)]
    n_rows = n_shot + N_QUERY
    return np.array(
        [
            [
                rng.choice(members[i], n_rows, replace=False)
                for i in rng.choice(len(members), N_WAY, replace=False)
            ]
            for _ in range(n_episodes)
        ]
    )


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


def prepare_pixels(
    X: np.ndarray, y: np.ndarray, X_play: np.ndarray, shorten: int
) -> tuple[np.ndarray, Answer]:
    return X_play, nearest_prototype


def prepare_features(
    X: np.ndarray, y: np.ndarray, X_play: np.ndarray, shorten: int
) -> tuple[np.ndarray, Answer]:
    """Train a classifier on the training classes, and keep what its last layer would see."""
    RESNET.set_params(max_epochs=-(-RESNET.max_epochs // shorten)).fit(X, y)
    return RESNET.extract_features(X_play), nearest_prototype


def prepare_relation(
    X: np.ndarray, y: np.ndarray, X_play: np.ndarray, shorten: int
) -> tuple[np.ndarray, Answer]:
    RELATION.set_params(n_episodes=-(-RELATION.n_episodes // shorten)).fit(X, y)
    return X_play, lambda examples, labels, queries: RELATION.adapt(examples, labels).predict(
        queries
    )


def nearest_prototype(examples: np.ndarray, labels: np.ndarray, queries: np.ndarray) -> np.ndarray:
    return PrototypeClassifier().fit(examples, labels).predict(queries)


CONTENDERS = {
    "prototypes of pixels": prepare_pixels,
    "prototypes of ResNet features": prepare_features,
    "relation network": prepare_relation,
}

if __name__ == "__main__":
    main()
