"""Turn an image that somebody dropped on the page into the image that a model sees.

Such a file may hold anything. So its bytes are counted before it is read, and its pixels before
they are decoded; one file is decoded at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..datasets import load_images, readable_formats
from ..exceptions import DataFileError, InvalidImagesError, MissingDependencyError
from ..preprocessing import SketchNormalizer, scan_shape

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 52_000_000  # phones take photos of up to 50 million by default
MOST_UNEQUAL = 8  # largest ratio of the sides of an image with a drawing
ORIENTATION = 0x0112  # a key of EXIF; values from 5 on mean that the image lies on its side
PNG_MODES = {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}  # that a PNG holds without loss
_turn = Lock()


def read_drawing(body: bytes, side: int, background: int) -> NDArray[np.uint8]:
    """Return the drawing on an image, such as a photo of paper, as light ink on black.

    The image is not padded to a square: the padding would differ from unevenly lit paper beside it,
    and count as ink.

    Raises
    ------
    InvalidImagesError
        If the image cannot be read, is too large, or shows no ink.
    """
    with _turn, _opened(body) as image:
        try:
            lies = image.getexif().get(ORIENTATION, 1) >= 5
        except Exception as error:  # Pillow's plugins raise what they like on damaged files
            raise _unreadable(error) from error
        size = image.size if lies else image.size[::-1]
    if max(size) > MOST_UNEQUAL * min(size):
        raise InvalidImagesError(
            f"The image may be at most {MOST_UNEQUAL} times as long as wide; this one has "
            f"{size[1]} x {size[0]} pixels. Crop it to the drawing."
        )
    scan = _read(body, scan_shape((side, side)), "L", background, pad=False)
    picture = SketchNormalizer((side, side)).fit_transform(scan[None]).reshape(side, side)
    if not picture.any():
        raise InvalidImagesError(
            "The image must show a drawing on paper, but no ink was found on it. Take the photo "
            "from closer, in even light, with nothing but the paper on it."
        )
    return picture


def read_image(body: bytes, side: int, background: int, mode: str) -> NDArray[np.uint8]:
    """Return an image as :func:`load_images` reads it: (side, side), or (3, side, side) in colours.

    Raises
    ------
    InvalidImagesError
        If the image cannot be read, or is too large.
    """
    return _read(body, (side, side), mode, background)


def write_png(body: bytes) -> bytes:
    """Return an image as PNG: upright, with unchanged pixels and without EXIF data.

    Raises
    ------
    InvalidImagesError
        If the image cannot be read, or is too large.
    """
    from PIL import ImageOps

    with _turn, _opened(body) as image:
        try:
            upright = ImageOps.exif_transpose(image)
            if upright.mode == "I" or upright.mode.startswith("I;16"):
                upright = upright.convert("I").convert("I;16")
            return _encode(upright if upright.mode in PNG_MODES else upright.convert("RGB"))
        except Exception as error:  # Pillow's plugins raise what they like on damaged files
            raise _unreadable(error) from error


def encode_picture(picture: NDArray[np.uint8]) -> bytes:
    """Return an image of shape (3, H, W) as PNG."""
    return _encode(_import_pillow().fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0))))


def _read(
    body: bytes, image_shape: tuple[int, int], mode: str, background: int, *, pad: bool = True
) -> NDArray[np.uint8]:
    with _turn, TemporaryDirectory() as folder:
        with _opened(body):
            pass  # its size is checked
        file = Path(folder, "image")
        file.write_bytes(body)
        try:
            found = load_images(
                file, image_shape=image_shape, mode=mode, background=background, pad=pad
            )
        except DataFileError as error:
            reason = str(error).rpartition(f"{file}: ")[2].rpartition(". ")[0]
            raise _refused(reason.replace(str(file), "the file")) from error
    return found.data[0]


@contextmanager
def _opened(body: bytes) -> Iterator[PILImage]:
    """Read the header of an image; only the caller may decode more."""
    Image = _import_pillow()
    try:
        image = Image.open(BytesIO(body), formats=readable_formats(Image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large("more than that") from error
    except Exception as error:
        raise InvalidImagesError(
            "The file must be an image in a format that Pillow reads, such as PNG, JPEG, WebP or "
            "TIFF; this one is not, or is damaged. Save it again, or choose another."
        ) from error
    with image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise _too_large(f"{width} x {height}")
        yield image


def _too_large(size: str) -> InvalidImagesError:
    return InvalidImagesError(
        f"The image may have at most {MAX_PIXELS // 10**6} million pixels; this one has {size}. "
        "Make it smaller: the model sees only a few of them."
    )


def _unreadable(error: Exception) -> InvalidImagesError:
    return _refused(f"must be a whole image, but cannot be read: {error}")


def _refused(reason: str) -> InvalidImagesError:
    return InvalidImagesError(f"The image {reason}. Save it as PNG or JPEG, on a plain background.")


def _encode(image: PILImage) -> bytes:
    content = BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def _import_pillow() -> ModuleType:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependencyError(
            "The app needs Pillow to read and save images, and it is missing. Install it: pip "
            "install 'skquickdraw[data]'."
        ) from error
    return Image
