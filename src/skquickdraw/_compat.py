"""The only file that imports private or version-bound names of scikit-learn.

They are private but steady: scikit-learn's own estimators and imbalanced-learn's are built on them.
"""

from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.validation import _check_sample_weight

__all__ = ["HasMethods", "Interval", "Options", "StrOptions", "check_sample_weight"]

check_sample_weight = _check_sample_weight
