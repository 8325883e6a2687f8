"""Drawings to learn from: made, read, and made scarce.

`make_sketches` generates hand-drawn-looking pictures of everyday things without any download,
`load_quickdraw` reads files in the formats of Quick, Draw! and pictures of one's own,
`fetch_quickdraw` downloads some of the real ones into a cache,
`load_competition` reads a folder of scarce imbalanced labels with its unlabelled drawings,
`make_ladder` cuts any data set down to falling class sizes (`ladder_counts`), `rasterize` draws
strokes as bitmaps, and `pack_strokes` keeps them as an array (`unpack_strokes`). Images leave this
room as flat uint8 rows, white ink on black.
"""

from ._competition import load_competition
from ._fetch import fetch_quickdraw
from ._ladder import ladder_counts, make_ladder
from ._load import load_quickdraw
from ._packed import pack_strokes, unpack_strokes
from ._rasterize import rasterize
from ._sketches import make_sketches

__all__ = [
    "fetch_quickdraw",
    "ladder_counts",
    "load_competition",
    "load_quickdraw",
    "make_ladder",
    "make_sketches",
    "pack_strokes",
    "rasterize",
    "unpack_strokes",
]
