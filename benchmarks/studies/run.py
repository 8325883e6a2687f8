"""Run a study: ``python -m studies.run defaults``, or another one.

``defaults``, ``labels`` and ``teachers`` measure only what their results lack, so an interrupted
run can be continued. ``remedies`` and ``heads`` print their scores.
"""

import argparse
from pathlib import Path
from pkgutil import resolve_name

import torch
from common import DATA

STUDIES = {
    "defaults": "defaults:measure",
    "labels": "labels:measure",
    "teachers": "teachers:measure",
    "few_shot": "few_shot:measure",
    "remedies": "imbalance:measure_remedies",
    "heads": "imbalance:measure_heads",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--data", type=Path, default=DATA, help="folder with the downloaded sets")
    parser.add_argument("--seeds", nargs="+", type=int, help="one to three, without it")
    parser.add_argument("--rows", nargs="+", help="of defaults, labels: some settings only")
    parser.add_argument("--cells", nargs="+", help="of defaults, labels: some sets and sizes only")
    parser.add_argument("--epochs", type=float, help="of remedies: passes, if not automatic")
    options = parser.parse_args()
    torch.set_num_threads(1)
    resolve_name(f"studies.{STUDIES[options.study]}")(options)


if __name__ == "__main__":
    main()
