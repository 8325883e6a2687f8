"""The recipes that are compared, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Bunch

from skquickdraw import SeedEnsembleClassifier

from . import original, settings

Options = Any  # of the command line: passes, memory, n_jobs


def unlabeled_pool(data: Bunch) -> Any:
    """Return the unlabeled drawings, and the holdout's without their labels."""
    return np.concatenate([data.unlabeled, data.holdout_data])


def original_single(seed: int, options: Options, data: Bunch) -> Any:
    recipe = original.single(options.passes or original.N_PASSES)
    return recipe.set_params(
        augmentingoversampler__random_state=seed, originalclassifier__random_state=seed
    )


def original_student(seed: int, options: Options, data: Bunch) -> Any:
    """Return a vote of one: the first of the six, which the memory keeps for their vote."""
    return original_six(seed, options, data).set_params(n_estimators=1)


def original_six(seed: int, options: Options, data: Bunch) -> Any:
    passes = options.passes or original.N_PASSES
    six = original.six(passes, memory=options.memory, n_jobs=options.n_jobs)
    return six.set_params(random_state=seed)


def fast(seed: int, options: Options, data: Bunch) -> Any:
    return settings.fast(random_state=seed)


def fast_in_a_third(seed: int, options: Options, data: Bunch) -> Any:
    """Return `fast` in a third of its passes, which the curve of `fast` does not show."""
    return settings.fast(passes=4, random_state=seed)


def single(seed: int, options: Options, data: Bunch) -> Any:
    """Return a vote of one: the memory keeps the network for the vote of more."""
    network = settings.single()
    return SeedEnsembleClassifier(network, 1, memory=options.memory, random_state=seed)


def vote(seed: int, options: Options, data: Bunch) -> Any:
    """Return what the winner is without unlabeled drawings: the vote that teaches it."""
    return make_winner(options).estimator.set_params(random_state=seed)


def winner(seed: int, options: Options, data: Bunch) -> Any:
    """Return the winner. The vote of the same seed teaches it, and is not trained twice."""
    teacher = vote(seed, options, data).fit(data.data, data.target)
    return make_winner(options).set_params(estimator=FrozenEstimator(teacher), random_state=seed)


def make_winner(options: Options) -> Any:
    return settings.winner(n_jobs=options.n_jobs, memory=options.memory)


def distilled(seed: int, options: Options, data: Bunch) -> Any:
    """Distil the winner of the same seed, which is fitted first, or recalled from the memory."""
    teacher = winner(seed, options, data)
    teacher.fit(data.data, data.target, X_unlabeled=unlabeled_pool(data))
    return settings.distilled(FrozenEstimator(teacher), memory=options.memory, random_state=seed)


ROWS: dict[str, Callable[[int, Options, Bunch], Any]] = {
    "original-single": original_single,
    "original-student": original_student,
    "original-six": original_six,
    "fast-4": fast_in_a_third,
    "fast": fast,
    "single": single,
    "vote": vote,
    "winner": winner,
    "distilled": distilled,
}
