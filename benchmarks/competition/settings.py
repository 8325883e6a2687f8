"""The recipes as the table was measured with them, spelled out.

``skquickdraw.recipes`` has gone on since; rows have to stay what they were.
"""

from __future__ import annotations

from typing import Any

from _settings import LIGHT, STRONGER
from sklearn.base import clone

from skquickdraw import (
    DistilledClassifier,
    MobileNetClassifier,
    NoisyStudentClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
)
from skquickdraw.augmentation import AugmentationPolicy

FAST_PASSES, SINGLE_PASSES, STUDENT_PASSES, DISTILLED_PASSES = 12, 14, 10, 10
N_MEMBERS = 4
# What was chosen on the ladder.
CHOSEN = {
    "stem_stride": 2,
    "optimizer": "muon",
    "lr": 0.02,
    "weight_decay": 0.15,
    "loss": "balanced_softmax",
    "label_smoothing": 0.0,
    "ema_decay": 0.999,
    "n_tta": 2,
}


def make_chosen(classifier: type, augmentation: AugmentationPolicy, **params: Any) -> Any:
    """Return a network with what was chosen on the ladder, but for ``params``."""
    return classifier(**(CHOSEN | params), augmentation=clone(augmentation))


def fast(passes: int = FAST_PASSES, *, random_state: Any = None) -> ResNetClassifier:
    network = make_chosen(ResNetClassifier, LIGHT, width=0.5, max_epochs=passes)
    return network.set_params(random_state=random_state)


def single(passes: int = SINGLE_PASSES, *, random_state: Any = None) -> ResNetClassifier:
    network = make_chosen(ResNetClassifier, STRONGER, width=1.0, max_epochs=passes)
    return network.set_params(random_state=random_state)


def winner(*, n_jobs: int | None, memory: Any) -> NoisyStudentClassifier:
    """Return a vote of noisy students, who are told that the classes are balanced."""
    teacher, student = (
        SeedEnsembleClassifier(single(passes), N_MEMBERS, n_jobs=n_jobs, memory=memory)
        for passes in (SINGLE_PASSES, STUDENT_PASSES)
    )
    return NoisyStudentClassifier(
        teacher,
        student=student,
        n_iterations=1,
        threshold=0.0,
        class_prior="uniform",
        unlabeled_label=-1,
    )


def distilled(teacher: Any, *, memory: Any, random_state: Any) -> DistilledClassifier:
    """Return a MobileNetV2 of 0.3 million weights that a teacher's opinions are taught to."""
    student = make_chosen(
        MobileNetClassifier,
        STRONGER,
        width=0.8,
        max_epochs=DISTILLED_PASSES,
        label_smoothing=0.1,
        weight_decay=0.05,
    )
    return DistilledClassifier(
        teacher,
        student,
        temperature=1.0,
        unlabeled_label=-1,
        memory=memory,
        random_state=random_state,
    )
