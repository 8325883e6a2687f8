"""New images per second of AugmentingOverSampler, against kornia, SciPy and SMOTE.

All fill ten classes, from 20 to 1,000 images, up to the largest, from uint8 rows to uint8 rows.
kornia and SciPy draw the same changes from the same ranges; SMOTE mixes neighbours in pixel space.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from common import LIGHT, compare_rates, measure_seconds, take_turns
from imblearn.over_sampling import SMOTE, RandomOverSampler

from skquickdraw import AugmentingOverSampler
from skquickdraw.datasets import make_sketches

from .loops import warp_by_scipy

TARGETS = {"kornia": 2.0, "scipy": 30.0, "SMOTE": 1 / 3}  # smallest ratios that are aimed for
BATCH_SIZES = (256, 1024)
N_CLASSES, SIDE = 10, 28


def measure_over_sampling(options: Any) -> Iterator[dict[str, Any]]:
    """Yield rates and ratios; SciPy is slow, so it makes fewer copies. kornia may be absent."""
    largest, n_scipy = (200, 100) if options.quick else (1000, 1000)
    counts = np.geomspace(largest, max(8, largest / 50), N_CLASSES).round().astype(int)
    y = np.repeat(np.arange(N_CLASSES), counts)
    X, _ = make_sketches(len(y), N_CLASSES, random_state=0)
    chosen = RandomOverSampler(random_state=0)
    chosen.fit_resample(X, y)
    copies = chosen.sample_indices_[len(X) :]
    sampler = AugmentingOverSampler(augmentation=LIGHT, unlabeled_label=-1, random_state=0)
    contenders: dict[str, Callable[[], np.ndarray]] = {
        "skquickdraw": lambda: sampler.fit_resample(X, y)[0],
        "scipy": lambda: append_by_scipy(X, copies[:n_scipy]),
        "SMOTE": lambda: SMOTE(random_state=0).fit_resample(X, y)[0],
    }
    if find_spec("kornia"):
        append = partial(append_by_kornia, make_kornia_policy(), X, copies)
        size = min(BATCH_SIZES, key=lambda size: measure_seconds(lambda: append(size)))
        contenders["kornia"] = lambda: append(size)
    made = {}
    for name, action in contenders.items():
        rows = action()
        if rows.dtype != X.dtype or not np.array_equal(rows[: len(X)], X):
            raise SystemExit(f"{name} does other work: it does not keep the rows as they were.")
        made[name] = len(rows) - len(X)
    yield {"n_originals": len(X), "n_made": made}
    yield compare_rates(take_turns(contenders, options.rounds), made, TARGETS)


def make_kornia_policy() -> torch.nn.Module:
    """Return the changes of ``LIGHT`` in the form that was fastest here."""
    import kornia.augmentation as K

    affine = K.RandomAffine(15, (0.08, 0.08), (1 / 1.15, 1.15), (-8, 8, -8, 8), p=1.0)
    return torch.nn.Sequential(affine, K.RandomHorizontalFlip(p=0.5))


def append_by_kornia(policy: Any, X: np.ndarray, copies: np.ndarray, size: int) -> np.ndarray:
    parts = [X]
    for start in range(0, len(copies), size):
        rows = torch.from_numpy(X[copies[start : start + size]])
        changed = policy(rows.float().view(-1, 1, SIDE, SIDE))
        parts.append(changed.round_().to(torch.uint8).view(len(rows), -1).numpy())
    return np.concatenate(parts)


def append_by_scipy(X: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """Change image by image: one affine transform of first order each, the fastest way."""
    rng = np.random.default_rng(0)
    images = X[copies].reshape(-1, SIDE, SIDE)
    changed = [warp_by_scipy(image, rng).numpy().round().astype(X.dtype) for image in images]
    return np.concatenate([X, np.stack(changed).reshape(len(copies), -1)])
