"""Write docs/defaults.md: ``python -m studies.render``; other studies go into docs/benchmarks.md.

``page.md`` holds the text, see ``common.fill``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from inspect import getdoc
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from common import DOCS, fill, load, table

from .data import SETS
from .defaults import CELLS, RESULTS, SETTINGS

HERE = Path(__file__).parent
BASE = "fast"  # what changes are changes of
DEFAULT = "default"  # what is compared with the peers
CHANGES = [name for name, setting in SETTINGS.items() if setting.kind == "change"]
PEERS = [name for name, setting in SETTINGS.items() if setting.kind == "peer"]

Runs = dict[int, dict[str, Any]]  # by seed
Results = dict[str, dict[str, Runs]]  # by setting and cell

NOT_COMPARED = "Changes of the settings of `recipes.fast()` have not been measured yet."
COMPARED = """\
Averaged over all cells, the best change of a single default setting, "{best}", brings {gain:+.1f}
points of balanced accuracy. If the best change is chosen separately for each cell, by its score on
the test rows, `recipes.fast()`, with its default settings, stays {average:.1f} points behind it on
average, and at most {most:.1f} points, on `{worst}`. A user does not know this change in advance,
and a part of the difference is chance. In all, {n_changes} changes were tried on {n_cells} cells; a
*cell* is a data set with a number of training rows. The rules of the defaults were chosen on the
same cells, so the defaults look better here than on other data. `recipes.fast()` was trained with
{seeds}."""
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
        "peers": "\n".join(filter(None, (peer_gain(results, name) for name in PEERS))),
    }
    values["peers"] = values["peers"] or "Not measured."
    return fill(HERE / "page.md", values, {"sets": sets_rows(results)})


def render_finding(results: Results) -> str:
    """Return how far the defaults stay behind: on each cell, the best change's gain over the base.

    Each change is compared with the base on the seeds that both have.
    """
    found = {name: gains_over(results, name, BASE) for name in CHANGES}
    means = {name: mean(own.values()) for name, own in found.items() if own}
    if not means:
        return NOT_COMPARED
    best = max(means, key=means.__getitem__)
    gains: dict[str, list[float]] = {}
    for own in found.values():
        for cell, gain in own.items():
            gains.setdefault(cell, [0.0]).append(gain)
    behind = {cell: max(gains[cell]) for cell in in_order(gains)}
    worst = max(behind, key=behind.__getitem__)
    n_seeds = min(len(results[BASE][cell]) for cell in behind)
    seeds = f"{n_seeds} seed{'s' * (n_seeds > 1)} per cell"
    if n_seeds < FEW_SEEDS:
        seeds += f"; with fewer than {FEW_SEEDS}, the differences are only a rough indication"
    return COMPARED.format(
        best=SETTINGS[best].title,
        gain=means[best],
        average=mean(behind.values()),
        most=behind[worst],
        worst=worst,
        n_cells=len(behind),
        n_changes=sum(name in results for name in CHANGES),
        seeds=seeds,
    )


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


def sets_rows(results: Results) -> list[dict[str, str]]:
    """Return what the sets hold, in the words of their docstrings, and their sizes."""
    cells = {*CELLS, *(cell for own in results.values() for cell in own)}
    sizes: dict[str, list[int]] = {name: [] for name in SETS}
    for name, n_rows in (cell.rsplit("-", 1) for cell in cells):
        sizes[name].append(int(n_rows))
    return [
        {
            "name": name,
            "images": " ".join((getdoc(make) or "").split()),
            "sizes": ", ".join(f"{n_rows:,}" for n_rows in sorted(sizes[name])),
        }
        for name, make in SETS.items()
    ]


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
    best = {cell: max(average(results[name].get(cell, {})) for name in measured) for cell in cells}
    rows = [
        {
            "": SETTINGS[name].title,
            **{cell: score(results[name].get(cell, {}), best[cell]) for cell in cells},
            **summary(results[name], shared if name in whole else []),
        }
        for name in measured
    ]
    text = table(rows[0], rows) + (f"\n\n{note}" if note else "")
    return {"over": f"{len(shared)} of {len(cells)} cells", "table": text}


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


def summary(cells: dict[str, Runs], shared: list[str]) -> dict[str, str]:
    """Return mean score over shared cells, number of seeds, and seconds of a fit."""
    counts = sorted({len(runs) for runs in cells.values()})
    seeds = " to ".join(str(count) for count in dict.fromkeys([counts[0], counts[-1]]))
    if not shared:
        return {"mean": "-", "seeds": seeds, "CPU seconds": "-"}
    seconds = mean(mean(run["cpu_seconds"] for run in cells[cell].values()) for cell in shared)
    score = mean(average(cells[cell]) for cell in shared)
    return {"mean": f"{score:.1f}", "seeds": seeds, "CPU seconds": f"{seconds:.0f}"}


def change_gains(results: Results) -> str:
    """Return a line on each change, the best first: its gain over the base on common seeds."""
    found = [(gains_over(results, name, BASE), SETTINGS[name].title) for name in CHANGES]
    measured = sorted((-mean(own.values()), title, own) for own, title in found if own)
    lines = []
    for _, title, own in measured:
        ends = [f"{own[cell]:+.1f} (`{cell}`)" for cell in sorted(own, key=own.__getitem__)]
        lines.append(
            f"- {title}: {mean(own.values()):+.1f} on average, from {ends[0]} to {ends[-1]}."
        )
    return "\n".join(lines) or NOT_COMPARED


def peer_gain(results: Results, name: str) -> str:
    """Return a line on a peer: how far it is behind the default, and where it is ahead."""
    gains = gains_over(results, DEFAULT, name)
    if not gains:
        return ""
    behind = [f"`{cell}` ({gains[cell]:+.1f})" for cell in in_order(gains) if gains[cell] < 0]
    return (
        f"- {SETTINGS[name].title}: {mean(gains.values()):+.1f} on average over {len(gains)} "
        f"cells; the default is behind on {', '.join(behind) or 'none'}."
    )


# ---- teachers and students, few examples: sections of docs/benchmarks.md ------------------------

SCORES = ("balanced_accuracy", "head", "medium", "tail")
Seeds = list[dict[str, Any]]  # a row of each seed


def render_teachers() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the text names, means by row and in percent, and two tables of rows.

    Rows are those that every seed has.
    """
    results = [load(file) for file in sorted((HERE / "results").glob("teachers-*.json"))]
    names = [name for name in results[0]["rows"] if all(name in r["rows"] for r in results)]
    rows = {name: [result["rows"][name] for result in results] for name in names}
    values = {"images": results[0]["images"], "n_seeds": len(results)}
    return values | {name: means_of(own) for name, own in rows.items()}, {
        "teachers": [teacher_row(name, own) for name, own in rows.items()],
        "pseudo_labels": [row for name, own in rows.items() for row in pseudo_rows(name, own)],
    }


def means_of(found: list[Any]) -> Any:
    """Return means in percent, of what is nested in dicts alike."""
    if isinstance(found[0], dict):
        keys = [key for key, value in found[0].items() if isinstance(value, dict | float)]
        return {key: means_of([each[key] for each in found]) for key in keys}
    return 100 * mean(found)


def teacher_row(name: str, rows: Seeds) -> dict[str, Any]:
    return {
        "name": name,
        **{key: percent(row["scores"][key] for row in rows) for key in SCORES},
        "transductive": percent(row["transductive"]["balanced_accuracy"] for row in rows),
        "images": mean(row["images"] for row in rows) / 1000,
        "minutes": mean(row["cpu_minutes"] for row in rows),
    }


def pseudo_rows(name: str, rows: Seeds) -> list[dict[str, str]]:
    """Return a row, and before it one for the naive rule, where these were judged."""
    return [
        {"name": name + note, **{k: percent(row[kind][k] for row in rows) for k in rows[0][kind]}}
        for kind, note in (("naive_pseudo_labels", ", naive"), ("pseudo_labels", ""))
        if kind in rows[0]
    ]


def percent(values: Iterable[float]) -> str:
    """Return the mean, and half the range, in percent."""
    values = list(values)
    return f"{100 * mean(values):.1f} ({50 * (max(values) - min(values)):.1f})"


def few_shot_rows() -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Return the settings that the text names, and the table."""

    def percent_of(found: dict[str, float]) -> str:
        return f"{100 * found['accuracy']:.1f} ({100 * found['interval']:.1f})"

    result = load(HERE / "results" / "few_shot.json")
    rows = [
        {"name": name, **{key: percent_of(own[key]) for key in ("1-shot", "5-shot")}}
        for name, own in result["contenders"].items()
    ]
    return result["settings"], rows


if __name__ == "__main__":
    main()
