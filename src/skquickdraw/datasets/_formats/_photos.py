"""Read images of any format, mode and size as bitmaps of one size."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from ...exceptions import DataFileError

if TYPE_CHECKING:
    import PIL.Image

SIXTEEN_BITS = 257  # 65535 / 255
TO_CONVERT = {".heic", ".heif", ".avif", ".svg"}  # some versions of Pillow read some of them
# These are left out so that no file is executed or exceeds its limits: EPS runs Ghostscript, and
# WMF the system's renderer. IPTC opens a file inside it with any reader, also these. FITS unpacks
# more than its header says.
NOT_READ = {"EPS", "WMF", "IPTC", "FITS"}


def readable_formats(Image: ModuleType) -> list[str]:
    """Return the formats of Pillow that may be opened, also from strangers."""
    Image.init()
    return [name for name in Image.OPEN if name not in NOT_READ]


class PictureReader:
    """Read one image after the other.

    Parameters
    ----------
    image_shape : (height, width)
    mode : {'auto', 'L', 'RGB'}
    background : int
        The grey behind transparent pixels.
    pad : bool
        Whether images are filled up to the image shape.

    Attributes
    ----------
    brightest : int
        The largest pixel of all images of 16 bits that were read.
    """

    def __init__(
        self,
        Image: ModuleType,
        image_shape: tuple[int, int],
        mode: str,
        background: int,
        pad: bool,
    ) -> None:
        self.Image = Image
        self.formats = readable_formats(Image)
        self.image_shape = image_shape
        self.mode = mode
        self.background = background
        self.pad = pad
        self.brightest = 0

    def read(self, file: Path) -> NDArray[np.uint8]:
        """Return an image as uint8 of shape (H, W), or (3, H, W) if it has colours.

        Raises
        ------
        DataFileError
            If the file is not a complete image, or cannot be read in 8 bits without ambiguity. The
            text does not name the file, so that files with the same fault can be named together.
        """
        # Opening a pipe in a folder would never end. Those of a shell are below /dev.
        if file.is_fifo() and file.parts[:2] != ("/", "dev"):
            raise DataFileError("must be a file with an image. Move it away.")
        try:
            with self.Image.open(file, formats=self.formats) as picture:
                pixels = self._fit(self._convert(picture))
        except DataFileError:
            raise
        except Exception as error:  # Pillow's plugins raise any error on damaged files
            raise DataFileError(self._explain(error, file)) from error
        if pixels.ndim == 2:
            return pixels
        is_grey = self.mode == "auto" and (pixels == pixels[..., :1]).all()
        return pixels[..., 0] if is_grey else pixels.transpose(2, 0, 1)

    def _explain(self, error: Exception, file: Path) -> str:
        """Return why a file cannot be read, and what to do."""
        if isinstance(error, self.Image.DecompressionBombError):
            most = 2 * self.Image.MAX_IMAGE_PIXELS / 1e6
            return (
                f"must have at most {most:.3g} million pixels, because larger files may be "
                "decompression bombs. Make it smaller."
            )
        # Some numbers in brackets differ from file to file.
        why = getattr(error, "strerror", None) or str(error).partition(" (")[0]
        why = why or type(error).__name__
        advice = "Write it again, or move it away."
        if isinstance(error, self.Image.UnidentifiedImageError):
            why = "it is not an image of a supported format"
            if file.suffix.lower() in TO_CONVERT:
                advice = "Convert it to JPEG or PNG."
        return f"must be a whole image, but cannot be read: {why}. {advice}"

    def _convert(self, picture: PIL.Image.Image) -> PIL.Image.Image:
        """Return the image upright, opaque, in mode L or RGB."""
        from PIL import ImageOps

        holds_sixteen = picture.mode == "I" and picture.format in ("PNG", "PPM")
        picture = ImageOps.exif_transpose(picture)
        if picture.mode.startswith("I;16") or holds_sixteen:
            wide = np.asarray(picture).astype(np.float64)
            self.brightest = max(self.brightest, int(wide.max()))
            grey = np.rint(wide / SIXTEEN_BITS)
            picture = self.Image.fromarray(grey.clip(0, 255).astype(np.uint8))
        if picture.mode in ("I", "F"):
            raise DataFileError(
                f"must have 8 or 16 bits per channel; got the mode {picture.mode!r}, "
                "whose range of values is not known. Convert it, for example with an image editor."
            )
        if picture.has_transparency_data:
            picture = self._opaque(picture.convert("RGBA"))
        is_grey = self.mode == "L" or picture.mode in ("1", "L")
        return picture.convert("L" if is_grey else "RGB")

    def _opaque(self, picture: PIL.Image.Image) -> PIL.Image.Image:
        """Return the image on the background."""
        backdrop = self.Image.new("RGBA", picture.size, (*[self.background] * 3, 255))
        drawn = self.Image.alpha_composite(backdrop, picture)
        least, most = cast("tuple[tuple[int, int], ...]", picture.getextrema())[3]
        if least < most and all(low == high for low, high in drawn.getextrema()):
            raise DataFileError(
                f"must show something on a background of grey {self.background}, but its "
                "ink has the same grey. Pass another background, such as 0 for white ink on "
                "transparent paper."
            )
        return drawn

    def _fit(self, picture: PIL.Image.Image) -> NDArray[np.uint8]:
        """Return the image's pixels, resized to fit into the image shape."""
        (width, height), (rows, columns) = picture.size, self.image_shape
        scale = min(columns / width, rows / height)
        size = (max(1, round(scale * width)), max(1, round(scale * height)))
        if size != picture.size:
            filters = self.Image.Resampling
            picture = picture.resize(size, filters.BOX if scale < 1 else filters.BILINEAR)
        pixels = np.asarray(picture.convert("RGB") if self.mode == "RGB" else picture)
        return _padded(pixels, rows, columns) if self.pad else pixels.copy()


def _padded(pixels: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """Return pixels (H, W) or (H, W, 3) in the middle of an image of their border's colour."""
    border = np.concatenate(
        [
            pixels[[0, -1]].reshape(-1, *pixels.shape[2:]),
            pixels[:, [0, -1]].reshape(-1, *pixels.shape[2:]),
        ]
    )
    padded = np.empty((rows, columns, *pixels.shape[2:]), dtype=np.uint8)
    padded[:] = np.median(border, axis=0)
    top, left = (rows - len(pixels)) // 2, (columns - pixels.shape[1]) // 2
    padded[top : top + len(pixels), left : left + pixels.shape[1]] = pixels
    return padded
