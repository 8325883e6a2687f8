"""Ask an estimator for the features of a layer, through pipelines and frozen estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline


def last_step(estimator: object) -> object:
    """Return the last step of a pipeline, and anything else unchanged."""
    return last_step(estimator.steps[-1][1]) if isinstance(estimator, Pipeline) else estimator


def has_features(estimator: object) -> bool:
    """Return whether :func:`read_features` will work once the estimator is fitted."""
    last = last_step(estimator)
    if isinstance(last, FrozenEstimator):
        return has_features(last.estimator)
    return callable(getattr(last, "extract_features", None))


def read_features(estimator: Any, X: ArrayLike, layer: str) -> NDArray[np.float32]:
    """Return features (n, n_features) of a layer; the steps before a classifier transform X."""
    if isinstance(estimator, FrozenEstimator):
        return read_features(estimator.estimator, X, layer)
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps[:-1]:
            # Steps that change nothing here: 'passthrough', and samplers, which only work in fit.
            X = step.transform(X) if hasattr(step, "transform") else X
        return read_features(estimator.steps[-1][1], X, layer)
    return np.asarray(estimator.extract_features(X, layer=layer), dtype=np.float32)
