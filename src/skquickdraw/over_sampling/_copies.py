"""Changed copies of rows of pictures, in the rows' own dtype and in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._images import ImageShape

if TYPE_CHECKING:
    from ..augmentation import AugmentationPolicy

CHUNK_PIXELS = 2**20  # about 30 MB of float32 pictures and coordinates at a time


def append_copies(
    flat: NDArray[Any],
    copies: NDArray[np.intp],
    image_shape: ImageShape,
    policy: AugmentationPolicy | None,
    seed: int,
) -> NDArray[Any]:
    """Return the rows followed by a changed copy of each row in ``copies``.

    Parameters
    ----------
    flat : array or CSR/CSC matrix of shape (n, C * H * W)
    copies : ndarray of shape (n_copies,)
        Rows to copy.
    image_shape : (C, H, W)
    policy : AugmentationPolicy or None
        None copies as it is.
    seed : int
        Of the policy's generator.

    Returns
    -------
    rows : ndarray or matrix of shape (n + n_copies, C * H * W)
        In the dtype and format of ``flat``.
    """
    if policy is None or policy.is_identity:
        changed = (flat[copies],)
    else:
        changed = _changed_copies(flat, copies, image_shape, policy, seed)
    if not isinstance(flat, np.ndarray):
        return _stack_sparse(flat, changed)
    rows = np.empty((len(flat) + len(copies), flat.shape[1]), dtype=flat.dtype)
    rows[: len(flat)] = flat
    start = len(flat)
    for chunk in changed:
        rows[start : start + len(chunk)] = chunk
        start += len(chunk)
    return rows


def _changed_copies(flat, copies, image_shape, policy, seed):
    """Yield the changed copies, chunk by chunk, as arrays of the dtype of ``flat``."""
    import torch

    from .._random import make_generator

    generator = make_generator(seed)
    step = max(1, CHUNK_PIXELS // flat.shape[1])
    for start in range(0, len(copies), step):
        source = flat[copies[start : start + step]]
        source = source if isinstance(source, np.ndarray) else source.toarray()
        images = torch.from_numpy(source.astype(np.float32)).view(-1, *image_shape)
        changed = policy(images, generator).reshape(len(source), -1).numpy()
        yield _to_dtype(changed, source)


def _to_dtype(changed: NDArray[np.float32], source: NDArray[Any]) -> NDArray[Any]:
    """Round integers, and keep values between background and the source's own extremes.

    The weights of an interpolation may sum to a little over one; 255.00002 is no ink.
    """
    changed = np.clip(changed, min(0, source.min()), max(0, source.max()))
    if source.dtype.kind != "f":
        np.rint(changed, out=changed)
    return changed.astype(source.dtype)


def _stack_sparse(flat, changed):
    from scipy import sparse

    as_matrix = type(flat)
    return sparse.vstack([flat, *map(as_matrix, changed)], format=flat.format, dtype=flat.dtype)
