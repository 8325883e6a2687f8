"""Save what the model got wrong, with its right label, in files that our loaders read.

::

    FOLDER/drawings/full_simplified_LABEL.ndjson    a line for each sketch; load_quickdraw
    FOLDER/images/LABEL/00001.png                   a file for each image; load_image_folder

They are separate folders, because each loader takes a folder that holds nothing else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from threading import Lock
from urllib.parse import unquote

from .._checks import check_path
from ..exceptions import InvalidParameterError
from ._drawing import Stroke, fit_to_box

# Device names of Windows, and the folder that load_image_folder reads as unlabeled.
RESERVED = {"con", "prn", "aux", "nul", "unlabeled"}
RESERVED |= {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}
LONGEST = 200  # bytes of a name: file systems allow 255, and prefix and ending are added


class Saver:
    """Write sketches and images of known labels into a folder, and overwrite nothing there.

    Parameters
    ----------
    folder : str or path-like
        Created if it does not exist.
    names : list of str
        Of the classes.

    Raises
    ------
    InvalidParameterError
        If the folder cannot be created, or the name of a class cannot be a file name.
    """

    def __init__(self, folder: str | PathLike[str], names: list[str]) -> None:
        check_path("app", folder, "save_to")
        self.folder = Path(folder)
        self._files = [_checked_name(name, names) for name in names]
        self._names = names
        self._turn = Lock()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidParameterError(
                f"app: the folder to save to must exist or be possible to create; got "
                f"{str(folder)!r}: {error}. Pass another."
            ) from error

    def save_sketch(self, label: int, strokes: list[Stroke]) -> Path:
        """Add a line to the sketches of a class, and return the file."""
        folder = self.folder / "drawings"
        file = folder / f"full_simplified_{self._files[label]}.ndjson"
        line = {
            "word": self._names[label],
            "timestamp": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f} UTC",
            "recognized": False,
            "drawing": [stroke.round().astype(int).tolist() for stroke in fit_to_box(strokes)],
        }
        with self._turn:
            folder.mkdir(exist_ok=True)
            _append(file, json.dumps(line, ensure_ascii=False))
        return file

    def save_image(self, label: int, png: bytes) -> Path:
        """Write an image of a class to a new file, and return it."""
        folder = self.folder / "images" / self._files[label]
        with self._turn:
            folder.mkdir(parents=True, exist_ok=True)
            number = 1 + sum(1 for _ in folder.iterdir())
            while not _write_new(file := folder / f"{number:05}.png", png):
                number += 1
        return file


def path_name(label: str, labels: Collection[str]) -> str:
    """Return a label as a name of a file or folder, which ``unquote`` reverses.

    Letters, digits and spaces stay as they are; the rest becomes ``%2F`` and the like. So do
    capitals if labels differ in nothing else, because not every file system distinguishes them.
    """
    has_twin = sum(other.casefold() == label.casefold() for other in set(labels)) > 1
    is_reserved = label.casefold() in RESERVED
    shown = []
    for place, letter in enumerate(label):
        is_plain = letter.isalnum() or letter in "-_"
        is_plain |= letter == " " and 0 < place < len(label) - 1
        is_lost = (has_twin and letter.isupper()) or (is_reserved and place == 0)
        shown.append(letter if is_plain and not is_lost else _quoted(letter))
    return "".join(shown)


def _quoted(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))


def _checked_name(label: str, labels: Collection[str]) -> str:
    name = path_name(label, labels)
    if not name or len(name.encode()) > LONGEST or unquote(name) != label:
        raise InvalidParameterError(
            f"app: to save sketches, the name of a class must be text of 1 to {LONGEST} bytes as a "
            f"file name; got {label[:60]!r}. Pass other names, or do not save."
        )
    return name


def _write_new(file: Path, content: bytes) -> bool:
    """Write a file completely or not at all; return False if it exists already."""
    try:
        new = file.open("xb")
    except FileExistsError:
        return False
    try:
        with new:
            new.write(content)
    except OSError:
        file.unlink()
        raise
    return True


def _append(file: Path, line: str) -> None:
    """Add a line to a file completely or not at all."""
    with file.open("ab+") as lines:
        end = lines.seek(0, os.SEEK_END)
        if end:
            lines.seek(-1, os.SEEK_END)
            line = line if lines.read(1) == b"\n" else f"\n{line}"  # no line break at its end
        try:
            lines.write(f"{line}\n".encode())
            lines.flush()
        except OSError:
            lines.truncate(end)
            raise
