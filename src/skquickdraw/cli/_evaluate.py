"""skquickdraw evaluate MODEL FOLDER: the score of a model on images with labels."""

from __future__ import annotations

import argparse

import numpy as np

from ..exceptions import InvalidTargetsError
from ._data import read_test_set
from ._figures import check_figures, write_figures
from ._messages import tell
from ._opened import open_model
from ._progress import show_reading
from ._report import print_report, score

N_NAMED = 10  # classes, in an error


def run(arguments: argparse.Namespace) -> None:
    """Read the images as in training, and print the table."""
    check_figures(arguments.figures, is_forced=arguments.force)
    model, reading, class_counts = open_model("evaluate", arguments.model, arguments.device)
    with show_reading("evaluate", is_quiet=arguments.json):
        labeled = read_test_set(arguments.data, reading, skip_broken=arguments.skip_broken)
    if labeled.pool is not None:
        tell("evaluate", f"{len(labeled.pool)} images in 'unlabeled' are not scored")
    known = np.asarray(model.classes_).astype(str)
    unknown = sorted(set(labeled.y.tolist()) - set(known.tolist()))
    if unknown:
        raise InvalidTargetsError(
            f"{arguments.data!r} must hold only classes that the model was trained on; got "
            f"{_name(unknown)}, and it knows {_name(known.tolist())}. Rename the other classes, or "
            "move them to another folder."
        )
    report = {
        "model": arguments.model,
        "images": {"scored": len(labeled.y)},
        **score(model, labeled.X, labeled.y, class_counts),
        "figures": write_figures(model, labeled.X, labeled.y, class_counts, arguments.figures),
    }
    print_report(report, as_json=arguments.json)


def _name(classes: list[str]) -> str:
    more = f" and {len(classes) - N_NAMED} more" if len(classes) > N_NAMED else ""
    return ", ".join(map(repr, classes[:N_NAMED])) + more
