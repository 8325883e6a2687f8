"""Labels where a class may have a single example."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._targets import encode_labels


def encode_few_labels(name: str, y: Any) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return sorted classes and codes, as :func:`encode_labels`.

    scikit-learn warns of more than half as many classes as rows, as of a regression problem; here
    that is one example of each class.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The number of unique classes is greater")
        return encode_labels(name, y)
