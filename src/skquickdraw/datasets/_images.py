"""Load images that have no label, from files and folders."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from .._checks import check_path
from ..exceptions import DataFileError
from ._folder import (
    check_reading,
    list_shown,
    stack_images,
    with_channels,
)
from ._formats._photos import PictureReader
from ._formats._png import import_pillow
from ._listening import count_files
from ._reading import read_files, report, warn_of_few_greys


def load_images(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    image_shape: tuple[int, int] = (28, 28),
    mode: str = "auto",
    background: int = 255,
    pad: bool = True,
    on_error: str = "raise",
) -> Bunch:
    """Load images without labels, to predict them or to learn from them.

    If their labels are in a table, pass its files as ``paths``: the images keep this order. They
    are read like the images of a class in :func:`load_image_folder`.

    Parameters
    ----------
    paths : str, path-like, or iterable of str or path-like
        Images or folders of images. Folders are searched recursively. In folders, hidden files,
        the files Thumbs.db and desktop.ini of file managers, and folders __MACOSX from archives are
        ignored.
    image_shape : (height, width), default=(28, 28)
        As in :func:`load_image_folder`.
    mode : {'auto', 'L', 'RGB'}, default='auto'
        As in :func:`load_image_folder`. If the images are for predictions, pass the mode of the
        training images, because 'auto' depends on the images of the call.
    background : int in [0, 255], default=255
        Grey value of the background behind transparent pixels; 255 is white.
    pad : bool, default=True
        As in :func:`load_image_folder`.
    on_error : {'raise', 'warn'}, default='raise'
        As in :func:`load_image_folder`.

    Returns
    -------
    data : Bunch
        - ``data`` : ndarray (n, height, width), or (n, 3, height, width) in colours, uint8; with
          ``pad=False``, an array of objects (n,) that are such images, of different sizes
        - ``filenames`` : ndarray (n,), str; in the order of ``paths``, sorted inside a folder
        - ``image_shape`` : tuple, (height, width) or (3, height, width)

    Raises
    ------
    DataFileError
        If a path does not exist, there is no image, or an image cannot be read (with
        ``on_error='warn'``, only if none can be read).
    InvalidParameterError
        If a parameter other than ``paths`` is of the wrong kind or out of range.
    MissingDependencyError
        If Pillow is missing (``pip install 'skquickdraw[data]'``).

    Warns
    -----
    UserWarning
        If files were left out, with ``on_error='warn'``; or if all files of 16 bits are dark, as if
        they held fewer bits.

    See Also
    --------
    load_image_folder : Loads images with labels, one folder per class.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skquickdraw.datasets import load_images
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("a.png", "b.jpg"):
    ...         Image.new("L", (40, 30), 255).save(Path(folder, name))
    ...     images = load_images(folder)
    >>> images.data.shape, [Path(name).name for name in images.filenames]
    ((2, 28, 28), ['a.png', 'b.jpg'])
    """
    name = "load_images"
    check_reading(name, image_shape, mode, background, pad, on_error)
    one = isinstance(paths, str | bytes | PathLike) or not np.iterable(paths)
    given: list[Any] = [paths] if one else list(paths)  # type: ignore[arg-type]  # an iterable
    for path in given:
        check_path(name, path, "paths")
    files = [file for path in given for file in _list_files(Path(path))]
    Image = import_pillow(name, "images")
    height, width = map(int, image_shape)
    reader = PictureReader(Image, (height, width), mode, background, pad)
    images, kept, failures = read_files(reader, files, str, count_files(len(files)))
    report(name, failures, on_error)
    warn_of_few_greys(name, reader)
    if not images:
        raise DataFileError(
            f"{name}: paths must lead to an image that can be read; got none in "
            f"{[str(path) for path in given[:5]]}. Pass images, or folders that hold some."
        )
    n_channels = 3 if any(image.ndim == 3 for image in images) else 1
    filenames = np.array([str(file) for file in kept])
    return Bunch(
        data=stack_images(images, n_channels, pad),
        filenames=filenames,
        image_shape=with_channels(image_shape, n_channels),
    )


def _list_files(path: Path) -> list[Path]:
    """Return the file, or all files below the folder."""
    if not path.exists():
        raise DataFileError(
            f"load_images: paths must name images or folders of images; got {str(path)!r}, which "
            "does not exist. Check the name."
        )
    if not path.is_dir():
        return [path]
    return [file for entry in list_shown(path) for file in _list_files(entry)]
