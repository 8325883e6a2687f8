"""What a figure was measured on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

PACKAGES = ("skquickdraw", "torch", "skorch", "scikit-learn", "numpy")


def describe_machine() -> dict[str, Any]:
    """Return what decides speed: processor, cores, threads of torch, versions."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "versions": {name: installed_version(name) for name in PACKAGES},
    }


def installed_version(package: str) -> str | None:
    """Return the version; None for what only lies on the path."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def describe_moment() -> dict[str, Any]:
    """Return the day, and how busy the machine was before the measurement began."""
    return {"date": f"{datetime.now(UTC):%Y-%m-%d}", "load": round(os.getloadavg()[0], 2)}


def cpu_model() -> str:
    """Return the processor's name, with the vector and matrix units that matter for bfloat16."""
    info = Path("/proc/cpuinfo")
    if not info.is_file():
        return platform.processor() or platform.machine()
    fields = dict(
        (part.strip() for part in line.split(":", 1))
        for line in info.read_text().splitlines()
        if ":" in line
    )
    flags = fields.get("flags", "").split()
    units = [u for u in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if u in flags]
    return f"{fields.get('model name', platform.machine())} ({', '.join(units)})"
