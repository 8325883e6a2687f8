"""Load images from a folder that has one folder for each class."""

import warnings
from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from .._checks import FLAG, check_arguments, check_path, is_int
from ..exceptions import DataFileError, InvalidParameterError
from ._formats._class_files import decode_name
from ._formats._photos import PictureReader
from ._formats._png import import_pillow
from ._listening import count_files
from ._reading import quoted, read_files, report, unreadable, warn_of_few_greys

DESCR = """\
{n} images of {n_classes} classes, from {least} to {most} a class, {shape} pixels, uint8.
Without a label: {n_unlabeled}. Read from {path}.
"""
# Left by file managers and in archives from a Mac, like hidden files.
LITTER = {"thumbs.db", "desktop.ini", "__macosx"}
TABLES = (".csv", ".tsv")
OWN: dict[str, Sequence[object]] = {"unlabeled": [str, None], "return_X_y": FLAG}


def load_image_folder(
    path: str | PathLike[str],
    *,
    image_shape: tuple[int, int] = (28, 28),
    mode: str = "auto",
    unlabeled: str | None = "unlabeled",
    background: int = 255,
    pad: bool = True,
    on_error: str = "raise",
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load a folder of images, with one folder inside for each class.

    Images may have any size, and any format that Pillow reads; the ending of a file name does not
    matter. They are resized to the same size, and can be passed to the classifiers of this package.
    To turn photos and scans of drawings into light ink on black, use
    :class:`~skquickdraw.preprocessing.SketchNormalizer`.

    Parameters
    ----------
    path : str or path-like
        The folder. It must contain only folders, whose names are the classes. These folders must
        contain only images. Hidden files, the files Thumbs.db and desktop.ini of file managers, and
        folders __MACOSX from archives are ignored. If a class name contains a character that is not
        allowed in the name of a folder, write it as in URLs, for example ``%2F`` for a slash.
    image_shape : (height, width), default=(28, 28)
        Size of the returned images in pixels, each at least 1. Images are resized to fit into it.
        They keep their proportions; the rest is filled with the median colour of the image's
        border.
    mode : {'auto', 'L', 'RGB'}, default='auto'
        Mode of the returned images, with the names of Pillow: 'L' is grey, with one channel, and
        'RGB' has three channels. 'auto' is 'L' if all images are grey, else 'RGB' for all images.
    unlabeled : str or None, default='unlabeled'
        Name of the folder of unlabeled images, if there is one. With None, every folder is a class.
    background : int in [0, 255], default=255
        Grey value of the background behind transparent pixels; 255 is white.
    pad : bool, default=True
        Whether to add a border, so that every image has exactly the size ``image_shape``. With
        False, images are resized to fit into ``image_shape``, and have different sizes. Use False
        for photos of drawings: if the light is uneven,
        :class:`~skquickdraw.preprocessing.SketchNormalizer` could take the edge of the border for
        ink.
    on_error : {'raise', 'warn'}, default='raise'
        What to do with files that are damaged or not images. 'raise' raises one error for all of
        them. 'warn' leaves them out, with one warning. The error or warning names the first five
        for each reason.
        Folders without an image that can be read are treated in the same way.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        - ``data`` : ndarray (n, height, width), or (n, 3, height, width) in colours, uint8; with
          ``pad=False``, an array of objects (n,) that are such images, of different sizes
        - ``target`` : ndarray (n,), int64, indices into ``target_names``
        - ``target_names`` : ndarray (n_classes,), str, sorted
        - ``filenames`` : ndarray (n,), str; sorted within each class
        - ``unlabeled`` : ndarray (n_unlabeled, ...), uint8, shaped like ``data``, or None
        - ``unlabeled_filenames`` : ndarray (n_unlabeled,), str, or None
        - ``image_shape`` : tuple, (height, width) or (3, height, width)
        - ``class_counts`` : ndarray (n_classes,), int64
        - ``DESCR`` : str

    Raises
    ------
    DataFileError
        If the path is not a folder; if it, or the folder of a class, is empty; if there are files
        beside the folders of classes, or folders inside them; if two folders name the same class;
        or if an image cannot be read. With ``on_error='warn'``, such folders and images are left
        out, and it is an error only if no class has an image left. One error names all that is
        wrong, with at most five files or folders of a kind.
    InvalidParameterError
        If a parameter other than ``path`` is of the wrong kind or out of range.
    MissingDependencyError
        If Pillow is missing (``pip install 'skquickdraw[data]'``).

    Warns
    -----
    UserWarning
        If files or folders were left out, with ``on_error='warn'``; or if all files of 16 bits are
        dark, as if they held fewer bits.

    See Also
    --------
    skquickdraw.preprocessing.SketchNormalizer : Turns photos of drawings into bitmaps.
    load_images : Loads images without labels, to predict them, or whose labels are in a table.
    load_quickdraw : Loads the formats of Quick, Draw!, and folders of PNGs without resizing.
    sklearn.datasets.load_files : The same for texts.

    Notes
    -----
    Images are turned upright according to their EXIF orientation. Pixels of 16 bits are divided
    by 257, so that 65535 becomes 255. If a file is an animation or has several pages, only the
    first image is read. Three kinds of images are treated as unreadable: images that are invisible
    on the background, such as white ink on transparent paper; images with floating-point or 32-bit
    pixels, because their range is not known; and images of more than 179 million pixels, which
    Pillow refuses by default. Images are reduced by area averages, and enlarged by linear
    interpolation. These formats are not read: PostScript and Windows metafiles, because they are
    programs; IPTC files, because they contain other files; and FITS files, because their size is
    not known before they are unpacked.

    Each image is resized as soon as it is read, so memory holds only the resized ones.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skquickdraw.datasets import load_image_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, size in [("cat", (40, 30)), ("owl", (64, 64)), ("unlabeled", (28, 28))]:
    ...         Path(folder, name).mkdir()
    ...         Image.new("L", size, 255).save(Path(folder, name, "scan.jpg"))
    ...     images = load_image_folder(folder)
    >>> images.data.shape, images.unlabeled.shape
    ((2, 28, 28), (1, 28, 28))
    >>> print(*images.target_names[images.target])
    cat owl
    """
    check_reading("load_image_folder", image_shape, mode, background, pad, on_error)
    check_arguments("load_image_folder", OWN, {"unlabeled": unlabeled, "return_X_y": return_X_y})
    files, problems = _list_files(path, unlabeled)
    Image = import_pillow("load_image_folder", "images")
    height, width = map(int, image_shape)
    reader = PictureReader(Image, (height, width), mode, background, pad)
    tell = count_files(sum(map(len, files.values())))
    pictures = {name: read_files(reader, files[name], _in_class, tell) for name in files}
    failures = [failure for _, _, failures in pictures.values() for failure in failures]
    empty = [name for name, (images, _, _) in pictures.items() if not images]
    if on_error == "warn":
        report("load_image_folder", failures, on_error)
        pictures = {name: found for name, found in pictures.items() if found[0]}
        if pictures.keys() - {unlabeled}:  # else the empty folders are an error
            empty = _skip(empty)
    elif failures:
        problems.append(unreadable(failures))
        empty = [name for name in empty if not pictures[name][2]]  # the others are named above
    _refuse(path, problems + _empty_folders(empty))
    warn_of_few_greys("load_image_folder", reader)
    n_channels = 3 if any(im.ndim == 3 for images, *_ in pictures.values() for im in images) else 1
    pool = pictures.pop(unlabeled, None) if unlabeled is not None else None
    names = sorted(pictures, key=decode_name)
    X = stack_images([image for name in names for image in pictures[name][0]], n_channels, pad)
    counts = np.array([len(pictures[name][0]) for name in names], dtype=np.int64)
    target = np.repeat(np.arange(len(names), dtype=np.int64), counts)
    if return_X_y:
        return X, target
    bunch = Bunch(
        data=X,
        target=target,
        target_names=np.array([decode_name(name) for name in names]),
        filenames=np.array([str(file) for name in names for file in pictures[name][1]]),
        unlabeled=None if pool is None else stack_images(pool[0], n_channels, pad),
        unlabeled_filenames=None if pool is None else np.array([str(file) for file in pool[1]]),
        image_shape=with_channels(image_shape, n_channels),
        class_counts=counts,
    )
    bunch.DESCR = _describe(bunch, path)
    return bunch


def _describe(bunch: Bunch, path: str | PathLike[str]) -> str:
    return DESCR.format(
        n=len(bunch.data),
        n_classes=len(bunch.target_names),
        least=bunch.class_counts.min(),
        most=bunch.class_counts.max(),
        shape=" x ".join(map(str, bunch.image_shape)),
        n_unlabeled="none" if bunch.unlabeled is None else len(bunch.unlabeled),
        path=path,
    )


def _list_files(
    path: str | PathLike[str], unlabeled: str | None
) -> tuple[dict[str, list[Path]], list[str]]:
    """Return the files of each folder, by its name, and what else is wrong with the folders."""
    check_path("load_image_folder", path)
    root = Path(path)
    if not root.is_dir():
        raise DataFileError(
            f"load_image_folder: path must be a folder; got {str(path)!r}, which is not. Pass the "
            f"folder that holds one folder for each class.{_hint_on_tables([root.name])}"
        )
    inside = list_shown(root)
    folders = [entry for entry in inside if entry.is_dir()]
    problems = []
    loose = [entry.name for entry in inside if not entry.is_dir()]
    if loose:
        problems.append(
            f"{str(path)!r} must hold folders only, one for each class; got {quoted(loose)}. Put "
            "each image into the folder of its class"
            + (f", or into {unlabeled!r} where it has no label." if unlabeled else ".")
            + _hint_on_tables(loose)
        )
    if not [entry for entry in folders if entry.name != unlabeled]:
        problems.append(
            f"{str(path)!r} must hold a folder for each class; got none. Make a folder with the "
            "name of a class, and put its images into it."
        )
        _refuse(path, problems)
    content = {entry.name: list_shown(entry) for entry in folders}
    nested = [f"{name}/{f.name}" for name, found in content.items() for f in found if f.is_dir()]
    if nested:
        problems.append(
            f"the folder of a class must hold images only; got the folders {quoted(nested)}. Move "
            "the images up, or pass the path of the folder that holds the classes."
        )
    problems += _doubled_classes(content)
    images = {name: [f for f in own if not f.is_dir()] for name, own in content.items()}
    # A folder that only holds folders is not empty, and is named above.
    return {name: own for name, own in images.items() if own or not content[name]}, problems


def _hint_on_tables(names: Iterable[str]) -> str:
    """Return how to use labels from a table, if one of the files is one."""
    if not any(name.lower().endswith(TABLES) for name in names):
        return ""
    return (
        " If the labels are in a table, read it in Python, pass its files to load_images, and its "
        "labels to fit: see 'Labels in a CSV file' in the user guide."
    )


def _refuse(path: str | PathLike[str], problems: Sequence[str]) -> None:
    """Raise one error that lists all problems."""
    if len(problems) == 1:
        raise DataFileError(f"load_image_folder: {problems[0]}")
    if problems:
        named = "\n".join(f"{i}. {problem}" for i, problem in enumerate(problems, 1))
        raise DataFileError(
            f"load_image_folder: {str(path)!r} must hold one folder of images for each class, but "
            f"{len(problems)} things are wrong:\n{named}"
        )


def list_shown(folder: Path) -> list[Path]:
    """Return a folder's content by name, without hidden files and those of file managers."""
    shown = [e for e in folder.iterdir() if not e.name.startswith(".")]
    return sorted((e for e in shown if e.name.lower() not in LITTER), key=lambda e: e.name)


def _in_class(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


def _empty_folders(empty: Sequence[str]) -> list[str]:
    if not empty:
        return []
    return [
        f"every folder must hold an image that can be read; got none in {quoted(empty)}. Put one "
        "in, or remove the folder."
    ]


def _skip(empty: Sequence[str]) -> list[str]:
    """Warn that these folders are left out, and return those that remain: none."""
    if empty:
        one = len(empty) == 1
        folders = "1 folder was" if one else f"{len(empty)} folders were"
        warnings.warn(
            f"load_image_folder: {folders} left out, because no image in {'it' if one else 'them'} "
            f"can be read: {quoted(empty)}.",
            UserWarning,
            stacklevel=3,
        )
    return []


def _doubled_classes(folders: Iterable[str]) -> list[str]:
    by_class: dict[str, list[str]] = {}
    for folder in sorted(folders):
        by_class.setdefault(decode_name(folder), []).append(folder)
    return [
        f"a class must have one folder; got {quoted(own)} for {name!r}. Move their images together."
        for name, own in by_class.items()
        if len(own) > 1
    ]


def with_channels(image_shape: tuple[int, int], n_channels: int) -> tuple[int, ...]:
    """Return the shape of an image, (height, width), or (3, height, width) in colours."""
    height, width = map(int, image_shape)
    return (height, width) if n_channels == 1 else (3, height, width)


def stack_images(
    images: Sequence[NDArray[np.uint8]], n_channels: int, pad: bool
) -> NDArray[np.number]:
    """Return the images as one array; among coloured ones, grey images get three equal channels.

    Without ``pad`` it is an array of objects, because the sizes may differ.
    """
    if not pad:
        stack = np.empty(len(images), dtype=object)
        for i, image in enumerate(images):
            is_short = image.ndim == 2 and n_channels == 3
            stack[i] = np.repeat(image[None], 3, axis=0) if is_short else image
        return stack
    shape = images[0].shape[-2:] if n_channels == 1 else (3, *images[0].shape[-2:])
    stack = np.empty((len(images), *shape), dtype=np.uint8)
    for i, image in enumerate(images):
        stack[i] = image
    return stack


def check_reading(
    name: str, image_shape: tuple[int, int], mode: str, background: int, pad: bool, on_error: str
) -> None:
    """Raise if a parameter is of the wrong kind or out of range."""
    sides = tuple(image_shape) if isinstance(image_shape, tuple | list) else ()
    if len(sides) != 2 or not all(is_int(side, 1, 2**31) for side in sides):
        raise InvalidParameterError(
            f"{name}: image_shape must be (height, width), two ints of at least 1; got "
            f"{image_shape!r}. The number of channels is set by mode."
        )
    for parameter, value, kind, allowed in [
        ("mode", mode, str, ("auto", "L", "RGB")),
        ("pad", pad, bool | np.bool_, (True, False)),
        ("on_error", on_error, str, ("raise", "warn")),
    ]:
        if not isinstance(value, kind) or value not in allowed:
            raise InvalidParameterError(
                f"{name}: {parameter} must be one of {allowed}; got {value!r}."
            )
    if not is_int(background, 0, 255):
        raise InvalidParameterError(
            f"{name}: background must be an int from 0 to 255; got {background!r}."
        )
