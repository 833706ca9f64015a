"""HysteroGrad (HIOptimizer): RMSprop without bias correction behind a gate that refuses steps that are too short.

Definition (variant "head", the newest published code), with g the gradient of one parameter group, θ its parameters,
κ = stiffening_factor, β = beta, ε = eps, γ = cooling_rate, m = metric_scale, c = grad_clip, s = hysteresis_scale,
in this order::

    G ← βG + (1-β)·m·g∘g                       no bias correction
    d = g/(√G + ε)
    N = ‖d‖₂                                   over all arrays of the group
    f = min(1, c/(N + 1e-6))                   1 without clipping: it bounds d, not g
    n = f·N                                    "norm", what is reported
    τ ← τ + lr·n                               path length; also if the step is refused below
    T ← γT                                     temperature
    E ← βE + (1-β)·n                           mean norm, no bias correction
    h = κ·s·√τ·(1 - min(T, 1))·(E + 1e-8)      "width", of the new τ, T and E; without the last factor if not adaptive
    liquid if n > h, else frozen               equality is frozen, so n = 0 always is
    θ ← θ - lr·f·d                             if liquid: all arrays of the group or none

At the start G = τ = E = 0 and T = initial_temp; while T >= 1 there is no barrier. The shock τ ← φ·τ, T ← max(T, 0.2)
is called by nobody but the user. What several groups return together: "Liquid" if any group is, and the means of n and
h over all groups, those without a gradient counting as 0.

Variant "v4", the code published a month before: h uses T before it is cooled, and clipping happens only if N > c; then
f = c/(N + 1e-6), n and E use c itself, and τ grows by lr·f·N, a hair less than lr·c.

Variant "theory", what the accompanying text says: no root, d = g/(G + ε); n = √(mean of d²); h = κ√τ·(1 - min(T, 1)),
times E if adaptive, with τ and T of before the step; τ ← τ + √(ΔᵀGΔ) with the step Δ that was really taken. It knows
neither clipping nor s. It is kept to be looked at: the smaller the gradient, the larger its step.

The gate is no Schmitt trigger, though it is called one: there is one threshold, and nothing is remembered of the step
before. Here release_ratio ρ < 1 makes it one: a liquid group freezes at n <= ρh, a frozen one thaws at n > h. ρ = 1 is
the source's gate.

What follows from the formulas, and has a law: the gate cannot see how large a gradient is (n does not change with its
unit); without a barrier the method ends on a cycle of two around a minimum, lr/(2√m) away from it; once
κ·s·(1-T)·√τ·(1-β) >= 1 no gradient whatever thaws an adaptive group again, so that it is kept on a leash whose length
is set beforehand.

Choices, where sources are silent or contradict each other: the code of "head" is the default, as what people install.
The source validates nothing; here every argument has a domain. grad_clip = 0 means "off" in head and "never move" in
v4; here it is rejected. Each number of the state has the dtype of the parameters (head keeps them in the library's
default dtype). A NaN, an infinite gradient, or 0/0 without ε makes n a NaN; then the comparison is false and the group
frozen for ever, as in the source. A square that leaves the range silently counts as d = 0; the plain form is kept
because ports are compared with it. For "theory" the order of events and the clamp of T are ours.

Not for float16: there ε = 1e-7 and the constants 1e-6 and 1e-8 vanish, or keep one digit.

Sources: github.com/dingste/HysteroGrad (D. Steuten, MIT): `hysterograd/optimizer.py` at commits 4b36dc4 ("v4", 2025-12)
and 73afb30 ("head", 2026-01), `docs/theory.tex` ("theory"). No paper, no independent implementation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import adam
from gnomon.descent import hysterograd as reference
from gnomon_spec.cases import Case, Quantity, choice
from gnomon_spec.descent import elementwise
from gnomon_spec.descent.elementwise import rearranged, shifted, unchanged
from gnomon_spec.descent.hysterograd_cases import (
    CODE,
    NO_CLIP,
    calm,
    clips,
    fresh,
    fresh_states,
    fresh_unclipped,
    hyperparameters,
    mirrored,
    nonzero,
    norms_under_a_constant_gradient,
    plain,
    poisons,
    run,
    running_mean,
    scaled,
    scaled_twice,
    some_eps,
    steps,
    temperatures,
    unclipped,
    zeros,
)
from gnomon_spec.facts import Fact, at_least, equal, identical, rejects
from gnomon_spec.strategies import count, indices, number, permutation, shapes, steps_of, tame
from gnomon_spec.system import WITH_ROOM, System

system = System("hysterograd", title="HysteroGrad (HIOptimizer)", text=__doc__ or "")
step = system.operation(reference.step, cases=steps, rejecting=calm, dtypes=WITH_ROOM)
elementwise.declare_run_laws(step, calm)
elementwise.declare_repetitions(
    system, reference, hyperparameters.but(initial_temp=temperatures), at_rest={"eps": some_eps}, dtypes=WITH_ROOM
)


@step.law("closed form", cases=calm.but(state=fresh_states(), grads=steps_of(tame(), 8)))
def the_metric_averages_the_squares(port: Any, case: Case) -> Iterable[Fact]:
    """From a fresh state, G after t steps is (1-β)·m·Σₖ βᵗ⁻ᵏ·gₖ², whether they were refused or not."""
    done = run(port, case, case.grads)
    yield equal("metric", done.states[-1].metric, case.metric_scale * running_mean(case.grads**2, case.beta)[-1])


@step.law("closed form", cases=plain.but(variant="head"))
def path_temperature_and_mean_follow_from_the_norm(port: Any, case: Case) -> Iterable[Fact]:
    """τ grows by lr·n, T is multiplied by γ, E becomes βE + (1-β)n, whether the step is refused or not."""
    _, state, report = port.step(case.params, case.grad, case.state, **case.hyper)
    yield equal("path_length", state.path_length, case.state.path_length + case.lr * report.norm)
    yield equal("temperature", state.temperature, case.cooling_rate * case.state.temperature)
    mean = case.beta * case.state.mean_norm + (1 - case.beta) * report.norm
    yield equal("mean_norm", state.mean_norm, mean)


warm_and_fresh = fresh_unclipped.but(state=fresh_states(number(1.0, 1.5, 2.0, exponents=(0, 2))), cooling_rate=1.0)


@step.law("closed form", cases=warm_and_fresh)
def the_first_step_is_divided_by_its_own_size(port: Any, case: Case) -> Iterable[Fact]:
    """While warm, the first step moves every entry by lr·g/(√(m(1-β))·|g| + ε)."""
    params, *_ = port.step(case.params, case.grad, case.state, **case.hyper)
    root = np.sqrt(case.metric_scale * (1 - case.beta)) * np.abs(case.grad)
    yield equal("params", params, case.params - case.lr * case.grad / (root + case.eps))


@step.law("closed form", cases=warm_and_fresh.but(grad=nonzero, eps=0.0, params=zeros))
def the_first_step_knows_only_signs(port: Any, case: Case) -> Iterable[Fact]:
    """Without ε the first step moves every entry by lr/√(m(1-β)), and n is √(k/(m(1-β))) for k entries."""
    params, _, report = port.step(case.params, case.grad, case.state, **case.hyper)
    unit = 1 / np.sqrt(case.metric_scale * (1 - case.beta))
    yield equal("params", params, -case.lr * unit * np.sign(case.grad))
    yield equal("norm", report.norm, unit * case.grad.size**0.5)


@step.law(
    "closed form",
    cases=fresh_unclipped.but(grad=nonzero, eps=0.0, params=zeros, times=count(1, 2, 3, low=1, high=12)),
)
def a_constant_gradient_has_norms_of_time_alone(port: Any, case: Case) -> Iterable[Fact]:
    """A constant gradient, ε = 0: n is √(k/(m(1-βᵗ))), and θ moves by lr·n/√k against its sign when liquid."""
    done = run(port, case, [case.grad] * case.times)
    norms = norms_under_a_constant_gradient(case, case.times)
    yield equal("norms", done.norms, norms)
    walked = np.sum(norms * done.liquid) / case.grad.size**0.5
    yield equal("params", done.params[-1], -case.lr * walked * np.sign(case.grad))


@step.law(
    "closed form",
    cases=fresh_unclipped.but(grad=nonzero, eps=0.0).but(
        ratio=number(1.0, 0.5, 2.0, exponents=(-2, 1)), times=count(1, 2, 3, low=1, high=12)
    ),
)
def geometric_gradients_have_norms_in_closed_form(port: Any, case: Case) -> Iterable[Fact]:
    """Gradients growing like rᵗ, ε = 0: n is √(k/((1-β)·m·Σⱼ qʲ)), j < t, q = β/r²: convergence is not noticed."""
    done = run(port, case, [case.grad * case.ratio**t for t in range(case.times)])
    powers = (case.beta / case.ratio**2) ** np.arange(case.times)
    yield equal(
        "norms", done.norms, np.sqrt(case.grad.size / ((1 - case.beta) * case.metric_scale * np.cumsum(powers)))
    )


@step.law("limit", cases=fresh_unclipped.but(stiffening_factor=0.0, grads=steps_of(tame(), 8)))
def without_a_barrier_it_is_rmsprop(port: Any, case: Case) -> Iterable[Fact]:
    """With κ = 0 it is RMSprop with learning rate lr/√m and ε/√m, ε outside the root, without bias correction."""
    done = run(port, case, case.grads)
    root_scale = np.sqrt(case.metric_scale)
    roots = np.sqrt(running_mean(case.grads**2, case.beta)) + case.eps / root_scale
    moves = case.lr / root_scale * case.grads / roots
    yield equal("params", done.params[-1], case.params - np.sum(moves, axis=0))


@step.law(
    "limit",
    cases=fresh_unclipped.but(
        params=zeros, metric_scale=1.0, eps=0.0, stiffening_factor=0.0, grads=steps_of(nonzero, 8)
    ),
)
def its_steps_are_adams_over_the_root_of_its_bias_correction(port: Any, case: Case) -> Iterable[Fact]:
    """With κ = ε = 0, m = 1, step t is that of Adam with β₁ = 0, β₂ = β, divided by √(1-βᵗ)."""
    done = run(port, case, case.grads)
    total, other = 0 * case.grads[0], adam.init(case.grads[0])
    for t, grad in enumerate(case.grads, start=1):
        move, other = adam.step(0 * grad, grad, other, lr=case.lr, beta1=0.0, beta2=case.beta, eps=0.0)
        total = total + move / np.sqrt(1 - case.beta**t)
    yield equal("params", done.params[-1], total)


@step.law("invariance", cases=unclipped)
def metric_scale_divides_the_learning_rate(port: Any, case: Case) -> Iterable[Fact]:
    """m acts like lr/√m and ε/√m, with κ·√m if not adaptive; n and E are then √m times as large.

    The constant 1e-8 of an adaptive barrier is not scaled; what that changes is taken off exactly.
    """
    root, old = np.sqrt(case.metric_scale), case.state
    stiffer = case.stiffening_factor * (1 if case.adaptive_threshold else root)
    changed = {
        "metric_scale": 1.0,
        "lr": case.lr / root,
        "eps": case.eps / root,
        "stiffening_factor": stiffer,
    }
    params, state, report = port.step(case.params, case.grad, old, **case.hyper)
    larger = old._replace(metric=old.metric / case.metric_scale, mean_norm=root * old.mean_norm)
    same, scaled, other = port.oracle.step(case.params, case.grad, larger, **{**case.hyper, **changed})
    yield equal("params", params, same)
    yield equal("metric", state.metric, case.metric_scale * scaled.metric)
    yield equal("path_length", state.path_length, scaled.path_length)
    yield equal("mean_norm", state.mean_norm, scaled.mean_norm / root)
    yield equal("norm", report.norm, other.norm / root)
    warmth = scaled.temperature if case.variant == "head" else old.temperature
    height = case.stiffening_factor * case.hysteresis_scale * np.sqrt(scaled.path_length) * (1 - np.minimum(warmth, 1))
    constant_part = (1 - 1 / root) * 1e-8 * height if case.adaptive_threshold else 0 * height
    yield equal("width", report.width, other.width / root + constant_part)


powers_of_two = Quantity(
    lambda draw, context: np.exp2(np.rint(tame().draw(draw, context))).astype(context.dtype),
    "powers of 2, each its own",
)
NUMBERS = dict.fromkeys(("path_length", "mean_norm", "norm", "width"), unchanged)

step.symmetry(
    "invariance",
    "the_unit_of_the_loss_does_not_matter",
    "Gradient, ε and √G in a unit 2ᵏ times smaller change no bit of the parameters, of n, h and of the gate",
    cases=calm.but(variant=CODE, power=count(1, 3, low=-20, high=20)),
    inputs={"grad": scaled, "eps": scaled, "state.metric": scaled_twice},
    outputs={"params": unchanged, "metric": scaled_twice, "scale": unchanged, "liquid": unchanged, **NUMBERS},
    same=identical,
)
step.symmetry(
    "invariance",
    "each_parameter_has_a_unit_of_its_own",
    "With ε = 0 the numbers of a step do not change with the unit of any parameter: its direction depends on it",
    cases=calm.but(variant=CODE, eps=0.0, grad=nonzero, units=powers_of_two),
    inputs={
        "grad": lambda grad, case: case.units * grad,
        "state.metric": lambda metric, case: case.units**2 * metric,
    },
    outputs={"params": unchanged, "norm": unchanged},
    same=identical,
)
step.symmetry(
    "equivariance",
    "entries_do_not_know_their_place",
    "Rearranging the entries of all inputs rearranges those of the outputs and leaves all numbers as they are",
    cases=calm.but(order=permutation()).shaped(shapes((2,), (3,), (5,), (17,), (35,))),
    inputs=dict.fromkeys(("params", "grad", "state.metric"), rearranged),
    outputs={"params": rearranged, "metric": rearranged, **NUMBERS},
)
step.symmetry(
    "equivariance",
    "a_mirrored_entry_is_the_mirror_image",
    "Negating one entry of parameters and gradient negates it in the new parameters and changes no other bit",
    cases=steps.but(mirror=indices()),
    inputs={"params": mirrored, "grad": mirrored},
    outputs={"params": mirrored, "metric": unchanged, "norm": unchanged},
    same=identical,
)
step.symmetry(
    "equivariance",
    "a_shifted_run_is_the_shift_of_the_run",
    "Adding a constant to the parameters adds it to the new parameters and changes nothing else",
    cases=calm.but(shift=tame()),
    inputs={"params": shifted},
    outputs={"params": shifted, "metric": unchanged, **NUMBERS},
)


@step.law("closed form", cases=calm.but(grad_clip=NO_CLIP))
def a_copy_of_every_entry_counts(port: Any, case: Case) -> Iterable[Fact]:
    """A group in which every entry stands twice has √2 times the norm (the same in theory, which takes a mean)."""
    _, _, report = port.step(case.params, case.grad, case.state, **case.hyper)
    params, grad, metric = (np.concatenate([x, x]) for x in (case.params, case.grad, case.state.metric))
    _, _, twice = port.step(params, grad, case.state._replace(metric=metric), **case.hyper)
    yield equal("norm", twice.norm, (1 if case.variant == "theory" else 2**0.5) * report.norm)


@step.law("bound", cases=plain.but(params=zeros, eps=some_eps))
def no_entry_moves_further_than_the_bound(port: Any, case: Case) -> Iterable[Fact]:
    """No entry moves by more than lr/√((1-β)m), and n is at most √(k/((1-β)m)) for k entries."""
    params, _, report = port.step(case.params, case.grad, case.state, **case.hyper)
    unit = 1 / np.sqrt((1 - case.beta) * case.metric_scale)
    yield at_least("move", case.lr * unit + 0 * params, np.abs(params))
    yield at_least("norm", unit * case.grad.size**0.5, report.norm)


@step.law("bound", cases=calm)
def the_mean_norm_lies_between(port: Any, case: Case) -> Iterable[Fact]:
    """E is at least (1-β)·n, and at most the larger of n and what it was."""
    _, state, report = port.step(case.params, case.grad, case.state, **case.hyper)
    yield at_least("below", state.mean_norm, (1 - case.beta) * report.norm)
    yield at_least("above", np.maximum(case.state.mean_norm, report.norm), state.mean_norm)


@step.law("bound", cases=plain.but(grad_clip=number(1.0, 2.5, 0.5, exponents=(-6, 2)), params=zeros))
def no_step_is_longer_than_the_clip(port: Any, case: Case) -> Iterable[Fact]:
    """With clipping n is at most c, and the parameters move by at most lr·c."""
    params, _, report = port.step(case.params, case.grad, case.state, **case.hyper)
    yield at_least("norm", case.grad_clip, report.norm)
    yield at_least("length", case.lr * case.grad_clip, np.sqrt(np.sum(params**2)))


@step.law("closed form", cases=unclipped.but(variant="head", metric_scale=choice(2.0**16, 2.0**12), grad=nonzero))
def a_step_as_long_as_the_clip_is_shortened_all_the_same(port: Any, case: Case) -> Iterable[Fact]:
    """In head f = c/(N + 1e-6) wherever that is below 1: for N = c, too."""
    full = port.oracle.step(case.params, case.grad, case.state, **case.hyper)[2].norm
    norm = port.step(case.params, case.grad, case.state, **{**case.hyper, "grad_clip": full})[2].norm
    yield equal("norm", norm, full * (full / (full + 1e-6)))


saturating = Quantity(
    lambda draw, context: (
        float(number(0.5, 0.75, exponents=(-6, -2)).draw(draw, context))
        * (max(1, int(np.prod(context.shape))) / context.drawn["metric_scale"]) ** 0.5
    ),
    "number: at most 3/4 of √(k/m), the smallest norm of a constant gradient with k entries",
)


@step.law(
    "closed form",
    cases=fresh.but(params=zeros, grad=nonzero, eps=0.0, grad_clip=saturating, times=count(1, 2, 3, low=1, high=12)),
)
def a_saturated_clip_reports_the_clip(port: Any, case: Case) -> Iterable[Fact]:
    """While N > c, τ grows by lr·c·N/(N + 1e-6); n is that over lr in head, c itself in v4; E averages n."""
    done = run(port, case, [case.grad] * case.times)
    full = norms_under_a_constant_gradient(case, case.times)
    walked = case.grad_clip * full / (full + 1e-6)
    norms = walked if case.variant == "head" else case.grad_clip + 0 * walked
    yield equal("norms", done.norms, norms)
    yield equal("path_length", done.states[-1].path_length, case.lr * np.sum(walked))
    yield equal("mean_norm", done.states[-1].mean_norm, running_mean(norms, case.beta)[-1])


@step.law("bound", cases=calm)
def the_path_never_gets_shorter(port: Any, case: Case) -> Iterable[Fact]:
    """τ after a step is at least what it was."""
    _, state, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    yield at_least("path_length", state.path_length, case.state.path_length)


@step.law("closed form", cases=calm.but(state=fresh_states(), grads=steps_of(tame(), 8)))
def the_temperature_cools_geometrically(port: Any, case: Case) -> Iterable[Fact]:
    """After t steps T is the initial temperature times γᵗ, whether they were refused or not."""
    done = run(port, case, case.grads)
    cooled = case.state.temperature * case.cooling_rate ** len(case.grads)
    yield equal("temperature", done.states[-1].temperature, cooled)


@step.law(
    "rejects",
    cases=calm.but(variant="theory", state=fresh_states(), grad_clip=clips, hysteresis_scale=choice(2.0, 0.5)),
)
def theory_knows_neither_clipping_nor_hysteresis_scale(port: Any, case: Case) -> Iterable[Fact]:
    """Variant "theory" with another hysteresis_scale than 1, or with clipping, is rejected."""
    yield rejects("theory", lambda: port.step(case.params, case.grad, case.state, **case.hyper))


@step.law("rejects", cases=calm.but(check_finite=True, place=indices(), bad=poisons))
def not_finite_numbers_are_rejected_when_asked_for(port: Any, case: Case) -> Iterable[Fact]:
    """With check_finite a NaN or an infinity in the parameters or in the gradient is rejected."""
    place = np.arange(case.grad.size) == case.place
    bad_params, bad_grad = (np.where(place, case.bad, good) for good in (case.params, case.grad))
    yield rejects("params", lambda: port.step(bad_params, case.grad, case.state, **case.hyper))
    yield rejects("grad", lambda: port.step(case.params, bad_grad, case.state, **case.hyper))
