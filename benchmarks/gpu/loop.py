"""The loop that one would write for a GPU by hand, step by step or recorded as a CUDA graph.

It does what a classifier does in a step: gather, augment, forward, backward, AdamW, average.
"""

from __future__ import annotations

from copy import deepcopy
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from skquickdraw.augmentation import AugmentationPolicy

N_WARM_UP = 5
DECAY = 0.999


class HandLoop:
    """Trains a network on images (n, C, H, W) and codes (n,) that lie on the device.

    Parameters
    ----------
    network : Module
    images : uint8 tensor of shape (n, C, H, W)
    codes : int64 tensor of shape (n,)
    batch_size : int
    augmentation : AugmentationPolicy or None
    is_recorded : bool
        Whether the step is a CUDA graph.
    """

    def __init__(
        self,
        network: nn.Module,
        images: Tensor,
        codes: Tensor,
        *,
        batch_size: int,
        augmentation: AugmentationPolicy | None,
        is_recorded: bool,
    ) -> None:
        self.network = network.to(images.device, memory_format=torch.channels_last).train()
        self.average = deepcopy(self.network)
        self.images, self.codes = images, codes
        self.batch_size, self.augmentation = batch_size, augmentation
        self.is_recorded = is_recorded
        self.generator = torch.Generator().manual_seed(0)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=0.003,
            weight_decay=0.05,
            fused=True,
            capturable=is_recorded,
        )
        self.graph: Any = None
        self.batch = images[:batch_size].float()
        self.targets = codes[:batch_size].clone()

    def images_per_second(self, n_steps: int) -> float:
        """Return the pace of so many steps, after warming up."""
        if self.is_recorded and self.graph is None:
            self._record()
        self._run(self._draw_rows(N_WARM_UP))
        rows = self._draw_rows(n_steps)
        synchronize(self.images.device)
        started = perf_counter()
        self._run(rows)
        return n_steps * self.batch_size / (perf_counter() - started)

    def _draw_rows(self, n_steps: int) -> Tensor:
        shape = n_steps, self.batch_size
        rows = torch.randint(len(self.images), shape, generator=self.generator)
        return rows.to(self.images.device)

    def _run(self, all_rows: Tensor) -> None:
        for rows in all_rows:
            batch = self.images[rows].float()
            if self.augmentation is not None:
                batch = self.augmentation(batch, self.generator)
            self.batch.copy_(batch)
            self.targets.copy_(self.codes[rows])
            if self.graph is None:
                self._step()
            else:
                self.graph.replay()
        synchronize(self.images.device)

    def _record(self) -> None:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(N_WARM_UP):
                self._step()
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self._step()

    def _step(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.batch.device.type, torch.bfloat16, cache_enabled=False):
            logits = self.network(self.batch).float()
        cross_entropy(logits, self.targets).backward()
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(floats(self.average), floats(self.network), 1 - DECAY)


def floats(network: nn.Module) -> list[Tensor]:
    """Return what an average of a network averages: weights and statistics."""
    tensors = [*network.parameters(), *network.buffers()]
    return [tensor for tensor in tensors if tensor.is_floating_point()]


def synchronize(device: torch.device) -> None:
    """Wait for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def measure_limits(device: torch.device) -> dict[str, float]:
    """Return TFLOP/s of a large product in bfloat16, and TB/s of a large copy, at their best."""
    is_cuda = device.type == "cuda"
    side, n_bytes = (8192, 2**31) if is_cuda else (512, 2**24)
    a = torch.randn(side, side, device=device, dtype=torch.bfloat16)
    source = torch.zeros(n_bytes, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    product = min(time_call(lambda: a @ a, device) for _ in range(10))
    copy = min(time_call(lambda: target.copy_(source), device) for _ in range(10))
    return {
        "tflops": round(2 * side**3 / product / 1e12, 3),
        "terabytes": round(2 * n_bytes / copy / 1e12, 3),
    }


def time_call(action: Any, device: torch.device) -> float:
    """Return the seconds of one call, with the device idle before and after it."""
    synchronize(device)
    started = perf_counter()
    action()
    synchronize(device)
    return perf_counter() - started
