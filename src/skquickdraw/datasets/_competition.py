"""Read a competition folder: an imbalanced labeled set, unlabeled drawings, a holdout."""

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from .._checks import check_path
from ..exceptions import DataFileError
from ._formats._bitmaps import first_twice
from ._formats._npz import array_names, open_npz, read_plain

Arrays = dict[str, NDArray[Any]]  # by their names in a file

DESCR = """\
{n_classes} classes of drawings, {height} x {width} pixels, uint8, white ink on black.
Labeled: {n_train} drawings, from {most} to {least} a class. Unlabeled: {n_unlabeled}. Holdout:
{n_holdout}.
"""


def load_competition(path: str | PathLike[str]) -> Bunch:
    """Load a competition: a small imbalanced labeled set, unlabeled drawings, a labeled holdout.

    Parameters
    ----------
    path : str or path-like
        A folder with ``train.npz`` (arrays X, y, classes) and, optionally, ``unlabeled.npz`` (X,
        classes) and ``holdout.npz`` (X, y, classes). X is uint8 of shape (n, height, width), and y
        holds indices into classes. The array classes holds the names of the classes, as str, and is
        the same in all files. No other file of the folder is opened.

    Returns
    -------
    data : Bunch
        - ``data`` : ndarray (n_train, height * width), uint8
        - ``target`` : ndarray (n_train,), int64, indices into ``target_names``
        - ``target_names`` : ndarray (n_classes,), str
        - ``unlabeled`` : ndarray (n_unlabeled, height * width), uint8, or None
        - ``holdout_data`` : ndarray (n_holdout, height * width), uint8, or None
        - ``holdout_target`` : ndarray (n_holdout,), int64, or None
        - ``image_shape`` : tuple (height, width)
        - ``class_counts`` : ndarray (n_classes,), int64, labeled drawings of each class
        - ``DESCR`` : str

    Raises
    ------
    DataFileError
        If the folder or ``train.npz`` is missing, or a file is damaged, lacks an array, holds
        pickled objects, or does not fit the others. The message names the file.

    Notes
    -----
    The arrays are read without pickle, so a stranger's file cannot run code.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skquickdraw.datasets import load_competition, make_sketches
    >>> X, y, names = make_sketches(30, 3, random_state=0, return_names=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(Path(folder, "train.npz"), X=X.reshape(-1, 28, 28), y=y, classes=names)
    ...     competition = load_competition(folder)
    >>> competition.data.shape, competition.image_shape, competition.unlabeled
    ((30, 784), (28, 28), None)
    """
    train = _read(_train_file(path), ("X", "y", "classes"))
    unlabeled = _read_beside(path, "unlabeled.npz", ("X", "classes"), train)
    holdout = _read_beside(path, "holdout.npz", ("X", "y", "classes"), train)
    counts = np.bincount(train["y"], minlength=len(train["classes"])).astype(np.int64)
    height, width = train["X"].shape[1:]
    return Bunch(
        data=_flat(train),
        target=train["y"],
        target_names=train["classes"],
        unlabeled=_flat(unlabeled),
        holdout_data=_flat(holdout),
        holdout_target=holdout and holdout["y"],
        image_shape=(height, width),
        class_counts=counts,
        DESCR=DESCR.format(
            n_classes=len(counts),
            height=height,
            width=width,
            n_train=len(train["y"]),
            most=counts.max(),
            least=counts.min(),
            n_unlabeled=len(unlabeled["X"]) if unlabeled else "none",
            n_holdout=len(holdout["X"]) if holdout else "none",
        ),
    )


def _train_file(path: str | PathLike[str]) -> Path:
    """Return the path of train.npz, or raise."""
    check_path("load_competition", path)
    folder = Path(path)
    if not folder.is_dir():
        raise DataFileError(
            f"load_competition: path must be a folder; got {str(path)!r}, which is not. Pass the "
            "folder that holds train.npz."
        )
    file = folder / "train.npz"
    if not file.is_file():
        found = sorted(other.name for other in folder.iterdir())[:10]
        raise DataFileError(
            f"load_competition: the folder must hold train.npz; {str(folder)!r} holds {found}. "
            "Write it with np.savez_compressed('train.npz', X=..., y=..., classes=...)."
        )
    return file


def _read_beside(
    path: str | PathLike[str], name: str, wanted: tuple[str, ...], train: Arrays
) -> Arrays | None:
    """Read an optional file, and compare it with the labeled set."""
    file = Path(path) / name
    if not file.is_file():
        return None
    arrays = _read(file, wanted)
    if not np.array_equal(arrays["classes"], train["classes"]):
        raise DataFileError(
            f"load_competition: the array classes must be the same in {name} and in train.npz, in "
            f"the same order; got {len(arrays['classes'])} and {len(train['classes'])} names that "
            "are not the same. Save the same list of names in both files."
        )
    if arrays["X"].shape[1:] != train["X"].shape[1:]:
        raise DataFileError(
            f"load_competition: {name} must hold images of the shape {train['X'].shape[1:]} that "
            f"train.npz has; got {arrays['X'].shape[1:]}. Rescale one of them."
        )
    return arrays


def _read(file: Path, wanted: tuple[str, ...]) -> Arrays:
    """Read the wanted arrays of a file without pickle, and check them."""
    where = f"load_competition: {file.name}"
    with open_npz(file, where) as archive:
        names = array_names(archive)
        missing = [name for name in wanted if name not in names]
        if missing:
            raise DataFileError(
                f"{where} must hold the arrays {', '.join(wanted)}; got {names}. Add "
                f"{', '.join(missing)} with np.savez_compressed."
            )
        arrays = {name: read_plain(archive, name, where) for name in wanted}
    _check(file.name, arrays)
    return arrays


def _check(name: str, arrays: Arrays) -> None:
    """Raise if a file's arrays are of the wrong kind or do not fit each other; make y int64."""
    X, y, classes = arrays["X"], arrays.get("y"), arrays["classes"]
    if X.ndim != 3 or X.dtype != np.uint8 or len(X) == 0:
        raise DataFileError(
            f"load_competition: X of {name} must be uint8 of shape (n, height, width), n >= 1; got "
            f"{X.dtype} of shape {X.shape}. Reshape or convert it."
        )
    if classes.ndim != 1 or len(classes) == 0 or classes.dtype.kind != "U":
        raise DataFileError(
            f"load_competition: classes of {name} must be a 1-D array of str; got {classes.dtype} "
            f"of shape {classes.shape}. Save np.array(names, dtype=str)."
        )
    if len(np.unique(classes)) < len(classes):
        raise DataFileError(
            f"load_competition: classes of {name} must differ from each other; got "
            f"{first_twice(classes)!r} twice. Rename one, or join the two."
        )
    if y is None:
        return
    if y.dtype.kind not in "iu" or y.shape != (len(X),):
        raise DataFileError(
            f"load_competition: y of {name} must hold one integer for each of the {len(X)} images; "
            f"got {y.dtype} of shape {y.shape}. Save np.unique(labels, return_inverse=True)[1]."
        )
    if y.min() < 0 or y.max() >= len(classes):
        raise DataFileError(
            f"load_competition: y of {name} must lie in 0..{len(classes) - 1}, as there are "
            f"{len(classes)} classes; got {y.min()}..{y.max()}. Save each label as its position in "
            "classes, or add the missing names to classes."
        )
    arrays["y"] = y.astype(np.int64)


def _flat(arrays: Arrays | None) -> NDArray[np.uint8] | None:
    """Return the images as rows, or None if there are none."""
    return None if arrays is None else arrays["X"].reshape(len(arrays["X"]), -1)
