"""The passes of a circuit: log-probabilities upwards, flows of samples and of the model itself downwards.

Log-probabilities are summed by log Σ exp, shifted by the largest term, so that nothing leaves the range; -∞ is the
logarithm of 0, defined everywhere. A value that is not observed counts 0: it is summed out exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, pi
from typing import Any, Literal, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array
from gnomon.probability.anemone.circuits import (
    Circuit,
    Data,
    Node,
    Observed,
    Parameters,
    Weights,
    require_data,
    require_parameters,
    require_structure,
)

HALF_LOG_2PI = log(2 * pi) / 2


class Moments(NamedTuple):
    """What an M-step needs, summed over nodes with the same parameters.

    totals: shape (P,), beside each parameter: how often a child or a category was used; of a Gaussian with the
    parameters (μ, σ) the sums of x - μ and (x - μ)². masses: how often each group was used, in the order of `groups`.
    """

    totals: Array
    masses: Array


class Statistics(NamedTuple):
    """What a batch says.

    moments: weighted sums over the samples. weight: W, the sum of the weights. log_likelihood: Σ ω·log p(x). skipped:
    how many samples of probability zero were left out.
    """

    moments: Moments
    weight: Array
    log_likelihood: Array
    skipped: int


def log_sum_exp(terms: Any) -> Any:
    """Return log Σᵢ exp(termsᵢ) over the first axis; -∞ where all terms are."""
    top = np.max(terms, axis=0)
    shift = np.where(top > -np.inf, top, 0)
    return shift + np.log(np.sum(np.exp(terms - shift), axis=0))


def edges(node: Node, params: Array, values: list[Any]) -> Any:
    """Return log w_c + ℓ_c for the children c of a sum, shape (children, B)."""
    weights = params[node.start : node.start + node.size]
    return np.log(weights)[:, np.newaxis] + np.stack([values[c] for c in node.children])


def upward(params: Array, circuit: Circuit, data: Array, observed: Any) -> list[Any]:
    """Return ℓ, shape (B,), of each node."""
    values: list[Any] = []
    with np.errstate(divide="ignore", over="ignore"):
        for node in circuit:
            theta = params[node.start : node.start + node.size]
            if node.kind == "sum":
                values.append(log_sum_exp(edges(node, params, values)))
            elif node.kind == "product":
                values.append(np.sum(np.stack([values[c] for c in node.children]), axis=0))
            else:
                seen = observed[:, node.variable]
                x = np.where(seen, data[:, node.variable], 0)
                if node.kind == "gaussian":
                    z = (x - theta[0]) / theta[1]
                    log_density = -z * z / 2 - np.log(theta[1]) - HALF_LOG_2PI
                else:
                    log_density = np.log(theta)[x.astype(np.int64)]
                values.append(np.where(seen, log_density, 0))
    return values


def downward(params: Array, circuit: Circuit, values: list[Any], weights: Any) -> tuple[list[Any], dict[int, Any]]:
    """Return the flow F, shape (B,), of each node, and for each sum the flows to its children, shape (children, B)."""
    flows = [np.zeros_like(value) for value in values]
    along = {}
    flows[-1] = weights
    for n in range(len(circuit) - 1, -1, -1):
        node = circuit[n]
        passed: Any = [flows[n]] * len(node.children)
        if node.kind == "sum":
            with np.errstate(divide="ignore", invalid="ignore"):  # log 0, and -∞ - -∞ where nothing flows
                shares = np.exp(edges(node, params, values) - values[n])
            passed = along[n] = np.where(flows[n] > 0, flows[n] * shares, 0)
        for c, flow in zip(node.children, passed, strict=True):
            flows[c] = flows[c] + flow
    return flows, along


def gathered(circuit: Circuit, totals: dict[int, Any], masses: dict[int, Any]) -> Moments:
    """Return the moments of nodes, by place, with those of shared parameters added up."""
    by_start: dict[int, list[int]] = {}
    for n in totals:
        by_start.setdefault(circuit[n].start, []).append(n)
    shared = [by_start[start] for start in sorted(by_start)]
    return Moments(
        np.concatenate([sum(totals[n] for n in nodes) for nodes in shared]),
        np.stack([sum(masses[n] for n in nodes) for nodes in shared]),
    )


def everything(data: Any, observed: Any) -> Any:
    """Return which values are observed: all, if nobody says otherwise."""
    return np.ones(data.shape, bool) if observed is None else observed


@checked(require_structure, require_parameters, require_data)
def log_likelihood(params: Parameters, circuit: Circuit, data: Data, observed: Observed = None) -> Array:
    """Return log p(x) of each sample, shape (B,); -∞ where it is impossible.

    With ℓ a node's logarithm, children c before it::

        input     ℓ = log θ_x,  or -((x - μ)/σ)²/2 - log σ - ½·log 2π;  0 where x is not observed
        product   ℓ = Σ ℓ_c
        sum       ℓ = log Σ w_c·exp ℓ_c

    params: shape (P,). circuit: see `gnomon.probability.anemone.circuits`. data: shape (B, V); a category is one of the
    numbers 0, 1, …. observed: truth values of that shape; where they are False any number may stand.
    """
    values: Array = upward(params, circuit, data, everything(data, observed))[-1]
    return values


@checked(require_structure, require_parameters, require_data)
def flows(
    params: Parameters, circuit: Circuit, data: Data, observed: Observed = None, weights: Weights = None
) -> Array:
    """Return F, shape (nodes, B): the posterior probability that a node is used for a sample, times its weight ω.

    F = ω at the root; a product passes F on to all children, a sum F·w_c·exp(ℓ_c - ℓ). Impossible samples have none.
    """
    values = upward(params, circuit, data, everything(data, observed))
    omega = np.ones_like(data[:, 0]) if weights is None else weights
    possible = np.where(values[-1] > -np.inf, omega, 0)
    return np.stack(downward(params, circuit, values, possible)[0])


@checked(require_structure, require_parameters, require_data)
def statistics(
    params: Parameters, circuit: Circuit, data: Data, observed: Observed = None, weights: Weights = None, *,
    zero_prob: Literal["reject", "skip"] = "reject",
) -> Statistics:  # fmt: skip
    """Return what a batch says: flows to the children of sums, and to the categories and moments of inputs.

    Sum: S_c = Σ ω·F_c. Categorical: S_k = Σ F·1{x = k}. Gaussian: Σ F·(x - μ), Σ F·(x - μ)². Where x is not observed
    its expectation given the node stands for it: θ, or 0 and σ². Statistics of parts of a batch add up, field by field.

    weights: ω >= 0, shape (B,), 1 by default, not all 0. zero_prob: an impossible sample with ω > 0 is rejected with
    its place, or left out and counted.

    Choice: moments of a Gaussian about its mean, and not about 0, whose variance would lose the digits of μ²/σ².
    """
    seen = everything(data, observed)
    values = upward(params, circuit, data, seen)
    omega, *rest = weighed(values[-1], weights, zero_prob)
    F, along = downward(params, circuit, values, omega)
    totals, masses = {}, {}
    for n, node in enumerate(circuit):
        if node.kind == "product":
            continue
        masses[n] = np.sum(F[n])
        theta = params[node.start : node.start + node.size]
        if node.kind == "sum":
            totals[n] = np.sum(along[n], axis=1)
            continue
        x, known = data[:, node.variable, np.newaxis], seen[:, node.variable, np.newaxis]
        if node.kind == "gaussian":
            apart = np.where(known & (F[n][:, np.newaxis] > 0), x - theta[0], 0)
            given = np.concatenate([apart, np.where(known, apart * apart, theta[1] * theta[1])], axis=1)
        else:
            hit = np.where(x == np.arange(node.size), np.ones_like(theta), np.zeros_like(theta))
            given = np.where(known, hit, theta)
        totals[n] = np.sum(F[n][:, np.newaxis] * given, axis=0)
    return Statistics(gathered(circuit, totals, masses), *rest)


def weighed(log_p: Array, weights: Any, zero_prob: str) -> tuple[Any, Any, Any, int]:
    """Return ω, 0 where a sample is impossible, W = Σω, Σ ω·log p, and how many samples were left out."""
    omega: Any = np.ones_like(log_p) if weights is None else weights
    impossible = np.flatnonzero((log_p == -np.inf) & (omega > 0))
    if len(impossible) and zero_prob == "reject":
        raise ValueError(f"sample {impossible[0]} has zero probability: its flows are undefined")
    omega = np.where(log_p > -np.inf, omega, 0)
    weight = np.sum(omega)
    if not weight > 0:
        raise ValueError("weights must not all be 0: no possible sample is left")
    log_likelihood = np.sum(np.where(omega > 0, omega * np.where(omega > 0, log_p, 0), 0))
    return omega, weight, log_likelihood, len(impossible)


def descended(circuit: Circuit, shares: Mapping[int, Any], like: Any) -> list[Any]:
    """Return the probability that each node is used, given what share of its own each sum passes to its children.

    like: a number of the dtype.
    """
    probabilities = [np.zeros_like(like)] * (len(circuit) - 1) + [np.ones_like(like)]
    for n in range(len(circuit) - 1, -1, -1):
        node = circuit[n]
        passed: Any = [probabilities[n]] * len(node.children)
        if node.kind == "sum":
            passed = probabilities[n] * shares[n]
        for c, probability in zip(node.children, passed, strict=True):
            probabilities[c] = probabilities[c] + probability
    return probabilities


def used(params: Array, circuit: Circuit) -> list[Any]:
    """Return the probability that each node is used, before any data."""
    return descended(circuit, {n: params[x.start : x.start + x.size] for n, x in enumerate(circuit)}, params[0])


@checked(require_structure, require_parameters)
def top_down(params: Parameters, circuit: Circuit) -> Array:
    """Return TD, shape (nodes,): the prior probability that each node is used. It is the flow of a sample unobserved.

    TD = 1 at the root; a product passes TD on to all children, a sum TD·w_c.
    """
    return np.stack(used(params, circuit))


@checked(require_structure, require_parameters)
def model_moments(params: Parameters, circuit: Circuit) -> Moments:
    """Return the moments that the model expects of one sample of its own: TD·w, TD·θ; 0 and TD·σ² of a Gaussian."""
    return expected_moments(params, circuit)


def expected_moments(params: Array, circuit: Circuit) -> Moments:
    """Return what `model_moments` returns, unchecked."""
    totals, masses = {}, {}
    for n, probability in enumerate(used(params, circuit)):
        node = circuit[n]
        if node.kind == "product":
            continue
        theta = params[node.start : node.start + node.size]
        masses[n] = probability
        totals[n] = probability * theta
        if node.kind == "gaussian":
            totals[n] = probability * np.stack([0 * theta[1], theta[1] * theta[1]])
    return gathered(circuit, totals, masses)
