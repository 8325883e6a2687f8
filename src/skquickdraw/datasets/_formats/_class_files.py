"""Find the files of a data set on disk, one class per file, and what each of them holds."""

import re
from collections import Counter
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from ..._checks import check_path
from ...exceptions import DataFileError
from ._npz import tell_layout
from ._png import list_png

FORMATS = {
    "npy": (".npy",),
    "npz": (".npz",),
    "ndjson": (".ndjson", ".ndjson.gz"),
    "bin": (".bin",),
}
# As in Google's bucket, whose copies may join the names of folders and files.
PREFIX = re.compile(r"^(full_(numpy_bitmap|simplified|binary|raw)_|sketchrnn_)")


class ClassFile(NamedTuple):
    """A file, or a folder of PNGs, that holds the drawings of one class."""

    name: str
    path: Path
    layout: str  # npy, bitmaps, labeled, sketch_rnn, ndjson, bin or png

    @property
    def where(self) -> str:
        """Its name in errors."""
        return f"load_quickdraw: {self.path.name or self.name}"


def find_class_files(path: str | PathLike[str], file_format: str | None = None) -> list[ClassFile]:
    """Return the files below a path, sorted by class; of one format if that is given."""
    check_path("load_quickdraw", path)
    path = Path(path)
    if not path.exists():
        raise DataFileError(
            f"load_quickdraw: path must be a file or a folder; got {str(path)!r}, which does not "
            "exist. fetch_quickdraw downloads the classes that you name."
        )
    if path.is_dir():
        files = _in_folder(path, file_format)
    else:
        files = [path] if _format_of(path, file_format) else []
    if not files:
        raise _nothing_found(path, file_format)
    found = sorted(_as_class_file(file) for file in files)
    _check_distinct(found)
    _check_no_labeled(path, found)
    return found


def _in_folder(folder: Path, file_format: str | None) -> list[Path]:
    """Return the data files of a folder; without any, itself or its folders with PNGs."""
    files = [file for file in folder.iterdir() if _format_of(file, file_format) and file.is_file()]
    if files or file_format not in (None, "png"):
        return files
    pictures = list_png(folder)
    parts = [part for part in folder.iterdir() if _is_shown_folder(part) and list_png(part)]
    if pictures and parts:
        raise DataFileError(
            "load_quickdraw: a folder must hold .png files of one class, or one folder of .png "
            f"files per class; got both, {pictures[0].name!r} and {min(parts).name!r}. Move one "
            "kind away, or pass the folder of one class."
        )
    return [folder] if pictures else parts


def _is_shown_folder(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")


def _format_of(file: Path, file_format: str | None = None) -> str | None:
    """Return the format by the ending of a file's name, or None if it is not wanted."""
    name = file.name.lower()
    for own, endings in FORMATS.items():
        if name.endswith(endings) and not name.startswith("."):
            return own if file_format in (None, own) else None
    return None


def _as_class_file(path: Path) -> ClassFile:
    if path.is_dir():
        has_name = path.name not in ("", "..")  # not resolved, because a link's own name counts
        return ClassFile(path.name if has_name else path.resolve().name, path, "png")
    layout = _format_of(path)
    assert layout is not None  # only such files are looked for
    name = _class_name(path.name, layout)
    if not name:
        raise DataFileError(
            f"load_quickdraw: the name of a file must contain the name of its class; got "
            f"{path.name!r}. Rename it, or move it away."
        )
    if layout == "npz":
        layout = tell_layout(path, f"load_quickdraw: {path.name}")
    return ClassFile(name, path, layout)


def _class_name(filename: str, file_format: str) -> str:
    """Return the name of the class in the name of a file."""
    ending = next(end for end in FORMATS[file_format][::-1] if filename.lower().endswith(end))
    stem = PREFIX.sub("", filename[: -len(ending)])
    if file_format == "npz":
        stem = stem.removesuffix(".full")
    return decode_name(stem)


def decode_name(name: str) -> str:
    """Return a name with URL escapes decoded; unchanged if they are not valid, as ``'1%fat'``."""
    try:
        return unquote(name, errors="strict")
    except UnicodeDecodeError:
        return name


def _check_distinct(found: Sequence[ClassFile]) -> None:
    name, n_files = Counter(file.name for file in found).most_common(1)[0]
    if n_files > 1:
        files = [file.path.name for file in found if file.name == name]
        raise DataFileError(
            f"load_quickdraw: a folder must hold one file per class; got {files} for {name!r}. "
            "Choose one format with file_format, or move the other files away."
        )


def _check_no_labeled(path: Path, found: Sequence[ClassFile]) -> None:
    labeled = [file.path.name for file in found if file.layout == "labeled"]
    if labeled and path.is_dir():
        raise DataFileError(
            f"load_quickdraw: a folder must hold one file per class; got {labeled[0]}, which holds "
            "several classes. Pass the path of this file; load_competition reads a folder of "
            "train.npz, unlabeled.npz and holdout.npz."
        )


def _nothing_found(path: Path, file_format: str | None) -> DataFileError:
    endings = {**FORMATS, "png": ("folders of .png",)}
    wanted = [end for own in endings if file_format in (None, own) for end in endings[own]]
    names = [path.name]
    if path.is_dir():
        names = sorted(file.name for file in path.iterdir())[:10]
    return DataFileError(
        f"load_quickdraw: path must hold {', '.join(wanted)}; {str(path)!r} holds {names}. Pass "
        "the folder that the files are in, or leave file_format out."
    )
