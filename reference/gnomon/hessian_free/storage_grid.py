"""Which iterates of conjugate gradients are kept for backtracking: a grid that grows geometrically."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from gnomon.arguments import checked
from gnomon.domains import Number, PositiveInt
from gnomon.hessian_free.variants import Variant


@checked()
def storage_grid(
    max_iter: PositiveInt, *, variant: Variant = "martens", base: Annotated[float, Number(1, above=True)] = 1.3
) -> NDArray[np.int64]:
    """Return the iterations whose iterates are kept, ascending, none beyond `max_iter`; shape (s,).

    With γ = `base`, "code": ⌈γʲ⌉ - 1 for j = 0, 1, …: 0, 1, 2, 3, 4, 6, 8, 10, 13, …, with the start as its iterate 0.
    "martens": ⌈5γʲ⌉: 5, 7, 9, 11, 15, …. The last iterate is always kept in addition, whichever it is
    (`kept_iterations`).

    Choice: γʲ is taken in double precision. The package takes it in single precision, which first shows at j = 44
    (103,158 instead of 103,159).
    """
    first, factor, less = (0, 1, 1) if variant == "code" else (5, 5, 0)
    last = int(np.log(max_iter + 1) / np.log(base)) + 1
    grid = {first} | {int(np.ceil(factor * base**j)) - less for j in range(1, last + 1)}
    return np.array(sorted(i for i in grid if i <= max_iter), dtype=np.int64)


def kept_iterations(stored: Iterable[int], last: int) -> tuple[int, ...]:
    """Return which iterations conjugate gradients kept: those on the grid before the last one, and the last one."""
    return (*sorted({int(i) for i in stored if i < last}), last)
