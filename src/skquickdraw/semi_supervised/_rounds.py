"""The trainings of a noisy student, one after another, and the results that are kept."""

from __future__ import annotations

import warnings
from copy import copy
from functools import partial
from typing import TYPE_CHECKING

from sklearn.exceptions import ConvergenceWarning

from .._compat import with_callbacks
from .._divergence import has_diverged
from .._fit_tasks import Fit, Task
from .._fitting import check_same_classes, lost_if_interrupted
from .._partly_labeled import PartlyLabeled
from .._progress import Trainings
from .._recall import fit_or_recall
from .._typing import ProbabilisticClassifier
from ..exceptions import FitInterrupted
from ._history import History

if TYPE_CHECKING:
    from ._noisy_student import NoisyStudentClassifier


@with_callbacks
def fit_in_turn(
    noisy: NoisyStudentClassifier,
    teacher: ProbabilisticClassifier,
    students: list[ProbabilisticClassifier],
    data: PartlyLabeled,
) -> NoisyStudentClassifier:
    """Fit the teacher, and the students that learn from it; return ``noisy``, fitted.

    Raises
    ------
    FitInterrupted
        If the user interrupts a round. The last complete teacher is kept.
    KeyboardInterrupt
        If the user interrupts the first teacher. Nothing is kept then.
    """
    X, y, weights = data.labeled_part()
    fit = Fit(noisy, X, y, weights)
    fit.begin(1 + len(students))
    names = ["teacher", *(f"student of round {i + 1}" for i in range(len(students)))]
    tasks = [fit.task(name, partial(_attributes, data)) for name in names]
    with Trainings(names) as trainings:
        with trainings.one(0), lost_if_interrupted():
            teacher = fit_or_recall(noisy.memory, teacher, X, y, None, weights, task=tasks[0])
        check_same_classes(type(noisy).__name__, "the teacher", teacher.classes_, data.classes)
        _run_rounds(noisy, teacher, students, data, trainings, tasks[1:])
    if noisy.termination_condition_ == "interrupted":
        raise FitInterrupted(
            f"{type(noisy).__name__}: fit was interrupted in round {noisy.n_iter_ + 1} of "
            f"{len(students)}, and its teacher is kept, after {noisy.n_iter_} complete rounds. It "
            "can predict as it is."
        )
    return fit.end()


def _run_rounds(
    noisy: NoisyStudentClassifier,
    teacher: ProbabilisticClassifier,
    students: list[ProbabilisticClassifier],
    data: PartlyLabeled,
    trainings: Trainings,
    tasks: list[Task],
) -> None:
    """Let students become teachers, and store the complete rounds in ``noisy``."""
    history, prior = History(data, noisy.verbose), noisy._given_prior(data)
    teachers: list[ProbabilisticClassifier] = []
    for i, student in enumerate(students if len(data.unlabeled) else []):
        before = copy(history)
        try:
            pseudo, own_prior = noisy._label(teacher, data)
            if not history.add(pseudo):
                break
            with trainings.one(1 + i):
                taught = noisy._teach(student, teacher, data, pseudo, tasks[i])
        except KeyboardInterrupt:
            history = before
            history.end = "interrupted"
            break
        if has_diverged(taught) and not has_diverged(teacher):
            history = before
            history.end = "diverged"
            _warn_of_divergence(noisy, i)
            break
        prior, teachers, teacher = own_prior, [*teachers, teacher], taught
    noisy.__dict__.update(_attributes(data, teacher), teachers_=teachers, class_prior_=prior)
    history.set_attributes(noisy, noisy.unlabeled_label)


def _warn_of_divergence(noisy: NoisyStudentClassifier, n_complete: int) -> None:
    warnings.warn(
        f"{type(noisy).__name__}: the training of the student of round {n_complete + 1} has "
        f"diverged. Its teacher is kept, after {n_complete} complete rounds. Lower the learning "
        "rate of the student.",
        ConvergenceWarning,
        stacklevel=6,
    )


def _attributes(data: PartlyLabeled, learner: ProbabilisticClassifier) -> dict[str, object]:
    """Return the fitted attributes to predict with this teacher or student."""
    return {"estimator_": learner, "classes_": data.classes}
