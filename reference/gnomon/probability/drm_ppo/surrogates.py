"""What episodes weigh: ratios of probabilities, advantages of returns, and the surrogate that is clipped."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Fraction, Number
from gnomon.probability.drm.distortions import Distortion, require_distortion
from gnomon.probability.drm.lstat import influence, require_no_jumps

FARTHEST = 20.0  # of a logarithm of a ratio from 0
PerCell: TypeAlias = Annotated[Array, Entries(("cells",), finite=True, least=1)]
PerEpisode: TypeAlias = Annotated[Array, Entries(("episodes",), finite=True, least=1)]


class Surrogate(NamedTuple):
    """value: of the clipped surrogate, one number. gradient: of it in the log-probability of each step, (E, T)."""

    value: Any
    gradient: Array


@checked()
def episode_ratios(
    log_prob: Annotated[Array, Entries(("episodes", "steps"), finite=True, least=1)],
    old: Annotated[Array, Entries(("episodes", "steps"), finite=True, least=1)],
) -> Array:
    """Return ρ = exp(Σₜ (log π - log π_old)) of each episode, the sum within ±20, shape (E,).

    log_prob, old: log-probabilities of the actions, (E, T), now and when they were taken.
    """
    ratios: Array = np.exp(np.clip(np.sum(log_prob - old, axis=1), -FARTHEST, FARTHEST))
    return ratios


@checked(require_distortion, require_no_jumps)
def episode_advantages(returns: PerEpisode, distortion: Distortion, *, normalised: bool = True) -> Array:
    """Return the influence function of a distortion at the returns of a batch, shape (E,).

    returns: R, (E,). distortion: without jumps. normalised: divided by its standard deviation over the batch, if that
    is not 0: what remains does not depend on units and origin of the return. Of w(u) = u it is R - mean, as in PPO.
    """
    A = influence(returns, distortion)
    if not normalised:
        return A
    largest = np.max(np.abs(A))
    shares = A / np.where(largest > 0, largest, 1)  # whose squares stay in the range
    deviation = np.std(shares)
    return np.where(deviation > 0, shares / np.where(deviation > 0, deviation, 1), A)


@checked()
def quantile_weights(
    returns: PerEpisode, quantiles: Annotated[Array, Entries(("cells + 1",), finite=True, least=2)],
    middles: PerCell, levels: PerCell, slopes: PerCell,
) -> Array:  # fmt: skip
    """Return Ψ(R) = -Σᵢ (1{R <= mᵢ} - zᵢ)·ωᵢ·(qᵢ₊₁ - qᵢ) of each return, shape (E,).

    The quantile form of a distortion's gradient is E[Ψ(R)·∇log p]. quantiles: q, edges of n cells; middles: m, a
    quantile in each cell; levels: z, theirs; slopes: ω = w'(1 - z). With all sorted returns for q, those but the last
    for m, and zⱼ = j/E, it is the influence function of the returns.
    """
    below = returns[:, np.newaxis] <= middles
    cells = slopes * (quantiles[1:] - quantiles[:-1])
    weights: Array = -np.sum((below - levels) * cells, axis=1)
    return weights


@checked()
def clipped_surrogate(
    ratios: Annotated[Array, Entries(("episodes", "steps"), least=1, each=Number(above=True))],
    advantages: PerEpisode, *,
    clip: Fraction = 0.2,
) -> Surrogate:  # fmt: skip
    """Return the mean over episodes and steps of min(ρA, clip(ρ, 1-ε, 1+ε)·A), and its gradient.

    ratios: ρ = π/π_old of each step, (E, T), > 0. advantages: A of each episode, (E,): of a distortion, its influence
    function at the returns; of the mean, what is above the mean. clip: ε. Where A > 0 and ρ > 1+ε, or A < 0 and
    ρ < 1-ε, a step has no gradient, elsewhere ρA/(ET): that in parameters is Σ of it times ∇log π.
    """
    A = advantages[:, np.newaxis]
    clipped = np.clip(ratios, 1 - clip, 1 + clip)
    stopped = ((A > 0) & (ratios > 1 + clip)) | ((A < 0) & (ratios < 1 - clip))
    gradient = np.where(stopped, 0, ratios * A) / ratios.size
    return Surrogate(np.mean(np.minimum(ratios * A, clipped * A)), gradient)
