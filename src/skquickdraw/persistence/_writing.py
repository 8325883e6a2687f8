"""Write a file completely or not at all."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from .._checks import check_path, path_in_errors
from ..exceptions import DataFileError


def check_target(subject: str, path: str | os.PathLike[str]) -> Path:
    """Return where to write, or raise before any work; ``subject`` is the function that writes."""
    check_path(subject, path)
    target = Path(os.path.realpath(path))  # a link stays; its target is replaced
    if target.is_dir():
        raise DataFileError(
            f"{subject}: path must name a file, and {os.fspath(path)!r} is a folder. Add a name, "
            "such as 'model.safetensors' or 'model.onnx'."
        )
    if target.exists() and not target.is_file():
        raise DataFileError(
            f"{subject}: path must name a regular file, and {os.fspath(path)!r} is a device or a "
            "pipe. Write to a file, and copy that."
        )
    if not target.parent.is_dir():
        raise DataFileError(
            f"{subject}: path must lie in a folder that exists, and {str(target.parent)!r} does "
            "not. Make it first."
        )
    return target


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Open a new file beside the target; if all goes well, it replaces the target in one step.

    If the target exists, only the owner can read the new file until it is complete, because the
    target may be private.
    """
    partial = target.with_name(f".{target.name}.{token_hex(4)}.partial")
    mode = 0o600 if target.exists() else 0o666  # the umask applies too
    try:
        opener = functools.partial(os.open, mode=mode)
        with path_in_errors(target), open(partial, "xb", opener=opener) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists() and os.name == "posix":  # elsewhere a read-only file cannot be replaced
            shutil.copymode(target, partial)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
