"""Read folders of PNG files as bitmaps."""

from itertools import islice

import numpy as np

from ...exceptions import DataFileError, MissingDependencyError

EIGHT_BITS = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")


def list_png(folder):
    """Return the PNG files of a folder, by name."""
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() == ".png" and not file.name.startswith(".") and file.is_file()
    )


def read_png_folder(folder, where, n_max=None):
    """Return the images of a folder as grey images in rows, and their (height, width)."""
    Image = import_pillow("load_quickdraw", ".png files")
    images: list = []
    for file in islice(list_png(folder), n_max):
        image = _read_grey(Image, file, f"{where}/{file.name}")
        if images and image.shape != images[0].shape:
            raise DataFileError(
                f"{where}/{file.name}: the images of a folder must have one size; got "
                f"{_size(image.shape)} pixels after {_size(images[0].shape)}. Resize them, for "
                "example with PIL.Image.resize."
            )
        images.append(image)
    stack = np.stack(images)
    return stack.reshape(len(stack), -1), stack.shape[1:]


def import_pillow(subject, files):
    """Return Pillow's module Image, or raise an error that names the extra."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependencyError(
            f"{subject} needs Pillow to read {files}, and it is missing. Install it: pip install "
            "'skquickdraw[data]'."
        ) from error
    return Image


def _size(shape):
    return " x ".join(str(pixels) for pixels in shape)


def _read_grey(Image, file, where):
    try:
        with Image.open(file, formats=["PNG"]) as picture:
            return np.asarray(_opaque(picture, where).convert("L"))
    except DataFileError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataFileError(
            f"{where}: must be a whole PNG image; got {file.stat().st_size} bytes that are "
            f"none: {error}. Write it again."
        ) from error


def _opaque(picture, where):
    """Return the image, or raise if its grey levels are ambiguous."""
    if picture.mode not in EIGHT_BITS:
        raise DataFileError(
            f"{where}: must have 8 bits per channel; got the mode {picture.mode!r}. Convert it, "
            "for example with an image editor."
        )
    if not picture.has_transparency_data:
        return picture
    picture = picture.convert("RGBA")  # Pillow warns if a palette with transparency becomes grey
    if picture.getextrema()[3][0] < 255:
        raise DataFileError(
            f"{where}: must be opaque, because its ink could be in the colour or in the "
            "transparency. Draw it on a background first, for example with "
            "PIL.Image.alpha_composite."
        )
    return picture
