"""Prediction, over-sampling, fixed costs and growth as Markdown, each from its result."""

from __future__ import annotations

from typing import Any

from _tables import spread, table

PREDICTION = """
## Prediction against the bare network

All contenders predict the labels of the same images from the same weights, in float32. Rates are
images per second.

- *Bare* is the network as trained, in a loop under `torch.inference_mode`.
- *Bare, folded* has its batch normalisation folded by hand, which `predict` does by itself.

Each of them, and ONNX Runtime, has the batch size that suits it better.
"""
ONE_IMAGE = """
## One image a call

The same contenders predict a single image. `predict` gives it the same logits, to the bit, as among
other images; *bare* does not. *skquickdraw to this* divides the time of `predict` by the other's.
The first call after a fit folds the network, and tries out small batches.
"""
OVER_SAMPLING = """
## Over-sampling against other ways to make images

Rates are new images per second, from uint8 rows to uint8 rows.

- kornia changes whole batches, and SciPy image by image (one affine transform each), by the same
  ranges.
- SMOTE mixes neighbours in pixel space, which moves nothing.
- Ratios depend on the threads: SciPy uses one.
"""
OVERHEAD = """
## What does not grow
"""
GROWTH = """
## Growth

How do the time and memory of one epoch grow? Each point is a new process. The peak is of all its
memory, with code and data. The network is small, so that the package's own work for each image
shows.

- Exponents are the steepest between neighbouring points: 1 is linear growth, 0 is none. The dashed
  lines are linear.
- With two workers there are three processes: the one that started them waits.
"""
MINUTES = """
## Minutes asked for, minutes taken

Does `fit` take the minutes that it was given? `recipes.best(minutes=...)`, `fast` and `accurate`
were trained on sketches of ten classes.

- *Minutes taken* is the wall time of `fit`. It includes the measurement of the machine at the
  beginning.
- *Ratio* divides it by the minutes asked for.
- *Networks* says how many were trained, and how wide they are.
"""
GROWTH_CHART = "growth.png"  # in docs/images
NAMES = {"pictures": "images"}  # of what grows; all else goes by its name in the results


def render_prediction(result: dict[str, Any]) -> str:
    rows = [
        [name, size_of_batches(name, result), *cells] for name, cells in rate_rows(result).items()
    ]
    header = ["", "batches of", "images/s", "skquickdraw to this", "target"]
    return f"\n{result['n_images']:,} images a call.\n" + table(header, rows)


def render_one_image(result: dict[str, Any]) -> str:
    rows = []
    for name, network in result["networks"].items():
        for contender, ms in network["ms"].items():
            ratio = network["ratios"].get(contender)
            target = f"at most {result['target']:g}" if contender == "bare" else ""
            note = spread(ratio, ".2f") if ratio else ""
            rows.append([name, contender, spread(ms, ".2f"), note, target])
    first = ", ".join(f"{name} {n['first_ms']:.0f}" for name, n in result["networks"].items())
    header = ["network", "", "ms", "skquickdraw to this", "target"]
    return table(header, rows) + (
        f"\nThe first call took, in ms: {first}. The machine's load was {result['load']}. If "
        "it is above the number of cores, only the ratios mean something.\n"
    )


def size_of_batches(name: str, result: dict[str, Any]) -> str:
    return str(result["batch_sizes"].get(name, ""))


def rate_rows(result: dict[str, Any]) -> dict[str, list[str]]:
    """Return rate, ratio and target of each contender."""
    return {
        name: [spread(rate), *ratio_cells(name, result)]
        for name, rate in result["images_per_second"].items()
    }


def ratio_cells(name: str, result: dict[str, Any]) -> list[str]:
    ratio, target = result["ratios"].get(name), result["targets"].get(name)
    return [
        spread(ratio, ".2f") if ratio else "",
        f"at least {target:.2g}" if target else "",
    ]


def render_over_sampling(result: dict[str, Any]) -> str:
    rows = [[name, *cells] for name, cells in rate_rows(result).items()]
    rows += [[name, f"left out: {why}", "", ""] for name, why in result["left_out"].items()]
    made = [f"{n:,} by {name}" for name, n in result["n_made"].items()]
    of = f"{result['n_originals']:,} images"
    return f"\nNew images in a round, beside {of}: {', '.join(made)}.\n" + table(
        ["", "new images/s", "skquickdraw to this", "target"], rows
    )


def render_overhead(result: dict[str, Any]) -> str:
    return render_rounds(result) + render_imports(result) + render_fixed_costs(result)


def render_rounds(result: dict[str, Any]) -> str:
    rounds, most = result["noisy_student"], 100 * result["targets"]["noisy student"]
    shares = [
        f"{spread(in_percent(share), '.2f')} % {name}"
        for name, share in rounds["share_outside"].items()
    ]
    return (
        f"\nA noisy student spends this share of its time outside of its networks' `fit` and "
        f"`predict_proba`: {', '.join(shares)} (target: under {most:g} %). It had "
        f"{rounds['n_students']} rounds, {rounds['n_labeled']:,} labeled and "
        f"{rounds['n_unlabeled']:,} unlabeled images, and small networks of two epochs.\n"
    )


def in_percent(figures: dict[str, float]) -> dict[str, float]:
    return {name: 100 * value for name, value in figures.items()}


def render_imports(result: dict[str, Any]) -> str:
    imports, target = result["imports"], result["targets"]["import seconds"]
    seconds, ratios = imports["seconds"], imports["ratios"]
    torch = "torch too" if imports["skquickdraw_brings_torch"] else "no torch"
    first_use = "MobileNetClassifier to torch and skorch"
    rows = [
        ["`import numpy`", spread(seconds["numpy"], ".3f"), "", ""],
        [
            f"`import skquickdraw` after it ({torch})",
            spread(seconds["skquickdraw"], ".3f"),
            f"{spread(ratios['skquickdraw to numpy'], '.3f')} of numpy",
            f"under {target:g}",
        ],
        ["`import torch, skorch`", spread(seconds["torch and skorch"], ".3f"), "", ""],
        [
            "`from skquickdraw import MobileNetClassifier` after them",
            spread(seconds["MobileNetClassifier"], ".3f"),
            f"{spread(ratios[first_use], '.3f')} of them",
            "",
        ],
    ]
    return table(["in a new process", "seconds", "ratio", "target"], rows)


def render_fixed_costs(result: dict[str, Any]) -> str:
    rows = [
        [
            name,
            spread(cost["ms"], ",.2f"),
            cost["beside"],
            spread(cost["ms_beside"], ",.2f"),
            spread(cost["ratio"], ".2f"),
        ]
        for name, cost in result["fixed_costs"].items()
    ]
    sizes = result["pickle_bytes"] / 1e6, result["weights_bytes"] / 1e6
    return table(["", "ms", "beside", "its ms", "ratio"], rows) + (
        f"\nThe pickle takes {sizes[0]:.2f} MB, the weights alone {sizes[1]:.2f} MB.\n"
    )


def render_growth(result: dict[str, Any]) -> str:
    rows = [
        [
            NAMES.get(axis, axis),
            f"{point['x']:,}" if isinstance(point["x"], int) else point["x"],
            *cells(point),
        ]
        for axis, content in result["axes"].items()
        for point in content["points"]
    ]
    header = ["grows", "to", "seconds", "peak memory, GB", "beyond the data, GB"]
    chart = f"\n![Time and memory of a fit against what grows](images/{GROWTH_CHART})\n"
    return chart + render_exponents(result) + table(header, rows)


def cells(point: dict[str, Any]) -> list[str]:
    memory = [spread(point[name], ".2f") for name in ("peak_gb", "beyond_data_gb")]
    return [spread(point["seconds"], ",.2f"), *memory]


def render_exponents(result: dict[str, Any]) -> str:
    targets = result["targets"]
    rows = [
        [
            NAMES.get(axis, axis),
            f"{content['exponent']['seconds']:.2f}",
            f"{content['exponent']['peak_gb']:.2f}",
        ]
        for axis, content in result["axes"].items()
        if "exponent" in content
    ]
    most = result["axes"]["pictures"]["points"][-1]
    return table(["grows", "exponent of time", "of memory"], rows) + (
        f"\nTargets: exponents of at most {targets['exponent']:g}; {most['x']:,} images within "
        f"{targets['gigabytes']:g} GB beyond the data, which is "
        f"{most['beyond_data_gb']['median']:.2f} GB here.\n"
    )


def render_minutes(result: dict[str, Any]) -> str:
    rows = [
        [
            f"`{point['recipe']}`",
            f"{point['n_rows']:,}",
            f"{point['minutes']:g}",
            spread(point["taken"], ".2f"),
            spread(point["ratio"], ".2f"),
            "; ".join(point["trained"]),
        ]
        for point in result["points"]
    ]
    header = ["recipe", "images", "minutes asked for", "minutes taken", "ratio", "networks"]
    return table(header, rows)
