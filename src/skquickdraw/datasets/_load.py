"""Load drawings from files on disk, in the formats in which Quick, Draw! is published."""

from collections.abc import Iterator, Sequence, Sized
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from .._checks import FLAG, check_arguments, is_int, path_in_errors
from .._mapped_files import MappedFiles
from ..exceptions import DataFileError, InvalidParameterError
from ._formats._bitmaps import read_labeled
from ._formats._class_files import FORMATS, ClassFile, find_class_files
from ._formats._class_rows import SAYS_RECOGNIZED, STROKES, read_images, read_strokes
from ._formats._ndjson import Drawing

Shape = tuple[int, int]
LARGEST = 2**31 - 1  # of a count, or of a side
DESCR = """\
{n} drawings of {n_classes} classes, from {least} to {most} a class, {form}.
Read from {path}.
"""


def load_quickdraw(
    path: str | PathLike[str],
    *,
    file_format: str | None = None,
    n_per_class: int | None = None,
    side: int | None = None,
    as_strokes: bool = False,
    recognized_only: bool = False,
    mmap: bool = False,
    return_X_y: bool = False,
) -> Bunch | tuple[Any, np.ndarray]:
    """Load drawings from a file, or from a folder with one file per class.

    Reads the formats in which Quick, Draw! is published, and your own PNGs. Classes are named after
    their files: ``full_numpy_bitmap_alarm clock.npy`` holds the class ``alarm clock``.

    Parameters
    ----------
    path : str or path-like
        One of these, or a folder of them with one class per file:

        - ``.npy``, bitmaps: uint8 of shape (n, height, width), or (n, side * side) if square
        - ``.npz`` with one such array, or with several classes: X with the bitmaps, y with their
          labels, and classes with the names if y holds indices
        - ``.ndjson`` or ``.ndjson.gz``, strokes in the simplified format
        - ``.bin``, strokes in the binary format
        - ``.npz`` of sketch-rnn, with the arrays train, valid and test, which are joined
        - a folder of opaque ``.png``, one class; or a folder of such folders, one class each.
          Colours become grey. Needs Pillow (``pip install 'skquickdraw[data]'``).

        Other files of a folder are ignored. PNGs are read if there are no other data files, or with
        ``file_format='png'``.
    file_format : {'npy', 'npz', 'ndjson', 'bin', 'png'}, default=None
        Which files of a folder to read. None reads all. Set it if the folder holds the same class
        in several formats.
    n_per_class : int, default=None
        Number of drawings of each class, at least 1: the first ones of its file, or all if it has
        fewer. The rest of a .npy or .ndjson file is not read. None takes all.
    side : int, default=None
        Height and width in pixels of images drawn from strokes, at least 1; None is 28. Bitmaps are
        not resized, and are refused if they have another size than the given one.
    as_strokes : bool, default=False
        Whether to return the strokes themselves instead of drawing them.
    recognized_only : bool, default=False
        Whether to leave out drawings that the game did not recognise. Only .ndjson and .bin files
        hold this information.
    mmap : bool, default=False
        Whether to leave the images on disk, as a read-only memory map of one .npy file, or as
        :class:`MappedFiles` of a folder of them. Other formats cannot be mapped.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        - ``data`` : ndarray (n, height * width), uint8, not inverted; with
          ``mmap=True`` a memmap or MappedFiles; with ``as_strokes=True`` a list of n drawings,
          as :func:`rasterize` takes them
        - ``target`` : ndarray (n,), int64, indices into ``target_names``
        - ``target_names`` : ndarray (n_classes,), str, sorted; or the array ``classes`` of an .npz
          file
        - ``image_shape`` : tuple (height, width), or None with ``as_strokes=True``
        - ``class_counts`` : ndarray (n_classes,), int64
        - ``DESCR`` : str

    Raises
    ------
    DataFileError
        If the path holds no such files or several files of one class, or a file is cut off, is
        damaged, or holds pickled objects or images of another size. The message names the file, and
        the line or byte at fault.
    InvalidParameterError
        If a parameter other than ``path`` is of the wrong kind or out of range, or asks for what a
        file does not have.
    MissingDependencyError
        If Pillow is needed, but missing.

    See Also
    --------
    fetch_quickdraw : Downloads the published files.
    MappedFiles : Your own files, mapped like those of a folder with ``mmap=True``.
    load_competition : Loads a folder of scarce labels, unlabeled drawings and a holdout.

    Notes
    -----
    No code from a file is executed. The published sketch-rnn archives contain pickles. They are
    read by an unpickler that cannot call functions or classes of the pickle. It accepts only the
    four names that NumPy writes for an array, and does not import what they name. Anything but an
    array of numeric arrays raises an error.

    sketch-rnn stores the differences between points; they are summed up to coordinates. If the
    longer side of a drawing is between 251 and 255, the drawing is already in the units of the
    simplified format, and is only shifted to start at 0 if it lies outside the box. Other drawings
    are shifted to start at 0, and scaled so that their longer side ends at 255. All coordinates are
    rounded.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skquickdraw.datasets import load_quickdraw, make_sketches
    >>> X, y, names = make_sketches(30, 2, random_state=0, return_names=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for label, name in enumerate(names):
    ...         np.save(Path(folder, f"{name}.npy"), X[y == label])
    ...     drawings = load_quickdraw(folder, n_per_class=10)
    >>> drawings.data.shape, drawings.image_shape
    ((20, 784), (28, 28))
    >>> print(*drawings.target_names)
    circle clock
    """
    _check_parameters(file_format, n_per_class, side)
    flags = {
        "as_strokes": as_strokes,
        "recognized_only": recognized_only,
        "mmap": mmap,
        "return_X_y": return_X_y,
    }
    check_arguments("load_quickdraw", dict.fromkeys(flags, FLAG), flags)
    files = find_class_files(path, file_format)
    _check_fit(files, as_strokes=as_strokes, recognized_only=recognized_only, mmap=mmap)
    X: NDArray[np.uint8] | MappedFiles | list[Drawing]
    shape: Shape | None
    if files[0].layout == "labeled":
        X, target, names, shape = _read_labeled(files[0], n_per_class, side)
    elif as_strokes:
        drawings = [read_strokes(file, n_per_class, recognized_only) for file in files]
        X, shape = [drawing for group in drawings for drawing in group], None
        target, names = _label(files, drawings)
    elif mmap and Path(path).is_dir():
        X, target, names, shape = _map_folder(files, n_per_class, side)
    else:
        groups, shape = _read_images(files, n_per_class, side, recognized_only)
        X = groups[0] if mmap else np.concatenate([np.asarray(group) for group in groups])
        target, names = _label(files, groups)
    return (X, target) if return_X_y else _bunch(X, target, names, shape, path)


def _read_images(
    files: Sequence[ClassFile], n_per_class: int | None, side: int | None, recognized_only: bool
) -> tuple[list[NDArray[np.uint8]], Shape | None]:
    """Return the images of each file, and their common (height, width)."""
    groups: list[NDArray[np.uint8]] = []
    shape: Shape | None = None if side is None else (int(side), int(side))
    for file in files:
        images, own = read_images(file, n_per_class, side, recognized_only)
        shape = _check_shape(file, own, shape, side)
        groups.append(images)
    return groups, shape


def _map_folder(
    files: Sequence[ClassFile], n_per_class: int | None, side: int | None
) -> tuple[MappedFiles, NDArray[np.int64], NDArray[np.str_], Shape | None]:
    """Map all files, one at a time: an open map keeps in memory what was read through it."""
    counts: list[int] = []
    shapes: list[Shape | None] = [None if side is None else (int(side), int(side))]

    def maps() -> Iterator[NDArray[np.uint8]]:
        for file in files:
            images, own = read_images(file, n_per_class, side, False)
            shapes.append(_check_shape(file, own, shapes[-1], side))
            counts.append(len(images))
            yield images

    X = MappedFiles(maps())
    return X, *_label(files, [range(n) for n in counts]), shapes[-1]


def _read_labeled(
    file: ClassFile, n_per_class: int | None, side: int | None
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.str_], Shape]:
    """Read a file of several classes, and keep the first drawings of each, in their order."""
    with path_in_errors(file.path):
        X, y, names, own = read_labeled(file.path, file.where)
    shape = _check_shape(file, own, None if side is None else (side, side), side)
    if n_per_class is not None:
        kept = [np.flatnonzero(y == label)[:n_per_class] for label in range(len(names))]
        rows = np.sort(np.concatenate(kept))
        X, y = X[rows], y[rows]
    return X, y, names, shape


def _check_shape(file: ClassFile, own: Shape, shape: Shape | None, side: int | None) -> Shape:
    """Return the (height, width) of a file's images, or raise if another one is wanted."""
    if shape is not None and own != shape:
        rule = f"side={side} asks for" if side is not None else "the files before it have"
        raise DataFileError(
            f"{file.where}: bitmaps must be {shape[0]} x {shape[1]}, as {rule}; got "
            f"{own[0]} x {own[1]}. Bitmaps are not resized: load files of one size, or files of "
            "strokes, which can be drawn in any size."
        )
    return own


def _label(
    files: Sequence[ClassFile], groups: Sequence[Sized]
) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    """Return the label of each drawing, and the names of the classes."""
    counts = [len(group) for group in groups]
    target = np.repeat(np.arange(len(files), dtype=np.int64), counts)
    return target, np.array([file.name for file in files])


def _bunch(
    X: Sized,
    target: NDArray[np.int64],
    names: NDArray[np.str_],
    shape: Shape | None,
    path: str | PathLike[str],
) -> Bunch:
    counts = np.bincount(target, minlength=len(names)).astype(np.int64)
    form = "as strokes" if shape is None else f"{shape[0]} x {shape[1]} pixels, uint8"
    descr = DESCR.format(
        n=len(X),
        n_classes=len(names),
        least=counts.min(),
        most=counts.max(),
        form=form,
        path=path,
    )
    return Bunch(
        data=X,
        target=target,
        target_names=names,
        image_shape=shape,
        class_counts=counts,
        DESCR=descr,
    )


def _check_parameters(file_format: object, n_per_class: object, side: object) -> None:
    """Raise if a parameter is of the wrong kind or out of range."""
    formats = [*FORMATS, "png"]
    is_text = isinstance(file_format, str)
    if file_format is not None and not (is_text and file_format in formats):
        raise InvalidParameterError(
            f"load_quickdraw: file_format must be one of {formats} or None; got {file_format!r}."
        )
    for name, value in [("n_per_class", n_per_class), ("side", side)]:
        if value is not None and not is_int(value, 1, LARGEST):
            raise InvalidParameterError(
                f"load_quickdraw: {name} must be an int of at least 1, or None; got {value!r}."
            )


def _check_fit(
    files: Sequence[ClassFile], *, as_strokes: bool, recognized_only: bool, mmap: bool
) -> None:
    """Raise if a parameter asks for what the format of a file does not have."""
    for wanted, layouts, rule in [
        (as_strokes, STROKES, "as_strokes=True needs .ndjson, .bin or sketch-rnn files"),
        (recognized_only, SAYS_RECOGNIZED, "recognized_only=True needs .ndjson or .bin files"),
        (mmap, ("npy",), "mmap=True needs .npy files"),
    ]:
        unfit = [file for file in files if file.layout not in layouts]
        if wanted and unfit:
            raise InvalidParameterError(
                f"load_quickdraw: {rule}; got {unfit[0].path.name!r}. Leave the parameter out, or "
                "read only such files of the folder, by setting file_format."
            )
