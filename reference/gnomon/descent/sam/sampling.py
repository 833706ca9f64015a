"""When vSAM computes a fresh PSF: a rate that drifts with two statistics, and a decision on every step.

Source: `ajiaaa/vSAM` (commit 895e0e5), the class `vSAM`; arXiv 2403.08821 has no pseudocode that we could read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import DTypeLike

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Fraction, NonNegative, Number, PositiveInt, Scalar, require_like

Variant = Literal["clean", "code"]
VARIANTS = get_args(Variant)
Window: TypeAlias = Annotated[Array, Entries(("K",), least=1, each=Number(closed=True))]
Share: TypeAlias = Annotated[float, Number(0, 1, above=True, closed=True)]
Size: TypeAlias = Annotated[Any, Scalar(low=0.0)]


class Sampler(NamedTuple):
    """What is remembered of past samples.

    step_count: n, 1 before the first step after the warm-up. taken: k, samples in this window. samples: how many there
    have been, those of the warm-up too. samples_per_window: S, real. probability: S/K, ½ at first. norms, ratios,
    variances: of the last K samples ‖psf‖, ‖psf‖/‖g‖ and `block_variance`, the oldest first, 0 where there is none yet.
    """

    step_count: int
    taken: int
    samples: int
    samples_per_window: Annotated[Any, Scalar(low=1.0, finite=True)]
    probability: Size
    norms: Window
    ratios: Window
    variances: Window


@checked()
def init_sampler(*, window: PositiveInt = 50, dtype: DTypeLike = np.float64) -> Sampler:
    """Return the state before the first sample. window: K. dtype: that of the parameters."""
    zeros = np.zeros(window, dtype)
    return Sampler(1, 0, 0, zeros[0] + 1, zeros[0] + 0.5, zeros, zeros, zeros)


def require_windows(sampler: Sampler) -> None:
    """Raise `ValueError` or `TypeError` unless the three windows have one length and dtype."""
    for name in ("ratios", "variances"):
        require_like(f"sampler.{name}", getattr(sampler, name), sampler.norms, "norms")


def require_blocks(norms: Array, blocks: int) -> None:
    """Raise `ValueError` unless a block has two entries at least."""
    if norms.shape[0] < 2 * blocks:
        raise ValueError(f"blocks must be at most half of the window's {norms.shape[0]}, got {blocks}")


def block_variance(norms: Array, blocks: int) -> Any:
    """Return the mean of the unbiased variances of B consecutive blocks of the sorted norms, ⌊K/B⌋ in each.

    norms: shape (K,), >= 0, K >= 2B; what is left over at the upper end is not used. Computed with the norms over the
    largest one.
    """
    size = norms.shape[0] // blocks
    ordered = np.sort(norms)[: blocks * size].reshape(blocks, size)
    largest = np.max(ordered)
    if not 0 < largest < np.inf:
        return largest
    scaled = ordered / largest
    centred = scaled - np.mean(scaled, axis=1, keepdims=True)
    with np.errstate(over="ignore"):
        return np.mean(np.sum(centred * centred, axis=1) / (size - 1)) * largest * largest


def mean_change(values: Array, variant: Variant) -> Any:
    """Return the mean of the K - 1 relative changes between neighbours, cut to [-1, 1].

    "clean": of equal neighbours, two zeros or infinities included, 0; from infinity down -1. "code": 0/0 is NaN.
    """
    before, after = values[:-1], values[1:]
    with np.errstate(all="ignore"):
        changes = (after - before) / before
        if variant == "clean":
            changes = np.where(before == after, 0, np.where(np.isinf(before), -1, changes))
        return np.clip(np.mean(changes), -1, 1)


def open_window(sampler: Sampler, alpha1: float, alpha2: float, max_p: float, variant: Variant) -> Sampler:
    """Return the sampler at the beginning of a window: k = 0 and the rate updated, S ← S·(1 + α₁ρ₁ + α₂ρ₂)."""
    K, S = sampler.norms.shape[0], sampler.samples_per_window
    if variant == "code" or sampler.samples >= K:
        drift = alpha1 * mean_change(sampler.ratios, variant) + alpha2 * mean_change(sampler.variances, variant)
        S = np.clip(S * (1 + drift), 1, int(K * max_p))
    return sampler._replace(taken=0, samples_per_window=S, probability=S / K)


def require_a_sample(given: Mapping[str, Any]) -> None:
    require_windows(given["sampler"])
    require_share(given["sampler"].norms, given["max_p"])


def require_share(norms: Array, max_p: float) -> None:
    """Raise `ValueError` if not even one sample a window is allowed."""
    if int(norms.shape[0] * max_p) < 1:
        raise ValueError(f"max_p must allow one sample in a window of {norms.shape[0]}, got {max_p!r}")


@checked(require_a_sample)
def decide(
    sampler: Sampler, uniform: Fraction, *, alpha1: NonNegative = 0.01, alpha2: NonNegative = 0.01, max_p: Share = 0.8,
    variant: Variant = "clean",
) -> tuple[Sampler, bool, bool]:  # fmt: skip
    """Return the sampler after a step, whether the step takes a sample, and whether the uniform number was used.

    With K the window, n the step count, k the samples in this window::

        if K divides n:  S ← clip(S·(1 + α₁ρ₁ + α₂ρ₂), 1, ⌊K·max_p⌋);  p ← S/K;  k ← 0
        need = ⌊S⌋ - k
        sample if (need > 0 and U >= 1 - p) or K - (n mod K) <= need;   n ← n + 1,  k ← k + 1 if so

    ρ₁ and ρ₂ are the means of the relative changes of ratios and variances, cut to [-1, 1]. uniform: the next number U
    of the stream, in [0, 1); where need <= 0 it is not used, and is the next step's. variant: "clean" leaves S as it is
    until there have been K samples; "code" divides by the zeros with which the windows begin, and ends in `ValueError`
    "cannot convert float NaN to integer". alpha1, alpha2: >= 0. max_p: (0, 1].
    """
    K, n = sampler.norms.shape[0], sampler.step_count
    if n % K == 0:
        sampler = open_window(sampler, alpha1, alpha2, max_p, variant)
    need = int(sampler.samples_per_window) - sampler.taken
    used = need > 0
    take = bool(used and uniform >= 1 - sampler.probability) or K - n % K <= need
    after = sampler._replace(step_count=n + 1, taken=sampler.taken + take, samples=sampler.samples + take)
    return after, take, used


@checked(lambda given: require_blocks(given["sampler"].norms, given["blocks"]))
def record(sampler: Sampler, psf_norm: Size, grad_norm: Size, *, blocks: PositiveInt = 5) -> Sampler:
    """Return the sampler with one more sample in its windows, the oldest gone.

    psf_norm, grad_norm: ‖psf‖ and ‖g‖ over the last L arrays, numbers >= 0. Their ratio counts as 0 where the PSF is 0.
    """
    norms = appended(sampler.norms, psf_norm)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        ratio = psf_norm if psf_norm == 0 else psf_norm / grad_norm
    ratios = appended(sampler.ratios, ratio)
    variances = appended(sampler.variances, block_variance(norms, blocks))
    return sampler._replace(norms=norms, ratios=ratios, variances=variances)


def appended(window: Array, number: Any) -> Array:
    """Return the window moved on by one number."""
    return np.concatenate([window[1:], np.reshape(number, (1,))])
