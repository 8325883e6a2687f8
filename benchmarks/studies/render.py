"""Write docs/defaults.md: ``python -m studies.render``; for other studies see ``speed.render``."""

import argparse
from collections.abc import Iterable
from inspect import getdoc
from pathlib import Path
from statistics import mean
from typing import Any

from common import DOCS, Sample, fill, gain, load, pool, table

from .data import SETS
from .defaults import CELLS, RESULTS, SETTINGS

HERE = Path(__file__).parent
SCORE = "balanced_accuracy"
BASE = "fast"  # what changes are changes of
DEFAULT = "default"  # what is compared with the peers
CHANGES = [name for name, setting in SETTINGS.items() if setting.kind == "change"]
PEERS = [name for name, setting in SETTINGS.items() if setting.kind == "peer"]

Runs = dict[int, dict[str, Any]]  # by seed
Results = dict[str, dict[str, Runs]]  # by setting and cell

NOT_COMPARED = "Changes of the settings of `recipes.fast()` have not been measured yet."
FEW_SEEDS = 3  # below which differences are a rough indication only


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of result files")
    parser.add_argument("--page", type=Path, default=DOCS / "defaults.md", help="what to write")
    options = parser.parse_args()
    options.page.write_text(render(load_results(options.results)))


# ---- the defaults -------------------------------------------------------------------------------


def load_results(folder: Path) -> Results:
    """Read what has been measured; settings in their own order."""
    for path in sorted(folder.glob("*.json")):
        if path.stem not in SETTINGS:
            print(f"{path.name}: left out, there is no such setting.")
    results: Results = {}
    for name in SETTINGS:
        for row in load(folder / f"{name}.json"):
            results.setdefault(name, {}).setdefault(row["cell"], {})[row["seed"]] = row
    return results


def render(results: Results) -> str:
    """Return the page."""
    values = {
        "finding": render_finding(results),
        "changed": settings_table(BASE, [BASE, *CHANGES], results),
        "gains": change_gains(results),
        "competitors": settings_table(DEFAULT, [DEFAULT, BASE, "best-5", *PEERS], results),
        "peers": peer_gains(results),
        "sets": sets_rows(results),
    }
    return fill(HERE / "page.md", values)


def render_finding(results: Results) -> str:
    """Return how far the defaults stay behind: on each cell, the best change's gain over the base.

    Each change is compared with the base on the seeds that both have.
    """
    found = {name: gains_over(results, name, BASE) for name in CHANGES}
    means = {name: mean(own.values()) for name, own in found.items() if own}
    if not means:
        return NOT_COMPARED
    best = max(means, key=means.__getitem__)
    cells = in_order(cell for own in found.values() for cell in own)
    behind = {c: max(0.0, *(own[c] for own in found.values() if c in own)) for c in cells}
    worst = max(behind, key=behind.__getitem__)
    n_seeds = min(len(results[BASE][cell]) for cell in behind)
    seeds = f"{n_seeds} seed{'s' * (n_seeds > 1)} per cell"
    if n_seeds < FEW_SEEDS:
        seeds += f"; with fewer than {FEW_SEEDS}, the differences are only a rough indication"
    values = {"best": SETTINGS[best].title, "gain": means[best], "seeds": seeds}
    values |= {"average": mean(behind.values()), "most": behind[worst], "worst": worst}
    values |= {"n_cells": len(behind), "n_changes": sum(name in results for name in CHANGES)}
    return fill(HERE / "finding.md", values)


def gains_over(results: Results, name: str, other: str) -> dict[str, float]:
    """Return by how many points one setting beats another on each cell, on common seeds."""
    own, others = results.get(name, {}), results.get(other, {})
    gains = {cell: gain(own[cell], others[cell], SCORE) for cell in own.keys() & others.keys()}
    return {cell: gains[cell].mean for cell in in_order(gains) if gains[cell]}


def in_order(cells: Iterable[str]) -> list[str]:
    """Return cells in the order of the study; others come behind."""
    found = set(cells)
    return [cell for cell in CELLS if cell in found] + sorted(found - set(CELLS))


def sets_rows(results: Results) -> dict[str, dict[str, str]]:
    """Return what the sets hold, in the words of their docstrings, and their sizes."""
    rows = {
        make.__name__: {"images": " ".join((getdoc(make) or "").split())} for make in SETS.values()
    }
    cells = {*CELLS, *(cell for own in results.values() for cell in own)}
    split = [cell.rsplit("-", 1) for cell in cells]
    for name, row in rows.items():
        row["sizes"] = ", ".join(f"{n:,}" for n in sorted(int(n) for of, n in split if of == name))
    return rows


def settings_table(base: str, names: list[str], results: Results) -> dict[str, str]:
    """Return a table with a row for each setting that was measured, and what its means are over.

    Columns are the cells of ``base``, where there are any. Means are over the cells that all rows
    have but those that have less than half of the columns.
    """
    measured = [name for name in names if name in results]
    missing = [SETTINGS[name].title for name in names if name not in results]
    note = f"Not measured: {'; '.join(missing)}." if missing else ""
    if not measured:
        return {"over": "no cells", "table": note}
    cells = in_order(results.get(base) or {c for name in measured for c in results[name]})
    whole = [name for name in measured if len(results[name].keys() & set(cells)) >= len(cells) / 2]
    shared = in_order(set(cells).intersection(*(results[name] for name in whole)))
    scores = {
        name: {
            cell: Sample(100 * run[SCORE] for run in runs.values()) for cell, runs in own.items()
        }
        for name, own in results.items()
    }
    best = {c: max(scores[n][c].mean for n in measured if c in scores[n]) for c in cells}
    rows = []
    for name in measured:
        row = {"": SETTINGS[name].title}
        row |= {cell: show_score(scores[name].get(cell), best[cell]) for cell in cells}
        over = shared if name in whole else []
        fits = [mean(run["cpu_seconds"] for run in results[name][c].values()) for c in over]
        row["mean"] = f"{mean(scores[name][cell].mean for cell in over):.1f}" if over else "-"
        counts = sorted({len(runs) for runs in scores[name].values()})
        row["seeds"] = " to ".join(str(n) for n in dict.fromkeys([counts[0], counts[-1]]))
        rows.append(row | {"CPU seconds": f"{mean(fits):.0f}" if over else "-"})
    text = table(rows[0], rows) + (f"\n\n{note}" if note else "")
    return {"over": f"{len(shared)} of {len(cells)} cells", "table": text}


def show_score(score: Sample | None, best: float) -> str:
    if score is None:
        return "-"
    return (
        f"**{score:.1f}**{score.plus_minus()}"
        if score.mean == best
        else f"{score:.1f}{score.plus_minus()}"
    )


def change_gains(results: Results) -> str:
    """Return a line on each change, the best first: its gain over the base on common seeds."""
    found = [(gains_over(results, name, BASE), SETTINGS[name].title) for name in CHANGES]
    lines = []
    for own, title in sorted(
        (each for each in found if each[0]), key=lambda f: -mean(f[0].values())
    ):
        ends = [f"{own[c]:+.1f} (`{c}`)" for c in sorted(own, key=own.__getitem__)]
        average = f"{mean(own.values()):+.1f} on average"
        lines.append(f"- {title}: {average}, from {ends[0]} to {ends[-1]}.")
    return "\n".join(lines) or NOT_COMPARED


def peer_gains(results: Results) -> str:
    """Return a line on each peer: how far it is behind the default, and where it is ahead."""
    lines = []
    for name in PEERS:
        gains = gains_over(results, DEFAULT, name)
        behind = ", ".join(f"`{cell}` ({won:+.1f})" for cell, won in gains.items() if won < 0)
        if gains:
            lines.append(
                f"- {SETTINGS[name].title}: {mean(gains.values()):+.1f} on average over "
                f"{len(gains)} cells; the default is behind on {behind or 'none'}."
            )
    return "\n".join(lines) or "Not measured."


# ---- teachers and students: a section of docs/benchmarks.md -------------------------------------


def pool_teachers() -> dict[str, Any]:
    """Return what the text names, in percent, the rows that every seed has, and their labels."""
    results = [load(file) for file in sorted((HERE / "results").glob("teachers-*.json"))]
    costs = pool([result["rows"] for result in results])
    rows = pool([result["rows"] for result in results], scale=100)
    for name, row in rows.items():
        row["thousands"] = costs[name]["images"].mean / 1000
        row["minutes"] = costs[name]["cpu_minutes"].mean
    labels = {
        f"{name}{note}": row[kind]
        for name, row in rows.items()
        for kind, note in (("naive_pseudo_labels", ", naive"), ("pseudo_labels", ""))
        if kind in row
    }
    teachers = rows | {"images": results[0]["images"], "n_seeds": len(results)}
    return {"teachers": teachers, "teacher_rows": rows, "pseudo_labels": labels}


if __name__ == "__main__":
    main()
