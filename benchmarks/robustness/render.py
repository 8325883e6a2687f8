"""Write docs/robustness.md: ``python -m robustness.render``.

``page.md`` holds the text, see ``common.fill``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from common import DOCS, ROOT, fill, load

RESULTS = Path(__file__).parent / "results"
MEMORY, SECONDS = "1 GiB", 20  # the defaults of worker.py


def main() -> None:
    fuzz, soak = load(RESULTS / "fuzz.json"), load(RESULTS / "soak.json")
    reference = json.loads((ROOT / "tests" / "reference" / "networks.json").read_text())
    tolerances = [{"name": name, "most": most} for name, most in reference["tolerance"].items()]
    values = {"memory": MEMORY, "seconds": SECONDS}
    values |= {"fuzz_cases": list_cases(fuzz), "soak_cases": list_cases(soak)}
    tables = {"fuzz": rows(fuzz), "soak": rows(soak), "tolerance": tolerances}
    page = fill(Path(__file__).parent / "page.md", values, tables)
    (DOCS / "robustness.md").write_text(page)


def rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, **own} for name, own in result.items()]


def list_cases(result: dict[str, Any]) -> str:
    """Name what failed, with its seed."""
    lines = [
        f"- {name}, seed {case['seed']}: `{case['outcome']}`"
        for name, own in result.items()
        for case in own["cases"]
    ]
    return "\n".join(lines or ["Nothing failed."])


if __name__ == "__main__":
    main()
