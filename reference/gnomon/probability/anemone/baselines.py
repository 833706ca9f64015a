"""What anemone is held against: gradients of the likelihood, and the code's ascent in free logarithms of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, NonNegative
from gnomon.probability.anemone.circuits import (
    Circuit,
    Parameters,
    groups,
    of_length,
    require_parameters,
    require_structure,
)
from gnomon.probability.anemone.passes import Statistics, descended, expected_moments, gathered, log_sum_exp
from gnomon.probability.anemone.updates import maximised, require_fitting

Free: TypeAlias = Annotated[Array, Entries(("P",), finite=True)]
STEEPEST = 5.0
LARGEST = 2000.0


@checked(require_structure, require_parameters, require_fitting)
def gradient(params: Parameters, circuit: Circuit, statistics: Statistics) -> Array:
    """Return the gradient of the mean log-likelihood in logits, and in μ and log σ of Gaussians, shape (P,).

    (S - M·θ)/W in logits; S₁/(σ²·W) and (S₂/σ² - M)/W; with S the totals and M the mass of a group.
    """
    parts = []
    for i, (start, stop, kind) in enumerate(groups(circuit)):
        S, M, theta = statistics.moments.totals[start:stop], statistics.moments.masses[i], params[start:stop]
        if kind == "gaussian":
            parts.append(np.stack([S[0] / theta[1] / theta[1], S[1] / theta[1] / theta[1] - M]))
        else:
            parts.append(S - M * theta)
    return np.concatenate(parts) / statistics.weight


def require_categories(given: Mapping[str, Any]) -> None:
    """Require a circuit without Gaussians."""
    if any(node.kind == "gaussian" for node in given["circuit"]):
        raise ValueError("circuit must have categorical inputs only")


@checked(require_structure, require_parameters, require_categories, require_fitting)
def free_gradient(params: Parameters, circuit: Circuit, statistics: Statistics) -> Array:
    """Return the gradient of mean log p - log Z in log θ, θ free: S/W less the model's own, within ±5, shape (P,).

    It is what the code's SGD and Adam (β₁ = 0.9, β₂ = 0.95, ε = 1e-8, rate 0.01) climb, by `renormalised`.
    """
    slope = statistics.moments.totals / statistics.weight - expected_moments(params, circuit).totals
    clipped: Array = np.clip(slope, -STEEPEST, STEEPEST)
    return clipped


@checked(require_structure, of_length("logits"), require_categories)
def renormalised(logits: Free, circuit: Circuit, *, eps: NonNegative = 1e-6) -> Array:
    """Return parameters of the distribution that free logarithms stand for: one M-step on the model's own statistics.

    logits: log θ̃, shape (P,), at most log 2000. With Z a node's sum over all data, a child's share is w̃·Z_c/Z; TD times
    the shares, plus ε/K, are normalised. With ε = 0 it is p̃(x)/Z.
    """
    logs = np.minimum(logits, float(np.log(LARGEST)))
    partitions: list[Any] = []
    shares: dict[int, Any] = {}
    for n, node in enumerate(circuit):
        own = logs[node.start : node.start + node.size]
        if node.kind == "product":
            partitions.append(np.sum(np.stack([partitions[c] for c in node.children])))
            continue
        terms = own + np.stack([partitions[c] for c in node.children]) if node.kind == "sum" else own
        partitions.append(log_sum_exp(terms))
        shares[n] = np.exp(terms - partitions[n])
    probabilities = descended(circuit, shares, logs[0])
    totals = {n: probabilities[n] * share for n, share in shares.items()}
    moments = gathered(circuit, totals, {n: probabilities[n] for n in shares})
    alone = np.concatenate([np.exp(logs[i:j] - log_sum_exp(logs[i:j])) for i, j, _ in groups(circuit)])
    return maximised(alone, circuit, moments, eps)[0]
