"""Timing that bears a noisy machine: contenders take turns, and medians are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

Summary = dict[str, float]


def measure_seconds(
    action: Callable[[], object], clock: Callable[[], float] = perf_counter
) -> float:
    """Return how long one call takes, by the wall clock or another one."""
    start = clock()
    action()
    return clock() - start


def take_turns(
    contenders: Mapping[str, Callable[[], object]],
    n_rounds: int,
    clock: Callable[[], float] = perf_counter,
) -> dict[str, list[float]]:
    """Time contenders in turns, A B C A B C, so that a slow minute of the machine hits all alike.

    Parameters
    ----------
    contenders : dict of str to callable
    n_rounds : int
        Rounds that count; one more comes first and is dropped, for it warms up.
    clock : callable, default=perf_counter
        ``process_time`` counts this program's seconds only.

    Returns
    -------
    seconds : dict of str to list of n_rounds floats
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for i in range(n_rounds + 1):
        for name, action in contenders.items():
            duration = measure_seconds(action, clock)
            if i > 0:
                seconds[name].append(duration)
    return seconds


def summarize(values: list[float]) -> Summary:
    """Return median, smallest and largest value, to the four digits that a timing is good for."""
    figures = {"median": median(values), "min": min(values), "max": max(values)}
    return {name: float(f"{value:.4g}") for name, value in figures.items()}


def compare(rates: list[float], other_rates: list[float]) -> Summary:
    """Summarise ratios round by round: neighbours in time had the same machine."""
    return summarize([a / b for a, b in zip(rates, other_rates, strict=True)])
