"""The fitting contract: how meta-estimators fit estimators of any kind.

A teacher is anything with ``classes_`` and ``predict_proba``; a student is anything with ``fit``.
Whether it learns from class probabilities or weights is read off the signature of its ``fit``,
looking through pipelines and votes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context, get_config
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from ._checks import raised_as
from ._compat import declines, set_random_states
from ._image_shape import flatten_stack, resolve_image_shape
from ._marks import holds_minus_one, is_auto, is_same_mark
from ._targets import check_weighted_classes
from ._threads import threads_of_fit
from ._typing import Classifier, Estimator
from .exceptions import FitInterrupted, InvalidParameterError, InvalidTargetsError

if TYPE_CHECKING:
    from ._fit_tasks import Task

Method = TypeVar("Method", bound=Callable[..., object])
Learner = TypeVar("Learner", bound=Estimator)


@contextmanager
def unchanged_by_failure(estimator: object) -> Iterator[None]:
    """Undo all changes of an estimator if its fit raises inside, except after FitInterrupted.

    At the end of the outermost fit, PyTorch gets back the number of threads that it had.
    """
    before = dict(vars(estimator))
    try:
        with threads_of_fit(estimator):
            yield
    except FitInterrupted:  # after which the estimator is fitted
        raise
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


@contextmanager
def lost_if_interrupted() -> Iterator[None]:
    """Turn FitInterrupted of a fit inside into KeyboardInterrupt: its result is not usable."""
    try:
        yield
    except FitInterrupted:
        raise KeyboardInterrupt from None


def all_or_nothing(method: Method) -> Method:
    """Make a fitting method leave its estimator as it was, if it raises or is interrupted.

    For meta-estimators that cannot predict if the fit of an inner estimator was interrupted.
    """

    @wraps(method)
    def call(self: object, *args: object, **kwargs: object) -> object:
        with unchanged_by_failure(self), lost_if_interrupted():
            return method(self, *args, **kwargs)

    return call  # type: ignore[return-value]


def can_predict(estimator: Classifier, X: NDArray[np.number]) -> bool:
    """Return whether an estimator can predict although its fit was interrupted.

    ``classes_`` does not say so: a vote of scikit-learn has it before its members are fitted.
    """
    try:
        estimator.predict(X[:1])
    except Exception:  # a half-fitted estimator of a user may raise anything
        return False
    return True


def holds_parameters(params: object) -> bool:
    """Return whether this is a dict from names of parameters to values."""
    return isinstance(params, Mapping) and all(isinstance(name, str) for name in params)


def seeded_clone(estimator: Learner, rng: np.random.RandomState, /, **params: object) -> Learner:
    """Return an unfitted copy with ``params``, and with seeds of its own drawn from ``rng``.

    Every parameter called ``random_state``, also of nested estimators, becomes an int. So copies
    train differently from each other, but in the same way in the next run.
    """
    if params and isinstance(estimator, FrozenEstimator):
        raise InvalidParameterError(
            f"A FrozenEstimator must stay as it is, but {sorted(params)} are to be set on a copy. "
            "Leave them out, or pass an estimator that is not frozen."
        )
    copy = clone(estimator)
    own = {name: clone(value, safe=False) for name, value in params.items()}
    with raised_as(InvalidParameterError):
        copy.set_params(**own)  # not chained: a FrozenEstimator returns nothing
    set_random_states(copy, rng)
    return copy


def learns_from(estimator: object, metadata: str) -> bool:
    """Return whether ``fit`` takes ``'soft_targets'``, ``'sample_weight'`` or ``'X_unlabeled'``.

    A pipeline does if its last step does, and no step before it adds or drops rows. A vote does if
    all its members do. A pipeline with transformers does not take ``X_unlabeled``, because its
    transformers would not change these rows. After ``set_fit_request(sample_weight=False)``, an
    estimator does not take weights.
    """
    if metadata == "X_unlabeled" and _transforms(estimator):
        return False
    learners = _learners(estimator)
    if learners:
        return all(learns_from(learner, metadata) for learner in learners)
    if not has_fit_parameter(estimator, metadata) or declines(estimator, metadata):
        return False
    inner = getattr(estimator, "estimator", None)
    is_ensemble = inner is not None and has_fit_parameter(estimator, "soft_targets")
    return learns_from(inner, metadata) if is_ensemble else True


def unlabeled_marks(estimator: object) -> list[object]:
    """Return the inner learners' marks of unlabeled rows; learners without one are left out."""
    if isinstance(estimator, Pipeline):
        return unlabeled_marks(estimator.steps[-1][1])
    if isinstance(estimator, VotingClassifier):
        return [mark for learner in _learners(estimator) for mark in unlabeled_marks(learner)]
    if hasattr(estimator, "unlabeled_label"):
        return [estimator.unlabeled_label]
    inner = getattr(estimator, "estimator", None)
    return [] if inner is None else unlabeled_marks(inner)


def find_mark(name: str, estimator: object) -> object:
    """Return the inner learners' mark of unlabeled rows; None if they do not take such rows.

    Raises
    ------
    InvalidParameterError
        If the learners have different marks; ``name`` is the subject.
    """
    marks = unlabeled_marks(estimator)
    if not all(is_same_mark(mark, marks[0]) for mark in marks):
        raise InvalidParameterError(
            f"{name}: all members must mark rows without labels alike, got unlabeled_label "
            f"{marks}. Give them the same one."
        )
    return marks[0] if marks else None


def check_classes(name: str, estimator: object, classes: NDArray[np.generic]) -> None:
    """Refuse a learner that could not be fitted to these classes, before others are fitted.

    It gets labeled rows only, so it may take the class -1 for its mark of unlabeled rows. Or its
    ``class_weight`` names classes that do not occur.
    """
    if isinstance(estimator, FrozenEstimator):
        return
    guesses = any(is_auto(mark) for mark in unlabeled_marks(estimator))
    if guesses and len(classes) > 2 and holds_minus_one(classes):
        raise InvalidTargetsError(
            f"{name}: -1 is a class of y, but {type(estimator).__name__} would take it for the "
            "mark of rows without labels. Set its unlabeled_label to float('nan')."
        )
    _check_class_weights(estimator, classes)


def _check_class_weights(estimator: object, classes: NDArray[np.generic]) -> None:
    """Check ``class_weight`` of inner learners that see the labels; a vote passes on codes."""
    if isinstance(estimator, FrozenEstimator):
        return
    if isinstance(estimator, Pipeline):
        _check_class_weights(estimator.steps[-1][1], classes)
    elif _is_known(estimator):
        weights = getattr(estimator, "class_weight", None)
        check_weighted_classes(type(estimator).__name__, weights, classes)
        if type(estimator).__module__.startswith("skquickdraw."):
            _check_class_weights(getattr(estimator, "estimator", None), classes)


def _is_known(estimator: object) -> bool:
    """Return whether an estimator is of a package that checks parameters as this one does."""
    return type(estimator).__module__.split(".")[0] in ("imblearn", "sklearn", "skquickdraw")


def check_same_classes(
    name: str, who: str, known: object, classes: NDArray[np.generic], whose: str = "y"
) -> None:
    """Refuse an estimator whose ``classes_``, given as ``known``, differ from ``classes``."""
    own, wanted = np.asarray(known).tolist(), np.asarray(classes).tolist()
    if own != wanted:
        lacking = [label for label in wanted if label not in own]
        more = [label for label in own if label not in wanted]
        raise InvalidTargetsError(
            f"{name}: {who} must know the {len(wanted)} classes of {whose}, and in their order, "
            f"but knows {len(own)}; it lacks {lacking[:5]}, and has {more[:5]} besides. Take one "
            "that was fitted on these classes, or let it be fitted here."
        )


def check_parameters(estimator: Estimator) -> None:
    """Raise a fit's errors about parameters, before others are fitted for long."""
    if get_config()["skip_parameter_validation"]:
        return
    for part in _free_parts(estimator):
        # A user's class may convert its parameters before it checks them.
        if _is_known(part) and hasattr(part, "_parameter_constraints"):
            with raised_as(InvalidParameterError):
                part._validate_params()


def check_shape(estimator: object, X: NDArray[np.number]) -> None:
    """Raise a fit's errors about ``image_shape`` and X, before others are fitted for long."""
    if isinstance(estimator, FrozenEstimator) or _transforms(estimator):
        return
    name, wanted = type(estimator).__name__, getattr(estimator, "image_shape", None)
    if wanted is not None:
        rows, layout = flatten_stack(name, X[:1], wanted)
        resolve_image_shape(name, np.shape(rows)[1], wanted, layout and layout.shape)
    member = getattr(estimator, "estimator", None)  # of a vote of seeds, or another meta-estimator
    for part in [*_learners(estimator), *([member] if hasattr(member, "fit") else [])]:
        check_shape(part, X)


def _free_parts(estimator: Estimator) -> list[BaseEstimator]:
    """Return an estimator and those nested in it, without frozen ones and their parts."""
    params = {"": estimator} | estimator.get_params()
    frozen = [name for name, part in params.items() if isinstance(part, FrozenEstimator)]
    inside = tuple(f"{name}__" if name else "" for name in frozen)
    return [
        part
        for name, part in params.items()
        if hasattr(part, "get_params") and name not in frozen and not name.startswith(inside)
    ]


def _transforms(estimator: object) -> bool:
    """Return whether a pipeline changes X before its last step sees it."""
    return isinstance(estimator, Pipeline) and any(
        step not in ("passthrough", None) for _, step in estimator.steps[:-1]
    )


def _learners(estimator: object) -> list[Estimator]:
    """Return the estimators inside that are fitted to y."""
    if isinstance(estimator, Pipeline):
        changes_rows = any(hasattr(step, "fit_resample") for _, step in estimator.steps)
        return [] if changes_rows else [estimator.steps[-1][1]]
    if isinstance(estimator, VotingClassifier):
        return [member for _, member in estimator.estimators if member != "drop"]
    return []


def check_learns_from(subject: str, estimator: object, metadata: str, way_out: str) -> None:
    """Raise InvalidParameterError if ``estimator`` cannot use the metadata."""
    if not learns_from(estimator, metadata):
        raise InvalidParameterError(
            f"{subject} needs an estimator that learns from {metadata}, and the fit of "
            f"{type(estimator).__name__} does not take them (nor could it pass them on to what it "
            f"is made of), or set_fit_request({metadata}=False) was called. {way_out}"
        )


def fit_targets(
    estimator: Learner,
    X: ArrayLike,
    y: ArrayLike,
    soft_targets: NDArray[np.floating] | None = None,
    sample_weight: NDArray[np.floating] | None = None,
    X_unlabeled: NDArray[np.number] | None = None,
    task: Task | None = None,
) -> Learner:
    """Fit in place and return the estimator; metadata go only where :func:`learns_from` says so.

    Parameters
    ----------
    estimator : estimator
        Unfitted, and the caller's own copy: metadata requests are set on it and on its parts.
    X : ndarray of shape (n, ...)
    y : ndarray of shape (n,)
        Labels, every class at least once.
    soft_targets : ndarray of shape (n, n_classes), default=None
        Columns follow the sorted classes of y.
    sample_weight : ndarray of shape (n,), default=None
    X_unlabeled : ndarray of shape (n_unlabeled, ...), default=None
        For semi-supervised estimators.
    task : Task, default=None
        Tells callbacks of the fit.
    """
    with nullcontext() if task is None else task.fitting(estimator):
        return _fit_targets(estimator, X, y, soft_targets, sample_weight, X_unlabeled)


def _fit_targets(
    estimator: Learner,
    X: ArrayLike,
    y: ArrayLike,
    soft_targets: ArrayLike | None,
    sample_weight: ArrayLike | None,
    X_unlabeled: ArrayLike | None,
) -> Learner:
    given = {
        "soft_targets": soft_targets,
        "sample_weight": sample_weight,
        "X_unlabeled": X_unlabeled,
    }
    metadata = {name: value for name, value in given.items() if value is not None}
    prefix, learner = _last_step(estimator)
    is_plain = not _learners(learner) and all(has_fit_parameter(learner, m) for m in metadata)
    parts = _free_parts(estimator) if hasattr(estimator, "get_params") else []
    is_plain = is_plain and not any(declines(part, m) for part in parts for m in metadata)
    is_routed = prefix and get_config()["enable_metadata_routing"]
    if not metadata or (is_plain and not is_routed):
        return estimator.fit(X, y, **{prefix + name: value for name, value in metadata.items()})
    with config_context(enable_metadata_routing=True):
        for name in metadata:
            _request(estimator, name)
        return estimator.fit(X, y, **metadata)


def _last_step(estimator: object) -> tuple[str, object]:
    """Return the prefix of metadata for the last step of (nested) pipelines, and this step."""
    if not isinstance(estimator, Pipeline):
        return "", estimator
    name, last = estimator.steps[-1]
    prefix, learner = _last_step(last)
    return f"{name}__{prefix}", learner


def _request(estimator: object, metadata: str) -> None:
    """Ask scikit-learn to hand the metadata to the learners inside, and to no transformer."""
    learners = _learners(estimator)
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps[:-1]:
            _set_request(step, metadata, False)
    for learner in learners:
        if has_fit_parameter(learner, metadata):
            _set_request(learner, metadata, True)
        else:
            _request(learner, metadata)


def _set_request(estimator: BaseEstimator, metadata: str, wanted: bool) -> None:
    """Set the request of an estimator, and of those nested in it that may get the metadata."""
    for part in _free_parts(estimator) if hasattr(estimator, "get_params") else []:
        takes = hasattr(part, "set_fit_request") and has_fit_parameter(part, metadata)
        if takes and not declines(part, metadata):
            part.set_fit_request(**{metadata: wanted})
