"""scikit-learn's checks with errors of this package, and what all estimators do with parameters.

The texts are scikit-learn's. The types are ours, so that ``except SkquickdrawError`` catches every
mistake of a user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sklearn.exceptions import NotFittedError
from sklearn.utils import check_array as _check_array
from sklearn.utils import check_random_state as _check_random_state
from sklearn.utils import column_or_1d as _column_or_1d

from . import _compat
from .exceptions import (
    InvalidImagesError,
    InvalidParameterError,
    InvalidTargetsError,
    SkquickdrawError,
)

Translation = type[InvalidImagesError] | type[InvalidTargetsError] | type[InvalidParameterError]


@contextmanager
def raised_as(error_type: Translation) -> Iterator[None]:
    """Raise the errors of scikit-learn's checks inside as ``error_type``, with the same text.

    For checks only: around other work it would hide bugs. The traceback leaves out the cause, which
    has the same text.
    """
    try:
        yield
    except (SkquickdrawError, NotFittedError):
        raise
    except (ValueError, TypeError) as error:
        raise error_type(str(error)) from None


check_sample_weight = raised_as(InvalidTargetsError)(_compat.check_sample_weight)
check_target_array = raised_as(InvalidTargetsError)(_check_array)
column_or_1d = raised_as(InvalidTargetsError)(_column_or_1d)
check_random_state = raised_as(InvalidParameterError)(_check_random_state)


class ParametersMixin:
    """A mixin for the parameters of a BaseEstimator of this package; it comes before that.

    A parameter that takes objects also takes names for them, such as ``augmentation='sketch'``.
    If a parameter inside is set, as ``augmentation__rotation``, the object replaces its name.
    """

    # By which scikit-learn's HTML representation links to the page of a class.
    _doc_link_module = "skquickdraw"
    _doc_link_template = (
        "https://skquickdraw.readthedocs.io/en/latest/api/generated/"
        "{estimator_module}.{estimator_name}.html"
    )

    def _named_objects(self) -> Mapping[str, Mapping[str, Callable[[], Any]]]:
        """Return the names of each such parameter, and the factory of each name."""
        return {}

    def set_params(self, **params: Any) -> Any:
        """Set parameters of this estimator, and of the objects inside.

        Parameters
        ----------
        **params : dict
            ``augmentation__rotation`` sets ``rotation`` of ``augmentation``. If that is a name, the
            object that it stands for replaces it first.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidParameterError
            If there is no such parameter.
        """
        objects = {
            name: self._object_of(name, key, params.get(name, getattr(self, name)))
            for key in params
            if (name := key.partition("__")[0]) != key and name in self._named_objects()
        }
        with raised_as(InvalidParameterError):
            super().set_params(**{**params, **objects})  # type: ignore[misc]  # BaseEstimator's
        return self

    def _object_of(self, name: str, key: str, value: Any) -> Any:
        """Return the object that holds the parameter ``key``; ``value`` may be its name."""
        if value is not None and not isinstance(value, str):
            return value
        objects = self._named_objects()[name]
        if value is None or value not in objects:
            kinds = " or ".join(sorted({f"{kind.__name__}()" for kind in objects.values()}))
            raise InvalidParameterError(
                f"{type(self).__name__}: {key} needs an object to be set on, but {name}={value!r} "
                f"stands for none. Set {name} to {kinds} first."
            )
        return objects[value]()

    def _validate_params(self) -> None:
        with raised_as(InvalidParameterError):
            super()._validate_params()  # type: ignore[misc]  # BaseEstimator's, behind a mixin
