"""The progress of a fit: one display of all nested levels, or lines if there is no terminal."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from multiprocessing import current_process
from time import perf_counter
from typing import TYPE_CHECKING

import rich
from rich.progress import BarColumn, Progress, TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Level:
    """One level of nested trainings: the training after the first ``n_done`` of a loop."""

    text: str
    n_done: int
    loop: Trainings

    def share(self, inside: float) -> float:
        """Return the share of the loop that is done, given the share of this training."""
        return (self.n_done + inside) / len(self.loop.names)


# The levels of the training that runs here, the outermost first. A thread starts with none.
_levels: ContextVar[tuple[Level, ...]] = ContextVar("levels", default=())


class Trainings:
    """The trainings that a fit consists of; the progress of each counts as a part of the fit.

    A context manager, inside which :meth:`one` is entered for each training, also in a worker.

    Parameters
    ----------
    names : list of str
        Such as 'teacher' and 'student of round 1'.
    at_once : bool, default=False
        Whether several run at a time. Then there is no live display.
    """

    def __init__(self, names: list[str], *, at_once: bool = False) -> None:
        self.names = names
        self.at_once = at_once
        self.outer = _levels.get()
        self.display: Display = self.outer[0].loop.display if self.outer else Display()
        self.started = perf_counter()

    def __enter__(self) -> Trainings:
        return self

    def __exit__(self, *raised: object) -> None:
        if not self.outer:
            self.display.close()

    @contextmanager
    def one(self, i: int) -> Iterator[None]:
        """Make what is fitted inside a part of training ``i``."""
        token = _levels.set((*self.outer, Level(self.names[i], i, self)))
        try:
            yield
        finally:
            _levels.reset(token)


class Bar:
    """Show the steps of one training to the user.

    Parameters
    ----------
    name : str
        Name of what is trained.
    unit : str
        Such as 'epoch'.
    total : int
    n_lines : int, default=None
        Largest number of lines without a terminal; None prints one per step.
    """

    def __init__(self, name: str, unit: str, total: int, n_lines: int | None = None) -> None:
        self.name = name
        self.unit = unit
        self.total = total
        self.n_lines = total if n_lines is None else n_lines
        self.levels = _levels.get()
        self.display = self.levels[0].loop.display if self.levels else Display()
        self.started = perf_counter()
        self.at_once = any(level.loop.at_once for level in self.levels)
        if self._is_live():
            self.display.show(self._rows(0, ""))

    def tell(self, n_done: int, status: str = "") -> None:
        """Report the number of steps done; ``status`` is the score so far."""
        if not (self._is_live() and self.display.show(self._rows(n_done, status))):
            is_due = n_done * self.n_lines // self.total > (n_done - 1) * self.n_lines // self.total
            if is_due:
                _print(self._line(n_done, status))

    def close(self) -> None:
        """End the display if it shows nothing else."""
        if not self.levels:
            self.display.close()

    def _is_live(self) -> bool:
        console = rich.get_console()
        has_screen = console.is_jupyter or (console.is_terminal and not console.is_dumb_terminal)
        is_worker = current_process().name != "MainProcess"
        return has_screen and not (is_worker or self.at_once)

    def _rows(self, n_done: int, status: str) -> list[tuple[str, float, str]]:
        """Return the text, the share that is done and a remark for each level."""
        share = n_done / self.total
        left = _time_left(self.started, share)
        rows = [(self._step(n_done), share, ", ".join(filter(None, (status, left))))]
        for level in reversed(self.levels):
            share = level.share(share)
            rows.insert(0, (level.text, share, _time_left(level.loop.started, share)))
        return rows

    def _line(self, n_done: int, status: str) -> str:
        rows = self._rows(n_done, status)
        parts = [rows[-1][2]]
        if self.levels and not self.at_once and rows[0][2]:
            parts.append(f"{rows[0][2]} in all")
        return f"{', '.join(text for text, *_ in rows)}: {', '.join(parts)}"

    def _step(self, n_done: int) -> str:
        return f"{self.name} {self.unit} {n_done}/{self.total}"


class Display:
    """A live display of rich with a row for each level. Its failures never end a fit."""

    def __init__(self) -> None:
        self._bars: Progress | None = None
        self._is_broken = False

    def __reduce__(self) -> tuple[type[Display], tuple[()]]:
        return Display, ()  # a worker cannot reach the screen

    def show(self, rows: list[tuple[str, float, str]]) -> bool:
        """Show texts, shares and remarks; return whether this was possible."""
        if self._is_broken:
            return False
        try:
            bars = self._start()
            for depth, (text, share, remark) in enumerate(rows):
                if depth == len(bars.task_ids):
                    bars.add_task("", total=1.0, remark="")
                text = "  " * depth + text
                bars.update(
                    bars.task_ids[depth],
                    description=text,
                    completed=share,
                    remark=remark,
                    visible=True,
                )
            for task in bars.task_ids[len(rows) :]:
                bars.update(task, visible=False)
        except Exception:  # such as rich's LiveError, if the user has a display already
            self.close()
            self._is_broken = True
        return not self._is_broken

    def close(self) -> None:
        """Stop, and leave the last state on the screen."""
        bars, self._bars = self._bars, None
        if bars is not None:
            with suppress(Exception):
                bars.stop()

    def _start(self) -> Progress:
        if self._bars is None:
            text, remark = (
                TextColumn(column, markup=False)
                for column in ("{task.description}", "{task.fields[remark]}")
            )
            bars = Progress(text, BarColumn(), remark, console=rich.get_console())
            bars.start()
            self._bars = bars
        return self._bars


def _print(line: str) -> None:
    with suppress(Exception):  # such as a closed pipe
        # rich writes at once, and above a live display that the user may have.
        rich.get_console().print(line, markup=False, highlight=False, soft_wrap=True)


def _time_left(started: float, share: float) -> str:
    """Return the time left if the rest is as fast as before; '' if nothing is known."""
    passed = perf_counter() - started
    if share >= 1:
        return f"took {_duration(passed)}"
    return f"{_duration(passed * (1 - share) / share)} left" if share > 0 else ""


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
