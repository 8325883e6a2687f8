"""Measure what a study lacks: ``python -m studies.run defaults``, ``teachers`` or ``few_shot``.

What is in the results already is not measured again, so an interrupted run goes on.
"""

import argparse
from importlib import import_module
from pathlib import Path

import torch
from common import DATA, ROOT

STUDIES = ("defaults", "teachers", "few_shot")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--data", type=Path, default=DATA, help="folder with the downloaded sets")
    parser.add_argument("--seeds", nargs="+", type=int, help="two or three, without it")
    parser.add_argument("--rows", nargs="+", help="some settings, teachers or contenders only")
    parser.add_argument("--cells", nargs="+", help="of the defaults: some sets and sizes only")
    parser.add_argument("--memory", default=str(ROOT / ".cache" / "teachers"), help="of teachers")
    options = parser.parse_args()
    torch.set_num_threads(1)
    import_module(f"studies.{options.study}").measure(options)


if __name__ == "__main__":
    main()
