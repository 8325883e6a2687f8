"""skquickdraw predict MODEL PATH...: the label of each image, as CSV."""

from __future__ import annotations

import argparse
import csv
import sys

import numpy as np

from ..exceptions import InvalidParameterError
from ._data import read_images
from ._opened import open_model


def run(arguments: argparse.Namespace) -> None:
    """Read the images as in training, and write a line for each."""
    model, reading, _ = open_model("predict", arguments.model, arguments.device)
    if arguments.proba and not hasattr(model, "predict_proba"):
        raise InvalidParameterError(
            f"--proba needs a model that gives probabilities; got {type(model).__name__}. Leave "
            "--proba out."
        )
    X, files = read_images(arguments.paths, reading, skip_broken=arguments.skip_broken)
    names = np.asarray(model.classes_).astype(str).tolist()
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if arguments.proba:
        table = model.predict_proba(X)
        writer.writerow(["path", "label", *names])
        for file, row in zip(files.tolist(), table.tolist(), strict=True):
            writer.writerow([file, names[int(np.argmax(row))], *(f"{p:.6g}" for p in row)])
    else:
        writer.writerow(["path", "label"])
        labels = np.asarray(model.predict(X)).astype(str)
        writer.writerows(zip(files.tolist(), labels.tolist(), strict=True))
