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
    """Return the stored head, or an empty one if it is damaged or cannot be read."""
    try:
        content = file.read_bytes()
        record = json.loads(_record_of(file).read_bytes())
        if record["sha256"] != sha256(content).hexdigest():
            return Head()
        return Head(content, record["size"], record["etag"])
    except (OSError, ValueError, KeyError, TypeError):
        return Head()


def store_head(file: Path, head: Head) -> None:
    """Store a head, and beside it the record that verifies it later."""
    digest = sha256(head.content).hexdigest()
    record = json.dumps({"size": head.size, "etag": head.etag, "sha256": digest})
    # If the process ends in between, the record does not fit, and the head counts as missing.
    _write(file, head.content)
    _write(_record_of(file), record.encode())


def _record_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")


def _write(file: Path, content: bytes) -> None:
    """Let pooch write a file beside its place, check it there, and move it in one step."""
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
    """Keep pooch from logging each file: there is a progress bar."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
