"""scikit-learn's checks with errors of this package, and the mixin for estimators' parameters.

The messages are scikit-learn's. The types are ours, so that ``except SkquickdrawError`` catches
every mistake of a user.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from math import isfinite
from numbers import Integral, Real
from reprlib import repr as shorten
from typing import Any, Self, TypeVar, overload
from warnings import warn

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context, get_config
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_array as _check_array
from sklearn.utils import check_random_state as _check_random_state
from sklearn.utils import column_or_1d as _column_or_1d
from sklearn.utils.validation import validate_data as _validate_data

from . import _compat
from .exceptions import (
    DataFileError,
    InvalidImagesError,
    InvalidParameterError,
    InvalidTargetsError,
    SkquickdrawError,
)

LARGEST_INT = 2**63 - 1
# Constraints of parameters that occur in many signatures.
FLAG = ["boolean"]
N_JOBS = [
    _compat.Interval(Integral, 1, None, closed="left"),
    _compat.Interval(Integral, None, -1, closed="right"),
    None,
]

Check = TypeVar("Check", bound=Callable[..., Any])
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
    except (ValueError, TypeError, OverflowError) as error:
        raise error_type(str(error)) from None


def check_arguments(
    subject: str, constraints: Mapping[str, object], given: Mapping[str, object]
) -> None:
    """Check arguments as scikit-learn does, unless its settings say otherwise.

    ``subject`` names the function or estimator.
    """
    if get_config()["skip_parameter_validation"]:
        return
    for name, value in given.items():
        if constraints.get(name, "no_validation") != "no_validation":
            refuse_huge(subject, name, value)
    with raised_as(InvalidParameterError):
        _compat.validate_parameter_constraints(dict(constraints), dict(given), subject)


def refuse_huge(subject: str, name: str, value: object) -> None:
    """Refuse whole numbers that no array can count or hold."""
    if isinstance(value, Integral) and abs(int(value)) > LARGEST_INT:
        raise InvalidParameterError(
            f"{subject}: {name} must fit into 64 bits, got an int of {int(value).bit_length()} "
            "bits. Pass a smaller number."
        )


def is_int(value: object, least: int, most: int = LARGEST_INT) -> bool:
    """Return whether this is a whole number within bounds, and not a bool."""
    if not isinstance(value, Integral) or isinstance(value, bool | np.bool_):
        return False
    return least <= int(value) <= most


def is_finite_number(value: object) -> bool:
    """Return whether this is a finite number that a float can hold, and not a bool."""
    if not isinstance(value, Real) or isinstance(value, bool | np.bool_):
        return False
    return abs(int(value)) <= LARGEST_INT if isinstance(value, Integral) else isfinite(value)


@overload
def as_array(
    subject: str,
    name: str,
    value: object,
    dtype: None = None,
    *,
    error_type: Translation = InvalidParameterError,
) -> NDArray[Any]: ...  # as numpy.asarray


@overload
def as_array(
    subject: str,
    name: str,
    value: object,
    dtype: type[float] | type[np.float64],
    *,
    error_type: Translation = InvalidParameterError,
) -> NDArray[np.float64]: ...


def as_array(
    subject: str,
    name: str,
    value: object,
    dtype: type[float] | None = None,
    *,
    error_type: Translation = InvalidParameterError,
) -> NDArray[Any]:
    """Return an argument as an array, or raise if it is not one, such as rows of unequal length."""
    try:
        return np.asarray(value, dtype=dtype)
    except (ValueError, TypeError, OverflowError) as error:
        kind = "" if dtype is None else " of numbers"
        raise error_type(
            f"{subject}: {name} must be an array{kind}, got {shorten(value)}: {error}"
        ) from None


def check_path(subject: str, path: object, name: str = "path") -> None:
    """Refuse what is not a path, such as None or a number, before any work."""
    if not isinstance(path, str | os.PathLike) or "\0" in os.fsdecode(path):
        raise DataFileError(
            f"{subject}: {name} must be a str or a path-like, got {path!r}. Pass the name of a "
            "file or a folder."
        )


@contextmanager
def path_in_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Add the file's name to an OSError that lacks it, such as the error of a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise type(error)(error.errno, error.strerror, os.fspath(path)) from error


def as_numpy(check: Check) -> Check:
    """Make a check of scikit-learn return NumPy arrays, which this package works with.

    With scikit-learn's setting ``array_api_dispatch``, a check would return tensors unchanged.
    """

    @wraps(check)
    def call(*args: Any, **kwargs: Any) -> Any:
        with config_context(array_api_dispatch=False):
            return check(*args, **kwargs)

    return call  # type: ignore[return-value]


check_array = as_numpy(_check_array)
validate_data = as_numpy(_validate_data)
check_sample_weight = raised_as(InvalidTargetsError)(as_numpy(_compat.check_sample_weight))
check_target_array = raised_as(InvalidTargetsError)(check_array)
column_or_1d = raised_as(InvalidTargetsError)(as_numpy(_column_or_1d))
check_random_state = raised_as(InvalidParameterError)(_check_random_state)


class ParametersMixin:
    """A mixin that sets and checks the parameters of an estimator; BaseEstimator comes after it.

    A parameter that takes objects also takes names for them, such as ``augmentation='sketch'``.
    If a parameter inside is set, as ``augmentation__rotation``, the object replaces its name.
    """

    # scikit-learn's HTML representation uses these to link to the page of a class.
    _doc_link_module = "skquickdraw"
    _doc_link_template = (
        "https://skquickdraw.readthedocs.io/en/latest/api/generated/"
        "{estimator_module}.{estimator_name}.html"
    )

    def _named_objects(self) -> Mapping[str, Mapping[str, Callable[[], object]]]:
        """Return the names of each such parameter, and the factory of each name."""
        return {}

    def set_params(self, **params: object) -> Self:
        """Set parameters of this estimator, and of the objects inside.

        Parameters
        ----------
        **params : dict
            ``part__name`` sets the parameter ``name`` of the object ``part``. For example, in a
            classifier, ``augmentation__rotation`` sets ``rotation`` of ``augmentation``. If
            ``augmentation`` is a name, ``AugmentationPolicy()`` replaces it first.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidParameterError
            If there is no such parameter, or no object inside that could have it.
        """
        objects = {
            name: self._object_of(name, key, params.get(name, getattr(self, name)))
            for key in params
            if (name := key.partition("__")[0]) != key and name in self._named_objects()
        }
        with raised_as(InvalidParameterError):
            super().set_params(**{**params, **objects})  # type: ignore[misc]  # BaseEstimator's
        return self

    def _object_of(self, name: str, key: str, value: object) -> object:
        """Return the object that holds the parameter ``key``; ``value`` may be its name."""
        if value is not None and not isinstance(value, str):
            return value
        objects = self._named_objects()[name]
        if value is None or value not in objects:
            kinds = " or ".join(sorted({f"{kind.__name__}()" for kind in objects.values()}))
            raise InvalidParameterError(
                f"{type(self).__name__}: {key} can only be set on an object, but {name}={value!r} "
                f"is not an object, nor the name of one. Set {name} to {kinds} first."
            )
        return objects[value]()

    def _check_again(self, *names: str) -> None:
        """Check parameters that are used after ``fit``: they may have been changed since."""
        constraints = self._parameter_constraints  # type: ignore[attr-defined]  # BaseEstimator's
        given = {name: getattr(self, name) for name in names}
        check_arguments(type(self).__name__, constraints, given)

    def _validate_params(self) -> None:
        self._check_again(*self.get_params(deep=False))  # type: ignore[attr-defined]

    def _warn_of_useless_memory(self, stacklevel: int = 3) -> None:
        """Warn if ``memory`` is set, here or inside, but the next fit will have other seeds."""
        if getattr(self, "random_state", 0) is not None:
            return
        inside = self.get_params().values()  # type: ignore[attr-defined]  # BaseEstimator's
        own = [self, *(part for part in inside if isinstance(part, ParametersMixin))]
        if any(getattr(part, "memory", None) is not None for part in own):
            warn(
                f"{type(self).__name__}: memory stores fits, but random_state is None, so the next "
                "fit has other seeds and does not find them. Set random_state to an int.",
                UserWarning,
                stacklevel=stacklevel,
            )
