"""Pictures of the competition; each returns the Markdown that shows it, or nothing to show."""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import Any

GROUPS = ("head", "medium", "tail")


def plot_groups(rows: dict[str, Any], path: Path) -> str:
    """Bars of head, medium and tail for each recipe."""
    if not rows:
        return ""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
    for i, group in enumerate(GROUPS):
        scores = [
            100 * mean(run["scores"][group] for run in seeds.values()) for seeds in rows.values()
        ]
        axes.bar([x + 0.27 * (i - 1) for x in range(len(rows))], scores, 0.25, label=group)
    axes.set_xticks(range(len(rows)), [name.replace("-", "-\n") for name in rows])
    axes.set(ylabel="recall, %", ylim=(0, 100))
    axes.legend(ncols=3, frameon=False)
    axes.grid(axis="y", alpha=0.3)
    return _save(figure, path, "Recall of large, medium and small classes under each recipe.")


def plot_curves(rows: dict[str, Any], path: Path) -> str:
    """Accuracy against processor time, for recipes of one network."""
    curves = {
        name: next(iter(seeds.values()))["curve"]
        for name, seeds in rows.items()
        if next(iter(seeds.values()))["curve"]
    }
    if not curves:
        return ""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
    for name, curve in curves.items():
        minutes = [point["cpu_minutes"] for point in curve]
        axes.plot(minutes, [100 * point["score"] for point in curve], marker=".", label=name)
    axes.set(xlabel="CPU minutes", ylabel="balanced accuracy, %", xscale="log")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    return _save(figure, path, "Accuracy on a fifth of the holdout as training goes on.")


def plot_growth(rows: dict[str, Any], path: Path) -> str:
    """Accuracy against the number of members that vote."""
    votes = {name: next(iter(seeds.values())).get("growth") for name, seeds in rows.items()}
    votes = {name: growth for name, growth in votes.items() if growth and len(growth) > 1}
    if not votes:
        return ""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 3.6), layout="constrained")
    for name, growth in votes.items():
        scores = [100 * vote["balanced_accuracy"] for vote in growth]
        axes.plot(range(1, len(scores) + 1), scores, marker="o", label=name)
    axes.set(xlabel="members that vote", ylabel="balanced accuracy, %")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    return _save(figure, path, "Accuracy as members join the vote.")


def plot_pool(students: dict[str, Any], sizes: dict[str, int], path: Path) -> str:
    """Accuracy against unlabelled drawings, of students that see as many drawings in all."""
    variants = students.get("variants", {})
    sizes = {name: size for name, size in sizes.items() if name in variants}
    if len(sizes) < 3:
        return ""
    seeds = sorted(set.intersection(*(set(variants[name]) for name in sizes)))
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 3.6), layout="constrained")
    scores = {
        seed: [100 * variants[name][seed]["balanced_accuracy"] for name in sizes] for seed in seeds
    }
    for seed in seeds:
        axes.plot(list(sizes.values()), scores[seed], color="0.7", marker=".")
    means = [mean(points) for points in zip(*scores.values(), strict=True)]
    axes.plot(list(sizes.values()), means, marker="o", label=f"mean of {len(seeds)} splits")
    axes.set_xticks(list(sizes.values()))
    axes.set(xlabel="drawings without labels", ylabel="balanced accuracy, %")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    caption = "Accuracy against how many drawings a teacher labeled; at 0 without a teacher."
    return _save(figure, path, caption)


def _save(figure: Any, path: Path, caption: str) -> str:
    import matplotlib.pyplot as plt

    figure.savefig(path, dpi=110)
    plt.close(figure)
    return f"\n![{caption}](images/{path.name})\n\n*{caption}*\n"
