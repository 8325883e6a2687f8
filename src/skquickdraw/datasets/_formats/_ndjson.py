"""Read drawings in the simplified stroke format: one JSON object per line."""

import json
import zlib
from collections.abc import Iterable, Iterator
from gzip import BadGzipFile
from itertools import chain

from ...exceptions import DataFileError
from .._rasterize import BOX

Drawing = list[list[list[float]]]  # strokes, each [[x, ...], [y, ...]]


def read_ndjson(
    lines: Iterable[bytes],
    name: str,
    n_max: int | None = None,
    *,
    recognized_only: bool = False,
) -> list[Drawing]:
    """Return the drawings of a file in the simplified stroke format.

    Parameters
    ----------
    lines : iterable of bytes
        The lines of the file, such as an open file or a download. Blank lines are skipped, and no
        line is read beyond the last one needed.
    name : str
        Name of the file in errors.
    n_max : int, default=None
        Stop after so many drawings; None reads all.
    recognized_only : bool, default=False
        Whether to skip drawings that the game did not recognise.

    Returns
    -------
    drawings : list
        A drawing is a list of strokes, a stroke a pair ``[[x, ...], [y, ...]]``.

    Raises
    ------
    DataFileError
        If a line is not such an object. The message names the line.
    """
    drawings: list[Drawing] = []
    if n_max == 0:
        return drawings
    for number, line in _numbered(lines, name):
        if not line.strip():
            continue
        entry = _read_object(line, f"{name}, line {number}")
        drawing = _check_drawing(entry.get("drawing"), f"{name}, line {number}")
        if recognized_only and not _is_recognized(entry, f"{name}, line {number}"):
            continue
        drawings.append(drawing)
        if len(drawings) == n_max:
            break
    return drawings


def _numbered(lines: Iterable[bytes], name: str) -> Iterator[tuple[int, bytes]]:
    """Count lines from 1, and report the line at which a compressed file breaks off."""
    number = 0
    try:
        for number, line in enumerate(lines, start=1):
            yield number, line
    except (EOFError, BadGzipFile, zlib.error) as error:
        raise DataFileError(
            f"{name}, line {number + 1}: the compressed file is damaged or cut off here ({error}). "
            "Download or compress it again."
        ) from error


def _read_object(line: bytes, where: str) -> dict[str, object]:
    """Return the JSON object of a line, or raise."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataFileError(
            f"{where}: must be one JSON object; got {_shorten(line)} ({error}). The file is "
            "damaged or cut off: download it again, or delete the line."
        ) from error
    if not isinstance(entry, dict):
        raise DataFileError(
            f"{where}: must be one JSON object with the key 'drawing'; got {_shorten(line)}. "
            "Download the file again, or delete the line."
        )
    return entry


def _shorten(line: bytes) -> str:
    return repr(line[:40].strip()) + ("..." if len(line) > 40 else "")


def _is_recognized(entry: dict[str, object], where: str) -> bool:
    recognized = entry.get("recognized")
    if not isinstance(recognized, bool):
        raise DataFileError(
            f"{where}: recognized_only=True needs the key 'recognized', true or false; got "
            f"{recognized!r}. Pass recognized_only=False."
        )
    return recognized


def _check_drawing(drawing: object, where: str) -> Drawing:
    """Return the drawing, or raise if it is not a list of strokes in the box."""
    if not isinstance(drawing, list):
        raise DataFileError(
            f"{where}: 'drawing' must be a list of strokes [[x, ...], [y, ...]]; got "
            f"{'nothing' if drawing is None else repr(drawing)[:40]}. Download the file again, or "
            "delete the line."
        )
    for stroke in drawing:
        if not _is_pair(stroke):
            raise DataFileError(
                f"{where}: a stroke must be a pair [[x, ...], [y, ...]] of equally long lists of "
                f"numbers; got {repr(stroke)[:60]}. The raw format, with times, is not read: take "
                "the simplified one."
            )
        # In this form NaN is refused too.
        if not all(0 <= value <= BOX for value in chain(*stroke)):
            raise DataFileError(
                f"{where}: coordinates must lie in 0..{BOX}, as in the simplified format; got "
                f"{repr(stroke)[:60]}. Shift and scale each drawing to 0..255."
            )
    return drawing


def _is_pair(stroke: object) -> bool:
    if not isinstance(stroke, list) or len(stroke) != 2:
        return False
    x, y = stroke
    if not isinstance(x, list) or not isinstance(y, list) or not 0 < len(x) == len(y):
        return False
    return set(map(type, x)) | set(map(type, y)) <= {int, float}
