"""Studies on splits of the labeled drawings: the ladder, and students.

The ladder goes from the winner's training to that of the library's recipes. Each step names an
earlier step, and changes one thing of it, or a few that belong together; page.md describes the
changes. A split holds out a fifth of each class, at most 40 drawings, drawn with its seed. The
holdout of the competition is not used.
"""

from typing import NamedTuple

import numpy as np
from common import AFFINE, LIGHT, PLAIN, STRONGER
from imblearn.pipeline import make_pipeline
from sklearn.frozen import FrozenEstimator

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

HELD_OUT, MOST_HELD_OUT = 5, 40  # one drawing in 5 of each class, at most 40
PASSES = 4  # of each step, over the labeled drawings
STATIC_PACE = 1 / 4  # one pass instead of four: the filled-up set is three times as large
ERASING = AugmentationPolicy(**AFFINE, scale=0.15, shear=8, erasing=0.25)
START = PLAIN | ADAM | {"width": 0.35, "batch_size": 256}
IMAGES = 515_000  # shown to each student, about, whatever the size of its pool
NETWORK = "no-smoothing"  # the step that gives the networks of teachers and students
ONE_CYCLE = {"lr_schedule": "onecycle", "optimizer": "adamw", "lr": 0.006, "weight_decay": 0.05}


def draw_rows(target, seed, count):
    """Return the positions of random rows: ``count(n)`` of each class of ``n`` rows."""
    rng = np.random.default_rng(seed)
    classes = [rng.permutation(np.flatnonzero(target == code)) for code in np.unique(target)]
    return np.concatenate([own[: count(len(own))] for own in classes])


class Split:
    """Labeled rows, split into rows to train on and rows to score."""

    def __init__(self, data, seed):
        is_held_out = np.zeros(len(data.target), dtype=bool)
        held_out = draw_rows(data.target, seed, lambda n: min(n // HELD_OUT, MOST_HELD_OUT))
        is_held_out[held_out] = True
        self.data, self.seed = data, seed
        self.X, self.y = data.data[~is_held_out], data.target[~is_held_out]
        self.X_test, self.y_test = data.data[is_held_out], data.target[is_held_out]
        self.passes = round(IMAGES / len(self.y))

    def score(self, prediction):
        return report(self.y_test, prediction, self.data)

    def network(self, passes=None, **params):
        return make_step(NETWORK, self.seed, round(passes or self.passes)).set_params(**params)


class Step(NamedTuple):
    """A change of parameters of the step ``of``.

    ``pace`` is the speed of training, relative to that of most steps. The number of passes is
    multiplied by it, so that all steps take about the same time. If ``passes`` is None, it is that
    of the step ``of``, or else the constant ``PASSES``.
    """

    of: str | None
    params: dict
    network: type = ResNetClassifier
    pace: float = 1.0
    passes: int | None = None


STEPS = {
    "static": Step(None, START, pace=STATIC_PACE),
    "live": Step("static", {"augmentation": COPIES, "sampling": "balanced"}),
    "light": Step("live", {"augmentation": LIGHT}),
    "one-cycle": Step("light", ONE_CYCLE),
    "averaged": Step("one-cycle", {"ema_decay": 0.999}),
    "balanced-softmax": Step("averaged", {"loss": "balanced_softmax", "sampling": None}),
    "softer": Step("balanced-softmax", {"loss": BalancedSoftmax(tau=0.75)}),
    "adamw-0.02": Step("balanced-softmax", {"lr": 0.02}),
    "muon": Step("balanced-softmax", {"optimizer": "muon", "lr": 0.02}),
    "decay-0.15": Step("muon", {"weight_decay": 0.15}),
    "mirrored": Step("muon", {"n_tta": 2}),
    "views": Step("mirrored", {"n_tta": 10}),
    "no-smoothing": Step("mirrored", {"label_smoothing": 0.0}),
    "stronger": Step("mirrored", {"augmentation": STRONGER}),
    "erasing": Step("mirrored", {"augmentation": ERASING}),
    "mixup": Step("mirrored", {"mixing": "mixup"}),
    "cutmix": Step("mirrored", {"mixing": "cutmix"}),
    "dropout": Step("mirrored", {"dropout": 0.3}),
    "depth": Step("mirrored", {"stochastic_depth": 0.1}),
    "wider": Step("mirrored", {"width": 0.5}, pace=0.5),
    "full-size": Step("mirrored", {"stem_stride": 1}, pace=0.25),
    "mobilenet": Step("mirrored", {"width": 0.5}, MobileNetClassifier, pace=0.4),
    "longer": Step("mirrored", {}, passes=12),
    "longer-no-smoothing": Step("longer", {"label_smoothing": 0.0}),
    "longer-decay": Step("longer-no-smoothing", {"weight_decay": 0.15}),
}


def resolve(name):
    """Return a step with all parameters, including those of the steps that it builds on."""
    step = STEPS[name]
    if step.of is None:
        return step
    below = resolve(step.of)
    return step._replace(params=below.params | step.params, passes=step.passes or below.passes)


def make_step(name, seed, passes=None):
    """Return the unfitted estimator of a step."""
    step = resolve(name)
    n_epochs = max(1, round((passes or step.passes or PASSES) * step.pace))
    network = step.network(**step.params, max_epochs=n_epochs, random_state=seed)
    if step.of is not None:
        return network
    copies = AugmentingOverSampler(FILLED["teacher"], augmentation=COPIES, unlabeled_label=-1)
    return make_pipeline(copies.set_params(random_state=seed), network)


def climb(name, split, options):
    estimator = make_step(name, split.seed).fit(split.X, split.y)
    score = split.score(estimator.predict(split.X_test))
    return score | {"cpu_minutes": costs(estimator)["cpu_minutes"]}


class Student(NamedTuple):
    """A student, compared with the row ``of``.

    ``params`` are those of its meta-estimator, ``network`` those of its network, and ``pace`` is as
    in :class:`Step`. With ``is_alone``, its teacher is a single network instead of an ensemble, and
    makes ``teacher_passes``, or if None, as many as the control. Without a ``learner``, it is a
    control: a network without a teacher.
    """

    of: str | None
    params: dict = {}
    network: dict = {}
    n_unlabeled: int | None = None
    pace: float = 1.0
    is_alone: bool = False
    teacher_passes: int | None = None
    learner: type | None = NoisyStudentClassifier


UNIFORM, NOISIER = {"class_prior": "uniform"}, {"augmentation": STRONGER}
# Pseudo-labels are renewed before each of these passes over all drawings. Before them, the teacher
# sees a fifth as many images.
N_RENEWALS = 5
RENEWED = {
    "n_iterations": N_RENEWALS,
    "warm_start_student": True,
    "student_params": [
        {"lr": 0.02 * (N_RENEWALS - i) / N_RENEWALS, "lr_schedule": None, "max_epochs": 1}
        for i in range(N_RENEWALS)
    ],
    **UNIFORM,
}
SURE = {"threshold": 0.9, "pseudo_labels": "hard"}
OF_ITSELF = {"network": NOISIER, "is_alone": True, "teacher_passes": 2}
STUDENTS = {
    "teacher": Student(None, learner=SeedEnsembleClassifier),
    "control": Student(None, learner=None),
    "noisier-control": Student("control", network=NOISIER, learner=None),
    "soft": Student("control"),
    "everywhere": Student("soft", {"temperature": 1.0}, learner=DistilledClassifier),
    "pool-10k": Student("control", n_unlabeled=10_000),
    "hard": Student("soft", {"pseudo_labels": "hard", "threshold": 0.7}),
    "uniform": Student("soft", UNIFORM),
    "light-weight": Student("soft", {"weight": 1 / 3}),
    "noisier": Student("soft", network=NOISIER),
    "larger": Student("soft", network={"width": 0.5}, pace=0.5),
    "two-rounds": Student("soft", {"n_iterations": 2}),
    "noisier-uniform": Student("noisier-control", UNIFORM, NOISIER),
    "alone": Student("soft", is_alone=True),
    "warm": Student("alone", {"warm_start_student": True}, is_alone=True),
    "renewed": Student("control", RENEWED, **OF_ITSELF),
    "consistent": Student("renewed", RENEWED | SURE, **OF_ITSELF),
}


def teach(name, split, options):
    """Fit and score a row of ``STUDENTS``: the teacher, a control or a student."""
    student = STUDENTS[name]
    if name == "teacher":
        estimator = fit_teacher(split, options)
    elif student.learner is None:
        estimator = split.network(**student.network).fit(split.X, split.y)
    else:
        estimator = fit_student(student, split, options)
    return split.score(estimator.predict(split.X_test)) | costs(estimator)


def fit_teacher(split, options):
    shared = {"n_jobs": options.n_jobs, "memory": options.memory, "random_state": split.seed}
    return SeedEnsembleClassifier(split.network(), n_estimators=3, **shared).fit(split.X, split.y)


def fit_student(student, split, options):
    pool = unlabeled_pool(split.data)[: student.n_unlabeled]
    passes = student.pace * IMAGES / (len(split.y) + len(pool))
    params = {"unlabeled_label": -1, "random_state": split.seed, **student.params}
    if student.learner is NoisyStudentClassifier:
        params = {"n_iterations": 1, "threshold": 0.0} | params
    if student.is_alone:
        teacher = split.network(passes=student.teacher_passes)
    else:
        teacher = FrozenEstimator(fit_teacher(split, options))
    network = split.network(passes=passes, **student.network)
    learner = student.learner(teacher, student=network, **params)
    return learner.fit(split.X, split.y, X_unlabeled=pool)
