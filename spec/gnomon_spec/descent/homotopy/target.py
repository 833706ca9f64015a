"""The target that the curvatures of the past set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.homotopy import rate as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.symmetries import scaled
from gnomon_spec.descent.homotopy import system
from gnomon_spec.descent.homotopy.inputs import any_number, power, series
from gnomon_spec.facts import Fact, agree, at_least, identical
from gnomon_spec.strategies import CODES, SMALL_CODES, count, shapes
from gnomon_spec.system import WITH_ROOM

# With at most 12 curvatures k·q is never within 1/32 of an integer, so that rounding cannot decide the index.
PERCENTILES = choice(0.71875, 0.53125, 0.28125, 0.03125, 0.90625, 0.84375, 0.96875)


def distinct(most: int) -> Quantity:
    """Different positive numbers in any order, shape (k,), k from 1 to `most`."""

    def draw_distinct(draw: Draw, context: Context) -> Any:
        size = 1 + draw(SMALL_CODES) % most
        order = np.random.Generator(np.random.PCG64(draw(CODES))).permutation(size)
        return np.array([1 + 2.0**-3 * k for k in range(size)], context.dtype)[order]

    return Quantity(draw_distinct, f"1 to {most} different numbers from 1 to 3")


histories = Cases({"history": series(any_number, 12)}, shapes(())).but(
    percentile=PERCENTILES, window=count(1000, 3, 5, low=1, high=12)
)
unlimited = histories.but(window=1000)
adaptive_target = system.operation(reference.adaptive_target, cases=histories, dtypes=WITH_ROOM)


@adaptive_target.law("bound", cases=unlimited.but(history=distinct(12)))
def the_target_is_a_quantile(port: Any, case: Case) -> Iterable[Fact]:
    """Of k different curvatures the fraction above the target is at most 1-q and more than 1-q-1/k."""
    found = port.adaptive_target(case.history, **case.hyper)
    size = case.history.shape[0]
    above = np.sum(np.where(case.history > found, 1.0, 0.0))
    yield at_least("not more", (1 - case.percentile) * size, above)
    yield at_least("not fewer", above, (1 - case.percentile) * size - 1)
    yield agree("one of them", bool(np.any(case.history == found)), True)


@adaptive_target.law("limit", cases=unlimited)
def the_ends_are_the_extremes(port: Any, case: Case) -> Iterable[Fact]:
    """q = 0 gives the smallest curvature and q = 1 the largest."""
    for percentile, extreme in ((0.0, np.min(case.history)), (1.0, np.max(case.history))):
        yield identical(f"q = {percentile:g}", port.adaptive_target(case.history, percentile=percentile), extreme)


@adaptive_target.law("invariance", cases=histories.but(older=series(any_number, 4)))
def only_the_window_counts_and_not_its_order(port: Any, case: Case) -> Iterable[Fact]:
    """What is older than the window does not count, nor does the order within it."""
    recent = case.history[-case.window :]
    found = port.adaptive_target(recent, **case.hyper)
    yield identical("reversed", port.adaptive_target(recent[::-1], **case.hyper), found)
    longer = np.concatenate([case.older, recent])
    narrow = {**case.hyper, "window": recent.shape[0]}
    yield identical("older", port.adaptive_target(longer, **narrow), found)


adaptive_target.symmetry(
    "equivariance",
    "the_target_scales_with_the_curvatures",
    "Curvatures times 2ᵏ make the target 2ᵏ times as large, bit for bit",
    cases=histories.but(power=power),
    inputs={"history": scaled},
    outputs={"target": scaled},
    same=identical,
)


WINDOW, SORTED = "history[-window:]", "np.sort(history[-window:])"
adaptive_target.edits(f"""
interpolated_percentile: The percentile is interpolated between two curvatures, as numpy.percentile does
    `return recent[min(int(np.floor(k * percentile)), k - 1)]` → `place = (k - 1) * percentile
        low = int(np.floor(place))
        return recent[low] + (place - low) * (recent[min(low + 1, k - 1)] - recent[low])`
index_of_one_curvature_fewer: The index is ⌊(k-1)·q⌋ instead of ⌊k·q⌋
    `k * percentile` → `(k - 1) * percentile`
index_rounded_up: The index is rounded up and not down
    `np.floor(k * percentile)` → `np.floor(k * percentile) + 1`
whole_history_counts: The window is ignored: all curvatures count for ever
    `{WINDOW}` → `history`
oldest_curvatures_count: The window holds the first curvatures and not the last
    `{WINDOW}` → `history[:window]`
curvatures_are_not_sorted: The curvature at the index is taken in the order of time
    `{SORTED}` → `{WINDOW}`
sorted_downwards: The curvatures are sorted from the largest down
    `{SORTED}` → `{SORTED}[::-1]`
target_in_units_of_its_own: A small number is added to the target, so that it does not scale with the curvatures
    `{SORTED}` → `{SORTED} + 1e-2`
""")
