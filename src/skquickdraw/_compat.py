"""The only file that imports private or version-bound names of scikit-learn.

They are private but steady: scikit-learn's own estimators and imbalanced-learn's are built on them.
"""

from sklearn.ensemble._base import _set_random_states as set_random_states
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils._user_interface import _print_elapsed_time as print_elapsed_time
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _num_samples as count_samples

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "check_sample_weight",
    "count_samples",
    "print_elapsed_time",
    "safe_indexing",
    "set_random_states",
]
