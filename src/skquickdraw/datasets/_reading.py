"""Read many image files, and report those that cannot be read."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..exceptions import DataFileError
from ._formats._photos import SIXTEEN_BITS, PictureReader

N_NAMED = 5  # of the files at fault, and of the reasons

DARK = 65535 / 8  # files of 16 bits without a brighter pixel probably hold fewer bits


class Failure(NamedTuple):
    """A file that cannot be read."""

    file: str
    reason: str


def read_files(
    reader: PictureReader,
    files: Iterable[Path],
    describe: Callable[[Path], str],
    tell: Callable[[], None],
) -> tuple[list[NDArray[np.uint8]], list[Path], list[Failure]]:
    """Return the images, their files, and the failures of the other files.

    ``describe`` returns the name of a file in errors. ``tell`` is called after each file.
    """
    images, kept, failures = [], [], []
    for file in files:
        try:
            images.append(reader.read(file))
            kept.append(file)
        except DataFileError as error:
            failures.append(Failure(describe(file), str(error)))
        tell()
    return images, kept, failures


def report(name: str, failures: Sequence[Failure], on_error: str) -> None:
    """Raise or warn if files could not be read; ``name`` is the function that read them."""
    if not failures:
        return
    if on_error == "raise":
        raise DataFileError(f"{name}: {unreadable(failures)}")
    files = "1 file was" if len(failures) == 1 else f"{len(failures)} files were"
    text = f"{name}: {files} left out:\n{_lines(failures)}"
    warnings.warn(text, UserWarning, stacklevel=3)


def warn_of_few_greys(name: str, reader: PictureReader) -> None:
    """Warn if files of 16 bits probably hold fewer, of which few are left in 8 bits."""
    if 0 < reader.brightest < DARK:
        warnings.warn(
            f"{name}: files with 16 bits should use all of them, from 0 to 65535, but the largest "
            f"value in them is {reader.brightest}, so in 8 bits the largest is "
            f"{round(reader.brightest / SIXTEEN_BITS)}, and few grey values are left. If "
            "they hold fewer bits, such as 12, multiply their pixels by at most "
            f"{65535 // reader.brightest}, and save them again.",
            UserWarning,
            stacklevel=3,
        )


def unreadable(failures: Sequence[Failure]) -> str:
    """Return the text of an error about files that could not be read."""
    return (
        f"all files must be images, but {len(failures)} could not be read (on_error='warn' leaves "
        f"such files out):\n{_lines(failures)}"
    )


def _lines(failures: Sequence[Failure]) -> str:
    """Return a line for each reason, with the names of the first files."""
    files: dict[str, list[str]] = {}
    for failure in failures:
        files.setdefault(failure.reason, []).append(failure.file)
    lines = [f"{_first(own)}: {reason}" for reason, own in files.items()]
    more = [f"and other reasons: {len(lines) - N_NAMED}"] if len(lines) > N_NAMED else []
    return "\n".join([*lines[:N_NAMED], *more])


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - N_NAMED} more" if len(names) > N_NAMED else ""
    return ", ".join(names[:N_NAMED]) + more


def quoted(names: Sequence[str]) -> str:
    """Return the first names in quotes, and how many there are more."""
    return _first([repr(name) for name in names])
