"""The options of every command. Nothing heavy is imported here, so that --help answers at once."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.metadata import version
from typing import TypeVar

RECIPES = ("fast", "accurate", "ensemble", "distilled")
EARLIER_NAMES = {"single": "accurate", "winner": "ensemble"}  # of recipes
EXIT_CODES = """\
exit codes: 0 all went well, 1 the command could not be carried out (the reason is printed),
2 wrong arguments, 130 interrupted by Ctrl-C"""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser; a parsed command is the name of a module of this subpackage."""
    parser = argparse.ArgumentParser(
        "skquickdraw",
        description="Classify small images: train a model on a folder of them, and use it.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version("skquickdraw"))
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (summary, add_options) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        add_options(command)
        command.add_argument(
            "--traceback", action="store_true", help="show where in the program an error arose"
        )
    return parser


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "data",
        metavar="FOLDER_OR_FILE",
        help="folder with one folder of images for each class; or files of Quick, Draw!",
    )
    parser.add_argument("-o", "--output", metavar="MODEL", required=True, help="file to write")
    time = parser.add_mutually_exclusive_group()
    time.add_argument(
        "--minutes",
        type=_positive,
        default=15.0,
        help="how long to train: the best that this time allows is chosen (default: 15)",
    )
    time.add_argument(
        "--recipe",
        type=lambda name: EARLIER_NAMES.get(name, name),
        choices=RECIPES,
        help="train this instead, for as long as it takes",
    )
    parser.add_argument(
        "--holdout",
        type=_share,
        default=0.2,
        help="share of the images that is kept for the score; 0 trains on all, without a score "
        "(default: 0.2)",
    )
    parser.add_argument(
        "--unlabeled", metavar="PATH", help="images without labels, to learn from too"
    )
    _add_reading(parser)
    parser.add_argument("--seed", type=_seed, default=0, help="of everything random (default: 0)")
    _add_device(parser)
    _add_skip_broken(parser)
    _add_figures(parser)
    _add_force(parser)
    _add_json(parser)


def _add_predict(parser: argparse.ArgumentParser) -> None:
    _add_model(parser)
    parser.add_argument("paths", metavar="PATH", nargs="+", help="image, or folder of images")
    parser.add_argument(
        "--proba", action="store_true", help="add a column for the probability of each class"
    )
    _add_device(parser)
    _add_skip_broken(parser)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    _add_model(parser)
    parser.add_argument(
        "data", metavar="FOLDER_OR_FILE", help="images with labels, in the form that train takes"
    )
    _add_device(parser)
    _add_skip_broken(parser)
    _add_figures(parser)
    _add_force(parser)
    _add_json(parser)


def _add_app(parser: argparse.ArgumentParser) -> None:
    parser.description = "Serve a page to draw on, on this machine only, until Ctrl-C."
    parser.add_argument("model", metavar="MODEL", help="file by train or save_model, or .onnx")
    parser.add_argument(
        "--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)"
    )
    parser.add_argument(
        "--names", metavar="FILE", help="text file with the classes' names, one per line, in order"
    )
    parser.add_argument(
        "--save", metavar="FOLDER", help="where to keep what the model got wrong, with its label"
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the page's address")


def _add_export(parser: argparse.ArgumentParser) -> None:
    _add_model(parser)
    parser.add_argument("-o", "--output", metavar="FILE.onnx", required=True, help="file to write")
    _add_force(parser)


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", nargs="?", metavar="DATA", help="folder of a competition")
    parser.add_argument(
        "--classes", type=_classes, help="how many (default: 20 drawn ones, all of DATA)"
    )
    parser.add_argument(
        "--images",
        type=_side,
        help="that each network sees (default: 90,000, of DATA 300,000)",
    )
    parser.add_argument("--output", default="demo_output", help="folder for the images")
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it runs")


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "train": ("Train a model on a folder of images, and score it on a part of them.", _add_train),
    "predict": ("Write the label of each image, as CSV.", _add_predict),
    "evaluate": ("Score a model on a folder of images with labels.", _add_evaluate),
    "app": ("Draw on a local web page and see a model's guesses.", _add_app),
    "export": ("Write a model as one ONNX file, which runs without Python.", _add_export),
    "demo": ("Train three ways on unequal classes, and compare.", _add_demo),
}


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="file that train or save_model wrote")


def _add_reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size",
        type=_side,
        help="height and width that images are resized to, in pixels (default: 28)",
    )
    parser.add_argument(
        "--background",
        type=_grey,
        default=255,
        help="grey behind transparent pixels, from 0, black, to 255, white (default: 255)",
    )


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device",
        default="auto",
        help="auto, cpu, cuda, cuda:1, mps (default: auto, a CUDA GPU if there is one)",
    )


def _add_skip_broken(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--skip-broken", action="store_true", help="leave out files that are not images, and say so"
    )


def _add_figures(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--figures",
        metavar="FOLDER",
        help="draw confusions, the surest errors and recall by class size into this folder",
    )


def _add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="replace a file that is there")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")


Number = TypeVar("Number", int, float)


def _number(
    kind: Callable[[str], Number], is_allowed: Callable[[Number], bool], rule: str
) -> Callable[[str], Number]:
    """Return a reader of an option's value, which says the rule where it is broken."""

    def read(text: str) -> Number:
        try:
            value: Number | None = kind(text)
        except ValueError:
            value = None
        if value is None or not is_allowed(value):
            raise argparse.ArgumentTypeError(f"must be {rule}, got {text!r}")
        return value

    return read


_positive = _number(float, lambda value: 0 < value < float("inf"), "a number above 0")
_share = _number(float, lambda value: 0 <= value < 1, "at least 0 and below 1")
_side = _number(int, lambda value: value >= 1, "a whole number of at least 1")
_grey = _number(int, lambda value: 0 <= value <= 255, "a whole number from 0 to 255")
_seed = _number(int, lambda value: 0 <= value < 2**32, "a whole number from 0 to 4294967295")
_classes = _number(int, lambda value: value >= 3, "at least 3: head, medium and tail are scored")
