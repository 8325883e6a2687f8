"""A summary of a training in a few numbers, for readers of a file's header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._leaves import pack_float

LAST = ("n_images", "train_loss", "valid_loss", "valid_score")


def describe_epochs(records: list[dict[str, Any]]) -> dict[str, object]:
    """Return the number of epochs, the seconds they took, and what the last one recorded."""
    last = records[-1] if records else {}
    return {
        "n_epochs": len(records),
        "seconds": round(sum(record["dur"] for record in records), 3),
        **{name: _pack(last[name]) for name in LAST if name in last},
    }


def describe_episodes(losses: Sequence[float]) -> dict[str, object]:
    """Return the number of steps, and the last loss."""
    return {"n_steps": len(losses), "train_loss": pack_float(float(losses[-1]))}


def _pack(value: float) -> object:
    return value if isinstance(value, int) else pack_float(float(value))
