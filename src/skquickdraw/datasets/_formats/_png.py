"""Read folders of PNG files as bitmaps."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from ...exceptions import DataFileError, MissingDependencyError

if TYPE_CHECKING:
    import PIL.Image

EIGHT_BITS = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")


def list_png(folder: Path) -> list[Path]:
    """Return the PNG files of a folder, by name."""
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() == ".png" and not file.name.startswith(".") and file.is_file()
    )


def read_png_folder(
    folder: Path, where: str, n_max: int | None = None
) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Return the images of a folder as grey images in rows, and their (height, width)."""
    Image = import_pillow("load_quickdraw", ".png files")
    images: list[NDArray[np.uint8]] = []
    for file in islice(list_png(folder), n_max):
        image = _read_grey(Image, file, f"{where}/{file.name}")
        if images and image.shape != images[0].shape:
            raise DataFileError(
                f"{where}/{file.name}: the images of a folder must have one size; got "
                f"{_size(image.shape)} pixels after {_size(images[0].shape)}. Resize them, or use "
                "load_image_folder, which resizes images."
            )
        images.append(image)
    stack = np.stack(images)
    return stack.reshape(len(stack), -1), stack.shape[1:]


def import_pillow(subject: str, files: str) -> ModuleType:
    """Return Pillow's module Image, or raise an error that names the extra."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependencyError(
            f"{subject} needs Pillow to read {files}, and it is missing. Install it: pip install "
            "'skquickdraw[data]'."
        ) from error
    return Image


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(pixels) for pixels in shape)


def _read_grey(Image: ModuleType, file: Path, where: str) -> NDArray[np.uint8]:
    try:
        with Image.open(file, formats=["PNG"]) as picture:
            return np.asarray(_opaque(picture, where).convert("L"))
    except DataFileError:
        raise
    except Exception as error:  # Pillow raises any error on damaged files
        raise DataFileError(
            f"{where}: must be a whole PNG image; got {file.stat().st_size} bytes that are "
            f"not: {str(error) or type(error).__name__}. Write it again."
        ) from error


def _opaque(picture: PIL.Image.Image, where: str) -> PIL.Image.Image:
    """Return the image, or raise if its grey levels are ambiguous."""
    if picture.mode not in EIGHT_BITS:
        raise DataFileError(
            f"{where}: must have 8 bits per channel; got the mode {picture.mode!r}. Convert it, "
            "for example with an image editor, or use load_image_folder, which reads 16 bits too."
        )
    if not picture.has_transparency_data:
        return picture
    picture = picture.convert("RGBA")  # Pillow warns if a palette with transparency becomes grey
    bands = cast("tuple[tuple[int, int], ...]", picture.getextrema())
    if bands[3][0] < 255:
        raise DataFileError(
            f"{where}: must be opaque, because its ink could be in the colour or in the "
            "transparency. Draw it on a background first, for example with "
            "PIL.Image.alpha_composite."
        )
    return picture
