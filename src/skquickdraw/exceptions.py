"""Every error that skquickdraw raises on purpose.

::

    SkquickdrawError
    ├── InvalidImagesError      (ValueError, TypeError)  X is not a batch of images of the right
    │                                                    shape and range
    ├── InvalidTargetsError     (ValueError, TypeError)  y, soft targets or weights do not fit
    ├── InvalidParameterError   (ValueError, TypeError)  a parameter has an invalid value
    ├── DataFileError           (ValueError)             a file is missing, damaged or invalid
    ├── DownloadError           (OSError)                a file could not be fetched
    ├── OutOfMemoryError        (MemoryError, RuntimeError)  a GPU or the computer lacks memory
    └── MissingDependencyError  (ImportError)            an optional package is not installed

Each of them also derives from the built-in errors in brackets. So code that catches the errors of
scikit-learn, which are sometimes ValueError and sometimes TypeError, also catches these. A message
names the subject, the rule, the wrong value, and what to do. If a check of scikit-learn finds the
problem, its message is kept.

:class:`FitInterrupted` is not an error. It is a KeyboardInterrupt that is raised if the model can
be used although its fit was interrupted.

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
    """A file or folder is missing, is damaged, or does not contain what it should."""


class DownloadError(SkquickdrawError, OSError):
    """A file is not in the cache and could not be downloaded."""


class OutOfMemoryError(SkquickdrawError, MemoryError, RuntimeError):
    """The device has too little memory for a training or a prediction.

    It is also a RuntimeError, like PyTorch's own error.
    """


class MissingDependencyError(SkquickdrawError, ImportError):
    """An optional package is needed here but not installed."""


class FitInterrupted(KeyboardInterrupt):
    """The user interrupted ``fit``, and the estimator keeps what it learned so far.

    The estimator that the message names can predict and can be saved. If it is inside another
    estimator, such as a search, the outer estimator is not fitted: the exception is a
    KeyboardInterrupt, so it also ends the outer fit.
    """
