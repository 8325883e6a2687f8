"""The only file that imports private or version-bound names of scikit-learn.

They are private but stable: scikit-learn's own estimators and imbalanced-learn's use them.
"""

from typing import Any

from sklearn.ensemble._base import _set_random_states as set_random_states
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils._user_interface import _print_elapsed_time as print_elapsed_time
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _num_samples as count_samples

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
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "check_sample_weight",
    "count_samples",
    "print_elapsed_time",
    "safe_indexing",
    "set_random_states",
    "with_callbacks",
]
