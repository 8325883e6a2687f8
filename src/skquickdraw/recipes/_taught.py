"""Recipes of several networks, and of one that these teach."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from ..distillation import DistilledClassifier
from ..ensemble import SeedEnsembleClassifier
from ..neural_network import MobileNetClassifier
from ..semi_supervised import NoisyStudentClassifier
from ._networks import VARIED, single


def winner(
    *,
    n_members: int = 4,
    max_epochs: int = 14,
    class_prior: Any = None,
    n_jobs: int | None = None,
    memory: Any = None,
    random_state: Any = None,
) -> NoisyStudentClassifier:
    """Return a vote of noisy students, for the most accuracy.

    Networks as those of :func:`single` vote, and are the teacher: they label the pictures that have
    no labels. As many new networks learn from all pictures, and vote.

    Parameters
    ----------
    n_members : int, default=4
        Networks that vote, of teacher and student each.
    max_epochs : int, default=14
        Passes of each teacher over the labelled pictures, as in :func:`fast`. Students make five
        passes over all pictures for seven of these.
    class_prior : {'uniform', 'labeled', 'estimate'}, array-like or None, default=None
        What shares the classes have among the unlabelled pictures, as in
        :class:`~skquickdraw.semi_supervised.NoisyStudentClassifier`. Give it where it is
        known.
    n_jobs : int, default=None
        Networks to train at once, as in :class:`joblib.Parallel`. On CPUs several networks of one
        thread each are trained faster than one after another.
    memory : str or joblib.Memory, default=None
        Folder that keeps networks when they are finished, so that a run of hours goes on where it
        was interrupted. Needs an int as ``random_state``.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    classifier : NoisyStudentClassifier
        Not fitted. Where its ``fit`` is given no unlabelled pictures, the teacher's vote is all
        that is trained. For a whole test set whose class balance is known, its
        ``predict_transductive`` may gain some more.

    Examples
    --------
    >>> from skquickdraw import recipes
    >>> clf = recipes.winner(class_prior="uniform", n_jobs=2, random_state=0)
    >>> clf.student.n_estimators
    4
    >>> clf.fit(X, y, X_unlabeled=X_test).predict_transductive(X_test)  # doctest: +SKIP
    """
    student_epochs = max(1, round(max_epochs * 5 / 7))
    teacher, student = (
        SeedEnsembleClassifier(single(max_epochs=n), n_members, n_jobs=n_jobs, memory=memory)
        for n in (max_epochs, student_epochs)
    )
    return NoisyStudentClassifier(
        teacher,
        student=student,
        n_iterations=1,
        threshold=0.0,
        class_prior=class_prior,
        random_state=random_state,
    )


def distilled(
    teacher: Any = None,
    *,
    max_epochs: int = 10,
    memory: Any = None,
    random_state: Any = None,
) -> DistilledClassifier:
    """Return a recipe for one small network that knows most of what a large teacher does.

    Parameters
    ----------
    teacher : classifier, default=None
        None is :func:`winner`. A fitted one is kept as it is by
        :class:`~sklearn.frozen.FrozenEstimator`.
    max_epochs : int, default=10
        Passes of the small network over all pictures, labelled or not.
    memory : str or joblib.Memory, default=None
        As in :func:`winner`.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    classifier : DistilledClassifier
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
    student = MobileNetClassifier(
        width=0.8,
        max_epochs=max_epochs,
        augmentation=clone(VARIED),
        optimizer="muon",
        lr=0.02,
        loss="balanced_softmax",
        ema_decay=0.999,
        n_tta=2,
    )
    return DistilledClassifier(
        winner(memory=memory) if teacher is None else teacher,
        student,
        temperature=1.0,
        memory=memory,
        random_state=random_state,
    )
