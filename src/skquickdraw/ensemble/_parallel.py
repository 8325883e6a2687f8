"""A Parallel that returns results as they finish, if the backend can do that."""

from __future__ import annotations

from joblib import effective_n_jobs
from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel


def as_finished(n_jobs: int | None) -> Parallel:
    """Return a Parallel whose results come in the order in which they finish.

    With a backend that cannot do that, such as joblib's ``multiprocessing`` and Ray's, they come
    together at the end, so an interrupt loses all of them.
    """
    backend, _ = get_active_backend()
    if backend.supports_return_generator:
        return Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    if effective_n_jobs(n_jobs) == 1:
        return Parallel(n_jobs=1, backend="sequential", return_as="generator_unordered")
    return Parallel(n_jobs=n_jobs)
