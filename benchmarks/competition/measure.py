"""What a fitted estimator cost and scores, the file of predictions, and the errors in it."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from common import save
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import confusion_matrix, recall_score
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch

from skquickdraw.metrics import imbalance_report
from skquickdraw.semi_supervised import assign_to_prior

RESULTS = Path(__file__).parent / "results"
PREDICTIONS = RESULTS / "predictions.npz"
MEMBERS = ("estimators_", "teachers_", "teacher_", "student_", "estimator_")  # of a fitted one
CERTAIN = 2**16 - 1  # stands for a probability of 1
N_PAIRS = 12
N_LARGER = 85
EDGES = (0, 0.3, 0.5, 0.7, 0.8, 0.9, 1)


def networks_in(estimator: Any) -> Iterator[Any]:
    """Yield every network that was trained for an estimator, its teachers' included."""
    if hasattr(estimator, "net_"):
        yield estimator
        return
    if isinstance(estimator, FrozenEstimator):
        inner = [estimator.estimator]
    elif isinstance(estimator, Pipeline):
        inner = [part for _, part in estimator.steps]
    else:
        found = [getattr(estimator, name, []) for name in MEMBERS]
        inner = [m for each in found for m in (each if isinstance(each, list) else [each])]
    for each in inner:
        yield from networks_in(each)


def costs(estimator: Any) -> dict[str, Any]:
    """Return what training took, over all networks, also where it was done in an earlier run.

    Predictions, for pseudo-labels and scores, are not counted: they are a few per cent. A network
    that started from another one's weights has its epochs too, which are counted with both.
    """
    networks = list({id(network): network for network in networks_in(estimator)}.values())
    epochs = [epoch for network in networks for epoch in network.history_]
    return {
        "networks": len(networks),
        "cpu_minutes": sum(epoch["cpu"] for epoch in epochs) / 60,
        "images": sum(epoch["n_images"] for epoch in epochs),
        "passes": [len(network.history_) for network in networks],
        "weights": sum(w.numel() for n in networks for w in n.net_.module_.parameters()),
    }


def growth(estimator: Any, data: Bunch) -> list[dict[str, float]]:
    """Score votes of the first 1, 2, ... members; nothing where no members vote."""
    vote = getattr(estimator, "estimator_", estimator)
    probas = [m.predict_proba(data.holdout_data) for m in getattr(vote, "estimators_", [])]
    totals = np.cumsum(probas, axis=0)
    return [report(data.holdout_target, total.argmax(axis=1), data) for total in totals]


def score(proba: Any, data: Bunch) -> dict[str, Any]:
    """Score probabilities of the holdout; ``transductive`` uses that it is balanced."""
    codes = {"scores": proba.argmax(axis=1), "transductive": assign_to_prior(proba)}
    return {name: report(data.holdout_target, own, data) for name, own in codes.items()}


def report(truth: Any, prediction: Any, data: Bunch) -> dict[str, float]:
    """Return balanced accuracy, that of head, medium and tail, and the first one's standard error.

    The error is that of the holdout being a sample of each class, for these very networks.
    """
    scores = imbalance_report(truth, prediction, y_train=data.target)
    recall = recall_score(truth, prediction, average=None)
    variance = recall * (1 - recall) / np.bincount(truth)
    scores["standard_error"] = np.sqrt(variance.sum()) / len(recall)
    return {name: float(value) for name, value in scores.items()}


def load_predictions(file: Path = PREDICTIONS) -> dict[str, dict[str, Any]]:
    """Return for each row of the table what it says of all drawings.

    ``unlabeled`` and ``transductive`` are labels of ``unlabeled.npz``, in its order, the second
    ones using that the set is balanced; ``holdout`` and ``confidence`` are those of the holdout.
    """
    if not file.is_file():
        return {}
    with np.load(file) as found:
        arrays = dict(found)
    names = arrays.pop("rows").tolist()
    return {name: {key: a[:, i] for key, a in arrays.items()} for i, name in enumerate(names)}


def keep_predictions(row: str, unlabeled: Any, holdout: Any, file: Path = PREDICTIONS) -> None:
    """Write what a row says, as probabilities, beside what others said: labels as uint8."""
    own = {
        "unlabeled": unlabeled.argmax(axis=1),
        "transductive": assign_to_prior(unlabeled),
        "holdout": holdout.argmax(axis=1),
    }
    own = {key: labels.astype(np.uint8) for key, labels in own.items()}
    own["confidence"] = np.round(holdout.max(axis=1) * CERTAIN).astype(np.uint16)
    rows = load_predictions(file) | {row: own}
    arrays = {key: np.stack([each[key] for each in rows.values()], axis=1) for key in own}
    np.savez_compressed(file, rows=np.array(list(rows)), **arrays)


# ---- errors -------------------------------------------------------------------------------------


def look_at_errors(recipe: str, data: Bunch) -> None:
    """Write ``results/errors.json``."""
    found = load_predictions()[recipe]
    label, confidence = found["holdout"].astype(np.int64), found["confidence"] / CERTAIN
    is_right = label == data.holdout_target
    errors = {
        "recipe": recipe,
        "answers": joblib.hash(label),
        # classes are in the order of their size; on these the original's author scored
        "recall_of_the_larger": float(is_right[data.holdout_target < N_LARGER].mean()),
        "pairs": confused_pairs(data, label),
        "calibration": calibration(is_right, confidence),
    }
    save(RESULTS / "errors.json", errors)


def confused_pairs(data: Bunch, label: Any) -> list[dict[str, Any]]:
    """Return the pairs of classes that are taken for each other most often, in drawings of each."""
    names = data.target_names
    counts = confusion_matrix(data.holdout_target, label, labels=np.arange(len(names)))
    both = np.triu(counts + counts.T, k=1)
    pairs = np.unravel_index(np.argsort(both, axis=None)[::-1][:N_PAIRS], both.shape)
    keys = ("first", "second", "first_as_second", "second_as_first")
    rows = zip(names[pairs[0]], names[pairs[1]], counts[pairs], counts[pairs[::-1]], strict=True)
    return [dict(zip(keys, row, strict=True)) for row in rows]


def calibration(is_right: Any, confidence: Any) -> list[dict[str, float]]:
    """Return how often the recipe is right, by how sure it is."""
    rows = []
    for low, high in pairwise(EDGES):
        group = is_right[(confidence >= low) & ((confidence < high) | (high == 1))]
        right = group.mean() if len(group) else np.nan
        rows.append({"from": low, "to": high, "share": len(group) / len(is_right), "right": right})
    return rows
