"""Steps of vSAM and ARSAM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from gnomon.descent.sam import steps as reference
from gnomon.descent.sam.optimizer import SamState
from gnomon.descent.sam.sampling import VARIANTS
from gnomon.descent.sgd import SGDState
from gnomon.several_arrays import cut, join
from gnomon_spec.cases import Case, Quantity, choice
from gnomon_spec.descent.sam import system
from gnomon_spec.descent.sam.decomposition import fenced, norm
from gnomon_spec.descent.sam.inputs import RATES, UNIFORM, last, max_p, problems, quadratic, sampled_states, samplers
from gnomon_spec.descent.sam.sampling import seeds, stream
from gnomon_spec.facts import Fact, agree, equal, identical, rejects
from gnomon_spec.several_arrays import times
from gnomon_spec.strategies import SMALL_CODES, count, fraction
from gnomon_spec.system import WITH_ROOM

blocks = Quantity(
    lambda draw, c: 2 if draw(SMALL_CODES) % 4 else 1 + draw(SMALL_CODES) % (len(c.drawn["state"].sampler.norms) // 2),
    "a number of blocks of two entries at least",
    lambda value: value >= 1,
)
shared = problems.but(
    state=sampled_states(samplers()),
    uniform=UNIFORM,
    blocks=blocks,
    last=last,
    alpha1=choice(0.13, 0.01),
    alpha2=choice(0.13, 0.01),
    max_p=max_p,
    beta=choice(0.7, 0.5, 0.25, 0.0),
    **RATES,
)
full = sampled_states(samplers(full=True), started=True)
steps = shared.but(warm_up=choice(False, False, True), variant="clean")
calm = shared.but(objective=quadratic, state=full)
step_vsam = system.operation(
    reference.step_vsam, cases=steps, rejecting=calm.but(warm_up=False, variant="clean"), dtypes=WITH_ROOM
)
either = shared.but(state=full, warm_up=False, variant=choice(*VARIANTS))


def sgd_on(port: Any, case: Case, directions: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each array and its buffer after a step of SGD along a direction from the case's state."""
    rates = {name: case[name] for name in RATES}
    state = case.state
    for w, d, buffer in zip(case.params, directions, state.buffers, strict=True):
        new, after = port.mixed_step(w, d, 0 * d, SGDState(buffer, state.step_count), weight=0.0, **rates)
        yield new, after.momentum_buffer


def moved(port: Any, case: Case, new: Any, state: Any, directions: Any) -> Iterator[Fact]:
    """Claim that parameters and buffers are those of SGD along the directions."""
    for i, (array, buffer) in enumerate(sgd_on(port, case, directions)):
        yield equal(f"params[{i}]", new[i], array)
        yield equal(f"buffers[{i}]", state.buffers[i], buffer)
    yield agree("step_count", state.step_count, case.state.step_count + 1)


@step_vsam.law("invariance", cases=either)
def a_sampled_step_is_sam_and_others_reuse(port: Any, case: Case) -> Iterable[Fact]:
    """`decide` says which: a SAM step along g', whose PSF is kept and recorded with its weight 1; or a step along g + m
    times the PSF kept before, m of `reuse_weight`. Each gradient is counted, and each uniform number that was used."""
    new, state, report = step_vsam.call(port, case)
    names = ("alpha1", "alpha2", "max_p", "variant")
    sampler, take, used = port.decide(case.state.sampler, case.uniform, **{name: case[name] for name in names})
    yield agree("took_sam, used_uniform", (report.took_sam, report.used_uniform), (take, used))
    yield agree("draws", state.draws, case.state.draws + used)
    yield agree("evaluations", state.evaluations, case.state.evaluations + 1 + take)
    found = port.decompose(case.params, case.objective, rho=case.rho, eps=case.eps)
    if take:
        sizes = (norm(found.psf[-case.last :]), norm(found.grads[-case.last :]))
        sampler = port.record(sampler, *sizes, blocks=case.blocks)
        psf, size, weight, kept, reuses = found.psf, norm(found.grads), 1 + 0 * sizes[0], 1 + 0 * sizes[0], 0
        directions = found.sam_grads
    else:
        psf, size, reuses = case.state.psf, case.state.psf_grad_norm, case.state.reuses + 1
        weight, kept = port.reuse_weight(reuses, case.state.product, beta=case.beta, variant=case.variant)
        directions = tuple(g + weight * p for g, p in zip(found.grads, psf, strict=True))
    yield from moved(port, case, new, state, directions)
    yield equal("psf", join(state.psf), join(psf))
    yield equal("psf_grad_norm", state.psf_grad_norm, size)
    yield equal("weight", report.weight, weight)
    yield equal("product", state.product, kept)
    yield agree("reuses", state.reuses, reuses)
    yield equal("grad_norm", report.grad_norm, norm(found.grads))
    yield equal("psf_norm", report.psf_norm, norm(psf))
    yield equal("alignment", report.alignment * norm(found.grads) ** 2, np.sum(join(found.grads) * join(psf)))
    for name in ("step_count", "taken", "samples"):
        yield agree(f"sampler.{name}", getattr(state.sampler, name), getattr(sampler, name))
    for name in ("samples_per_window", "probability", "norms", "ratios", "variances"):
        yield equal(f"sampler.{name}", getattr(state.sampler, name), getattr(sampler, name))


@step_vsam.law("closed form", cases=steps.but(warm_up=True, variant=choice(*VARIANTS)))
def the_warm_up_is_sam(port: Any, case: Case) -> Iterable[Fact]:
    """In the warm-up each step is a SAM step: n stays, k becomes 1, the sample counts, no uniform number is used."""
    new, state, report = step_vsam.call(port, case)
    found = port.decompose(case.params, case.objective, rho=case.rho, eps=case.eps)
    yield from moved(port, case, new, state, found.sam_grads)
    before = case.state.sampler
    counted = (before.step_count, 1, before.samples + 1)
    yield agree("n, k, samples", (state.sampler.step_count, state.sampler.taken, state.sampler.samples), counted)
    yield agree("took_sam, used_uniform", (report.took_sam, report.used_uniform), (True, False))
    yield agree("draws", state.draws, case.state.draws)
    yield identical("samples_per_window", state.sampler.samples_per_window, before.samples_per_window)


@step_vsam.law("conservation", cases=either.but(seed=seeds, many=count(2, 3, low=2, high=7), lr=0.0625, momentum=0.0))
def the_cost_is_one_gradient_a_step_and_one_a_sample(port: Any, case: Case) -> Iterable[Fact]:
    """Over a run the gradient is asked for once a step and once more for each sample: (1 + p)/2 of what SAM costs."""
    params, state, samples, uniforms = case.params, case.state, 0, stream(case.seed, case.many)
    for _ in range(case.many):
        uniform = 0 * case.uniform + uniforms[state.draws - case.state.draws]
        params, state, report = step_vsam.call(port, case, params=params, state=state, uniform=uniform)
        samples += report.took_sam
    yield agree("evaluations", state.evaluations - case.state.evaluations, case.many + samples)
    yield agree("samples", state.sampler.samples - case.state.sampler.samples, samples)


@step_vsam.law("invariance", cases=either)
def decisions_do_not_look_at_the_problem(port: Any, case: Case) -> Iterable[Fact]:
    """On another function from another point the same step is sampled, with the same uniform number."""
    _, state, report = step_vsam.call(port, case)
    other, far = times(2.0, case.objective), tuple(w + 1 for w in case.params)
    _, elsewhere, there = step_vsam.call(port, case, objective=other, params=far)
    yield agree("took_sam", report.took_sam, there.took_sam)
    yield agree("draws", state.draws, elsewhere.draws)
    yield identical("S", state.sampler.samples_per_window, elsewhere.sampler.samples_per_window)


step_vsam.symmetry(
    "invariance",
    "the_unit_of_the_loss_does_not_count_in_a_step",
    "f times 2ᵏ, with lr divided by 2ᵏ and all that is remembered of gradients in the new unit, gives the same"
    " parameters, samples and rate, bit for bit",
    cases=either.but(eps=0.0, weight_decay=0.0, power=count(1, 3, low=-10, high=10)),
    inputs={
        "objective": lambda f, case: times(2.0**case.power, f),
        "lr": lambda value, case: value / 2.0**case.power,
        "state.buffers": lambda value, case: times(2.0**case.power, value),
        "state.psf": lambda value, case: times(2.0**case.power, value),
        "state.sampler": lambda value, case: value._replace(
            norms=2.0**case.power * value.norms, variances=4.0**case.power * value.variances
        ),
    },
    outputs={
        "params": lambda value, case: value,
        "took_sam": lambda value, case: value,
        "psf": lambda value, case: times(2.0**case.power, value),
    },
    same=identical,
)

fresh = shared.but(state=sampled_states(samplers(full=False), started=False), warm_up=False)


@step_vsam.law("limit", cases=fresh.but(variant="clean"))
def before_any_sample_it_is_sgd(port: Any, case: Case) -> Iterable[Fact]:
    """ "clean": a step without a sample before the first one is a step of SGD: the PSF is 0."""
    enough = case.state.sampler._replace(step_count=1, taken=1, samples_per_window=0 * case.state.product + 1)
    new, state, report = step_vsam.call(port, case, state=case.state._replace(sampler=enough))
    yield agree("took_sam", report.took_sam, False)
    yield from moved(port, case, new, state, case.objective.gradient(case.params))
    yield identical("psf_norm", report.psf_norm, 0 * report.psf_norm)


@step_vsam.law("rejects", cases=fresh.but(variant="code", beta=0.5))
def the_code_has_nothing_to_reuse_before_any_sample(port: Any, case: Case) -> Iterable[Fact]:
    """ "code": a step without a sample before the first one is an error."""
    enough = case.state.sampler._replace(step_count=1, taken=1, samples_per_window=0 * case.state.product + 1)
    state = case.state._replace(sampler=enough)
    yield rejects("no sample", lambda: step_vsam.call(port, case, state=state))


@step_vsam.law("rejects", cases=calm.but(warm_up=True, variant=choice(*VARIANTS)))
def what_does_not_fit_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """More arrays than there are, blocks of one sample, less than one sample a window, windows of several lengths, and
    a gradient that is not finite are rejected."""
    K, sampler = len(case.state.sampler.norms), case.state.sampler
    yield rejects("last", lambda: step_vsam.call(port, case, last=len(case.params) + 1))
    yield rejects("blocks", lambda: step_vsam.call(port, case, blocks=K // 2 + 1))
    yield rejects("max_p", lambda: step_vsam.call(port, case, max_p=0.5 / K))
    longer = sampler._replace(ratios=np.concatenate([sampler.ratios, sampler.ratios]))
    yield rejects("windows", lambda: step_vsam.call(port, case, state=case.state._replace(sampler=longer)))
    distance = np.max(np.abs(join(case.params) - case.objective.objective.stationary))
    yield rejects("gradient", lambda: step_vsam.call(port, case, objective=fenced(case, distance / 2)))


step_vsam.edits("""
warm_up_leaves_the_count_of_samples: After the warm-up k is 0, so that the first window has a sample
    `before._replace(taken=1, ` → `before._replace(taken=0, `
warm_up_counts_steps: The steps of the warm-up are counted in n
    `before._replace(taken=1, ` → `before._replace(step_count=before.step_count + 1, taken=1, `
all_arrays_for_the_statistics: The statistics are over all arrays, not the last L
    `found.psf[-last:]` → `found.psf`
    `found.grads[-last:]` → `found.grads`
first_arrays_for_the_statistics: The statistics are over the first L arrays
    `found.psf[-last:]` → `found.psf[:last]`
    `found.grads[-last:]` → `found.grads[:last]`
norms_of_the_sam_gradient: The ratio is ‖psf‖/‖g'‖
    `found.grads[-last:]` → `found.sam_grads[-last:]`
samples_where_the_gradient_is_long: A sample is also taken wherever the gradient is long [AE-SAM, arXiv 2304.14647]
    `rates = {` → `take = take or bool(joint_length(gradient_at(objective, params, "g")) > 8)
        rates = {`
zeros_are_reused: "code": before any sample a PSF of zeros is used, and no error tells of it
    `state.sampler.samples == 0` → `False`
weight_goes_on_fading: The weight does not begin at 1 again after a sample
    `reuses=0,` → `reuses=state.reuses,`
remainder_is_not_kept: The PSF of a sample is not remembered
    `psf=found.psf,` → `psf=state.psf,`
second_gradient_is_not_counted: A sample is counted as one evaluation of the gradient
    `state.evaluations + 2` → `state.evaluations + 1`
draws_are_not_counted: The position in the uniform stream stays where it is
    `draws=state.draws + used` → `draws=state.draws`
""")

arsam_steps = shared.but(
    schedule=choice(*reference.SCHEDULES),
    every=choice(2, 1, 3),
    probability=fraction(0.5, 0.25, closest=6),
    rescale=choice(False, True),
    horizon=choice(6, 2, 1, 0),
)
step_arsam = system.operation(
    reference.step_arsam, cases=arsam_steps, rejecting=calm.but(schedule="always"), dtypes=WITH_ROOM
)


@step_arsam.law("limit", cases=arsam_steps.but(schedule="vsam", rescale=False, horizon=6))
def with_vsams_schedule_it_is_vsam(port: Any, case: Case) -> Iterable[Fact]:
    """With the schedule "vsam" and J = 6 it does what vSAM does, bit for bit."""
    new, state, report = step_arsam.call(port, case)
    names = (*RATES, "rho", "eps", "blocks", "last", "alpha1", "alpha2", "max_p", "beta")
    given = {name: case[name] for name in names}
    expected, after, other = port.step_vsam(case.params, case.state, case.objective, case.uniform, **given)
    yield identical("params", join(new), join(expected))
    yield identical("buffers", join(state.buffers), join(after.buffers))
    yield agree("took_sam", report.took_sam, other.took_sam)
    yield identical("S", state.sampler.samples_per_window, after.sampler.samples_per_window)


@step_arsam.law("limit", cases=arsam_steps.but(schedule="always"))
def always_is_sam(port: Any, case: Case) -> Iterable[Fact]:
    """With the schedule "always" parameters and buffers are SAM's, bit for bit."""
    new, state, _ = step_arsam.call(port, case)
    rates = {name: case[name] for name in (*RATES, "rho", "eps")}
    base = SamState(case.state.buffers, case.state.step_count)
    expected, after, _ = port.step(case.params, base, case.objective, **rates)
    yield identical("params", join(new), join(expected))
    yield identical("buffers", join(state.buffers), join(after.buffers))


@step_arsam.law("limit", cases=arsam_steps.but(schedule="never", state=sampled_states(samplers(), started=False)))
def never_is_the_base_optimizer(port: Any, case: Case) -> Iterable[Fact]:
    """With the schedule "never" and no PSF it is SGD, and each step costs one gradient."""
    new, state, report = step_arsam.call(port, case)
    yield from moved(port, case, new, state, case.objective.gradient(case.params))
    yield agree("evaluations", state.evaluations, case.state.evaluations + 1)
    yield agree("took_sam, used_uniform", (report.took_sam, report.used_uniform), (False, False))


@step_arsam.law("closed form", cases=arsam_steps)
def a_schedule_says_when(port: Any, case: Case) -> Iterable[Fact]:
    """ "every_k" samples where k divides the number of steps before; "bernoulli" where U >= 1 - p, and uses up a number
    on every step; "always" and "never" do what they say. Steps and samples are counted."""
    before = case.state.sampler
    n = before.step_count - 1
    rules = {
        "every_k": (n % case.every == 0, False),
        "bernoulli": (bool(case.uniform + case.probability >= 1), True),
        "always": (True, False),
        "never": (False, False),
    }
    for schedule, expected in rules.items():
        _, state, report = step_arsam.call(port, case, schedule=schedule)
        yield agree(schedule, (report.took_sam, report.used_uniform), expected)
        counted = (before.step_count + 1, before.samples + expected[0], case.state.draws + expected[1])
        yield agree(f"counts, {schedule}", (state.sampler.step_count, state.sampler.samples, state.draws), counted)


@step_arsam.law("closed form", cases=arsam_steps.but(schedule="never", state=full, horizon=choice(6, 4)))
def a_remainder_may_keep_its_share(port: Any, case: Case) -> Iterable[Fact]:
    """With `rescale` the weight βʲ is multiplied by ‖g‖ over what it was at the sample; without, it is βʲ."""
    f = case.objective
    size = norm(f.gradient(case.params))
    j = case.state.reuses + 1
    plain = case.beta**j if j <= case.horizon else 0 * case.beta
    for rescale, factor in ((False, 1.0), (True, size / case.state.psf_grad_norm)):
        new, state, report = step_arsam.call(port, case, rescale=rescale)
        weight = plain * factor + 0 * size
        yield equal(f"weight, {rescale}", report.weight, weight)
        directions = tuple(g + weight * p for g, p in zip(f.gradient(case.params), case.state.psf, strict=True))
        for i, (array, _) in enumerate(sgd_on(port, case, directions)):
            yield equal(f"params[{i}], {rescale}", new[i], array)
        yield identical(f"product, {rescale}", state.product, state.product)


@step_arsam.law("fixed point", cases=arsam_steps.but(schedule="always", state=full, momentum=0.0, weight_decay=0.0))
def at_a_stationary_point_all_stays(port: Any, case: Case) -> Iterable[Fact]:
    """At x = x*, sampled, the parameters stay, bit for bit: the PSF and its ratio are 0, and nothing is NaN."""
    still = cut(case.objective.objective.stationary, case.params)
    new, state, report = step_arsam.call(port, case, params=still)
    yield identical("params", join(new), join(still))
    yield identical("ratio", state.sampler.ratios[-1], 0 * state.sampler.ratios[-1])
    yield identical("alignment", report.alignment, 0 * report.alignment)
    yield identical("product", state.product, 1 + 0 * report.grad_norm)


step_arsam.edits("""
statistics_exchanged: The weights of the two statistics are exchanged
    `alpha1=alpha1, alpha2=alpha2, max_p=max_p` → `alpha1=alpha2, alpha2=alpha1, max_p=max_p`
first_step_is_no_sample: "every_k" counts steps from 1: the k-th is the first sample
    `n % every == 0` → `(n + 1) % every == 0`
bernoulli_with_the_other_tail: "bernoulli" samples where U < 1 - p
    `bool(uniform >= 1 - probability)` → `bool(uniform < 1 - probability)`
rescaled_by_the_remainder: `rescale` makes the PSF as long as the gradient
    `seen.grad_norm / state.psf_grad_norm` → `seen.grad_norm / seen.psf_norm`
rescaled_upside_down: `rescale` multiplies by the old norm over the new one
    `seen.grad_norm / state.psf_grad_norm` → `state.psf_grad_norm / seen.grad_norm`
always_rescaled: The PSF is rescaled whether that was asked for or not
    `rescale and state.psf_grad_norm > 0` → `state.psf_grad_norm > 0`
""")
