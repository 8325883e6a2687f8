"""The recipes of the tables, with all their parameters.

They do not use ``skquickdraw.recipes``, which may change: a row has to stay what was measured.
``options`` are those of the command line: passes, memory, n_jobs.
"""

import numpy as np
from common import LIGHT, STRONGER
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skquickdraw import (
    DistilledClassifier,
    MobileNetClassifier,
    NoisyStudentClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
)

from . import original

N_MEMBERS = 4
# The parameters that were chosen by the study ``ladder`` of splits.py.
CHOSEN = {
    "stem_stride": 2,
    "optimizer": "muon",
    "lr": 0.02,
    "weight_decay": 0.15,
    "loss": "balanced_softmax",
    "label_smoothing": 0.0,
    "ema_decay": 0.999,
    "n_tta": 2,
}


def fast(seed=None, passes=12):
    given = {"augmentation": clone(LIGHT), "width": 0.5, "max_epochs": passes}
    return ResNetClassifier(**CHOSEN, **given, random_state=seed)


def vote(options, seed=None, passes=14):
    """Return the ensemble that teaches the winner; it uses no unlabeled drawings."""
    given = {"augmentation": clone(STRONGER), "width": 1.0, "max_epochs": passes}
    shared = {"n_jobs": options.n_jobs, "memory": options.memory, "random_state": seed}
    return SeedEnsembleClassifier(ResNetClassifier(**CHOSEN, **given), N_MEMBERS, **shared)


def winner(options, teacher, seed=None):
    """Return an ensemble of noisy students; ``class_prior`` says that the pool is balanced."""
    student = vote(options, passes=10)
    labels = {"threshold": 0.0, "class_prior": "uniform", "n_iterations": 1, "unlabeled_label": -1}
    return NoisyStudentClassifier(teacher, student=student, **labels, random_state=seed)


def distilled(options, teacher, seed=None):
    """Return a MobileNetV2 of 0.3 million weights that learns the predictions of a teacher."""
    own = {"width": 0.8, "max_epochs": 10, "label_smoothing": 0.1}
    own |= {"weight_decay": 0.05, "augmentation": clone(STRONGER)}
    student = MobileNetClassifier(**(CHOSEN | own))
    shared = {"temperature": 1.0, "memory": options.memory, "unlabeled_label": -1}
    return DistilledClassifier(teacher, student, **shared, random_state=seed)


def unlabeled_pool(data):
    """Return the unlabeled drawings and those of the holdout, without labels."""
    return np.concatenate([data.unlabeled, data.holdout_data])


def fitted_vote(seed, options, data):
    """Fit the vote, or load it from the memory folder if the row ``vote`` was measured before."""
    return FrozenEstimator(vote(options, seed).fit(data.data, data.target))


def fitted_winner(seed, options, data):
    made = winner(options, fitted_vote(seed, options, data), seed)
    return FrozenEstimator(made.fit(data.data, data.target, X_unlabeled=unlabeled_pool(data)))


def original_vote(seed, options, n_members):
    """Return an ensemble of noisy students, each with its own teacher."""
    student = original.noisy_student(options.passes, options.memory)
    shared = {"n_jobs": options.n_jobs, "memory": options.memory, "random_state": seed}
    return SeedEnsembleClassifier(student, n_members, **shared)


ROWS = {
    "original-single": lambda seed, options, data: original.filled("teacher", options.passes, seed),
    # An ensemble of one, so that the memory folder keeps it as the first of `original-six`; in the
    # same way, `single` is the first of `vote`.
    "original-student": lambda seed, options, data: original_vote(seed, options, 1),
    "original-six": lambda seed, options, data: original_vote(seed, options, original.N_MEMBERS),
    # `fast` with a third of its passes. The curve of `fast` does not show this score, because the
    # learning rate falls over all passes.
    "fast-4": lambda seed, options, data: fast(seed, passes=4),
    "fast": lambda seed, options, data: fast(seed),
    "single": lambda seed, options, data: vote(options, seed).set_params(n_estimators=1),
    "vote": lambda seed, options, data: vote(options, seed),
    "winner": lambda seed, options, data: winner(options, fitted_vote(seed, options, data), seed),
    "distilled": lambda seed, options, data: distilled(
        options, fitted_winner(seed, options, data), seed
    ),
}
UNLABELED_TOO = {"original-student", "original-six", "winner", "distilled"}
