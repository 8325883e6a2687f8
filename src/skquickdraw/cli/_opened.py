"""A saved model, and how images are read for it."""

from __future__ import annotations

import numpy as np

from .._typing import ProbabilisticClassifier
from ..exceptions import InvalidParameterError
from ..persistence import load_model
from ._data import KEPT_IN, Reading, recall
from ._messages import tell


def open_model(
    command: str, path: str, device: str
) -> tuple[ProbabilisticClassifier, Reading, dict[str, int] | None]:
    """Return the model, how its images are read, and its training images of each class."""
    model = load_model(path, device=device)
    if not hasattr(model, "classes_"):
        raise InvalidParameterError(
            f"MODEL must be a classifier; got {type(model).__name__} in {path!r}. Use it in Python."
        )
    reading, class_counts = recall(model)
    if not hasattr(model, KEPT_IN):
        _try(model, reading)
        height, width = reading.image_shape
        kind = "in colour" if reading.mode == "RGB" else "in grey"
        tell(
            command,
            f"{path} does not say how its training images were read. New images are only resized, "
            f"to {height} x {width} pixels, and read {kind}; transparent pixels become white",
        )
    elif reading.source == "drawings":
        tell(
            command,
            "the model learned from Quick, Draw!: image files are turned into such drawings, light "
            "ink on black",
        )
    return model, reading, class_counts


def _try(model: ProbabilisticClassifier, reading: Reading) -> None:
    """Before any image is read, refuse a model that takes something else, such as flat rows."""
    channels = (3,) if reading.mode == "RGB" else ()
    blank = np.zeros((1, *channels, *reading.image_shape), dtype=np.uint8)
    try:
        model.predict(blank)
    except ValueError as error:
        reason = str(error).strip().split("\n")[0].rstrip(".")
        raise InvalidParameterError(
            f"MODEL must take images, as arrays of shape {blank.shape}; {type(model).__name__} "
            f"does not: {reason}. Use it in Python, with load_model."
        ) from error
