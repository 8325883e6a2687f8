"""The work of a recipe's fit: trainings and predictions, each of a number of rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from .._typing import Estimator, ProbabilisticClassifier
from ..distillation import DistilledClassifier
from ..ensemble import SeedEnsembleClassifier
from ..exceptions import InvalidParameterError
from ..semi_supervised import NoisyStudentClassifier


@dataclass(frozen=True)
class Work:
    """Equal networks that are trained or predict.

    Attributes
    ----------
    network : classifier
        Unfitted, or a frozen one that only predicts.
    prefix : str
        Of the parameters of a network that is trained, such as ``'student__'``.
    n_copies : int
    n_jobs : int
        Number of networks that run at once.
    n_rows : int
        Rows that each network is trained on, or predicts.
    is_training : bool
    """

    network: Any
    prefix: str
    n_copies: int
    n_jobs: int
    n_rows: int
    is_training: bool

    @property
    def epoch_rows(self) -> int:
        """Rows that an epoch shows."""
        own = getattr(self.network, "epoch_size", None)
        return self.n_rows if own is None else own

    @property
    def n_turns(self) -> float:
        """Duration in runs of one network; the last round may have fewer networks."""
        return -(-self.n_copies // self.n_jobs)


def with_students(estimator: ProbabilisticClassifier) -> ProbabilisticClassifier:
    """Return a copy in which every noisy student has its own ``student``.

    Then teacher and student are two estimators, each with its own number of passes.
    """
    copy = clone(estimator)
    for part in [copy, *copy.get_params().values()]:
        is_shared = isinstance(part, NoisyStudentClassifier) and part.student is None
        if is_shared and not isinstance(part.estimator, FrozenEstimator):
            part.set_params(student=clone(part.estimator))
    return copy


def list_work(estimator: Estimator, n_labeled: int, n_pool: int, prefix: str = "") -> list[Work]:
    """Return the trainings and predictions of a fit, in their order.

    Parameters
    ----------
    estimator : estimator
        A network of this package, or a vote, noisy student or distillation of such networks, as
        :func:`with_students` returns it.
    n_labeled, n_pool : int
        Labeled and unlabeled rows.
    prefix : str, default=''
        Of the estimator's parameters, if it is inside another one.

    Raises
    ------
    InvalidParameterError
        If something inside is of another kind, or if the students of a noisy student differ.
    """
    if isinstance(estimator, FrozenEstimator):
        return []
    if isinstance(estimator, SeedEnsembleClassifier):
        n_members = estimator.n_estimators
        n_jobs = min(effective_n_jobs(estimator.n_jobs), n_members)
        return [
            replace(work, n_copies=n_members * work.n_copies, n_jobs=max(n_jobs, work.n_jobs))
            for work in list_work(estimator.estimator, n_labeled, n_pool, f"{prefix}estimator__")
        ]
    if isinstance(estimator, NoisyStudentClassifier):
        return _list_noisy_student(estimator, prefix, n_labeled, n_pool)
    if isinstance(estimator, DistilledClassifier):
        n_all = n_labeled + n_pool
        return [
            *list_work(estimator.teacher, n_labeled, n_pool, f"{prefix}teacher__"),
            *_predictions(estimator.teacher, n_all),
            *list_work(estimator.student, n_all, 0, f"{prefix}student__"),
        ]
    if "max_epochs" not in estimator.get_params(deep=False):
        raise InvalidParameterError(
            "A time can be given to networks of this package, and to votes, noisy students and "
            f"distillations of them, got {estimator!r}. Fit other estimators without a time."
        )
    return [Work(estimator, prefix, 1, 1, n_labeled, is_training=True)]


def _list_noisy_student(
    estimator: NoisyStudentClassifier, prefix: str, n_labeled: int, n_pool: int
) -> list[Work]:
    teacher: Estimator = estimator.estimator
    student = estimator.student
    if estimator.student_params:
        raise InvalidParameterError(
            "A time can be given to noisy students whose rounds are alike, but student_params is "
            f"{estimator.student_params!r}. Set these parameters on student."
        )
    if student is None:  # the teacher is frozen, see with_students
        raise InvalidParameterError(
            "NoisyStudentClassifier: a student must be free to learn, but it is a FrozenEstimator. "
            "Give student=, an estimator to be fitted, beside a frozen teacher."
        )
    works = list_work(teacher, n_labeled, 0, f"{prefix}estimator__")
    if n_pool == 0:
        return works
    for _ in range(estimator.n_iterations):
        works += _predictions(teacher, n_pool)
        works += list_work(student, n_labeled + n_pool, 0, f"{prefix}student__")
        teacher = student
    return works


def _predictions(estimator: Estimator | None, n_rows: int) -> list[Work]:
    """Return the predictions of all networks inside, one after another."""
    if isinstance(estimator, SeedEnsembleClassifier):
        return estimator.n_estimators * _predictions(estimator.estimator, n_rows)
    if isinstance(estimator, NoisyStudentClassifier | DistilledClassifier):
        return _predictions(estimator.student, n_rows)
    return [Work(estimator, "", 1, 1, n_rows, is_training=False)]
