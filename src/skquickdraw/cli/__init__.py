"""The command line: train a model on a folder of images, and label images with it.

::

    _parser.py       every option of every command; no more is imported for --help
    _main.py         runs a command; exit codes, errors and warnings
    _messages.py     messages on stderr
    _train.py _predict.py _evaluate.py _app.py _export.py _demo.py     the commands
    _data.py         images and labels from a path, read as in training
    _report.py       scores -> a table or JSON
    _progress.py     the bar of a training with a time limit
"""

from ._main import main

__all__ = ["main"]
