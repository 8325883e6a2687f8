"""Values with nothing inside, to JSON and back: numbers, labels, devices, random states.

None, bools, ints, strings and finite floats are JSON themselves. All else becomes an object with a
``type``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite, prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

JSON_TYPES = (type(None), bool, int, str)
# By name, because two of C's integer types have 64 bits, and only one of them is np.int64.
NUMBER_TYPES = {name: np.dtype(name).type for name in (np.dtype(c).name for c in "?bhilqBHILQefd")}
MT_LENGTH = 624  # words that a Mersenne Twister remembers


def pack_float(value: float) -> float | dict[str, str]:
    return value if isfinite(value) else {"type": "float", "value": repr(value)}


def unpack_float(node: dict[str, Any]) -> float:
    return {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}[node["value"]]


def pack_scalar(value: np.generic) -> dict[str, object] | None:
    """Return a NumPy scalar as its type and value; None if its type is not in NUMBER_TYPES."""
    name = "str" if isinstance(value, np.str_) else value.dtype.name
    if name != "str" and name not in NUMBER_TYPES:
        return None
    item = value.item()
    return {
        "type": "scalar",
        "dtype": name,
        "value": pack_float(item) if isinstance(item, float) else item,
    }


def unpack_scalar(node: dict[str, Any]) -> np.generic:
    value = node["value"]
    if node["dtype"] == "str":
        return np.str_(value)
    return NUMBER_TYPES[node["dtype"]](unpack_float(value) if isinstance(value, dict) else value)


def pack_strings(array: NDArray[np.str_]) -> dict[str, object]:
    length = array.dtype.itemsize // 4
    return {
        "type": "strings",
        "length": length,
        "shape": list(array.shape),
        "items": array.ravel().tolist(),
    }


def unpack_strings(
    node: dict[str, Any], count_text: Callable[[int, int], None]
) -> NDArray[np.str_]:
    """Return the array; before it is made, ``count_text`` checks the number and length of texts."""
    items, length = node["items"], int(node["length"])
    if not all(isinstance(item, str) for item in items):
        raise ValueError("an array of strings holds something else")
    count_text(len(items), length)
    if len(max(items, key=len, default="")) > length:
        raise ValueError(f"an array of {len(items)} strings cannot have the length {length}")
    return np.array(items, dtype=f"U{length}").reshape(check_shape(node["shape"], len(items)))


def check_shape(shape: Sequence[int], n_items: int) -> tuple[int, ...]:
    """Return the shape as a tuple, or raise ValueError if it is not one of ``n_items``."""
    if any(type(side) is not int or side < 0 for side in shape) or prod(shape) != n_items:
        raise ValueError(f"{n_items} items cannot have the shape {shape}")
    return tuple(shape)


def pack_device(device: torch.device) -> dict[str, object]:
    return {"type": "device", "name": str(device)}


def unpack_device(node: dict[str, Any]) -> torch.device:
    return torch.device(str(node["name"]))


def pack_random_state(rng: np.random.RandomState) -> dict[str, object] | None:
    """Return the state of a generator; None if it is not a Mersenne Twister, as seeds make them."""
    stand: Any = rng.get_state(legacy=False)
    if stand["bit_generator"] != "MT19937":
        return None
    return {
        "type": "random_state",
        "key": stand["state"]["key"].tolist(),
        "pos": stand["state"]["pos"],
        "has_gauss": stand["has_gauss"],
        "gauss": pack_float(stand["gauss"]),
    }


def unpack_random_state(node: dict[str, Any]) -> np.random.RandomState:
    key, pos = np.array(node["key"], dtype=np.uint32), int(node["pos"])
    if key.shape != (MT_LENGTH,) or not 0 <= pos <= MT_LENGTH:  # NumPy would read beyond the key
        raise ValueError(f"a random state has no key of shape {key.shape} and position {pos}")
    rng = np.random.RandomState(0)
    rng.set_state(("MT19937", key, pos, int(node["has_gauss"]), float(node["gauss"])))
    return rng


UNPACK_LEAF: dict[str, Callable[[dict[str, Any]], object]] = {
    "device": unpack_device,
    "float": unpack_float,
    "random_state": unpack_random_state,
    "scalar": unpack_scalar,
}
