"""Write docs/robustness.md: ``python -m robustness.render``.

``page.md`` holds the text; names in braces stand for what is made of the results here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from common import DOCS, ROOT, load, table

RESULTS = Path(__file__).parent / "results"
FUZZ = {"reader": "{name}", "files": "{tried:,}", "read": "{read:,}", "refused": "{refused:,}"}
FUZZ |= {"failed": "{failed:,}", "date": "{date}"}
SOAK = {"disturbance": "{name}", "tried": "{tried:,}", "held": "{held:,}", "date": "{date}"}
TOLERANCE = {"network": "`{name}`", "tolerance": "{most}"}
MEMORY, SECONDS = "1 GiB", 20  # the defaults of worker.py


def main() -> None:
    fuzz, soak = load(RESULTS / "fuzz.json"), load(RESULTS / "soak.json")
    reference = json.loads((ROOT / "tests" / "reference" / "networks.json").read_text())
    tolerances = [{"name": name, "most": most} for name, most in reference["tolerance"].items()]
    page = (Path(__file__).parent / "page.md").read_text()
    (DOCS / "robustness.md").write_text(
        page.format(
            memory=MEMORY,
            seconds=SECONDS,
            fuzz=table(FUZZ, rows(fuzz)),
            fuzz_cases=list_cases(fuzz),
            soak=table(SOAK, rows(soak)),
            soak_cases=list_cases(soak),
            tolerance=table(TOLERANCE, tolerances),
        )
    )


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
