"""What all benchmarks share: settings, timing in turns, the machine, results and pages.

Contenders take turns, A B C A B C, and ratios are formed round by round, so that a slow minute of
the machine hits all of them alike.
"""

import json
import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from statistics import mean, stdev
from string import Formatter
from time import perf_counter

import numpy as np
import torch

from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.datasets import load_competition, make_sketches

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
DATA = Path(os.environ.get("SKQUICKDRAW_DATA", ROOT / "data"))
COMPETITION = DATA / "quickdraw100"
PLUS_MINUS = "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}"  # keeps a score and its error on one line
PACKAGES = ("skquickdraw", "torch", "skorch", "scikit-learn", "numpy", "keras", "onnxruntime")

# Every parameter whose default has changed, but for the passes, which each benchmark gives.
PLAIN = {
    "stem_stride": 2,
    "weight_decay": 0.05,
    "label_smoothing": 0.1,
    "loss": "cross_entropy",
    "augmentation": None,
    "optimizer": "adamw",
    "lr": 0.003,
    "ema_decay": None,
    "n_tta": 1,
}
AFFINE = {"rotation": 15, "horizontal_flip": 0.5, "shift": 0.08}
LIGHT = AugmentationPolicy(**AFFINE, scale=0.15, shear=8)
STRONGER = AugmentationPolicy(**AFFINE, scale=0.2, shear=10, elastic=0.8, thickness=0.3)

# Figures have no background, and two versions, for light pages and for dark ones.
INK = {"light": "#1a1c1e", "dark": "#d6d8dc"}
LINES = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
SURFACES = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")


def make_plain(classifier, **params):
    """Return a classifier with the plain settings, but for ``params``."""
    return classifier(**(PLAIN | params))


def make_labeled_sketches(n_images, n_classes):
    """Return flat sketches with labels that mean nothing: only the speed is looked at."""
    X, _ = make_sketches(n_images, 50, random_state=0)
    return X, np.arange(n_images) % n_classes


class Absent(SystemExit):
    """Data are not on this machine: the message, with which a benchmark stops."""


def find_data(folder, name):
    """Return the path of a file in a folder of data, or stop and say how to name the folder."""
    path = folder / name
    if not path.is_file():
        raise Absent(f"{name} is not in {folder}. Name a folder by --data or SKQUICKDRAW_DATA.")
    return path


def load_drawings(folder):
    """Return the data of the competition, or stop and say how to name their folder."""
    return load_competition(find_data(folder, "train.npz").parent)


class Spread(dict):
    """Median, min and max; a format is that of each of them."""

    def __format__(self, form):
        return "{} ({} to {})".format(*(format(self[k], form) for k in ("median", "min", "max")))


class Sample(list):
    """Numbers of several seeds, in the format of their mean; without one, with half the range."""

    @property
    def mean(self):
        return mean(self)

    def plus_minus(self):
        """Return the standard error of the mean, where there are several."""
        return f"{PLUS_MINUS}{stdev(self) / len(self) ** 0.5:.1f}" if len(self) > 1 else ""

    def __format__(self, form):
        if form:
            return format(self.mean, form)
        return f"{self.mean:.1f} ({(max(self) - min(self)) / 2:.1f})"


def pool(runs, scale=1):
    """Return what runs of several seeds hold alike: a sample of each number, else the first."""
    if isinstance(runs[0], dict):
        shared = [key for key in runs[0] if all(key in run for run in runs)]
        return {key: pool([run[key] for run in runs], scale) for key in shared}
    return Sample(scale * n for n in runs) if isinstance(runs[0], int | float) else runs[0]


def gain(runs, others, key):
    """Return differences in percentage points, on the seeds that both have."""
    common = sorted(runs.keys() & others.keys())
    return Sample(100 * (runs[seed][key] - others[seed][key]) for seed in common)


def summarize(values):
    """Return median, smallest and largest value, to the four digits that a timing is good for."""
    values = list(values)
    figures = {"median": np.median(values), "min": min(values), "max": max(values)}
    return Spread({name: float(f"{value:.4g}") for name, value in figures.items()})


def measure_seconds(action, n_calls=1, device="cpu"):
    """Return how long a call takes, by the wall clock: the mean of so many, one after another.

    The device is idle before and after it.
    """
    wait = torch.cuda.synchronize if device.startswith("cuda") else (lambda: None)
    wait()
    start = perf_counter()
    for _ in range(n_calls):
        action()
    wait()
    return (perf_counter() - start) / n_calls


def take_turns(contenders, n_rounds, time=measure_seconds):
    """Return the seconds of ``n_rounds`` rounds; one more comes first and is dropped."""
    rounds = [[time(action) for action in contenders.values()] for _ in range(n_rounds + 1)]
    return dict(zip(contenders, np.array(rounds[1:]).T, strict=True))


def race(contenders, n_rounds, unit="rate", *, n_images=0, targets=(), time=measure_seconds):
    """Return a row for each contender: its ``rate``, images per second, or ``ms``.

    ``ratio`` is the figure of the first contender to its own, and ``target`` what this shall be.
    """
    n_of = n_images if isinstance(n_images, Mapping) else dict.fromkeys(contenders, n_images)
    figures = {
        name: n_of[name] / seconds if unit == "rate" else 1000 * seconds
        for name, seconds in take_turns(contenders, n_rounds, time).items()
    }
    first = next(iter(figures.values()))
    rows = {name: {unit: summarize(own)} for name, own in figures.items()}
    for name, own in figures.items():
        if own is not first:
            rows[name]["ratio"] = summarize(first / own)
        if name in targets:
            rows[name]["target"] = targets[name]
    return rows


def describe_moment():
    """Return the day, and how busy the machine was before the measurement began."""
    return {"date": f"{datetime.now(UTC):%Y-%m-%d}", "load": round(os.getloadavg()[0], 2)}


def describe_machine():
    """Return what decides speed: processor, cores, threads of torch, versions."""
    return {
        "cpu": describe_cpu(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "versions": {d.name: d.version for d in distributions() if d.name in PACKAGES},
    }


def describe_cpu():
    """Return the processor's name, with the vector and matrix units that matter for bfloat16."""
    file = Path("/proc/cpuinfo")
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    model = re.search(r"^model name\s*: (.*)", text, re.MULTILINE)
    units = [u for u in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if u in text.split()]
    return f"{model[1] if model else platform.processor()} ({', '.join(units)})"


def load(file):
    """Return what a file of results holds, an empty dict where there is none."""
    return json.loads(file.read_text(), object_hook=as_spread) if file.is_file() else {}


def as_spread(value):
    return Spread(value) if value.keys() == {"median", "min", "max"} else value


def save(file, result):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1, default=as_json) + "\n")


def keep(file, name, seed, row):
    """Put a row into a file of results, under its name and its seed, and show it."""
    result = {"rows": {}} | load(file)
    result["rows"].setdefault(name, {})[str(seed)] = row
    save(file, result | {"machine": describe_machine()})
    print(f"{name}, seed {seed}: {json.dumps(row, default=as_json)}", flush=True)


def measure_missing(file, seed, measures):
    """Measure the rows that a file of results lacks; ``measures`` are functions by their names."""
    known = load(file).get("rows", {})
    for name, measure in measures.items():
        if str(seed) not in known.get(name, {}):
            keep(file, name, seed, measure())


def as_json(value):
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def fill(page, values):
    """Return a page with values for its names in braces, as ``str.format`` writes them.

    A line ``@name | {key} |`` is a line for each row of the value ``name``, made of that row. It
    is a list of rows, or a dict of rows by their ``name``.
    """
    lines = []
    for line in page.read_text(encoding="utf-8").split("\n"):
        if not line.startswith("@"):
            lines.append(line.format_map(values))
            continue
        name, cells = line[1:].split(" ", 1)
        rows, _ = Formatter().get_field(name, (), values)
        if isinstance(rows, dict):
            rows = [{"name": key, **row} for key, row in rows.items()]
        lines += (cells.format_map(Blank(row)) for row in rows)
    return "\n".join(lines)


class Blank(dict):
    """What a row has not is a blank, in any format."""

    def __missing__(self, key):
        return Blank()

    def __format__(self, form):
        return ""


def table(columns, rows):
    """Return a table in Markdown whose columns are not known beforehand."""
    lines = [columns := list(columns), ["---"] * len(columns)]
    lines += [[str(row.get(name, "")) for name in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number_plainly(axis, most=100):
    """Write the ticks of a logarithmic axis as plain numbers: 1, 10, 100.

    With 2, 5, 20 and so on between them where its ends differ by a factor of ``most`` or less.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low <= most else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def make_figure(width, height, **grid):
    """Return a figure and its axes, one or a grid of them."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(**grid)


def save_versions(draw, stem):
    """Save what ``draw`` returns, a figure, as ``STEM_light.png`` and ``STEM_dark.png``."""
    import matplotlib as mpl

    for version, ink in INK.items():
        with mpl.rc_context(dict.fromkeys(LINES, ink) | dict.fromkeys(SURFACES, "none")):
            draw().savefig(stem.with_name(f"{stem.name}_{version}.png"), dpi=180)
