"""Seeds: every draw comes from the caller's ``random_state``, never from a global generator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import RLock
from typing import TYPE_CHECKING

from ._checks import check_random_state

if TYPE_CHECKING:
    import numpy as np
    import torch

MAX_SEED = 2**31 - 1

_GLOBAL_GENERATORS = RLock()


def draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """Return one integer seed drawn from an int, a ``RandomState`` or None."""
    return int(check_random_state(random_state).randint(MAX_SEED))


def make_generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a new torch generator on the device."""
    import torch

    return torch.Generator(device=device).manual_seed(seed)


@contextmanager
def sole_user_of_torch() -> Iterator[None]:
    """Wait until no other thread of this package needs torch's global settings as they are."""
    with _GLOBAL_GENERATORS:
        yield


@contextmanager
def isolated_torch_rng(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Seed torch's global generators inside the block, and restore their states afterwards.

    Weight initialisation and dropout can only draw from the global generators. Threads share these,
    so only one thread at a time may be inside.
    """
    import torch

    device = torch.device(device)
    has_own = device.type != "cpu"
    on_device = torch.get_device_module(device).device(device) if has_own else nullcontext()
    with (
        _GLOBAL_GENERATORS,
        on_device,
        torch.random.fork_rng(
            devices=[device] if has_own else [], device_type=device.type if has_own else "cuda"
        ),
    ):
        torch.default_generator.manual_seed(seed)
        if has_own:
            torch.get_device_module(device).manual_seed(seed)
        yield
