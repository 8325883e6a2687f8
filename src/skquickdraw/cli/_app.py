"""skquickdraw app MODEL: a page to draw on."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..app import serve
from ..exceptions import DataFileError


def run(arguments: argparse.Namespace) -> None:
    """Serve the page until Ctrl-C."""
    names = None if arguments.names is None else _read_names(Path(arguments.names))
    serve(
        arguments.model,
        port=arguments.port,
        open_browser=not arguments.no_browser,
        names=names,
        save_to=arguments.save,
    )


def _read_names(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataFileError(
            f"--names {file} must be a text file in UTF-8; got {error}. Save it in that encoding."
        ) from error
