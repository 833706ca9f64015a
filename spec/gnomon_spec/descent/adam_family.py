"""What Adam, AdamW and NAdam share, and what only Adam and AdamW do: laws of the moments and of the step, mistakes.

Notation: m and v the moments, m̂ and v̂ the bias-corrected ones, t the step count, fresh = both moments 0 and t = 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import adam
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.descent import elementwise
from gnomon_spec.descent.step_cases import decay, step_cases
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import count, entry_signs, fraction, nonzero, number, steps_of, tame, zeros
from gnomon_spec.system import Operation

UNITS = {
    "eps": elementwise.scaled(1),
    "state.first_moment": elementwise.scaled(1),
    "state.second_moment": elementwise.scaled(2),
}
cases = step_cases(
    adam, positive=("second_moment", "largest_second_moment"), weight_decay=decay(0.0, 0.5, 0.01, turns=True)
)
hyperparameters, _, calm, bare, fresh = cases


def declare_moment_laws(step: Operation, bare: Cases, plain: Cases) -> None:
    """Declare the laws of both moments in `bare` cases, and those of the step with β₁ = 0 in `plain` ones."""

    @step.law("closed form", cases=bare)
    def moments_are_running_means(port: Any, case: Case) -> Iterable[Fact]:
        """m ← β₁m + (1-β₁)g and v ← β₂v + (1-β₂)g², of the gradient alone, and the step count grows by one."""
        _, state = port.step(case.params, case.grad, case.state, **case.hyper)
        old = case.state
        yield equal("first_moment", state.first_moment, case.beta1 * old.first_moment + (1 - case.beta1) * case.grad)
        second = case.beta2 * old.second_moment + (1 - case.beta2) * case.grad**2
        yield equal("second_moment", state.second_moment, second)
        yield identical("step_count", np.array(state.step_count), np.array(old.step_count + 1))

    @step.law("closed form", cases=plain.but(beta1=0.0, beta2=0.0, eps=0.0, grad=nonzero))
    def without_memory_only_the_sign_counts(port: Any, case: Case) -> Iterable[Fact]:
        """With β₁ = β₂ = ε = 0 every entry moves by lr against the sign of its gradient."""
        params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
        yield equal("params", params, case.params - case.lr * np.sign(case.grad))

    @step.law("closed form", cases=plain.but(beta1=0.0))
    def without_first_moment_it_is_rmsprop(port: Any, case: Case) -> Iterable[Fact]:
        """With β₁ = 0 the step is lr·g/(√v̂ + ε), RMSProp with bias correction."""
        params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
        mean_square = case.beta2 * case.state.second_moment + (1 - case.beta2) * case.grad**2
        v_hat = mean_square / (1 - case.beta2 ** (case.state.step_count + 1))
        yield equal("params", params, case.params - case.lr * case.grad / (np.sqrt(v_hat) + case.eps))


def declare_laws(step: Operation) -> None:
    """Declare the laws that Adam and AdamW share: all with weight decay 0, where the two are the same method."""
    units = {**UNITS, "state.largest_second_moment": elementwise.scaled(2)}
    elementwise.declare_step_laws(step, cases, mirrored=["first_moment"], units=units)
    declare_moment_laws(step, bare, bare.but(variant="adam"))

    @step.law("closed form", cases=fresh.but(times=count(1, 2, low=1, high=12)))
    def constant_gradients_move_by_their_normalised_value(port: Any, case: Case) -> Iterable[Fact]:
        """From a fresh state, T steps with one gradient move every entry by T·lr·g/(|g| + ε), whatever the β are."""
        params, state = case.params, case.state
        for _ in range(case.times):
            params, state = port.step(params, case.grad, state, **case.hyper)
        move = case.lr * case.grad / (np.abs(case.grad) + case.eps)
        yield equal("params", params, case.params - case.times * move)

    @step.law("bound", cases=fresh.but(params=zeros, beta2=fraction(0.999, 0.5, 0.99), grads=steps_of(tame(), 12)))
    def no_step_is_longer_than_the_sharp_bound(port: Any, case: Case) -> Iterable[Fact]:
        """From a fresh state, step t moves no entry by more than lr·S(t), the most that t gradients can do together.

        S(t)² = (1-β₁)²(1-β₂ᵗ)/((1-β₁ᵗ)²(1-β₂)) · Σ (β₁²/β₂)ʲ, j < t.
        """
        params, state, bounds, moves = case.params, case.state, [], []
        for t, grad in enumerate(case.grads, start=1):
            new, state = port.step(params, grad, state, **case.hyper)
            moves.append(np.abs(new - params))
            bounds.append(case.lr * sharp_bound(case.beta1, case.beta2, t) + 0 * params)
            params = new
        yield at_least("bound", np.stack(bounds), np.stack(moves))

    @step.law(
        "bound",
        cases=fresh.but(
            params=zeros,
            beta1=number(0.9, 0.5, exponents=(-1, -1)),
            beta2=number(0.999, 0.5, exponents=(-1, -1)),
            grad=nonzero,
            eps=0.0,
            variant="adam",
            times=count(1, 2, low=1, high=10),
        ),
    )
    def the_sharp_bound_is_attained(port: Any, case: Case) -> Iterable[Fact]:
        """With gradients growing like (β₂/β₁)ˢ and ε = 0, step t moves every entry by exactly lr·S(t)."""
        params, state, before = case.params, case.state, case.params
        for s in range(case.times):
            before = params
            params, state = port.step(params, case.grad * (case.beta2 / case.beta1) ** s, state, **case.hyper)
        bound = case.lr * sharp_bound(case.beta1, case.beta2, case.times)
        yield equal("move", before - params, bound * np.sign(case.grad))

    @step.law("closed form", cases=bare.but(variant="adam", times=count(1, 2, low=1, high=12)))
    def it_coasts_when_the_gradient_is_gone(port: Any, case: Case) -> Iterable[Fact]:
        """After the gradient has become 0, it moves on by Σⱼ lr·mβ₁ʲ/(1-β₁ᵗ⁺ʲ) / (√(vβ₂ʲ/(1-β₂ᵗ⁺ʲ)) + ε)."""
        params, state, start = case.params, case.state, case.state
        drift = 0 * case.params
        for j in range(1, case.times + 1):
            params, state = port.step(params, 0 * case.grad, state, **case.hyper)
            t = start.step_count + j
            m_hat = start.first_moment * case.beta1**j / (1 - case.beta1**t)
            v_hat = start.second_moment * case.beta2**j / (1 - case.beta2**t)
            drift = drift + case.lr * m_hat / (np.sqrt(v_hat) + case.eps)
        yield equal("params", params, case.params - drift)

    @step.law("bound", cases=bare.but(variant=choice("amsgrad-torch", "amsgrad-optax")))
    def the_largest_second_moment_never_falls(port: Any, case: Case) -> Iterable[Fact]:
        """AMSGrad's maximum is at least what it was, and at least the new (raw or corrected) second moment."""
        _, state = port.step(case.params, case.grad, case.state, **case.hyper)
        yield at_least("the old maximum", state.largest_second_moment, case.state.largest_second_moment)
        corrected = case.variant == "amsgrad-optax"
        weight = (1 - case.beta2**state.step_count) if corrected else 1
        yield at_least("the new moment", state.largest_second_moment, state.second_moment / weight)

    @step.law(
        "invariance",
        cases=fresh.but(variant=choice("amsgrad-torch", "amsgrad-optax"), signs=steps_of(entry_signs, 8), grad=nonzero),
    )
    def both_amsgrads_agree_while_gradients_keep_their_size(port: Any, case: Case) -> Iterable[Fact]:
        """While |g| is constant, the two conventions of AMSGrad give what plain Adam gives."""
        adam = {**case.hyper, "variant": "adam"}
        (params, state), (expected, other) = (case.params, case.state), (case.params, case.state)
        for sign in case.signs:
            params, state = port.step(params, sign * case.grad, state, **case.hyper)
            expected, other = port.oracle.step(expected, sign * case.grad, other, **adam)
        yield equal("params", params, expected)


def sharp_bound(beta1: Any, beta2: Any, t: int) -> Any:
    """S(t), the largest |m̂|/√v̂ that t gradients can give (Cauchy-Schwarz)."""
    geometric = sum((beta1 * beta1 / beta2) ** j for j in range(t)) if beta2 > 0 else 1
    scale = (1 - beta1) ** 2 * (1 - beta2**t) / ((1 - beta1**t) ** 2 * (1 - beta2))
    return np.sqrt(scale * geometric)


EPS = "np.sqrt(v_hat) + eps"
UPDATE = "state = update_moments(grad, state, beta1=beta1, beta2=beta2, variant=variant)"
FIRST, SECOND = "state.first_moment / (1 - beta1**state.step_count)", "second / (1 - beta2**state.step_count)"
CORRECTED = "second / (1 - beta2**step_count)"


def declare_moment_mistakes(step: Operation, count: str, second: str) -> None:
    """Declare the mistakes in ε and the moments. count, second: what t and the correction of v are in the source."""
    step.edits(f"""
    epsilon_inside_the_root: ε is added inside the square root
        `{EPS}` → `np.sqrt(v_hat + eps)`
    epsilon_before_the_bias_correction: ε is added before the bias correction, which then scales it: (√v + ε)/√(1-β₂ᵗ)
        [Kingma & Ba 2015, end of section 2: the efficient form]
        `{EPS}` → `np.sqrt(v_hat) + eps / (1 - beta2**{count}) ** 0.5`
    epsilon_left_out: ε is not added at all
        `{EPS}` → `np.sqrt(v_hat)`
    no_bias_correction_of_the_second_moment: The second moment is not bias-corrected
        `{second}` → `second`
    second_moment_of_the_updated_gradient: The second moment averages the squares of the updated first moment instead of
        those of the gradient
        `(grad * grad)` → `(first * first)`
    first_moment_without_its_weight: The first moment adds the whole gradient instead of (1-β₁) of it
        `(1 - beta1) * grad` → `grad`
    """)


def declare_mistakes(step: Operation) -> None:
    """Declare the mistakes that Adam and AdamW share."""
    elementwise.declare_step_mistakes(step)
    declare_moment_mistakes(step, "state.step_count", SECOND)
    step.edits(f"""
    no_bias_correction_of_the_first_moment: The first moment is not bias-corrected
        `{FIRST}` → `state.first_moment`
    bias_correction_multiplied: The moments are multiplied by 1-βᵗ instead of divided
        `(1 - beta1**state.step_count)` → `(1 / (1 - beta1**state.step_count))`
        `second / (1 - beta2**state.step_count)` → `second * (1 - beta2**state.step_count)`
    no_bias_correction: Neither moment is bias-corrected
        `{FIRST}` → `state.first_moment`, `{SECOND}` → `second`
    step_count_one_ahead: The bias correction counts one step too many (it starts with t = 2)
        `beta1**state.step_count` → `beta1 ** {"({} + 1)".format("state.step_count")}`
        `beta2**state.step_count` → `beta2 ** {"({} + 1)".format("state.step_count")}`
        `beta2**step_count` → `beta2 ** {"({} + 1)".format("step_count")}`
    step_count_one_behind: The bias correction counts one step too few (the second step uses t = 1 again)
        `beta1**state.step_count` → `beta1 ** {"max({} - 1, 1)".format("state.step_count")}`
        `beta2**state.step_count` → `beta2 ** {"max({} - 1, 1)".format("state.step_count")}`
        `beta2**step_count` → `beta2 ** {"max({} - 1, 1)".format("step_count")}`
    step_count_read_before_it_is_raised: The bias correction uses the count before it is raised (t = 0 at first)
        `beta1**state.step_count` → `beta1 ** {"({} - 1)".format("state.step_count")}`
        `beta2**state.step_count` → `beta2 ** {"({} - 1)".format("state.step_count")}`
        `beta2**step_count` → `beta2 ** {"({} - 1)".format("step_count")}`
    step_count_not_advanced: The step count is used but never advanced
        `+ eps), state` → `+ eps), state._replace(step_count=state.step_count - 1)`
    betas_swapped: β₁ and β₂ are swapped
        `beta1=beta1, beta2=beta2` → `beta1=beta2, beta2=beta1`
    maximum_of_the_corrected_second_moment: AMSGrad takes the maximum after the bias correction (optax) where it should
        be before it (torch)
        `np.maximum(largest, second)` → `np.maximum(largest, {CORRECTED})`
        `if variant == "amsgrad-optax"` → `if variant != "adam"`
    maximum_of_the_raw_second_moment: AMSGrad takes the maximum before the bias correction (torch) where it should be
        after it (optax)
        `np.maximum(largest, {CORRECTED})` → `np.maximum(largest, second)`, `if variant == "amsgrad-optax"` → `if False`
    maximum_forgotten: AMSGrad's maximum is computed from this step alone
        `np.maximum(largest, second)` → `second`, `np.maximum(largest, {CORRECTED})` → `{CORRECTED}`
    """)
