"""With a tenth of the labels: a noisy student, and a network that is shown as many drawings.

A tenth of each class is labeled: 100 drawings of the largest class, 1 of the smallest. The pool is
the test set of the competition. The holdout is used for scores only. The settings of the student
were chosen on other labeled drawings, with one seed.
"""

from skquickdraw import NoisyStudentClassifier, recipes

from .measure import costs, score
from .splits import draw_rows

SHARE = 0.1
TEACHER, STUDENT = 200_000, 400_000  # images shown, about; the control is shown the sum
HOW = {"threshold": 0.0, "class_prior": "uniform", "n_iterations": 1, "unlabeled_label": -1}
ROWS = ("control", "student")


def measure(name, split, options):
    """Fit and score the control or the student, with the seed of the split."""
    data, seed = split.data, split.seed
    rows = draw_rows(data.target, seed, lambda n: max(1, round(SHARE * n)))
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
