"""Run a command, and turn errors into one line and an exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

from ..exceptions import InvalidParameterError, SkquickdrawError
from ._messages import as_line, plain_warnings, tell
from ._parser import make_parser

FAILED = 1
INTERRUPTED = 128 + signal.SIGINT
PIPE_CLOSED = 128 + 13  # SIGPIPE, for which Windows has no name


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command ``skquickdraw``.

    The user guide describes the commands; ``skquickdraw COMMAND --help`` lists their options.

    Parameters
    ----------
    argv : sequence of str, default=None
        Arguments; None takes those of the process.

    Returns
    -------
    status : int
        0 if all went well, 1 if the command could not be carried out, with the reason on stderr,
        130 after Ctrl-C (0 if it ended the running ``app``), and 141 if the reader of a pipe has
        stopped. Wrong arguments raise ``SystemExit`` with 2, as in argparse.

    Raises
    ------
    InvalidParameterError
        If ``argv`` is not a list or tuple of str.
    SkquickdrawError, OSError
        In place of the status 1, if ``argv`` contains ``--traceback``.

    Examples
    --------
    >>> from skquickdraw.cli import main
    >>> main(["train", "icons", "-o", "model.safetensors"])  # doctest: +SKIP
    0
    """
    if argv is None:
        _write_any_name()
    elif not isinstance(argv, list | tuple) or not all(isinstance(word, str) for word in argv):
        raise InvalidParameterError(
            f"main: argv must be a list of texts, got {argv!r}. Pass the words after the name of "
            "the command, or None for those of this process."
        )
    arguments = make_parser().parse_args(argv)
    command = arguments.command
    try:
        with plain_warnings(command):
            # PyTorch and scikit-learn are loaded only now, and only if this command needs them.
            status = import_module(f"._{command}", __package__).run(arguments)
            sys.stdout.flush()
        return status or 0
    except KeyboardInterrupt:
        tell(command, "interrupted.")
        return INTERRUPTED
    except (SkquickdrawError, OSError) as error:
        if _is_closed_pipe(error):
            # The reader has seen enough. Without this, Python would report it again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return PIPE_CLOSED
        if arguments.traceback:
            raise
        tell(command, as_line(error))
        return FAILED


def _is_closed_pipe(error: Exception) -> bool:
    """Return whether the reader of stdout has stopped, which Windows may call a wrong argument."""
    if not isinstance(error, OSError):
        return False
    # Errors of Windows itself have the attribute winerror; this one is of C's write.
    is_of_a_write = error.filename is None and getattr(error, "winerror", None) is None
    is_renamed = sys.platform == "win32" and error.errno == errno.EINVAL and is_of_a_write
    return isinstance(error, BrokenPipeError) or is_renamed


def _write_any_name() -> None:
    """Let stdout print every name of a file or class, whatever the system's encoding."""
    if isinstance(sys.stdout, TextIOWrapper):
        encoding = sys.stdout.encoding if sys.stdout.isatty() else "utf-8"
        errors = "backslashreplace" if sys.stdout.isatty() else "surrogateescape"
        sys.stdout.reconfigure(encoding=encoding, errors=errors)
