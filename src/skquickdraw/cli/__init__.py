"""The command line: from a folder of images to a model, and from a model to labels.

::

    _parser.py       every option of every command; no more is imported for --help
    _main.py         runs a command; exit codes, errors and warnings
    _messages.py     what is told on stderr
    _train.py _predict.py _evaluate.py _app.py _export.py _demo.py     the commands
    _data.py         images and labels from what a path leads to, read as in training
    _report.py       scores -> a table or JSON
    _progress.py     the bar of a training that has a time
"""

from ._main import main

__all__ = ["main"]
