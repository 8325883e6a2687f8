"""Where a training step's time goes, and how near it comes to what the machine can do.

For the default networks: arithmetic and memory traffic of a step, per second, beside what large
matrix products and copies reach on the same threads; the operations that take the most time; and
what ``torch.compile`` changes, with ``--compile``, which takes minutes.

Arithmetic is that of convolutions and matrix products. Traffic adds up the tensors that operations
read and write, an estimate: it knows neither caches nor what an operation does inside.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from _by_hand import IMAGE_SHAPE, Recipe, parameter_groups, training_loss
from _speed_run import begin_result, keep_result, parse_options
from _timing import compare, measure_seconds, summarize, take_turns
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from skquickdraw.networks import MobileNetV2, ResNet

NETWORKS: dict[str, type[nn.Module]] = {"MobileNet": MobileNetV2, "ResNet": ResNet}
N_TIMED, N_PROFILED, N_SHOWN = 10, 5, 10
MATRIX_SIDE, COPIED_BYTES = 2048, 2**28


class TrafficCounter(TorchDispatchMode):
    """Adds up the bytes of all that operations read and write."""

    def __init__(self) -> None:
        super().__init__()
        self.n_bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if not func.is_view:
            touched = tree_leaves((args, kwargs, out))
            self.n_bytes += sum(t.nbytes for t in touched if isinstance(t, Tensor))
        return out


def main() -> None:
    options = parse_options(
        __doc__, add=lambda parser: parser.add_argument("--compile", action="store_true")
    )
    result = begin_result(options)
    recipe = Recipe(precision=torch.bfloat16)
    result["attainable"] = measure_machine(recipe.precision, options.rounds)
    result["networks"] = {
        name: measure_network(kind, recipe, options) for name, kind in NETWORKS.items()
    }
    keep_result("step", result, options)
    print_result(result)


def measure_machine(precision: torch.dtype, n_rounds: int) -> dict[str, float]:
    """Return GFLOP/s of a large matrix product and GB/s of a copy, each at its best."""
    a = torch.randn(MATRIX_SIDE, MATRIX_SIDE, dtype=precision)
    source = torch.zeros(COPIED_BYTES, dtype=torch.uint8)
    target = torch.empty_like(source)
    product = min(measure_seconds(lambda: a @ a) for _ in range(3 * n_rounds + 1))
    copy = min(measure_seconds(lambda: target.copy_(source)) for _ in range(3 * n_rounds + 1))
    return {
        "gflops": round(2 * MATRIX_SIDE**3 / product / 1e9, 1),
        "gigabytes": round(2 * COPIED_BYTES / copy / 1e9, 1),
    }


def measure_network(kind: type[nn.Module], recipe: Recipe, options: Any) -> dict[str, Any]:
    step = make_step(kind, recipe)
    step()
    seconds = [measure_seconds(step) for _ in range(N_TIMED)]
    with TrafficCounter() as traffic:
        step()
    per_step = median(seconds)
    measured = {
        "images_per_second": summarize([recipe.batch_size / s for s in seconds]),
        "gflops": round(count_operations(kind, recipe) / per_step / 1e9, 1),
        "gigabytes": round(traffic.n_bytes / per_step / 1e9, 1),
        "operations": profile_step(step),
    }
    return measured | ({"compile": time_compiled(kind, recipe)} if options.compile else {})


def make_step(
    kind: type[nn.Module], recipe: Recipe, wrap: Callable[[Any], Any] = lambda network: network
) -> Callable[[], None]:
    """Return a training step on one batch: forwards, backwards, update of the weights."""
    torch.manual_seed(0)
    network = kind(IMAGE_SHAPE, recipe.n_classes).to(memory_format=torch.channels_last)
    called = wrap(network)
    images = 255 * torch.rand(recipe.batch_size, *IMAGE_SHAPE)
    labels = torch.arange(recipe.batch_size) % recipe.n_classes
    optimizer = torch.optim.AdamW(parameter_groups(network), lr=recipe.lr, fused=True)

    def step() -> None:
        optimizer.zero_grad()
        training_loss(called, images, labels, recipe).backward()
        optimizer.step()

    return step


def count_operations(kind: type[nn.Module], recipe: Recipe) -> int:
    """Return the multiplications and additions of a step: backwards takes twice those forwards.

    The counter itself is wrong about the gradients of depthwise convolutions.
    """
    network = kind(IMAGE_SHAPE, recipe.n_classes)
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(recipe.batch_size, *IMAGE_SHAPE))
    return 3 * counter.get_total_flops()


def profile_step(step: Callable[[], None]) -> dict[str, float]:
    """Return the shares of time of the operations that take the most, without what they call."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for _ in range(N_PROFILED):
            step()
    events = profiler.key_averages()
    total = sum(event.self_cpu_time_total for event in events)
    slowest = sorted(events, key=lambda event: -event.self_cpu_time_total)[:N_SHOWN]
    return {event.key: round(event.self_cpu_time_total / total, 4) for event in slowest}


def time_compiled(kind: type[nn.Module], recipe: Recipe) -> dict[str, Any]:
    """Return what compiling takes, and how much faster a step is after it, taken in turns."""
    steps = {"eager": make_step(kind, recipe), "compiled": make_step(kind, recipe, torch.compile)}
    first = measure_seconds(steps["compiled"])
    seconds = take_turns(steps, N_TIMED)
    return {
        "first_step_seconds": round(first, 1),
        "speed": compare(seconds["eager"], seconds["compiled"]),
    }


def print_result(result: dict[str, Any]) -> None:
    best = result["attainable"]
    print(f"The machine: {best['gflops']} GFLOP/s, {best['gigabytes']} GB/s")
    for name, own in result["networks"].items():
        rate = own["images_per_second"]["median"]
        print(f"{name}: {rate:.0f} images/s, {own['gflops']} GFLOP/s, {own['gigabytes']} GB/s")
        if "compile" in own:
            print(f"  compiled: {own['compile']}")
        for operation, share in own["operations"].items():
            print(f"  {share:6.1%}  {operation}")


if __name__ == "__main__":
    main()
