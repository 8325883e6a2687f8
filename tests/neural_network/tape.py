"""A recorder of training steps for the CPU, which imitates CUDA graphs.

As with CUDA graphs, a step changes nothing while it is recorded. A replay runs the same operations
on the same memory. It is an error to read a value from the device during a recording.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from skquickdraw._draws import own_generator

WAITING = {"_local_scalar_dense", "item", "nonzero", "is_nonzero", "equal"}
# Batch norms write to their running mean and variance, arguments 3 and 4, but their schemas do not
# say so.
WRITTEN_IN_SECRET = {"native_batch_norm": (3, 4), "cudnn_batch_norm": (3, 4)}


class TapeRecorder:
    """Takes the place of ``CudaRecorder``; ``tapes`` lists its recordings."""

    def __init__(self) -> None:
        self.tapes: list[Tape] = []

    def __enter__(self) -> TapeRecorder:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def record(self, step: Callable[[], None]) -> Tape:
        tape = Tape()
        generator = own_generator(torch.zeros(0)) or torch.default_generator
        state = generator.get_state()
        try:
            with tape:
                step()
        finally:
            tape.undo()
            generator.set_state(state)
        self.tapes.append(tape)
        return tape


class Tape(TorchDispatchMode):
    """The operations of a step, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, Any, Any, list[torch.Tensor]]] = []
        self.made: set[int] = set()  # storages that were allocated during the recording
        self.before: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.n_played = 0
        self.is_reset = False

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None):
        name = function.overloadpacket.__name__
        if name in WAITING:
            raise RuntimeError(f"{name} waits for the device while a step is recorded")
        kwargs = kwargs or {}
        for tensor in written_tensors(function, args, kwargs):
            if storage_of(tensor) not in self.made:
                self.before.append((tensor, tensor.clone()))
        given = {storage_of(tensor) for tensor in tensors_in((args, kwargs))}
        returned = function(*args, **kwargs)
        outputs = tensors_in(returned)
        self.made |= {storage_of(tensor) for tensor in outputs} - given
        is_view = function.is_view or (
            outputs
            and not function._schema.is_mutable
            and all(storage_of(tensor) in given for tensor in outputs)
        )
        if not is_view:
            fresh = [tensor for tensor in outputs if storage_of(tensor) not in given]
            self.calls.append((function, args, kwargs, fresh))
        return returned

    @torch.no_grad()
    def undo(self) -> None:
        for tensor, value in reversed(self.before):
            tensor.copy_(value)
        self.before = []

    @torch.no_grad()
    def replay(self) -> None:
        self.n_played += 1
        for function, args, kwargs, fresh in self.calls:
            given = {storage_of(tensor) for tensor in tensors_in((args, kwargs))}
            returned = tensors_in(function(*args, **kwargs))
            values = [tensor for tensor in returned if storage_of(tensor) not in given]
            for tensor, value in zip(fresh, values, strict=True):
                tensor.copy_(value)

    def reset(self) -> None:
        self.is_reset = True
        self.calls = []


def written_tensors(function: Any, args: Any, kwargs: Any) -> list[torch.Tensor]:
    """Return the arguments that a call writes to."""
    schema = function._schema.arguments
    given = {argument.name: value for argument, value in zip(schema, args, strict=False)} | kwargs
    written = [
        given.get(argument.name)
        for argument in schema
        if argument.alias_info is not None and argument.alias_info.is_write
    ]
    secret = WRITTEN_IN_SECRET.get(function.overloadpacket.__name__, ())
    return tensors_in([*written, *(args[i] for i in secret)])


def tensors_in(values: Any) -> list[torch.Tensor]:
    return [value for value in tree_iter(values) if isinstance(value, torch.Tensor)]


def storage_of(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata
