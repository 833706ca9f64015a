"""When conjugate gradients have stopped to pay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.hessian_free import progress as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.facts import Fact, agree
from gnomon_spec.hessian_free.definition import system
from gnomon_spec.strategies import CODES, VECTORS, count, number
from gnomon_spec.system import WITH_ROOM

iterations = Cases(
    {"iteration": count(1, 100, 101, 110, 115, 200, 10, high=2000), "variant": choice("code", "martens")}, VECTORS
)


def falling() -> Quantity:
    """Values m₀ … mᵢ of a model that falls, i from 0 to 40: from any m₀, by steps that shrink geometrically."""

    def draw_values(draw: Draw, context: Context) -> Any:
        length, code = 1 + draw(CODES) % 41, draw(CODES)
        ratio = (0.5, 0.75, 0.875, 0.9375, 1.0)[code % 5]
        share = (0.0, 0.25, -0.5, 0.75, -4.0, 1.25)[code // 5 % 6]
        jumps = np.random.Generator(np.random.PCG64(code // 30)).uniform(0.5, 1.5, length - 1)
        fallen = np.concatenate([[0.0], np.cumsum(jumps * ratio ** np.arange(length - 1))])
        return np.asarray(share * fallen[-1] - fallen, context.dtype)

    return Quantity(draw_values, "values m₀ … mᵢ of a model that falls, i up to 40")


sequences = Cases(
    {
        "model": falling(),
        "threshold": number(5e-4, 1e-2, 0.1, 0.01, exponents=(-11, -1)),
        "variant": choice("code", "martens"),
    },
    VECTORS,
)
geometric = sequences.but(ratio=choice(0.5, 0.75, 0.875), limit=choice(1.0, 4.0, 0.25), share=choice(0.0, -1.0, 0.5))

window = system.operation(reference.window, cases=iterations, dtypes=WITH_ROOM)
progress_has_ended = system.operation(reference.progress_has_ended, cases=sequences, dtypes=WITH_ROOM)


@window.law("closed form", cases=iterations)
def it_is_a_tenth_of_the_iterations_but_never_below_ten(port: Any, case: Case) -> Iterable[Fact]:
    """k is the integer with 10k <= i < 10k + 10 ("code") or 10k - 10 < i <= 10k ("martens"), and at least 10."""
    k, i = port.window(case.iteration, **case.hyper), case.iteration
    fits = 10 * k <= i < 10 * k + 10 if case.variant == "code" else 10 * k - 10 < i <= 10 * k
    yield agree("k", k if i > 100 else 10, k)
    yield agree("fits", fits or i <= 100, True)


@progress_has_ended.law("bound", cases=sequences.but(length=count(1, 11, 10, 5, low=1, high=11), threshold=0.5))
def nothing_ends_before_the_eleventh_iteration(port: Any, case: Case) -> Iterable[Fact]:
    """With at most eleven values, m₀ … m₁₀, progress has not ended, even if nothing at all was gained."""
    still = -np.ones(case.length, case.model.dtype)
    yield agree("ended", port.progress_has_ended(still, **case.hyper), False)


@progress_has_ended.law("closed form", cases=geometric.but(threshold=choice(5e-4, 1e-2)))
def a_geometric_model_ends_where_it_can_be_computed(port: Any, case: Case) -> Iterable[Fact]:
    """For mᵢ = c(h - 1 + qⁱ) and k = 10 it ends at the first i > 10 with q^(i-10)(1 - q¹⁰) < ε(1 - qⁱ), "martens" with
    q^(i-10)(1 - q¹⁰) < 10ε(1 - h - qⁱ) and h + q^(i-10) < 1."""
    q, h, places, martens = case.ratio, case.share, range(1, 70), case.variant == "martens"
    model = case.limit * (h - 1 + q ** np.arange(70))

    def ends(i: int) -> Any:
        gained = q ** (i - 10) * (1 - q**10)
        if martens:
            return h + q ** (i - 10) < 1 and gained < 10 * case.threshold * (1 - h - q**i)
        return gained < case.threshold * (1 - q**i)

    expected = next((i for i in places if i > 10 and ends(i)), 0)
    found = next((i for i in places if port.progress_has_ended(model[: i + 1], **case.hyper)), 0)
    yield agree("first", found, expected)


@progress_has_ended.law("invariance", cases=sequences.but(power=count(1, 3, low=-20, high=20)))
def the_scale_of_the_model_does_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """Values times 2ᵏ end where they ended."""
    found = port.progress_has_ended(case.model, **case.hyper)
    yield agree("ended", port.progress_has_ended(case.model * 2.0**case.power, **case.hyper), found)


@progress_has_ended.law("invariance", cases=sequences.but(variant="code", shift=choice(-16.0, 1.0, -4.0)))
def progress_made_does_not_depend_on_the_start(port: Any, case: Case) -> Iterable[Fact]:
    """In "code" a constant added to all values changes nothing: only differences count."""
    moved = case.model + case.shift * np.max(np.abs(case.model))
    found = port.progress_has_ended(case.model, **case.hyper)
    yield agree("ended", port.progress_has_ended(moved, **case.hyper), found)


@progress_has_ended.law("closed form", cases=sequences.but(variant="martens", length=count(12, 30, low=12, high=40)))
def a_model_above_zero_never_ends(port: Any, case: Case) -> Iterable[Fact]:
    """In "martens" nothing ends while the model of k iterations ago is not below 0, however little was gained."""
    still = 1 - np.arange(case.length, dtype=case.model.dtype) * 2.0**-20
    yield agree("ended", port.progress_has_ended(still, **case.hyper), False)


window.edits("""
window_rounded_the_other_way: i/10 is rounded up in "code" and down in "martens"
    `variant == "code"` → `variant == "martens"`
window_of_ten_for_ever: The window does not grow with the iterations
    `max(LEAST_WINDOW, iteration // 10 if variant == "code" else ceil(iteration / 10))` → `LEAST_WINDOW`
window_without_its_least: The window is a tenth of the iterations from the first one on
    `max(LEAST_WINDOW` → `max(0`
""")

progress_has_ended.edits("""
progress_measured_one_iteration_too_far_back: The gain is that of the last k + 1 iterations
    `model[i] - model[i - k]` → `model[i] - model[i - k - 1]`
progress_rule_without_the_factor: The threshold of "martens" lacks the factor k: the iteration goes on 10 times too
    strictly
    `k * threshold` → `threshold`
progress_rule_of_the_code_with_the_factor: The threshold of "code" has the factor k
    `model[0], threshold` → `model[0], k * threshold`
progress_relative_to_the_progress_made: In "martens" the gain is divided by mᵢ - m₀ and not by mᵢ: the same from a cold
    start, not from a warm one
    `gained, model[i], k` → `gained, model[i] - model[0], k`
progress_relative_to_the_value: In "code" the gain is divided by mᵢ and not by mᵢ - m₀: the same from a cold start, not
    from a warm one
    `model[i] - model[0]` → `model[i]`
sign_of_the_last_value: In "martens" the last value must be below 0, and not that of k iterations ago
    `model[i - k] < 0` → `model[i] < 0`
progress_without_looking_at_the_sign: In "martens" it is not asked whether the model was below 0
    `model[i - k] < 0` → `True`
progress_may_end_at_the_tenth_iteration: The rule is asked for k <= i and not for k < i
    `k >= i` → `k > i`
progress_against_an_absolute_threshold: The gain itself is compared with the threshold: the scale of the loss decides
    `gained / whole < threshold` → `-gained < threshold`
""")
