"""The target that the curvatures of the past set."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import nan
from typing import Any

import numpy as np

from gnomon.descent.homotopy import rate as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.homotopy.family import system
from gnomon_spec.descent.homotopy.quantities import any_number, exponent, rejected, series
from gnomon_spec.facts import Fact, agree, at_least, identical, rejects
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


@adaptive_target.law("equivariance", cases=histories.but(exponent=exponent))
def the_target_scales_with_the_curvatures(port: Any, case: Case) -> Iterable[Fact]:
    """Curvatures times 2ᵏ make the target 2ᵏ times as large, bit for bit."""
    scale = 2.0**case.exponent
    found = port.adaptive_target(case.history, **case.hyper)
    yield identical("target", port.adaptive_target(case.history * scale, **case.hyper), found * scale)


@adaptive_target.law("rejects", cases=histories)
def bad_histories_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """No history, a negative or NaN curvature, a q outside [0, 1] and a window of 0 are rejected."""
    bad: tuple[tuple[str, dict[str, Any]], ...] = (
        ("percentile = -0.5", {"percentile": -0.5}),
        ("percentile = 1.5", {"percentile": 1.5}),
        ("percentile = nan", {"percentile": nan}),
        ("window = 0", {"window": 0}),
    )
    yield from rejected(lambda **hyper: port.adaptive_target(case.history, **hyper), case.hyper, bad)
    first = np.arange(case.history.shape[0]) == 0
    for label, history in (
        ("empty", case.history[:0]),
        ("two dimensions", case.history[np.newaxis]),
        ("nan", np.where(first, nan, case.history)),
        ("negative", np.where(first, -1.0, case.history)),
    ):
        yield rejects(label, partial(port.adaptive_target, history, **case.hyper))


def sorted_window(history: Any, window: int) -> Any:
    """Return the curvatures of the window, ascending."""
    return np.sort(history[-window:])


@system.mistake("adaptive_target")
def interpolated_percentile(history: Any, *, percentile: float = 0.75, window: int = 1000) -> Any:
    """The percentile is interpolated between two curvatures, as numpy.percentile does."""
    reference.adaptive_target(history, percentile=percentile, window=window)
    recent = sorted_window(history, window)
    place = percentile * (recent.shape[0] - 1)
    low = int(np.floor(place))
    high = min(low + 1, recent.shape[0] - 1)
    return recent[low] + (place - low) * (recent[high] - recent[low])


@system.mistake("adaptive_target")
def index_of_one_curvature_fewer(history: Any, *, percentile: float = 0.75, window: int = 1000) -> Any:
    """The index is ⌊(k-1)·q⌋ instead of ⌊k·q⌋."""
    reference.adaptive_target(history, percentile=percentile, window=window)
    recent = sorted_window(history, window)
    return recent[int(np.floor((recent.shape[0] - 1) * percentile))]


@system.mistake("adaptive_target")
def index_rounded_up(history: Any, *, percentile: float = 0.75, window: int = 1000) -> Any:
    """The index is rounded up and not down."""
    reference.adaptive_target(history, percentile=percentile, window=window)
    recent = sorted_window(history, window)
    return recent[min(int(np.floor(recent.shape[0] * percentile)) + 1, recent.shape[0] - 1)]


@system.mistake("adaptive_target")
def whole_history_counts(history: Any, *, percentile: float = 0.75, window: int = 1000) -> Any:
    """The window is ignored: all curvatures count for ever."""
    return reference.adaptive_target(history, percentile=percentile, window=max(window, history.shape[0]))


@system.mistake("adaptive_target")
def oldest_curvatures_count(history: Any, *, percentile: float = 0.75, window: int = 1000) -> Any:
    """The window holds the first curvatures and not the last."""
    reference.adaptive_target(history, percentile=percentile, window=window)
    return reference.adaptive_target(history[:window], percentile=percentile, window=window)


@system.mistake("adaptive_target")
def curvatures_are_not_sorted(history: Any, *, percentile: float = 0.75, window: int = 1000) -> Any:
    """The curvature at the index is taken in the order of time."""
    reference.adaptive_target(history, percentile=percentile, window=window)
    recent = history[-window:]
    return recent[min(int(np.floor(recent.shape[0] * percentile)), recent.shape[0] - 1)]


@system.mistake("adaptive_target")
def sorted_downwards(history: Any, *, percentile: float = 0.75, window: int = 1000) -> Any:
    """The curvatures are sorted from the largest down."""
    reference.adaptive_target(history, percentile=percentile, window=window)
    recent = sorted_window(history, window)[::-1]
    return recent[min(int(np.floor(recent.shape[0] * percentile)), recent.shape[0] - 1)]


@system.mistake("adaptive_target")
def target_in_units_of_its_own(history: Any, *, percentile: float = 0.75, window: int = 1000) -> Any:
    """A small number is added to the target, so that it does not scale with the curvatures."""
    return reference.adaptive_target(history, percentile=percentile, window=window) + 1e-2


@system.mistake("adaptive_target")
def histories_are_not_checked(history: Any, *, percentile: float = 0.75, window: int = 1000) -> Any:
    """Whatever history, percentile and window are given is used."""
    recent = np.sort(history.reshape(-1)[-max(window, 1) :])
    size = recent.shape[0]
    share = percentile if 0 <= percentile <= 1 else 1.0
    return recent[min(int(np.floor(size * share)), size - 1)] if size else np.zeros((), history.dtype)
