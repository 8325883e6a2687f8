"""How many samples each class gets, and which of its rows are copied for that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from numpy.typing import NDArray

from .._checks import is_int, raised_as
from ..exceptions import InvalidParameterError

Strategy = float | str | Mapping[Any, int] | Callable[[NDArray[np.generic]], Mapping[Any, int]]


def resolve_sampling_strategy(
    name: str, sampling_strategy: Strategy, y: NDArray[np.generic]
) -> Strategy:
    """Return the strategy in imbalanced-learn's terms; a count per class becomes a dict.

    Raises
    ------
    InvalidParameterError
        If a dict, or what a callable returns, asks for fewer samples than a class has.
    """
    counts = dict(zip(*np.unique(y, return_counts=True), strict=True))
    if isinstance(sampling_strategy, Integral) and int(sampling_strategy) > 1:
        return {label: max(count, int(sampling_strategy)) for label, count in counts.items()}
    if callable(sampling_strategy):
        sampling_strategy = sampling_strategy(y)
        if not isinstance(sampling_strategy, Mapping):
            raise InvalidParameterError(
                f"{name}: a callable sampling_strategy must return a dict from classes to numbers "
                f"of samples, got {sampling_strategy!r}."
            )
    if isinstance(sampling_strategy, Mapping):
        _check_counts(name, sampling_strategy, counts)
        return dict(sampling_strategy)
    return sampling_strategy


def _check_counts(name: str, targets: Mapping[Any, int], counts: dict[Any, int]) -> None:
    for label, target in targets.items():
        if not is_int(target, 0):
            raise InvalidParameterError(
                f"{name}: sampling_strategy must give an int of at least 0 for each class, got "
                f"{target!r} for {label!r}."
            )
        count = counts.get(label, 0)
        if target < count:
            raise InvalidParameterError(
                f"{name}: sampling_strategy must give each class at least as many samples as it "
                f"has, got {target} for {label!r}, which has {count}. Give at least {count}, or "
                "leave the class out."
            )


def choose_copies(
    y: NDArray[np.generic], sampling_strategy: Strategy, rng: np.random.RandomState
) -> tuple[NDArray[np.intp], dict[Any, int]]:
    """Let imbalanced-learn choose which rows are copied, and return them with the copies per class.

    Its sampler gets the positions of the rows, so it never touches an image.
    """
    sampler = RandomOverSampler(sampling_strategy=sampling_strategy, random_state=rng)
    with raised_as(InvalidParameterError):
        sampler.fit_resample(np.arange(len(y)).reshape(-1, 1), y)
    return sampler.sample_indices_[len(y) :], sampler.sampling_strategy_
