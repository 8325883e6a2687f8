"""Drawings to learn from: made, read, and made scarce.

`make_sketches` generates hand-drawn-looking pictures of everyday things without any download,
`load_competition` reads a folder of scarce imbalanced labels with its unlabelled drawings,
`make_ladder` cuts any data set down to falling class sizes (`ladder_counts`), and `rasterize`
draws strokes as bitmaps. Images leave this room as flat uint8 rows, white ink on black.
"""

from ._competition import load_competition
from ._ladder import ladder_counts, make_ladder
from ._rasterize import rasterize
from ._sketches import make_sketches

__all__ = ["ladder_counts", "load_competition", "make_ladder", "make_sketches", "rasterize"]
