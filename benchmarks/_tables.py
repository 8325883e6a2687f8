"""Figures and rows as Markdown."""

from __future__ import annotations


def spread(figures: dict[str, float], form: str = ",.0f") -> str:
    median, low, high = (format(figures[key], form) for key in ("median", "min", "max"))
    return f"{median} ({low} to {high})"


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)
