"""Cost and scores of a fitted estimator; the file of predictions, and the errors in it."""

from pathlib import Path

import joblib
import numpy as np
from common import save
from sklearn.metrics import recall_score

from skquickdraw.metrics import imbalance_report
from skquickdraw.semi_supervised import assign_to_prior

RESULTS = Path(__file__).parent / "results"
PREDICTIONS = RESULTS / "predictions.npz"
# Attributes in which ensembles, students, pipelines and frozen estimators keep fitted estimators.
MEMBERS = ("estimators_", "teachers_", "teacher_", "student_", "estimator_", "steps", "estimator")


def networks_in(estimator):
    """Yield every network that was trained for an estimator, including its teachers."""
    if hasattr(estimator, "net_"):
        yield estimator
    elif isinstance(estimator, list | tuple):  # members, or a pipeline's steps
        for member in estimator:
            yield from networks_in(member)
    else:
        for name in MEMBERS:
            yield from networks_in(getattr(estimator, name, []))


def costs(estimator):
    """Return what the training of all networks took, including those fitted in an earlier run.

    The predictions for pseudo-labels and scores are not counted: they take a few per cent. The
    epochs of a network whose weights another network started from count for both networks.
    """
    networks = list({id(network): network for network in networks_in(estimator)}.values())
    epochs = [epoch for network in networks for epoch in network.history_]
    return {
        "networks": len(networks),
        "cpu_minutes": sum(epoch["cpu"] for epoch in epochs) / 60,
        "images": sum(epoch["n_images"] for epoch in epochs),
        "passes": [len(network.history_) for network in networks],
    }


def growth(estimator, data):
    """Return the scores of the first 1, 2, ... members; an empty list if nothing votes."""
    vote = getattr(estimator, "estimator_", estimator)
    probas = [m.predict_proba(data.holdout_data) for m in getattr(vote, "estimators_", [])]
    totals = np.cumsum(probas, axis=0)
    return [report(data.holdout_target, total.argmax(axis=1), data) for total in totals]


def score(proba, data):
    """Score probabilities of the holdout. ``transductive`` uses the fact that it is balanced."""
    codes = {"scores": proba.argmax(axis=1), "transductive": assign_to_prior(proba)}
    return {name: report(data.holdout_target, own, data) for name, own in codes.items()}


def report(truth, prediction, data):
    """Return balanced accuracy with its standard error, and accuracy of head, medium and tail.

    The standard error covers the random choice of the holdout, but not that of the networks.
    """
    scores = imbalance_report(truth, prediction, y_train=data.target)
    recall = recall_score(truth, prediction, average=None)
    variance = recall * (1 - recall) / np.bincount(truth)
    scores["standard_error"] = np.sqrt(variance.sum()) / len(recall)
    return {name: float(value) for name, value in scores.items()}


def load_predictions(file=PREDICTIONS):
    """Return the predicted labels of each row of the table.

    ``unlabeled`` and ``transductive`` are labels of ``unlabeled.npz``, in its order;
    ``transductive`` uses the fact that this set is balanced. ``holdout`` are those of the holdout.
    """
    if not file.is_file():
        return {}
    with np.load(file) as found:
        arrays = dict(found)
    names = arrays.pop("rows").tolist()
    return {name: {key: a[:, i] for key, a in arrays.items()} for i, name in enumerate(names)}


def keep_predictions(row, unlabeled, holdout, file=PREDICTIONS):
    """Turn the probabilities of a row into labels, and add them to the file, as uint8."""
    own = {
        "unlabeled": unlabeled.argmax(axis=1),
        "transductive": assign_to_prior(unlabeled),
        "holdout": holdout.argmax(axis=1),
    }
    own = {key: labels.astype(np.uint8) for key, labels in own.items()}
    rows = load_predictions(file) | {row: own}
    arrays = {key: np.stack([each[key] for each in rows.values()], axis=1) for key in own}
    np.savez_compressed(file, rows=np.array(list(rows)), **arrays)


def look_at_errors(recipe, data):
    """Write the recall of the larger classes into ``results/errors.json``."""
    label = load_predictions()[recipe]["holdout"].astype(np.int64)
    # Classes are sorted by size. The winner gave his score on the 85 largest.
    is_larger = data.holdout_target < 85
    recall = float((label == data.holdout_target)[is_larger].mean())
    answers = joblib.hash(label)
    save(RESULTS / "errors.json", dict(recipe=recipe, answers=answers, recall_of_the_larger=recall))
