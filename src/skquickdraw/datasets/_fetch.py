"""Fetch drawings of Quick, Draw! from Google's public bucket, or from a mirror of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from .._checks import FLAG, check_arguments, check_random_state, is_finite_number, is_int
from ..exceptions import DownloadError, InvalidParameterError
from ._bucket._bucket import Bucket, resolve_base_url
from ._bucket._class_names import check_class_names
from ._bucket._download import WAYS_OUT, without_login
from ._bucket._head import BitmapFile, PublishedFile, StrokeFile

FILES: dict[str, PublishedFile] = {"bitmap": BitmapFile(), "simplified": StrokeFile()}
FORMS = {
    "bitmap": "28 x 28 pixels, uint8, white ink on black",
    "simplified": "strokes in a box of 0..255",
}
DESCR = """\
Quick, Draw!: {n} drawings of {n_classes} classes, from {least} to {most} a class, {form}.
Fetched from {base_url}. Drawings by the players of Quick, Draw!, (c) Google, CC BY 4.0.
"""


def fetch_quickdraw(
    classes: Sequence[str] | None = None,
    *,
    kind: Literal["bitmap", "simplified"] = "bitmap",
    n_per_class: int | None = 1000,
    data_home: str | PathLike[str] | None = None,
    base_url: str | None = None,
    download_if_missing: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
    progress: bool = True,
    return_X_y: bool = False,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch | tuple[Any, np.ndarray]:
    """Fetch drawings of Quick, Draw! from Google's bucket, and keep them in a cache.

    Only the first ``n_per_class`` drawings of each class are downloaded: 1,000 bitmaps take 0.8 MB,
    while the whole file of a class has about 100 MB. Needs pooch and tqdm: ``pip install
    'skquickdraw[data]'``.

    Parameters
    ----------
    classes : sequence of str, default=None
        Some of the 345 names on https://quickdraw.withgoogle.com/data, each once, such as ``["cat",
        "The Eiffel Tower"]``; None takes all. ``target_names`` has the same order.
    kind : {'bitmap', 'simplified'}, default='bitmap'
        Bitmaps of 28 x 28 pixels, or pen strokes for :func:`rasterize`.
    n_per_class : int or None, default=1000
        Drawings of each class, at least 1: the first ones of its file, or all if it has fewer. None
        takes all: about 150,000 per class, and 40 GB of bitmaps for all classes together.
    data_home : str or path-like, default=None
        Folder of the cache; None is scikit-learn's (see :func:`sklearn.datasets.get_data_home`).
    base_url : str, default=None
        Address of a copy of the bucket's folder ``full``, by http or https. None takes the
        environment variable ``SKQUICKDRAW_BASE_URL``, or else the bucket itself. Each address has
        its own cache.
    download_if_missing : bool, default=True
        If False, nothing is downloaded, and an error is raised if a drawing is not in the cache.
    n_retries : int, default=3
        Retries for each file, at least 0, after a lost connection, a damaged answer or a temporary
        error of the server (5xx, 408, 416, 425, 429). After a lost connection, what has arrived is
        not downloaded again.
    delay : float, default=1.0
        Seconds before the first retry, at least 0. Each pause is twice as long as the one before.
    progress : bool, default=True
        Whether to show a progress bar on stderr while downloading.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` only.
    random_state : int, RandomState instance or None, default=None
        Shuffles the drawings. None leaves them in order, class after class. It does not change
        which drawings are returned.

    Returns
    -------
    data : Bunch
        - ``data`` : ndarray (n, 784), uint8, or with ``kind='simplified'`` a list of n drawings
        - ``target`` : ndarray (n,), int64, indices into ``target_names``
        - ``target_names`` : ndarray (n_classes,), str
        - ``image_shape`` : (28, 28), or None with ``kind='simplified'``
        - ``class_counts`` : ndarray (n_classes,), int64
        - ``DESCR`` : str
    (data, target) : tuple
        With ``return_X_y=True``.

    Raises
    ------
    InvalidParameterError
        If a parameter is of the wrong kind or out of range, or a class is unknown.
    DataFileError
        If ``data_home`` is not a path.
    DownloadError
        If a file cannot be downloaded, or if drawings are not in the cache with
        ``download_if_missing=False``. Classes that were complete by then stay in the cache.
    MissingDependencyError
        If pooch or tqdm is needed, but missing.

    Warns
    -----
    UserWarning
        If a downloaded class cannot be stored in the cache.

    Notes
    -----
    A downloaded file is checked first, and then moved into the cache in one step. Each time it is
    read, it is compared with its stored SHA-256 checksum. A damaged file is downloaded again. If
    you ask for more drawings than are in the cache, only the missing ones are downloaded. But if
    the ETag or the size of the file on the server has changed, everything is downloaded again. If a
    server does not support range requests, its file is read from the beginning up to the last
    drawing that is needed.

    Proxies are set by environment variables such as ``HTTPS_PROXY``.

    References
    ----------
    Ha, D. and Eck, D. (2017). A Neural Representation of Sketch Drawings. arXiv:1704.03477. The
    files are described at https://github.com/googlecreativelab/quickdraw-dataset.

    Examples
    --------
    >>> from skquickdraw.datasets import fetch_quickdraw
    >>> drawings = fetch_quickdraw(["cat", "dog"], n_per_class=100)  # doctest: +SKIP
    >>> drawings.data.shape, drawings.target_names  # doctest: +SKIP
    ((200, 784), array(['cat', 'dog'], dtype='<U3'))
    """
    names = check_class_names(classes)
    _check_parameters(kind, n_per_class, n_retries, delay)
    flags = {
        "download_if_missing": download_if_missing,
        "progress": progress,
        "return_X_y": return_X_y,
    }
    check_arguments("fetch_quickdraw", dict.fromkeys(flags, FLAG), flags)
    check_random_state(random_state)  # before anything is downloaded
    base_url = resolve_base_url(base_url)
    bucket = Bucket(base_url, FILES[kind], data_home)
    found = {name: bucket.cached(name, n_per_class) for name in names}
    missing = [name for name in names if found[name] is None]
    if missing and not download_if_missing:
        raise _missing_error(missing, len(names), n_per_class, bucket.folder)
    if missing:
        found |= bucket.download(
            missing, n_per_class, n_retries=n_retries, delay=delay, progress=progress
        )
    data, target = _assemble(list(found.values()), random_state)
    return (data, target) if return_X_y else _bunch(data, target, names, kind, base_url)


def _missing_error(
    missing: Sequence[str], n_classes: int, n_per_class: int | None, folder: Path
) -> DownloadError:
    shown = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
    return DownloadError(
        f"fetch_quickdraw: with download_if_missing=False all drawings must be in the cache; "
        f"{len(missing)} of {n_classes} classes are missing in {str(folder)!r}, are damaged, or "
        f"have too few drawings for n_per_class={n_per_class}: {shown}. Pass "
        f"download_if_missing=True. {WAYS_OUT}"
    )


def _assemble(
    rows: Sequence[Any], random_state: int | np.random.RandomState | None
) -> tuple[Any, NDArray[np.int64]]:
    """Concatenate the rows of all classes, and shuffle them if wanted."""
    target = np.repeat(np.arange(len(rows)), [len(part) for part in rows]).astype(np.int64)
    is_bitmap = isinstance(rows[0], np.ndarray)
    data = np.concatenate(rows) if is_bitmap else list(chain.from_iterable(rows))
    if random_state is None:
        return data, target
    order = check_random_state(random_state).permutation(len(target))
    return (data[order] if is_bitmap else [data[row] for row in order]), target[order]


def _bunch(
    data: Any, target: NDArray[np.int64], names: Sequence[str], kind: str, base_url: str
) -> Bunch:
    counts = np.bincount(target, minlength=len(names)).astype(np.int64)
    descr = DESCR.format(
        n=len(target),
        n_classes=len(names),
        least=counts.min(),
        most=counts.max(),
        form=FORMS[kind],
        base_url=without_login(base_url),
    )
    return Bunch(
        data=data,
        target=target,
        target_names=np.array(names),
        image_shape=(28, 28) if kind == "bitmap" else None,
        class_counts=counts,
        DESCR=descr,
    )


def _check_parameters(kind: str, n_per_class: int | None, n_retries: int, delay: float) -> None:
    """Raise if a parameter is of the wrong kind or out of range."""
    if not isinstance(kind, str) or kind not in FILES:
        raise InvalidParameterError(
            f"fetch_quickdraw: kind must be one of {list(FILES)}; got {kind!r}."
        )
    if n_per_class is not None and not is_int(n_per_class, 1):
        raise InvalidParameterError(
            f"fetch_quickdraw: n_per_class must be an int of at least 1, or None for all; got "
            f"{n_per_class!r}."
        )
    if not is_int(n_retries, 0):
        raise InvalidParameterError(
            f"fetch_quickdraw: n_retries must be an int of at least 0; got {n_retries!r}."
        )
    if not is_finite_number(delay) or delay < 0:
        raise InvalidParameterError(
            f"fetch_quickdraw: delay must be a finite number of at least 0; got {delay!r}."
        )
