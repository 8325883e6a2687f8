"""Train a network in three ways on few, imbalanced images; compare the recall of rare classes.

::

    python examples/demo.py          # generated sketches; the largest class has 300, the smallest 5
    python examples/demo.py DATA     # a folder with train.npz and holdout.npz

It is the command ``skquickdraw demo``.
"""

import sys

from skquickdraw.cli import main

if __name__ == "__main__":
    sys.exit(main(["demo", *sys.argv[1:]]))
