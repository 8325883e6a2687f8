"""Drawings a second of CPU time: the rasteriser, strokes drawn live, and training on them.

All on one thread and in process time, so that other programs disturb little. FILE holds drawings in
the simplified format, a line each.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from _machine import describe_machine, describe_moment
from _settings import LIGHT, make_plain
from _timing import compare, summarize, take_turns

from skquickdraw import CNNClassifier, ResNetClassifier
from skquickdraw.augmentation import StrokeAugmentation
from skquickdraw.datasets import pack_strokes, rasterize

RESULT = Path(__file__).parent / "results" / "rasterize.json"
TARGET = 1000  # drawings a second that rasterize aims for, at least
N_POINTS = 128
BATCH = 256


def main() -> None:
    options = parse_options()
    torch.set_num_threads(1)
    drawings = read_drawings(options.file)[: options.drawings]
    result = {**describe_moment(), "machine": describe_machine(), "n_drawings": len(drawings)}
    result |= measure(drawings, options.rounds) | {"target": TARGET}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    for name, rate in result["drawings_per_second"].items():
        print(f"{name:28}{rate['median']:9.0f}{rate['min']:9.0f}{rate['max']:9.0f}")
    for name, ratio in result["strokes_to_pictures"].items():
        print(f"{name} trains {ratio['median']:.2f} x as fast on strokes as on pictures")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="a .ndjson or .ndjson.gz")
    parser.add_argument("--drawings", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=5, help="that count, after one of warm-up")
    return parser.parse_args()


def read_drawings(path: Path) -> list[Any]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        return [json.loads(line)["drawing"] for line in file]


def measure(drawings: list[Any], n_rounds: int) -> dict[str, Any]:
    """Return drawings a second of everything, and how training on strokes compares."""
    seconds = take_turns(make_contenders(drawings), n_rounds, process_time)
    rates = {name: [len(drawings) / s for s in seconds[name]] for name in seconds}
    ratios = {
        name: compare(rates[f"{name}, strokes"], rates[f"{name}, pictures"])
        for name in ("CNN", "ResNet")
    }
    return {
        "drawings_per_second": {name: summarize(values) for name, values in rates.items()},
        "strokes_to_pictures": ratios,
    }


def make_contenders(drawings: list[Any]) -> dict[str, Callable[[], object]]:
    """Return what is timed; labels mean nothing, for only the speed is looked at."""
    strokes, pictures = pack_strokes(drawings, N_POINTS), rasterize(drawings)
    batches = torch.from_numpy(strokes).float().unsqueeze(1).split(BATCH)
    y = np.arange(len(drawings)) % 100
    policy, generator = StrokeAugmentation(then=LIGHT), torch.Generator().manual_seed(0)

    def fit(cls: type, X: np.ndarray, augmentation: Any) -> object:
        settings = {"max_epochs": 1, "batch_size": BATCH, "device": "cpu"}
        return make_plain(cls, augmentation=augmentation, **settings).fit(X, y)

    return {
        "rasterize": lambda: rasterize(drawings),
        "pack_strokes": lambda: pack_strokes(drawings, N_POINTS),
        "strokes as they are": lambda: [policy.ink(batch) for batch in batches],
        "strokes, augmented": lambda: [policy(batch, generator) for batch in batches],
        "CNN, pictures": lambda: fit(CNNClassifier, pictures, LIGHT),
        "CNN, strokes": lambda: fit(CNNClassifier, strokes, policy),
        "ResNet, pictures": lambda: fit(ResNetClassifier, pictures, LIGHT),
        "ResNet, strokes": lambda: fit(ResNetClassifier, strokes, policy),
    }


if __name__ == "__main__":
    main()
