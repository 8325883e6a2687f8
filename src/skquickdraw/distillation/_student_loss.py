"""The loss that a student is distilled with, and where to set it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import has_fit_parameter

from .._typing import Estimator
from ..exceptions import InvalidParameterError
from ..losses import BalancedSoftmax, Distillation, class_weights, resolve_loss

REPLACED = ("loss", "label_smoothing")
BALANCING = ("sampling", "class_weight")  # what a loss that corrects for classes depends on
LATE_PARAMETERS = ("member_params", "student_params")  # set on clones later: would override it


class Correction(NamedTuple):
    """How a learner corrects for imbalanced classes, and what else balances them."""

    tau: float = 0.0  # exponent of the classes' shares
    sampling: float = 0.0  # from 0 to 1; 1 balances the classes
    class_weight: object = None


def plan_loss(
    student: Estimator,
    temperature: float,
    alpha: float,
    shares: NDArray[np.float64],
    y: NDArray[np.generic],
) -> tuple[Distillation, dict[str, object]]:
    """Return the loss, and the student's parameters that set it in all learners inside.

    If one learner has no parameter ``loss``, none is set: all learn merged targets at temperature
    1, with their own losses. A learner whose own loss corrects for imbalanced classes keeps that
    correction, for the ``shares`` (n_classes,) of the classes among the targets of the rows ``y``.
    """
    learners = soft_learners(student)
    if not learners or not all("loss" in part.get_params(deep=False) for part in learners.values()):
        return Distillation(1.0, alpha), {}
    loss = Distillation(temperature, alpha, _class_prior(_corrections(student)[0], shares, y))
    params: dict[str, object] = {}
    for prefix, part in learners.items():
        params[f"{prefix}loss"] = loss
        if "label_smoothing" in part.get_params(deep=False):
            params[f"{prefix}label_smoothing"] = 0.0
    return loss, params


def check_student(name: str, student: Estimator) -> None:
    """Refuse parameters of members that would override the distillation later."""
    corrections = _corrections(student)
    corrects = any(own.tau > 0 for own in corrections)
    settled = REPLACED + BALANCING if corrects else REPLACED
    for key, value in student.get_params().items():
        if key.split("__")[-1] not in LATE_PARAMETERS or value is None:
            continue
        entries = [value] if isinstance(value, dict) else value
        named = {param for entry in entries for param in entry}
        late = sorted(param for param in named if param.split("__")[-1] in settled)
        if late:
            raise InvalidParameterError(
                f"{name}: the student's {key} must not set {late}, which distillation sets or "
                "builds on. Leave them out."
            )
    if any(own != corrections[0] for own in corrections):
        raise InvalidParameterError(
            f"{name}: all networks of the student must correct for imbalanced classes alike, "
            "because they learn the same targets, but their loss, sampling or class_weight "
            "differ. Give them the same ones."
        )


def soft_learners(student: Estimator) -> dict[str, Estimator]:
    """Return the innermost estimators that learn soft targets, by their parameters' prefix."""
    parts = {"": student}
    parts |= {f"{name}__": part for name, part in student.get_params().items()}
    return {
        prefix: part
        for prefix, part in parts.items()
        if hasattr(part, "get_params")
        and hasattr(part, "fit")
        and has_fit_parameter(part, "soft_targets")
        and not hasattr(part, "estimator")
    }


def _corrections(student: Estimator) -> list[Correction]:
    return [_correction(part.get_params(deep=False)) for part in soft_learners(student).values()]


def _correction(params: dict[str, Any]) -> Correction:
    loss, class_weight = params.get("loss"), params.get("class_weight")
    loss = resolve_loss(loss, class_weight) if isinstance(loss, str) else loss
    tau = loss.tau if isinstance(loss, BalancedSoftmax) else 0.0
    if tau == 0:
        return Correction()
    sampling = params.get("sampling")
    strength = 1.0 if sampling == "balanced" else float(sampling or 0.0)
    return Correction(tau, strength, class_weight)


def _class_prior(
    own: Correction, shares: NDArray[np.float64], y: NDArray[np.generic]
) -> NDArray[np.float64] | None:
    """Return the shares that a learner's loss corrects for, or None if it corrects nothing."""
    if own.tau == 0:
        return None
    shown = shares ** (1 - own.sampling)
    if own.class_weight is not None:
        shown = shown * class_weights(own.class_weight, *np.unique(y, return_inverse=True))
    prior = shown**own.tau
    return prior / prior.sum()
