"""Recipes that learn from unlabelled pictures, or from a larger teacher."""

from __future__ import annotations

from typing import Any

from ..distillation import DistilledClassifier
from ..ensemble import SeedEnsembleClassifier
from ..neural_network import MobileNetClassifier
from ..semi_supervised import NoisyStudentClassifier
from ._networks import VARIED, make_network


def winner(
    *,
    n_members: int = 4,
    max_epochs: int = 12,
    class_prior: Any = "uniform",
    n_jobs: int | None = None,
    memory: Any = None,
    random_state: Any = None,
) -> NoisyStudentClassifier:
    """Return the most accurate recipe: networks that vote teach noisier ones, which vote.

    The teachers learn from the labelled pictures. Their opinions of the unlabelled ones, made to
    agree with the shares that the classes have there, teach the students.

    Parameters
    ----------
    n_members : int, default=4
        Networks in each of the two votes.
    max_epochs : int, default=12
        Passes of a teacher over the labelled pictures. A student makes two thirds as many, over all
        pictures, of which there are more.
    class_prior : 'uniform', 'labeled', 'estimate', array-like or None, default='uniform'
        Shares of the classes among the unlabelled pictures, as in
        :class:`~skquickdraw.NoisyStudentClassifier`. The default is for pools of equal classes; say
        None if nothing is known.
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
        Not fitted. Mark unlabelled rows by -1 in y, or give them as ``X_unlabeled``.

    Examples
    --------
    >>> from skquickdraw import recipes
    >>> clf = recipes.winner(class_prior=None, n_jobs=2, random_state=0)
    >>> clf.student.n_estimators
    4
    >>> clf.fit(X, y, X_unlabeled=X_pool).predict(X_test)  # doctest: +SKIP
    """
    teacher, student = (
        SeedEnsembleClassifier(network, n_members, n_jobs=n_jobs, memory=memory)
        for network in (
            make_network(0.7, max_epochs, VARIED),
            make_network(
                0.7, max(1, round(max_epochs * 2 / 3)), VARIED, dropout=0.3, stochastic_depth=0.1
            ),
        )
    )
    return NoisyStudentClassifier(
        teacher,
        student=student,
        n_iterations=1,
        threshold=0.0,
        class_prior=class_prior,
        memory=memory,
        random_state=random_state,
    )


def distilled(
    teacher: Any = None,
    *,
    max_epochs: int = 8,
    memory: Any = None,
    random_state: Any = None,
) -> DistilledClassifier:
    """Return a recipe for one small network that knows most of what a large teacher does.

    Parameters
    ----------
    teacher : classifier, default=None
        None is :func:`winner`. A fitted one is kept as it is by
        :class:`~sklearn.frozen.FrozenEstimator`.
    max_epochs : int, default=8
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
        augmentation=VARIED,
        optimizer="muon",
        lr=0.02,
        loss="balanced_softmax",
        ema_decay=0.999,
        n_tta=2,
    )
    return DistilledClassifier(
        winner(memory=memory) if teacher is None else teacher,
        student,
        memory=memory,
        random_state=random_state,
    )
