"""The tasks that a fit consists of, as scikit-learn's callbacks see them (1.9 and newer)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from ._typing import Estimator

# Functions that return the fitted attributes with which an estimator would predict now. They are
# called only if a callback asks. The second makes the attributes of a meta-estimator from the
# estimator that a task fitted.
Attributes = Callable[[], dict[str, object]]
AttributesOf = Callable[[Any], dict[str, object]]


class Fit:
    """The fit of an estimator, as callbacks see it; without callbacks, all methods do nothing.

    As a context manager it ends the fit, unless an error is raised.

    Parameters
    ----------
    estimator : estimator
        A ``CallbackSupportMixin``. The method that fits it is decorated by ``with_callbacks``.
    X, y : array-like
        Data on which callbacks may score the estimator.
    sample_weight : array-like, default=None
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> None:
        self.estimator = estimator
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self.data = {"X": X, "y": y, "metadata": metadata}
        around = ("_skl_callbacks", "_parent_callback_ctx")
        self.is_watched = any(name in vars(estimator) for name in around)
        self.context: Any = None

    def begin(self, n_tasks: int) -> None:
        """Tell callbacks that a fit of at most so many tasks begins."""
        if self.is_watched:
            self.context = self.estimator._init_callback_context(max_subtasks=n_tasks)
            self.context.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def task(self, name: str, attributes_of: AttributesOf | None = None) -> Task:
        """Return the next task of the fit; give ``attributes_of`` if it fits an estimator."""
        if self.context is None:
            return Task(None, None)  # without the data, so it is small to send to a worker
        return Task(self, self.context.subcontext(task_name=name), attributes_of)

    def __enter__(self) -> Fit:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is None:
            self.end()

    def end(self) -> BaseEstimator:
        """Tell callbacks that the estimator is fitted, and return it."""
        if self.context is not None:
            self.context.call_on_fit_task_end(
                estimator=self.estimator, **self.data, reconstruction_attributes=dict
            )
        return self.estimator


class Task:
    """A step of a fit, or the fit of another estimator inside of it."""

    def __init__(
        self, fit: Fit | None, context: Any, attributes_of: AttributesOf | None = None
    ) -> None:
        self.fit = fit
        self.context = context
        self.attributes_of = attributes_of
        self.is_seen = False

    def begin(self) -> None:
        self.is_seen = True
        if self.fit is not None:
            self.context.call_on_fit_task_begin(estimator=self.fit.estimator, **self.fit.data)

    def end(self, attributes: Attributes | None = None) -> bool:
        """Return whether a callback wants the fit to stop."""
        if self.fit is None:
            return False
        return self.context.call_on_fit_task_end(
            estimator=self.fit.estimator, **self.fit.data, reconstruction_attributes=attributes
        )

    @contextmanager
    def fitting(self, inner: Estimator) -> Iterator[None]:
        """Report the fit of an inner estimator to callbacks; it gets those that propagate."""
        if self.fit is None:
            yield
            return
        with self.context.propagate_callback_context(inner):
            self.begin()
            yield
            self._end_with(inner)

    def has(self, inner: Estimator) -> None:
        """Report an inner estimator, such as a recalled one, if its fit was not reported."""
        if not self.is_seen:
            self.begin()
            self._end_with(inner)

    def _end_with(self, inner: Estimator) -> None:
        of = self.attributes_of
        self.end(None if of is None else lambda: of(inner))
