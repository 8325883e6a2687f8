"""Types for objects of any package: they need certain methods, but no base class."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Estimator(Protocol):
    """What scikit-learn can clone and fit; methods may take further arguments."""

    @property
    def fit(self) -> Callable[..., Any]: ...

    @property
    def get_params(self) -> Callable[..., dict[str, Any]]: ...

    @property
    def set_params(self) -> Callable[..., Any]: ...


class Classifier(Estimator, Protocol):
    """An estimator that predicts classes, which it knows after ``fit``."""

    @property
    def classes_(self) -> NDArray[np.generic]: ...

    @property
    def predict(self) -> Callable[..., NDArray[np.generic]]: ...


class ProbabilisticClassifier(Classifier, Protocol):
    """A classifier with ``predict_proba``."""

    @property
    def predict_proba(self) -> Callable[..., NDArray[np.floating]]: ...


class Splitter(Protocol):
    """What divides rows into those to train on and those to test on."""

    @property
    def split(self) -> Callable[..., Iterable[tuple[NDArray[np.intp], NDArray[np.intp]]]]: ...

    @property
    def get_n_splits(self) -> Callable[..., int]: ...


CrossValidation = int | Splitter | Iterable[tuple[ArrayLike, ArrayLike]]  # what ``cv`` may be
