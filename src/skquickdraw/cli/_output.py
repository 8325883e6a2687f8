"""Files that commands write; existing ones are kept unless the user says otherwise."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from ..exceptions import DataFileError
from ..persistence import replacing


def check_output(path: str, *, is_forced: bool, inputs: Sequence[str | None] = ()) -> None:
    """Raise before any work if the file cannot be written, exists already or is an input.

    Parameters
    ----------
    path : str
    is_forced : bool
        Whether an existing file may be replaced.
    inputs : sequence of str or None
        Files and folders that the command reads. A file in such a folder is an input too.

    Raises
    ------
    DataFileError
    """
    file = Path(path)
    if file.is_dir():
        raise DataFileError(
            f"--output must name a file; got {path!r}, which is a folder. Add the name of a file."
        )
    if not file.parent.is_dir():
        raise DataFileError(
            f"--output must lie in a folder that exists; got {path!r}, and there is no folder "
            f"{str(file.parent)!r}. Create this folder first."
        )
    if not file.exists():
        return
    if not file.is_file():
        raise DataFileError(
            f"--output must name a regular file; got {path!r}, which is a device or a pipe. Write "
            "to a file, and copy it."
        )
    if any(given is not None and _contains(Path(given), file) for given in inputs):
        raise DataFileError(
            f"--output must not replace a file that the command reads; got {path!r}, which is one "
            "of them. Choose another name."
        )
    if not is_forced:
        raise DataFileError(
            f"--output must name a new file; got {path!r}, which is there already. Choose another "
            "name, or replace it with --force."
        )


def _contains(given: Path, file: Path) -> bool:
    """Return whether ``file`` is ``given``, or is inside it."""
    real = file.resolve()
    return given.exists() and any(given.samefile(place) for place in (real, *real.parents))


@contextmanager
def open_output(path: str | None) -> Iterator[TextIO]:
    """Return stdout for None, else a text file that is written completely or not at all."""
    if path is None:
        yield sys.stdout
        return
    # Like stdout: names of files that are not text in any encoding keep their bytes.
    with replacing(Path(path).resolve()) as binary:
        text = TextIOWrapper(binary, encoding="utf-8", errors="surrogateescape", newline="")
        yield text
        text.detach()  # writes what is left, and leaves the file open
