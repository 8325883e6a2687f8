"""A noisy student with a tenth of the labels, against a network that is shown as many drawings.

The labeled drawings are a tenth of each class: 100 of the first one, 1 of the last. The pool is the
test set of the competition; the holdout is scored only. How the student learns was decided on
other labeled drawings, with one seed.
"""

import numpy as np

from skquickdraw import NoisyStudentClassifier, recipes

from .measure import costs, score

SHARE = 0.1
TEACHER, STUDENT = 200_000, 400_000  # images shown, about; the control is shown both
HOW = {"threshold": 0.0, "class_prior": "uniform", "n_iterations": 1, "unlabeled_label": -1}
ROWS = ("control", "student")


def measure(name, split, options):
    """Fit and score the control or the student, of one seed."""
    data, seed = split.data, split.seed
    rows = draw_rows(data.target, seed)
    X, y = data.data[rows], data.target[rows]
    if name == "control":
        estimator = network(TEACHER + STUDENT, len(y)).set_params(random_state=seed).fit(X, y)
        return score(estimator.predict_proba(data.holdout_data), data) | costs(estimator)
    student = network(STUDENT, len(y) + len(data.unlabeled))
    noisy = NoisyStudentClassifier(
        network(TEACHER, len(y)), student=student, **HOW, random_state=seed
    ).fit(X, y, X_unlabeled=data.unlabeled)
    teacher = score(noisy.teachers_[0].predict_proba(data.holdout_data), data)
    found = score(noisy.predict_proba(data.holdout_data), data)
    return found | costs(noisy) | {"teacher": teacher["scores"]}


def network(n_images, n_rows):
    return recipes.fast(max_epochs=n_images / n_rows)


def draw_rows(target, seed):
    """Return the positions of the labeled drawings."""
    rng = np.random.default_rng(seed)
    classes = [rng.permutation(np.flatnonzero(target == code)) for code in np.unique(target)]
    return np.concatenate([own[: max(1, round(SHARE * len(own)))] for own in classes])
