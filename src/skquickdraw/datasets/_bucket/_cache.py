"""Heads of published files, kept in a folder; a damaged one counts as missing."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from ._head import Head


def load_head(file: Path) -> Head:
    """Return the head that was stored, or an empty one if none can be read, or it is damaged."""
    try:
        content = file.read_bytes()
        record = json.loads(_record_of(file).read_bytes())
        if record["sha256"] != sha256(content).hexdigest():
            return Head()
        return Head(content, record["size"], record["etag"])
    except (OSError, ValueError, KeyError, TypeError):
        return Head()


def store_head(file: Path, head: Head) -> None:
    """Keep a head, and beside it what it is known by later."""
    digest = sha256(head.content).hexdigest()
    record = json.dumps({"size": head.size, "etag": head.etag, "sha256": digest})
    # Should the process end between the two, the record does not fit, and the head is missing.
    _write(file, head.content)
    _write(_record_of(file), record.encode())


def _record_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")


def _write(file: Path, content: bytes) -> None:
    """Have pooch write a file beside its place, check it there, and move it in one step."""
    import pooch

    def write(_url: str, output_file: str, _pooch: object) -> None:
        Path(output_file).write_bytes(content)

    with _quiet(pooch.get_logger()):
        pooch.retrieve(
            file.name,
            known_hash=sha256(content).hexdigest(),
            fname=file.name,
            path=file.parent,
            downloader=write,
        )


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keep pooch from a line for each file: there is a progress bar."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
