"""Drawings to learn from: generate, load, download, and make them scarce.

`make_sketches` generates hand-drawn-looking images of everyday things without any download,
`load_quickdraw` reads files in the formats of Quick, Draw! and images of one's own,
`load_image_folder` reads images of any format and size, one folder a class,
`load_images` reads such without labels,
`fetch_quickdraw` downloads some of the real ones into a cache,
`load_competition` reads a folder of scarce imbalanced labels with its unlabeled drawings,
`make_ladder` cuts any data set down to falling class sizes (`ladder_counts`), `rasterize` draws
strokes as bitmaps, and `pack_strokes` keeps them as an array (`unpack_strokes`). `MappedFiles` is
one X of many files, which stay on disk. Drawings come as flat uint8 rows,
white ink on black; the images of a folder as a stack, as they are.
"""

from .._mapped_files import MappedFiles
from ._competition import load_competition
from ._fetch import fetch_quickdraw
from ._folder import load_image_folder
from ._images import load_images
from ._ladder import ladder_counts, make_ladder
from ._load import load_quickdraw
from ._packed import pack_strokes, unpack_strokes
from ._rasterize import rasterize
from ._sketches import make_sketches

__all__ = [
    "MappedFiles",
    "fetch_quickdraw",
    "ladder_counts",
    "load_competition",
    "load_image_folder",
    "load_images",
    "load_quickdraw",
    "make_ladder",
    "make_sketches",
    "pack_strokes",
    "rasterize",
    "unpack_strokes",
]
