"""SeedEnsembleClassifier: a vote of clones of one estimator with different seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from joblib import Memory, effective_n_jobs
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import check_is_fitted

from .._checks import N_JOBS, ParametersMixin, check_random_state
from .._compat import (
    CallbackSupportMixin,
    EstimatorWith,
    HasMethods,
    Interval,
    StrOptions,
    with_callbacks,
)
from .._divergence import has_diverged
from .._fit_tasks import AttributesOf, Fit, Task
from .._fitting import (
    check_classes,
    check_learns_from,
    check_parameters,
    check_same_classes,
    find_mark,
    holds_parameters,
    seeded_clone,
    unchanged_by_failure,
)
from .._images import check_rows
from .._partly_labeled import read_partly_labeled
from .._progress import Trainings
from .._random import draw_seed
from .._recall import fit_or_recall
from .._scoring import ClassifierMixin
from .._targets import NO_LABEL, check_soft_targets
from .._typing import ProbabilisticClassifier as Member
from ..exceptions import FitInterrupted, InvalidParameterError
from ..model_selection import LabeledStratifiedShuffleSplit
from ._parallel import as_finished
from ._voting import combine_proba, given_weights, learn_weights, warn_of_diverged, without_diverged

Data = ArrayLike | None
Weights = NDArray[np.float64] | None


# Not a VotingClassifier: its fit has no memory, no soft targets and no held-out rows, and all
# clones of one estimator would get the same seed. So fit would have to be rewritten, and only a
# weighted mean would be inherited.
class SeedEnsembleClassifier(
    ClassifierMixin, MetaEstimatorMixin, ParametersMixin, CallbackSupportMixin, BaseEstimator
):
    """Fit one estimator with several seeds, and let the networks vote.

    Networks that differ only in their seed make different mistakes. So the mean of their
    probabilities is more accurate than a single network. With n members, training and prediction
    take n times as long. :class:`~skquickdraw.distillation.DistilledClassifier` trains one network
    that predicts like the vote.

    Parameters
    ----------
    estimator : estimator
        With ``fit`` and ``predict_proba``; cloned for each member.
    n_estimators : int, default=6
        Number of members, at least 1.
    member_params : list or tuple of n_estimators dicts, default=None
        Parameters in which the members differ, such as dropout: one dict per member. Seeds in these
        dicts are ignored, because every member gets its own seed.
    weights : {'validation'}, array-like of shape (n_estimators,) or None, default=None
        Weights of the votes.

        - None: equal weights.
        - array-like: at least 0, not all 0; scaled to sum to 1.
        - 'validation': rows are held out before fitting, and the weights (at least 0, with sum 1)
          minimise the log loss on them. Members never learn from these rows. If no row can be held
          out, the weights are equal.
    combine : {'proba', 'logit'}, default='proba'
        'proba' averages the probabilities. 'logit' takes their geometric mean, scaled to the sum 1.
        Then a class is unlikely if a single member gives it a very low probability.
    validation_fraction : float in (0, 1), default=0.1
        Share of each class that ``weights='validation'`` holds out. Every class keeps at least one
        row for training.
    n_jobs : int, default=None
        Number of members that are fitted at the same time, as in :class:`joblib.Parallel`. A single
        network also uses several cores.
    memory : str or joblib.Memory, default=None
        Folder in which fitted members are stored. If a run is interrupted, the next run continues
        with the first missing member. You can also add members later. ``random_state`` must then be
        an int.
    random_state : int, RandomState instance or None, default=None
        Seed from which every ``random_state`` inside the members, and the held-out rows, are drawn.

    Attributes
    ----------
    estimators_ : list of estimators
        The fitted members.
    weights_ : ndarray of shape (n_estimators,)
        Weights of the votes, with sum 1. A member whose training diverged has the weight 0, unless
        all diverged.
    diverged_ : bool
        Whether the training of all members diverged.
    held_out_ : ndarray of shape (n_held_out,)
        Positions of the rows of X that were held out to learn the weights; empty without
        ``weights='validation'``. No member was trained on them, so you can also use them for
        calibration.
    classes_ : ndarray of shape (n_classes,)
        The sorted labels.
    n_features_in_ : int
        Pixels per image, over all channels.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of X. Only defined if all of them are strings.

    See Also
    --------
    sklearn.ensemble.VotingClassifier : A vote of different estimators, fitted or not.
    sklearn.ensemble.StackingClassifier : Learns a classifier on the members' probabilities.

    Notes
    -----
    There is no hard vote. It would ignore how confident the members are, and give no probabilities.

    References
    ----------
    Lakshminarayanan et al. (2017), Simple and Scalable Predictive Uncertainty Estimation using
    Deep Ensembles, arXiv:1612.01474.

    Examples
    --------
    >>> from skquickdraw import CNNClassifier, SeedEnsembleClassifier
    >>> from skquickdraw.datasets import make_sketches
    >>> X, y = make_sketches(600, n_classes=3, image_shape=(14, 14), random_state=0)
    >>> member = CNNClassifier(width=0.25, max_epochs=4)
    >>> clf = SeedEnsembleClassifier(member, n_estimators=3, random_state=0)
    >>> clf.fit(X[:500], y[:500]).score(X[500:], y[500:]) > 0.8
    True
    """

    classes_: NDArray[np.generic]
    estimators_: list[Member]
    held_out_: NDArray[np.intp]
    weights_: NDArray[np.float64]

    _parameter_constraints: ClassVar[dict[str, Sequence[object]]] = {
        "estimator": [EstimatorWith(["fit", "predict_proba"])],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "member_params": [list, tuple, None],
        "weights": [StrOptions({"validation"}), "array-like", None],
        "combine": [StrOptions({"proba", "logit"})],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_jobs": N_JOBS,
        "memory": [str, HasMethods(["cache"]), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Member,
        n_estimators: int = 6,
        *,
        member_params: Sequence[Mapping[str, object]] | None = None,
        weights: ArrayLike | str | None = None,
        combine: str = "proba",
        validation_fraction: float = 0.1,
        n_jobs: int | None = None,
        memory: str | Memory | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.member_params = member_params
        self.weights = weights
        self.combine = combine
        self.validation_fraction = validation_fraction
        self.n_jobs = n_jobs
        self.memory = memory
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = get_tags(self.estimator).input_tags.three_d_array
        return tags

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        soft_targets: ArrayLike | None = None,
        X_unlabeled: ArrayLike | None = None,
    ) -> SeedEnsembleClassifier:
        """Fit the members, and set the weights of their votes.

        Parameters
        ----------
        X : array-like of shape (n, H * W), (n, H, W), (n, C, H, W) or (n, H, W, C)
        y : array-like of shape (n,)
            Labels of any type, of at least two classes. If the members are semi-supervised, their
            ``unlabeled_label`` marks unlabeled rows.
        sample_weight : array-like of shape (n,), default=None
            For members whose ``fit`` takes it. With ``weights='validation'``, the weights of the
            votes depend on it too.
        soft_targets : array-like of shape (n, n_classes), default=None
            Class probabilities to learn in place of y, for members whose ``fit`` takes them.
            Columns follow the sorted classes of y. With ``weights='validation'``, the weights of
            the votes still depend on y.
        X_unlabeled : array-like of shape (n_unlabeled, ...), default=None
            Rows without labels, for members that learn from them, such as noisy students.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidParameterError, InvalidTargetsError, InvalidImagesError
            Before any training; the message shows the invalid value. Only a member whose classes
            differ from those of y raises an error later.
        FitInterrupted
            If the user interrupts the fit after the first member. The finished members are kept.
            Before that, a KeyboardInterrupt is raised, and the estimator stays as it was.
        """
        with unchanged_by_failure(self):
            self._validate_params()
            self._warn_of_useless_memory()
            return self._fit(X, y, soft_targets, sample_weight, X_unlabeled)

    @with_callbacks
    def _fit(
        self, X: ArrayLike, y: ArrayLike, soft_targets: Data, sample_weight: Data, X_unlabeled: Data
    ) -> SeedEnsembleClassifier:
        columns, classes, codes, pool, labeled = self._read(
            X, y, soft_targets, sample_weight, X_unlabeled
        )
        rng = check_random_state(self.random_state)
        # Draw the rows first, then the seeds one by one, so that additional members do not change
        # the others.
        split_rng = np.random.RandomState(draw_seed(rng))
        members = self._make_members(rng, classes)
        weights = given_weights(type(self).__name__, self.weights, self.n_estimators)
        train, held_out = self._split(codes, columns[-1], split_rng)
        data: list[Any] = [None if column is None else column[train] for column in columns]
        told = Fit(self, data[0], data[1], data[3])
        attributes_of = partial(self._attributes, classes, weights)
        fitted = self._fit_members(members, told, attributes_of, *data, pool)
        for member in fitted.values():
            check_same_classes(type(self).__name__, "each member", member.classes_, classes)
        self.__dict__.update(attributes_of(fitted), held_out_=labeled[held_out])
        if len(fitted) < len(members):
            raise FitInterrupted(
                f"{type(self).__name__}: fit was interrupted, and {len(fitted)} of {len(members)} "
                "members are kept. It can predict with them."
            )
        if len(held_out) > 0:
            X_held_out, *_, of_rows = (c if c is None else c[held_out] for c in columns)
            probas = np.stack([member.predict_proba(X_held_out) for member in self.estimators_])
            learned = learn_weights(probas, codes[held_out], of_rows, self.combine)
            self.weights_ = without_diverged(learned, self.estimators_)
        warn_of_diverged(type(self).__name__, self.estimators_)
        return told.end()

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return class probabilities, of shape (n, n_classes); columns follow ``classes_``."""
        check_is_fitted(self)
        self._check_again("combine")
        X = check_rows(self, X, reset=False)
        voting = np.flatnonzero(self.weights_)
        probas = (self.estimators_[i].predict_proba(X) for i in voting)  # one in memory at a time
        return combine_proba(probas, self.weights_[voting], self.combine)

    def predict(self, X: ArrayLike) -> NDArray[np.generic]:
        """Return the most probable label of each image, of shape (n,)."""
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]

    def _read(
        self, X: ArrayLike, y: ArrayLike, soft_targets: Data, sample_weight: Data, X_unlabeled: Data
    ) -> tuple[tuple[Any, ...], NDArray[np.generic], NDArray[np.int64], Data, NDArray[np.intp]]:
        """Validate what the members are fitted to, and separate rows without labels.

        Returns the columns of labeled rows, the classes and codes, the pool of unlabeled rows or
        None, and the positions of the labeled ones in X.
        """
        name = type(self).__name__
        given = {
            "soft_targets": soft_targets,
            "sample_weight": sample_weight,
            "X_unlabeled": X_unlabeled,
        }
        for metadata in [key for key, value in given.items() if value is not None]:
            way_out = f"Choose other members, or do not pass {metadata}."
            check_learns_from(name, self.estimator, metadata, way_out)
        mark = find_mark(name, self.estimator)
        data = read_partly_labeled(self, X, y, mark, X_unlabeled, sample_weight)
        pool = data.pool()
        if pool is not None:
            way_out = "Leave such rows out, or wrap the ensemble instead of its members."
            check_learns_from(name, self.estimator, "X_unlabeled", way_out)
        if soft_targets is not None:
            shape = len(data.codes), len(data.classes)
            soft_targets = check_soft_targets(name, soft_targets, *shape)[data.labeled]
        rows, labels, weights = data.labeled_part()
        columns = rows, labels, soft_targets, weights
        return columns, data.classes, data.codes[data.labeled], pool, data.labeled

    def _fit_members(
        self, members: list[Member], told: Fit, attributes_of: AttributesOf, *data: Any
    ) -> dict[int, Member]:
        """Return the fitted members by their positions; after an interrupt, the finished ones."""
        fitted: dict[int, Member] = {}
        at_once = effective_n_jobs(self.n_jobs) > 1
        names = [f"member {i + 1}/{len(members)}" for i in range(len(members))]
        # A worker does not know the other members, so there is no vote to score.
        so_far = None if at_once else lambda member: attributes_of({**fitted, len(fitted): member})
        told.begin(len(members))
        with Trainings(names, at_once=at_once) as trainings:
            tasks = [told.task(name, so_far) for name in names]
            jobs = (
                delayed(fit_member)(trainings, i, tasks[i], self.memory, member, *data)
                for i, member in enumerate(members)
            )
            try:
                # As they finish, so that an interrupt does not lose members that wait for others.
                for i, member in as_finished(self.n_jobs)(jobs):
                    fitted[i] = member
            except KeyboardInterrupt:
                if not fitted:
                    raise KeyboardInterrupt from None  # the network that was interrupted is lost
        return dict(sorted(fitted.items()))

    def _attributes(
        self, classes: NDArray[np.generic], weights: NDArray[np.float64], fitted: dict[int, Member]
    ) -> dict[str, object]:
        """Return the fitted attributes for a vote of these members, by their positions."""
        members = list(fitted.values())
        return {
            "estimators_": members,
            "classes_": classes,
            "weights_": without_diverged(weights[list(fitted)], members),
            "diverged_": all(map(has_diverged, members)),
        }

    def _make_members(
        self, rng: np.random.RandomState, classes: NDArray[np.generic]
    ) -> list[Member]:
        """Return the unfitted members, each with its own seeds."""
        params = self.member_params
        if params is None:
            params = [{}] * self.n_estimators
        if len(params) != self.n_estimators or not all(map(holds_parameters, params)):
            raise InvalidParameterError(
                f"{type(self).__name__}: member_params must be one dict a member, n_estimators="
                f"{self.n_estimators} in all, got {len(params)} entries: {params!r}. Use an empty "
                "dict for a member without changes."
            )
        members = [
            seeded_clone(self.estimator, np.random.RandomState(draw_seed(rng)), **own)
            for own in params
        ]
        for member in members:
            check_parameters(member)
            check_classes(type(self).__name__, member, classes)
        return members

    def _split(
        self, codes: NDArray[np.int64], sample_weight: Weights, rng: np.random.RandomState
    ) -> tuple[slice | NDArray[np.intp], NDArray[np.intp]]:
        """Return the rows to train on and, if weights are learned, those held out for them."""
        if isinstance(self.weights, str) and self.n_estimators > 1:
            if sample_weight is not None:
                codes = np.where(sample_weight > 0, codes, NO_LABEL)  # weight 0 is not held out
            splitter = LabeledStratifiedShuffleSplit(
                1, test_size=self.validation_fraction, random_state=rng, unlabeled_label=NO_LABEL
            )
            with suppress(InvalidParameterError):  # no class is large enough to hold out a row
                return next(splitter.split(codes, codes))
        return slice(None), np.arange(0)  # a slice copies nothing


def fit_member(
    trainings: Trainings,
    i: int,
    task: Task,
    memory: str | Memory | None,
    member: Member,
    *data: Any,  # each array by itself, because Dask then sends it to a worker only once
) -> tuple[int, Member]:
    """Return ``i`` and its member, fitted; also in a worker."""
    with trainings.one(i):
        return i, fit_or_recall(memory, member, *data, task=task)
