"""The scores of a model, as a dict, as JSON or as a table."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, confusion_matrix

from .._typing import Classifier
from ..metrics import group_recall_score, per_class_recall

N_PAIRS = 5
GROUPS = {
    "head": "the mean recall of the largest third of the classes",
    "medium": "the mean recall of the middle third",
    "tail": "the mean recall of the smallest third, by training images",
}


def score(
    model: Classifier,
    X: NDArray[np.number],
    y: NDArray[np.generic],
    class_counts: dict[str, int] | None,
) -> dict[str, Any]:
    """Return the scores of the model on images with labels, for JSON.

    Parameters
    ----------
    model : fitted classifier
    X : ndarray of n images
    y : ndarray of shape (n,), str
        All of them classes of the model. Without images all scores are None.
    class_counts : dict of str to int, or None
        Training images of each class; None if not known.

    Returns
    -------
    scores : dict
        ``balanced_accuracy``, ``accuracy``, ``head``, ``medium``, ``tail``, ``classes`` and
        ``confused``. The groups are None for fewer than three classes, and if all classes have
        equally many training images.
    """
    names = np.asarray(model.classes_).astype(str)
    guesses = np.asarray(model.predict(X)).astype(str) if len(X) else y
    recalls = _recalls(y, guesses, names)
    seen = recalls[~np.isnan(recalls)]
    return {
        "balanced_accuracy": float(seen.mean()) if len(seen) else None,
        "accuracy": float(accuracy_score(y, guesses)) if len(y) else None,
        **_group_recalls(y, guesses, class_counts),
        "classes": [
            {
                "name": name,
                "training": None if class_counts is None else class_counts[name],
                "scored": int((y == name).sum()),
                "recall": None if np.isnan(recall) else float(recall),
            }
            for name, recall in zip(names.tolist(), recalls, strict=True)
        ],
        "confused": _confused(y, guesses, names),
    }


def print_report(report: dict[str, Any], *, as_json: bool) -> None:
    """Print to stdout what :func:`score` returned, and the rest of the report."""
    if as_json:
        print(json.dumps(report, ensure_ascii=False, allow_nan=False, indent=2))
    else:
        print(*_lines(report), sep="\n")


def _recalls(
    y: NDArray[np.generic], guesses: NDArray[np.generic], names: NDArray[np.generic]
) -> NDArray[np.float64]:
    if not len(y):
        return np.full(len(names), np.nan)
    return per_class_recall(y, guesses, labels=names, unlabeled_label=None)


def _group_recalls(
    y: NDArray[np.generic], guesses: NDArray[np.generic], class_counts: dict[str, int] | None
) -> dict[str, float | None]:
    counts = {} if class_counts is None else class_counts
    if len(counts) < 3 or len(set(counts.values())) == 1 or not len(y):
        return dict.fromkeys(GROUPS)
    found = group_recall_score(y, guesses, class_counts=counts, unlabeled_label=None)
    return {name: None if np.isnan(value) else value for name, value in found.items()}


def _confused(
    y: NDArray[np.generic], guesses: NDArray[np.generic], names: NDArray[np.generic]
) -> list[dict[str, str | int]]:
    """Return the pairs of classes that were confused most often."""
    if not len(y):
        return []
    table = confusion_matrix(y, guesses, labels=names)
    sizes = table.sum(axis=1)
    np.fill_diagonal(table, 0)
    order = np.argsort(-table, axis=None, kind="stable")[:N_PAIRS]
    pairs = [np.unravel_index(cell, table.shape) for cell in order]
    return [
        {
            "true": str(names[i]),
            "predicted": str(names[j]),
            "count": int(table[i, j]),
            "of": int(sizes[i]),
        }
        for i, j in pairs
        if table[i, j]
    ]


def _lines(report: dict[str, Any]) -> list[str]:
    lines = [*_header(report), ""]
    if report["balanced_accuracy"] is not None:
        lines += [*_scores(report), *_pairs(report), ""]
    return [*lines, *_footer(report)]


def _header(report: dict[str, Any]) -> list[str]:
    images = report["images"]
    parts = {"training": "to train on", "held_out": "held out for the score", "scored": "scored"}
    told = [f"{images[key]} {text}" for key, text in parts.items() if images.get(key)]
    lines = [f"images              {', '.join(told)}"]
    if images.get("unlabeled"):
        unused = ", not used: the recipe cannot learn from them, or the time was too short"
        used = "" if images["unlabeled_used"] else unused
        lines.append(f"without a label     {images['unlabeled']}{used}")
    lines.append(f"classes             {_describe_classes(report['classes'])}")
    if "trained" in report:
        lines.append(f"trained             {report['trained']}, {report['minutes']:.1f} minutes")
    return lines


def _describe_classes(classes: list[dict[str, Any]]) -> str:
    counts = [entry["training"] for entry in classes]
    if None in counts:
        return f"{len(classes)}"
    if min(counts) == max(counts):
        return f"{len(classes)}, of {min(counts)} training images each"
    return f"{len(classes)}, of {min(counts)} to {max(counts)} training images"


def _scores(report: dict[str, Any]) -> list[str]:
    rows = [
        ("balanced accuracy", "balanced_accuracy", "the mean recall of all classes"),
        ("accuracy", "accuracy", "the share of all images that are classified correctly"),
        *((f"  {name}", name, text) for name, text in GROUPS.items()),
    ]
    return [
        f"{label:<20}{100 * report[key]:5.1f} %   {text}"
        for label, key, text in rows
        if report[key] is not None
    ]


def _pairs(report: dict[str, Any]) -> list[str]:
    lines = []
    pairs = report["confused"]
    if pairs:
        lines.append("confused most")
    for pair in pairs:
        taken = f"{pair['true']} taken for {pair['predicted']}"
        lines.append(f"  {taken}: {pair['count']} of {pair['of']}")
    unscored = [entry["name"] for entry in report["classes"] if not entry["scored"]]
    if unscored:
        more = f" and {len(unscored) - 5} more" if len(unscored) > 5 else ""
        lines.append(f"not scored          {', '.join(unscored[:5])}{more}: no image to score on")
    return lines


def _footer(report: dict[str, Any]) -> list[str]:
    figures = report["figures"]
    drawn = [f"figures             {', '.join(figures)}"] if figures else []
    return [*_model(report), *drawn]


def _model(report: dict[str, Any]) -> list[str]:
    if "trained_on" not in report:
        return [f"model               {report['model']}"]
    images = report["images"]
    what = f"trained on all {images['training']} images, and not scored"
    if images["held_out"]:
        what = f"trained on {images['training']} images, not on those held out"
    return [f"model               {report['model']}: {what}"]
