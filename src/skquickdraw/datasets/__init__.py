"""Data sets of drawings: generate, load and download them, and make them imbalanced.

`make_sketches` generates images that look like hand-drawn sketches of everyday things.
`fetch_quickdraw` downloads real drawings into a cache. `load_quickdraw` reads files in the formats
of Quick, Draw!, and your own PNG files. `load_image_folder` reads images of any format and size
from one folder per class. `load_images` reads images without labels. `load_competition` reads a
folder with few imbalanced labels and many unlabeled drawings. `make_ladder` makes a data set
imbalanced, with the class sizes of `ladder_counts`. `rasterize` draws strokes as bitmaps.
`pack_strokes` stores strokes in an array, and `unpack_strokes` is its inverse. `MappedFiles` is an
X whose rows are in many files on disk. Drawings are returned as flat uint8 rows; those of Quick,
Draw! are white on black. Images of a folder are returned as a stack, in their own colours.
"""

from .._mapped_files import MappedFiles
from ._competition import load_competition
from ._fetch import fetch_quickdraw
from ._folder import load_image_folder
from ._formats._photos import readable_formats as readable_formats
from ._images import load_images
from ._ladder import ladder_counts, make_ladder
from ._listening import READ as READ
from ._listening import count_files as count_files
from ._listening import listening as listening
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
