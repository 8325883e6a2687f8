"""The progress of reading and of a timed training: a bar in a terminal, some lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from .._fitting import learns_from
from ..datasets import READ, listening
from ..distillation import DistilledClassifier
from ..ensemble import SeedEnsembleClassifier
from ..semi_supervised import NoisyStudentClassifier
from ._data import NORMALIZED
from ._messages import tell

TICK = 0.2  # seconds
PARTS = 10  # lines that are printed if there is no terminal
DOING = {READ: "reading", NORMALIZED: "finding the drawings"}
SILENT = 10  # seconds; what takes less prints no such line


class Clock:
    """Show the time that has passed while a BudgetedClassifier is fitted.

    Parameters
    ----------
    model : BudgetedClassifier
        Checked regularly for its ``plan_``, which it sets once it has measured the machine.
    minutes : float
    say : callable
        Prints a line.
    n_unlabeled : int, default=0
        Number of unlabeled images that are given to ``fit``.
    """

    def __init__(
        self,
        model: object,
        minutes: float,
        say: Callable[[str], None],
        n_unlabeled: int = 0,
    ) -> None:
        self.model = model
        self.minutes = minutes
        self.say = say
        self.n_unlabeled = n_unlabeled
        self._stop = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Clock:
        self.started = perf_counter()
        self.say(
            f"training for {as_clock(60 * self.minutes)} minutes; first, the speed of this machine "
            "is measured"
        )
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        if sys.stderr.isatty():
            self._run_bar()
        else:
            self._run_lines()

    def _run_bar(self) -> None:
        with _make_bar() as bar:
            task = bar.add_task("measuring", total=60 * self.minutes, clock="")
            is_planned = False
            while not self._stop.wait(TICK):
                passed = perf_counter() - self.started
                clock = f"{as_clock(passed)} of {as_clock(60 * self.minutes)}"
                bar.update(task, completed=passed, clock=clock)
                if not is_planned and hasattr(self.model, "plan_"):
                    is_planned = True
                    bar.update(task, description="training")
                    # Not with say: the console prints above its bar.
                    text = f"skquickdraw train: {self._plan()}"
                    bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _run_lines(self) -> None:
        is_planned, n_told = False, 0
        while not self._stop.wait(TICK):
            passed = perf_counter() - self.started
            if not is_planned and hasattr(self.model, "plan_"):
                is_planned = True
                self.say(self._plan())
            part = int(PARTS * passed / (60 * self.minutes))
            if n_told < part <= PARTS and passed > SILENT:
                self.say(f"{as_clock(passed)} of {as_clock(60 * self.minutes)}")
            n_told = max(n_told, part)

    def _plan(self) -> str:
        text = f"chosen: {describe(self.model)}"
        if self.n_unlabeled and not learns_from(getattr(self.model, "plan_", None), "X_unlabeled"):
            text += "; the time is too short for the images without labels, so raise --minutes"
        return text


@contextmanager
def show_reading(command: str, *, is_quiet: bool = False) -> Iterator[None]:
    """Show how many images have been read, and the time that is left, inside this context.

    If drawings are then found on the images, the progress of this is shown in the same way.
    """
    if is_quiet:
        yield
    elif sys.stderr.isatty():
        with _make_bar() as bar, listening(_fill(bar)):
            yield
    else:
        with listening(_tell_parts(command)):
            yield


def _fill(bar: Progress) -> Callable[[int, int, str], None]:
    started = {READ: perf_counter()}
    task = bar.add_task(DOING[READ], total=None, clock="")

    def show(n_done: int, n_files: int, done: str) -> None:
        if done not in started:
            started[done] = perf_counter()
        left = _time_left(started[done], n_done, n_files)
        clock = f"{n_done} of {n_files} images{left}"
        bar.update(task, description=DOING[done], total=n_files, completed=n_done, clock=clock)

    return show


def _tell_parts(command: str) -> Callable[[int, int, str], None]:
    started = {READ: perf_counter()}

    def show(n_done: int, n_files: int, done: str) -> None:
        if done not in started:
            started[done] = perf_counter()
        is_due = PARTS * n_done // n_files > PARTS * (n_done - 1) // n_files
        if is_due and perf_counter() - started[done] > SILENT:
            left = _time_left(started[done], n_done, n_files)
            tell(command, f"{n_done} of {n_files} images {done}{left}")

    return show


def _time_left(started: float, n_done: int, n_files: int) -> str:
    seconds = (perf_counter() - started) * (n_files - n_done) / n_done
    return f", {as_clock(seconds)} left" if n_done < n_files else ""


def _make_bar() -> Progress:
    left, right = TextColumn("{task.description}"), TextColumn("{task.fields[clock]}")
    bar = BarColumn(bar_width=30)  # leaves space for all words in 80 columns
    return Progress(left, bar, right, console=Console(stderr=True), transient=True)


def describe(model: Any) -> str:
    """Describe in a few words what is trained."""
    plan = getattr(model, "plan_", model)
    if isinstance(plan, NoisyStudentClassifier):
        teacher = describe(plan.estimator)
        return f"{teacher}; then the same again, which also learns from the unlabeled images"
    if isinstance(plan, DistilledClassifier):
        return f"{describe(plan.student)}, taught by {describe(plan.teacher)}"
    if isinstance(plan, SeedEnsembleClassifier):
        return f"a vote of {plan.n_estimators} networks, each {describe(plan.estimator)}"
    width = "" if plan.width == 1 else f" of width {plan.width:g}"
    name = f"a {type(plan).__name__}{width}"
    if isinstance(plan.max_epochs, str):
        return name
    number = f"{plan.max_epochs:.3g}"
    return f"{name}, {number} {'pass' if number == '1' else 'passes'}"


def as_clock(seconds: float) -> str:
    """Return minutes and seconds, such as '1:05'."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
