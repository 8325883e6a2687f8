"""save_model and load_model."""

from __future__ import annotations

import os
import platform
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
import sklearn
import torch
from sklearn.utils.validation import check_is_fitted

from .._device import plain_torch, resolve_device
from .._typing import Estimator
from ..exceptions import DataFileError, InvalidParameterError
from ._classes import NAME_OF
from ._decoder import MISFITS, Decoder
from ._encoder import Encoder
from ._file import read_file, write_file
from ._refusals import refusal
from ._users import Trusted, check_trusted
from ._writing import check_target


@plain_torch()
def save_model(
    estimator: Estimator, path: str | os.PathLike[str], *, keep_optimizer: bool = True
) -> None:
    """Save a fitted estimator to one file that contains no code.

    Loading a pickle executes any code that its author put into it. This file contains only numbers
    and names, and :func:`load_model` creates only objects of classes that it knows. It is a
    safetensors file, so other programs can also read the weights.

    Parameters
    ----------
    estimator : fitted estimator
        Any estimator of this package, including the students, teachers and members inside it. It
        may also contain, or be part of, pipelines, votes, stacks, scalers, discriminants and linear
        models of scikit-learn; the user guide lists them.
    path : str or path-like
        File to write; its name usually ends with '.safetensors'. An existing file is replaced once
        the new one is complete, and stays as it is if anything goes wrong.
    keep_optimizer : bool, default=True
        Whether to save the state of the optimizers, so that ``partial_fit`` and ``warm_start``
        continue the training of the loaded model exactly like that of this estimator. Without it,
        the file has about half the size (a third, if the optimizer is AdamW), and the optimizer
        starts with a new state.

    Raises
    ------
    InvalidParameterError
        Before anything is written, if the estimator holds something that cannot be stored without
        code, such as a function or an estimator of another class. The message says where. Networks,
        losses, augmentations and mixings of your own are stored by their names and options.
    NotFittedError
        If it is not fitted.
    DataFileError
        If ``path`` is a folder, or its folder does not exist.

    See Also
    --------
    load_model : The inverse.

    Notes
    -----
    The description of the model is a JSON text in the metadata of the file, under the key
    'skquickdraw': format, checksum, parameters and fitted attributes of every estimator, versions,
    and a summary of each training.

    The parameter ``memory`` of estimators is stored as None: it is a folder of this machine.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skquickdraw import CNNClassifier
    >>> from skquickdraw.datasets import make_sketches
    >>> from skquickdraw.persistence import load_model, save_model
    >>> X, y = make_sketches(60, n_classes=3, image_shape=(14, 14), random_state=0)
    >>> clf = CNNClassifier(width=0.25, max_epochs=1, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(clf, Path(folder, "model.safetensors"))
    ...     loaded = load_model(Path(folder, "model.safetensors"))
    >>> bool((loaded.predict_proba(X) == clf.predict_proba(X)).all())
    True
    """
    target = check_target("save_model", path)
    _check_estimator(estimator)
    encoder = Encoder(estimator, keep_optimizer=keep_optimizer)
    content = {"versions": _versions(), "training": encoder.training, "model": encoder.model}
    write_file(target, content, encoder.arrays)


def load_model(
    path: str | os.PathLike[str],
    *,
    device: str | torch.device = "auto",
    trusted: Mapping[str, Trusted] | None = None,
) -> Any:
    """Load an estimator that :func:`save_model` saved, without executing code from the file.

    Parameters
    ----------
    path : str or path-like
    device : str or torch.device, default='auto'
        Device to which the networks are loaded. 'auto' is the first CUDA GPU, or the CPU if there
        is no GPU. The parameter ``device`` of the estimator is not changed. It is used if you fit
        the estimator again or continue its training.
    trusted : dict or None, default=None
        Networks, losses, augmentations and mixings of your own, by their names:
        ``{"MyNetwork": MyNetwork}`` for a model that was saved with ``ImageClassifier(MyNetwork)``.
        Pass classes or functions that you have imported. The file contains no code, and
        ``load_model`` imports nothing because of it. The classes and functions are called with
        values from the file, so they must be safe for any values.

    Returns
    -------
    estimator : fitted estimator
        On the same kind of machine, its predictions are the same to the last bit. You can clone it,
        fit it again, continue its training, and save it again.

    Raises
    ------
    DataFileError
        If the file is missing, cut off, damaged in any bit, of a newer format, or describes
        something that this version does not build.
    InvalidParameterError
        If there is no such device here, or the file names something that is not in ``trusted``; the
        message says what to pass.

    Warns
    -----
    UserWarning
        If the file holds fitted estimators of scikit-learn, and was saved with another version of
        it: 1.6 differs from 1.7, but 1.7.0 does not differ from 1.7.1.

    See Also
    --------
    save_model : With an example.

    Notes
    -----
    The checksum detects damage, but does not show who made the file. A model from an untrusted
    source executes no code, but its predictions may be wrong. Its resources are limited: ``n_jobs``
    is at most the number of cores, images have at most 4 million values, and the memory is limited
    in relation to the size of the file.

    Examples
    --------
    >>> from skquickdraw.persistence import load_model
    >>> load_model("missing.safetensors")
    Traceback (most recent call last):
        ...
    skquickdraw.exceptions.DataFileError: load_model: path must name a file that can be read, ...
    """
    place = resolve_device(device)
    content, arrays = read_file(path)
    known = check_trusted(os.fspath(path), trusted, content.get("model"))
    decoder = Decoder(arrays, place, known)
    try:
        with plain_torch():
            estimator = decoder.decode(content["model"])
        _check_built(estimator)
        _warn_of_versions(decoder.foreign, content["versions"]["scikit-learn"])
    except MISFITS as error:
        raise DataFileError(
            f"load_model: {os.fspath(path)!r} must describe a model that this version of "
            f"skquickdraw ({version('skquickdraw')}) can build, but {_describe(error)}. It was "
            "changed on purpose, or saved by a version that knows more: update skquickdraw, or get "
            "the original file."
        ) from error
    return estimator


def _check_estimator(estimator: object) -> None:
    if type(estimator) not in NAME_OF:
        raise InvalidParameterError(refusal("estimator", estimator))
    if not hasattr(estimator, "fit"):
        raise InvalidParameterError(
            f"save_model: estimator must have fit, got {estimator!r}. Save the estimator that uses "
            "it."
        )
    check_is_fitted(estimator)


def _check_built(estimator: object) -> None:
    if type(estimator) not in NAME_OF or not hasattr(estimator, "fit"):
        raise ValueError(f"what it describes is {type(estimator).__name__}, no estimator")


def _versions() -> dict[str, str]:
    return {
        "skquickdraw": version("skquickdraw"),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "skorch": version("skorch"),
        "torch": str(torch.__version__),
    }


def _warn_of_versions(foreign: set[str], saved: str) -> None:
    if foreign and saved.split(".")[:2] != sklearn.__version__.split(".")[:2]:
        warnings.warn(
            f"load_model: {', '.join(sorted(foreign))} were fitted with scikit-learn {saved}, and "
            f"this is {sklearn.__version__}, where their attributes may mean something else. "
            "Compare some predictions, or fit them again.",
            UserWarning,
            stacklevel=3,
        )


def _describe(error: BaseException) -> str:
    text = str(error).splitlines()[0].rstrip(".") if str(error) else "nothing more is known"
    is_own = type(error) is ValueError
    return text if is_own else f"there was a {type(error).__name__}: {text}"
