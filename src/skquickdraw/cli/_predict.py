"""skquickdraw predict MODEL PATH... [-o FILE]: the label of each image, as CSV."""

from __future__ import annotations

import argparse
import csv

import numpy as np

from ..exceptions import InvalidParameterError
from ._data import read_images
from ._messages import tell
from ._opened import open_model
from ._output import check_output, open_output
from ._progress import show_reading


def run(arguments: argparse.Namespace) -> None:
    """Read the images as in training, and write a line for each."""
    if arguments.output is not None:
        inputs = [arguments.model, *arguments.paths]
        check_output(arguments.output, is_forced=arguments.force, inputs=inputs)
    model, reading, _ = open_model("predict", arguments.model, arguments.device)
    if arguments.proba and not hasattr(model, "predict_proba"):
        raise InvalidParameterError(
            f"--proba needs a model that gives probabilities; got {type(model).__name__}. Leave "
            "--proba out."
        )
    with show_reading("predict"):
        X, files = read_images(arguments.paths, reading, skip_broken=arguments.skip_broken)
    names = np.asarray(model.classes_).astype(str).tolist()
    if arguments.proba:
        table = model.predict_proba(X).tolist()
        header = ["path", "label", *names]
        rows = [[names[int(np.argmax(row))], *(f"{p:.6g}" for p in row)] for row in table]
    else:
        header = ["path", "label"]
        rows = [[label] for label in np.asarray(model.predict(X)).astype(str).tolist()]
    with open_output(arguments.output) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([file, *row] for file, row in zip(files.tolist(), rows, strict=True))
    if arguments.output is not None:
        tell("predict", f"wrote {arguments.output}")
