"""Gradients of the likelihood, the code's ascent in free logarithms, and parameters to begin with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.anemone import baselines as reference
from gnomon.probability.anemone import structures
from gnomon.probability.anemone.circuits import SIGMA_MIN, Node, require_segments
from gnomon_spec.cases import Case, Cases, Quantity, choice
from gnomon_spec.facts import Fact, equal
from gnomon_spec.probability.anemone import inputs as small
from gnomon_spec.probability.anemone import system
from gnomon_spec.probability.anemone.em import PSEUDOCOUNTS, given, naive
from gnomon_spec.probability.anemone.inputs import batch, domain, histories, of_kind, problems, updates
from gnomon_spec.strategies import VECTORS, array_of, number
from gnomon_spec.system import Misfits

known: Any = {"rejecting": naive}
gradient = system.operation(reference.gradient, cases=given, **known)
free_gradient = system.operation(reference.free_gradient, cases=updates(*small.DISCRETE), **known)


def drawn(low: float, high: float, text: str) -> Quantity:
    """A number for each parameter of the circuit drawn before, in [low, high)."""
    of_circuit = lambda c: (require_segments(c.drawn["circuit"]),)  # noqa: E731
    return array_of(text, lambda codes: low + (high - low) * (codes % 512) / 512, of_circuit)


logits = Cases({"circuit": small.circuits(*small.DISCRETE), "logits": drawn(-4, 4, "logarithms from -4 to 4")}, VECTORS)
starts = Cases({"circuit": small.circuits(*small.ALL), "draws": drawn(0, 1, "draws in [0, 1)")}, VECTORS)
renormalised = system.operation(
    reference.renormalised, cases=logits.but(eps=PSEUDOCOUNTS), rejecting=logits.but(eps=0.5)
)
initial = system.operation(
    structures.initial,
    cases=starts.but(
        perturbation=number(2.0, 0.0, 4096.0, exponents=(-4, 5)), mean=choice(0.0, -3.0, 1.5),
        spread=number(1.0, 0.004, exponents=(-9, 5)),
    ),
    rejecting=starts.but(perturbation=2.0, mean=0.0, spread=1.0),
)  # fmt: skip


@gradient.law("closed form", cases=problems(*small.ALL))
def it_is_counts_less_what_their_group_expects(port: Any, case: Case) -> Iterable[Fact]:
    """In logits (S - M·θ)/W, which sums to 0 in each group; in μ and log σ of a Gaussian Σ F·(x - μ)/σ² and
    Σ F·[((x - μ)/σ)² - 1], over W."""
    (S, M), W, *_ = said = batch(port, case)
    found = gradient.call(port, case, statistics=said)
    for i, own in of_kind(case, "probabilities"):
        yield equal(f"group {i}", found[own], (S[own] - M[i] * case.params[own]) / W, scale=1.0)
        yield equal(f"sum of {i}", np.sum(found[own]), 0.0, scale=1.0)
    for i, own in of_kind(case, "gaussian"):
        expected, sigma = S[own] / case.params[own][1] ** 2, case.params[own][1]
        size = np.max(np.abs(case.data) + np.abs(case.params[own][0])) / sigma
        yield equal(f"mean of {i}", found[own][0], expected[0] / W, scale=size / sigma)
        yield equal(f"σ of {i}", found[own][1], (expected[1] - M[i]) / W, scale=1 + size**2)


@free_gradient.law("closed form")
def it_is_data_less_model_within_five(port: Any, case: Case) -> Iterable[Fact]:
    """Means of the batch less the model's own moments, and nothing beyond 5 in size."""
    model = port.model_moments(case.params, case.circuit).totals
    for factor in (1, 64, -64):
        said = case.statistics
        heavy = said._replace(moments=said.moments._replace(totals=factor * said.moments.totals))
        expected = np.clip(heavy.moments.totals / said.weight - model, -5, 5)
        yield equal(f"{factor}", free_gradient.call(port, case, statistics=heavy), expected, scale=np.abs(factor))


@free_gradient.misfits(cases=updates(small.GAUSSIANS[0]))
def it_knows_no_gaussians(case: Case) -> Misfits:
    """A circuit with Gaussians is rejected."""
    return {"a Gaussian": {}}


def partition(case: Case, theta: Any) -> Any:
    """Return p̃, shape (data,), of all data, for parameters that need not sum to 1."""
    rows = domain(case.but(params=theta))
    listed = histories(case.but(params=theta, data=rows, observed=None, weights=None))
    return sum(p for p, _ in listed)


@renormalised.law("invariance", cases=logits.but(circuit=small.circuits(*small.UNTIED), eps=PSEUDOCOUNTS))
def the_distribution_stays(port: Any, case: Case) -> Iterable[Fact]:
    """Without ε p(x) = p̃(x)/Z, for every x; with ε each group is then (TD·θ + ε/K)/(TD + ε)."""
    exact, found = (renormalised.call(port, case, eps=eps) for eps in (0.0, case.eps))
    free = partition(case, np.exp(case.logits))
    yield equal("p", partition(case, exact), free / np.sum(free))
    model = port.model_moments(exact, case.circuit)
    for i, own in of_kind(case.but(params=exact), "probabilities"):
        raised = model.totals[own] + case.eps / len(model.totals[own])
        yield equal(f"group {i}", found[own], raised / (model.masses[i] + case.eps))


@renormalised.law("limit", cases=logits)
def nothing_weighs_more_than_two_thousand(port: Any, case: Case) -> Iterable[Fact]:
    """Free parameters above 2000 count as 2000."""
    first = np.arange(len(case.logits)) == 0
    far, capped = (np.where(first, x, case.logits) for x in (80.0, np.log(2000 * np.ones_like(case.logits))))
    yield equal("params", renormalised.call(port, case, logits=far), renormalised.call(port, case, logits=capped))


@renormalised.misfits(cases=logits)
def only_categories_that_fit_are_renormalised(case: Case) -> Misfits:
    """A Gaussian, or logarithms of another number, are rejected."""
    gaussian, many = (Node("gaussian", (), 0, 2, 0),), np.concatenate([case.logits, case.logits[:1]])
    return {"a Gaussian": {"logits": 0 * many[:2], "circuit": gaussian}, "one too many": {"logits": many}}


@initial.law("closed form")
def draws_become_parameters(port: Any, case: Case) -> Iterable[Fact]:
    """θ ∝ exp(-p·U); a Gaussian begins at mean + spread·N with spread·exp(-0.04·p·U), 0.01 at least."""
    found = initial.call(port, case)
    for i, own in of_kind(case.but(params=case.draws), "probabilities"):
        free = np.exp(-case.perturbation * (case.draws[own] - np.min(case.draws[own])))
        yield equal(f"group {i}", found[own], free / np.sum(free))
    for i, own in of_kind(case.but(params=case.draws), "gaussian"):
        N, U = case.draws[own]
        yield equal(f"mean of {i}", found[own][0], case.mean + case.spread * N, scale=np.abs(case.mean) + case.spread)
        sigma = case.spread * np.exp(-case.perturbation * U / 25)
        yield equal(f"σ of {i}", found[own][1], np.maximum(sigma, SIGMA_MIN))


@initial.misfits(cases=starts)
def a_draw_for_each_parameter(case: Case) -> Misfits:
    """A draw too many is rejected."""
    return {"too many": {"draws": np.concatenate([case.draws, case.draws[:1]])}}


gradient.edits("""
gradient_of_free_parameters: The constraint is ignored: the gradient is that of log θ, not of logits
    `parts.append(S - M * theta)` → `parts.append(S)`
gradient_by_the_normalised_mass: Probabilities are subtracted once for each sample, whatever flows through their node
    `S - M * theta` → `S - statistics.weight * theta`
gradient_in_sigma: The second entry is the gradient in σ, not in log σ
    `S[1] / theta[1] / theta[1] - M]` → `(S[1] / theta[1] / theta[1] - M) / theta[1]]`
""")
free_gradient.edits("""
free_gradient_without_model: The partition function is forgotten
    `statistics.moments.totals / statistics.weight - expected_moments(params, circuit).totals` →
        `statistics.moments.totals / statistics.weight`
not_clipped: Nothing is clipped
    `np.clip(slope, -STEEPEST, STEEPEST)` → `slope`
""")
renormalised.edits("""
normalised_node_by_node: Each node is divided by its own sum, whatever its children sum to: another distribution
    `terms = own + np.stack([partitions[c] for c in node.children]) if node.kind == "sum" else own` → `terms = own`
no_largest_parameter: Parameters above 2000 stay
    `logs = np.minimum(logits, float(np.log(LARGEST)))` → `logs = logits`
""")
initial.edits("""
perturbation_upwards: Weights rise with their draws
    `np.exp(-perturbation * (drawn - np.min(drawn)))` → `np.exp(perturbation * (drawn - np.min(drawn)))`
sigma_perturbed_as_weights: Standard deviations are perturbed as much as weights
    `-0.04 * perturbation * drawn[1]` → `-perturbation * drawn[1]`
""")
