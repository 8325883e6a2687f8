"""Look at the errors of a recipe on the holdout: which pairs it confuses, and what they look like.

    cd benchmarks && python -m competition.errors winner --data ../../shared/quickdraw100

Reads ``results/<recipe>-holdout.npz``, which competition.run wrote. Writes ``results/errors.json``,
and to docs/images competition_errors.png, errors drawn at random, and competition_surest.png, those
of which the recipe is surest.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.metrics import confusion_matrix
from sklearn.utils import Bunch

from skquickdraw.datasets import load_competition

RESULTS = Path(__file__).parent / "results"
IMAGES = Path(__file__).parents[2] / "docs" / "images"
N_PAIRS, ROWS, COLUMNS = 20, 5, 10
N_LARGER = 85


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("--data", required=True, help="folder with train, unlabeled, holdout .npz")
    args = parser.parse_args()
    data = load_competition(args.data)
    with np.load(RESULTS / f"{args.recipe}-holdout.npz") as found:
        label, confidence = found["label"], found["confidence"]
    errors = {
        "recipe": args.recipe,
        "answers": joblib.hash(label),
        "recall_of_the_larger": larger_recall(data.holdout_target, label),
        "pairs": confused_pairs(data, label),
        "calibration": calibration(data.holdout_target == label, confidence),
    }
    (RESULTS / "errors.json").write_text(json.dumps(errors, indent=1) + "\n")
    wrong = np.flatnonzero(label != data.holdout_target)
    at_random = np.random.default_rng(0).permutation(wrong)
    draw_errors(data, label, at_random, IMAGES / "competition_errors.png")
    surest = surest_of_each_class(data, wrong[np.argsort(-confidence[wrong])])
    draw_errors(data, label, surest, IMAGES / "competition_surest.png")


def larger_recall(truth: Any, label: Any) -> float:
    """Return the share of right answers for the classes on which the original's author scored."""
    is_larger = truth < N_LARGER  # classes are in the order of their size
    return float((label == truth)[is_larger].mean())


def confused_pairs(data: Bunch, label: Any) -> list[dict[str, Any]]:
    """Return the pairs of classes that are taken for each other most often, in drawings of each."""
    names = data.target_names
    counts = confusion_matrix(data.holdout_target, label, labels=np.arange(len(names)))
    both = np.triu(counts + counts.T, k=1)
    pairs = np.argsort(both, axis=None)[::-1][:N_PAIRS]
    return [
        {
            "first": str(names[i]),
            "second": str(names[j]),
            "first_as_second": int(counts[i, j]),
            "second_as_first": int(counts[j, i]),
        }
        for i, j in zip(*np.unravel_index(pairs, both.shape), strict=True)
    ]


def calibration(is_right: Any, confidence: Any) -> list[dict[str, float]]:
    """Return how often the recipe is right, by how sure it is."""
    edges = np.array([0, 0.3, 0.5, 0.7, 0.8, 0.9, 1.01])
    group_of = np.digitize(confidence, edges)
    groups = [group_of == i for i in range(1, len(edges))]
    return [
        {
            "from": float(low),
            "share": float(group.mean()),
            "right": float(is_right[group].mean()) if group.any() else float("nan"),
        }
        for low, group in zip(edges[:-1], groups, strict=True)
    ]


def surest_of_each_class(data: Bunch, rows: Any) -> Any:
    """Return the first of these rows in each class, in their order."""
    _, first = np.unique(data.holdout_target[rows], return_index=True)
    return rows[np.sort(first)]


def draw_errors(data: Bunch, label: Any, rows: Any, path: Path) -> None:
    """Draw as many of these rows as there is room for, with what they are and are taken for."""
    import matplotlib.pyplot as plt

    names = data.target_names
    figure, panels = plt.subplots(ROWS, COLUMNS, figsize=(11, 6.6), layout="constrained")
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, row in zip(panels.flat, rows, strict=False):
        image = data.holdout_data[row].reshape(data.image_shape)
        axes.imshow(255 - image, cmap="gray", vmin=0, vmax=255)
        truth = names[data.holdout_target[row]]
        axes.set_title(f"{truth}\nas {names[label[row]]}", fontsize=7)
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main()
