"""Write docs/defaults.md from the result files: ``python -m defaults.render``.

Run it in the folder benchmarks. Settings are rows, cells of the study (a set and its size) columns.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from inspect import getdoc
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from _tables import table

from .data import SETS
from .run import CELLS, RESULTS
from .settings import SETTINGS

PAGE = Path(__file__).parents[2] / "docs" / "defaults.md"
BASE = "fast"  # what changes are changes of
DEFAULT = "default"  # what is compared with the peers
CHANGES = [name for name, setting in SETTINGS.items() if setting.kind == "change"]
RECIPES = ["fast", "best-5"]
PEERS = [name for name, setting in SETTINGS.items() if setting.kind == "peer"]

Runs = dict[int, dict[str, Any]]  # by seed
Results = dict[str, dict[str, Runs]]  # by setting and cell

NOT_COMPARED = """\
# How good the defaults are

`recipes.fast()` has not been measured beside changes of its settings yet.
"""
COMPARED = """\
# How good the defaults are

`recipes.fast()`, with nothing set, stays {average:.1f} points of balanced accuracy behind the best
single change of its settings on average, and at most {most:.1f} points, on `{worst}`. Of
{n_changes} changes the best one was picked for each of {n_cells} cells, by the figures below: a
user does not know it beforehand, and a part of the distance is chance. The rules of the defaults
were chosen on these same cells, so they look better here than elsewhere. `recipes.fast()` was
trained with {seeds}.
"""
FEW_SEEDS = 3  # below which figures are a direction only
INTRODUCTION = """
All of these are development sets: the defaults were chosen by looking at them. A *cell* is a set
and about how many rows of it are trained on. Figures are balanced accuracy on the test rows, in
percent: the mean over the seeds, each of which draws its own training rows, and with two or more
seeds its standard error. The highest mean of a column is bold, and what has not been measured is a
dash. *CPU seconds* are those of a fit, averaged over the cells of *mean*. This page is made by
`benchmarks/defaults/render.py`; `make defaults DATA=folder` trains what is missing.

## Sets
"""
CHANGED = """
## Defaults and single changes

The changes are those of `recipes.fast()`, which is half as wide as `ResNetClassifier()`; all else
is as it comes. *Mean* is over {n_shared} of {n_cells} cells: those of all rows that were measured
on half of the cells or more.
"""
COMPETITORS = """
## Defaults and what others would take

*Mean* is over {n_shared} of {n_cells} cells: those of all rows that were measured on half of the
cells or more. *ResNet-18, as usual* is trained as one would write it by hand: weighted cross
entropy, AdamW, light augmentation, as many passes as the defaults make.
"""
PEER_GAINS = """
By how many points `ResNetClassifier()` is ahead, on the seeds that both have:

"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of result files")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write")
    options = parser.parse_args()
    options.page.write_text(render(load_results(options.results)))


def load_results(folder: Path) -> Results:
    """Read what has been measured; settings in their own order."""
    files = {path.stem: path for path in sorted(folder.glob("*.json"))}
    for name in files.keys() - SETTINGS.keys():
        print(f"{files[name].name}: left out, there is no such setting.")
    results: Results = {}
    for name in SETTINGS:
        rows = json.loads(files[name].read_text()) if name in files else []
        for row in rows:
            results.setdefault(name, {}).setdefault(row["cell"], {})[row["seed"]] = row
    return results


def render(results: Results) -> str:
    """Return the page."""
    return (
        render_finding(results)
        + INTRODUCTION
        + sets_table(in_order({*CELLS, *(cell for cells in results.values() for cell in cells)}))
        + render_table(CHANGED, BASE, [BASE, *CHANGES], results)
        + render_table(COMPETITORS, DEFAULT, [DEFAULT, *RECIPES, *PEERS], results)
        + render_peers(results)
    )


def render_finding(results: Results) -> str:
    """Return the title and the first paragraph: how far the defaults stay behind."""
    behind = distances_to_best(results)
    if not behind:
        return NOT_COMPARED
    worst = max(behind, key=behind.__getitem__)
    n_seeds = min(len(results[BASE][cell]) for cell in behind)
    seeds = f"{n_seeds} seed{'s' * (n_seeds > 1)} a cell"
    if n_seeds < FEW_SEEDS:
        seeds += f"; with fewer than {FEW_SEEDS}, read these figures as a direction"
    return COMPARED.format(
        average=mean(behind.values()),
        most=behind[worst],
        worst=worst,
        n_cells=len(behind),
        n_changes=sum(name in results for name in CHANGES),
        seeds=seeds,
    )


def distances_to_best(results: Results) -> dict[str, float]:
    """Return for each cell by how many points the best change beats the base; 0 where none does.

    Each change is compared with the base on the seeds that both have.
    """
    gains: dict[str, list[float]] = {}
    for name in CHANGES:
        for cell, gain in gains_over(results, name, BASE).items():
            gains.setdefault(cell, []).append(gain)
    return {cell: max(0.0, *gains[cell]) for cell in in_order(gains)}


def gains_over(results: Results, name: str, other: str) -> dict[str, float]:
    """Return by how many points one setting beats another on each cell, on common seeds."""
    gains = {}
    for cell, runs in results.get(name, {}).items():
        others = results.get(other, {}).get(cell, {})
        differences = [points(runs[seed]) - points(others[seed]) for seed in runs.keys() & others]
        if differences:
            gains[cell] = mean(differences)
    return gains


def points(run: dict[str, Any]) -> float:
    return 100 * run["balanced_accuracy"]


def in_order(cells: Iterable[str]) -> list[str]:
    """Return cells in the order of the study; others come behind."""
    found = set(cells)
    return [cell for cell in CELLS if cell in found] + sorted(found - set(CELLS))


def sets_table(cells: list[str]) -> str:
    """Return what the sets hold, in the words of their docstrings, and their sizes."""
    sizes: dict[str, list[int]] = {}
    for cell in cells:
        name, n_rows = cell.rsplit("-", 1)
        sizes.setdefault(name, []).append(int(n_rows))
    rows = [
        [
            f"`{name}`",
            " ".join((getdoc(SETS[name]) or "").split()),
            ", ".join(f"{n_rows:,}" for n_rows in sorted(sizes[name])),
        ]
        for name in SETS
        if name in sizes
    ]
    return table(["set", "images", "rows to train on"], rows)


def render_table(text: str, base: str, names: list[str], results: Results) -> str:
    """Return a section with a row for each setting that was measured.

    Its columns are the cells of ``base``, where there are any. Means are over the cells that all
    rows have but those that have less than half of the columns.
    """
    measured = [name for name in names if name in results]
    missing = [SETTINGS[name].title for name in names if name not in results]
    note = f"\nNot measured: {'; '.join(missing)}.\n" if missing else ""
    if not measured:
        return text.split("\n\n")[0] + "\n" + note
    cells = in_order(results.get(base) or {c for name in measured for c in results[name]})
    whole = [name for name in measured if len(results[name].keys() & set(cells)) >= len(cells) / 2]
    shared = in_order(set(cells).intersection(*(results[name] for name in whole)))
    best = {cell: max(average(results[name].get(cell, {})) for name in measured) for cell in cells}
    rows = [
        [
            SETTINGS[name].title,
            *(score(results[name].get(cell, {}), best[cell]) for cell in cells),
            *summary(results[name], shared if name in whole else []),
        ]
        for name in measured
    ]
    header = ["", *cells, "mean", "seeds", "CPU seconds"]
    text = text.format(n_shared=len(shared), n_cells=len(cells))
    return text + table(header, rows) + note


def average(runs: Runs) -> float:
    """Return the mean score; below all others where there is none."""
    return mean(points(run) for run in runs.values()) if runs else float("-inf")


def score(runs: Runs, best: float) -> str:
    if not runs:
        return "-"
    text = f"{average(runs):.1f}"
    text = f"**{text}**" if average(runs) == best else text
    if len(runs) == 1:
        return text
    return f"{text} ± {stdev(points(run) for run in runs.values()) / len(runs) ** 0.5:.1f}"


def summary(cells: dict[str, Runs], shared: list[str]) -> list[str]:
    """Return mean score over shared cells, number of seeds, and seconds of a fit."""
    counts = sorted({len(runs) for runs in cells.values()})
    seeds = " to ".join(str(count) for count in dict.fromkeys([counts[0], counts[-1]]))
    if not shared:
        return ["-", seeds, "-"]
    seconds = mean(mean(run["cpu_seconds"] for run in cells[cell].values()) for cell in shared)
    return [f"{mean(average(cells[cell]) for cell in shared):.1f}", seeds, f"{seconds:.0f}"]


def render_peers(results: Results) -> str:
    """Return a line for each peer: how far it is behind the default, and where it is ahead."""
    lines = []
    for name in PEERS:
        gains = gains_over(results, DEFAULT, name)
        if not gains:
            continue
        behind = [f"`{cell}` ({gains[cell]:+.1f})" for cell in in_order(gains) if gains[cell] < 0]
        lines.append(
            f"- {SETTINGS[name].title}: {mean(gains.values()):+.1f} on average over {len(gains)} "
            f"cells; the default is behind on {', '.join(behind) or 'none'}.\n"
        )
    return PEER_GAINS + "".join(lines) if lines else ""


if __name__ == "__main__":
    main()
