"""Which iterates of conjugate gradients are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.hessian_free import storage_grid as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.facts import Fact, agree
from gnomon_spec.hessian_free.definition import system
from gnomon_spec.strategies import VECTORS, count
from gnomon_spec.system import WITH_ROOM

grids = Cases(
    {
        "max_iter": count(1, 250, 5, 2, 3, 4, 13, 14, 30, low=1, high=3000),
        "variant": choice("code", "martens"),
        "base": choice(1.3, 1.3, 1.7, 2.5),
    },
    VECTORS,
)

storage_grid = system.operation(reference.storage_grid, cases=grids, dtypes=WITH_ROOM, length_varies=True)


@storage_grid.law("closed form", cases=grids)
def it_is_the_powers_that_fit(port: Any, case: Case) -> Iterable[Fact]:
    """⌈γʲ⌉ - 1, or ⌈5γʲ⌉, in exact integers for a γ with one decimal, each once, ascending, up to max_iter."""
    tenths = int(np.round(10 * case.base))
    powers = [(tenths**j, 10**j) for j in range(40)]
    moved = case.variant == "code"
    grid = {-(-p // q) - 1 if moved else -(-5 * p // q) for p, q in powers}
    expected = np.array(sorted(i for i in grid if i <= case.max_iter), np.int64)
    yield agree("grid", port.storage_grid(case.max_iter, **case.hyper), expected)


@storage_grid.law("bound", cases=grids)
def it_thins_out_geometrically(port: Any, case: Case) -> Iterable[Fact]:
    """Consecutive iterations grow by a factor of γ and two at most; what is kept stays logarithmic in max_iter."""
    grid = port.storage_grid(case.max_iter, **case.hyper)
    tenths = int(np.round(10 * case.base))
    short = bool(np.all(10 * (grid[1:] - 2) <= tenths * grid[:-1])) and bool(np.all(grid[1:] > grid[:-1]))
    yield agree("gaps", short, True)
    yield agree("last", len(grid) == 0 or bool(tenths * (grid[-1] + 2) > 10 * case.max_iter), True)


@storage_grid.law("invariance", cases=grids.but(more=count(0, 1, 10, high=500)))
def a_longer_run_keeps_the_same_iterates_first(port: Any, case: Case) -> Iterable[Fact]:
    """The grid of more iterations begins with the grid of fewer."""
    grid = port.storage_grid(case.max_iter, **case.hyper)
    longer = port.storage_grid(case.max_iter + case.more, **case.hyper)
    yield agree("begins", np.array_equal(longer[longer <= case.max_iter], grid), True)


@storage_grid.law("closed form", cases=grids.but(base=1.3))
def by_default_it_grows_by_three_tenths(port: Any, case: Case) -> Iterable[Fact]:
    """Without γ it is 1.3."""
    found = port.storage_grid(case.max_iter, variant=case.variant)
    yield agree("grid", found, port.oracle.storage_grid(case.max_iter, **case.hyper))


RULES, FITTING = '(0, 1, 1) if variant == "code" else (5, 5, 0)', "i for i in grid if i <= max_iter"
storage_grid.edits(f"""
grid_shifted_by_one: The iterations are counted from 1: "code" without - 1, "martens" with it
    `{RULES}` → `(1, 1, 0) if variant == "code" else (4, 5, 1)`
grid_of_the_other_variant: The two variants are taken for each other
    `variant == "code"` → `variant == "martens"`
grid_rounded_down: The powers are rounded down
    `np.ceil` → `np.floor`
base_of_the_grid_is_fixed: γ is 1.3, whatever was asked for
    `base**j` → `1.3**j`
every_iterate_is_kept: All iterations are on the grid
    `{FITTING}` → `range(max_iter + 1)`
grid_has_the_last_iteration: The iteration `max_iter` is added, though the run may be longer or shorter
    `{FITTING}` → `{{max_iter}} | {{i for i in grid if i < max_iter}}`
grid_is_too_coarse: Every second one of the iterations is left out
    `np.int64)` → `np.int64)[::2]`
""")
