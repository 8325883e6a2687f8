"""``python -m skquickdraw`` is the command ``skquickdraw``."""

import sys

from .cli import main

if __name__ == "__main__":  # processes that train parts of a vote read this file too
    sys.exit(main())
