"""The options of every command. Nothing heavy is imported here, so that --help answers at once."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, TypeVar

RECIPES = ("fast", "accurate", "ensemble", "distilled")
EARLIER_NAMES = {"single": "accurate", "winner": "ensemble"}  # of recipes
EXIT_CODES = """\
exit codes: 0 success, 1 the command failed (the reason is printed), 2 wrong arguments,
130 interrupted by Ctrl-C"""


class CommandParser(argparse.ArgumentParser):
    """The parser of one command. Its errors show the usage of this command.

    In argparse, a command returns the arguments that it does not know, and the error about them
    comes from the parser of all commands, with the usage of that parser.
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown


def make_parser() -> argparse.ArgumentParser:
    """Return the parser; a parsed command is the name of a module of this subpackage."""
    parser = argparse.ArgumentParser(
        "skquickdraw",
        description="Classify small images: train a model on a folder of them, and use it.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version("skquickdraw"))
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=CommandParser
    )
    for name, (summary, add_options) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        add_options(command)
        command.add_argument(
            "--traceback", action="store_true", help="after an error, print the Python traceback"
        )
    return parser


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "data",
        metavar="FOLDER_OR_FILE",
        help="folder that contains one folder of images per class; or a folder of files of "
        "Quick, Draw!, one per class; or one .npz file with several classes",
    )
    parser.add_argument("-o", "--output", metavar="MODEL", required=True, help="file to write")
    time = parser.add_mutually_exclusive_group()
    time.add_argument(
        "--minutes",
        type=_positive,
        default=15.0,
        help="how many minutes to train; the best model that can be trained in this time is chosen "
        "(default: 15)",
    )
    time.add_argument(
        "--recipe",
        type=lambda name: EARLIER_NAMES.get(name, name),
        choices=RECIPES,
        help="train this kind of model, for as long as it takes; not together with --minutes",
    )
    parser.add_argument(
        "--holdout",
        type=_share,
        default=0.2,
        help="share of the images to hold out for the scores; with 0, the model is trained on all "
        "images, and not scored (default: 0.2)",
    )
    parser.add_argument(
        "--unlabeled", metavar="PATH", help="images without labels, which the model learns from too"
    )
    _add_reading(parser)
    parser.add_argument(
        "--seed", type=_seed, default=0, help="random seed of the whole command (default: 0)"
    )
    _add_device(parser)
    _add_skip_broken(parser)
    _add_figures(parser)
    _add_force(parser)
    _add_json(parser)


def _add_predict(parser: argparse.ArgumentParser) -> None:
    _add_model(parser)
    parser.add_argument("paths", metavar="PATH", nargs="+", help="image, or folder of images")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="CSV file to write (default: print the CSV)"
    )
    parser.add_argument(
        "--proba", action="store_true", help="add a column for the probability of each class"
    )
    _add_device(parser)
    _add_skip_broken(parser)
    _add_force(parser)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    _add_model(parser)
    parser.add_argument(
        "data", metavar="FOLDER_OR_FILE", help="images with labels, arranged as for train"
    )
    _add_device(parser)
    _add_skip_broken(parser)
    _add_figures(parser)
    _add_force(parser)
    _add_json(parser)


def _add_app(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Open a page in the browser to draw on, and show what the model predicts. Only this "
        "machine can open the page. Press Ctrl-C to stop."
    )
    parser.add_argument(
        "model", metavar="MODEL", help="file that train or save_model wrote, or an .onnx file"
    )
    parser.add_argument(
        "--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)"
    )
    parser.add_argument(
        "--names",
        metavar="FILE",
        help="text file with the names of the classes, one per line, in the order of the model's "
        "classes",
    )
    parser.add_argument(
        "--save",
        metavar="FOLDER",
        help="folder for sketches and images that the model got wrong, with the labels that you "
        "give them",
    )
    parser.add_argument(
        "--no-browser",
        action="store_true",
        help="print the address of the page, but do not open it",
    )


def _add_export(parser: argparse.ArgumentParser) -> None:
    _add_model(parser)
    parser.add_argument("-o", "--output", metavar="FILE.onnx", required=True, help="file to write")
    _add_force(parser)


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "data",
        nargs="?",
        metavar="DATA",
        help="folder with train.npz and holdout.npz, as for load_competition (default: generated "
        "sketches)",
    )
    parser.add_argument(
        "--classes",
        type=_classes,
        help="number of classes, at least 3 (default: 20 of the generated sketches, all of DATA)",
    )
    parser.add_argument(
        "--images",
        type=_side,
        help="number of images that each network is trained on, repeats included (default: 90,000; "
        "with DATA 300,000)",
    )
    parser.add_argument(
        "--output", default="demo_output", help="folder for the figures (default: demo_output)"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="train for a few seconds only, to see that it runs (then the defaults are 6 classes "
        "and 600 images)",
    )


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "train": ("Train a model on a folder of images, and score it on held-out images.", _add_train),
    "predict": (
        "Predict the label of each image, and print or save the labels as CSV.",
        _add_predict,
    ),
    "evaluate": ("Score a model on a folder of images with labels.", _add_evaluate),
    "app": ("Draw on a local web page, and see what a model predicts.", _add_app),
    "export": ("Write a model as one ONNX file, which runs without Python.", _add_export),
    "demo": ("Train in three ways on classes of unequal size, and compare the scores.", _add_demo),
}


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="file that train or save_model wrote")


def _add_reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size",
        type=_side,
        help="height and width of the resized images, in pixels (default: 28)",
    )
    parser.add_argument(
        "--background",
        type=_grey,
        default=255,
        help="grey value for transparent pixels: 0 is black, 255 is white (default: 255)",
    )


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device",
        default="auto",
        help="cpu, cuda, cuda:1, mps or auto; auto takes a CUDA GPU if there is one, else the CPU "
        "(default: auto)",
    )


def _add_skip_broken(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--skip-broken",
        action="store_true",
        help="leave out files that are damaged or not images, and folders without any image, "
        "with a warning",
    )


def _add_figures(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--figures",
        metavar="FOLDER",
        help="folder for figures: the confused classes, the wrong predictions with the highest "
        "probabilities, and the recall by class size",
    )


def _add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="replace existing files")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print a JSON object instead of the table"
    )


Number = TypeVar("Number", int, float)


def _number(
    kind: Callable[[str], Number], is_allowed: Callable[[Number], bool], rule: str
) -> Callable[[str], Number]:
    """Return a function that reads the value of an option, and raises with the rule if needed."""

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
_classes = _number(
    int, lambda value: value >= 3, "at least 3, for a head, a medium and a tail class"
)
