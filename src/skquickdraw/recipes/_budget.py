"""BudgetedClassifier: the best classifier that the given minutes allow on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from time import perf_counter
from typing import ClassVar
from warnings import warn

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted

from .._checks import N_JOBS, ParametersMixin, check_random_state
from .._compat import CallbackSupportMixin, Interval, with_callbacks
from .._fit_tasks import Fit
from .._fitting import (
    can_predict,
    check_classes,
    check_learns_from,
    check_parameters,
    fit_targets,
    learns_from,
    lost_if_interrupted,
    seeded_clone,
    unchanged_by_failure,
)
from .._images import check_rows
from .._partly_labeled import PartlyLabeled, read_partly_labeled
from .._random import draw_seed
from .._scoring import ClassifierMixin
from .._typing import ProbabilisticClassifier
from ..exceptions import FitInterrupted, InvalidParameterError
from ..neural_network import repeat_rows
from ..semi_supervised import NoisyStudentClassifier
from ._pace import Stopwatch
from ._work import list_work, with_students

# Reserve of the time: a long training is slower than the short one that was measured. If the speed
# of a machine varies, no reserve is always right.
RESERVE = 0.03
SHARE_MEASURED = 0.01  # of the time, twice, to measure the chosen estimator more exactly
# An estimator is chosen if there is time for this share of its usual passes. A single network needs
# less: with half of its passes, it was about as good as a smaller one with more, on photos better.
LEAST_SHARE, LEAST_SHARE_OF_ONE = 0.7, 0.5
LITTLE = 0.01  # of the usual training: less gives a warning
LEAST_TRAINED = 1e-3  # of it, even if no time is left: one step, if the usual training has 1,000
LATE = 0.25  # a fit warns if it is late by more than this share of its time and of a minute


def _attributes(estimator: ProbabilisticClassifier) -> dict[str, object]:
    """Return the fitted attributes for predictions by this estimator."""
    return {"estimator_": estimator, "classes_": estimator.classes_}


class BudgetedClassifier(
    MetaEstimatorMixin, ClassifierMixin, ParametersMixin, CallbackSupportMixin, BaseEstimator
):
    """Train the best classifier that a given time allows.

    ``fit`` first measures the speed of this machine for some seconds, and decides which of the
    estimators to train, and for how many passes. This plan does not change during the training,
    even if the machine becomes slower or faster. So ``clone(clf.plan_).fit(X, y)`` gives exactly
    the same result again, if PyTorch has the same number of threads.

    Parameters
    ----------
    estimators : list of classifiers
        Networks of this package, or votes, noisy students and distillations of such networks,
        ordered from fast to slow. ``fit`` goes through the list until there is no time for 70 % of
        the usual passes of an estimator, or 50 % if it is a single network. It trains the one
        before it, or the first one if there is no time for any. Without unlabeled rows, noisy
        students are left out, unless there are no other estimators.
    minutes : float, default=15
        Duration of ``fit``, above 0. In a grid search, each fit takes this time.
    n_jobs : int, default=None
        Number of networks of a vote that are trained at the same time, as in
        :class:`joblib.Parallel`. None keeps the setting of the estimators.
    unlabeled_label : label, 'auto' or None, default='auto'
        The mark of unlabeled rows in y, as for
        :class:`~skquickdraw.semi_supervised.NoisyStudentClassifier`.
    random_state : int, RandomState instance or None, default=None
        Gives the networks their own seeds.

    Attributes
    ----------
    plan_ : classifier
        An unfitted copy of ``estimator_``, in which every seed and number of passes is set.
    estimator_ : classifier
        The fitted estimator.
    elapsed_minutes_ : float
        Duration of ``fit``.
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of X. Only defined if all of them are strings.

    Raises
    ------
    InvalidParameterError, InvalidTargetsError, InvalidImagesError
        In ``fit``, before any training.

    See Also
    --------
    skquickdraw.recipes.best : Returns this classifier, with a list of estimators.

    Notes
    -----
    Time that is left is used for more passes. A warning is given if ``fit`` takes more than 1.25
    times ``minutes`` and exceeds them by more than a quarter of a minute.

    Examples
    --------
    >>> from skquickdraw import CNNClassifier
    >>> from skquickdraw.datasets import make_sketches
    >>> from skquickdraw.recipes import BudgetedClassifier
    >>> X, y = make_sketches(200, n_classes=3, image_shape=(12, 12), random_state=0)
    >>> clf = BudgetedClassifier([CNNClassifier(width=0.25)], minutes=0.05, random_state=0)
    >>> clf.fit(X, y).plan_.max_epochs > 0
    True
    """

    _parameter_constraints: ClassVar[dict[str, Sequence[object]]] = {
        "estimators": [list, tuple],
        "minutes": [Interval(Real, 0, None, closed="neither")],
        "n_jobs": N_JOBS,
        "unlabeled_label": "no_validation",
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimators: Sequence[ProbabilisticClassifier],
        *,
        minutes: float = 15,
        n_jobs: int | None = None,
        unlabeled_label: object = "auto",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimators = estimators
        self.minutes = minutes
        self.n_jobs = n_jobs
        self.unlabeled_label = unlabeled_label
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        is_list = isinstance(self.estimators, list | tuple) and len(self.estimators)
        first = self.estimators[0] if is_list else None
        if first is not None:
            tags.input_tags.three_d_array = get_tags(first).input_tags.three_d_array
        tags.non_deterministic = True  # the plan depends on the machine
        return tags

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_unlabeled: ArrayLike | None = None,
    ) -> BudgetedClassifier:
        """Measure, plan, train.

        Parameters
        ----------
        X : array-like of images, as the estimators take them
        y : array-like of shape (n,)
            Labels of any type, of at least two classes. ``unlabeled_label`` marks unlabeled rows.
        sample_weight : array-like of shape (n,), default=None
            Weights of labeled rows, at least 0.
        X_unlabeled : array-like of images, default=None
            Unlabeled images, for the estimators that learn from them.

        Returns
        -------
        self : object

        Raises
        ------
        FitInterrupted
            If the user interrupts the fit and ``estimator_`` can already predict. It is kept. If it
            cannot predict yet, this estimator stays as it was, and a KeyboardInterrupt is raised.
        """
        with unchanged_by_failure(self):
            started = perf_counter()
            self._validate_params()
            self._check_estimators()
            mark = self.unlabeled_label
            data = read_partly_labeled(self, X, y, mark, X_unlabeled, sample_weight)
            self._fit(data, started)
        if self.elapsed_minutes_ - self.minutes > LATE * max(1.0, self.minutes):
            warn(
                f"{type(self).__name__}: fit took {self.elapsed_minutes_:.2f} minutes in place of "
                f"{self.minutes:g}. Measuring the speed takes some seconds, and a busy machine "
                "slows a training that is already planned. Raise minutes, or set n_jobs to the "
                "number of free cores.",
                stacklevel=2,
            )
        return self

    @with_callbacks
    def _fit(self, data: PartlyLabeled, started: float) -> None:
        pool = data.pool()
        X, y, weights = data.labeled_part()
        told = Fit(self, X, y, weights)
        told.begin(1)
        with lost_if_interrupted():  # while the machine is measured
            self.plan_ = self._plan(X, y, data.classes, weights, pool, started)
        pool = pool if learns_from(self.plan_, "X_unlabeled") else None
        estimator, interrupt = clone(self.plan_), None
        try:
            fit_targets(estimator, X, y, None, weights, pool, told.task("training", _attributes))
        except FitInterrupted as error:
            if not can_predict(estimator, X):  # a part of it is not fitted
                raise KeyboardInterrupt from None
            interrupt = error
        self.__dict__.update(_attributes(estimator))
        self.elapsed_minutes_ = (perf_counter() - started) / 60
        if interrupt is not None:
            raise FitInterrupted(f"{type(self).__name__}: {interrupt}") from None
        told.end()

    def _check_estimators(self) -> None:
        """Refuse what cannot be trained before the machine is measured."""
        members = self.estimators
        are_objects = all(hasattr(e, "fit") and not isinstance(e, type) for e in members)
        if not members or not are_objects:
            raise InvalidParameterError(
                f"{type(self).__name__}: estimators must be a list of at least one estimator, got "
                f"{members!r}. Pass objects, from cheap to expensive."
            )
        for each in members:
            check_parameters(each)

    def _plan(
        self,
        X: NDArray[np.number],
        y: NDArray[np.generic],
        classes: NDArray[np.generic],
        weights: NDArray[np.float64] | None,
        pool: NDArray[np.number] | None,
        started: float,
    ) -> ProbabilisticClassifier:
        """Measure this machine, and return the unfitted estimator to train."""
        rng = check_random_state(self.random_state)
        candidates = self._candidates(classes, pool is not None, weights is not None)
        stopwatch = Stopwatch(X, y, draw_seed(rng))
        deadline = started + 60 * self.minutes * (1 - RESERVE)
        n_shown = len(repeat_rows(np.arange(len(y)), weights)[0])  # whole weights repeat rows
        n_pool = 0 if pool is None else len(pool)
        return seeded_clone(choose(candidates, stopwatch, deadline, n_shown, n_pool), rng)

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return class probabilities, of shape (n, n_classes); columns follow ``classes_``."""
        check_is_fitted(self)
        return self.estimator_.predict_proba(check_rows(self, X, reset=False))

    def predict(self, X: ArrayLike) -> NDArray[np.generic]:
        """Return the most probable label of each image, of shape (n,)."""
        check_is_fitted(self)
        return self.estimator_.predict(check_rows(self, X, reset=False))

    def _candidates(
        self, classes: NDArray[np.generic], has_pool: bool, is_weighted: bool
    ) -> list[ProbabilisticClassifier]:
        """Return copies of the estimators that can be trained on this data."""
        name = type(self).__name__
        candidates = [each for each in self.estimators if has_pool or not _is_noisy_student(each)]
        # Without a pool, a noisy student is only its teacher.
        candidates = [with_students(each) for each in candidates or self.estimators]
        for each in candidates:
            check_classes(name, each, classes)
            list_work(each, 1, int(has_pool))  # refuses other kinds before any training
            if is_weighted:
                check_learns_from(name, each, "sample_weight", "Leave sample_weight out.")
            if self.n_jobs is not None:
                votes = [key for key in each.get_params() if key.split("__")[-1] == "n_jobs"]
                each.set_params(**dict.fromkeys(votes, self.n_jobs))
        return candidates


def _is_noisy_student(estimator: object) -> bool:
    return isinstance(estimator, NoisyStudentClassifier)


def choose(
    candidates: list[ProbabilisticClassifier],
    stopwatch: Stopwatch,
    deadline: float,
    n_labeled: int,
    n_pool: int,
) -> ProbabilisticClassifier:
    """Return the last candidate for which the time is enough, with passes that fill the time.

    Parameters
    ----------
    candidates : list of unfitted estimators
        From cheap to expensive; the first is taken if the time is enough for none.
    stopwatch : Stopwatch
    deadline : float
        In seconds of ``time.perf_counter``.
    n_labeled, n_pool : int
        Labeled and unlabeled rows.
    """
    chosen = candidates[0]
    for candidate in candidates if len(candidates) > 1 else []:
        own = Wanted(candidate, stopwatch, n_labeled, n_pool)
        if own.least > deadline - perf_counter():
            break  # even if it is the first: to measure slower ones would only cost time
        chosen = candidate
    stopwatch.look_longer(SHARE_MEASURED * (deadline - perf_counter()))
    wanted = Wanted(chosen, stopwatch, n_labeled, n_pool)
    if not wanted.trainings:  # only a frozen teacher
        return chosen
    share = (deadline - perf_counter() - wanted.fixed) / wanted.training
    if share < LITTLE:
        warn(
            "BudgetedClassifier: after the speed of this machine was measured, there is time for "
            f"{max(share, 0):.1%} of the usual training. Raise minutes.",
            stacklevel=2,
        )
    share = max(share, LEAST_TRAINED)
    passes = {
        f"{work.prefix}max_epochs": share * stopwatch.wanted_epochs(work)
        for work in wanted.trainings
    }
    return chosen.set_params(**passes)


class Wanted:
    """The seconds that an estimator takes without a limit, and those that it needs at least."""

    def __init__(
        self, estimator: ProbabilisticClassifier, stopwatch: Stopwatch, n_labeled: int, n_pool: int
    ) -> None:
        n_pool = n_pool if learns_from(estimator, "X_unlabeled") else 0
        works = list_work(estimator, n_labeled, n_pool)
        self.trainings = [work for work in works if work.is_training]
        self.training = sum(
            stopwatch.seconds(work, stopwatch.wanted_epochs(work)) for work in self.trainings
        )
        self.fixed = sum(stopwatch.seconds(work) for work in works if not work.is_training)
        is_one = sum(work.n_copies for work in self.trainings) == 1
        self.least = self.fixed + self.training * (LEAST_SHARE_OF_ONE if is_one else LEAST_SHARE)
