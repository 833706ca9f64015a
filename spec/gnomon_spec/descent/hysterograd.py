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

float16 is left out of the laws: in it the sum of squares that decides the gate leaves the range for one d > 256.

Sources: github.com/dingste/HysteroGrad (D. Steuten, MIT): `hysterograd/optimizer.py` at commits 4b36dc4 ("v4", 2025-12)
and 73afb30 ("head", 2026-01), `docs/theory.tex` ("theory"). No paper, no independent implementation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import hysterograd as reference
from gnomon_spec.cases import Case, Quantity, choice
from gnomon_spec.curvature.symmetries import unchanged
from gnomon_spec.descent import elementwise
from gnomon_spec.descent import hysterograd_cases as given
from gnomon_spec.descent.elementwise import rearranged, scaled
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import count, indices, nonzero, number, permutation, poisons, shapes, steps_of, tame, zeros
from gnomon_spec.system import WITH_ROOM, Misfits, System

system = System("hysterograd", title="HysteroGrad (HIOptimizer)", text=__doc__ or "")
step = system.operation(reference.step, cases=given.steps, rejecting=given.calm, dtypes=WITH_ROOM)
elementwise.declare_run_laws(step, given.calm)
elementwise.declare_repetitions(
    system,
    reference,
    given.hyperparameters.but(initial_temp=given.temperatures),
    at_rest={"eps": given.some_eps},
    dtypes=WITH_ROOM,
)


@step.law("closed form", cases=given.calm.but(state=given.fresh_states(), grads=steps_of(tame(), 8)))
def the_metric_averages_the_squares(port: Any, case: Case) -> Iterable[Fact]:
    """From a fresh state, G after t steps is (1-β)·m·Σₖ βᵗ⁻ᵏ·gₖ², whether they were refused or not."""
    done = given.run(port, case, case.grads)
    yield equal("metric", done.states[-1].metric, case.metric_scale * given.running_mean(case.grads**2, case.beta)[-1])


@step.law("closed form", cases=given.calm)
def path_temperature_and_mean_follow_from_the_norm(port: Any, case: Case) -> Iterable[Fact]:
    """T is multiplied by γ, E becomes βE + (1-β)n, whether the step is refused or not; in head τ grows by lr·n."""
    _, state, report = port.step(case.params, case.grad, case.state, **case.hyper)
    if case.variant == "head":
        yield equal("path_length", state.path_length, case.state.path_length + case.lr * report.norm)
    yield equal("temperature", state.temperature, case.cooling_rate * case.state.temperature)
    mean = case.beta * case.state.mean_norm + (1 - case.beta) * report.norm
    yield equal("mean_norm", state.mean_norm, mean)


@step.law(
    "closed form",
    cases=given.fresh_unclipped.but(grad=nonzero, eps=0.0, params=zeros).but(
        ratio=number(1.0, 0.5, 2.0, exponents=(-2, 1)), times=count(1, 2, 3, low=1, high=12)
    ),
)
def geometric_gradients_have_norms_in_closed_form(port: Any, case: Case) -> Iterable[Fact]:
    """Gradients growing like rᵗ, ε = 0: n is √(k/((1-β)·m·Σⱼ qʲ)), j < t, q = β/r²: convergence is not noticed. A
    constant gradient has norms of time alone, √(k/(m(1-βᵗ))). When liquid θ moves by lr·n/√k against its sign."""
    done = given.run(port, case, [case.grad * case.ratio**t for t in range(case.times)])
    powers = (case.beta / case.ratio**2) ** np.arange(case.times)
    norms = np.sqrt(case.grad.size / ((1 - case.beta) * case.metric_scale * np.cumsum(powers)))
    yield equal("norms", done.norms, norms)
    walked = np.sum(norms * done.liquid) / case.grad.size**0.5
    yield equal("params", done.params[-1], -case.lr * walked * np.sign(case.grad))


@step.law("limit", cases=given.fresh_unclipped.but(stiffening_factor=0.0, grads=steps_of(tame(), 8)))
def without_a_barrier_it_is_rmsprop(port: Any, case: Case) -> Iterable[Fact]:
    """With κ = 0 it is RMSprop with learning rate lr/√m and ε/√m, ε outside the root, without bias correction: where
    ε = 0 step t is that of Adam with β₁ = 0, β₂ = β over √m·√(1-βᵗ)."""
    done = given.run(port, case, case.grads)
    root_scale = np.sqrt(case.metric_scale)
    roots = np.sqrt(given.running_mean(case.grads**2, case.beta)) + case.eps / root_scale
    moves = case.lr / root_scale * case.grads / roots
    yield equal("params", done.params[-1], case.params - np.sum(moves, axis=0))


def root_of_the_scale(value: Any, case: Case) -> Any:
    return value * np.sqrt(case.metric_scale)


step.symmetry(
    "invariance",
    "metric_scale_divides_the_learning_rate",
    "m acts like lr/√m and ε/√m, with κ·√m if not adaptive; n and E are then √m times as large",
    cases=given.unclipped,
    inputs={
        "lr": lambda lr, case: lr / np.sqrt(case.metric_scale),
        "eps": lambda eps, case: eps / np.sqrt(case.metric_scale),
        "stiffening_factor": lambda kappa, case: kappa if case.adaptive_threshold else root_of_the_scale(kappa, case),
        "state.metric": lambda metric, case: metric / case.metric_scale,
        "state.mean_norm": root_of_the_scale,
        "metric_scale": lambda _scale, _case: 1.0,
    },
    outputs={
        "params": unchanged,
        "metric": lambda metric, case: metric / case.metric_scale,
        "path_length": unchanged,
        **dict.fromkeys(("mean_norm", "norm"), root_of_the_scale),
    },
)
powers_of_two = Quantity(
    lambda draw, context: np.exp2(np.rint(tame().draw(draw, context))).astype(context.dtype),
    "powers of 2, each its own",
)
NUMBERS = dict.fromkeys(("path_length", "mean_norm", "norm", "width"), unchanged)

step.symmetry(
    "invariance",
    "the_unit_of_the_loss_does_not_matter",
    "Gradient, ε and √G in a unit 2ᵏ times smaller change no bit of the parameters, of n, h and of the gate",
    cases=given.calm.but(variant=given.CODE, power=count(1, 3, low=-20, high=20)),
    inputs={"grad": scaled(1), "eps": scaled(1), "state.metric": scaled(2)},
    outputs={"params": unchanged, "metric": scaled(2), "scale": unchanged, "liquid": unchanged, **NUMBERS},
    same=identical,
)
step.symmetry(
    "invariance",
    "each_parameter_has_a_unit_of_its_own",
    "With ε = 0 the numbers of a step do not change with the unit of any parameter: its direction depends on it",
    cases=given.calm.but(variant=given.CODE, eps=0.0, grad=nonzero, units=powers_of_two),
    inputs={"grad": lambda grad, case: case.units * grad, "state.metric": lambda metric, case: case.units**2 * metric},
    outputs={"params": unchanged, "norm": unchanged},
    same=identical,
)
step.symmetry(
    "equivariance",
    "entries_do_not_know_their_place",
    "Rearranging the entries of all inputs rearranges those of the outputs and leaves all numbers as they are",
    cases=given.calm.but(order=permutation()).shaped(shapes((2,), (3,), (5,), (17,), (35,))),
    inputs=dict.fromkeys(("params", "grad", "state.metric"), rearranged),
    outputs={"params": rearranged, "metric": rearranged, **NUMBERS},
)
step.symmetry(
    "equivariance",
    "a_mirrored_entry_is_the_mirror_image",
    "Negating one entry of parameters and gradient negates it in the new parameters and changes no other bit",
    cases=given.steps.but(mirror=indices()),
    inputs={"params": given.mirrored, "grad": given.mirrored},
    outputs={"params": given.mirrored, "metric": unchanged, "norm": unchanged},
    same=identical,
)
elementwise.declare_shift(step, given.calm, metric=unchanged, **NUMBERS)


@step.law("bound", cases=given.plain.but(params=zeros, eps=given.some_eps))
def no_entry_moves_further_than_the_bound(port: Any, case: Case) -> Iterable[Fact]:
    """No entry moves by more than lr/√((1-β)m), and n is at most √(k/((1-β)m)) for k entries."""
    params, _, report = port.step(case.params, case.grad, case.state, **case.hyper)
    unit = 1 / np.sqrt((1 - case.beta) * case.metric_scale)
    yield at_least("move", case.lr * unit + 0 * params, np.abs(params))
    yield at_least("norm", unit * case.grad.size**0.5, report.norm)


@step.law("bound", cases=given.plain.but(grad_clip=number(1.0, 2.5, 0.5, exponents=(-6, 2)), params=zeros))
def no_step_is_longer_than_the_clip(port: Any, case: Case) -> Iterable[Fact]:
    """With clipping n is at most c, and the parameters move by at most lr·c."""
    params, _, report = port.step(case.params, case.grad, case.state, **case.hyper)
    yield at_least("norm", case.grad_clip, report.norm)
    yield at_least("length", case.lr * case.grad_clip, np.sqrt(np.sum(params**2)))


@step.law("closed form", cases=given.unclipped.but(variant="head", metric_scale=choice(2.0**16, 2.0**12), grad=nonzero))
def a_step_as_long_as_the_clip_is_shortened_all_the_same(port: Any, case: Case) -> Iterable[Fact]:
    """In head f = c/(N + 1e-6) wherever that is below 1: for N = c, too."""
    full = port.oracle.step(case.params, case.grad, case.state, **case.hyper)[2].norm
    for label, clip in (("as long", full), ("twice as long", full / 2)):
        norm = port.step(case.params, case.grad, case.state, **{**case.hyper, "grad_clip": clip})[2].norm
        yield equal(label, norm, clip / (full + 1e-6) * full)


saturating = Quantity(
    lambda draw, context: (
        float(number(0.5, 0.75, exponents=(-6, -2)).draw(draw, context))
        * (max(1, int(np.prod(context.shape))) / context.drawn["metric_scale"]) ** 0.5
    ),
    "number: at most 3/4 of √(k/m), the smallest norm of a constant gradient with k entries",
)


@step.law(
    "closed form",
    cases=given.fresh.but(
        params=zeros, grad=nonzero, eps=0.0, grad_clip=saturating, times=count(1, 2, 3, low=1, high=12)
    ),
)
def a_saturated_clip_reports_the_clip(port: Any, case: Case) -> Iterable[Fact]:
    """While N > c, τ grows by lr·c·N/(N + 1e-6); n is that over lr in head, c itself in v4; E averages n."""
    done = given.run(port, case, [case.grad] * case.times)
    full = given.norms_under_a_constant_gradient(case, case.times)
    walked = case.grad_clip * full / (full + 1e-6)
    norms = walked if case.variant == "head" else case.grad_clip + 0 * walked
    yield equal("norms", done.norms, norms)
    yield equal("path_length", done.states[-1].path_length, case.lr * np.sum(walked))
    yield equal("mean_norm", done.states[-1].mean_norm, given.running_mean(norms, case.beta)[-1])


@step.misfits(
    cases=given.calm.but(
        variant="theory", state=given.fresh_states(), grad_clip=given.clips, hysteresis_scale=choice(2.0, 0.5)
    )
)
def theory_knows_neither_clipping_nor_hysteresis_scale(case: Case) -> Misfits:
    """Variant "theory" with another hysteresis_scale than 1, or with clipping, is rejected."""
    return {"theory": {}}


@step.misfits(cases=given.calm.but(check_finite=True, place=indices(), bad=poisons))
def not_finite_numbers_are_rejected_when_asked_for(case: Case) -> Misfits:
    """With check_finite a NaN or an infinity in the parameters or in the gradient is rejected."""
    place = np.arange(case.grad.size) == case.place
    bad_params, bad_grad = (np.where(place, case.bad, good) for good in (case.params, case.grad))
    return {"params": {"params": bad_params}, "grad": {"grad": bad_grad}}
