"""vSAM and ARSAM: a SAM step where a sample is taken, otherwise a step with the plain gradient and the last PSF.

Sources: vSAM is `ajiaaa/vSAM` (commit 895e0e5), step for step in the variant "code". Of ARSAM (arXiv 2510.03763)
we have the abstract only; what is here is vSAM with other schedules, as the abstract says: sampling, reusing, mixing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.sam.decomposition import Like, Params, decompose, gradient_at
from gnomon.descent.sam.optimizer import descended, report
from gnomon.descent.sam.reuse import reuse_weight
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
from gnomon.domains import Fraction, NonNegative, NonNegativeInt, PositiveInt, UnitInterval
from gnomon.norms import joint_length
from gnomon.objectives.several_arrays import ArraysObjective
from gnomon.several_arrays import Arrays

Schedule = Literal["vsam", "warm_up", "every_k", "bernoulli", "always", "never"]
SCHEDULES = get_args(Schedule)


class SampledState(NamedTuple):
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
def init_sampled(params: Params, *, window: PositiveInt = 50) -> SampledState:
    """Return the state before the first step. window: K."""
    zeros, number = tuple(np.zeros_like(w) for w in params), params[0].dtype.type
    return SampledState(zeros, zeros, number(0), init_sampler(window=window, dtype=number), 0, 0, number(1), 0, 0)


def require_fit(given: Mapping[str, Any]) -> None:
    sampler, dtype = given["state"].sampler, given["params"][0].dtype
    require_windows(sampler)
    if sampler.norms.dtype != dtype:
        raise TypeError(f"state.sampler must have the dtype of params {dtype}, got {sampler.norms.dtype}")
    require_blocks(sampler.norms, given["blocks"])
    require_share(sampler.norms, given["max_p"])
    if given["last"] > len(given["params"]):
        raise ValueError(f"last must be at most the number of arrays, {len(given['params'])}, got {given['last']}")


@checked(require_fit)
def step_sampled(
    params: Params, state: SampledState, objective: ArraysObjective, uniform: Fraction, *,
    schedule: Schedule = "vsam", variant: Variant = "clean", every: PositiveInt = 2, probability: UnitInterval = 0.5,
    rho: NonNegative = 0.05, eps: NonNegative = 0.0, blocks: PositiveInt = 5, last: PositiveInt = 2,
    alpha1: NonNegative = 0.01, alpha2: NonNegative = 0.01, max_p: Share = 0.8, beta: UnitInterval = 0.7,
    horizon: NonNegativeInt = 6, rescale: bool = False, lr: NonNegative = 0.05, momentum: NonNegative = 0.9,
    weight_decay: NonNegative = 1e-3,
) -> tuple[Arrays, SampledState, SampledReport]:  # fmt: skip
    """Return the parameters after one step of vSAM or ARSAM, the new state and a report.

    A sample is taken, with n the number of steps since the warm-up, sampler.step_count - 1::

        vsam        as `decide` says                    warm_up         always; n stays as it is, and k becomes 1
        bernoulli   where U >= 1 - probability          every_k         where `every` divides n
        always, never

    Where it is, the step is one of SAM, whose norms over the last L arrays are recorded. In between the direction is
    g + m·psf of the last sample, m of `reuse_weight`. rescale: m is multiplied by ‖g‖ over what it was at the sample,
    so that the PSF keeps its share.

    params, objective, rho, eps, lr, momentum, weight_decay: as in `step`. uniform: see `decide`. blocks: B. last: L, at
    most the number of arrays. variant: "clean", or "code", the released vSAM (whose ε is 1e-12): it is an error to
    begin without a sample there. What is not finite raises as in `step`, and nothing is changed then.

    Choice: schedules but "vsam" and "warm_up", rescale and horizon are a reconstruction: ARSAM's own schedule has not
    been published where we could read it.
    """
    sampler, n = state.sampler, state.sampler.step_count - 1
    if schedule == "vsam":
        sampler, take, used = decide(sampler, uniform, alpha1=alpha1, alpha2=alpha2, max_p=max_p, variant=variant)
    else:
        used = schedule == "bernoulli"
        sampled = {"every_k": n % every == 0, "bernoulli": bool(uniform >= 1 - probability), "never": False}
        take = sampled.get(schedule, True)
        counted: dict[str, Any] = {"taken": 1} if schedule == "warm_up" else {"step_count": n + 2}
        sampler = sampler._replace(samples=sampler.samples + take, **counted)
    rates = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
    if take:
        grads, directions, psf = decompose(params, objective, rho=rho, eps=eps)
        seen = report(grads, psf)
        sampler = record(sampler, joint_length(psf[-last:]), joint_length(grads[-last:]), blocks=blocks)
        reuses, psf_grad_norm, product = 0, seen.grad_norm, 0 * seen.grad_norm + 1
        weight = product
    else:
        grads, psf = gradient_at(objective, params, "the gradient"), state.psf
        seen = report(grads, psf)
        reuses, psf_grad_norm = state.reuses + 1, state.psf_grad_norm
        weight, product = reuse_weight(reuses, state.product, beta=beta, horizon=horizon, variant=variant)
        if variant == "code" and weight > 0 and state.sampler.samples == 0:
            raise ValueError("there is no psf to reuse before the first sample")
        if rescale and psf_grad_norm > 0:
            weight = weight * (seen.grad_norm / psf_grad_norm)
        directions = tuple(g + weight * p for g, p in zip(grads, psf, strict=True))
    new, buffers = descended(params, directions, state, rates)
    steps, draws, evaluations = state.step_count + 1, state.draws + used, state.evaluations + 1 + take
    after = SampledState(buffers, psf, psf_grad_norm, sampler, steps, reuses, product, draws, evaluations)
    return new, after, SampledReport(take, used, weight, *seen)
