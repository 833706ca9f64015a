"""`gnomon.descent.adamw` as compiled loops: those of Adam, with the decay taken off the parameters."""

from __future__ import annotations

from typing import Any

from gnomon.descent import adamw as reference
from gnomon.descent.adam import AdamState, Variant
from gnomon.kernels.descent import adam
from gnomon.kernels.descent.elementwise import elementwise

__all__ = ["AdamState", "Variant", "endpoints", "init", "step", "trajectory"]


def constants(number: Any, *, lr: float, weight_decay: float, **others: Any) -> adam.Constants:
    """Return those of Adam without decay, with x·(1 - lr·λ) for x."""
    return adam.constants(number, lr=lr, weight_decay=0.0, shrink=1 - lr * weight_decay, **others)


init, step, trajectory, endpoints = elementwise(reference, constants, adam.entry, adam.at_step)
