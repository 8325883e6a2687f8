"""Changed copies of rows of images, in the rows' own dtype and in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._image_shape import ImageShape

if TYPE_CHECKING:
    from torch import Generator, Tensor

    Change = Callable[[Tensor, Generator], Tensor]

CHUNK_PIXELS = 2**20  # about 30 MB of float32 images and coordinates at a time


def append_copies(
    flat: NDArray[np.number],
    copies: NDArray[np.intp],
    image_shape: ImageShape,
    change: Change | None,
    seed: int,
    whole: NDArray[np.bool_] | None = None,
) -> NDArray[np.number]:
    """Return the rows followed by a changed copy of each row in ``copies``.

    Parameters
    ----------
    flat : array or CSR/CSC matrix of shape (n, C * H * W)
    copies : ndarray of shape (n_copies,)
        Rows to copy.
    image_shape : (C, H, W)
    change : callable or None
        Maps float images (n, C, H, W) and a generator to images. None makes exact copies.
    seed : int
        Of the generator.
    whole : ndarray of shape (C * H * W,), default=None
        The columns to round, where ``flat`` holds floating-point numbers.

    Returns
    -------
    rows : ndarray or matrix of shape (n + n_copies, C * H * W)
        In the dtype and format of ``flat``.
    """
    changed: Iterable[NDArray[np.number]]
    if change is None:
        changed = (flat[copies],)
    else:
        changed = _changed_copies(flat, copies, image_shape, change, seed, whole)
    if not isinstance(flat, np.ndarray):
        return _stack_sparse(flat, changed)
    rows = np.empty((len(flat) + len(copies), flat.shape[1]), dtype=flat.dtype)
    rows[: len(flat)] = flat
    start = len(flat)
    for chunk in changed:
        rows[start : start + len(chunk)] = chunk
        start += len(chunk)
    return rows


def _changed_copies(
    flat: Any,
    copies: NDArray[np.intp],
    image_shape: ImageShape,
    change: Change,
    seed: int,
    whole: NDArray[np.bool_] | None,
) -> Iterator[NDArray[np.number]]:
    """Yield the changed copies, chunk by chunk, as arrays of the dtype of ``flat``."""
    import torch

    from .._random import make_generator

    generator = make_generator(seed)
    step = max(1, CHUNK_PIXELS // flat.shape[1])
    for start in range(0, len(copies), step):
        source = flat[copies[start : start + step]]
        source = source if isinstance(source, np.ndarray) else source.toarray()
        images = torch.from_numpy(source.astype(np.float32)).view(-1, *image_shape)
        changed = change(images, generator).reshape(len(source), -1).numpy()
        yield _to_dtype(changed, source, whole)


def _to_dtype(
    changed: NDArray[np.float32], source: NDArray[np.number], whole: NDArray[np.bool_] | None
) -> NDArray[np.number]:
    """Round integers, and keep values between 0 and the source's own extremes.

    The weights of an interpolation may sum to a little over one, which would give 255.00002.
    """
    changed = np.clip(changed, min(0, source.min()), max(0, source.max()))
    if source.dtype.kind != "f":
        np.rint(changed, out=changed)
    elif whole is not None:
        changed[:, whole] = np.rint(changed[:, whole])
    return changed.astype(source.dtype)


def _stack_sparse(flat: Any, changed: Iterable[NDArray[np.number]]) -> Any:
    from scipy import sparse

    as_matrix = type(flat)
    return sparse.vstack([flat, *map(as_matrix, changed)], format=flat.format, dtype=flat.dtype)


def whole_columns(X: Any) -> NDArray[np.bool_] | None:
    """Return which columns of a table hold integers or booleans; None if X is not a table.

    A NumPy array does not show this: the whole table becomes floating point if one column is, or if
    dtypes are nullable.
    """
    if not hasattr(X, "columns"):
        return None
    return np.array([getattr(dtype, "kind", "") in tuple("biu") for dtype in X.dtypes])
