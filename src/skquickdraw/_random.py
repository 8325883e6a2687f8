"""Seeds: every draw comes from the caller's ``random_state``, never from a global generator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sklearn.utils import check_random_state

if TYPE_CHECKING:
    import torch

MAX_SEED = 2**31 - 1


def draw_seed(random_state: Any) -> int:
    """Return one integer seed drawn from an int, a ``RandomState`` or None."""
    return int(check_random_state(random_state).randint(MAX_SEED))


def make_generator(seed: int, device: Any = "cpu") -> torch.Generator:
    """Return a torch generator of its own on the device."""
    import torch

    return torch.Generator(device=device).manual_seed(seed)


@contextmanager
def isolated_torch_rng(seed: int, device: Any = "cpu") -> Iterator[None]:
    """Seed torch's global generators inside the block, and put their states back afterwards.

    Weight initialisation and dropout can only draw from the global generators.
    """
    import torch

    device = torch.device(device)
    accelerators = [] if device.type == "cpu" else [device]
    device_type = "cuda" if device.type == "cpu" else device.type
    with torch.random.fork_rng(devices=accelerators, device_type=device_type):
        torch.manual_seed(seed)
        yield
