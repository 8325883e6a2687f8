"""Files that commands write; existing ones are kept unless the user says otherwise."""

from __future__ import annotations

from pathlib import Path

from ..exceptions import DataFileError


def check_output(path: str, *, is_forced: bool) -> None:
    """Raise before any work if the file cannot be written or exists already.

    Raises
    ------
    DataFileError
    """
    file = Path(path)
    if file.is_dir():
        raise DataFileError(
            f"--output must name a file; got {path!r}, which is a folder. Add the name of a file, "
            "as in folder/model.safetensors."
        )
    if not file.parent.is_dir():
        raise DataFileError(
            f"--output must lie in a folder that exists; got {path!r}, and there is no folder "
            f"{str(file.parent)!r}. Create this folder first."
        )
    if file.exists() and not is_forced:
        raise DataFileError(
            f"--output must name a new file; got {path!r}, which is there already. Choose another "
            "name, or replace it with --force."
        )
