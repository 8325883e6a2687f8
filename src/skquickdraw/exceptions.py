"""Every error that skquickdraw raises on purpose.

::

    SkquickdrawError
    ├── InvalidImagesError     (ValueError)   X is no batch of images of the right shape and range
    ├── InvalidTargetsError    (ValueError)   y, soft targets or weights do not fit the images
    ├── InvalidParameterError  (ValueError)   a constructor parameter, found out in ``fit``
    ├── DataFileError          (ValueError)   a file on disk does not hold what it should
    └── DownloadError          (OSError)      a file could not be fetched, or is not to be

Each also derives from the built-in error that scikit-learn users catch already. Messages name the
subject, the rule, the value that broke it, and the way out.
"""

__all__ = [
    "DataFileError",
    "DownloadError",
    "InvalidImagesError",
    "InvalidParameterError",
    "InvalidTargetsError",
    "SkquickdrawError",
]


class SkquickdrawError(Exception):
    """Base of all errors of this package."""


class InvalidImagesError(SkquickdrawError, ValueError):
    """X cannot be read as a batch of images."""


class InvalidTargetsError(SkquickdrawError, ValueError):
    """Labels, soft targets or sample weights do not fit."""


class InvalidParameterError(SkquickdrawError, ValueError):
    """A constructor parameter has a value that its estimator cannot use."""


class DataFileError(SkquickdrawError, ValueError):
    """A data file is missing something, or is damaged."""


class DownloadError(SkquickdrawError, OSError):
    """A file is neither in the cache nor to be had from the network."""
