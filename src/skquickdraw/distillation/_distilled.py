"""DistilledClassifier: a student that learns a teacher's probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from joblib import Memory
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._checks import ParametersMixin, check_random_state
from .._compat import (
    CallbackSupportMixin,
    EstimatorWith,
    HasMethods,
    Interval,
    print_elapsed_time,
    with_callbacks,
)
from .._fit_tasks import Fit, Task
from .._fitting import (
    can_predict,
    check_classes,
    check_learns_from,
    check_parameters,
    check_same_classes,
    check_shape,
    learns_from,
    lost_if_interrupted,
    seeded_clone,
    unchanged_by_failure,
)
from .._images import check_rows
from .._partly_labeled import PartlyLabeled, read_partly_labeled
from .._progress import Trainings
from .._random import draw_seed
from .._recall import fit_or_recall
from .._scoring import ClassifierMixin
from .._typing import Classifier, ProbabilisticClassifier
from ..exceptions import FitInterrupted
from ._student_loss import check_student, plan_loss


def _student_has(method: str) -> Callable[[DistilledClassifier], bool]:
    return lambda self: hasattr(getattr(self, "student_", self.student), method)


def _attributes(
    classes: NDArray[np.generic], teacher: ProbabilisticClassifier, student: Classifier
) -> dict[str, object]:
    """Return the fitted attributes for predictions by this student."""
    return {"student_": student, "teacher_": teacher, "classes_": classes}


class DistilledClassifier(
    ClassifierMixin, MetaEstimatorMixin, ParametersMixin, CallbackSupportMixin, BaseEstimator
):
    """Train one small network to predict like a large classifier, or like a vote of many.

    The probabilities of the teacher contain more information than labels: they show which classes
    an image is similar to. A small student that is trained on them is more accurate than one that
    is trained on labels only, and its predictions are as fast. It also learns from unlabeled
    images.

    Parameters
    ----------
    teacher : estimator
        A classifier with ``fit`` and ``predict_proba``. A :class:`~sklearn.frozen.FrozenEstimator`
        is used as it is. Any other estimator is cloned and fitted to the labeled rows, and to the
        unlabeled rows if it can learn from them.
    student : estimator
        A classifier whose ``fit`` has a parameter ``soft_targets``, such as the networks of this
        package and :class:`~skquickdraw.ensemble.SeedEnsembleClassifier`. In all networks of the
        student, ``loss`` is replaced by a :class:`~skquickdraw.losses.Distillation`. It also
        corrects for imbalanced classes if the loss was the balanced softmax. ``label_smoothing`` is
        set to 0, because smoothing would flatten the teacher's probabilities.
    temperature : float, default=3.0
        The logits of teacher and student are divided by it; above 0. With a higher temperature,
        classes with small probabilities have more influence. If the student, or one of its members,
        has no parameter ``loss``, the temperature is 1.
    alpha : float in [0, 1], default=0.9
        Weight of the teacher's probabilities in the loss. The weight of the labels is ``1 -
        alpha``.
    unlabeled_label : label, 'auto' or None, default='auto'
        The value that marks unlabeled rows in y. With 'auto', these are missing values (None, NaN,
        NA). If there are none, -1 is the mark, unless y holds only one other class, such as 1. With
        None, all rows of y are labeled.
    memory : str or joblib.Memory, default=None
        Folder in which the fitted teacher and student are stored. If a run is interrupted, the next
        run uses the stored fits. ``random_state`` must then be an int.
    random_state : int, RandomState instance or None, default=None
        Seed from which every ``random_state`` inside the teacher and the student is drawn.
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
        Pixels per image, over all channels.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of X. Only defined if all of them are strings.

    See Also
    --------
    skquickdraw.losses.Distillation : The loss.
    skquickdraw.ensemble.SeedEnsembleClassifier : A good teacher.
    skquickdraw.semi_supervised.NoisyStudentClassifier : For students as large as their teacher, and
        for students whose ``fit`` has no ``soft_targets``.

    Notes
    -----
    The loss of a labeled row is exactly the paper's: :math:`\\alpha T^2 \\mathrm{KL}(p_T \\| s_T) -
    (1 - \\alpha) \\log s_1(y)`, with :math:`p_T` and :math:`s_T` the probabilities of teacher and
    student at temperature :math:`T`. There are two differences from the paper. First, for a row
    without a label, the second term is :math:`(1 - \\alpha) \\mathrm{KL}(p_1 \\| s_1)`, with the
    teacher's probabilities in place of the label. In the paper, such a row has no second term.
    Second, the paper does not correct for imbalanced classes. Here the correction uses the shares
    of the classes in the labels and, for rows without a label, in the teacher's probabilities.

    A student without a parameter ``loss`` learns the targets :math:`\\alpha p_1 + (1 - \\alpha) y`
    with its own loss. If this is cross entropy, it is the loss of the paper at :math:`T = 1`.

    References
    ----------
    Hinton et al. (2015), Distilling the Knowledge in a Neural Network, arXiv:1503.02531.

    Examples
    --------
    >>> from skquickdraw import CNNClassifier, DistilledClassifier, SeedEnsembleClassifier
    >>> from skquickdraw.datasets import make_sketches
    >>> X, y = make_sketches(600, n_classes=3, image_shape=(14, 14), random_state=0)
    >>> teacher = SeedEnsembleClassifier(CNNClassifier(width=0.25, max_epochs=5), n_estimators=2)
    >>> student = CNNClassifier(width=0.25, max_epochs=8)
    >>> clf = DistilledClassifier(teacher, student, random_state=0)
    >>> clf.fit(X[:400], y[:400], X_unlabeled=X[400:500]).score(X[500:], y[500:]) > 0.8
    True
    """

    classes_: NDArray[np.generic]
    teacher_: ProbabilisticClassifier
    student_: Classifier

    _parameter_constraints: ClassVar[dict[str, Sequence[object]]] = {
        "teacher": [EstimatorWith(["fit", "predict_proba"])],
        "student": [EstimatorWith(["fit", "predict"])],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "alpha": [Interval(Real, 0, 1, closed="both")],
        "unlabeled_label": "no_validation",  # scikit-learn's constant
        "memory": [str, HasMethods(["cache"]), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        teacher: ProbabilisticClassifier,
        student: Classifier,
        *,
        temperature: float = 3.0,
        alpha: float = 0.9,
        unlabeled_label: object = "auto",
        memory: str | Memory | None = None,
        random_state: int | np.random.RandomState | None = None,
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

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = get_tags(self.student).input_tags.three_d_array
        return tags

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_unlabeled: ArrayLike | None = None,
    ) -> DistilledClassifier:
        """Fit the teacher, and then the student to the teacher's probabilities for all rows.

        Parameters
        ----------
        X : array-like of shape (n, H * W), (n, H, W), (n, C, H, W) or (n, H, W, C)
        y : array-like of shape (n,)
            Labels of any type, of at least two classes; ``unlabeled_label`` for unlabeled rows.
        sample_weight : array-like of shape (n,), default=None
            Weights for teacher and student. Rows of ``X_unlabeled`` have the weight 1.
        X_unlabeled : array-like of shape (n_unlabeled, ...), default=None
            More images without labels, of the same size as those of X.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidParameterError
            If the student's ``fit`` takes no soft targets, if teacher or student cannot use the
            ``sample_weight``, if the student's ``member_params`` set the loss or how it corrects
            for imbalanced classes, or if its networks correct for them in different ways.
        InvalidTargetsError
            If fewer than two classes have labels, or a frozen teacher knows other classes.
        FitInterrupted
            If the user interrupts the fit and the student can already predict. The student is kept.
            If it cannot predict yet, the estimator stays as it was, and a KeyboardInterrupt is
            raised.
        """
        with unchanged_by_failure(self):
            self._validate_params()
            self._warn_of_useless_memory()
            self._check_learners(sample_weight is not None)
            mark = self.unlabeled_label
            data = read_partly_labeled(self, X, y, mark, X_unlabeled, sample_weight).joined()
            for learner in (self.teacher, self.student):
                check_shape(learner, data.X)
                check_classes(type(self).__name__, learner, data.classes)
            return self._fit(data)

    @with_callbacks
    def _fit(self, data: PartlyLabeled) -> DistilledClassifier:
        name, classes = type(self).__name__, data.classes
        rng = check_random_state(self.random_state)
        teacher_rng, student_rng = (np.random.RandomState(draw_seed(rng)) for _ in range(2))
        X, y, weights = lesson = data.labeled_part()
        told = Fit(self, X, y, weights)
        told.begin(2)
        with Trainings(["teacher", "student"]) as trainings:
            with trainings.one(0), lost_if_interrupted():
                teacher = self._fit_teacher(data, lesson, teacher_rng, told.task("teacher"))
            check_same_classes(name, "the teacher", teacher.classes_, classes)
            proba = teacher.predict_proba(data.X)
            targets = proba.copy()  # stay in rows without a label
            targets[data.labeled] = np.eye(len(classes))[data.codes[data.labeled]]
            attributes_of = partial(_attributes, classes, teacher)
            with trainings.one(1):
                task = told.task("student", attributes_of)
                student, interrupt = self._fit_student(data, proba, targets, student_rng, task)
        self.__dict__.update(attributes_of(student))
        if interrupt is not None:
            raise FitInterrupted(f"{name}: the student is kept as it is. {interrupt}") from None
        return told.end()

    @available_if(_student_has("predict_proba"))
    def predict_proba(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return the student's probabilities, (n, n_classes); columns follow ``classes_``."""
        return self._ask_student("predict_proba", X)

    @available_if(_student_has("decision_function"))
    def decision_function(self, X: ArrayLike) -> NDArray[np.number]:
        """Return the student's scores, of shape (n, n_classes), or (n,) for two classes."""
        return self._ask_student("decision_function", X)

    def predict(self, X: ArrayLike) -> NDArray[np.generic]:
        """Return the student's label of each image, of shape (n,)."""
        return self._ask_student("predict", X)

    def _ask_student(self, method: str, X: ArrayLike) -> NDArray[Any]:
        check_is_fitted(self)
        return getattr(self.student_, method)(check_rows(self, X, reset=False))

    def _check_learners(self, is_weighted: bool) -> None:
        name = type(self).__name__
        way_out = "NoisyStudentClassifier can teach it with labels."
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
        data: PartlyLabeled,
        lesson: tuple[NDArray[np.number], NDArray[np.generic], NDArray[np.float64] | None],
        rng: np.random.RandomState,
        task: Task,
    ) -> ProbabilisticClassifier:
        if isinstance(self.teacher, FrozenEstimator):
            check_is_fitted(self.teacher)
            task.has(self.teacher)
            return self.teacher
        X, y, weights = lesson
        pool = data.pool() if learns_from(self.teacher, "X_unlabeled") else None
        with self._timed("teacher"):
            teacher = seeded_clone(self.teacher, rng)
            return fit_or_recall(self.memory, teacher, X, y, None, weights, pool, task=task)

    def _fit_student(
        self,
        data: PartlyLabeled,
        proba: NDArray[np.floating],
        labels: NDArray[np.floating],
        rng: np.random.RandomState,
        task: Task,
    ) -> tuple[Classifier, FitInterrupted | None]:
        """Return the student, and the interrupt that ended its fit early, if there was one."""
        shares = np.average(labels, axis=0, weights=data.weights)
        y = data.classes[labels.argmax(axis=1)]
        loss, params = plan_loss(self.student, self.temperature, self.alpha, shares, y)
        student = seeded_clone(self.student, rng, **params)
        try:
            with self._timed("student"):
                lesson = data.X, y, loss.merge_targets(proba, labels), data.weights
                return fit_or_recall(self.memory, student, *lesson, task=task), None
        except FitInterrupted as interrupt:
            if not can_predict(student, data.X):  # a part of it is not fitted
                raise KeyboardInterrupt from None
            return student, interrupt

    def _timed(self, who: str) -> AbstractContextManager[None]:
        message = f"fitting the {who}" if self.verbose else None
        return print_elapsed_time(type(self).__name__, message)
