"""Write docs/robustness.md: ``python -m robustness.render``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from common import DOCS, ROOT, fill, load

RESULTS = Path(__file__).parent / "results"
MEMORY, SECONDS = "1 GiB", 20  # the defaults of worker.py


def main() -> None:
    names = ("fuzz", "soak", "mutants", "coverage")
    fuzz, soak, mutants, coverage = (load(RESULTS / f"{name}.json") for name in names)
    reference = json.loads((ROOT / "tests" / "reference" / "networks.json").read_text())
    tolerances = [{"name": name, "most": most} for name, most in reference["tolerance"].items()]
    values = {"memory": MEMORY, "seconds": SECONDS}
    values |= {"fuzz_cases": list_cases(fuzz), "soak_cases": list_cases(soak)}
    values |= {"mutant_cases": list_survivors(mutants), "found": total(fuzz, soak, mutants)}
    values |= {"fuzz": fuzz, "soak": soak, "tolerance": tolerances, "coverage": coverage}
    values |= {"mutants": {k: row | {"share": share_killed(row)} for k, row in mutants.items()}}
    page = fill(Path(__file__).parent / "page.md", values)
    (DOCS / "robustness.md").write_text(page, encoding="utf-8")


def total(fuzz: dict[str, Any], soak: dict[str, Any], mutants: dict[str, Any]) -> dict[str, int]:
    """Return the counts over all rows of each table, for the first lines of the page."""

    def count(result: dict[str, Any], key: str) -> int:
        return sum(own[key] for own in result.values())

    return {
        "files": count(fuzz, "tried"),
        "files_failed": count(fuzz, "failed"),
        "runs": count(soak, "tried"),
        "held": count(soak, "held"),
        "mutants": count(mutants, "tried"),
        "at_first": count(mutants, "at_first"),
        "killed": count(mutants, "killed"),
        "equivalent": count(mutants, "equivalent"),
    }


def list_cases(result: dict[str, Any]) -> str:
    """List the failures with their seeds."""
    lines = [
        f"- {name}, seed {case['seed']}: `{case['outcome']}`"
        for name, own in result.items()
        for case in own["cases"]
    ]
    return "\n".join(lines or ["Nothing failed."])


def share_killed(row: dict[str, Any]) -> float:
    """Return the share of noticed mutants, among those that can be noticed."""
    return row["killed"] / (row["tried"] - row["equivalent"])


def list_survivors(result: dict[str, Any]) -> str:
    """List the mutants that no test noticed, with the reason if they are equivalent."""
    lines = [
        f"- `{case['file']}`: `{case['before']}`, as `{case['after']}`. {case['why'] or 'A gap.'}"
        for own in result.values()
        for case in own["cases"]
    ]
    return "\n".join(["Survivors:", "", *lines] if lines else ["None survived."])


if __name__ == "__main__":
    main()
