"""The recipes that are compared, as the tables were measured with them, spelled out.

``skquickdraw.recipes`` has gone on since; rows have to stay what they were.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from common import LIGHT, STRONGER, make_plain
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Bunch

from skquickdraw import (
    DistilledClassifier,
    MobileNetClassifier,
    NoisyStudentClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
)

from . import original

FAST_PASSES, SINGLE_PASSES, STUDENT_PASSES, DISTILLED_PASSES = 12, 14, 10, 10
N_MEMBERS = 4
# What was chosen on the ladder.
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
BEFORE = {"loss": "balanced_softmax", "batch_size": 256, "ema_decay": 0.999, "n_tta": 2}
UNLABELED = {"unlabeled_label": -1}
Options = Any  # of the command line: passes, memory, n_jobs


def fast(seed: Any = None, passes: int = FAST_PASSES) -> ResNetClassifier:
    given = {"augmentation": clone(LIGHT), "width": 0.5, "max_epochs": passes}
    return ResNetClassifier(**CHOSEN, **given, random_state=seed)


def vote(options: Options, seed: Any = None, passes: int = SINGLE_PASSES) -> SeedEnsembleClassifier:
    """Return the vote that teaches the winner: what it is without unlabeled drawings."""
    given = {"augmentation": clone(STRONGER), "width": 1.0, "max_epochs": passes}
    shared = {"n_jobs": options.n_jobs, "memory": options.memory, "random_state": seed}
    return SeedEnsembleClassifier(ResNetClassifier(**CHOSEN, **given), N_MEMBERS, **shared)


def winner(options: Options, teacher: Any, seed: Any = None) -> NoisyStudentClassifier:
    """Return a vote of noisy students, who are told that the classes are balanced."""
    student = vote(options, passes=STUDENT_PASSES)
    labels = {"threshold": 0.0, "class_prior": "uniform", "n_iterations": 1, **UNLABELED}
    return NoisyStudentClassifier(teacher, student=student, **labels, random_state=seed)


def distilled(options: Options, teacher: Any, seed: Any = None) -> DistilledClassifier:
    """Return a MobileNetV2 of 0.3 million weights that a teacher's opinions are taught to."""
    own = {"width": 0.8, "max_epochs": DISTILLED_PASSES, "label_smoothing": 0.1}
    own |= {"weight_decay": 0.05, "augmentation": clone(STRONGER)}
    student = MobileNetClassifier(**(CHOSEN | own))
    shared = {"temperature": 1.0, "memory": options.memory, **UNLABELED}
    return DistilledClassifier(teacher, student, **shared, random_state=seed)


def unlabeled_pool(data: Bunch) -> Any:
    """Return the unlabeled drawings, and the holdout's without their labels."""
    return np.concatenate([data.unlabeled, data.holdout_data])


def fitted_vote(seed: int, options: Options, data: Bunch) -> Any:
    """Fit the vote, or recall it from the memory, where the row of that name has left it."""
    return FrozenEstimator(vote(options, seed).fit(data.data, data.target))


def fitted_winner(seed: int, options: Options, data: Bunch) -> Any:
    made = winner(options, fitted_vote(seed, options, data), seed)
    return FrozenEstimator(made.fit(data.data, data.target, X_unlabeled=unlabeled_pool(data)))


def six(seed: int, options: Options, n_members: int = original.N_MEMBERS) -> Any:
    made = original.six(options.passes or original.N_PASSES, memory=options.memory)
    return made.set_params(n_jobs=options.n_jobs, random_state=seed, n_estimators=n_members)


def one_original(seed: int, options: Options) -> Any:
    made = original.filled("teacher", options.passes or original.N_PASSES)
    seeds = ("augmentingoversampler__random_state", "imageclassifier__random_state")
    return made.set_params(**dict.fromkeys(seeds, seed))


def before(kind: type, **params: Any) -> Callable[[int, Options, Bunch], Any]:
    return lambda seed, options, data: make_plain(kind, random_state=seed, **BEFORE, **params)


ROWS: dict[str, Callable[[int, Options, Bunch], Any]] = {
    "original-single": lambda seed, options, data: one_original(seed, options),
    # Votes of one: the memory keeps the first of the six, and the network of `single`.
    "original-student": lambda seed, options, data: six(seed, options, 1),
    "original-six": lambda seed, options, data: six(seed, options),
    # `fast` in a third of its passes, which the curve of `fast` does not show.
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
# Before the ladder was climbed: single networks, which docs/benchmarks.md shows.
DROPPED = {"dropout": 0.3, "stochastic_depth": 0.1}
SINGLE_NETWORKS = {
    "mobilenet": before(MobileNetClassifier, augmentation=LIGHT, max_epochs=12),
    "resnet": before(ResNetClassifier, augmentation=STRONGER, max_epochs=30, **DROPPED),
}
