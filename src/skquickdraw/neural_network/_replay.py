"""Steps that a GPU records once and replays: a CUDA graph for each size of batch.

A step of a small network is hundreds of short kernels, and Python needs longer to launch them than
a GPU to run them. A recording launches all at once. It reads and writes the same memory each time:
weights, the optimizer's state, the average, the sum of losses, and the buffers for the next batch
and rate. Batches are drawn, gathered and augmented outside, while the GPU works on the step before.

A recording never changes: Python numbers are frozen at their values. So only code of this package
is recorded; a user's network, loss or optimizer is called in each step.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import torch
from torch import Tensor

from .._draws import is_ours
from ._batches import Batch
from ._net import ImageNeuralNet
from ._step import TrainingStep

# Steps of one batch size before one is recorded: libraries choose their kernels in the first ones.
N_WARM_UP = 3
FEWEST_STEPS = 64  # of a training for which recording pays
SWITCH = "SKQUICKDRAW_NO_REPLAY"  # an environment variable that turns recording off, for debugging

Signature = tuple[tuple[torch.Size, torch.dtype], ...]  # of the tensors of a batch


class Recording(Protocol):
    """Something that can be replayed."""

    def replay(self) -> None: ...
    def reset(self) -> None: ...


class Recorder(Protocol):
    """Makes recordings; a context manager around a whole training."""

    def __enter__(self) -> Recorder: ...
    def __exit__(self, *error: object) -> None: ...
    def record(self, step: Callable[[], None]) -> Recording:
        """Record what ``step`` launches on the device, without running it."""
        ...


@dataclass
class Slot:
    """The state of one size of batch."""

    n_steps: int = 0
    buffers: Batch | None = None
    recording: Recording | None = None


class ReplayedStep(TrainingStep):
    """Run the first steps normally, record one, and replay it from then on.

    If recording fails, all steps run normally, with a warning.
    """

    def __init__(self, net: ImageNeuralNet, recorder: Recorder) -> None:
        super().__init__(net)
        self.recorder = recorder
        self.slots: dict[Signature, Slot] = {}
        self.is_given_up = False
        self.rates = [self.number() for _ in net.optimizer_.param_groups]
        self.open = ExitStack()

    def __enter__(self) -> ReplayedStep:
        self.open.enter_context(self.recorder)
        self._hold_rates()
        return self

    def __exit__(self, *error: object) -> None:
        with self.open:
            for slot in self.slots.values():
                if slot.recording is not None:
                    slot.recording.reset()
            self.slots = {}
            self._release_rates()
            super().__exit__(*error)

    def number(self) -> Tensor:
        return torch.zeros((), dtype=torch.float32, device=self.net.device)

    def begin_epoch(self) -> None:
        super().begin_epoch()
        self._hold_rates()  # a schedule may have set a plain number

    def __call__(self, batch: Batch) -> None:
        slot = self.slots.setdefault(_signature(batch), Slot())
        slot.n_steps += 1
        if slot.n_steps > N_WARM_UP and slot.recording is None and not self.is_given_up:
            self._record(slot, batch)
        if slot.recording is None:
            super().__call__(batch)
        else:
            assert slot.buffers is not None
            for buffer, tensor in zip(_tensors(slot.buffers), _tensors(batch), strict=True):
                buffer.copy_(tensor)
            slot.recording.replay()

    def _record(self, slot: Slot, batch: Batch) -> None:
        images, (targets, weights) = batch
        copied = None if weights is None else weights.clone()
        slot.buffers = (images.clone(), (targets.clone(), copied))
        buffers = slot.buffers
        optimizer = self.net.optimizer_
        optimizer.zero_grad(set_to_none=True)
        try:
            set_capturable(optimizer, True)
            slot.recording = self.recorder.record(lambda: TrainingStep.__call__(self, buffers))
        except RuntimeError as error:
            optimizer.zero_grad(set_to_none=True)  # gradients lie in the recording's memory
            self.is_given_up = True
            warnings.warn(
                "The steps of this training cannot be recorded as CUDA graphs, and are taken one "
                f"by one, which is slower: {str(error).splitlines()[0]}",
                RuntimeWarning,
                stacklevel=2,
            )
        finally:
            set_capturable(optimizer, False)  # on other devices it raises a warning

    def _hold_rates(self) -> None:
        """Let the optimizer read its rates from the device."""
        for group, rate in zip(self.net.optimizer_.param_groups, self.rates, strict=True):
            if group["lr"] is not rate:
                group["lr"] = rate.fill_(float(group["lr"]))

    def _release_rates(self) -> None:
        """Restore plain numbers, for storing the optimizer or continuing with it."""
        for group in self.net.optimizer_.param_groups:
            group["lr"] = float(group["lr"])


class CudaRecorder:
    """Records CUDA graphs.

    A whole training runs on one stream of its own: a graph cannot be recorded on the default
    stream, and autograd stays on the stream on which it first used a weight. Dropout draws from a
    copy of the device's generator, so a failed recording does not change the generator.
    """

    def __init__(self, device: torch.device) -> None:
        has_index = device.index is not None
        self.index = device.index if has_index else torch.cuda.current_device()
        self.generator = torch.cuda.default_generators[self.index]
        self.stream = side_stream(self.index)
        self.pool = torch.cuda.graph_pool_handle()
        self.open = ExitStack()

    def __enter__(self) -> CudaRecorder:
        outer = torch.cuda.current_stream(self.index)
        self.stream.wait_stream(outer)
        self.open.callback(self._leave, outer)
        self.open.enter_context(torch.cuda.stream(self.stream))
        own = self.generator.graphsafe_get_state()
        self.generator.graphsafe_set_state(own.clone_state())
        self.open.callback(self.generator.graphsafe_set_state, own)
        return self

    def __exit__(self, *error: object) -> None:
        self.open.close()

    def _leave(self, outer: torch.cuda.Stream) -> None:
        outer.wait_stream(self.stream)
        torch.cuda.synchronize(self.index)
        torch.cuda.empty_cache()  # memory of recordings cannot be used otherwise

    def record(self, step: Callable[[], None]) -> torch.cuda.CUDAGraph:
        graph = torch.cuda.CUDAGraph()
        recording = torch.cuda.graph(
            graph, pool=self.pool, stream=self.stream, capture_error_mode="thread_local"
        )
        try:
            with recording:
                step()
        except RuntimeError as error:
            self._abandon()
            cause = error.__context__  # CUDA's last error only says that something failed before
            raise cause if isinstance(cause, RuntimeError) else error from None
        return graph

    def _abandon(self) -> None:
        """End what PyTorch leaves unfinished if a recording fails (pytorch/pytorch#180395)."""
        self.generator.graphsafe_set_state(self.generator.graphsafe_get_state().clone_state())
        names = ("_cuda_endAllocateToPool", "_cuda_endAllocateCurrentStreamToPool")  # 2.6 has these
        end = next((getattr(torch._C, name) for name in names if hasattr(torch._C, name)), None)
        with suppress(RuntimeError, TypeError):  # PyTorch has ended it itself
            if end is not None:
                end(self.index, self.pool)


@cache
def side_stream(index: int) -> torch.cuda.Stream:
    """Return the stream of a device's trainings; libraries keep memory for each stream."""
    return torch.cuda.Stream(index)


def set_capturable(optimizer: torch.optim.Optimizer, is_capturable: bool) -> None:
    for group in optimizer.param_groups:
        group["capturable"] = is_capturable


def make_step(net: ImageNeuralNet, n_steps: int) -> TrainingStep:
    """Return the runner of a training's steps, recorded if that is safe and pays."""
    if n_steps < FEWEST_STEPS or not can_replay(net):
        return TrainingStep(net)
    return ReplayedStep(net, CudaRecorder(torch.device(net.device)))


def can_replay(net: ImageNeuralNet) -> bool:
    """Return whether a net is on a CUDA device and its steps call only code of this package."""
    device = torch.device(net.device)
    return (
        device.type == "cuda"
        and torch.cuda.get_allocator_backend() == "native"
        and not os.environ.get(SWITCH)
        and is_own(net)
    )


def is_own(net: ImageNeuralNet) -> bool:
    """Return whether a step calls only code of this package, and no exchange between processes."""
    is_known = net.optimizer__name in ("adamw", "muon")  # 'sgd' has no capturable step
    is_shared = "exchange" in dict(net.callbacks_)
    return not net.is_users and is_ours(net.criterion_.row_loss) and is_known and not is_shared


def _tensors(batch: Batch) -> list[Tensor]:
    images, (targets, weights) = batch
    return [images, targets] if weights is None else [images, targets, weights]


def _signature(batch: Batch) -> Signature:
    return tuple((tensor.shape, tensor.dtype) for tensor in _tensors(batch))
