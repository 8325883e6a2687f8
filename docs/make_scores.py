"""Write the table and the charts of the first pages, from the results of the study of the defaults.

``python docs/make_scores.py`` writes README.md, docs/index.md, docs/images/scores_*.png and the
chart on white that is shown beside a link to the site, docs/_static/scores_card.png. The extra
``plot`` is needed.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
RESULTS = next((ROOT / "benchmarks").rglob("results/defaults"))
PAGES = (ROOT / "README.md", ROOT / "docs" / "index.md")
IMAGES = ROOT / "docs" / "images"
CARD = ROOT / "docs" / "_static" / "scores_card.png"
CARD_INCHES = (7.6, 3.99)  # the proportions of 1,200 x 630 pixels, which link previews expect
START, END = "<!-- scores: made by docs/make_scores.py -->\n", "<!-- end of scores -->"

OURS = "ResNetClassifier()"
ESTIMATORS = {  # by the names of their files
    "default": OURS,
    "svc": "SVC",
    "forest": "random forest",
    "boosting": "histogram boosting",
}
SETS = {
    "digits": "digits",
    "letters": "letters",
    "clothes": "Fashion-MNIST",
    "photos": "CIFAR-10",
    "characters": "Omniglot",
    "drawings": "Quick, Draw!",
    "sketches": "make_sketches",
}
FEW = 500  # images: cells up to this size are lines of the table

INK = {"light": "#1a1c1e", "dark": "#e2e4e8"}
BLUE = {"light": "#0072B2", "dark": "#56B4E9"}
OTHERS = {"#D55E00": "s", "#009E73": "D", "#CC79A7": "^"}  # seen on white and on black

Scores = dict[str, dict[str, float]]  # by estimator and cell


def main() -> None:
    scores, seconds = load_results("balanced_accuracy"), load_results("cpu_seconds")
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(replace_table(text, render_table(scores, seconds)), encoding="utf-8")
    for theme in INK:
        draw_chart(scores, theme).savefig(IMAGES / f"scores_{theme}.png", dpi=200)
    save_card(draw_chart(scores, "light"))


def load_results(key: str) -> Scores:
    """Return the means over seeds, of the cells on which all estimators were measured."""
    found: dict[str, dict[str, list[float]]] = {}
    for name in ESTIMATORS:
        for row in json.loads((RESULTS / f"{name}.json").read_text()):
            found.setdefault(name, {}).setdefault(row["cell"], []).append(row[key])
    shared = set.intersection(*(set(cells) for cells in found.values()))
    order = sorted(shared, key=lambda cell: (list(SETS).index(parts(cell)[0]), parts(cell)[1]))
    return {name: {cell: mean(cells[cell]) for cell in order} for name, cells in found.items()}


def parts(cell: str) -> tuple[str, int]:
    """Return the set of a cell, and its number of training images."""
    name, n_rows = cell.rsplit("-", 1)
    return name, int(n_rows)


def describe(cell: str) -> str:
    name, n_rows = parts(cell)
    return f"{SETS[name]}, {n_rows:,} images"


def largest_cells(scores: Scores) -> list[str]:
    """Return one cell of each set."""
    return list({parts(cell)[0]: cell for cell in scores["default"]}.values())


def replace_table(page: str, table: str) -> str:
    """Return a page with another table between its marks."""
    before, _, rest = page.partition(START)
    return before + START + table + END + rest.partition(END)[2]


def render_table(scores: Scores, seconds: Scores) -> str:
    """Return lines for cells of few images, for the mean over all, and for the time of a fit."""
    cells = list(scores["default"])
    rows = {describe(cell): [cell] for cell in cells if parts(cell)[1] <= FEW}
    rows[f"mean of all {len(cells)} training sets"] = cells
    lines = [["balanced accuracy, %", *ESTIMATORS.values()], ["---", *["--:"] * len(ESTIMATORS)]]
    for title, of in rows.items():
        means = [100 * mean(scores[name][cell] for cell in of) for name in ESTIMATORS]
        texts = [f"{value:.0f}" for value in means]
        texts[int(np.argmax(means))] = f"**{max(means):.0f}**"
        lines.append([title, *texts])
    fits = [mean(seconds[name][cell] for cell in cells) for name in ESTIMATORS]
    lines.append(["CPU seconds of a fit, mean", *(f"{value:.0f}" for value in fits)])
    body = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    for code in (OURS, SETS["sketches"]):
        body = body.replace(code, f"`{code}`")
    return f"\n{body}\n"


def draw_chart(scores: Scores, theme: str) -> Any:
    """Return a figure without a background: the scores on each set, one line per set."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    cells = largest_cells(scores)
    lines = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    surfaces = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    style = dict.fromkeys(lines, INK[theme]) | dict.fromkeys(surfaces, "none")
    with mpl.rc_context({**style, "font.size": 11}):
        figure = Figure(figsize=(6.4, 0.5 * len(cells) + 1.3), layout="constrained")
        ax = figure.subplots()
        draw_marks(ax, [{name: scores[name][cell] for name in scores} for cell in cells], theme)
        ax.set_yticks(np.arange(len(cells)), [describe(cell) for cell in cells])
    return figure


def save_card(figure: Any) -> None:
    """Write the chart on white: a preview of a link may be shown on any background."""
    from PIL import Image

    figure.set_size_inches(CARD_INCHES)
    content = io.BytesIO()
    figure.savefig(content, dpi=1200 / CARD_INCHES[0], facecolor="white")
    picture = Image.open(content).convert("RGB")
    picture.quantize(64, dither=Image.Dither.NONE).save(CARD, optimize=True)


def draw_marks(ax: Any, scores: list[dict[str, float]], theme: str) -> None:
    """Draw the scores of each cell on one line, ours with its number."""
    rows = np.arange(len(scores))
    points = {ESTIMATORS[name]: [100 * row[name] for row in scores] for name in ESTIMATORS}
    ours = points.pop(OURS)
    for (name, values), (colour, marker) in zip(points.items(), OTHERS.items(), strict=True):
        ax.plot(values, rows, marker, color=colour, ms=7, mew=0, alpha=0.9, label=name)
    ax.plot(ours, rows, "o", color=BLUE[theme], ms=11, mew=0, label=OURS)
    for value, row in zip(ours, rows, strict=True):
        ax.text(value, row - 0.24, f"{value:.0f}", ha="center", color=BLUE[theme], weight="bold")
    ax.hlines(rows, 0, 100, color=INK[theme], alpha=0.15, lw=1, zorder=0)
    ax.set(xlim=(0, 103), xticks=range(0, 101, 20), xlabel="balanced accuracy, %")
    ax.set_ylim(len(scores) - 0.5, -0.6)
    ax.tick_params(axis="y", left=False)
    ax.spines[["left", "right", "top"]].set_visible(False)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False, fontsize=10)


if __name__ == "__main__":
    main()
