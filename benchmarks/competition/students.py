"""What makes a student better than its teacher: variants, on splits of the labelled drawings.

    cd benchmarks && python -m competition.students --data ../../shared/quickdraw100 --seeds 0 1 2

Three networks vote, as the teacher of all variants of a seed; a student learns from the labelled
drawings of the split and from the teacher's opinion of unlabelled ones. It is scored as in
:mod:`competition.ladder`. Writes ``results/students.json``; what is in it is not measured again.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import torch
from _machine import describe_machine
from _settings import STRONGER
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Bunch

from skquickdraw import DistilledClassifier, NoisyStudentClassifier, SeedEnsembleClassifier
from skquickdraw.datasets import load_competition

from .ladder import split
from .measure import costs, report
from .rows import unlabeled_pool
from .steps import make_estimator

FILE = Path(__file__).parent / "results" / "students.json"
NETWORK = "no-smoothing"  # the step of the ladder whose networks teach and learn
N_TEACHERS = 3
PICTURES = 515_000  # that a network sees, about, whatever the size of its pool

ONE_ROUND = {"n_iterations": 1, "threshold": 0.0}
N_RENEWALS = 5  # of the labels, each for one pass over all drawings; the teacher has one fifth more
RENEWED = {
    "n_iterations": N_RENEWALS,
    "warm_start_student": True,
    "class_prior": "uniform",
    "student_params": [
        {"lr": 0.02 * (N_RENEWALS - i) / N_RENEWALS, "lr_schedule": None, "max_epochs": 1}
        for i in range(N_RENEWALS)
    ],
}


@dataclass(frozen=True)
class Variant:
    """How students differ: in who teaches, in the network that learns, in drawings without labels.

    It is compared with the variant ``of``. ``pace`` is as in :class:`competition.steps.Step`.
    ``is_alone`` says that its teacher is one network of its own in place of the vote, trained for
    ``teacher_passes``, or as long as the control where that is None.
    """

    name: str
    change: str
    learner: type = NoisyStudentClassifier
    params: dict[str, Any] = field(default_factory=lambda: ONE_ROUND)
    network: dict[str, Any] = field(default_factory=dict)
    n_unlabeled: int | None = None
    pace: float = 1.0
    of: str = "soft"
    is_alone: bool = False
    teacher_passes: int | None = None


VARIANTS = [
    Variant("soft", "the teacher's probabilities of 40,000 drawings, as they are", of="control"),
    Variant(
        "everywhere",
        "distilled: also on labeled drawings, nine parts to one of their labels",
        DistilledClassifier,
        {"temperature": 1.0},
    ),
    Variant("pool-10k", "soft, 10,000 drawings", n_unlabeled=10_000, of="control"),
    Variant("pool-20k", "soft, 20,000 drawings", n_unlabeled=20_000, of="control"),
    Variant(
        "hard",
        "one label for each, where its probability is above 0.7; the others are left out",
        params=ONE_ROUND | {"pseudo_labels": "hard", "threshold": 0.7},
    ),
    Variant(
        "uniform",
        "soft, made to agree with equal classes",
        params=ONE_ROUND | {"class_prior": "uniform"},
    ),
    Variant("light-weight", "soft, counting a third", params=ONE_ROUND | {"weight": 1 / 3}),
    Variant("smoothed", "soft, with label smoothing", network={"label_smoothing": 0.1}),
    Variant("noisier", "soft, stronger augmentation", network={"augmentation": STRONGER}),
    Variant(
        "larger",
        "soft, 0.5 wide, half as many images, which take about as long",
        network={"width": 0.5},
        pace=0.5,
    ),
    Variant(
        "two-rounds", "soft, and a student of that student", params=ONE_ROUND | {"n_iterations": 2}
    ),
    Variant(
        "noisier-uniform",
        "soft, stronger augmentation, made to agree with equal classes",
        params=ONE_ROUND | {"class_prior": "uniform"},
        network={"augmentation": STRONGER},
        of="noisier-control",
    ),
    Variant("alone", "soft, of one network in place of the vote", is_alone=True),
    Variant(
        "warm",
        "and starting from its weights",
        params=ONE_ROUND | {"warm_start_student": True},
        of="alone",
        is_alone=True,
    ),
    Variant(
        "renewed",
        "its own teacher from its second pass on: soft labels, made to agree with equal classes, "
        "new for each pass",
        params=RENEWED | {"threshold": 0.0},
        network={"augmentation": STRONGER},
        of="control",
        is_alone=True,
        teacher_passes=2,
    ),
    Variant(
        "consistent",
        "one label for each, where its probability is above 0.9",
        params=RENEWED | {"threshold": 0.9, "pseudo_labels": "hard"},
        network={"augmentation": STRONGER},
        of="renewed",
        is_alone=True,
        teacher_passes=2,
    ),
]
BY_NAME = {variant.name: variant for variant in VARIANTS}
CONTROLS = {"control": {}, "noisier-control": {"augmentation": STRONGER}}
NAMES = ["teacher", *CONTROLS, *BY_NAME]


class Remembering(ClassifierMixin, BaseEstimator):
    """A fitted teacher that is asked only once about the same pictures."""

    def __init__(self, teacher: Any) -> None:
        self.teacher_ = teacher
        self.classes_ = teacher.classes_
        self.opinions: dict[str, Any] = {}

    def fit(self, X: Any, y: Any) -> Remembering:
        return self

    def predict_proba(self, X: Any) -> Any:
        key = joblib.hash(X)
        if key not in self.opinions:
            self.opinions[key] = self.teacher_.predict_proba(X)
        return self.opinions[key]


def main() -> None:
    args = parse_arguments()
    torch.set_num_threads(1)
    data = load_competition(args.data)
    result = json.loads(FILE.read_text()) if FILE.is_file() else {"variants": {}}
    for seed in args.seeds:
        measure(seed, args, data, result)


def measure(seed: int, args: argparse.Namespace, data: Bunch, result: dict[str, Any]) -> None:
    """Fit and score what is missing of a seed, and write it to the file of results."""
    train, held_out = split(data.target, seed)
    X, y = data.data[train], data.target[train]
    find_teacher = cache(lambda: fit_teacher(X, y, seed, args.memory))
    for name in args.variants or NAMES:
        if str(seed) in result["variants"].get(name, {}):
            continue
        estimator = fit(name, X, y, seed, unlabeled_pool(data), find_teacher)
        prediction = estimator.predict(data.data[held_out])
        row = report(data.target[held_out], prediction, data) | costs(estimator)
        result["variants"].setdefault(name, {})[str(seed)] = row
        result["machine"] = describe_machine()
        FILE.write_text(json.dumps(result, indent=1) + "\n")
        print(f"{name}, seed {seed}: {row['balanced_accuracy']:.1%}", flush=True)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder with train, unlabeled, holdout .npz")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--variants", nargs="+", help="some of them only")
    parser.add_argument("--memory", help="folder that keeps the teachers")
    return parser.parse_args()


def fit_teacher(X: Any, y: Any, seed: int, memory: str | None) -> Remembering:
    member = make_estimator(NETWORK, seed, control_passes(X))
    vote = SeedEnsembleClassifier(member, N_TEACHERS, memory=memory, random_state=seed)
    return Remembering(vote.fit(X, y))


def control_passes(X: Any) -> int:
    return round(PICTURES / len(X))


def fit(name: str, X: Any, y: Any, seed: int, pool: Any, find_teacher: Any) -> Any:
    """Return the fitted teacher, control or variant of a name."""
    if name == "teacher":
        return find_teacher().teacher_
    if name in CONTROLS:
        network = make_estimator(NETWORK, seed, control_passes(X))
        return network.set_params(**CONTROLS[name]).fit(X, y)
    variant = BY_NAME[name]
    pool = pool[: variant.n_unlabeled]
    passes = round(variant.pace * PICTURES / (len(X) + len(pool)))
    network = make_estimator(NETWORK, seed, passes).set_params(**variant.network)
    if variant.is_alone:
        teacher = make_estimator(NETWORK, seed, variant.teacher_passes or control_passes(X))
    else:
        teacher = FrozenEstimator(find_teacher())
    student = variant.learner(
        teacher, student=network, unlabeled_label=-1, random_state=seed, **variant.params
    )
    return student.fit(X, y, X_unlabeled=pool)


if __name__ == "__main__":
    main()
