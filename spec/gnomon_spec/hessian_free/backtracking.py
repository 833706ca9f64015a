"""Which iterates of conjugate gradients are kept, and which of these is taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gnomon.hessian_free import backtracking as reference
from gnomon.hessian_free.storage_grid import storage_grid as reference_of_the_grid
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.facts import Fact, agree
from gnomon_spec.hessian_free.definition import system
from gnomon_spec.strategies import CODES, SMALL_CODES, VECTORS, count
from gnomon_spec.system import WITH_ROOM

STRANGE = (np.nan, np.inf, -np.inf, -np.inf)
grids = Cases(
    {
        "max_iter": count(1, 250, 5, 2, 3, 4, 13, 14, 30, low=1, high=3000),
        "variant": choice("code", "martens"),
        "base": choice(1.3, 1.3, 1.7, 2.5),
    },
    VECTORS,
)


def losses(strange: bool = True) -> Quantity:
    """Losses (s,), s from 1 to 8: few different values, some that differ in the last digits, some not finite."""

    def entry(code: int, dtype: np.dtype[Any]) -> float:
        if strange and code % 8 == 7:
            return STRANGE[code // 8 % 4]
        near = (0, 0, 4, -4)[code // 8 % 4] * float(np.finfo(dtype).eps)
        return (1.0, 0.5, 2.0, 1.5, 0.25, -1.0)[code // 32 % 6] + near

    def draw_losses(draw: Draw, context: Context) -> Any:
        length, code = 1 + draw(SMALL_CODES) % 8, draw(CODES)
        entries = [entry(c, context.dtype) for c in draw(st.lists(CODES, min_size=length, max_size=length))]
        if code % 3:  # a valley, as conjugate gradients leave it
            order, bottom = np.argsort(np.argsort(entries, kind="stable"), kind="stable"), code // 3 % length
            entries = [1 + abs(i - bottom) / 4 + float(order[i]) / 64 for i in range(length)]
            if strange and code % 3 == 2:
                entries[code // 64 % length] = STRANGE[code // 1024 % 4]
        return np.array(entries, context.dtype)

    return Quantity(draw_losses, "losses (s,), s from 1 to 8, with ties" + (" and NaN or infinite ones" * strange))


choices = Cases({"losses": losses(), "variant": choice("code", "martens", "full")}, VECTORS)
finite = choices.but(losses=losses(strange=False))
lengths = count(1, 2, 8, low=1, high=9)

storage_grid = system.operation(reference_of_the_grid, cases=grids, dtypes=WITH_ROOM, length_varies=True)
choose_iterate = system.operation(reference.choose_iterate, cases=choices, dtypes=WITH_ROOM)


@storage_grid.law("closed form", cases=grids)
def it_is_the_powers_that_fit(port: Any, case: Case) -> Iterable[Fact]:
    """⌈γʲ⌉ - 1, or ⌈5γʲ⌉, in exact integers for a γ with one decimal, each once, ascending, up to max_iter."""
    tenths = int(np.round(10 * case.base))
    powers = [(tenths**j, 10**j) for j in range(40)]
    grid = {-(-p // q) - 1 if case.variant == "code" else -(-5 * p // q) for p, q in powers}
    expected = np.array(sorted(i for i in grid if i <= case.max_iter), np.int64)
    yield agree("grid", port.storage_grid(case.max_iter, **case.hyper), expected)


@storage_grid.law("closed form", cases=grids.but(base=1.3))
def by_default_it_grows_by_three_tenths(port: Any, case: Case) -> Iterable[Fact]:
    """Without γ it is 1.3."""
    found = port.storage_grid(case.max_iter, variant=case.variant)
    yield agree("grid", found, port.oracle.storage_grid(case.max_iter, **case.hyper))


@choose_iterate.law("bound", cases=finite)
def the_least_of_the_visited_ones_is_taken(port: Any, case: Case) -> Iterable[Fact]:
    """No visited loss is less than the one taken; what was visited are the last ones, and at least one."""
    found = port.choose_iterate(case.losses, **case.hyper)
    s = len(case.losses)
    visited = case.losses[s - min(max(found.visited, 1), s) :]
    yield agree("least", bool(case.losses[found.taken] == np.min(visited)), True)
    yield agree("visited", s - found.taken <= found.visited <= s, True)


@choose_iterate.law("closed form", cases=finite.but(length=lengths, variant=choice("code", "martens")))
def of_equal_ones_the_last_or_the_first_is_taken(port: Any, case: Case) -> Iterable[Fact]:
    """If all losses are equal, "code" takes the last iterate after one look back, "martens" and "full" the first."""
    equal_ones = np.ones(case.length, case.losses.dtype)
    code, martens, full = (port.choose_iterate(equal_ones, variant=v) for v in reference.SEARCHES)
    yield agree("code", tuple(code), (case.length - 1, min(2, case.length)))
    yield agree("martens", tuple(martens), (0, case.length))
    yield agree("full", tuple(full), (0, case.length))


@choose_iterate.law("closed form", cases=finite.but(length=lengths, bottom=count(0, 1, high=8)))
def of_a_valley_the_bottom_is_taken(port: Any, case: Case) -> Iterable[Fact]:
    """If the losses fall to one least and rise again, that is taken; a search ends one iterate before it."""
    bottom = min(case.bottom, case.length - 1)
    found = port.choose_iterate(np.abs(np.arange(case.length) - case.losses.dtype.type(bottom)), **case.hyper)
    full = case.variant == "full"
    yield agree("taken", found.taken, bottom)
    yield agree("visited", found.visited, case.length if full else min(case.length - bottom + 1, case.length))


@choose_iterate.law("invariance", cases=finite.but(power=count(1, 3, low=-20, high=20)))
def only_the_order_of_losses_counts(port: Any, case: Case) -> Iterable[Fact]:
    """Losses times 2ᵏ, or put in order and numbered, have the same iterate taken."""
    found = port.choose_iterate(case.losses, **case.hyper)
    rank = np.sum(case.losses[:, np.newaxis] > case.losses, axis=1).astype(case.losses.dtype)
    for label, same in (("scaled", case.losses * 2.0**case.power), ("numbered", rank)):
        again = port.choose_iterate(same, **case.hyper)
        yield agree(label, tuple(again), tuple(found))


@choose_iterate.law("invariance", cases=choices.but(variant=choice("code", "martens"), before=choice(-1000.0, 1000.0)))
def what_was_not_visited_does_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """Other losses in the place of those that were not visited change nothing, however low they are."""
    found = port.choose_iterate(case.losses, **case.hyper)
    unseen = np.arange(len(case.losses)) < len(case.losses) - found.visited
    again = port.choose_iterate(np.where(unseen, case.before, case.losses), **case.hyper)
    yield agree("choice", tuple(again), tuple(found))


@choose_iterate.law("invariance", cases=finite.but(bad=choice(*STRANGE)))
def a_loss_that_is_not_finite_is_passed_over(port: Any, case: Case) -> Iterable[Fact]:
    """A NaN or infinite loss after the last one costs one visit; if no loss is finite, none is taken."""
    found = port.choose_iterate(case.losses, **case.hyper)
    end = np.full(1, case.bad, case.losses.dtype)
    longer = port.choose_iterate(np.concatenate([case.losses, end]), **case.hyper)
    yield agree("choice", tuple(longer), (found.taken, found.visited + 1))
    none = port.choose_iterate(case.losses * 0 + case.bad, **case.hyper)
    yield agree("none", tuple(none), (-1, len(case.losses)))


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
TIES, GOES_ON = '(variant == "martens" and loss == least)', 'best >= 0 and variant != "full"'
choose_iterate.edits(f"""
minus_infinity_is_the_least_loss: A loss of -∞ is taken for the least
    `np.isfinite(loss)` → `loss < np.inf`
backtracking_goes_on_at_ties: In "code" equal losses do not end the search: <= for <
    `{TIES}` → `(variant != "full" and loss == least)`
backtracking_ends_at_ties: In "martens" equal losses end the search: < for <=
    `{TIES}` → `False`
last_of_equal_ones_in_full: In "full" the last of equal losses is taken
    `{TIES}` → `(variant != "code" and loss == least)`
backtracking_forwards: The search begins at the first iterate
    `reversed(range(count))` → `range(count)`
one_iterate_too_far_back: The iterate at which the loss no longer falls is taken, not the one before
    `break` → `best = i\nbreak`
a_loss_below_zero_is_not_lower: A loss is lower if its size is, as if no loss could be negative
    `loss < least or` → `np.abs(loss) < np.abs(least) or`
every_iterate_is_visited: The search does not end: the least of all losses is taken
    `{GOES_ON}` → `False`
last_iterate_whatever_its_loss: The last iterate is taken, without backtracking
    `Selection(best, visited)` → `Selection(count - 1, 1)`
losses_compared_in_few_digits: In "full" losses that differ only in the last digits tie (a package casts them to single
    precision)
    `loss < least` → `loss < least - (2.0**-20 if variant == "full" else 0)`
losses_are_the_same_within_a_tolerance: A loss is lower only if it is so by 1e-3, whatever its unit
    `loss < least or` → `loss < least - 1e-3 or`
search_ends_where_a_loss_is_not_finite: A NaN or infinite loss at the end of the list ends the search, and none is taken
    `{GOES_ON}` → `variant != "full"`
iterates_are_all_counted: All losses count as visited
    `Selection(best, visited)` → `Selection(best, count)`
""")
