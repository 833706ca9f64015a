"""Which of the kept iterates of conjugate gradients is taken: the loss itself decides, not its model.

Sources: Martens, ICML 2010, section 4.6 (as in the released demo) for "martens"; `ltatzel/PyTorchHessianFree`, commit
f430d81, for "code" and "full".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array, require_choice, require_floating

VARIANTS = ("code", "martens", "full")


class Choice(NamedTuple):
    """taken: index of the iterate, -1 if there is none with a finite loss. visited: how many losses were asked for."""

    taken: int
    visited: int


def choose_iterate(losses: Array, *, variant: str = "code") -> Choice:
    """Return which iterate to take, given the loss at each kept one, ascending in iterations.

    From the last one backwards, losses that are not finite are passed over; then "code" goes on while the loss falls
    strictly, "martens" while it does not rise; the one before the first that does not is taken. "full" looks at all of
    them and takes the first with the least loss.

    losses: shape (s,), s >= 1. Raises `ValueError` or `TypeError` naming the argument.
    Choice: iterates with a NaN or infinite loss are never taken; the package crashes on them.
    """
    require_floating("losses", losses)
    if losses.ndim != 1 or losses.shape[0] == 0:
        raise ValueError(f"losses must have shape (s,) with s >= 1, got {losses.shape}")
    require_choice("variant", variant, VARIANTS)
    return choose(lambda i: losses[i], losses.shape[0], variant=variant)


def choose(loss_of: Callable[[int], Any], count: int, *, variant: str) -> Choice:
    """Return the choice among `count` iterates, asking for the loss of one only when it is visited.

    loss_of: the loss at the iterate of an index, from 0 to count - 1. variant: as for `choose_iterate`.
    """
    best, least, visited = -1, np.inf, 0
    for i in range(count) if variant == "full" else reversed(range(count)):
        loss, visited = loss_of(i), visited + 1
        finite = bool(np.isfinite(loss))
        if finite and (best < 0 or loss < least or (variant == "martens" and loss == least)):
            best, least = i, loss
        elif best >= 0 and variant != "full":
            break
    return Choice(best, visited)
