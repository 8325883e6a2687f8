"""Seeds: every draw comes from the caller's ``random_state``, never from a global generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._checks import check_random_state

if TYPE_CHECKING:
    import numpy as np
    import torch

MAX_SEED = 2**31 - 1


def draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """Return one integer seed drawn from an int, a ``RandomState`` or None."""
    return int(check_random_state(random_state).randint(MAX_SEED))


def make_generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a new torch generator on the device."""
    import torch

    return torch.Generator(device=device).manual_seed(seed)
