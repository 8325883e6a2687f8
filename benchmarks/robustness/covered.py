"""Save the test coverage of each subpackage: ``python -m robustness.covered coverage.json``.

The file is the JSON report of coverage.py. Lines and branches are counted together, as in its
percentages.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

from common import describe_moment, load, save

RESULTS = Path(__file__).parent / "results"
COUNTED = ("num_statements", "covered_lines", "num_branches", "covered_branches")


def main() -> None:
    files = load(Path(sys.argv[1]))["files"]
    counts: dict[str, Counter[str]] = {}
    for name, file in sorted(files.items()):
        summary = {key: file["summary"][key] for key in COUNTED}
        for part in (subpackage(name), "all"):
            counts.setdefault(part, Counter()).update(summary)
    save(RESULTS / "coverage.json", {part: describe(counts[part]) for part in order(counts)})


def subpackage(name: str) -> str:
    """Return the subpackage of a file, or a common name for the modules outside subpackages."""
    folders = Path(name.replace("\\", "/")).parts
    inside = folders[folders.index("skquickdraw") + 1 :]
    return inside[0] if len(inside) > 1 else "skquickdraw"


def order(parts: Any) -> list[str]:
    return sorted(parts, key=lambda part: (part == "all", part))


def describe(count: Counter[str]) -> dict[str, Any]:
    possible = count["num_statements"] + count["num_branches"]
    reached = count["covered_lines"] + count["covered_branches"]
    return {
        "lines": count["num_statements"],
        "branches": count["num_branches"],
        "missed_lines": count["num_statements"] - count["covered_lines"],
        "missed_branches": count["num_branches"] - count["covered_branches"],
        "share": reached / possible if possible else 1.0,
        **describe_moment(),
    }


if __name__ == "__main__":
    main()
