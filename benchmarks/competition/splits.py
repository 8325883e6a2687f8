"""Studies on splits of the labeled drawings: the ladder, students, and members of a vote.

The ladder goes from the original recipe's training to the one that the library ships. Each step
changes one thing, or a few that belong together, of the step that it names. A seed's split holds
out a fifth of each class, at most 40 drawings. The holdout is not touched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from common import AFFINE, LIGHT, PLAIN, STRONGER
from imblearn.pipeline import make_pipeline
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Bunch

from skquickdraw import (
    AugmentingOverSampler,
    DistilledClassifier,
    MobileNetClassifier,
    NoisyStudentClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
)
from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.losses import BalancedSoftmax

from .measure import costs, report
from .original import ADAM, COPIES, FILLED
from .rows import unlabeled_pool

HELD_OUT, MOST_HELD_OUT = 5, 40  # one in five of a class, and how many at most
PASSES = 4  # of the ladder, over the labeled drawings
STATIC_PASSES = 1  # over the filled-up set, which is three times as large
ERASING = AugmentationPolicy(**AFFINE, scale=0.15, shear=8, erasing=0.25)
START = PLAIN | ADAM | {"width": 0.35, "batch_size": 256}
IMAGES = 515_000  # that a student sees, about, whatever the size of its pool
N_TEACHERS = N_MEMBERS = 3
NETWORK = "no-smoothing"  # the step whose networks teach, learn and vote
ONE_CYCLE = {"lr_schedule": "onecycle", "optimizer": "adamw", "lr": 0.006, "weight_decay": 0.05}


@dataclass(frozen=True)
class Step:
    """One change of parameters of the step ``of``.

    ``pace`` is how many images the network sees in the time in which that of the ladder sees one:
    it gets as many passes fewer, so that all steps take about equal time. ``passes`` are those of
    the ladder, or of the step that it changes, where None.
    """

    of: str | None
    change: str
    params: dict[str, Any] = field(default_factory=dict)
    network: type = ResNetClassifier
    pace: float = 1.0
    passes: int | None = None

    @property
    def is_look(self) -> bool:
        """Whether the step only predicts otherwise, with the network of the step below it."""
        return set(self.params) == {"n_tta"}


STEPS = {
    "static": Step(None, "over-sampled once to 1,500 copies per class; Adam at a constant rate"),
    "live": Step(
        "static",
        "turned and shifted again each time, classes balanced by sampling",
        {"augmentation": COPIES, "sampling": "balanced"},
    ),
    "light": Step(
        "live", "15 degrees, 8 % shift, 15 % scale, 8 degrees shear", {"augmentation": LIGHT}
    ),
    "one-cycle": Step(
        "light", "AdamW (decay 0.05) at a rate that rises to 0.006 and falls", ONE_CYCLE
    ),
    "averaged": Step(
        "one-cycle",
        "weights averaged, over about the last tenth of so few steps",
        {"ema_decay": 0.999},
    ),
    "balanced-softmax": Step(
        "averaged",
        "balanced softmax in place of balanced sampling",
        {"loss": "balanced_softmax", "sampling": None},
    ),
    "softer": Step(
        "balanced-softmax",
        "three quarters of the shift that balanced softmax makes",
        {"loss": BalancedSoftmax(tau=0.75)},
    ),
    "adamw-0.02": Step("balanced-softmax", "three times the rate", {"lr": 0.02}),
    "muon": Step("balanced-softmax", "Muon (0.02)", {"optimizer": "muon", "lr": 0.02}),
    "decay-0.15": Step("muon", "three times the weight decay", {"weight_decay": 0.15}),
    "mirrored": Step("muon", "predictions averaged with those of the mirror image", {"n_tta": 2}),
    "views": Step("mirrored", "and with shifts by a pixel, ten views in all", {"n_tta": 10}),
    "no-smoothing": Step("mirrored", "no label smoothing", {"label_smoothing": 0.0}),
    "stronger": Step(
        "mirrored", "stronger augmentation, bent, thick and thin", {"augmentation": STRONGER}
    ),
    "erasing": Step(
        "mirrored", "a box blanked in a quarter of the images", {"augmentation": ERASING}
    ),
    "mixup": Step("mirrored", "MixUp", {"mixing": "mixup"}),
    "cutmix": Step("mirrored", "CutMix", {"mixing": "cutmix"}),
    "dropout": Step("mirrored", "dropout 0.3 of the last features", {"dropout": 0.3}),
    "depth": Step("mirrored", "stochastic depth 0.1", {"stochastic_depth": 0.1}),
    "wider": Step("mirrored", "0.5 wide, in about equal time", {"width": 0.5}, pace=0.5),
    "full-size": Step(
        "mirrored", "28 x 28 in the first stage, in about equal time", {"stem_stride": 1}, pace=0.25
    ),
    "mobilenet": Step(
        "mirrored",
        "MobileNetV2 of width 0.5, in about equal time",
        {"width": 0.5},
        MobileNetClassifier,
        0.4,
    ),
    "longer": Step("mirrored", "twelve passes", passes=12),
    "longer-no-smoothing": Step("longer", "no label smoothing", {"label_smoothing": 0.0}),
    "longer-decay": Step(
        "longer-no-smoothing", "three times the weight decay", {"weight_decay": 0.15}
    ),
}


def make_step(name: str, seed: int, passes: int | None = None) -> Any:
    """Return the estimator of a step, with all that it has from the steps below it."""
    step, below = STEPS[name], [name]
    while STEPS[below[-1]].of is not None:
        below.append(STEPS[below[-1]].of)
    params = dict(START)
    for each in reversed(below):
        params |= STEPS[each].params
    given = (STEPS[each].passes for each in below)
    passes = passes or next((n for n in given if n is not None), PASSES)
    n_epochs = max(1, round(passes * (step.pace if step.of else STATIC_PASSES / PASSES)))
    network = step.network(**params, max_epochs=n_epochs, random_state=seed)
    if step.of is not None:
        return network
    copies = AugmentingOverSampler(FILLED["teacher"], augmentation=COPIES, unlabeled_label=-1)
    return make_pipeline(copies.set_params(random_state=seed), network)


class Split:
    """Rows to train on and rows to score; the latter at most a fifth of any class."""

    def __init__(self, data: Bunch, seed: int) -> None:
        rng = np.random.default_rng(seed)
        is_held_out = np.zeros(len(data.target), dtype=bool)
        for rows in (np.flatnonzero(data.target == code) for code in np.unique(data.target)):
            n = min(len(rows) // HELD_OUT, MOST_HELD_OUT)
            is_held_out[rng.permutation(rows)[:n]] = True
        self.data, self.seed = data, seed
        self.X, self.y = data.data[~is_held_out], data.target[~is_held_out]
        self.X_test, self.y_test = data.data[is_held_out], data.target[is_held_out]
        self.passes = round(IMAGES / len(self.y))

    def score(self, prediction: Any) -> dict[str, Any]:
        return report(self.y_test, prediction, self.data)

    def network(self, name: str = NETWORK, passes: float | None = None, **params: Any) -> Any:
        return make_step(name, self.seed, round(passes or self.passes)).set_params(**params)


# ---- the ladder ---------------------------------------------------------------------------------


def climb(name: str, split: Split, memory: Any) -> dict[str, dict[str, Any]]:
    """Fit one step; score it, and the steps that share its network, by name."""
    estimator = make_step(name, split.seed).fit(split.X, split.y)
    minutes = {"cpu_minutes": costs(estimator)["cpu_minutes"]}
    looks = [name]
    for other, step in STEPS.items():
        if step.is_look and step.of in looks:
            looks.append(other)
    rows = {}
    for look in looks:
        if STEPS[look].is_look:
            estimator.set_params(**STEPS[look].params)
        rows[look] = split.score(estimator.predict(split.X_test)) | minutes
    return rows


# ---- students -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Student:
    """How a student differs from the variant ``of``.

    ``pace`` is as in :class:`Step`. ``is_alone`` says that its teacher is one network of its own in
    place of the vote, trained for ``teacher_passes``, or as long as the control where that is None.
    """

    of: str
    change: str
    params: dict[str, Any] = field(default_factory=dict)  # of NoisyStudentClassifier
    network: dict[str, Any] = field(default_factory=dict)
    n_unlabeled: int | None = None
    pace: float = 1.0
    is_alone: bool = False
    teacher_passes: int | None = None
    learner: type = NoisyStudentClassifier


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
UNIFORM, NOISIER = {"class_prior": "uniform"}, {"augmentation": STRONGER}
OF_ITSELF = {"network": NOISIER, "is_alone": True, "teacher_passes": 2}
CONTROLS = {
    "control": ("", "one network, on labeled drawings alone"),
    "noisier-control": ("control", "the same, stronger augmentation"),
}
STUDENTS = {
    "soft": Student("control", "the teacher's probabilities of 40,000 drawings, as they are"),
    "everywhere": Student(
        "soft",
        "distilled: also on labeled drawings, nine parts to one of their labels",
        {"temperature": 1.0},
        learner=DistilledClassifier,
    ),
    "pool-10k": Student("control", "soft, 10,000 drawings", n_unlabeled=10_000),
    "hard": Student(
        "soft",
        "one label for each, where its probability is above 0.7; the others are left out",
        {"pseudo_labels": "hard", "threshold": 0.7},
    ),
    "uniform": Student("soft", "soft, made to agree with equal classes", UNIFORM),
    "light-weight": Student("soft", "soft, counting a third", {"weight": 1 / 3}),
    "noisier": Student("soft", "soft, stronger augmentation", network=NOISIER),
    "larger": Student(
        "soft",
        "soft, 0.5 wide, half as many images, which take about as long",
        network={"width": 0.5},
        pace=0.5,
    ),
    "two-rounds": Student("soft", "soft, and a student of that student", {"n_iterations": 2}),
    "noisier-uniform": Student(
        "noisier-control",
        "soft, stronger augmentation, made to agree with equal classes",
        UNIFORM,
        NOISIER,
    ),
    "alone": Student("soft", "soft, of one network in place of the vote", is_alone=True),
    "warm": Student(
        "alone", "and starting from its weights", {"warm_start_student": True}, is_alone=True
    ),
    "renewed": Student(
        "control",
        "its own teacher from its second pass on: soft labels, made to agree with equal classes, "
        "new for each pass",
        RENEWED,
        **OF_ITSELF,
    ),
    "consistent": Student(
        "renewed",
        "one label for each, where its probability is above 0.9",
        RENEWED | {"threshold": 0.9, "pseudo_labels": "hard"},
        **OF_ITSELF,
    ),
}


def teach(name: str, split: Split, memory: Any) -> dict[str, dict[str, Any]]:
    """Fit and score the teacher, a control or a student."""
    estimator = (
        fit_teacher(split, memory) if name == "teacher" else fit_learner(name, split, memory)
    )
    return {name: split.score(estimator.predict(split.X_test)) | costs(estimator)}


def fit_teacher(split: Split, memory: Any) -> Any:
    vote = SeedEnsembleClassifier(split.network(), N_TEACHERS, memory=memory)
    return vote.set_params(random_state=split.seed).fit(split.X, split.y)


def fit_learner(name: str, split: Split, memory: Any) -> Any:
    if name in CONTROLS:
        params = NOISIER if name == "noisier-control" else {}
        return split.network(**params).fit(split.X, split.y)
    student = STUDENTS[name]
    pool = unlabeled_pool(split.data)[: student.n_unlabeled]
    passes = student.pace * IMAGES / (len(split.y) + len(pool))
    params = {"unlabeled_label": -1, "random_state": split.seed, **student.params}
    if student.learner is NoisyStudentClassifier:
        params = {"n_iterations": 1, "threshold": 0.0} | params
    if student.is_alone:
        teacher = split.network(passes=student.teacher_passes)
    else:
        teacher = FrozenEstimator(fit_teacher(split, memory))
    network = split.network(passes=passes, **student.network)
    learner = student.learner(teacher, student=network, **params)
    return learner.fit(split.X, split.y, X_unlabeled=pool)


# ---- members of a vote, trained as the students' teachers are, and for about as long ------------


def by_augmentation(split: Split) -> list[Any]:
    """Return the first of these teachers, and two that are shown other images."""
    first = split.network()
    return [first, split.network(**NOISIER), split.network(augmentation=ERASING)]


def by_network(split: Split) -> list[Any]:
    """Return the first of these teachers, a wider one and a MobileNetV2, at equal time."""
    first, wider = split.network(), split.network(passes=0.5 * split.passes, width=0.5)
    params = first.get_params(deep=False) | {"width": 0.5}
    return [first, wider, MobileNetClassifier(**params | {"max_epochs": round(0.4 * split.passes)})]


def by_seed(split: Split) -> list[Any]:
    return [split.network()]


MEMBERS = {"seed": by_seed, "augmentation": by_augmentation, "network": by_network}


def let_vote(kind: str, split: Split, memory: Any) -> dict[str, dict[str, Any]]:
    """Fit members that differ in one way; score their vote, and what each is by itself."""
    networks = MEMBERS[kind](split)
    make = partial(SeedEnsembleClassifier, n_estimators=N_MEMBERS // len(networks), memory=memory)
    votes = [make(network, random_state=split.seed).fit(split.X, split.y) for network in networks]
    probas = [m.predict_proba(split.X_test) for vote in votes for m in vote.estimators_]
    labels = [proba.argmax(axis=1) for proba in probas]
    different = [(one != other).mean() for one, other in combinations(labels, 2)]
    row = {
        **split.score(np.mean(probas, axis=0).argmax(axis=1)),
        "alone": [split.score(label)["balanced_accuracy"] for label in labels],
        "disagreement": float(np.mean(different)),
        "cpu_minutes": sum(costs(vote)["cpu_minutes"] for vote in votes),
    }
    return {kind: row}


# Study, which has a file of results: what measures a row of it, and its rows.
STUDIES = {
    "ladder": (climb, [name for name, step in STEPS.items() if not step.is_look]),
    "students": (teach, ["teacher", *CONTROLS, *STUDENTS]),
    "members": (let_vote, list(MEMBERS)),
}
