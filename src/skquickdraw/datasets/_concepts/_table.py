"""All concepts, in the order in which :func:`make_sketches` takes them.

To add one, describe it beside its kin (a ``@way(name)`` function is 3 to 8 lines; two functions of
one name are two ways to draw it) and put its name here. Neighbours in this list are meant to be
confused: the first twenty hold whole groups, so that small problems are not easier than large ones.
"""

from . import _built, _nature, _round, _tools  # noqa: F401
from ._concept import WAYS

NAMES = (
    *("circle", "clock", "cookie", "donut"),
    *("sun", "flower", "lollipop"),
    *("tree", "mushroom", "umbrella"),
    *("house", "envelope", "ladder", "stairs"),
    *("key", "star", "cup", "fish", "car", "boat"),
    *("pizza", "wheel", "smiley face", "apple", "moon", "eye"),
    *("balloon", "light bulb", "ice cream", "candle"),
    *("spoon", "sword", "pencil", "hammer"),
    *("tent", "mountain", "diamond", "lightning", "crown"),
    *("door", "book", "television", "chair"),
    *("cloud", "hat", "leaf", "butterfly", "spider", "cat"),
    *("snail", "snake", "glasses", "bicycle"),
)

CONCEPTS = {name: tuple(WAYS[name]) for name in NAMES}
