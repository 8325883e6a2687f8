"""The command line: ``skquickdraw COMMAND``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from ..exceptions import DataFileError, SkquickdrawError
from ._server import serve


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command ``skquickdraw``.

    ``skquickdraw app MODEL`` shows a page to draw on, and the model's guesses.

    Parameters
    ----------
    argv : sequence of str, default=None
        Arguments; None takes those of the process.

    Returns
    -------
    status : int
        0 if all went well, 1 if the command failed; the reason is printed. Wrong arguments leave by
        ``SystemExit``, as argparse does.

    Examples
    --------
    >>> from skquickdraw.app import main
    >>> main(["app", "model.safetensors", "--no-browser"])  # doctest: +SKIP
    Draw at http://127.0.0.1:41234/ and stop with Ctrl-C.
    0
    """
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (SkquickdrawError, OSError) as error:
        print(f"skquickdraw {arguments.command}: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("skquickdraw", description="Small pictures, classified.")
    parser.add_argument("--version", action="version", version=version("skquickdraw"))
    commands = parser.add_subparsers(dest="command", required=True)
    _add_app(commands.add_parser("app", help="draw on a web page and see a model's guesses"))
    return parser


def _add_app(parser: argparse.ArgumentParser) -> None:
    parser.description = "Serve a page to draw on, on this machine only, until Ctrl-C."
    parser.add_argument("model", metavar="MODEL", help="file by save_model, or .onnx by to_onnx")
    parser.add_argument(
        "--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)"
    )
    parser.add_argument(
        "--names", metavar="FILE", help="text file with the classes' names, one a line, in order"
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the page's address")
    parser.set_defaults(run=_run_app)


def _run_app(arguments: argparse.Namespace) -> None:
    names = None if arguments.names is None else _read_names(Path(arguments.names))
    serve(
        arguments.model,
        port=arguments.port,
        open_browser=not arguments.no_browser,
        names=names,
    )


def _read_names(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataFileError(
            f"--names {file} must be a text file in UTF-8; got {error}. Save it in that encoding."
        ) from error
