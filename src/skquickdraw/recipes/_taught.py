"""Recipes of several networks, and of one network that they teach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from joblib import Memory, cpu_count
from numpy.typing import ArrayLike
from sklearn.base import clone

from .._checks import check_arguments
from .._typing import ProbabilisticClassifier
from ..distillation import DistilledClassifier
from ..ensemble import SeedEnsembleClassifier
from ..neural_network import MobileNetClassifier, ResNetClassifier
from ..semi_supervised import NoisyStudentClassifier
from ._budget import BudgetedClassifier
from ._networks import MAX_EPOCHS, VARIED, accurate, fast, has_gpu, large, within

MOST_MEMBERS = 6  # more have hardly gained anything


def ensemble(
    *,
    n_members: int = 4,
    max_epochs: float | str = "auto",
    class_prior: ArrayLike | Mapping[Any, float] | str | None = None,
    minutes: float | None = None,
    n_jobs: int | None = None,
    memory: str | Memory | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> NoisyStudentClassifier | BudgetedClassifier:
    """Return a vote of noisy students: the highest accuracy, in hours.

    The teacher is a vote of networks like those of :func:`accurate`. It predicts labels for the
    unlabeled images. Then a second vote, of the same number of new networks, is trained on all
    images. This recipe was called ``winner`` before.

    Parameters
    ----------
    n_members : int, default=4
        Number of networks in the vote of the teacher, and also in the vote of the student; at
        least 1.
    max_epochs : float, 'auto' or 'long', default='auto'
        Passes of the teacher's networks over the labeled images, as in
        :class:`~skquickdraw.neural_network.ResNetClassifier`. If it is a number, the student's
        networks make 5 / 7 as many passes, over all images.
    class_prior : {'uniform', 'labeled', 'estimate'}, array-like, dict or None, default=None
        Shares of the classes among the unlabeled images, as in
        :class:`~skquickdraw.semi_supervised.NoisyStudentClassifier`. Pass it if it is known.
    minutes : float, default=None
        Train for this time, above 0, on this machine. ``max_epochs`` then only decides how the time
        is divided between teacher and student.
    n_jobs : int, default=None
        Number of networks that are trained at the same time, as in :class:`joblib.Parallel`. On
        CPUs, it is faster to train several networks at the same time, with one thread each, than to
        train them one after another.
    memory : str or joblib.Memory, default=None
        Folder for finished networks, so that an interrupted run continues where it stopped.
        ``random_state`` must then be an int. With ``minutes``, no network is found again: each run
        measures the machine anew, and plans other numbers of passes.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    classifier : NoisyStudentClassifier or BudgetedClassifier
        Not fitted. A BudgetedClassifier if ``minutes`` is given. Without unlabeled images in
        ``fit``, only the teacher's vote is trained. For a whole test set with known class balance,
        ``predict_transductive`` may be more accurate; with ``minutes``, this is a method of
        ``estimator_``.

    Examples
    --------
    >>> from skquickdraw import recipes
    >>> clf = recipes.ensemble(class_prior="uniform", n_jobs=2, random_state=0)
    >>> clf.student.n_estimators
    4
    >>> clf.fit(X, y, X_unlabeled=X_test).predict_transductive(X_test)  # doctest: +SKIP
    """
    check_arguments("ensemble", {"max_epochs": MAX_EPOCHS}, {"max_epochs": max_epochs})
    student_epochs = max_epochs if isinstance(max_epochs, str) else max_epochs * 5 / 7
    teacher, student = (
        SeedEnsembleClassifier(accurate(max_epochs=n), n_members, n_jobs=n_jobs, memory=memory)
        for n in (max_epochs, student_epochs)
    )
    recipe = NoisyStudentClassifier(
        teacher,
        student=student,
        n_iterations=1,
        threshold=0.0,
        class_prior=class_prior,
        random_state=random_state,
    )
    return within(minutes, recipe, random_state)


def distilled(
    teacher: ProbabilisticClassifier | None = None,
    *,
    max_epochs: float | str = "auto",
    minutes: float | None = None,
    memory: str | Memory | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> DistilledClassifier | BudgetedClassifier:
    """Return one small network, taught by a large teacher: fast predictions.

    Its accuracy is nearly that of its teacher.

    Parameters
    ----------
    teacher : classifier, default=None
        None means :func:`ensemble`. If the teacher is already fitted, wrap it in a
        :class:`~sklearn.frozen.FrozenEstimator`.
    max_epochs : float, 'auto' or 'long', default='auto'
        Passes of the small network over all images, labeled and unlabeled.
    minutes : float, default=None
        Train teacher and student within this time, above 0, on this machine. ``max_epochs`` then
        only decides how the time is divided between them; if the teacher is frozen, it is ignored.
    memory : str or joblib.Memory, default=None
        As in :func:`ensemble`.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    classifier : DistilledClassifier or BudgetedClassifier
        Not fitted. A BudgetedClassifier if ``minutes`` is given. The student is a MobileNetV2 of
        0.3 million weights.

    Examples
    --------
    >>> from sklearn.frozen import FrozenEstimator
    >>> from skquickdraw import recipes
    >>> from skquickdraw.datasets import make_sketches
    >>> X, y = make_sketches(300, n_classes=3, image_shape=(14, 14), random_state=0)
    >>> large = recipes.fast(max_epochs=2, random_state=0).fit(X, y)
    >>> small = recipes.distilled(FrozenEstimator(large), max_epochs=2, random_state=0).fit(X, y)
    >>> small.predict_proba(X).shape
    (300, 3)
    """
    check_arguments("distilled", {"max_epochs": MAX_EPOCHS}, {"max_epochs": max_epochs})
    student = MobileNetClassifier(width=0.8, max_epochs=max_epochs, augmentation=clone(VARIED))
    recipe = DistilledClassifier(
        ensemble(memory=memory) if teacher is None else teacher,
        student,
        temperature=1.0,
        memory=memory,
        random_state=random_state,
    )
    return within(minutes, recipe, random_state)


def best(
    minutes: float = 15,
    *,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> BudgetedClassifier:
    """Return a classifier that trains the best model for the given time.

    With little time, or with many images, it is a small network. With more time, it is a large
    network, or a vote of up to six networks. On a GPU, all of them are larger. If unlabeled images
    are passed to ``fit`` and the time is long enough, this network or vote is the teacher of a
    second one, which is also trained on the unlabeled images.

    Parameters
    ----------
    minutes : float, default=15
        Duration of ``fit`` on this machine, above 0.
    n_jobs : int, default=None
        Number of networks of a vote that are trained at the same time, as in
        :class:`joblib.Parallel`. None means the number of cores, but at most six. On a GPU, None
        means one.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    classifier : BudgetedClassifier
        Not fitted. After ``fit``, ``plan_`` is the estimator that was chosen.

    Examples
    --------
    >>> from skquickdraw import recipes
    >>> clf = recipes.best(minutes=15, random_state=0)
    >>> clf.fit(X, y).plan_  # doctest: +SKIP
    """
    n_jobs = default_jobs() if n_jobs is None else n_jobs
    network = large() if has_gpu() else ResNetClassifier()
    votes = [SeedEnsembleClassifier(clone(network), n) for n in range(2, MOST_MEMBERS + 1)]
    taught = [
        NoisyStudentClassifier(clone(vote), student=clone(vote), n_iterations=1, threshold=0.0)
        for vote in (network, *votes[::2])
    ]
    ladder = [fast(), network, *votes, *taught]
    return BudgetedClassifier(ladder, minutes=minutes, n_jobs=n_jobs, random_state=random_state)


def default_jobs() -> int:
    """Return how many networks to train at once: they share cores well, but a GPU badly."""
    n_cores = cpu_count(only_physical_cores=True)
    return 1 if has_gpu() else min(MOST_MEMBERS, n_cores)
