"""Train one network three ways on few, unequal examples, and see who learned the rare classes.

::

    python examples/demo.py          # drawn sketches, cut down to a steep ladder of class sizes
    python examples/demo.py DATA     # a folder with train.npz and holdout.npz

It is the command ``skquickdraw demo``.
"""

import sys

from skquickdraw.cli import main

if __name__ == "__main__":
    sys.exit(main(["demo", *sys.argv[1:]]))
