"""The speed of this machine in training and prediction, measured on a few of the rows."""

from __future__ import annotations

from time import perf_counter

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from .._device import resolve_device
from .._image_shape import SMALLEST_SIDE, resolve_image_shape
from .._typing import ProbabilisticClassifier
from ..neural_network import BaseImageClassifier, resolve_batch_size, resolve_epochs
from ._work import Work

N_BATCHES = 4  # of the sample, at least
N_BATCHES_CUDA = 40  # where steps of a short training differ from those of a long one
SECONDS = 1.0  # shortest duration of a first measurement


class Stopwatch:
    """Estimate the seconds that a piece of work takes.

    Parameters
    ----------
    X, y : ndarrays of labeled rows
    seed : int
        Chooses the rows to measure with.
    """

    def __init__(self, X: NDArray[np.number], y: NDArray[np.generic], seed: int) -> None:
        self.X = X
        self.y = y
        self.rng = np.random.RandomState(seed)
        self.least_seconds = SECONDS
        self._known: dict[str, tuple[float, float]] = {}
        self._known_roughly: dict[str, tuple[float, float]] = {}

    def look_longer(self, seconds: float) -> None:
        """Measure again from now on, with trainings of so many seconds, on rows for about one pass.

        A few rows, seen again and again, stay in the processor's caches and are faster. If the
        number of seconds is not larger than before, the old measurements stay.
        """
        if seconds > self.least_seconds:
            self.least_seconds = seconds
            self._known, self._known_roughly = {}, self._known

    def wanted_epochs(self, work: Work) -> float:
        """Return the number of epochs of a training without a limit."""
        shape = np.shape(self.X)[1:]
        if len(shape) == 1:  # flat rows, as the network will read them
            shape = resolve_image_shape("BudgetedClassifier", shape[0], work.network.image_shape)
        is_drawn = hasattr(work.network.augmentation, "ink")  # from strokes
        is_picture = is_drawn or min(shape[-2:]) >= SMALLEST_SIDE
        batch_size = resolve_batch_size(work.network.batch_size, work.n_rows)
        return resolve_epochs(
            work.network.max_epochs, work.n_rows, batch_size, is_picture, work.epoch_rows
        )

    def seconds(self, work: Work, n_epochs: float = 1.0) -> float:
        """Return the seconds of the work; a training has this number of epochs."""
        training, prediction = self._pace(work)
        if work.is_training:
            return work.n_turns * work.epoch_rows * training * n_epochs
        return work.n_turns * work.n_rows * prediction

    def _pace(self, work: Work) -> tuple[float, float]:
        """Return the seconds per row of training and of prediction."""
        if isinstance(work.network, FrozenEstimator):
            return 0.0, time_prediction(work.network, self.X[self._sample(256)])
        batch_size = resolve_batch_size(work.network.batch_size, work.n_rows)
        params = work.network.get_params()
        fixed = {key: value for key, value in params.items() if not key.endswith("random_state")}
        key = repr((sorted(fixed.items(), key=str), batch_size, work.n_jobs))
        if key not in self._known:
            is_cuda = resolve_device(work.network.device).type == "cuda"
            n_rows = batch_size * (N_BATCHES_CUDA if is_cuda else N_BATCHES)
            rows = self._sample(max(n_rows, self._n_rows_to_measure(key)))
            network = clone(work.network).set_params(
                batch_size=batch_size, random_state=0, verbose=0
            )
            if hasattr(network, "set_callbacks"):
                network.set_callbacks()  # a trial is no task of the fit
            paces = Parallel(n_jobs=work.n_jobs)(
                delayed(time_network)(network, self.X[rows], self.y[rows], self.least_seconds)
                for _ in range(work.n_jobs)
            )
            training, prediction = np.mean(paces, axis=0)
            self._known[key] = float(training), float(prediction)
        return self._known[key]

    def _n_rows_to_measure(self, key: str) -> int:
        """Return the number of rows for one pass in the seconds of a measurement."""
        if key not in self._known_roughly:
            return 0
        return int(self.least_seconds / max(self._known_roughly[key][0], 1e-9))

    def _sample(self, n_rows: int) -> NDArray[np.intp]:
        """Return random rows, and one of each class, which a fit needs."""
        order = self.rng.permutation(len(self.y))
        one_of_each = np.unique(self.y[order], return_index=True)[1]
        return np.unique(np.concatenate([order[:n_rows], order[one_of_each]]))


def time_network(
    network: BaseImageClassifier,
    X: NDArray[np.number],
    y: NDArray[np.generic],
    least_seconds: float,
) -> tuple[float, float]:
    """Return the seconds per row of training and of prediction; the first pass does not count."""
    network = clone(network).set_params(max_epochs=2, epoch_size=None).fit(X, y)
    seconds = network.history_[-1]["dur"]  # of the first pass, if it diverged
    if seconds < 0.7 * least_seconds:  # else the second pass was nearly long enough
        n_epochs = 1 + min(100, int(np.ceil(least_seconds / max(seconds, 1e-3))))
        network = clone(network).set_params(max_epochs=n_epochs).fit(X, y)
        records = network.history_[1:] or network.history_
        seconds = float(np.mean([record["dur"] for record in records]))
    return seconds / network.history_[-1]["n_images"], time_prediction(network, X)


def time_prediction(estimator: ProbabilisticClassifier, X: NDArray[np.number]) -> float:
    """Return the seconds per row of prediction."""
    estimator.predict_proba(X[:32])  # folds the network, once
    started = perf_counter()
    estimator.predict_proba(X)
    return (perf_counter() - started) / len(X)
