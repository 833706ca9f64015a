"""Which iterates of conjugate gradients are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.hessian_free import storage_grid as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.facts import Fact, agree, rejects
from gnomon_spec.hessian_free.family import system
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


@storage_grid.law("rejects", cases=grids)
def no_iterations_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Fewer than 1 iteration, a number that is no integer, an unknown variant and a γ that does not grow are
    rejected."""
    yield rejects("max_iter = 0", lambda: port.storage_grid(0, **case.hyper))
    yield rejects("max_iter = 2.5", lambda: port.storage_grid(2.5, **case.hyper))
    yield rejects("variant", lambda: port.storage_grid(case.max_iter, variant="other"))
    yield rejects("base = 1", lambda: port.storage_grid(case.max_iter, **{**case.hyper, "base": 1.0}))


@storage_grid.law("closed form", cases=grids.but(base=1.3))
def by_default_it_grows_by_three_tenths(port: Any, case: Case) -> Iterable[Fact]:
    """Without γ it is 1.3."""
    found = port.storage_grid(case.max_iter, variant=case.variant)
    yield agree("grid", found, port.oracle.storage_grid(case.max_iter, **case.hyper))


def powers(base: float, factor: int = 1) -> list[Any]:
    """Return factor·γʲ for j = 0, 1, …, beyond every limit that is drawn."""
    return [1.0 * factor] + [factor * base**j for j in range(1, 60)]


def changed(grid: Any, max_iter: int) -> Any:
    """Return a grid as integers, ascending, each once, up to max_iter."""
    return np.array(sorted({int(i) for i in grid if i <= max_iter}), np.int64)


@system.mistake("storage_grid")
def grid_shifted_by_one(max_iter: int, *, variant: str, base: float = 1.3) -> Any:
    """The iterations are counted from 1: "code" without - 1, "martens" with it."""
    reference.storage_grid(max_iter, variant=variant, base=base)
    if variant == "code":
        return changed((np.ceil(p) for p in powers(base)), max_iter)
    return changed((int(np.ceil(p)) - 1 for p in powers(base, 5)), max_iter)


@system.mistake("storage_grid")
def grid_of_the_other_variant(max_iter: int, *, variant: str, base: float = 1.3) -> Any:
    """The two variants are taken for each other."""
    other = {"code": "martens", "martens": "code"}.get(variant, variant)
    return reference.storage_grid(max_iter, variant=other, base=base)


@system.mistake("storage_grid")
def grid_rounded_down(max_iter: int, *, variant: str, base: float = 1.3) -> Any:
    """The powers are rounded down."""
    reference.storage_grid(max_iter, variant=variant, base=base)
    if variant == "code":
        return changed((int(np.floor(p)) - 1 for p in powers(base)), max_iter)
    return changed((np.floor(p) for p in powers(base, 5)), max_iter)


@system.mistake("storage_grid")
def base_of_the_grid_is_fixed(max_iter: int, *, variant: str, base: float = 1.3) -> Any:
    """γ is 1.3, whatever was asked for."""
    reference.storage_grid(max_iter, variant=variant, base=base)
    return reference.storage_grid(max_iter, variant=variant)


@system.mistake("storage_grid")
def every_iterate_is_kept(max_iter: int, *, variant: str, base: float = 1.3) -> Any:
    """All iterations are on the grid."""
    return np.arange(reference.storage_grid(max_iter, variant=variant, base=base).size * 0 + max_iter + 1)


@system.mistake("storage_grid")
def grid_has_the_last_iteration(max_iter: int, *, variant: str, base: float = 1.3) -> Any:
    """The iteration `max_iter` is added, though the run may be longer or shorter."""
    return changed([*reference.storage_grid(max_iter, variant=variant, base=base), max_iter], max_iter)


@system.mistake("storage_grid")
def grid_is_too_coarse(max_iter: int, *, variant: str, base: float = 1.3) -> Any:
    """Every second one of the iterations is left out."""
    return reference.storage_grid(max_iter, variant=variant, base=base)[::2]


@system.mistake("storage_grid")
def arguments_of_the_grid_are_not_checked(max_iter: int, *, variant: str, base: float = 1.3) -> Any:
    """Whatever is given is used: 0 iterations, half an iteration, a variant that does not exist, a γ of 1 as 1.3."""
    known = variant if variant in reference.VARIANTS else "code"
    return reference.storage_grid(max(1, int(max_iter)), variant=known, base=base if bool(base > 1) else 1.3)
