"""NoisyStudentClassifier: a teacher labels, a noisier student learns, and becomes the teacher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from numbers import Integral, Real
from typing import Any

import numpy as np
from joblib import Memory
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.frozen import FrozenEstimator

from .._checks import ParametersMixin, check_random_state
from .._compat import CallbackSupportMixin, EstimatorWith, HasMethods, Interval, StrOptions
from .._fit_tasks import Task
from .._fitting import (
    check_classes,
    check_learns_from,
    check_parameters,
    check_shape,
    holds_parameters,
    seeded_clone,
    unchanged_by_failure,
)
from .._partly_labeled import PartlyLabeled, read_partly_labeled
from .._recall import fit_or_recall
from .._scoring import ClassifierMixin
from .._typing import ProbabilisticClassifier
from ..exceptions import InvalidParameterError
from ._estimate import estimate_prior
from ._prior import check_prior_of_labels
from ._pseudo_labels import PseudoLabels, make_pseudo_labels, resolve_quotas
from ._pseudo_targets import with_pseudo_labels
from ._rounds import fit_in_turn
from ._transductive import PredictsWithinMixin

PRIORS = ("uniform", "labeled", "estimate")
SOFT_WAY_OUT = "Set pseudo_labels='hard', or balance inside the classifier (sampling, loss)."


class NoisyStudentClassifier(
    PredictsWithinMixin,
    MetaEstimatorMixin,
    ClassifierMixin,
    ParametersMixin,
    CallbackSupportMixin,
    BaseEstimator,
):
    """Learn from unlabeled rows too, with labels predicted by a teacher.

    A teacher is trained on the labeled rows, and predicts labels for the unlabeled rows. Then a
    student is trained on both. The student is at least as large as the teacher, and is trained with
    more noise (augmentation, dropout, stochastic depth). In the next round, the student is the
    teacher, and predicts all these labels again.

    If the classes are imbalanced, the teacher often does not recognise the rare ones, so they get
    too few pseudo-labels. If you know the shares of the classes among the unlabeled rows, pass them
    as ``class_prior``. Then the pseudo-labels are adjusted to these shares.

    Parameters
    ----------
    estimator : classifier
        The teacher, and also the student unless ``student`` is given. It needs ``predict_proba``: a
        network of this package, a pipeline that ends in one, a vote of several, or any such
        classifier of scikit-learn. If the teacher is fitted already, wrap it in a
        :class:`~sklearn.frozen.FrozenEstimator`, and set ``student``.
    student : classifier, default=None
        The student. None means a copy of ``estimator``.
    n_iterations : int, default=2
        Rounds, each with a new student; at least 1.
    student_params : dict or list of n_iterations dicts, default=None
        Parameters that are set on the students, usually for more noise or a larger network: one
        dict for all rounds, or one per round, such as ``[{'dropout': 0.3}, {'width': 1.5}]``.
    threshold : float in [0, 1), default=0.4
        Students learn from a pseudo-label if its probability is above this.
    pseudo_labels : {'soft', 'hard'}, default='soft'
        Whether students learn the teacher's probabilities ('soft') or only its most probable class
        ('hard'). 'soft' needs a student whose ``fit`` has the parameter ``soft_targets``.
    class_prior : {'uniform', 'labeled', 'estimate'}, array-like, dict or None, default=None
        Shares of the classes among the unlabeled rows. 'uniform': equal shares. 'labeled': the
        shares in the labeled rows. 'estimate': estimated from the teacher's predictions and its
        confusion matrix on the labeled rows. An array: in the order of ``classes_``, with sum 1.
        A dict maps each label to its share. None: the teacher's predictions are not adjusted.
    max_per_class : int, dict or None, default=None
        Largest number of pseudo-labels per class, at least 1; the most confident ones are kept. A
        dict maps labels to numbers of at least 0. Labels that it leaves out have no limit.
    temperature : float, default=1.0
        Above 0. The teacher's probabilities are first raised to the power ``1 / temperature``, and
        divided by their sum. With a temperature below 1, they become more extreme.
    weight : float, default=1.0
        Weight of a pseudo-labeled row; above 0. Weights other than 1 need a student whose ``fit``
        takes ``sample_weight``.
    warm_start_student : bool, default=False
        Start each student from its teacher's weights. Both must be of the same class, with a
        parameter ``warm_start``, and of the same size.
    unlabeled_label : label, 'auto' or None, default='auto'
        The value that marks unlabeled rows in y. With 'auto', these are missing values (None, NaN,
        NA). If there are none, -1 is the mark, unless y holds only one other class, such as 1. With
        None, all rows of y are labeled.
    memory : None, str or joblib.Memory, default=None
        Folder for finished fits, so that an interrupted run continues where it stopped.
        ``random_state`` must then be an int.
    random_state : int, RandomState instance or None, default=None
        Gives the teacher and each student their own seeds, instead of those in ``estimator``.
    verbose : int, default=0
        Above 0, print a line for each round. Networks inside report their epochs if their own
        ``verbose`` is above 0.

    Attributes
    ----------
    estimator_ : classifier
        The last student, or the first teacher if no round was completed.
    teachers_ : list of classifiers
        The teachers in order; ``teachers_[-1]`` taught ``estimator_``.
    classes_ : ndarray of shape (n_classes,)
    n_iter_ : int
        Number of rounds.
    termination_condition_ : str
        Why the rounds ended: 'max_iter', 'no_unlabeled', 'none_selected', 'interrupted' or
        'diverged' (the training of a student). All attributes are those of the complete rounds.
    transduction_ : ndarray of shape (n,)
        Labels that the last student was trained on, first for the rows of X and then for those of
        ``X_unlabeled``. Other rows have the value ``unlabeled_label``. With 'auto', this value is
        -1 if the classes are numbers without -1, else None.
    transduction_proba_ : ndarray of shape (n, n_classes)
        Probabilities of the last student's teacher, after temperature and prior. Rows with a given
        label are one-hot. Unlabeled rows are zero only if no round was completed.
    labeled_iter_ : ndarray of shape (n,)
        The round in which a row got its current label. It is 0 for labels that were given, and -1
        for rows without a label.
    history_ : list of dict
        For each round ``iteration`` (from 1), and arrays of shape (n_classes,): ``n_selected``,
        ``mean_confidence`` of the selected (nan if there are none), ``n_changed`` (selected rows
        whose label differs from the round before). With soft pseudo-labels, a row counts for its
        most probable class, so these numbers need not have the shares of ``class_prior``.
    class_prior_ : ndarray of shape (n_classes,) or None
        The shares that ``class_prior`` stood for in the last round, or those that it gives;
        ``predict_transductive`` takes them by default.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of X. Only defined if all of them are strings.

    Raises
    ------
    InvalidParameterError, InvalidTargetsError, InvalidImagesError
        In ``fit``, before any training, except for errors in the fit of a student.

    See Also
    --------
    sklearn.semi_supervised.SelfTrainingClassifier : Hard labels that are never revised, no prior.
    skquickdraw.model_selection.LabeledStratifiedKFold : Folds to score this classifier.
    TransductiveClassifier : Predictions under a known class balance for other classifiers.

    Notes
    -----
    With hard labels, one round and no prior, the result is that of scikit-learn's
    ``SelfTrainingClassifier`` with ``max_iter=1`` and the same threshold. The paper balances
    classes by repeating or dropping rows. Here ``sampling`` or the loss of the estimator does this,
    and ``class_prior`` changes the pseudo-labels. In the paper, every student starts from new
    weights; ``warm_start_student`` is an addition.

    A loss that corrects for imbalanced classes counts pseudo-labels like given labels. The
    validation rows of early stopping include pseudo-labeled ones. On these, the validation score
    measures the agreement with the teacher. X and ``X_unlabeled`` should have the same dtype;
    otherwise both are converted.

    References
    ----------
    Xie et al. (2020), Self-training with Noisy Student improves ImageNet classification,
    arXiv:1911.04252.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import MinMaxScaler
    >>> from skquickdraw import NoisyStudentClassifier
    >>> from skquickdraw.datasets import make_sketches
    >>> X, y, names = make_sketches(400, n_classes=3, random_state=0, return_names=True)
    >>> labels = names[y].astype(object)
    >>> labels[60:] = "?"
    >>> clf = NoisyStudentClassifier(
    ...     make_pipeline(MinMaxScaler(), LogisticRegression()),
    ...     pseudo_labels="hard",
    ...     class_prior="uniform",
    ...     unlabeled_label="?",
    ... ).fit(X, labels)
    >>> clf.n_iter_, clf.termination_condition_, clf.classes_.tolist()
    (2, 'max_iter', ['circle', 'clock', 'cookie'])
    """

    _parameter_constraints: dict[str, Sequence[object]] = {
        "estimator": [EstimatorWith(["fit", "predict_proba"])],
        "student": [EstimatorWith(["fit", "predict_proba"]), None],
        "n_iterations": [Interval(Integral, 1, None, closed="left")],
        "student_params": [dict, list, tuple, None],
        "threshold": [Interval(Real, 0, 1, closed="left")],
        "pseudo_labels": [StrOptions({"soft", "hard"})],
        "class_prior": [StrOptions({*PRIORS}), "array-like", Mapping, None],
        "max_per_class": [Interval(Integral, 1, None, closed="left"), Mapping, None],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "weight": [Interval(Real, 0, None, closed="neither")],
        "warm_start_student": ["boolean"],
        "unlabeled_label": "no_validation",
        "memory": [str, HasMethods(["cache"]), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        estimator: ProbabilisticClassifier,
        *,
        student: ProbabilisticClassifier | None = None,
        n_iterations: int = 2,
        student_params: Mapping[str, object] | Sequence[Mapping[str, object]] | None = None,
        threshold: float = 0.4,
        pseudo_labels: str = "soft",
        class_prior: ArrayLike | Mapping[Any, float] | str | None = None,
        max_per_class: int | Mapping[Any, int] | None = None,
        temperature: float = 1.0,
        weight: float = 1.0,
        warm_start_student: bool = False,
        unlabeled_label: object = "auto",
        memory: str | Memory | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.student = student
        self.n_iterations = n_iterations
        self.student_params = student_params
        self.threshold = threshold
        self.pseudo_labels = pseudo_labels
        self.class_prior = class_prior
        self.max_per_class = max_per_class
        self.temperature = temperature
        self.weight = weight
        self.warm_start_student = warm_start_student
        self.unlabeled_label = unlabeled_label
        self.memory = memory
        self.random_state = random_state
        self.verbose = verbose

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_unlabeled: ArrayLike | None = None,
    ) -> NoisyStudentClassifier:
        """Train a teacher, and then the students.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...)
            Flat, or a stack of images, as the estimator takes them.
        y : array-like of shape (n_rows,)
            Labels of any type, of at least two classes. ``unlabeled_label`` marks unlabeled rows.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of labeled rows, at least 0. For unlabeled rows, ``weight`` is used instead.
        X_unlabeled : array-like of shape (n_unlabeled, ...), default=None
            More rows without labels.

        Returns
        -------
        self : NoisyStudentClassifier

        Raises
        ------
        FitInterrupted
            If the user interrupts a round. The complete rounds are kept.
        """
        with unchanged_by_failure(self):
            self._validate_params()
            self._warn_of_useless_memory()
            mark = self.unlabeled_label
            data = read_partly_labeled(self, X, y, mark, X_unlabeled, sample_weight).joined()
            self._given_prior(data)
            self._quotas(data)
            rng = check_random_state(self.random_state)
            teacher = seeded_clone(self.estimator, rng)
            students = self._make_students(rng)
            self._check_learners(teacher, students, data)
            return fit_in_turn(self, teacher, students, data)

    def _quotas(self, data: PartlyLabeled) -> NDArray[np.float64] | None:
        return resolve_quotas(type(self).__name__, self.max_per_class, data.classes)

    def _given_prior(self, data: PartlyLabeled) -> NDArray[np.float64] | None:
        if isinstance(self.class_prior, str) or self.class_prior is None:
            return None
        return check_prior_of_labels(type(self).__name__, self.class_prior, data.classes, PRIORS)

    def _check_learners(
        self,
        teacher: ProbabilisticClassifier,
        students: list[ProbabilisticClassifier],
        data: PartlyLabeled,
    ) -> None:
        """Refuse what teacher or students cannot learn from, before any work."""
        name = type(self).__name__
        weighted = [] if data.weights is None else [teacher, *students]
        for learner in weighted:
            if not isinstance(learner, FrozenEstimator):
                subject = f"{name}: sample_weight"
                check_learns_from(subject, learner, "sample_weight", "Leave it out.")
        for learner in [teacher, *students]:
            check_parameters(learner)
            check_shape(learner, data.X)
            check_classes(name, learner, data.classes)
        for student in students:
            if isinstance(student, FrozenEstimator):
                raise InvalidParameterError(
                    f"{name}: a student must be free to learn, but it is a FrozenEstimator. Give "
                    "student=, an estimator to be fitted, beside a frozen teacher."
                )
            if self.pseudo_labels == "soft" and len(data.unlabeled):
                subject = f"{name}: pseudo_labels='soft'"
                check_learns_from(subject, student, "soft_targets", SOFT_WAY_OUT)
            if self.weight != 1:
                subject = f"{name}: weight={self.weight:g}"
                check_learns_from(subject, student, "sample_weight", "Leave weight at 1.")

    def _student(self) -> ProbabilisticClassifier:
        return self.estimator if self.student is None else self.student

    def _make_students(self, rng: np.random.RandomState) -> list[ProbabilisticClassifier]:
        """Return an unfitted student for each round, with parameters that were checked."""
        params = {} if self.student_params is None else self.student_params
        per_round = [params] * self.n_iterations if isinstance(params, Mapping) else params
        is_right = all(map(holds_parameters, per_round))
        if not is_right or len(per_round) != self.n_iterations:
            raise InvalidParameterError(
                f"{type(self).__name__}: student_params must be one dict for all rounds, or one "
                f"per round, n_iterations={self.n_iterations} in all, got {self.student_params!r}."
            )
        students = [seeded_clone(self._student(), rng, **own) for own in per_round]
        if self.warm_start_student:
            self._check_warm_start(students[0])
        return students

    def _check_warm_start(self, student: ProbabilisticClassifier) -> None:
        is_same = type(student) is type(self.estimator)
        if not is_same or "warm_start" not in student.get_params(deep=False):
            raise InvalidParameterError(
                f"{type(self).__name__}: warm_start_student=True needs a teacher and a student of "
                f"one class with a parameter warm_start, got {type(self.estimator).__name__} and "
                f"{type(student).__name__}. Set it to False."
            )

    def _label(
        self, teacher: ProbabilisticClassifier, data: PartlyLabeled
    ) -> tuple[PseudoLabels, NDArray[np.float64] | None]:
        proba = np.asarray(teacher.predict_proba(data.X[data.unlabeled]), dtype=np.float64)
        prior = self._prior(teacher, data, proba)
        pseudo = make_pseudo_labels(
            proba,
            prior=prior,
            is_hard=self.pseudo_labels == "hard",
            temperature=self.temperature,
            threshold=self.threshold,
            quotas=self._quotas(data),
        )
        return pseudo, prior

    def _prior(
        self, teacher: ProbabilisticClassifier, data: PartlyLabeled, proba: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        if self.class_prior is None:
            return None
        n_classes, codes = len(data.classes), data.codes[data.labeled]
        if isinstance(self.class_prior, str) and self.class_prior == "labeled":
            return np.bincount(codes, minlength=n_classes) / len(codes)
        if isinstance(self.class_prior, str) and self.class_prior == "estimate":
            predicted = teacher.predict_proba(data.X[data.labeled]).argmax(axis=1)
            return estimate_prior(codes, predicted, proba.argmax(axis=1), n_classes)
        return check_prior_of_labels(type(self).__name__, self.class_prior, data.classes, PRIORS)

    def _teach(
        self,
        student: ProbabilisticClassifier,
        teacher: ProbabilisticClassifier,
        data: PartlyLabeled,
        pseudo: PseudoLabels,
        task: Task,
    ) -> ProbabilisticClassifier:
        plan = student.get_params(deep=False)
        if self.warm_start_student:
            student = deepcopy(teacher).set_params(**{**plan, "warm_start": True})
        data_to_learn = with_pseudo_labels(
            data, pseudo, is_soft=self.pseudo_labels == "soft", weight=self.weight
        )
        fitted = fit_or_recall(self.memory, student, *data_to_learn, task=task)
        if self.warm_start_student:
            fitted.set_params(warm_start=plan["warm_start"])
        return fitted
