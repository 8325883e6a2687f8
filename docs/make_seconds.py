"""Write into each page of the guide how long its code takes: ``python docs/make_seconds.py``.

Each page is run as a doctest, in a process of its own, with two threads. The seconds are those of a
clock, imports included, so nothing else may run at the same time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from time import perf_counter

GUIDE = Path(__file__).parent / "user_guide"
CODE = "```python\n>>>"
LINE = re.compile(r"\*The code of this page takes .*\*\n\n")


def main() -> None:
    for page in sorted(GUIDE.glob("*.md")):
        text = LINE.sub("", page.read_text(encoding="utf-8"))
        if CODE in text:
            seconds = measure(page)
            print(f"{page.name}: {seconds:.1f}", flush=True)
            page.write_text(tell(text, seconds), encoding="utf-8")


def measure(page: Path) -> float:
    """Return the seconds of a page's code on two cores."""
    options = [f"-o{name}" for name in ("ELLIPSIS", "NORMALIZE_WHITESPACE")]
    command = [sys.executable, "-m", "doctest", *options, page.name]
    started = perf_counter()
    subprocess.run(command, cwd=page.parent, env=os.environ | {"OMP_NUM_THREADS": "2"}, check=True)
    return perf_counter() - started


def tell(text: str, seconds: float) -> str:
    """Return a page with a line about the time, before the first code that is run."""
    before, code, after = text.partition(CODE)
    line = (
        f"*The code of this page takes {seconds:.0f} seconds on two cores, imports included.*\n\n"
    )
    return before + line + code + after


if __name__ == "__main__":
    main()
