"""Every error that skquickdraw raises on purpose.

::

    SkquickdrawError
    ├── InvalidImagesError      (ValueError, TypeError)  X is no batch of images of the right shape
    │                                                    and range
    ├── InvalidTargetsError     (ValueError, TypeError)  y, soft targets or weights do not fit
    ├── InvalidParameterError   (ValueError, TypeError)  a parameter, checked in ``fit``
    ├── DataFileError           (ValueError)             a file does not hold what it should
    ├── DownloadError           (OSError)                a file could not be fetched
    ├── OutOfMemoryError        (MemoryError, RuntimeError)  a GPU or the computer has too little
    └── MissingDependencyError  (ImportError)            an optional package is not installed

Each also derives from the built-in errors that scikit-learn users catch already; scikit-learn
raises some of its own checks as ValueError, and some as TypeError. Messages name the subject, the
rule, the value that broke it, and the way out. What scikit-learn's checks find keeps its text.

:class:`FitInterrupted` is not an error: it is a KeyboardInterrupt after which the model is fitted
all the same.

An estimator that is not fitted raises :class:`sklearn.exceptions.NotFittedError`, as everywhere in
scikit-learn.
"""

__all__ = [
    "DataFileError",
    "DownloadError",
    "FitInterrupted",
    "InvalidImagesError",
    "InvalidParameterError",
    "InvalidTargetsError",
    "MissingDependencyError",
    "OutOfMemoryError",
    "SkquickdrawError",
]


class SkquickdrawError(Exception):
    """Base of all errors of this package."""


class InvalidImagesError(SkquickdrawError, ValueError, TypeError):
    """X cannot be read as a batch of images."""


class InvalidTargetsError(SkquickdrawError, ValueError, TypeError):
    """Labels, soft targets or sample weights are wrong, or do not fit X."""


class InvalidParameterError(SkquickdrawError, ValueError, TypeError):
    """A parameter has a value that its estimator or function cannot use."""


class DataFileError(SkquickdrawError, ValueError):
    """A data file is missing something, or is damaged."""


class DownloadError(SkquickdrawError, OSError):
    """A file is not in the cache and could not be downloaded."""


class OutOfMemoryError(SkquickdrawError, MemoryError, RuntimeError):
    """The device has too little memory for a training or a prediction.

    A RuntimeError too, as PyTorch's own error is.
    """


class MissingDependencyError(SkquickdrawError, ImportError):
    """An optional package is needed here but not installed."""


class FitInterrupted(KeyboardInterrupt):
    """The user interrupted ``fit``; the estimator in the message keeps what it learned so far.

    It can predict and be saved. An estimator around it, such as a search, is not fitted. This is a
    KeyboardInterrupt, so it ends that fit too.
    """
