"""Code that all benchmarks share: settings, timing, the machine, files of results, and pages.

Contenders take turns, A B C A B C, and ratios are computed for each round. So a slow minute of the
machine affects all of them.
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

# Fixed values for all parameters whose defaults have changed. Each benchmark sets its passes.
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

# Figures have no background, and two versions: for light and for dark pages.
INK = {"light": "#1a1c1e", "dark": "#d6d8dc"}
LINES = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
SURFACES = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")


def make_plain(classifier, **params):
    """Return a classifier with the settings ``PLAIN``, changed by ``params``."""
    return classifier(**(PLAIN | params))


def make_labeled_sketches(n_images, n_classes):
    """Return flat sketches with arbitrary labels, for measurements of speed."""
    X, _ = make_sketches(n_images, 50, random_state=0)
    return X, np.arange(n_images) % n_classes


class Absent(SystemExit):
    """Data are missing on this machine. The benchmark stops with this message."""


def find_data(folder, name):
    """Return the path of a data file; if it is missing, stop and say how to name the folder."""
    path = folder / name
    if not path.is_file():
        raise Absent(f"{name} is not in {folder}. Name a folder by --data or SKQUICKDRAW_DATA.")
    return path


def load_drawings(folder):
    """Return the data of the competition; if missing, stop and say how to name the folder."""
    return load_competition(find_data(folder, "train.npz").parent)


class Spread(dict):
    """Median, min and max; a format specification applies to each of them."""

    def __format__(self, form):
        return "{} ({} to {})".format(*(format(self[k], form) for k in ("median", "min", "max")))


class Sample(list):
    """Numbers of several seeds. Formatted as their mean, by default with half of their range."""

    @property
    def mean(self):
        return mean(self)

    def plus_minus(self):
        """Return the standard error of the mean as a text, empty for a single number."""
        return f"{PLUS_MINUS}{stdev(self) / len(self) ** 0.5:.1f}" if len(self) > 1 else ""

    def __format__(self, form):
        if form:
            return format(self.mean, form)
        return f"{self.mean:.1f} ({(max(self) - min(self)) / 2:.1f})"


def pool(runs, scale=1):
    """Combine runs of several seeds: a ``Sample`` of each number, the first of all else."""
    if isinstance(runs[0], dict):
        shared = [key for key in runs[0] if all(key in run for run in runs)]
        return {key: pool([run[key] for run in runs], scale) for key in shared}
    return Sample(scale * n for n in runs) if isinstance(runs[0], int | float) else runs[0]


def gain(runs, others, key):
    """Return the differences of a value in percentage points, on the seeds that both have."""
    common = sorted(runs.keys() & others.keys())
    return Sample(100 * (runs[seed][key] - others[seed][key]) for seed in common)


def summarize(values):
    """Return median, smallest and largest value, to the four digits that a timing is good for."""
    values = list(values)
    figures = {"median": np.median(values), "min": min(values), "max": max(values)}
    return Spread({name: float(f"{value:.4g}") for name, value in figures.items()})


def measure_seconds(action, n_calls=1, device="cpu"):
    """Return the wall-clock seconds of a call, as the mean of ``n_calls`` in a row.

    The clock starts and stops when the device is idle.
    """
    wait = torch.cuda.synchronize if device.startswith("cuda") else (lambda: None)
    wait()
    start = perf_counter()
    for _ in range(n_calls):
        action()
    wait()
    return (perf_counter() - start) / n_calls


def take_turns(contenders, n_rounds, time=measure_seconds):
    """Return the seconds of ``n_rounds`` rounds, after one more round to warm up."""
    rounds = [[time(action) for action in contenders.values()] for _ in range(n_rounds + 1)]
    return dict(zip(contenders, np.array(rounds[1:]).T, strict=True))


def race(contenders, n_rounds, unit="rate", *, n_images=0, targets=(), time=measure_seconds):
    """Return a row for each contender: its ``rate``, in images per second, or its ``ms``.

    ``ratio`` is the value of the first contender divided by its own; ``target`` is its target.
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
    """Return what affects speed: processor, cores, threads of torch, versions."""
    return {
        "cpu": describe_cpu(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "versions": {d.name: d.version for d in distributions() if d.name in PACKAGES},
    }


def describe_cpu():
    """Return the name of the processor, and those of its units that matter for bfloat16."""
    file = Path("/proc/cpuinfo")
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    model = re.search(r"^model name\s*: (.*)", text, re.MULTILINE)
    units = [u for u in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if u in text.split()]
    return f"{model[1] if model else platform.processor()} ({', '.join(units)})"


def load(file):
    """Return the content of a file of results, or an empty dict if there is no file."""
    return json.loads(file.read_text(), object_hook=as_spread) if file.is_file() else {}


def as_spread(value):
    return Spread(value) if value.keys() == {"median", "min", "max"} else value


def save(file, result):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1, default=as_json) + "\n")


def keep(file, name, seed, row):
    """Save a row in a file of results, under its name and seed, and print it."""
    result = {"rows": {}} | load(file)
    result["rows"].setdefault(name, {})[str(seed)] = row
    save(file, result | {"machine": describe_machine()})
    print(f"{name}, seed {seed}: {json.dumps(row, default=as_json)}", flush=True)


def measure_missing(file, seed, measures):
    """Measure the rows that a file of results lacks; ``measures`` maps their names to functions."""
    known = load(file).get("rows", {})
    for name, measure in measures.items():
        if str(seed) not in known.get(name, {}):
            keep(file, name, seed, measure())


def as_json(value):
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def fill(page, values):
    """Return a page with its names in braces replaced by values, as by ``str.format``.

    A line ``@name | {key} |`` is repeated for each row of the value ``name``, and filled with that
    row. The value is a list of rows, or a dict whose keys become the ``name`` of each row.
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
    """A row in which missing values are formatted as an empty text."""

    def __missing__(self, key):
        return Blank()

    def __format__(self, form):
        return ""


def table(rows):
    """Return a Markdown table; the keys of the rows are its header. Integers look like 1,000."""
    lines = [list(rows[0]), ["---"] * len(rows[0])]
    for row in rows:
        lines.append([f"{cell:,}" if type(cell) is int else str(cell) for cell in row.values()])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number_plainly(axis, most=100):
    """Write the ticks of a logarithmic axis as plain numbers: 1, 10, 100.

    If the ends of the axis differ by a factor of at most ``most``, also 2, 5, 20 and so on.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low <= most else (1,)))
    axis.set_major_formatter("{x:,.10g}")
    axis.set_minor_formatter(NullFormatter())


def make_figure(width, height, **grid):
    """Return a figure and its axes, one or a grid of them."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(**grid)


def save_versions(draw, stem):
    """Save the figure that ``draw`` returns, as ``STEM_light.png`` and ``STEM_dark.png``."""
    import matplotlib as mpl

    for version, ink in INK.items():
        with mpl.rc_context(dict.fromkeys(LINES, ink) | dict.fromkeys(SURFACES, "none")):
            draw().savefig(stem.with_name(f"{stem.name}_{version}.png"), dpi=180)
