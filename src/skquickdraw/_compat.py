"""The only file that imports private or version-bound names of scikit-learn.

They are private but stable: scikit-learn's own estimators and imbalanced-learn's use them.
"""

from typing import Any

import numpy as np
from sklearn.ensemble._base import _set_random_states as set_random_states
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._param_validation import HasMethods, StrOptions, validate_parameter_constraints
from sklearn.utils._param_validation import Interval as _Interval
from sklearn.utils._param_validation import Options as _Options
from sklearn.utils._user_interface import _print_elapsed_time as print_elapsed_time
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _num_samples as count_samples


class Interval(_Interval):
    """scikit-learn's interval of numbers, without True and False."""

    def is_satisfied_by(self, val: object) -> bool:
        return not isinstance(val, bool | np.bool_) and super().is_satisfied_by(val)


class Options(_Options):
    """scikit-learn's set of values; True is not the number 1."""

    def is_satisfied_by(self, val: object) -> bool:
        return not isinstance(val, bool | np.bool_) and super().is_satisfied_by(val)


class EstimatorWith(HasMethods):
    """scikit-learn's constraint on methods, for an object that is not a class."""

    def is_satisfied_by(self, val: object) -> bool:
        return not isinstance(val, type) and super().is_satisfied_by(val)

    def __str__(self) -> str:
        return f"{super().__str__()}, and not a class"


def declines(estimator: Any, metadata: str) -> bool:
    """Return whether ``set_fit_request`` has set the request for the metadata to False."""
    requests = getattr(estimator, "_metadata_request", None)
    return requests is not None and requests.fit.requests.get(metadata) is False


try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """An empty mixin: this version has no callbacks."""

    def with_callbacks(method: Any) -> Any:
        """Return the method as it is."""
        return method


__all__ = [
    "CallbackSupportMixin",
    "EstimatorWith",
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "check_sample_weight",
    "count_samples",
    "declines",
    "print_elapsed_time",
    "safe_indexing",
    "set_random_states",
    "validate_parameter_constraints",
    "with_callbacks",
]
