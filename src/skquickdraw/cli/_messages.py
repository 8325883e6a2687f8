"""Messages of the command line on stderr, one line each; stdout is for results."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# Functions whose messages start with their name, which users of the commands do not know.
SUBJECT = re.compile(r"^(load_image_folder|load_images|load_quickdraw|load_model|to_onnx|app): ")
# Advice for users of Python, and what the commands say in its place.
OPTIONS = {
    "on_error='warn' leaves": "--skip-broken leaves",
    "Pass another background, such as 0": "Train with another --background, such as 0",
    "Raise minutes, or set n_jobs to the number of free cores": "Raise --minutes",
    "Raise minutes.": "Raise --minutes.",
    "memory ran out on device=": "memory ran out on the device ",  # must come before the next one
    "device=": "--device ",
    "Choose one format with file_format, or move": "Move",
    ", as side=": ", as size ",
    "import them and pass trusted=": "load the model in Python, with load_model and trusted=",
    # Advice for which the commands have no option.
    "Pass input_dtype='float32'": "Call to_onnx in Python with input_dtype='float32'",
    "Scale the images as those": "Use the model in Python, and scale the images as those",
    "the path that was given to save_model": "the file that train wrote",
}


def tell(command: str, text: str) -> None:
    """Print a line to stderr."""
    print(f"skquickdraw {command}: {text}", file=sys.stderr, flush=True)


def as_line(message: object) -> str:
    """Return an error or a warning of the library in one line, in the words of the commands."""
    text = SUBJECT.sub("", " ".join(str(message).split()))
    for python, option in OPTIONS.items():
        text = text.replace(python, option)
    return text


@contextmanager
def plain_warnings(command: str) -> Iterator[None]:
    """Print each warning as a line, without its place in the program."""

    def show(message: object, *args: object, **kwargs: object) -> None:
        tell(command, f"warning: {as_line(message)}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield
