"""How well the model predicted, and what that makes of the damping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np

from gnomon.hessian_free import damping as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.facts import Fact, agree, equal, identical, rejects
from gnomon_spec.hessian_free.family import system
from gnomon_spec.strategies import CODES, SMALL_CODES, VECTORS, count
from gnomon_spec.system import WITH_ROOM

DEFAULTS = {"low": 1 / 4, "high": 3 / 4, "grow": 3 / 2, "shrink": 2 / 3}


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
usual = updates.but(low=0.25, high=0.75, grow=1.5, shrink=2 / 3)

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
def a_loss_that_rose_is_as_bad_as_can_be(port: Any, case: Case) -> Iterable[Fact]:
    """In "martens" ρ is -∞ if the loss rose, be it to infinity, whatever was predicted; in "code" positive if a rise
    was predicted."""
    after = case.before + case.rise
    for label, value in (("martens", after), ("to infinity", after + np.inf)):
        yield equal(label, port.reduction_ratio(case.before, value, case.predicted, variant="martens"), -np.inf)
    ratio = port.reduction_ratio(case.before, after, abs(case.predicted), variant="code")
    yield agree("sign", bool(ratio > 0), True)


@reduction_ratio.law("fixed point", cases=changes)
def nothing_over_nothing_is_no_number(port: Any, case: Case) -> Iterable[Fact]:
    """If nothing changed and no change was predicted, ρ is NaN, and the rule for NaN applies."""
    nothing = 0 * case.before
    yield equal("ratio", port.reduction_ratio(case.before, case.before, nothing, **case.hyper), np.nan)


@reduction_ratio.law("fixed point", cases=changes)
def a_loss_of_minus_infinity_is_no_success(port: Any, case: Case) -> Iterable[Fact]:
    """If the loss is -∞ afterwards ρ is -∞ in "martens" and NaN in "code", whatever was predicted."""
    fallen = case.before - np.inf
    yield equal("martens", port.reduction_ratio(case.before, fallen, case.predicted, variant="martens"), -np.inf)
    yield equal("code", port.reduction_ratio(case.before, fallen, case.predicted, variant="code"), np.nan)


@reduction_ratio.law("rejects", cases=changes)
def another_variant_of_the_ratio_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """An unknown variant is rejected."""
    numbers = case.before, case.after, case.predicted
    yield rejects("variant", lambda: port.reduction_ratio(*numbers, variant="other"))


@updated_damping.law("closed form", cases=updates)
def the_table_of_levenberg_and_marquardt(port: Any, case: Case) -> Iterable[Fact]:
    """λ·`grow` below `low`, λ from `low` to `high` with both ends, λ·`shrink` above `high`, and NaN by the variant; by
    default 1/4, 3/4, 3/2 and 2/3."""
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


@updated_damping.law("closed form", cases=usual)
def by_default_it_grows_by_half_and_shrinks_by_a_third(port: Any, case: Case) -> Iterable[Fact]:
    """Without thresholds and factors they are 1/4, 3/4, 3/2 and 2/3."""
    for ratio, factor in ((0.25 - 2.0**-9, 3), (0.25, 2), (0.75, 2), (0.75 + 2.0**-9, 4 / 3)):
        found = port.updated_damping(case.damping, case.damping.dtype.type(ratio), variant=case.variant)
        yield equal(f"ρ = {ratio:g}", found, case.damping * factor / 2)


@updated_damping.law("conservation", cases=usual.but(ratio=scalar(0.0, signed=True)))
def what_grew_and_shrank_is_what_it_was(port: Any, case: Case) -> Iterable[Fact]:
    """After one bad and one good prediction, in either order, the damping is the same again."""
    bad, good = (case.damping.dtype.type(x) for x in (0, 1))
    grown = port.updated_damping(case.damping, bad, **case.hyper)
    yield equal("grown first", port.updated_damping(grown, good, **case.hyper), case.damping)
    shrunk = port.updated_damping(case.damping, good, **case.hyper)
    yield equal("shrunk first", port.updated_damping(shrunk, bad, **case.hyper), case.damping)


@updated_damping.law("equivariance", cases=updates.but(power=count(1, 3, low=-20, high=20)))
def dampings_scale(port: Any, case: Case) -> Iterable[Fact]:
    """λ times 2ᵏ becomes 2ᵏ times what λ becomes, bit for bit: there is no least and no largest damping."""
    found = port.updated_damping(case.damping, case.ratio, **case.hyper)
    scaled = port.updated_damping(case.damping * 2.0**case.power, case.ratio, **case.hyper)
    yield identical("damping", scaled, found * 2.0**case.power)


@updated_damping.law("rejects", cases=updates.but(bad=choice(-1.0, np.nan, np.inf)))
def dampings_that_are_none_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A damping below 0, NaN or infinite, an unknown variant, thresholds below 0 or the wrong way round, a growth below
    1 and a shrinkage outside (0, 1] are rejected."""
    bad = case.damping * 0 + case.bad
    yield rejects("damping", lambda: port.updated_damping(bad, case.ratio, **case.hyper))
    for label, changed in (
        ("variant", {"variant": "other"}),
        ("low = -1", {"low": -1.0}),
        ("low > high", {"low": 2.0}),
        ("high infinite", {"high": np.inf}),
        ("grow = 1/2", {"grow": 0.5}),
        ("shrink = 0", {"shrink": 0.0}),
        ("shrink = 2", {"shrink": 2.0}),
    ):
        yield rejects(label, partial(port.updated_damping, case.damping, case.ratio, **{**case.hyper, **changed}))


def quotient(change: Any, predicted: Any) -> Any:
    """Return change/predicted without a warning."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(change, predicted)


@system.mistake("reduction_ratio")
def ratio_of_a_rise_is_not_minus_infinity(before: Any, after: Any, predicted: Any, *, variant: str) -> Any:
    """In "martens" ρ is a quotient even if the loss rose: positive where the model rose, too."""
    found = reference.reduction_ratio(before, after, predicted, variant=variant)
    return found if bool(after == -np.inf) else quotient(after - before, predicted)


@system.mistake("reduction_ratio")
def ratio_of_a_rise_is_minus_infinity_in_the_code(before: Any, after: Any, predicted: Any, *, variant: str) -> Any:
    """In "code", too, ρ is -∞ if the loss rose."""
    reference.reduction_ratio(before, after, predicted, variant=variant)
    return reference.reduction_ratio(before, after, predicted, variant="martens")


@system.mistake("reduction_ratio")
def a_rise_to_infinity_is_no_number(before: Any, after: Any, predicted: Any, *, variant: str) -> Any:
    """In "martens" a loss that rose to infinity gives NaN and not -∞."""
    found = reference.reduction_ratio(before, after, predicted, variant=variant)
    return found * np.nan if variant == "martens" and bool(after == np.inf) else found


@system.mistake("reduction_ratio")
def ratio_upside_down(before: Any, after: Any, predicted: Any, *, variant: str) -> Any:
    """The prediction is divided by the change of the loss."""
    found = reference.reduction_ratio(before, after, predicted, variant=variant)
    return found if bool(found == -np.inf) else quotient(predicted, after - before)


@system.mistake("reduction_ratio")
def ratio_of_the_wrong_sign(before: Any, after: Any, predicted: Any, *, variant: str) -> Any:
    """The loss before is taken off with the wrong sign: a fall of both is negative."""
    found = reference.reduction_ratio(before, after, predicted, variant=variant)
    return found if bool(found == -np.inf) else -found


@system.mistake("reduction_ratio")
def prediction_of_nothing_is_padded(before: Any, after: Any, predicted: Any, *, variant: str) -> Any:
    """A small number is added to the prediction, so that nothing over nothing is 0 and not NaN."""
    found = reference.reduction_ratio(before, after, predicted, variant=variant)
    return 0 * before if bool(np.isnan(found)) else found


@system.mistake("reduction_ratio")
def ratio_in_units_of_the_loss(before: Any, after: Any, predicted: Any, *, variant: str) -> Any:
    """The change of the loss is relative to the loss, that of the model is not."""
    found = reference.reduction_ratio(before, after, predicted, variant=variant)
    return found if bool(before == 0) or bool(found == -np.inf) else found / np.abs(before)


@system.mistake("reduction_ratio")
def loss_of_minus_infinity_is_a_success(before: Any, after: Any, predicted: Any, *, variant: str) -> Any:
    """A loss of -∞ afterwards makes a quotient: a ρ of ∞ if a fall was predicted."""
    if bool(after == -np.inf):
        return quotient(after - before, predicted)
    return reference.reduction_ratio(before, after, predicted, variant=variant)


@system.mistake("reduction_ratio")
def variant_of_the_ratio_is_not_checked(before: Any, after: Any, predicted: Any, *, variant: str) -> Any:
    """An unknown variant is taken for "code"."""
    known = variant if variant in reference.VARIANTS else "code"
    return reference.reduction_ratio(before, after, predicted, variant=known)


def updated(damping: Any, ratio: Any, hyper: Mapping[str, Any], *, closed: str = "", **rules: Any) -> Any:
    """Return what the reference does, with some of its rules changed."""
    reference.updated_damping(damping, ratio, **hyper)
    low, high, grow, shrink, nan = (
        rules.get(name, hyper.get(name, default)) for name, default in (*DEFAULTS.items(), ("nan", hyper["variant"]))
    )
    if bool(np.isnan(ratio)):
        return damping * grow if nan == "martens" else damping
    if bool(ratio < low) or (closed == "low" and bool(ratio == low)):
        return damping * grow
    return damping * shrink if bool(ratio > high) or (closed == "high" and bool(ratio == high)) else damping


@system.mistake("updated_damping")
def damping_grows_at_a_quarter(damping: Any, ratio: Any, **hyper: Any) -> Any:
    """λ grows at ρ = 1/4 itself, too: <= for <."""
    return updated(damping, ratio, hyper, closed="low")


@system.mistake("updated_damping")
def damping_shrinks_at_three_quarters(damping: Any, ratio: Any, **hyper: Any) -> Any:
    """λ shrinks at ρ = 3/4 itself, too: >= for >."""
    return updated(damping, ratio, hyper, closed="high")


@system.mistake("updated_damping")
def damping_updated_the_wrong_way_round(damping: Any, ratio: Any, **hyper: Any) -> Any:
    """λ shrinks where the model was bad and grows where it was good."""
    grow, shrink = (hyper.get(name, DEFAULTS[name]) for name in ("grow", "shrink"))
    return updated(damping, ratio, hyper, grow=shrink, shrink=grow)


@system.mistake("updated_damping")
def factors_of_two(damping: Any, ratio: Any, **hyper: Any) -> Any:
    """λ is doubled and halved, whatever the factors are."""
    return updated(damping, ratio, hyper, grow=2, shrink=1 / 2)


@system.mistake("updated_damping")
def factors_of_the_damping_are_fixed(damping: Any, ratio: Any, **hyper: Any) -> Any:
    """The factors are 3/2 and 2/3, whatever was asked for."""
    return updated(damping, ratio, hyper, grow=3 / 2, shrink=2 / 3)


@system.mistake("updated_damping")
def thresholds_of_the_damping_are_fixed(damping: Any, ratio: Any, **hyper: Any) -> Any:
    """The thresholds are 1/4 and 3/4, whatever was asked for."""
    return updated(damping, ratio, hyper, low=1 / 4, high=3 / 4)


@system.mistake("updated_damping")
def factor_of_two_thirds_cut_short(damping: Any, ratio: Any, **hyper: Any) -> Any:
    """λ shrinks by 0.66 for 2/3, so that what grew and shrank is less than it was."""
    shrink = hyper.get("shrink", 2 / 3)
    return updated(damping, ratio, hyper, shrink=0.66 if bool(shrink == 2 / 3) else shrink)


@system.mistake("updated_damping")
def damping_ignores_a_bad_number(damping: Any, ratio: Any, **hyper: Any) -> Any:
    """In "martens" a ρ of NaN leaves λ as it is."""
    return updated(damping, ratio, hyper, nan="code")


@system.mistake("updated_damping")
def damping_fears_a_bad_number(damping: Any, ratio: Any, **hyper: Any) -> Any:
    """In "code" a ρ of NaN lets λ grow."""
    return updated(damping, ratio, hyper, nan="martens")


@system.mistake("updated_damping")
def damping_only_grows_for_negative_ratios(damping: Any, ratio: Any, **hyper: Any) -> Any:
    """λ grows only if ρ < 0."""
    return updated(damping, ratio, hyper, low=0)


@system.mistake("updated_damping")
def damping_is_kept_in_bounds(damping: Any, ratio: Any, **hyper: Any) -> Any:
    """λ is kept between 1/1000 and 100."""
    return np.minimum(np.maximum(reference.updated_damping(damping, ratio, **hyper), 1e-3), 100)


@system.mistake("updated_damping")
def damping_is_not_checked(damping: Any, ratio: Any, **hyper: Any) -> Any:
    """Any damping, any variant, any thresholds and factors are used."""
    low, high, grow, shrink = (hyper.get(name, default) for name, default in DEFAULTS.items())
    if bool(ratio < low) or (hyper["variant"] == "martens" and bool(np.isnan(ratio))):
        return damping * grow
    return damping * shrink if bool(ratio > high) else damping
