"""The message for a model that holds something that a file without code cannot hold."""

from __future__ import annotations

import numpy as np

WITH_SKOPS = (
    "store the model with skops.io.dump, whose reader can check the classes, or with pickle if "
    "whoever loads it trusts you"
)


def refusal(where: str, value: object) -> str:
    """Return the message for a value that cannot be stored; ``where`` says where it is."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    if isinstance(value, np.ndarray):
        kind = f"an array of {value.dtype}"
        rule, way_out = "must hold numbers or strings", "Convert it, and fit again"
    elif hasattr(value, "best_estimator_"):
        rule = "must be of a class that load_model builds"
        way_out = "Save its best_estimator_, or " + WITH_SKOPS
    elif callable(value):
        kind = f"{value!r}"
        rule = "must be no code"
        way_out = "Use a name or an object of skquickdraw in its place, or " + WITH_SKOPS
    else:
        rule, way_out = "must be of a type that load_model builds", WITH_SKOPS.capitalize()
    return f"save_model: {where} {rule}, got {kind}. {way_out}."
