"""Which of the kept iterates of conjugate gradients is taken: the loss itself decides, not its model.

Section 4.6 for "martens"; the package for "code" and "full".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Choice, Entries
from gnomon.hessian_free.variants import VARIANTS

SEARCHES = (*VARIANTS, "full")


class Selection(NamedTuple):
    """taken: index of the iterate, -1 if there is none with a finite loss. visited: how many losses were asked for."""

    taken: int
    visited: int


@checked()
def choose_iterate(
    losses: Annotated[Array, Entries(("s",), least=1)], *, variant: Annotated[str, Choice(SEARCHES)] = "martens"
) -> Selection:
    """Return which iterate to take, given the loss at each kept one, ascending in iterations.

    From the last one backwards, losses that are not finite are passed over; then "code" goes on while the loss falls
    strictly, "martens" while it does not rise; the one before the first that does not is taken. "full" looks at all of
    them and takes the first with the least loss.

    losses: shape (s,), s >= 1. Choice: iterates with a NaN or infinite loss are never taken; the package crashes on
    them.
    """
    return choose(lambda i: losses[i], losses.shape[0], variant=variant)


def choose(loss_of: Callable[[int], Any], count: int, *, variant: str) -> Selection:
    """Return the choice among `count` iterates, asking for the loss of one only when it is visited.

    loss_of: the loss at the iterate of an index, from 0 to count - 1. variant: as for `choose_iterate`.
    """
    best, least, visited = -1, np.inf, 0
    for i in range(count) if variant == "full" else reversed(range(count)):
        loss, visited = loss_of(i), visited + 1
        if np.isfinite(loss) and (loss < least or (variant == "martens" and loss == least)):
            best, least = i, loss
        elif best >= 0 and variant != "full":
            break
    return Selection(best, visited)
