"""A concept: a name, and one or more ways in which people draw it."""

from collections.abc import Callable
from typing import NamedTuple

from ._hand import TURN
from ._pen import Pen

Draw = Callable[[Pen], None]

# Filled by the modules that describe concepts.
WAYS: dict[str, list["Way"]] = {}


class Way(NamedTuple):
    """One way to draw a concept."""

    draw: Draw
    share: float  # how common it is among the ways
    turn: float  # standard deviation of the drawing's rotation, in degrees
    mirror: bool  # whether it may face either side


def way(
    name: str, *, share: float = 1.0, turn: float = TURN, mirror: bool = False
) -> Callable[[Draw], Draw]:
    """Register the decorated function as a way to draw the concept `name`."""

    def register(draw: Draw) -> Draw:
        WAYS.setdefault(name, []).append(Way(draw, share, turn, mirror))
        return draw

    return register
