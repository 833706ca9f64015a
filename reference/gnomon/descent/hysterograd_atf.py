"""Accuracy per training cost, the measure by which HysteroGrad's source compares runs.

Source: the ATF script of `dingste/HysteroGrad` (January 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Like


def require_cost(given: Mapping[str, Any]) -> None:
    if not np.all(given["accuracy"] >= 0):
        raise ValueError("accuracy must be >= 0 in every entry")
    if not np.all(given["tflop"] > 0):
        raise ValueError("tflop must be > 0 in every entry")


def require_growing_cost(given: Mapping[str, Any]) -> None:
    if not np.all(increments(given["tflop"]) > 0):
        raise ValueError("tflop must grow from epoch to epoch")


@checked(require_cost)
def atf(accuracy: Array, tflop: Array) -> Array:
    """Return accuracy per training cost, ATF = accuracy/tflop, entry by entry.

    accuracy: in percent, >= 0. tflop: cumulative training cost in TFLOP (forward times 3, evaluation left out), > 0.
    One shape and one floating-point dtype.
    """
    ratio: Array = accuracy / tflop
    return ratio


@checked(require_cost, require_growing_cost)
def marginal_atf(accuracy: Annotated[Array, Entries(("epochs",))], tflop: Annotated[Array, Like("accuracy")]) -> Array:
    """Return what each epoch added, Δaccuracy/Δtflop, the first epoch counted from 0.

    Arguments as in `atf`, shape (epochs,); tflop must grow. Ours: the source speaks only of the cumulative ratio, and
    reads from it what only this one shows.
    """
    ratio: Array = increments(accuracy) / increments(tflop)
    return ratio


def increments(totals: Array) -> Array:
    """Return by how much each entry exceeds the one before it, the first counted from 0."""
    return np.concatenate([totals[:1], np.diff(totals)])
