"""The file: safetensors, with a JSON text in its metadata that begins with a checksum of the file.

::

    8 bytes       length of the header
    header        {"__metadata__":{"skquickdraw":"{\\"format\\": 2, \\"sha256\\": \\"...
    tensors

The checksum is that of the whole file with zeros in place of the checksum. Format and checksum will
come first in every future format, so that they can be read before anything else is trusted.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from .._checks import check_path
from ..exceptions import DataFileError, InvalidParameterError
from ._writing import replacing

FORMAT = 2
OLDEST_FORMAT = 2  # 1 was a development version, whose models do not hold their augmentation
KEY = "skquickdraw"
BLANK = b"0" * 64
CHECKSUM = re.compile(
    rb'.{8}\{"__metadata__":\{"skquickdraw":"\{'
    rb'\\"format\\": [0-9]{1,9}, \\"sha256\\": \\"([0-9a-f]{64})\\"',
    re.DOTALL,
)
MAX_HEADER = 100_000_000  # bytes; readers of safetensors accept no more

Arrays = dict[str, NDArray[np.generic]]


def write_file(target: Path, content: Mapping[str, object], arrays: Arrays) -> None:
    """Write a file completely or not at all; an existing one stays until then."""
    text = json.dumps({"format": FORMAT, "sha256": BLANK.decode(), **content}, allow_nan=False)
    data = save(arrays, {KEY: text})
    header_length = int.from_bytes(data[:8], "little")
    if header_length > MAX_HEADER:
        raise InvalidParameterError(
            f"save_model: the header must stay below {MAX_HEADER:,} bytes, but labels and other "
            f"values that are not numbers take {header_length:,}. Encode labels as integers, or "
            "store the model with pickle."
        )
    found = CHECKSUM.match(data)
    assert found is not None
    start, stop = found.span(1)
    checksum = sha256(data).hexdigest().encode()
    with replacing(target) as file:
        for part in (data[:start], checksum, memoryview(data)[stop:]):
            file.write(part)


def read_file(path: str | os.PathLike[str]) -> tuple[dict[str, Any], Arrays]:
    """Return the content and arrays of a file that is complete and of a known format."""
    check_path("load_model", path)
    data = _read_bytes(path)
    found = CHECKSUM.match(data)
    if found is None:
        raise DataFileError(
            f"load_model: {os.fspath(path)!r} must be a file that save_model wrote; got "
            f"{len(data):,} bytes that begin differently. It is another kind of file, or damaged; "
            "get a new copy of the right one."
        )
    start, stop = found.span(1)
    digest = sha256(memoryview(data)[:start])
    digest.update(BLANK)
    digest.update(memoryview(data)[stop:])
    if digest.hexdigest().encode() != found[1]:
        raise DataFileError(
            f"load_model: {os.fspath(path)!r} is damaged: its {len(data):,} bytes do not have the "
            "checksum that save_model wrote into it. It was cut off or changed on its way; get a "
            "new copy."
        )
    return _parse(os.fspath(path), data)


def _read_bytes(path: str | os.PathLike[str]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataFileError(
            f"load_model: path must name a file that can be read, got {os.fspath(path)!r}: "
            f"{error.strerror}. Pass the path that was given to save_model."
        ) from error


def _parse(name: str, data: bytes) -> tuple[dict[str, Any], Arrays]:
    try:
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        content = json.loads(header["__metadata__"][KEY])
        _check_format(name, content)
        return content, load(data)
    except DataFileError:
        raise
    except (SafetensorError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise DataFileError(
            f"load_model: {name!r} must be a safetensors file with a description of the model, as "
            f"save_model writes it; got: {error}. It was changed on purpose; get the original."
        ) from error


def _check_format(name: str, content: dict[str, Any]) -> None:
    if content["format"] > FORMAT:
        raise DataFileError(
            f"load_model: {name!r} has format {content['format']}, and this version of skquickdraw "
            f"reads formats up to {FORMAT}. It was saved by version "
            f"{content['versions']['skquickdraw']}: update skquickdraw."
        )
    if content["format"] < OLDEST_FORMAT:
        raise DataFileError(
            f"load_model: {name!r} has format {content['format']}, of a development version; this "
            f"version reads formats from {OLDEST_FORMAT}. Fit the model again, and save it."
        )
