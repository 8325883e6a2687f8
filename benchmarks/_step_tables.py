"""A training step's anatomy, and several networks at once, as Markdown."""

from __future__ import annotations

from typing import Any

from _speed_tables import rate_rows
from _tables import spread, table

STEP = """
## What a training step is made of

A step is forwards, backwards and update on a batch of 256, without augmentation, in bfloat16.

- *The machine* gives the rates of a large matrix product in bfloat16 and of a large copy, on as
  many threads. Percentages are of these.
- Arithmetic (GFLOP/s) counts convolutions and matrix products.
- Traffic (GB/s) is an estimate. It adds up the tensors that operations read and write, whether they
  are in a cache or not.
"""
ENSEMBLE = """
## Several networks at once

Rates are the images that all members together learn from in a second.

- *In processes* is `SeedEnsembleClassifier(n_jobs=...)` with as many processes as threads. Each
  network has one thread.
- *One after another*, each network has all threads.
- *Batched* is one model of stacked weights under `torch.func.vmap`. Each convolution becomes one of
  as many groups as there are members. This leaves PyTorch's default layout; the others are
  channels-last.
"""


def render_step(result: dict[str, Any]) -> str:
    best = result["attainable"]
    rows = [
        [
            name,
            spread(own["images_per_second"]),
            *(f"{own[unit]:,} ({own[unit] / best[unit]:.0%})" for unit in ("gflops", "gigabytes")),
        ]
        for name, own in result["networks"].items()
    ]
    rows.append(["the machine", "", f"{best['gflops']:,}", f"{best['gigabytes']:,}"])
    header = ["network", "images/s", "GFLOP/s", "GB/s"]
    return table(header, rows) + "".join(
        render_operations(name, own) for name, own in result["networks"].items()
    )


def render_operations(name: str, network: dict[str, Any]) -> str:
    shares = [
        f"`{key}` {share:.0%}" for key, share in network["operations"].items() if share > 0.01
    ]
    text = f"\n*{name}* spends its time in {', '.join(shares)}.\n"
    compiled = network.get("compile")
    if compiled:
        text += (
            f"\n`torch.compile` takes {compiled['first_step_seconds']:.0f} seconds for the first "
            f"step of *{name}*; later ones are {spread(compiled['speed'], '.2f')} x as fast as "
            "without it.\n"
        )
    return text


def render_ensemble(result: dict[str, Any]) -> str:
    rows = [[name, *cells[:2]] for name, cells in rate_rows(result).items()]
    header = ["", "images/s", "in processes to this"]
    intro = f"\n{result['n_members']} ResNets of width {result['width']}.\n"
    return intro + table(header, rows)
