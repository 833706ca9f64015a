"""Steps of vSAM and ARSAM."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.sam import steps as reference
from gnomon.descent.sam.optimizer import SamState
from gnomon.descent.sam.sampling import VARIANTS
from gnomon.descent.sam.steps import SampledState
from gnomon.several_arrays import cut, join
from gnomon_spec.cases import Case, choice
from gnomon_spec.curvature.symmetries import unchanged
from gnomon_spec.descent.sam import system
from gnomon_spec.descent.sam.decomposition import fenced, norm
from gnomon_spec.descent.sam.inputs import (
    RATES,
    all_arrays,
    blocks,
    last,
    max_p,
    problems,
    quadratic,
    sampled_states,
    samplers,
    seeds,
    sgd_along,
    stream,
    uniforms,
)
from gnomon_spec.descent.sam.optimizer import reported
from gnomon_spec.descent.sam.sampling import in_units, longer
from gnomon_spec.facts import Fact, agree, equal, identical, same_outputs
from gnomon_spec.several_arrays import times, turned
from gnomon_spec.strategies import count, fraction, rotation
from gnomon_spec.system import WITH_ROOM, Misfits

full = sampled_states(samplers(full=True), started=True)
steps = problems.but(
    state=sampled_states(samplers()),
    uniform=uniforms,
    schedule=choice("vsam", *reference.SCHEDULES),
    variant="clean",
    every=choice(2, 1, 3),
    probability=fraction(0.5, 0.25, closest=6),
    blocks=blocks,
    last=last,
    alpha1=choice(0.13, 0.01),
    alpha2=choice(0.13, 0.01),
    max_p=max_p,
    beta=choice(0.7, 0.5, 0.25, 0.0),
    horizon=choice(6, 2, 1, 0),
    rescale=choice(False, True),
    **RATES,
)
calm = steps.but(objective=quadratic, state=full)
step_sampled = system.operation(
    reference.step_sampled, cases=steps, rejecting=calm.but(schedule="always"), dtypes=WITH_ROOM
)
vsam = steps.but(state=full, schedule="vsam", variant=choice(*VARIANTS), rescale=False)


@step_sampled.law("invariance", cases=vsam)
def a_sampled_step_is_sam_and_others_reuse(port: Any, case: Case) -> Iterable[Fact]:
    """`decide` says which: a SAM step along g', whose PSF is kept and recorded with its weight 1; or a step along g + m
    times the PSF kept before, m of `reuse_weight`. Each gradient is counted, and each uniform number that was used."""
    new, state, report = step_sampled.call(port, case)
    given = {name: case[name] for name in ("alpha1", "alpha2", "max_p", "variant")}
    sampler, take, used = port.decide(case.state.sampler, case.uniform, **given)
    found = port.decompose(case.params, case.objective, rho=case.rho, eps=case.eps)
    if take:
        sizes = (norm(found.psf[-case.last :]), norm(found.grads[-case.last :]))
        sampler = port.record(sampler, *sizes, blocks=case.blocks)
        directions, psf, size, reuses, one = found.sam_grads, found.psf, norm(found.grads), 0, 1 + 0 * sizes[0]
        weight, product = one, one
    else:
        psf, size, reuses = case.state.psf, case.state.psf_grad_norm, case.state.reuses + 1
        given = {name: case[name] for name in ("beta", "horizon", "variant")}
        weight, product = port.reuse_weight(reuses, case.state.product, **given)
        directions = tuple(g + weight * p for g, p in zip(found.grads, psf, strict=True))
    params, buffers = sgd_along(case, directions)
    counts = case.state.draws + used, case.state.evaluations + 1 + take
    after = SampledState(buffers, psf, size, sampler, case.state.step_count + 1, reuses, product, *counts)
    yield from same_outputs("params", (new, state), (params, after))
    yield from same_outputs("took_sam", tuple(report[:3]), (take, used, weight))
    yield from reported(report, found.grads, psf)


@step_sampled.law("conservation", cases=vsam.but(seed=seeds, many=count(2, 3, low=2, high=7), lr=0.0625, momentum=0.0))
def the_cost_is_one_gradient_a_step_and_one_a_sample(port: Any, case: Case) -> Iterable[Fact]:
    """Over a run the gradient is asked for once a step and once more for each sample: (1 + p)/2 of what SAM costs."""
    params, state, samples, uniforms = case.params, case.state, 0, stream(case.seed, case.many)
    for _ in range(case.many):
        uniform = 0 * case.uniform + uniforms[state.draws - case.state.draws]
        params, state, report = step_sampled.call(port, case, params=params, state=state, uniform=uniform)
        samples += report.took_sam
    yield agree("evaluations", state.evaluations - case.state.evaluations, case.many + samples)
    yield agree("samples", state.sampler.samples - case.state.sampler.samples, samples)


@step_sampled.law("invariance", cases=vsam)
def decisions_do_not_look_at_the_problem(port: Any, case: Case) -> Iterable[Fact]:
    """On another function from another point the same step is sampled, with the same uniform number."""
    _, state, report = step_sampled.call(port, case)
    other, far = times(2.0, case.objective), tuple(w + 1 for w in case.params)
    _, elsewhere, there = step_sampled.call(port, case, objective=other, params=far)
    yield agree("took_sam, draws", (report.took_sam, state.draws), (there.took_sam, elsewhere.draws))
    yield identical("S", state.sampler.samples_per_window, elsewhere.sampler.samples_per_window)


def larger(value: Any, case: Case) -> Any:
    """Return arrays, or a function, times 2ᵏ."""
    return times(2.0**case.power, value)


step_sampled.symmetry(
    "invariance",
    "the_unit_of_the_loss_does_not_count_in_a_step",
    "f times 2ᵏ, with lr divided by 2ᵏ and all that is remembered of gradients in the new unit, gives the same"
    " parameters, samples and rate, bit for bit",
    cases=vsam.but(eps=0.0, weight_decay=0.0, power=count(1, 3, low=-10, high=10)),
    inputs={
        "objective": larger,
        "lr": lambda value, case: value / 2.0**case.power,
        **dict.fromkeys(("state.buffers", "state.psf"), larger),
        "state.sampler": in_units,
    },
    outputs={"params": unchanged, "took_sam": unchanged, "psf": larger},
    same=identical,
)


@step_sampled.law("invariance", cases=calm.but(schedule="always", last=all_arrays, turn=rotation()))
def statistics_do_not_know_the_axes(port: Any, case: Case) -> Iterable[Fact]:
    """In coordinates that are turned within the last L arrays, here all, a sample adds the same to the windows: norm,
    ratio and variance."""
    _, state, _ = step_sampled.call(port, case)
    there = {name: turned(case[name], case) for name in ("objective", "params")}
    _, moved, _ = step_sampled.call(port, case, **there)
    for name in ("norms", "ratios", "variances"):
        yield equal(name, getattr(moved.sampler, name), getattr(state.sampler, name))


@step_sampled.law("limit", cases=steps.but(variant=choice(*VARIANTS)))
def always_is_sam(port: Any, case: Case) -> Iterable[Fact]:
    """With the schedule "always", and in the warm-up, parameters and buffers are SAM's."""
    rates = {name: case[name] for name in (*RATES, "rho", "eps")}
    expected, after, _ = port.step(
        case.params, SamState(case.state.buffers, case.state.step_count), case.objective, **rates
    )
    for schedule in ("always", "warm_up"):
        new, state, _ = step_sampled.call(port, case, schedule=schedule)
        yield equal(f"params, {schedule}", join(new), join(expected))
        yield equal(f"buffers, {schedule}", join(state.buffers), join(after.buffers))


fresh = steps.but(state=sampled_states(samplers(full=False), started=False))


@step_sampled.law("limit", cases=fresh)
def before_any_sample_it_is_sgd(port: Any, case: Case) -> Iterable[Fact]:
    """With "never", and "clean" before the first sample of vSAM, a step is one of SGD: the PSF is 0."""
    for schedule in ("never", "vsam"):
        new, state, report = step_sampled.call(port, case, schedule=schedule, state=without_a_need(case))
        expected = sgd_along(case, case.objective.gradient(case.params))
        yield from same_outputs("params", (new, state.buffers), expected)
        yield agree("took_sam, used_uniform", (report.took_sam, report.used_uniform), (False, False))
        yield identical("psf_norm", report.psf_norm, 0 * report.psf_norm)


def without_a_need(case: Case) -> SampledState:
    """Return the case's state in the first window, with no more samples needed in it."""
    one = 0 * case.state.product + 1
    enough = case.state.sampler._replace(step_count=1, taken=1, samples_per_window=one)
    state: SampledState = case.state._replace(sampler=enough)
    return state


@step_sampled.misfits(cases=fresh.but(schedule="vsam", variant="code", beta=0.5, horizon=6))
def the_code_has_nothing_to_reuse_before_any_sample(case: Case) -> Misfits:
    """ "code": a step without a sample before the first one is an error."""
    return {"no sample": {"state": without_a_need(case)}}


def too_close(case: Case) -> Any:
    """Return the case's function, not known where the parameters are."""
    return fenced(case, np.max(np.abs(join(case.params) - case.objective.objective.stationary)) / 2)


@step_sampled.misfits(cases=calm.but(schedule="warm_up", variant=choice(*VARIANTS)))
def what_does_not_fit_is_rejected(case: Case) -> Misfits:
    """More arrays than there are, blocks of one sample, less than one sample a window, windows of several lengths, and
    a gradient that is not finite are rejected."""
    K = len(case.state.sampler.norms)
    return {
        "last": {"last": len(case.params) + 1},
        "blocks": {"blocks": K // 2 + 1},
        "max_p": {"max_p": 0.5 / K},
        "windows": {"state": case.state._replace(sampler=longer(case.state.sampler, "ratios"))},
        "gradient": {"objective": too_close(case)},
    }


@step_sampled.law("closed form")
def a_schedule_says_when(port: Any, case: Case) -> Iterable[Fact]:
    """ "every_k" samples where k divides the number of steps before; "bernoulli" where U >= 1 - p, and uses up a number
    on every step; "always", "never" and "warm_up" do what they say. Steps and samples are counted; in the warm-up n
    stays, and k becomes 1."""
    before = case.state.sampler
    n, k = before.step_count, before.taken
    for schedule, take, used, counts in (
        ("every_k", (n - 1) % case.every == 0, False, (n + 1, k)),
        ("bernoulli", bool(case.uniform + case.probability >= 1), True, (n + 1, k)),
        ("always", True, False, (n + 1, k)),
        ("never", False, False, (n + 1, k)),
        ("warm_up", True, False, (n, 1)),
    ):
        _, state, report = step_sampled.call(port, case, schedule=schedule)
        yield agree(
            schedule, (report.took_sam, report.used_uniform, state.draws), (take, used, case.state.draws + used)
        )
        found = state.sampler
        counted = (found.step_count, found.taken, found.samples)
        yield agree(f"counts, {schedule}", counted, (*counts, before.samples + take))


@step_sampled.law("closed form", cases=steps.but(schedule="never", state=full, horizon=choice(6, 4)))
def a_remainder_may_keep_its_share(port: Any, case: Case) -> Iterable[Fact]:
    """With `rescale` the weight βʲ is multiplied by ‖g‖ over what it was at the sample; without, it is βʲ."""
    grads, j = case.objective.gradient(case.params), case.state.reuses + 1
    plain = case.beta**j if j <= case.horizon else 0 * case.beta
    for rescale, factor in ((False, 1.0), (True, norm(grads) / case.state.psf_grad_norm)):
        new, state, report = step_sampled.call(port, case, rescale=rescale)
        weight = plain * factor + 0 * norm(grads)
        yield equal(f"weight, {rescale}", report.weight, weight)
        directions = tuple(g + weight * p for g, p in zip(grads, case.state.psf, strict=True))
        yield from same_outputs("params", (new, state.buffers), sgd_along(case, directions))


@step_sampled.law("fixed point", cases=steps.but(schedule="always", state=full, momentum=0.0, weight_decay=0.0))
def at_a_stationary_point_all_stays(port: Any, case: Case) -> Iterable[Fact]:
    """At x = x*, sampled, the parameters stay, bit for bit: the PSF and its ratio are 0, and nothing is NaN."""
    still = cut(case.objective.objective.stationary, case.params)
    new, state, report = step_sampled.call(port, case, params=still)
    yield identical("params", join(new), join(still))
    yield identical("ratio", state.sampler.ratios[-1], 0 * state.sampler.ratios[-1])
    yield identical("alignment", report.alignment, 0 * report.alignment)


step_sampled.edits("""
warm_up_leaves_the_count_of_samples: After the warm-up k is 0, so that the first window has a sample
    `{"taken": 1}` → `{"taken": 0}`
warm_up_counts_steps: The steps of the warm-up are counted in n
    `{"taken": 1}` → `{"taken": 1, "step_count": n + 2}`
all_arrays_for_the_statistics: The statistics are over all arrays, not the last L
    `psf[-last:]` → `psf`
    `grads[-last:]` → `grads`
first_arrays_for_the_statistics: The statistics are over the first L arrays
    `psf[-last:]` → `psf[:last]`
    `grads[-last:]` → `grads[:last]`
norms_of_the_sam_gradient: The ratio is ‖psf‖/‖g'‖
    `grads[-last:]` → `directions[-last:]`
largest_entries_for_the_statistics: What is recorded are the largest entries and not the norms
    `joint_length(psf[-last:])` → `max(np.max(np.abs(p)) for p in psf[-last:])`
    `joint_length(grads[-last:])` → `max(np.max(np.abs(g)) for g in grads[-last:])`
samples_where_the_gradient_is_long: A sample is also taken wherever the gradient is long [AE-SAM, arXiv 2304.14647]
    `if take:` → `if take := take or bool(joint_length(gradient_at(objective, params, "g")) > 8):`
zeros_are_reused: "code": before any sample a PSF of zeros is used, and no error tells of it
    `state.sampler.samples == 0` → `False`
weight_goes_on_fading: The weight does not begin at 1 again after a sample
    `reuses, psf_grad_norm, product = 0,` → `reuses, psf_grad_norm, product = state.reuses,`
remainder_is_not_kept: The PSF of a sample is not remembered
    `SampledState(buffers, psf,` → `SampledState(buffers, state.psf,`
second_gradient_is_not_counted: A sample is counted as one evaluation of the gradient
    `state.evaluations + 1 + take` → `state.evaluations + 1`
draws_are_not_counted: The position in the uniform stream stays where it is
    `state.draws + used` → `state.draws`
statistics_exchanged: The weights of the two statistics are exchanged
    `alpha1=alpha1, alpha2=alpha2` → `alpha1=alpha2, alpha2=alpha1`
first_step_is_no_sample: "every_k" counts steps from 1: the k-th is the first sample
    `n % every == 0` → `(n + 1) % every == 0`
bernoulli_with_the_other_tail: "bernoulli" samples where U < 1 - p
    `bool(uniform >= 1 - probability)` → `bool(uniform < 1 - probability)`
rescaled_by_the_remainder: `rescale` makes the PSF as long as the gradient
    `seen.grad_norm / psf_grad_norm` → `seen.grad_norm / seen.psf_norm`
rescaled_upside_down: `rescale` multiplies by the old norm over the new one
    `seen.grad_norm / psf_grad_norm` → `psf_grad_norm / seen.grad_norm`
always_rescaled: The PSF is rescaled whether that was asked for or not
    `rescale and psf_grad_norm > 0` → `psf_grad_norm > 0`
gradient_is_weighted_too: The whole sum is weighted, the gradient with it
    `g + weight * p` → `weight * (g + p)`
gradient_and_remainder_are_averaged: The direction is (1 - m)·g + m·psf
    `g + weight * p` → `(1 - weight) * g + weight * p`
weight_of_0_taken_for_none: A weight of 0 counts as 1, as if none had been given
    `weight * p` → `(weight or 1.0) * p`
remainder_is_subtracted: The PSF is subtracted
    `g + weight * p` → `g - weight * p`
""")
