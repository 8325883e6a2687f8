"""Read many image files, and report those that cannot be read."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..exceptions import DataFileError
from ._formats._photos import PictureReader

N_NAMED = 5  # of the files at fault


def read_files(
    reader: PictureReader,
    files: Iterable[Path],
    describe: Callable[[Path], str],
    tell: Callable[[], None],
) -> tuple[list[NDArray[np.uint8]], list[Path], list[str]]:
    """Return the images, their files, and the errors of the other files.

    ``describe`` returns the name of a file in errors. ``tell`` is called after each file.
    """
    images, kept, failures = [], [], []
    for file in files:
        try:
            images.append(reader.read(file, describe(file)))
            kept.append(file)
        except DataFileError as error:
            failures.append(str(error))
        tell()
    return images, kept, failures


def report(name: str, failures: Sequence[str], on_error: str) -> None:
    """Raise or warn if files could not be read; ``name`` is the function that read them."""
    if not failures:
        return
    if on_error == "raise":
        raise DataFileError(f"{name}: {unreadable(failures)}")
    files = "1 file was" if len(failures) == 1 else f"{len(failures)} files were"
    text = f"{name}: {files} left out:\n{_lines(failures)}"
    warnings.warn(text, UserWarning, stacklevel=3)


def unreadable(failures: Sequence[str]) -> str:
    """Return the text of an error about files that could not be read."""
    return (
        f"all files must be images, but {len(failures)} could not be read (on_error='warn' leaves "
        f"such files out):\n{_lines(failures)}"
    )


def _lines(failures: Sequence[str]) -> str:
    more = [f"and {len(failures) - N_NAMED} more"] if len(failures) > N_NAMED else []
    return "\n".join([*failures[:N_NAMED], *more])


def quoted(names: Sequence[str]) -> str:
    """Return the first names in quotes, and how many there are more."""
    more = f" and {len(names) - N_NAMED} more" if len(names) > N_NAMED else ""
    return ", ".join(map(repr, names[:N_NAMED])) + more
