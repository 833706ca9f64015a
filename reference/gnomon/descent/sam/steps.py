"""vSAM and ARSAM: a SAM step where a sample is taken, otherwise a step with the plain gradient and the last PSF.

Sources: vSAM is `ajiaaa/vSAM` (commit 895e0e5), step for step in the variant "code". Of ARSAM (arXiv 2510.03763)
we have the abstract only; what is here is vSAM with other schedules, as the abstract says: sampling, reusing, mixing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from gnomon.arguments import checked
from gnomon.descent import sgd
from gnomon.descent.sam.decomposition import Like, Params, decompose, gradient_at
from gnomon.descent.sam.optimizer import advanced, report
from gnomon.descent.sam.reuse import mixed_step, reuse_weight
from gnomon.descent.sam.sampling import (
    Sampler,
    Share,
    Size,
    Variant,
    decide,
    init_sampler,
    record,
    require_blocks,
    require_share,
    require_windows,
)
from gnomon.descent.sgd import SGDState
from gnomon.domains import Fraction, NonNegative, NonNegativeInt, PositiveInt, UnitInterval
from gnomon.norms import joint_length
from gnomon.objectives.several_arrays import ArraysObjective
from gnomon.several_arrays import Arrays

Schedule = Literal["vsam", "every_k", "bernoulli", "always", "never"]
SCHEDULES = get_args(Schedule)


class VsamState(NamedTuple):
    """What is remembered between steps.

    buffers: momentum. psf: the last one, zeros before any. psf_grad_norm: ‖g‖ where it was taken. sampler: see there.
    step_count: steps of the base optimizer. reuses: steps since the sample. product: b of `reuse_weight`. draws: how
    many uniform numbers were used. evaluations: how often the gradient was asked for.
    """

    buffers: Like
    psf: Like
    psf_grad_norm: Size
    sampler: Sampler
    step_count: int
    reuses: int
    product: Size
    draws: int
    evaluations: int


class SampledReport(NamedTuple):
    """What a step did.

    took_sam: whether it took a sample. used_uniform: whether it used the uniform number. weight: of the PSF in the
    direction. grad_norm, psf_norm, alignment: as in `Report`, of the PSF that was used, or the last one.
    """

    took_sam: bool
    used_uniform: bool
    weight: Any
    grad_norm: Any
    psf_norm: Any
    alignment: Any


@checked()
def init_vsam(params: Params, *, window: PositiveInt = 50) -> VsamState:
    """Return the state of vSAM or ARSAM before the first step. window: K."""
    zeros, number = tuple(np.zeros_like(w) for w in params), params[0].dtype.type
    return VsamState(zeros, zeros, number(0), init_sampler(window=window, dtype=number), 0, 0, number(1), 0, 0)


def require_tail(given: Mapping[str, Any]) -> None:
    sampler, dtype = given["state"].sampler, given["params"][0].dtype
    require_windows(sampler)
    if sampler.norms.dtype != dtype:
        raise TypeError(f"state.sampler must have the dtype of params {dtype}, got {sampler.norms.dtype}")
    require_blocks(sampler.norms, given["blocks"])
    require_share(sampler.norms, given["max_p"])
    if given["last"] > len(given["params"]):
        raise ValueError(f"last must be at most the number of arrays, {len(given['params'])}, got {given['last']}")


@checked(require_tail)
def step_vsam(
    params: Params, state: VsamState, objective: ArraysObjective, uniform: Fraction, *,
    warm_up: bool = False, rho: NonNegative = 0.05, eps: NonNegative = 0.0, blocks: PositiveInt = 5,
    last: PositiveInt = 2, alpha1: NonNegative = 0.01, alpha2: NonNegative = 0.01, max_p: Share = 0.8,
    beta: UnitInterval = 0.7, lr: NonNegative = 0.05, momentum: NonNegative = 0.9, weight_decay: NonNegative = 1e-3,
    variant: Variant = "clean",
) -> tuple[Arrays, VsamState, SampledReport]:  # fmt: skip
    """Return the parameters after one step of vSAM, the new state and a report.

    In the warm-up each step is a SAM step, n stays as it is and k becomes 1. Afterwards `decide` says whether the step
    is a SAM step, whose norms over the last L arrays are recorded, or goes along g + m·psf, m of `reuse_weight`.

    params, objective, rho, eps, lr, momentum, weight_decay: as in `step`. uniform: see `decide`. blocks: B. last: L, at
    most the number of arrays. variant: "clean", or "code", the released one (whose ε is 1e-12): it is an error to begin
    without a sample there. What is not finite raises as in `step`, and nothing is changed then.
    """
    if warm_up:
        before = state.sampler
        sampler, take, used = before._replace(taken=1, samples=before.samples + 1), True, False
    else:
        sampler, take, used = decide(state.sampler, uniform, alpha1=alpha1, alpha2=alpha2, max_p=max_p, variant=variant)
    rates = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
    chosen = state._replace(sampler=sampler, draws=state.draws + used)
    if take:
        return sampled_step(params, chosen, objective, used, rho, eps, blocks, last, rates)
    weight, product = reuse_weight(state.reuses + 1, state.product, beta=beta, variant=variant)
    if variant == "code" and weight > 0 and state.sampler.samples == 0:
        raise ValueError("there is no psf to reuse before the first sample")
    return plain_step(params, chosen._replace(product=product), objective, used, weight, False, rates)


@checked(require_tail)
def step_arsam(
    params: Params, state: VsamState, objective: ArraysObjective, uniform: Fraction, *,
    schedule: Schedule = "vsam", every: PositiveInt = 2, probability: UnitInterval = 0.5, rescale: bool = False,
    horizon: NonNegativeInt = 6, rho: NonNegative = 0.05, eps: NonNegative = 0.0, blocks: PositiveInt = 5,
    last: PositiveInt = 2, alpha1: NonNegative = 0.01, alpha2: NonNegative = 0.01, max_p: Share = 0.8,
    beta: UnitInterval = 0.7, lr: NonNegative = 0.05, momentum: NonNegative = 0.9, weight_decay: NonNegative = 1e-3,
) -> tuple[Arrays, VsamState, SampledReport]:  # fmt: skip
    """Return the parameters after one step of ARSAM, the new state and a report.

    A sample is taken, with n the number of steps before::

        vsam        as `decide` says          every_k     where `every` divides n
        bernoulli   where U >= 1 - probability          always, never

    In between the direction is g + m·psf, m = βʲ in the j-th step after the sample, j <= horizon, then g. rescale: m is
    multiplied by ‖g‖ over what it was at the sample, so that the PSF keeps its share. The rest as in `step_vsam`.

    Choice: this is a reconstruction; ARSAM's own schedule has not been published where we could read it.
    """
    sampler, n = state.sampler, state.sampler.step_count - 1
    if schedule == "vsam":
        sampler, take, used = decide(sampler, uniform, alpha1=alpha1, alpha2=alpha2, max_p=max_p)
    else:
        used = schedule == "bernoulli"
        sampled = {"every_k": n % every == 0, "bernoulli": bool(uniform >= 1 - probability), "always": True}
        take = sampled.get(schedule, False)
        sampler = sampler._replace(step_count=n + 2, samples=sampler.samples + take)
    rates = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
    chosen = state._replace(sampler=sampler, draws=state.draws + used)
    if take:
        return sampled_step(params, chosen, objective, used, rho, eps, blocks, last, rates)
    weight, product = reuse_weight(state.reuses + 1, state.product, beta=beta, horizon=horizon)
    return plain_step(params, chosen._replace(product=product), objective, used, weight, rescale, rates)


def sampled_step(
    params: Arrays, state: VsamState, objective: ArraysObjective, used: bool, rho: float, eps: float, blocks: int,
    last: int, rates: Mapping[str, Any],
) -> tuple[Arrays, VsamState, SampledReport]:  # fmt: skip
    """Return what a step with a fresh PSF gives."""
    found = decompose(params, objective, rho=rho, eps=eps)
    sampler = record(state.sampler, joint_length(found.psf[-last:]), joint_length(found.grads[-last:]), blocks=blocks)
    states = (SGDState(buffer, state.step_count) for buffer in state.buffers)
    moved = [sgd.step(*given, **rates) for given in zip(params, found.sam_grads, states, strict=True)]
    new, base = advanced(moved, state.step_count)
    seen = report(found.grads, found.psf)
    after = state._replace(
        buffers=base.buffers,
        psf=found.psf,
        psf_grad_norm=seen.grad_norm,
        sampler=sampler,
        step_count=base.step_count,
        reuses=0,
        product=0 * seen.grad_norm + 1,
        evaluations=state.evaluations + 2,
    )
    return new, after, SampledReport(True, used, after.product, *seen)


def plain_step(
    params: Arrays, state: VsamState, objective: ArraysObjective, used: bool, weight: Any, rescale: bool,
    rates: Mapping[str, Any],
) -> tuple[Arrays, VsamState, SampledReport]:  # fmt: skip
    """Return what a step with the last PSF gives."""
    grads = gradient_at(objective, params, "the gradient")
    seen = report(grads, state.psf)
    if rescale and state.psf_grad_norm > 0:
        weight = weight * (seen.grad_norm / state.psf_grad_norm)
    states = (SGDState(buffer, state.step_count) for buffer in state.buffers)
    given = zip(params, grads, state.psf, states, strict=True)
    moved = [mixed_step(*one, weight=weight, **rates) for one in given]
    new, base = advanced(moved, state.step_count)
    after = state._replace(
        buffers=base.buffers, step_count=base.step_count, reuses=state.reuses + 1, evaluations=state.evaluations + 1
    )
    return new, after, SampledReport(False, used, weight, *seen)
