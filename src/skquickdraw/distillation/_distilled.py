"""DistilledClassifier: a student that learns a teacher's probabilities."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._checks import ParametersMixin, check_random_state, check_sample_weight
from .._compat import HasMethods, Interval, print_elapsed_time
from .._fitting import check_learns_from, check_mark, check_parameters, learns_from, seeded_clone
from .._images import check_more_rows, check_rows, check_rows_and_labels
from .._mapped_files import join_rows
from .._progress import Trainings
from .._random import draw_seed
from .._recall import fit_or_recall
from .._scoring import ClassifierMixin
from .._targets import NO_LABEL
from ..exceptions import InvalidTargetsError
from ._student_loss import check_student, plan_loss


def _student_has(method: str) -> Callable[[Any], bool]:
    return lambda self: hasattr(getattr(self, "student_", self.student), method)


class DistilledClassifier(ClassifierMixin, MetaEstimatorMixin, ParametersMixin, BaseEstimator):
    """Teach one small network what a large classifier, or a vote of many, knows.

    The teacher's probabilities say more than labels do: which classes a drawing resembles, and how
    clear it is. A student that learns them comes closer to its teacher than labels would bring it,
    and predicts at its own cost. Drawings without labels teach it too.

    Parameters
    ----------
    teacher : estimator
        With ``fit`` and ``predict_proba``. A :class:`~sklearn.frozen.FrozenEstimator` is taken as
        it is; any other is copied and fitted on the labeled rows.
    student : estimator
        Its ``fit`` takes ``soft_targets``, as those of the three networks of this package and of
        :class:`~skquickdraw.ensemble.SeedEnsembleClassifier` do. Its parameter ``loss``, or that of
        all estimators inside it, becomes a :class:`~skquickdraw.losses.Distillation`, and
        ``label_smoothing`` 0, which would flatten the teacher's probabilities. A student whose loss
        was balanced softmax keeps its correction for unequal classes; other losses are lost.
    temperature : float, default=3.0
        Divides the logits of teacher and student; above 0. The higher, the more the unlikely
        classes count. A student in which not all that learn have a ``loss`` is taught at
        temperature 1.
    alpha : float in [0, 1], default=0.9
        Share of the teacher in the loss; the labels have the rest.
    unlabeled_label : label, 'auto' or None, default='auto'
        The mark of unlabeled rows in y, of any type. 'auto' takes missing values (None, NaN, NA)
        for marks. Where there are none, -1 is the mark if y holds two other classes at least, so
        that labels from {-1, 1} are classes. None says that all rows of y are labeled.
    memory : str or joblib.Memory, default=None
        Folder that keeps the fitted teacher and student, so that an interrupted run goes on with
        what is missing. Needs an int as ``random_state``.
    random_state : int, RandomState instance or None, default=None
        Draws the seeds of teacher and student, which set every ``random_state`` inside them.
    verbose : int, default=0
        Above 0, print how long teacher and student took.

    Attributes
    ----------
    teacher_ : estimator
        The fitted teacher.
    student_ : estimator
        The fitted student, which makes all predictions.
    classes_ : ndarray of shape (n_classes,)
        The sorted labels.
    n_features_in_ : int
        Pixels an image, over all channels.
    feature_names_in_ : ndarray of shape (n_features,)
        Only where X had string column names.

    See Also
    --------
    skquickdraw.losses.Distillation : The loss, and how one target carries teacher and labels.
    skquickdraw.ensemble.SeedEnsembleClassifier : A teacher worth distilling.
    skquickdraw.semi_supervised.NoisyStudentClassifier : For students as large as their teacher, and
        for those that learn labels only.

    Notes
    -----
    The loss of a labeled row is the paper's to the last term:
    :math:`\\alpha T^2 \\mathrm{KL}(p_T \\| s_T) - (1 - \\alpha) \\log s_1(y)`, with :math:`p_T`
    and :math:`s_T` the probabilities of teacher and student at temperature :math:`T`. It departs
    from the paper in two places. In a row without a label the teacher's own probabilities stand for
    it, :math:`(1 - \\alpha) \\mathrm{KL}(p_1 \\| s_1)`, where the paper has nothing: so all rows
    share one loss, and both terms agree on what is best. A student without a parameter ``loss``
    learns :math:`\\alpha p_1 + (1 - \\alpha) y` by its own loss, which for cross entropy is the
    paper's at :math:`T = 1`. And the correction for unequal classes, with the shares that the
    classes have among labels and teacher's opinions, is not in the paper.

    A teacher that is fitted here, and learns from unlabeled rows, is given them.

    References
    ----------
    Hinton et al. (2015), Distilling the Knowledge in a Neural Network, arXiv:1503.02531.

    Examples
    --------
    >>> from skquickdraw import CNNClassifier, DistilledClassifier, SeedEnsembleClassifier
    >>> from skquickdraw.datasets import make_sketches
    >>> X, y = make_sketches(600, n_classes=3, image_shape=(14, 14), random_state=0)
    >>> teacher = SeedEnsembleClassifier(CNNClassifier(width=0.5, max_epochs=8), n_estimators=2)
    >>> student = CNNClassifier(width=0.25, max_epochs=8)
    >>> clf = DistilledClassifier(teacher, student, random_state=0)
    >>> clf.fit(X[:400], y[:400], X_unlabeled=X[400:500]).score(X[500:], y[500:]) > 0.8
    True
    """

    classes_: NDArray[Any]
    teacher_: Any
    student_: Any

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "teacher": [HasMethods(["fit", "predict_proba"])],
        "student": [HasMethods(["fit", "predict"])],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "alpha": [Interval(Real, 0, 1, closed="both")],
        "unlabeled_label": "no_validation",  # type: ignore[dict-item]  # scikit-learn's word
        "memory": [str, HasMethods(["cache"]), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        teacher: Any,
        student: Any,
        *,
        temperature: float = 3.0,
        alpha: float = 0.9,
        unlabeled_label: Any = "auto",
        memory: Any = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.temperature = temperature
        self.alpha = alpha
        self.unlabeled_label = unlabeled_label
        self.memory = memory
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = get_tags(self.student).input_tags.three_d_array
        return tags

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        X_unlabeled: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> DistilledClassifier:
        """Fit the teacher on the labeled rows, and the student on what it says of all rows.

        Parameters
        ----------
        X : array-like of shape (n, H * W), (n, H, W), (n, C, H, W) or (n, H, W, C)
        y : array-like of shape (n,)
            Labels of any type, of at least two classes, and ``unlabeled_label`` where there is
            none.
        X_unlabeled : array-like of as many pixels an image as X, default=None
            More rows without labels.
        sample_weight : array-like of shape (n,), default=None
            For teacher and student; rows of ``X_unlabeled`` weigh 1.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidParameterError
            If the student's ``fit`` takes no soft targets, teacher or student no weights where
            there are some, or parameters of the student's members undo the distillation.
        InvalidTargetsError
            If fewer than two classes are labeled, or a frozen teacher knows other classes.
        """
        self._validate_params()
        self._check_learners(sample_weight is not None)
        rows, classes, codes = check_rows_and_labels(
            self, X, y, unlabeled_label=self.unlabeled_label
        )
        for learner in (self.teacher, self.student):
            check_mark(type(self).__name__, learner, classes)
        weights = None if sample_weight is None else check_sample_weight(sample_weight, rows)
        labeled = np.flatnonzero(codes != NO_LABEL)
        codes = codes[labeled]
        if X_unlabeled is not None:
            more = check_more_rows(self, X_unlabeled, rows)
            rows = join_rows(rows, more)
            weights = None if weights is None else np.append(weights, np.ones(len(more)))
        rng = check_random_state(self.random_state)
        teacher_rng, student_rng = (np.random.RandomState(draw_seed(rng)) for _ in range(2))

        with Trainings(["teacher", "student"]) as trainings:
            with trainings.one(0):
                teacher = self._fit_teacher(rows, labeled, classes[codes], weights, teacher_rng)
            self._check_same_classes(teacher, classes)
            proba = teacher.predict_proba(rows)
            targets = proba.copy()  # where there is no label the teacher's opinion stands for it
            targets[labeled] = np.eye(len(classes))[codes]
            with trainings.one(1):
                student = self._fit_student(rows, classes, proba, targets, weights, student_rng)
        self.student_ = student
        self.teacher_, self.classes_ = teacher, classes
        return self

    @available_if(_student_has("predict_proba"))
    def predict_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Return the student's probabilities, (n, n_classes); columns follow ``classes_``."""
        return self._ask_student("predict_proba", X)

    @available_if(_student_has("decision_function"))
    def decision_function(self, X: ArrayLike) -> NDArray[Any]:
        """Return the student's scores, of shape (n, n_classes), or (n,) for two classes."""
        return self._ask_student("decision_function", X)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the student's label of each image, of shape (n,)."""
        return self._ask_student("predict", X)

    def _ask_student(self, method: str, X: ArrayLike) -> NDArray[Any]:
        check_is_fitted(self)
        return getattr(self.student_, method)(check_rows(self, X, reset=False))

    def _check_learners(self, is_weighted: bool) -> None:
        name = type(self).__name__
        way_out = "NoisyStudentClassifier can teach it by labels."
        check_learns_from(f"{name}: student", self.student, "soft_targets", way_out)
        check_student(name, self.student)
        check_parameters(self.student)
        way_out = "Choose another one, or leave sample_weight out."
        if is_weighted:
            check_learns_from(f"{name}: student", self.student, "sample_weight", way_out)
        if is_weighted and not isinstance(self.teacher, FrozenEstimator):
            check_learns_from(f"{name}: teacher", self.teacher, "sample_weight", way_out)

    def _fit_teacher(
        self,
        rows: NDArray[Any],
        labeled: NDArray[np.intp],
        y: NDArray[Any],
        weights: NDArray[np.float64] | None,
        rng: np.random.RandomState,
    ) -> Any:
        if isinstance(self.teacher, FrozenEstimator):
            check_is_fitted(self.teacher)
            return self.teacher
        pool = None
        if len(labeled) < len(rows) and learns_from(self.teacher, "X_unlabeled"):
            pool = np.delete(rows, labeled, axis=0)
        own_weights = None if weights is None else weights[labeled]
        with self._timed("teacher"):
            teacher = seeded_clone(self.teacher, rng)
            return fit_or_recall(self.memory, teacher, rows[labeled], y, None, own_weights, pool)

    def _check_same_classes(self, teacher: Any, classes: NDArray[Any]) -> None:
        known = np.asarray(teacher.classes_).tolist()
        if known != classes.tolist():
            raise InvalidTargetsError(
                f"{type(self).__name__}: the teacher must know the classes of y, "
                f"{classes.tolist()}, but its classes_ are {known}. Take a teacher that was fitted "
                "on these classes, or label rows of all of its own."
            )

    def _fit_student(
        self,
        X: NDArray[Any],
        classes: NDArray[Any],
        proba: NDArray[Any],
        labels: NDArray[Any],
        weights: NDArray[np.float64] | None,
        rng: np.random.RandomState,
    ) -> Any:
        shares = np.average(labels, axis=0, weights=weights)
        y = classes[labels.argmax(axis=1)]
        loss, params = plan_loss(self.student, self.temperature, self.alpha, shares, y)
        with self._timed("student"):
            student = seeded_clone(self.student, rng, **params)
            targets = loss.merge_targets(proba, labels)
            return fit_or_recall(self.memory, student, X, y, targets, weights)

    def _timed(self, who: str) -> Any:
        message = f"fitting the {who}" if self.verbose else None
        return print_elapsed_time(type(self).__name__, message)
