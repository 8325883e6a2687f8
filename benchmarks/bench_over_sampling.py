"""New images per second of AugmentingOverSampler, against kornia, SciPy and SMOTE.

All fill ten classes, from 20 to 1,000 pictures, up to the largest, from uint8 rows to uint8 rows.
kornia and SciPy draw the same changes from the same ranges; SMOTE mixes neighbours in pixel space
and changes no picture. kornia is left out where it is not installed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from _plain_skorch import warp_by_scipy
from _settings import LIGHT
from _speed_run import begin_result, keep_result, parse_options, print_rates
from _timing import compare, measure_seconds, summarize, take_turns
from imblearn.over_sampling import SMOTE

from skquickdraw import AugmentingOverSampler
from skquickdraw.datasets import make_sketches

TARGETS = {"kornia": 2.0, "scipy": 30.0, "SMOTE": 1 / 3}  # smallest ratios that are aimed for
BATCH_SIZES = (256, 1024)
N_CLASSES = 10
IMAGE_SIDE = 28


def main() -> None:
    options = parse_options(__doc__, n_rounds=11)  # calls are short
    result = begin_result(options, "kornia", "scipy", "imbalanced-learn")
    largest, n_scipy = (200, 100) if options.quick else (1000, 1000)
    result |= measure(largest, n_scipy, options.rounds)
    keep_result("over_sampling", result, options)
    print_rates(result)
    for name, reason in result["left_out"].items():
        print(f"{name}: left out, {reason}")


def measure(largest: int, n_scipy: int, n_rounds: int) -> dict[str, Any]:
    """Return rates and ratios; SciPy is slow, so it makes only ``n_scipy`` of the copies."""
    X, y = make_imbalanced(largest)
    copies = choose_copies(y)
    sampler = AugmentingOverSampler(augmentation=LIGHT, unlabeled_label=-1, random_state=0)
    contenders: dict[str, Callable[[], np.ndarray]] = {
        "skquickdraw": lambda: sampler.fit_resample(X, y)[0],
        "scipy": lambda: append_by_scipy(X, copies[:n_scipy]),
        "SMOTE": lambda: SMOTE(random_state=0).fit_resample(X, y)[0],
    }
    settings: dict[str, Any] = {"left_out": {"kornia": "it is not installed"}}
    if find_spec("kornia"):
        append = partial(append_by_kornia, make_kornia_policy(), X, copies)
        size = min(BATCH_SIZES, key=lambda size: measure_best(lambda: append(size)))
        contenders["kornia"] = lambda: append(size)
        settings = {"left_out": {}, "kornia_batch_size": size}
    made = {name: check_rows(name, action(), X) for name, action in contenders.items()}
    seconds = take_turns(contenders, n_rounds)
    rates = {name: [made[name] / s for s in values] for name, values in seconds.items()}
    ours = rates["skquickdraw"]
    return {
        "n_originals": len(X),
        "n_made": made,
        **settings,
        "images_per_second": {name: summarize(values) for name, values in rates.items()},
        "ratios": {name: compare(ours, rates[name]) for name in rates if name != "skquickdraw"},
        "targets": TARGETS,
    }


def make_imbalanced(largest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sketches whose classes shrink evenly, to a fiftieth but no fewer than eight."""
    counts = np.geomspace(largest, max(8, largest / 50), N_CLASSES).round().astype(int)
    y = np.repeat(np.arange(N_CLASSES), counts)
    X, _ = make_sketches(len(y), N_CLASSES, random_state=0)
    return X, y


def choose_copies(y: np.ndarray) -> np.ndarray:
    """Return the rows to copy, so that all classes become as large as the largest."""
    rng = np.random.default_rng(0)
    counts = np.bincount(y)
    rows = [np.flatnonzero(y == k) for k in range(len(counts))]
    return np.concatenate([rng.choice(r, counts.max() - len(r)) for r in rows])


def make_kornia_policy() -> torch.nn.Module:
    """Return the changes of the policy 'sketch' in the form that was fastest here."""
    import kornia.augmentation as K

    return torch.nn.Sequential(
        K.RandomAffine(15, (0.08, 0.08), (1 / 1.15, 1.15), (-8, 8, -8, 8), p=1.0),
        K.RandomHorizontalFlip(p=0.5),
    )


def append_by_kornia(
    policy: torch.nn.Module, X: np.ndarray, copies: np.ndarray, batch_size: int
) -> np.ndarray:
    parts = [X]
    for start in range(0, len(copies), batch_size):
        rows = torch.from_numpy(X[copies[start : start + batch_size]])
        changed = policy(rows.float().view(-1, 1, IMAGE_SIDE, IMAGE_SIDE))
        parts.append(changed.round_().to(torch.uint8).view(len(rows), -1).numpy())
    return np.concatenate(parts)


def append_by_scipy(X: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """Change picture by picture: one affine transform of first order each, the fastest way."""
    rng = np.random.default_rng(0)
    images = X[copies].reshape(-1, IMAGE_SIDE, IMAGE_SIDE)
    changed = [warp_by_scipy(image, rng).numpy().round().astype(X.dtype) for image in images]
    return np.concatenate([X, np.stack(changed).reshape(len(copies), -1)])


def measure_best(action: Callable[[], object]) -> float:
    return min(measure_seconds(action) for _ in range(3))


def check_rows(name: str, rows: np.ndarray, X: np.ndarray) -> int:
    """Return how many rows were made, and stop where the originals or their dtype are gone."""
    if rows.dtype != X.dtype or not np.array_equal(rows[: len(X)], X):
        raise SystemExit(f"{name} does other work: it does not keep the rows as they were.")
    return len(rows) - len(X)


if __name__ == "__main__":
    main()
