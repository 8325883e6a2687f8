"""What does not grow: a noisy student's own time, imports, a fit on 50 images, clone and pickle.

Each stands beside what one would use instead: a training loop by hand, scikit-learn's own clone of
a random forest, torch.save of the bare weights.
"""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import torch
from _by_hand import Recipe, train_by_hand
from _settings import make_plain
from _speed_run import (
    begin_result,
    keep_result,
    make_labeled_sketches,
    parse_options,
    print_line,
)
from _timing import compare, summarize, take_turns
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier

from skquickdraw import MobileNetClassifier, NoisyStudentClassifier

TARGETS = {"noisy student": 0.03, "import seconds": 0.3}  # largest that the package aims for
N_FIT = 50
N_REPEATS = 20  # of what takes milliseconds
IMPORTS = {  # what is imported, and what was before
    "numpy": ("import numpy", ""),
    "skquickdraw": ("import skquickdraw", "import numpy"),
    "torch and skorch": ("import torch, skorch", "import numpy"),
    "MobileNetClassifier": (
        "from skquickdraw import MobileNetClassifier",
        "import numpy, torch, skorch",
    ),
}


class TimedClassifier(MobileNetClassifier):
    """A network that adds up the seconds of its own fits and predictions."""

    seconds = 0.0  # of all instances together

    def fit(self, X: Any, y: Any, sample_weight: Any = None, soft_targets: Any = None) -> Any:
        return self._time(super().fit, X, y, sample_weight, soft_targets)

    def predict_proba(self, X: Any) -> np.ndarray:
        return self._time(super().predict_proba, X)

    def _time(self, work: Callable[..., Any], *args: Any) -> Any:
        start = perf_counter()
        try:
            return work(*args)
        finally:
            TimedClassifier.seconds += perf_counter() - start


def main() -> None:
    options = parse_options(__doc__)
    result = begin_result(options)
    size = (200, 400, 10) if options.quick else (1000, 4000, 100)
    result["noisy_student"] = measure_noisy_student(*size, options.rounds)
    result["imports"] = measure_imports(options.rounds)
    result |= measure_fixed_costs(options.rounds) | {"targets": TARGETS}
    keep_result("overhead", result, options)
    print_result(result)


def measure_noisy_student(
    n_labeled: int, n_unlabeled: int, n_classes: int, n_rounds: int
) -> dict[str, Any]:
    """Return the share of a fit's time that is none of its networks'.

    The networks are small and train for two epochs only, so that they hide as little as can be.
    """
    X, y = make_labeled_sketches(n_labeled + n_unlabeled, n_classes)
    y[n_labeled:] = -1
    network = make_plain(TimedClassifier, width=0.25, max_epochs=2, device="cpu")
    contenders = {"as it comes": {}, "aligned with a prior": {"class_prior": "uniform"}}
    shares: dict[str, list[float]] = {name: [] for name in contenders}
    for i in range(n_rounds + 1):
        for name, params in contenders.items():
            model = NoisyStudentClassifier(
                network, threshold=0.0, unlabeled_label=-1, random_state=0, **params
            )
            share = share_outside(lambda model=model: model.fit(X, y))
            if i > 0:
                shares[name].append(share)
    return {
        "n_labeled": n_labeled,
        "n_unlabeled": n_unlabeled,
        "n_students": model.n_iter_,
        "share_outside": {name: summarize(values) for name, values in shares.items()},
    }


def share_outside(action: Callable[[], object]) -> float:
    """Return which share of the call's time passes outside of :class:`TimedClassifier`."""
    TimedClassifier.seconds = 0.0
    start = perf_counter()
    action()
    total = perf_counter() - start
    return (total - TimedClassifier.seconds) / total


def measure_imports(n_rounds: int) -> dict[str, Any]:
    """Return seconds of imports, each in a new process after what it is counted beyond."""
    seconds: dict[str, list[float]] = {name: [] for name in IMPORTS}
    brings_torch = False
    for i in range(n_rounds + 1):
        for name, (statement, before) in IMPORTS.items():
            duration, has_torch = time_import(statement, before)
            brings_torch |= name == "skquickdraw" and has_torch
            if i > 0:
                seconds[name].append(duration)
    return {
        "seconds": {name: summarize(values) for name, values in seconds.items()},
        "ratios": {
            "skquickdraw to numpy": compare(seconds["skquickdraw"], seconds["numpy"]),
            "MobileNetClassifier to torch and skorch": compare(
                seconds["MobileNetClassifier"], seconds["torch and skorch"]
            ),
        },
        "skquickdraw_brings_torch": brings_torch,
    }


def time_import(statement: str, before: str) -> tuple[float, bool]:
    """Return the seconds of an import in a new process, and whether torch is there afterwards."""
    code = f"""
import sys, time
{before}
start = time.perf_counter()
{statement}
print(time.perf_counter() - start, 'torch' in sys.modules)
"""
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    seconds, has_torch = answer.stdout.split()
    return float(seconds), has_torch == "True"


def measure_fixed_costs(n_rounds: int) -> dict[str, Any]:
    """Return seconds of the small things and of what stands beside each, with their ratios."""
    X, y = make_labeled_sketches(N_FIT, 10)
    clf = make_plain(MobileNetClassifier, max_epochs=1, device="cpu", random_state=0)
    fitted = clone(clf).fit(X, y)
    recipe = Recipe(n_classes=10, batch_size=32)
    forest = RandomForestClassifier()
    pairs: dict[str, tuple[Callable[[], object], str, Callable[[], object]]] = {
        "fit on 50 images, one epoch": (
            lambda: clone(clf).set_params(precision="float32", batch_size=32).fit(X, y),
            "a loop by hand",
            lambda: train_by_hand(X, y, recipe),
        ),
        "clone": (lambda: clone(clf), "clone of a random forest", lambda: clone(forest)),
        "pickle and back": (
            lambda: pickle.loads(pickle.dumps(fitted)),
            "torch.save of the weights and back",
            lambda: save_weights_and_load(fitted.net_.module_),
        ),
    }
    actions = {
        f"{name}, {who}": partial(repeat, action)
        for name, (ours, _, other) in pairs.items()
        for who, action in (("ours", ours), ("other", other))
    }
    seconds = take_turns(actions, n_rounds)
    return {
        "fixed_costs": {
            name: describe_pair(other, seconds[f"{name}, ours"], seconds[f"{name}, other"])
            for name, (_, other, _) in pairs.items()
        },
        "pickle_bytes": len(pickle.dumps(fitted)),
        "weights_bytes": len(saved_weights(fitted.net_.module_)),
    }


def describe_pair(other: str, ours: list[float], others: list[float]) -> dict[str, Any]:
    return {
        "beside": other,
        "ms": summarize([1000 * s / N_REPEATS for s in ours]),
        "ms_beside": summarize([1000 * s / N_REPEATS for s in others]),
        "ratio": compare(ours, others),
    }


def saved_weights(network: torch.nn.Module) -> bytes:
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    return file.getvalue()


def save_weights_and_load(network: torch.nn.Module) -> None:
    network.load_state_dict(torch.load(io.BytesIO(saved_weights(network))))


def repeat(action: Callable[[], object]) -> None:
    for _ in range(N_REPEATS):
        action()


def print_result(result: dict[str, Any]) -> None:
    for name, share in result["noisy_student"]["share_outside"].items():
        print_line(f"outside networks, {name}", share, f"(target {TARGETS['noisy student']})")
    for name, seconds in result["imports"]["seconds"].items():
        print_line(f"import {name}, s", seconds)
    for name, cost in result["fixed_costs"].items():
        ratio = f"{cost['ratio']['median']:.2f} x {cost['beside']}"
        print_line(f"{name}, ms", cost["ms"], ratio)
    print(f"import skquickdraw brings in torch: {result['imports']['skquickdraw_brings_torch']}")


if __name__ == "__main__":
    main()
