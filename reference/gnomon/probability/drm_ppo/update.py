"""What an update of DPPO climbs: the hybrid form with its density step, and what the released code makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gnomon.arguments import checked
from gnomon.domains import TRUTH_VALUES, Array, Entries, NonNegative, Positive, PositiveInt
from gnomon.norms import length
from gnomon.probability.drm.logistic import logistic
from gnomon.probability.drm_ppo.surrogates import PerCell, PerEpisode, quantile_weights

SMALLEST_NORM = 1e-6


class DppoState(NamedTuple):
    """What is tracked: quantiles at n + 1 levels, middles at n between them, and for each masked cell of these
    density_gradients, G/f at its middle, (masked cells, P)."""

    quantiles: Annotated[Array, Entries(("cells + 1",))]
    middles: Annotated[Array, Entries(("cells",))]
    density_gradients: Annotated[Array, Entries(("masked", "P"))]


class Gradients(NamedTuple):
    """params: what θ climbs, (P,). quantiles, middles: what these go down, (n + 1,) and (n,). density_gradients: their
    new values. kept: how many episodes passed the filter."""

    params: Array
    quantiles: Array
    middles: Array
    density_gradients: Array
    kept: int


def levels(n: int, like: Array) -> tuple[Array, Array]:
    """Return the levels (i + 1)/(n + 2) of n + 1 quantiles, and the means of neighbours."""
    z = np.arange(1, n + 2).astype(like.dtype) / (n + 2)
    return z, (z[1:] + z[:-1]) / 2


def require_update(given: Mapping[str, Any]) -> None:
    """Require D for each masked cell, and finite slopes of the others."""
    D, masked = given["state"].density_gradients, given["masked"]
    if len(D) != np.count_nonzero(masked):
        raise ValueError(f"state.density_gradients must have a row for each masked cell, got shape {D.shape}")
    if not np.all(np.isfinite(np.where(masked, 0, given["slopes"]))):
        raise ValueError("slopes must be finite where no cell is masked: w' is infinite at a level, mask its cell")


@checked(require_update)
def dppo_gradients(
    returns: PerEpisode, ratios: PerEpisode, scores: Annotated[Array, Entries(("episodes", "P"), finite=True)],
    entropy_gradient: Annotated[Array, Entries(("P",), finite=True, least=1)], state: DppoState,
    slopes: Annotated[Array, Entries(("cells",))], masses: PerCell,
    masked: Annotated[NDArray[np.bool_], Entries(("cells",), least=1, holds=TRUTH_VALUES)], *,
    low: NonNegative = 0.6, high: Positive = 1.4, beta: NonNegative = 0.05, bandwidth: Positive = 1.0,
    density_rate: Positive = 1e-3, steps: PositiveInt = 100, max_norm: Positive = 0.5,
    variant: Literal["paper", "code"] = "paper",
) -> Gradients:  # fmt: skip
    """Return what one minibatch of whole episodes says of θ, of the quantiles and of D.

    With z the levels (i + 1)/(n + 2) of the quantiles q, those of the middles m between them, and ⟨·⟩ the mean over
    the episodes with low < ρ < high::

        q goes down ⟨ρ(1{R <= q} - z)⟩,   m goes down ⟨ρ(1{R <= m} - z)⟩
        θ climbs    ⟨ρΨ(R)·∇log p⟩ - Σ Δwᵢ·Dᵢ + β·∇H            Ψ over unmasked cells, the sum over masked ones
        D ← D + γ(I - KD)                                        I = ⟨ρ(1{R <= m} - z)·∇log p⟩, K = ⟨ρκ((m - R)/h)/h⟩

    and no farther than `max_norm`: θ's direction is scaled by max_norm/(length + 1e-6) if that is below 1. κ(t) is the
    logistic density. Where no episode is kept only the entropy is climbed.

    returns: R, (E,). ratios: ρ, as of `episode_ratios`. scores: ∇log p of whole episodes, (E, P). entropy_gradient: ∇H,
    (P,). slopes, masses: w'(1 - z) at the middles, w(1 - zᵢ) - w(1 - zᵢ₊₁) of the cells. masked: cells where w jumps.
    bandwidth: h, density_rate: γ. steps: T, of an episode, for "code". θ, q and m are stepped with Adam in the code.

    variant: with "paper" D is stepped, and θ climbs by the old one. With "code" D ← -(I/T - KD), its own negative
    drift, of a score that is T times too small, and θ climbs by the new one: D comes to rest at -(I/T)/(1 - K), where
    G/f = I/K has the opposite sign.
    """
    z, between = levels(len(masked), state.quantiles)
    kept = (ratios > low) & (ratios < high)
    count = np.sum(np.where(kept, 1, 0))
    share = np.where(kept, ratios, 0) / np.maximum(count, 1)
    down = np.sum(((returns <= state.quantiles[:, np.newaxis]) - z[:, np.newaxis]) * share, axis=1)
    middle = ((returns <= state.middles[:, np.newaxis]) - between[:, np.newaxis]) * share
    slopes = np.where(masked, 0, slopes)
    psi = quantile_weights(returns, state.quantiles, state.middles, between, slopes)
    climb = np.sum((share * psi)[:, np.newaxis] * scores, axis=0)
    D = new = state.density_gradients
    if count > 0:
        drift = np.sum(middle[masked][:, :, np.newaxis] * scores, axis=1)
        density = np.sum(logistic((state.middles[masked][:, np.newaxis] - returns) / bandwidth) * share, axis=1)
        decay = (density / bandwidth)[:, np.newaxis] * D
        new = -(drift / steps - decay) if variant == "code" else D + density_rate * (drift - decay)
        climb = climb - np.sum(masses[masked][:, np.newaxis] * (new if variant == "code" else D), axis=0)
    climb = climb + beta * entropy_gradient
    climb = climb * np.minimum(max_norm / (length(climb) + SMALLEST_NORM), 1)
    return Gradients(climb, down, np.sum(middle, axis=1), new, int(count))
