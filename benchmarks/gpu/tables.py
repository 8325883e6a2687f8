"""The tables of a run on a GPU."""

from __future__ import annotations

from typing import Any

from _tables import table

GPU = """
## On a GPU

Rates are images per second in training, from images that lie on the device, in bfloat16 and with
light augmentation. *By hand* is a plain loop, and *recorded* the same loop as a CUDA graph.
TFLOP/s count convolutions and matrix products. Made by `make bench-gpu`.
"""


def render_gpu(result: dict[str, Any]) -> str:
    """Return all tables that there are results for."""
    card = result["card"]
    parts = [
        f"\nMeasured on {result['date']} on {card['name']}, torch "
        f"{result['machine']['versions']['torch']}. In large products it reaches "
        f"{card['tflops']:g} TFLOP/s, in large copies {card['terabytes']:g} TB/s.\n"
    ]
    parts += [render(result[name]) for name, render in RENDERERS.items() if name in result]
    return "".join(parts)


def render_training(rows: list[dict[str, Any]]) -> str:
    header = ["network", "batch", "skquickdraw", "by hand", "recorded", "of recorded", "TFLOP/s"]
    header += ["first epoch later, s"]
    return table(header, [training_row(row) for row in rows])


def training_row(row: dict[str, Any]) -> list[str]:
    recorded = row.get("recorded")
    return [
        row["network"],
        str(row["batch_size"]),
        f"{row['ours']:,}",
        f"{row['by_hand']:,}",
        "-" if recorded is None else f"{recorded:,}",
        "-" if recorded is None else f"{row['ours'] / recorded:.2f}",
        f"{row['tflops']:g}",
        f"{row['first_epoch_later']:g}",
    ]


def render_prediction(found: dict[str, Any]) -> str:
    header = ["network", "predicted images a second", "one image, ms", "one as among many"]
    rows = [
        [
            name,
            f"{own['images_per_second']:,}",
            f"{own['one_image_ms']:g}",
            "yes" if own["one_as_among_many"] else "no",
        ]
        for name, own in found.items()
    ]
    return table(header, rows)


def render_small_fit(found: dict[str, float]) -> str:
    return table(["a fit of 50 images", "seconds"], [[k, f"{v:g}"] for k, v in found.items()])


def render_several(found: dict[str, float]) -> str:
    header = ["networks at once, of six", "seconds"]
    return table(header, [[n_jobs, f"{seconds:g}"] for n_jobs, seconds in found.items()])


def render_accuracy(found: dict[str, list[float]]) -> str:
    header = ["device", "accuracy of three seeds"]
    return table(header, [[k, ", ".join(f"{x:.1%}" for x in v)] for k, v in found.items()])


def render_winner(found: dict[str, Any]) -> str:
    header = ["recipe", "minutes", "balanced accuracy", "of the whole set at once"]
    scores = [found[key]["balanced_accuracy"] for key in ("scores", "transductive")]
    return table(header, [["winner", f"{found['minutes']:g}", *(f"{s:.1%}" for s in scores)]])


RENDERERS = {
    "training": render_training,
    "prediction": render_prediction,
    "small_fit": render_small_fit,
    "several": render_several,
    "accuracy": render_accuracy,
    "winner": render_winner,
}
