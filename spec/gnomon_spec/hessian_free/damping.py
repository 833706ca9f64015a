"""How well the model predicted, and what that makes of the damping."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.hessian_free import damping as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.facts import Fact, equal, identical
from gnomon_spec.hessian_free.definition import system
from gnomon_spec.strategies import CODES, SMALL_CODES, VECTORS, count
from gnomon_spec.system import WITH_ROOM, Misfits


def scalar(*simple: float, signed: bool = True) -> Quantity:
    """A number of the dtype, shape (): one of the simple ones, or ±(1 + fraction)·2^e with e from -3 to 3."""

    def draw_scalar(draw: Draw, context: Context) -> Any:
        small, code = draw(SMALL_CODES), draw(CODES)
        sign = -1.0 if signed and code % 2 else 1.0
        any_number = sign * (1 + code // 16 % 997 / 997) * 2.0 ** (code // 2 % 7 - 3)
        return np.asarray(simple[small % len(simple)] if simple and small < 24 else any_number, context.dtype)

    listed = ", ".join(f"{x:g}" for x in simple)
    return Quantity(draw_scalar, f"number: {listed}{', or ' * bool(simple)}from 2^-3 to 2^4 in size")


changes = Cases(
    {
        "before": scalar(1.0, 0.0, 2.0),
        "after": scalar(0.5, 0.0, 1.0),
        "predicted": scalar(-1.0, 1.0),
        "variant": choice("martens", "code"),
    },
    VECTORS,
)
updates = Cases(
    {
        "damping": scalar(1.0, 0.0, signed=False),
        "ratio": scalar(1.0, 0.25, 0.75, 0.0, np.nan, -np.inf, 0.5, -1.0, np.inf),
        "variant": choice("martens", "code"),
        "low": choice(0.25, 0.0, 0.375),
        "high": choice(0.75, 0.5, 1.0),
        "grow": choice(1.5, 2.0, 1.0),
        "shrink": choice(2 / 3, 0.5, 1.0),
    },
    VECTORS,
)
largest = Quantity(
    lambda draw, c: c.dtype.type(float(np.finfo(c.dtype).max) * (1.0, 0.75, 0.875)[draw(SMALL_CODES) % 3]),
    "1, 0.75 or 0.875 times the largest number of the dtype",
)

reduction_ratio = system.operation(reference.reduction_ratio, cases=changes, dtypes=WITH_ROOM)
updated_damping = system.operation(reference.updated_damping, cases=updates, dtypes=WITH_ROOM)


@reduction_ratio.law(
    "closed form", cases=changes.but(fraction=scalar(1.0, 0.25, 0.0, signed=False), fall=scalar(1.0, signed=False))
)
def it_is_the_share_of_the_prediction_that_came_true(port: Any, case: Case) -> Iterable[Fact]:
    """If the loss fell by a share of what was predicted, ρ is that share."""
    after = case.before - case.fraction * case.fall
    yield equal("ratio", port.reduction_ratio(case.before, after, -case.fall, **case.hyper), case.fraction)


@reduction_ratio.law("invariance", cases=changes.but(power=count(1, 3, low=-20, high=20)))
def the_scale_of_the_loss_cancels(port: Any, case: Case) -> Iterable[Fact]:
    """Losses and prediction times 2ᵏ give the same ρ, bit for bit."""
    scale = 2.0**case.power
    found = port.reduction_ratio(case.before, case.after, case.predicted, **case.hyper)
    scaled = port.reduction_ratio(case.before * scale, case.after * scale, case.predicted * scale, **case.hyper)
    yield identical("ratio", scaled, found)


@reduction_ratio.law("closed form", cases=changes.but(rise=scalar(1.0, signed=False)))
def where_it_is_no_quotient_it_is_known(port: Any, case: Case) -> Iterable[Fact]:
    """In "martens" ρ is -∞ if the loss rose, whatever was predicted, and also if it fell to -∞, which is no success; in
    "code" NaN there, and positive where a rise was predicted. If nothing changed and no change was predicted, ρ is
    NaN."""
    code, before, predicted = case.variant == "code", case.before, case.predicted
    for label, after, change, expected in (
        ("rose", before + case.rise, abs(predicted), case.rise / abs(predicted) if code else -np.inf),
        ("rose to infinity", before + np.inf, predicted, np.inf / predicted if code else -np.inf),
        ("fell to -∞", before - np.inf, predicted, np.nan if code else -np.inf),
        ("stayed", before, 0 * predicted, np.nan),
    ):
        yield equal(label, port.reduction_ratio(before, after, change, **case.hyper), expected)


@updated_damping.law("closed form", cases=updates)
def the_table_of_levenberg_and_marquardt(port: Any, case: Case) -> Iterable[Fact]:
    """λ·`grow` below `low`, λ from `low` to `high` with both ends, λ·`shrink` above `high`, and NaN by the variant."""
    number = case.damping.dtype.type
    bad, fair, good = case.damping * case.grow, case.damping, case.damping * case.shrink
    near = 2.0**-9
    for label, ratio, expected in (
        ("ρ = -∞", -np.inf, bad),
        ("ρ < low", case.low - near, bad),
        ("ρ = low", case.low, fair),
        ("low < ρ < high", (case.low + case.high) / 2, fair),
        ("ρ = high", case.high, fair),
        ("ρ > high", case.high + near, good),
        ("ρ = ∞", np.inf, good),
        ("ρ = NaN", np.nan, bad if case.variant == "martens" else fair),
    ):
        yield equal(label, port.updated_damping(case.damping, number(ratio), **case.hyper), expected)


@updated_damping.law("closed form", cases=updates.but(low=0.25, high=0.75, grow=1.5, shrink=2 / 3))
def by_default_it_grows_by_half_and_shrinks_by_a_third(port: Any, case: Case) -> Iterable[Fact]:
    """Without thresholds and factors they are 1/4, 3/4, 3/2 and 2/3."""
    for ratio, factor in ((0.25 - 2.0**-9, 3), (0.25, 2), (0.75, 2), (0.75 + 2.0**-9, 4 / 3)):
        found = port.updated_damping(case.damping, case.damping.dtype.type(ratio), variant=case.variant)
        yield equal(f"ρ = {ratio:g}", found, case.damping * factor / 2)


@updated_damping.law("equivariance", cases=updates.but(power=count(1, 3, low=-20, high=20)))
def dampings_scale(port: Any, case: Case) -> Iterable[Fact]:
    """λ times 2ᵏ becomes 2ᵏ times what λ becomes, bit for bit: there is no least and no largest damping."""
    found = port.updated_damping(case.damping, case.ratio, **case.hyper)
    scaled = port.updated_damping(case.damping * 2.0**case.power, case.ratio, **case.hyper)
    yield identical("damping", scaled, found * 2.0**case.power)


@updated_damping.law("bound", cases=updates.but(damping=largest, grow=choice(1.5, 2.0)))
def a_damping_that_cannot_grow_stays(port: Any, case: Case) -> Iterable[Fact]:
    """Where λ·`grow` would leave the range of the dtype λ stays, bit for bit."""
    bad = case.damping.dtype.type(-1)
    yield identical("damping", port.updated_damping(case.damping, bad, **case.hyper), case.damping)


@updated_damping.misfits(cases=updates)
def thresholds_out_of_order_are_rejected(case: Case) -> Misfits:
    """`low` above `high` is rejected."""
    return {"low > high": {"low": 2.0}}


QUOTIENT, ROSE = "np.divide(change, predicted)", '(variant == "martens" and change > 0)'
reduction_ratio.edits(f"""
ratio_of_a_rise_is_not_minus_infinity: In "martens" ρ is a quotient even if the loss rose: positive where the model
    rose, too
    `{ROSE}` → `False`
ratio_of_a_rise_is_minus_infinity_in_the_code: In "code", too, ρ is -∞ if the loss rose
    `` → `variant = "martens"`
a_rise_to_infinity_is_no_number: In "martens" a loss that rose to infinity gives NaN and not -∞
    `` → `if variant == "martens" and after == np.inf:\n    return after * np.nan`
ratio_upside_down: The prediction is divided by the change of the loss
    `{QUOTIENT}` → `np.divide(predicted, change)`
prediction_counts_as_a_fall: The prediction is taken by its size, as if it always were a fall
    `{QUOTIENT}` → `np.divide(change, -np.abs(predicted))`
ratio_of_the_wrong_sign: The loss afterwards is taken off that before: a fall of both is negative
    `{QUOTIENT}` → `np.divide(-change, predicted)`
prediction_of_nothing_is_padded: A small number is taken off the prediction, so that nothing over nothing is 0 and not
    NaN
    `{QUOTIENT}` → `np.divide(change, predicted - 1e-30)`
ratio_in_units_of_the_loss: The change of the loss is relative to the loss, that of the model is not
    `{QUOTIENT}` → `np.divide(change / np.abs(before), predicted)`
loss_of_minus_infinity_is_a_success: A loss of -∞ afterwards makes a quotient: a ρ of ∞ if a fall was predicted
    `after == -np.inf or ` → ``
""")

updated_damping.edits("""
damping_grows_at_a_quarter: λ grows at ρ = 1/4 itself, too: <= for <
    `ratio < low` → `ratio <= low`
damping_shrinks_at_three_quarters: λ shrinks at ρ = 3/4 itself, too: >= for >
    `ratio > high` → `ratio >= high`
damping_updated_the_wrong_way_round: λ shrinks where the model was bad and grows where it was good
    `` → `grow, shrink = shrink, grow`
factors_of_two: λ is doubled and halved, whatever the factors are
    `` → `grow, shrink = 2, 1 / 2`
factors_of_the_damping_are_fixed: The factors are 3/2 and 2/3, whatever was asked for
    `` → `grow, shrink = GROW, SHRINK`
thresholds_of_the_damping_are_fixed: The thresholds are 1/4 and 3/4, whatever was asked for
    `` → `low, high = LOW, HIGH`
factor_of_two_thirds_cut_short: λ shrinks by 0.66 for 2/3, so that what grew and shrank is less than it was
    `damping * shrink` → `damping * (0.66 if shrink == SHRINK else shrink)`
damping_ignores_a_bad_number: In "martens" a ρ of NaN leaves λ as it is
    `variant == "martens"` → `False`
damping_fears_a_bad_number: In "code" a ρ of NaN lets λ grow
    `variant == "martens"` → `True`
damping_only_grows_for_negative_ratios: λ grows only if ρ < 0
    `ratio < low` → `ratio < 0`
damping_is_kept_in_bounds: λ is kept between 1/1000 and 100
    `damping * grow` → `np.minimum(damping * grow, 100)`, `damping * shrink` → `np.maximum(damping * shrink, 1e-3)`
damping_becomes_infinite: λ grows beyond the range of the dtype
    `grown if np.isfinite(grown) else damping` → `grown`
""")
