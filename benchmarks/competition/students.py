"""What makes a student better than its teacher: variants, on splits of the labelled drawings.

    cd benchmarks && python -m competition.students --data ../../shared/quickdraw100 --seeds 0 1 2

Three networks vote, as the teacher of all variants of a seed; a student learns from the labelled
drawings of the split and from the teacher's opinion of all unlabelled ones. It is scored as in
:mod:`competition.ladder`. Writes ``results/students.json``; what is in it is not measured again.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import torch
from _machine import describe_machine
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Bunch

from skquickdraw import NoisyStudentClassifier, SeedEnsembleClassifier
from skquickdraw.datasets import load_competition

from .ladder import split
from .measure import costs, report
from .rows import unlabeled_pool
from .steps import make_estimator

FILE = Path(__file__).parent / "results" / "students.json"
NETWORK = "mirrored"  # the step of the ladder whose network teaches and learns
TEACHER_PASSES, STUDENT_PASSES = 8, 8
CONTROL_PASSES = 15  # over the labelled drawings alone: as many pictures as a student sees
N_TEACHERS = 3


@dataclass(frozen=True)
class Variant:
    """How students differ: parameters of the noisy student, and of the network that learns."""

    name: str
    change: str
    noisy: dict[str, Any] = field(default_factory=dict)
    network: dict[str, Any] = field(default_factory=dict)


VARIANTS = [
    Variant("soft", "the teacher's probabilities, as they are"),
    Variant("uniform", "made to agree with equal classes", {"class_prior": "uniform"}),
    Variant("light-weight", "soft, counting a third", {"weight": 1 / 3}),
    Variant("hard", "hard labels above 0.7", {"pseudo_labels": "hard", "threshold": 0.7}),
    Variant("sharp", "soft, at temperature 0.5", {"temperature": 0.5}),
    Variant("no-smoothing", "soft, no label smoothing", network={"label_smoothing": 0.0}),
    Variant(
        "plain-loss",
        "equal classes, and cross entropy",
        {"class_prior": "uniform"},
        {"loss": "cross_entropy"},
    ),
]
BY_NAME = {variant.name: variant for variant in VARIANTS}
NAMES = ["teacher", "control", *BY_NAME]


def main() -> None:
    args = parse_arguments()
    torch.set_num_threads(1)
    data = load_competition(args.data)
    result = json.loads(FILE.read_text()) if FILE.is_file() else {"variants": {}}
    for seed, name in product(args.seeds, args.variants or NAMES):
        if str(seed) in result["variants"].get(name, {}):
            continue
        row = measure(name, seed, data, args.memory)
        result["variants"].setdefault(name, {})[str(seed)] = row
        result["machine"] = describe_machine()
        FILE.write_text(json.dumps(result, indent=1) + "\n")
        print(
            f"{name}, seed {seed}: {row['balanced_accuracy']:.1%} tail {row['tail']:.1%}",
            flush=True,
        )


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder with train, unlabeled, holdout .npz")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--variants", nargs="+", help="some of them only")
    parser.add_argument("--memory", help="folder that keeps the teachers")
    return parser.parse_args()


def measure(name: str, seed: int, data: Bunch, memory: str | None) -> dict[str, Any]:
    train, held_out = split(data.target, seed)
    X, y = data.data[train], data.target[train]
    if name == "control":
        estimator = make_estimator(NETWORK, seed, CONTROL_PASSES).fit(X, y)
    else:
        member = make_estimator(NETWORK, seed, TEACHER_PASSES)
        teacher = SeedEnsembleClassifier(member, N_TEACHERS, memory=memory, random_state=seed)
        estimator = teacher.fit(X, y)
    if name in BY_NAME:
        estimator = make_student(BY_NAME[name], estimator, seed)
        estimator.fit(X, y, X_unlabeled=unlabeled_pool(data))
    prediction = estimator.predict(data.data[held_out])
    return report(data.target[held_out], prediction, data) | costs(estimator)


def make_student(variant: Variant, teacher: Any, seed: int) -> NoisyStudentClassifier:
    student = make_estimator(NETWORK, seed, STUDENT_PASSES).set_params(**variant.network)
    params = {"threshold": 0.0} | variant.noisy
    return NoisyStudentClassifier(
        FrozenEstimator(teacher), student=student, n_iterations=1, random_state=seed, **params
    )


if __name__ == "__main__":
    main()
