"""Write docs/defaults.md: ``python -m studies.render``; for other studies see ``speed.render``."""

from inspect import getdoc
from pathlib import Path
from statistics import mean

import numpy as np
import pandas as pd
from common import DOCS, PLUS_MINUS, fill, load, pool, table

from . import teachers
from .data import SETS
from .defaults import CELLS, RESULTS, SETTINGS

HERE = Path(__file__).parent
SCORE, SECONDS = "balanced_accuracy", "cpu_seconds"
BASE = "fast"  # the setting that each change differs from
DEFAULT = "default"
CHANGES = [name for name, setting in SETTINGS.items() if setting.kind == "change"]
PEERS = [name for name, setting in SETTINGS.items() if setting.kind == "peer"]
RIVALS = ["long", "best-5", "best-5-cores", *PEERS]  # settings compared with the default

NOT_COMPARED = "Changes of the settings of `recipes.fast()` have not been measured yet."
FEW_SEEDS = 3  # with fewer seeds, the page says that differences are only a rough indication


def main():
    (DOCS / "defaults.md").write_text(render(load_results(RESULTS)), encoding="utf-8")


def load_results(folder, settings=SETTINGS, cells=CELLS):
    """Return all results: a row for each cell and seed, a column for each measure and setting.

    Scores are in percent. NaN means not measured.
    """
    for path in sorted(folder.glob("*.json")):
        if path.stem not in settings:
            print(f"{path.name}: left out, there is no such setting.")
    rows = [{"setting": name, **row} for name in settings for row in load(folder / f"{name}.json")]
    found = pd.DataFrame(rows, columns=["setting", "cell", "seed", SCORE, SECONDS])
    found[SCORE] *= 100
    others = sorted(set(found["cell"]) - set(cells))
    found["cell"] = pd.Categorical(found["cell"], [*cells, *others], ordered=True)
    wide = found.pivot(index=["cell", "seed"], columns="setting")
    return wide.reindex(columns=pd.MultiIndex.from_product([[SCORE, SECONDS], settings]))


def by_cell(frame):
    """Group by cells, in the order of the study, with unknown cells at the end."""
    return frame.groupby("cell", observed=True)


def render(results):
    """Return the page."""
    scores = results[SCORE]
    # The gain of each change over the base, and of the default over each rival: for each cell, the
    # mean difference in points, over the seeds that both have.
    changes = by_cell(scores[CHANGES].sub(scores[BASE], axis=0)).mean()
    peers = by_cell(-scores[RIVALS].sub(scores[DEFAULT], axis=0)).mean()
    changes, peers = (gains.dropna(axis=1, how="all") for gains in (changes, peers))
    values = {
        "finding": render_finding(changes.dropna(how="all"), by_cell(scores[BASE]).count()),
        "changed": settings_table(BASE, [BASE, *CHANGES], results),
        "gains": change_rows(changes),
        "competitors": settings_table(DEFAULT, [DEFAULT, BASE, *RIVALS], results),
        "peers": peer_rows(peers),
        "sets": sets_rows({*CELLS, *results.index.get_level_values("cell")}),
    }
    return fill(HERE / "page.md", values)


def render_finding(changes, n_seeds):
    """Return the text that compares the base with the best change on each cell."""
    if changes.empty:
        return NOT_COMPARED
    means = changes.mean()
    behind = changes.max(axis=1).clip(lower=0)
    fewest = int(n_seeds[behind.index].min())
    seeds = f"{fewest} seed{'s' * (fewest > 1)} on each training set"
    if fewest < FEW_SEEDS:
        seeds += f"; with fewer than {FEW_SEEDS}, the differences are only a rough indication"
    values = {"best": SETTINGS[means.idxmax()].title, "gain": means.max(), "seeds": seeds}
    values |= {"average": behind.mean(), "most": behind.max(), "worst": behind.idxmax()}
    cells = sorted({changes.count().min(), changes.count().max()})
    values |= {"n_cells": " to ".join(map(str, cells)), "n_changes": len(changes.columns)}
    values |= {"n_better": int((means > 0).sum()) or "none"}
    return fill(HERE / "finding.md", values)


def settings_table(base, names, results):
    """Return a table with a row for each measured setting, and the cells that its means cover.

    The columns are those cells of ``base``, if it has any, that at least half of the rows have.
    Rows with less than half of the columns have no mean. The means of all other rows are over the
    cells that all of these rows have.
    """
    scores = by_cell(results[SCORE][names])
    # statistics.mean is exact. Scores have few digits, so many means are ties in rounding.
    means = scores.agg(lambda own: mean(own.dropna()) if own.any() else np.nan)
    errors, counts = scores.sem(), scores.count()
    seconds = by_cell(results[SECONDS][names]).mean()
    measured = [name for name in names if counts[name].any()]
    missing = [SETTINGS[name].title for name in names if name not in measured]
    note = f"Not measured: {'; '.join(missing)}." if missing else ""
    if not measured:
        return {"over": "no cells", "table": note}
    means = means.dropna(subset=[base] if base in measured else None, how="all")
    means = means[means[measured].count(axis=1) >= len(measured) / 2]
    whole = [name for name in measured if means[name].count() >= len(means) / 2]
    shared = means[whole].dropna().index
    best = means.max(axis=1)
    rows = []
    for name in measured:
        row = {"": SETTINGS[name].title}
        for cell, score in means[name].items():
            row[cell] = show_score(score, errors[name][cell], is_best=score == best[cell])
        over = shared if name in whole else []
        row["mean"] = f"{means[name][over].mean():.1f}" if len(over) else "-"
        n_seeds = counts[name][counts[name] > 0]
        row["seeds"] = " to ".join(str(n) for n in sorted({n_seeds.min(), n_seeds.max()}))
        row["CPU seconds"] = f"{seconds[name][over].mean():.0f}" if len(over) else "-"
        rows.append(row)
    text = table(rows) + (f"\n\n{note}" if note else "")
    return {"over": f"{len(shared)} of {len(means)} cells", "table": text}


def show_score(score, error, *, is_best):
    """Return mean and standard error as a text; with one seed, ``error`` is NaN."""
    if pd.isna(score):
        return "-"
    text = f"**{score:.1f}**" if is_best else f"{score:.1f}"
    return text if pd.isna(error) else f"{text}{PLUS_MINUS}{error:.1f}"


def change_rows(changes):
    """Return a row for each change, the best first: its gain over the base, and on which cells."""
    rows = {}
    for name, average in changes.mean().sort_values(ascending=False, kind="stable").items():
        own = changes[name].dropna().sort_values(kind="stable")
        worst, best = ({"gain": own.iloc[i], "cell": own.index[i]} for i in (0, -1))
        rows[SETTINGS[name].title] = {"average": average, "worst": worst, "best": best}
    return rows


def peer_rows(peers):
    """Return a row for each peer: the gain of the default, and the cells where the peer wins."""
    rows = {}
    for name in peers:
        own = peers[name].dropna()
        behind = ", ".join(f"`{cell}` ({won:+.1f})" for cell, won in own.items() if won < 0)
        over = f"{len(own)} cell{'s' * (len(own) > 1)}"
        row = {"average": own.mean(), "over": over, "behind": behind or "none"}
        rows[SETTINGS[name].title] = row
    return rows


def sets_rows(cells):
    """Return a row for each set: the docstring of its function, and the numbers of rows."""
    rows = {}
    for name, make in SETS.items():
        sizes = sorted(int(n) for of, n in (cell.rsplit("-", 1) for cell in cells) if of == name)
        images = " ".join((getdoc(make) or "").split())
        rows[name] = {"images": images, "sizes": ", ".join(f"{n:,}" for n in sizes)}
    return rows


def pool_teachers():
    """Return the values of the page's text, in percent, its rows, and their pseudo-labels."""
    runs = load(teachers.RESULT)["rows"]
    rows, pseudo_labels = {}, {}
    for name, own in runs.items():
        costs = pool(list(own.values()))
        row = rows[name] = pool(list(own.values()), scale=100)
        row["thousands"] = costs["images"].mean / 1000
        row["minutes"] = costs["cpu_minutes"].mean
        if "naive_pseudo_labels" in row:
            pseudo_labels[f"{name}, naive"] = row["naive_pseudo_labels"]
        if "pseudo_labels" in row:
            pseudo_labels[name] = row["pseudo_labels"]
    named = rows | {"images": teachers.IMAGES, "n_seeds": len(runs["single network"])}
    return {"teachers": named, "teacher_rows": rows, "pseudo_labels": pseudo_labels}


if __name__ == "__main__":
    main()
