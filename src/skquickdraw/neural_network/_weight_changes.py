"""Find out whether weights have changed since a prediction, in less time than a prediction takes.

PyTorch counts the changes of each tensor, except those through ``.data`` or through NumPy. So on
CPUs the counts are compared, and a sample of the values. To compare all values would take as long
as half a prediction of one image, and would displace the network from the processor's caches.
"""

from __future__ import annotations

from math import gcd
from operator import attrgetter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

KIND = attrgetter("device", "dtype", "shape")
SAMPLE = 256  # values of a large tensor, at least, in equal distances
WHOLE = 1024  # a tensor of at most so many values is compared completely


class Snapshot:
    """The state of some tensors, to be compared with their later state.

    Changes are noticed, with one exception: on a CPU, a change that PyTorch does not count, of a
    few values of a large tensor, may be outside the sample. A change of a whole filter or input
    channel is in it, if there are at most 256 of them.

    Parameters
    ----------
    tensors : list of Tensor
        Of floats. They may be changed in place afterwards.
    """

    def __init__(self, tensors: list[Tensor]) -> None:
        self._copies: list[Tensor] | None = None
        if not all(map(_is_counted, tensors)):
            self._copies = [tensor.detach().clone() for tensor in tensors]
            return
        # They share memory with the tensors, and keep it, so no new tensor can have its address.
        self._samples = [_sample(tensor.detach()) for tensor in tensors]
        self._values = _join(self._samples)
        self._counts = _count(tensors)

    def is_of(self, tensors: list[Tensor]) -> bool:
        """Return whether these are the same tensors, unchanged."""
        if self._copies is not None:
            return are_equal(tensors, self._copies)
        is_same = _count(tensors) == self._counts
        return is_same and np.array_equal(_join(self._samples), self._values)


def _is_counted(tensor: Tensor) -> bool:
    """Return whether PyTorch counts the changes of a tensor, and NumPy can read its memory."""
    is_dense = tensor.is_contiguous() or tensor.is_contiguous(memory_format=torch.channels_last)
    is_known = tensor.device.type == "cpu" and tensor.dtype != torch.bfloat16
    return is_known and is_dense and not tensor.is_inference()


def _count(tensors: list[Tensor]) -> list[tuple[object, ...]]:
    """Return place, form and number of changes of each tensor, which may be uncounted now."""
    return [
        (t.data_ptr(), t.dtype, t.shape, t.stride(), -1 if t.is_inference() else t._version)
        for t in tensors
    ]


def _sample(tensor: Tensor) -> NDArray[np.generic]:
    """Return a view of the memory of a dense tensor: all of its values, or a part of them."""
    n = tensor.numel()
    step = 1 if n <= WHOLE else n // SAMPLE
    while gcd(step, n) > 1:  # else the sample would leave out most channels
        step -= 1
    sample: NDArray[np.generic] = tensor.as_strided((-(-n // step),), (step,)).numpy()
    return sample


def _join(samples: list[NDArray[np.generic]]) -> NDArray[np.generic]:
    return np.concatenate(samples) if samples else np.empty(0)


def are_equal(weights: list[Tensor], others: list[Tensor]) -> bool:
    """Return whether two lists hold floats of the same kinds and values."""
    if list(map(KIND, weights)) != list(map(KIND, others)):
        return False
    if weights and weights[0].device.type != "cpu":
        return are_equal_at_once(weights, others)
    return all(map(torch.equal, weights, others))


def are_equal_at_once(weights: list[Tensor], others: list[Tensor]) -> bool:
    """Return whether floats of the same shapes are equal, in a few calls of the device.

    Both lists hold a tensor at least.
    """
    changes = torch._foreach_sub(weights, others)
    largest = torch._foreach_norm(changes, torch.inf)
    return not bool(torch.stack([change.float() for change in largest]).any())
