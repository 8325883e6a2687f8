"""Recipes of several networks, and of one that these teach."""

from __future__ import annotations

from typing import Any

from joblib import cpu_count
from sklearn.base import clone

from ..distillation import DistilledClassifier
from ..ensemble import SeedEnsembleClassifier
from ..neural_network import MobileNetClassifier, ResNetClassifier
from ..semi_supervised import NoisyStudentClassifier
from ._budget import BudgetedClassifier
from ._networks import VARIED, accurate, fast, has_gpu, large, within

MOST_MEMBERS = 6  # more have hardly gained anything


def ensemble(
    *,
    n_members: int = 4,
    max_epochs: float | str = "auto",
    class_prior: Any = None,
    minutes: float | None = None,
    n_jobs: int | None = None,
    memory: Any = None,
    random_state: Any = None,
) -> NoisyStudentClassifier | BudgetedClassifier:
    """Return a vote of noisy students for those who want the most accuracy and have hours.

    Networks as those of :func:`accurate` vote, and are the teacher: they label the images that have
    no labels. As many new networks learn from all images, and vote. This recipe was called
    ``winner`` before.

    Parameters
    ----------
    n_members : int, default=4
        Networks that vote, of teacher and student each.
    max_epochs : float, 'auto' or 'long', default='auto'
        Passes of each teacher over the labeled images, and of each student over all images, as in
        :class:`~skquickdraw.neural_network.ResNetClassifier`. With a number, students make five
        passes for seven of their teachers'.
    class_prior : {'uniform', 'labeled', 'estimate'}, array-like or None, default=None
        What shares the classes have among the unlabeled images, as in
        :class:`~skquickdraw.semi_supervised.NoisyStudentClassifier`. Give it where it is
        known.
    minutes : float, default=None
        Train for so many minutes on this machine, whatever ``max_epochs`` says.
    n_jobs : int, default=None
        Networks to train at once, as in :class:`joblib.Parallel`. On CPUs several networks of one
        thread each are trained faster than one after another.
    memory : str or joblib.Memory, default=None
        Folder that keeps networks when they are finished, so that a run of hours goes on where it
        was interrupted. Needs an int as ``random_state``.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    classifier : NoisyStudentClassifier, or with ``minutes`` a BudgetedClassifier of one
        Not fitted. Where its ``fit`` is given no unlabeled images, the teacher's vote is all
        that is trained. For a whole test set whose class balance is known, its
        ``predict_transductive`` may gain some more.

    Examples
    --------
    >>> from skquickdraw import recipes
    >>> clf = recipes.ensemble(class_prior="uniform", n_jobs=2, random_state=0)
    >>> clf.student.n_estimators
    4
    >>> clf.fit(X, y, X_unlabeled=X_test).predict_transductive(X_test)  # doctest: +SKIP
    """
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
    return within(minutes, recipe, random_state=random_state)


def distilled(
    teacher: Any = None,
    *,
    max_epochs: float | str = "auto",
    minutes: float | None = None,
    memory: Any = None,
    random_state: Any = None,
) -> DistilledClassifier | BudgetedClassifier:
    """Return one small network, taught by a large teacher for those who need fast predictions.

    It knows most of what its teacher does.

    Parameters
    ----------
    teacher : classifier, default=None
        None is :func:`ensemble`. A fitted one is kept as it is by
        :class:`~sklearn.frozen.FrozenEstimator`.
    max_epochs : float, 'auto' or 'long', default='auto'
        Passes of the small network over all images, labeled or not.
    minutes : float, default=None
        Train teacher and student for so many minutes on this machine, whatever ``max_epochs`` says.
    memory : str or joblib.Memory, default=None
        As in :func:`ensemble`.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    classifier : DistilledClassifier, or with ``minutes`` a BudgetedClassifier of one
        Not fitted. Its student is a MobileNetV2 of 0.3 million weights.

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
    student = MobileNetClassifier(width=0.8, max_epochs=max_epochs, augmentation=clone(VARIED))
    recipe = DistilledClassifier(
        ensemble(memory=memory) if teacher is None else teacher,
        student,
        temperature=1.0,
        memory=memory,
        random_state=random_state,
    )
    return within(minutes, recipe, random_state=random_state)


def best(
    minutes: float = 15, *, n_jobs: int | None = None, random_state: Any = None
) -> BudgetedClassifier:
    """Return the best model that the given time allows for those who do not want to choose.

    With little time, or many images, it is a small network; with more a large one, then a vote of
    up to six. On a GPU all of them are larger. Where ``fit`` is given unlabeled images and there
    is time, the vote teaches another one, which learns from these too.

    Parameters
    ----------
    minutes : float, default=15
        How long ``fit`` takes on this machine, above 0.
    n_jobs : int, default=None
        Networks of a vote to train at once. None is as many as the processor has cores, up to six;
        on a GPU one.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    classifier : BudgetedClassifier
        Not fitted. Its ``plan_`` says what was chosen.

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
    return within(minutes, *ladder, n_jobs=n_jobs, random_state=random_state)


def default_jobs() -> int:
    """Return how many networks to train at once: they share a GPU badly, and cores well."""
    n_cores = cpu_count(only_physical_cores=True)
    return 1 if has_gpu() else min(MOST_MEMBERS, n_cores)
