"""One step: of the tracked quantiles, of their gradients, and of the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Number, Positive, PositiveInt
from gnomon.probability.drm.distortions import Distortion, require_distortion
from gnomon.probability.drm.logistic import logistic
from gnomon.probability.drm_sa.grid import extended, jumping, levels, masses, quantiles, require_jumps_inside, slopes
from gnomon.probability.drm_sa.rates import Rates, gain

Form = Literal["qf", "dm", "hybrid", "batching"]
Params: TypeAlias = Annotated[Array, Entries(("P",), least=1, finite=True)]
Samples: TypeAlias = Annotated[Array, Entries(("M",), least=1, finite=True)]
Scores: TypeAlias = Annotated[Array, Entries(("M", "P"), least=1, finite=True)]
Bound: TypeAlias = Annotated[float, Number(-float("inf"), above=True)]


class SAState(NamedTuple):
    """q: quantiles at n+1 edges. qm: at the n middles, tracked beside them. D: G/f = -∇Q of the cells, (n, P)."""

    q: Annotated[Array, Entries(("n + 1",), least=3, finite=True)]
    qm: Annotated[Array, Entries(("n",), least=2, finite=True)]
    D: Annotated[Array, Entries(("n", "P"), least=1, finite=True)]
    step_count: int


class Report(NamedTuple):
    """What a step was like.

    direction: the estimate of ∇ρ, (P,). gap: the smallest q_{i+1} - q_i of the quantiles that were used,
    which are those before the step ("batching": the batch's); below 0 quantiles have crossed. stiffness: γ_D·max K over
    the cells whose D moves, 0 where none does ("qf", "batching"); above 2 the step amplifies D. clipped: how many
    parameters were put back to a bound.
    """

    direction: Array
    gap: Array
    stiffness: Array
    clipped: int


def require_bounds(given: Mapping[str, Any]) -> None:
    """Require that the lowest parameter is not above the highest."""
    if not given["low"] <= given["high"]:
        raise ValueError(f"low must be <= high, got {given['low']} > {given['high']}")


def require_unbiased(given: Mapping[str, Any]) -> None:
    """Require another form where w jumps, unless the bias is allowed."""
    if given["distortion"].jumps and given["form"] in ("qf", "batching") and not given["allow_biased"]:
        raise ValueError(
            "form must be 'hybrid' or 'dm' where the distortion jumps: the others miss the gradient of its quantiles;"
            " or allow_biased=True"
        )


def below(samples: Any, q: Any) -> Any:
    """Return 1{Y_m <= q_i}, (cells, M), as numbers."""
    return np.where(samples <= q[:, np.newaxis], np.ones_like(samples), 0 * samples)


def densities(samples: Any, q: Any, width: Any) -> Any:
    """Return K_i = mean of κ((q_i - Y_m)/h)/h, κ the logistic density."""
    return np.mean(logistic((q[:, np.newaxis] - samples) / width) / width, axis=1)


def averaged(weights: Any, scores: Any) -> Any:
    """Return the mean over samples of weights (cells, M) times scores (M, P)."""
    return np.mean(weights[:, :, np.newaxis] * scores, axis=1)


RULES = (require_distortion, require_jumps_inside, require_bounds, require_unbiased)


@checked(*RULES)
def step(
    params: Params, samples: Samples, scores: Scores, state: SAState, distortion: Distortion, rates: Rates, *,
    form: Form = "qf", maximise: bool = False, grid_power: Positive = 1.0, extend: bool = True, low: Bound = -2.5,
    high: Bound = 2.5, allow_biased: bool = False,
) -> tuple[Array, SAState, Report]:  # fmt: skip
    """Return parameters, state and report after a step; all of it from what was before (Jacobi's order).

    With z and z̄ the levels of edges and middles, k counted from 0, gains a·(b/(b+k))^c, Δ differences::

        G_i = mean_m (1{Y_m <= q̄_i} - z̄_i)·s_m            K_i = mean_m κ((q̄_i - Y_m)/h)/h
        qf      d = -Σ G_i·ω_i·Δq_i,  ω_i = w′(1-z̄_i)      dm   d = -Σ D_i·Δw_i,  Δw_i = w(1-z_i) - w(1-z_{i+1})
        hybrid  d = that of dm in cells where w jumps, that of qf elsewhere
        θ ← clip(θ ± γ_θ·d)     q ← q + γ_q·(z - mean 1{Y <= q})     q̄ ← the same at z̄     D ← D + γ_D·(G - K·D)

    D moves in all cells with dm, in those with jumps with hybrid. batching: q and q̄ are the quantiles of the batch, G
    is not centred by z̄, d is that of qf. extend: one cell more at each end, q, q̄, z̄, ω, Δw and D continued on a line;
    hybrid's are those of qf. Otherwise the tails beyond the first and the last edge are left out.

    params: θ, shape (P,). samples: Y, (M,), drawn at θ. scores: s, (M, P), with E 1{Y <= q}·s = ∇_θ P(Y <= q), E s = 0.
    maximise: + instead of -. grid_power: of the levels; the authors extend if it is 1. low, high: of every parameter.

    Choices: the cell of a jump is found by its level; the code's search is that only for grid_power = 1. Where w jumps
    qf and batching are refused, which miss Σ m·∇Q(ζ); allow_biased has them go on. Exponents are not held against each
    other.
    """
    k, (q, qm, D, _) = state.step_count, state
    z, zm = levels(q, qm, grid_power)
    if form == "batching":
        q, qm = quantiles(samples, z), quantiles(samples, zm)
    wide: Any
    direct, cells, wide = jumping(z, distortion) | (form == "dm"), slice(None), np.positive
    if extend:
        cells, wide = slice(1, -1), extended
    qm_w, zm_w, dq, delta_w = wide(qm), wide(zm), np.diff(wide(q)), wide(masses(z, distortion))
    centre = 0 * zm_w if form == "batching" else zm_w
    G = averaged(below(samples, qm_w) - centre[:, np.newaxis], scores)
    by_slopes = wide(slopes(zm, distortion)) * dq
    new_D: Any = D
    stiffness: Any = 0 * params[0]
    if form in ("dm", "hybrid"):
        K = gain(rates.gradients, k) * densities(samples, qm, gain(rates.width, k))
        moved = D + gain(rates.gradients, k) * G[cells] - K[:, np.newaxis] * D
        new_D, stiffness = np.where(direct[:, np.newaxis], moved, D), np.max(np.where(direct, K, 0))
        ends = np.ones(1, bool) if form == "dm" else np.zeros(1, bool)
        direct = np.concatenate([ends, direct, ends]) if extend else direct
        by_slopes, by_masses = np.where(direct, 0, by_slopes), np.where(direct, delta_w, 0)
        direction = -np.sum(by_slopes[:, np.newaxis] * G + by_masses[:, np.newaxis] * wide(D), axis=0)
    else:
        direction = -np.sum(by_slopes[:, np.newaxis] * G, axis=0)
    step_size = gain(rates.params, k) if maximise else -gain(rates.params, k)
    free = params + step_size * direction
    new = np.minimum(np.maximum(free, low), high)
    gap: Any = np.min(np.diff(q))
    if form != "batching":
        push = gain(rates.quantiles, k)
        q = q + push * (z - np.mean(below(samples, q), axis=1))
        qm = qm + push * (zm - np.mean(below(samples, qm), axis=1))
    report = Report(direction, gap, stiffness, int(np.sum(new != free)))
    return new, SAState(q, qm, new_D, k + 1), report


@checked()
def warm_up(
    samples: Samples, scores: Scores, *, cells: PositiveInt = 100, grid_power: Positive = 1.0,
    variant: Literal["paper", "code"] = "paper",
) -> SAState:  # fmt: skip
    """Return the state before the first step: quantiles of samples at θ_0, and D = mean(1{Y <= q̄}·s)/K with h = 1.

    variant: "code" gives D the other sign, that of ∇Q, which the recursion of `step` then has to forget. cells: n >= 2;
    the authors draw n + 3 samples. Raises `ValueError` as well where a middle quantile is so far from all samples that
    K underflows to 0.
    """
    if cells < 2:
        raise ValueError(f"cells must be an integer >= 2, got {cells}")
    z, zm = levels(np.repeat(samples[:1], cells + 1), np.repeat(samples[:1], cells), grid_power)
    q, qm = quantiles(samples, z), quantiles(samples, zm)
    K = densities(samples, qm, 1.0)
    if not np.min(K) > 0:
        raise ValueError("samples must lie near their quantiles: between some of them no density is left")
    D = averaged(below(samples, qm), scores) / K[:, np.newaxis]
    return SAState(q, qm, -D if variant == "code" else D, 0)
