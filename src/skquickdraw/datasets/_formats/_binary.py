"""Read drawings in the binary format: little-endian records, one drawing after the other."""

from itertools import count
from struct import Struct
from struct import error as StructError

from ...exceptions import DataFileError
from ._ndjson import Drawing

# key_id, country code, recognized, timestamp, number of strokes
DRAWING = Struct("<Q2sbIH")
RECOGNIZED_AT = 10  # byte of a record
STROKE = Struct("<H")  # number of points; then as many bytes of x, and of y


def read_binary(
    data: bytes, name: str, n_max: int | None = None, *, recognized_only: bool = False
) -> list[Drawing]:
    """Return the drawings in the bytes of a .bin file, at most `n_max` of them.

    Errors call the file `name`, and name the byte at fault.
    """
    drawings: list[Drawing] = []
    position = 0
    for number in count():
        if position == len(data) or len(drawings) == n_max:
            break
        where = f"{name}, drawing {number} at byte {position}"
        recognized, n_strokes, position = _read_record(data, position, where)
        drawing: Drawing = []
        for _ in range(n_strokes):
            stroke, position = _read_stroke(data, position, where)
            drawing.append(stroke)
        if recognized or not recognized_only:
            drawings.append(drawing)
    return drawings


def _read_record(data: bytes, position: int, where: str) -> tuple[int, int, int]:
    """Return what precedes the strokes of a drawing, and the position after it."""
    try:
        _, _, recognized, _, n_strokes = DRAWING.unpack_from(data, position)
    except StructError as error:
        raise _cut_off(data, position + DRAWING.size, where) from error
    if recognized not in (0, 1):
        raise DataFileError(
            f"{where}: 'recognized', at byte {position + RECOGNIZED_AT}, must be 0 or 1; got "
            f"{recognized}. The file is damaged before that, or in another format: download it "
            "again."
        )
    return recognized, n_strokes, position + DRAWING.size


def _read_stroke(data: bytes, position: int, where: str) -> tuple[list[list[float]], int]:
    """Return a stroke, and the position after it."""
    start = position + STROKE.size
    if start > len(data):
        raise _cut_off(data, start, where)
    (n_points,) = STROKE.unpack_from(data, position)
    middle, end = start + n_points, start + 2 * n_points
    if n_points == 0:
        raise DataFileError(
            f"{where}: a stroke must have at least one point; got none, at byte {position}. The "
            "file is damaged before that, or in another format: download it again."
        )
    if end > len(data):
        raise _cut_off(data, end, where)
    return [list(data[start:middle]), list(data[middle:end])], end


def _cut_off(data: bytes, end: int, where: str) -> DataFileError:
    return DataFileError(
        f"{where}: must go on to byte {end} at least, but the file ends at byte {len(data)}. It is "
        "cut off, or damaged before that: download it again."
    )
