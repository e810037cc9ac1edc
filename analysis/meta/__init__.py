"""A meta-analysis engine: arrays in, immutable results out.

Nothing here reads a file, draws, or knows what is being reviewed. Names are looked up
when first used, so importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "InputError": "errors",
    "pool": "pooling",
    "Fit": "pooling",
    "pool_many": "kernel",
    "Batch": "kernel",
    "PredictionInterval": "heterogeneity",
    "small_k_policy": "small_k",
    "SMALL_K_TABLE": "small_k",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOME)
