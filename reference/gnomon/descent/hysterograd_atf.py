"""Accuracy per training cost, the measure by which HysteroGrad's source compares runs.

Source: the ATF script of `dingste/HysteroGrad` (January 2026).
"""

from __future__ import annotations

import numpy as np

from gnomon.domains import Array, require_floating, require_like


def atf(accuracy: Array, tflop: Array) -> Array:
    """Return accuracy per training cost, ATF = accuracy/tflop, entry by entry.

    accuracy: in percent, >= 0. tflop: cumulative training cost in TFLOP (forward times 3, evaluation left out), > 0.
    One shape and one floating-point dtype. Raises `ValueError` or `TypeError` naming the argument and the constraint.
    """
    require_cost(accuracy, tflop)
    ratio: Array = accuracy / tflop
    return ratio


def marginal_atf(accuracy: Array, tflop: Array) -> Array:
    """Return what each epoch added, Δaccuracy/Δtflop, the first epoch counted from 0.

    Arguments as in `atf`, shape (epochs,); tflop must grow. Ours: the source speaks only of the cumulative ratio, and
    reads from it what only this one shows.
    """
    require_cost(accuracy, tflop)
    if accuracy.ndim != 1:
        raise ValueError(f"accuracy must have shape (epochs,), got {accuracy.shape}")
    cost = np.concatenate([tflop[:1], np.diff(tflop)])
    if not np.all(cost > 0):
        raise ValueError("tflop must grow from epoch to epoch")
    ratio: Array = np.concatenate([accuracy[:1], np.diff(accuracy)]) / cost
    return ratio


def require_cost(accuracy: Array, tflop: Array) -> None:
    """Raise `ValueError` or `TypeError` unless accuracy >= 0 and tflop > 0 are arrays of one kind."""
    require_floating("accuracy", accuracy)
    require_like("tflop", tflop, accuracy, "accuracy")
    if not np.all(accuracy >= 0):
        raise ValueError("accuracy must be >= 0 in every entry")
    if not np.all(tflop > 0):
        raise ValueError("tflop must be > 0 in every entry")
