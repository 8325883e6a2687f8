"""What does not grow: a noisy student's own time, imports, a fit on 50 images, clone and pickle."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import torch
from common import (
    compare,
    make_labeled_sketches,
    make_plain,
    measure_seconds,
    summarize,
    take_turns,
)
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier

from skquickdraw import MobileNetClassifier, NoisyStudentClassifier

from .loops import Recipe, train_by_hand

TARGETS = {"noisy student": 0.03, "import seconds": 0.3}  # largest that the library aims for
IMPORTS = {  # what is imported, and what was before
    "numpy": ("import numpy", ""),
    "skquickdraw": ("import skquickdraw", "import numpy"),
    "torch and skorch": ("import torch, skorch", "import numpy"),
    "MobileNetClassifier": (
        "from skquickdraw import MobileNetClassifier",
        "import numpy, torch, skorch",
    ),
}
COMPARED = {"skquickdraw": "numpy", "MobileNetClassifier": "torch and skorch"}
PRINT_SECONDS = "{1}\nfrom time import perf_counter\nstart = perf_counter()\n{0}\n"
PRINT_SECONDS += "print(perf_counter() - start)"


class TimedClassifier(MobileNetClassifier):
    """A network that adds up the seconds of its own fits and predictions."""

    seconds = 0.0  # of all instances together

    def fit(self, X: Any, y: Any, sample_weight: Any = None, soft_targets: Any = None) -> Any:
        return self.time(super().fit, X, y, sample_weight, soft_targets)

    def predict_proba(self, X: Any) -> np.ndarray:
        return self.time(super().predict_proba, X)

    def time(self, work: Callable[..., Any], *args: Any) -> Any:
        start = perf_counter()
        result = work(*args)
        TimedClassifier.seconds += perf_counter() - start
        return result


def measure_overhead(options: Any) -> Iterator[dict[str, Any]]:
    """Yield shares, seconds and ratios, each beside what one would use instead."""
    size = (200, 400, 10) if options.quick else (1000, 4000, 100)
    yield {"targets": TARGETS, "noisy_student": measure_noisy_student(*size, options.rounds)}
    seconds = take_turns({name: name for name in IMPORTS}, options.rounds, time_import)
    yield {
        "imports": {
            "seconds": {name: summarize(values) for name, values in seconds.items()},
            "ratios": {f"{a} to {b}": compare(seconds[a], seconds[b]) for a, b in COMPARED.items()},
        }
    }
    yield measure_fixed_costs(options.rounds)


def measure_noisy_student(n_labeled: int, n_more: int, n_classes: int, n_rounds: int) -> dict:
    """Return the share of a fit's time that is none of its networks'.

    The networks are small and train for two epochs only, so that they hide as little as can be.
    """
    X, y = make_labeled_sketches(n_labeled + n_more, n_classes)
    y[n_labeled:] = -1
    network = make_plain(TimedClassifier, width=0.25, max_epochs=2, device="cpu")
    student = NoisyStudentClassifier(network, threshold=0.0, unlabeled_label=-1, random_state=0)
    aligned = clone(student).set_params(class_prior="uniform")
    fits = {"as it comes": student, "aligned with a prior": aligned}
    actions = {name: partial(model.fit, X, y) for name, model in fits.items()}
    shares = take_turns(actions, n_rounds, share_outside)
    return {
        "n_labeled": n_labeled,
        "n_unlabeled": n_more,
        "n_students": student.n_iter_,
        "share_outside": {name: summarize(values) for name, values in shares.items()},
    }


def share_outside(action: Callable[[], object]) -> float:
    """Return which share of the call's time passes outside of :class:`TimedClassifier`."""
    TimedClassifier.seconds = 0.0
    total = measure_seconds(action)
    return 1 - TimedClassifier.seconds / total


def time_import(name: str) -> float:
    """Return the seconds of an import in a new process, after what it is counted beyond."""
    command = [sys.executable, "-c", PRINT_SECONDS.format(*IMPORTS[name])]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measure_fixed_costs(n_rounds: int) -> dict[str, Any]:
    """Return milliseconds of the small things and of what stands beside each."""
    X, y = make_labeled_sketches(50, 10)
    clf = make_plain(MobileNetClassifier, max_epochs=1, device="cpu", random_state=0)
    clf.set_params(precision="float32", batch_size=32)
    fitted, forest = clone(clf).fit(X, y), RandomForestClassifier()
    recipe = Recipe(n_classes=10, batch_size=32, precision="float32")
    network = fitted.net_.module_
    pairs: dict[tuple[str, str], tuple[Callable[[], object], Callable[[], object]]] = {
        ("fit on 50 images, one epoch", "a loop by hand"): (
            lambda: clone(clf).fit(X, y),
            lambda: train_by_hand(X, y, recipe),
        ),
        ("clone", "clone of a random forest"): (lambda: clone(clf), lambda: clone(forest)),
        ("pickle and back", "torch.save of the weights and back"): (
            lambda: pickle.loads(pickle.dumps(fitted)),
            lambda: network.load_state_dict(torch.load(io.BytesIO(saved_weights(network)))),
        ),
    }
    actions = {k: act for key, own in pairs.items() for k, act in zip(key, own, strict=True)}
    seconds = take_turns(actions, n_rounds, partial(measure_seconds, n_calls=20))
    ms = {key: summarize(1000 * s for s in values) for key, values in seconds.items()}
    costs = {
        ours: {
            "beside": beside,
            "ms": ms[ours],
            "ms_beside": ms[beside],
            "ratio": compare(seconds[ours], seconds[beside]),
        }
        for ours, beside in pairs
    }
    sizes = {"pickle_bytes": pickle.dumps(fitted), "weights_bytes": saved_weights(network)}
    return {"fixed_costs": costs} | {name: len(content) for name, content in sizes.items()}


def saved_weights(network: torch.nn.Module) -> bytes:
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    return file.getvalue()
