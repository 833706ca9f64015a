"""The conformal detector: p-values that are uniform for any exchangeable scores, and bets on their being small."""

from __future__ import annotations

from math import log
from typing import Annotated, Literal, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Number, OpenFraction
from gnomon.probability.m_fisher.detector import Streams

Betting: TypeAlias = Literal["power", "grid", "mixture", "jumper"]
POSITIVE_SHARE = Number(0, 1, above=True, closed=True)
Shares: TypeAlias = Annotated[Array, Entries(("N", "T"), least=1, each=POSITIVE_SHARE)]
GRID = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
JUMPS = (-1.0, -0.5, 0.0, 0.5, 1.0)


@checked()
def conformal_p_values(
    scores: Streams, draws: Shares,
    calibration: Annotated[Array, Entries(("n",), finite=True)] | None = None,
) -> Array:  # fmt: skip
    """Return p = (#{s' > s} + U·(1 + #{s' = s}))/(#s' + 1), s' all scores before, those of calibration first.

    scores: s, shape (N, T), N streams. draws: U, uniform on (0, 1], shape (N, T); a draw of 0 would be a p-value of 0
    and evidence without end. calibration: shape (n,), of the same dtype. Every score joins those that later ones are
    compared with: p-values against a calibration set that stays the same depend on each other.
    """
    N = scores.shape[0]
    bag = scores[:, :0] if calibration is None else 0 * scores[:, :1] + calibration
    p_values = []
    for t in range(scores.shape[1]):
        s = scores[:, t : t + 1]
        larger = np.sum((bag > s).astype(scores.dtype), axis=1)
        as_large = np.sum((bag == s).astype(scores.dtype), axis=1)
        p_values.append((larger + draws[:, t] * (1 + as_large)) / (bag.shape[1] + 1))
        bag = np.concatenate([bag, np.reshape(s, (N, 1))], axis=1)
    return np.stack(p_values, axis=1)


def log_simple_mixture(a: Array, n: Array) -> Array:
    """Return log ∫ εⁿ·exp(a(1 - ε)) dε over [0, 1], a >= 0: of a power bet on n p-values, a = -Σ log p, over all ε.

    ::

        Σₖ aᵏ/((n + 1)⋯(n + 1 + k))                                          a <= n + 1
        exp(a)·n!/aⁿ⁺¹·(1 - exp(-a)·Σₖ aᵏ/k!, k <= n)                        otherwise

    Both sums have their largest terms where they begin, and about √n of them count.
    """
    count = int(40 + 9 * a.shape[-1] ** 0.5)
    low, high = np.minimum(a, n + 1), np.maximum(a, n + 1)
    term = total = 1 + 0 * a
    for k in range(1, count):
        term = term * low / (n + 1 + k)
        total = total + term
    inside = np.log(total) - np.log(n + 1)
    term = total = 1 + 0 * a
    for k in range(count):
        term = term * np.maximum(n - k, 0) / high
        total = total + term
    peak = n * np.log(high) - high - np.cumsum(np.log(n))
    return np.where(a <= n + 1, inside, np.log1p(-np.exp(peak) * total) - peak - np.log(high))


@checked()
def bet(
    p_values: Shares, *, betting: Betting = "grid", eps: Annotated[float, POSITIVE_SHARE] = 0.5,
    jump: OpenFraction = 0.01,
) -> Array:  # fmt: skip
    """Return the log increments of a wealth that grows where p-values are small; for `alarms`.

    ::

        power    log f = log ε + (ε - 1)·log p
        grid     the mean of the wealths of ε = 0.1, 0.2, …, 0.9
        mixture  the mean of the wealths of all ε in [0, 1]
        jumper   f = Σ C(1 + e(p - ½)), e = -1, -½, 0, ½, 1;  C ← (1 - J)·C·(1 + e(p - ½))/f + J/5

    p_values: shape (N, T), in (0, 1]. eps: ε of "power". jump: J of "jumper". Every f has integral 1 over p. The
    capitals C of the jumper are kept as shares of its wealth, so that no stream makes them leave the range.
    """
    logs = np.log(p_values)
    if betting == "power":
        return np.log(0 * logs + eps) + (eps - 1) * logs
    if betting == "jumper":
        shares = [0 * logs[:, 0] + 1 / len(JUMPS) for _ in JUMPS]
        increments = []
        for t in range(logs.shape[1]):
            grown = [c * (1 + e * (p_values[:, t] - 0.5)) for c, e in zip(shares, JUMPS, strict=True)]
            wealth = np.sum(np.stack(grown), axis=0)
            increments.append(np.log(wealth))
            shares = [(1 - jump) * c / wealth + jump / len(JUMPS) for c in grown]
        return np.stack(increments, axis=1)
    n = np.arange(1, logs.shape[1] + 1, dtype=logs.dtype) + 0 * logs[0]
    total = np.cumsum(logs, axis=1)
    if betting == "grid":
        each = np.stack([n * log(e) + (e - 1) * total for e in GRID])
        top = np.max(each, axis=0)
        log_wealth = top + np.log(np.mean(np.exp(each - top), axis=0))
    else:
        log_wealth = log_simple_mixture(-total, n)
    steps: Array = log_wealth - np.concatenate([0 * logs[:, :1], log_wealth[:, :-1]], axis=1)
    return steps
