"""What circuits compute: log-probabilities, flows, what a batch says and what the model expects."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from gnomon.probability.anemone import passes as reference
from gnomon.probability.anemone.circuits import Node, groups
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.facts import Fact, agree, at_least, equal, identical, rejects
from gnomon_spec.probability.anemone import system
from gnomon_spec.probability.anemone.inputs import (
    ALL,
    DISCRETE,
    FLOATS,
    GAUSSIANS,
    NAIVE_BAYES,
    TIED,
    batch,
    domain,
    histories,
    nothing,
    of_kind,
    posterior,
    problems,
)
from gnomon_spec.strategies import VECTORS, count

every = problems(*ALL)
plain = every.but(observed=nothing, weights=nothing)
discrete = problems(*DISCRETE).but(observed=nothing, weights=nothing)
broken = problems(NAIVE_BAYES)

log_likelihood = system.operation(reference.log_likelihood, cases=every, rejecting=broken, dtypes=FLOATS)
flows = system.operation(reference.flows, cases=problems(*ALL, zeros=True), rejecting=broken, dtypes=FLOATS)
statistics = system.operation(
    reference.statistics, cases=every.but(zero_prob=choice("reject", "skip")), rejecting=broken, dtypes=FLOATS
)
of_models = Cases({name: every.quantities[name] for name in ("circuit", "params")}, VECTORS)
top_down = system.operation(reference.top_down, cases=of_models, rejecting=of_models, dtypes=FLOATS)
model_moments = system.operation(reference.model_moments, cases=of_models, rejecting=of_models, dtypes=FLOATS)


@log_likelihood.law("closed form")
def it_is_the_sum_over_all_choices(port: Any, case: Case) -> Iterable[Fact]:
    """p(x) is the sum, over every list of choices at sums, of the product of their weights and of the inputs."""
    expected = sum(p for p, _ in histories(case))
    yield equal("p", np.exp(log_likelihood.call(port, case)), expected)


@log_likelihood.law("conservation", cases=discrete)
def it_is_a_distribution(port: Any, case: Case) -> Iterable[Fact]:
    """Over all data the probabilities sum to 1."""
    yield equal("sum of p", np.sum(np.exp(log_likelihood.call(port, case, data=domain(case)))), 1.0)


@log_likelihood.law("conservation", cases=discrete)
def what_is_not_observed_is_summed_out(port: Any, case: Case) -> Iterable[Fact]:
    """With the last variable unobserved p is the sum over its values; with nothing observed p = 1. What stands there
    does not matter, not even NaN."""
    rows = domain(case)
    last, size = rows.shape[1] - 1, int(rows[-1, -1]) + 1
    seen = np.broadcast_to(np.arange(last + 1) < last, rows.shape)
    p = np.exp(log_likelihood.call(port, case, data=rows))
    hidden = np.where(seen, rows, np.nan)
    marginal = np.exp(log_likelihood.call(port, case, data=hidden, observed=seen))
    sums = np.sum(np.reshape(p, (-1, size)), axis=1)
    yield equal("marginal", marginal, np.repeat(sums, size))
    unseen = log_likelihood.call(port, case, data=rows[:1] + np.nan, observed=np.zeros((1, last + 1), bool))
    yield equal("log p of nothing", unseen, np.zeros_like(rows[0, :1]), scale=1.0)


def tables(case: Case) -> tuple[Any, Any, Any]:
    """Return π, A and B of the tied hidden Markov model of two states and two symbols."""
    return case.params[8:], np.reshape(case.params[4:8], (2, 2)), np.reshape(case.params[:4], (2, 2))


hidden_markov = problems(TIED).but(observed=nothing, weights=nothing)


@log_likelihood.law("closed form", cases=hidden_markov)
def a_hidden_markov_model_is_the_forward_algorithm(port: Any, case: Case) -> Iterable[Fact]:
    """α₁ = π∘B[x₁], α ← (αA)∘B[xₜ], p = Σα."""
    pi, A, B = tables(case)
    x = case.data.astype(int)
    alpha = pi * B.T[x[:, 0]]
    for t in (1, 2):
        alpha = (alpha @ A) * B.T[x[:, t]]
    yield equal("p", np.exp(log_likelihood.call(port, case)), np.sum(alpha, axis=1))


@log_likelihood.law(
    "limit", cases=problems(GAUSSIANS[0]).but(observed=nothing, weights=nothing, far=count(6, 9, low=4, high=16))
)
def far_from_everything_nothing_leaves_the_range(port: Any, case: Case) -> Iterable[Fact]:
    """log p of a mixture of two Gaussians is log(w₁·N₁ + w₂·N₂), where both densities are too small for the dtype,
    too."""
    mean, sigma, weight = case.params[0:3:2], case.params[1:4:2], case.params[4:]
    x = 2.0**case.far + case.data
    logs = np.log(weight) - ((x - mean) / sigma) ** 2 / 2 - np.log(sigma) - np.log(2 * np.pi * np.ones_like(sigma)) / 2
    high, low = np.max(logs, axis=1), np.min(logs, axis=1)
    yield equal("log p", log_likelihood.call(port, case, data=x), high + np.log1p(np.exp(low - high)))


@log_likelihood.law("limit", cases=problems(NAIVE_BAYES).but(observed=nothing, weights=nothing))
def what_is_impossible_is_minus_infinity(port: Any, case: Case) -> Iterable[Fact]:
    """Where a category has probability 0 in every component, log p is -∞, and log p of other samples is as it was."""
    params = with_impossible_category(case)
    found = log_likelihood.call(port, case, params=params, data=domain(case))
    expected = sum(p for p, _ in histories(case, params, domain(case), np.ones((6, 2), bool)))
    yield equal("p", np.exp(found), expected)
    yield agree("impossible", [bool(x) for x in found == -np.inf], [True] * 3 + [False] * 3)


def with_impossible_category(case: Case) -> Any:
    """Return parameters of naive Bayes where the first variable is never 0."""
    return np.where(np.isin(np.arange(12), (0, 5)), 0, np.where(np.isin(np.arange(12), (1, 6)), 1, case.params))


def flipped(case: Case) -> tuple[Any, Any]:
    """Return parameters and data with the categories of every variable in the opposite order."""
    params, data = case.params.copy(), case.data.copy()
    for node in case.circuit:
        if node.kind == "categorical":
            own = slice(node.start, node.start + node.size)
            params[own] = case.params[own][::-1]
            data[:, node.variable] = node.size - 1 - case.data[:, node.variable]
    return params, data


@log_likelihood.law("equivariance", cases=problems(*DISCRETE))
def names_of_categories_do_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """With categories in the opposite order, of parameters and data, every log p is the same."""
    params, data = flipped(case)
    yield equal("log p", log_likelihood.call(port, case, params=params, data=data), log_likelihood.call(port, case))


@log_likelihood.law("equivariance")
def samples_do_not_know_of_each_other(port: Any, case: Case) -> Iterable[Fact]:
    """The samples backwards have their log p backwards."""
    seen = None if case.observed is None else case.observed[::-1]
    found = log_likelihood.call(port, case, data=case.data[::-1], observed=seen)
    yield equal("log p", found, log_likelihood.call(port, case)[::-1])


def replaced(case: Case, n: int, **fields: Any) -> tuple[Node, ...]:
    nodes = list(case.circuit)
    nodes[n] = nodes[n]._replace(**fields)
    return tuple(nodes)


@log_likelihood.law("rejects", cases=problems(NAIVE_BAYES).but(observed=nothing, weights=nothing))
def what_is_no_distribution_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A circuit that is not smooth, decomposable, in order and whole; weights that are no probability vector; data that
    is out of its variable's range."""
    theta, data = case.params, case.data
    first = np.arange(12) == 0
    both = (Node("gaussian", (), 0, 2, 0), Node("categorical", (), 0, 2, 0), Node("sum", (0, 1), 2, 2))
    for label, changed in (
        ("not smooth", {"circuit": replaced(case, 6, children=(0, 5))}),
        ("not decomposable", {"circuit": replaced(case, 2, children=(0, 0))}),
        ("a child that comes later", {"circuit": replaced(case, 2, children=(0, 3))}),
        ("a child of its own", {"circuit": replaced(case, 2, children=(0, 2))}),
        ("an input with children", {"circuit": replaced(case, 1, children=(0,))}),
        ("a product of nothing", {"circuit": replaced(case, 2, children=())}),
        ("a variable that no node has", {"data": np.concatenate([data, data[:, :1]], axis=1)}),
        ("a variable that the data has not", {"data": data[:, :1]}),
        ("no nodes", {"circuit": ()}),
        ("a sum with a weight too many", {"circuit": replaced(case, 6, size=3), "params": theta[np.arange(13) % 12]}),
        ("parameters left over", {"params": theta[np.arange(13) % 12]}),
        ("parameters that overlap", {"circuit": replaced(case, 3, start=1)}),
        ("one place for two kinds", {"circuit": both, "params": np.abs(theta[:4]) + 1, "data": data[:, :1]}),
        ("a weight below 0", {"params": np.where(first, -theta, np.where(np.arange(12) == 1, 1 + theta[0], theta))}),
        ("weights that sum to more than 1", {"params": theta + first / 16}),
        ("weights that sum to less than 1", {"params": np.where(first, theta / 2, theta)}),
        ("a weight that is no number", {"params": np.where(first, np.nan, theta)}),
        ("a category too high", {"data": data * 0 + 2}),
        ("a category below 0", {"data": data * 0 - 1}),
        ("half a category", {"data": data * 0 + 0.5}),
        ("data that is no number", {"data": data + np.nan}),
        ("observations of another shape", {"observed": np.ones((9, 9), bool)}),
        ("observations that are numbers", {"observed": np.ones_like(data)}),
    ):
        yield rejects(label, partial(log_likelihood.call, port, case, **changed))


@log_likelihood.law("rejects", cases=problems(GAUSSIANS[0]).but(observed=nothing, weights=nothing))
def a_gaussian_that_is_none_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A standard deviation below 0.01, data that is infinite, three parameters."""
    second, three = np.arange(6) == 1, Node("gaussian", (), 0, 3, 0)
    for label, changed in (
        ("a small standard deviation", {"params": np.where(second, 0.0099, case.params)}),
        ("infinite data", {"data": case.data + np.inf}),
        ("three parameters", {"circuit": (three,), "params": case.params[:3]}),
    ):
        yield rejects(label, partial(log_likelihood.call, port, case, **changed))


# --- flows -----------------------------------------------------------------------------------------------------------


@flows.law("closed form", cases=every)
def a_flow_is_the_posterior_of_a_node(port: Any, case: Case) -> Iterable[Fact]:
    """F of a node is the weight of the sample times the share of p that belongs to choices in which it is used."""
    listed, found = histories(case), flows.call(port, case)
    for n in range(len(case.circuit)):
        yield equal(f"node {n}", found[n], posterior(case, listed, n))


@flows.law("conservation", cases=every)
def every_variable_gets_the_whole_sample(port: Any, case: Case) -> Iterable[Fact]:
    """The flows of the inputs of each variable add up to the weight of the sample; each lies between 0 and it."""
    found, omega = flows.call(port, case), np.ones_like(case.data[:, 0]) if case.weights is None else case.weights
    for v in range(case.data.shape[1]):
        of = [n for n, node in enumerate(case.circuit) if not node.children and node.variable == v]
        yield equal(f"variable {v}", sum(found[n] for n in of), omega)
    yield at_least("flow", found, 0 * found)
    yield at_least("not used", omega - found, 0 * found)


@flows.law("limit", cases=problems(NAIVE_BAYES).but(observed=nothing))
def an_impossible_sample_has_no_flow(port: Any, case: Case) -> Iterable[Fact]:
    """Every flow of a sample of probability zero is 0; those of all others are as they were without it."""
    params, rows = with_impossible_category(case), domain(case)
    found = flows.call(port, case, params=params, data=rows, weights=None)
    yield identical("impossible", found[:, :3], np.zeros_like(found[:, :3]))
    yield equal("possible", found[:, 3:], flows.call(port, case, params=params, data=rows[3:], weights=None))


# --- what a batch says -----------------------------------------------------------------------------------------------


@statistics.law("closed form", cases=every)
def it_counts_choices_by_their_posterior(port: Any, case: Case) -> Iterable[Fact]:
    """Totals are posterior probabilities of choices and categories, and moments of Gaussians, summed over samples and
    over
    nodes that share parameters; masses are those of nodes."""
    listed, found = histories(case), batch(port, case)
    seen = np.ones(case.data.shape, bool) if case.observed is None else case.observed
    totals: Any = [0.0] * len(case.params)
    masses = dict.fromkeys((group.start for group in groups(case.circuit)), 0.0)
    for n, node in enumerate(case.circuit):
        F = posterior(case, listed, n)
        if node.kind == "product":
            continue
        masses[node.start] = masses[node.start] + np.sum(F)
        theta, x = case.params[node.start : node.start + node.size], case.data[:, node.variable]
        for k in range(node.size):
            if node.kind == "sum":
                used = posterior(case, listed, n, k)
            elif node.kind == "gaussian":
                used = F * np.where(seen[:, node.variable], (x - theta[0]) ** (k + 1), (0, theta[1] ** 2)[k])
            else:
                used = F * np.where(seen[:, node.variable], x == k, theta[k])
            totals[node.start + k] = totals[node.start + k] + np.sum(used)
    yield equal("totals", found.moments.totals, np.stack(totals), scale=size_of(case))
    yield equal("masses", found.moments.masses, np.stack([masses[start] for start in sorted(masses)]))
    omega = np.ones_like(case.data[:, 0]) if case.weights is None else case.weights
    yield equal("weight", found.weight, np.sum(omega))
    log_p = np.log(sum(p for p, _ in listed))
    yield equal("log_likelihood", found.log_likelihood, np.sum(omega * log_p), scale=np.sum(np.abs(log_p)) + len(log_p))
    yield agree("skipped", found.skipped, 0)


def size_of(case: Case) -> Any:
    """Return the size of the terms in the totals of a Gaussian; 0 beside probabilities, whose terms are positive."""
    size = 0 * case.params
    for _, own in of_kind(case, "gaussian"):
        size[own] = len(case.data) * (np.max(np.abs(case.data)) + np.abs(case.params[own][0])) ** np.array([1, 2])
    return size


@statistics.law("conservation", cases=every)
def batches_add_up(port: Any, case: Case) -> Iterable[Fact]:
    """The statistics of the first sample and those of the others add up to those of the batch, field by field; weights
    of 2 count a sample twice."""
    whole = batch(port, case)
    given = {name: case[name] for name in ("data", "observed", "weights")}
    parts = [
        batch(port, case, **{name: x if x is None else x[rows] for name, x in given.items()})
        for rows in ([slice(0, 1), slice(1, None)] if len(case.data) > 1 and possible(case) else [slice(None)])
    ]
    added = {name: sum(getattr(part.moments, name) for part in parts) for name in ("totals", "masses")}
    yield equal("totals", whole.moments.totals, added["totals"], scale=size_of(case))
    yield equal("masses", whole.moments.masses, added["masses"])
    yield equal("weight", whole.weight, sum(part.weight for part in parts))
    doubled = batch(port, case, weights=2 * (np.ones_like(case.data[:, 0]) if case.weights is None else case.weights))
    yield equal("twice", doubled.moments.totals, 2 * whole.moments.totals, scale=size_of(case))


def possible(case: Case) -> bool:
    """Return whether not all samples but the first weigh nothing."""
    return case.weights is None or bool(np.any(case.weights[1:] > 0))


@statistics.law("conservation", cases=discrete)
def what_is_missing_is_expected(port: Any, case: Case) -> Iterable[Fact]:
    """Without its last variable a sample counts as its completions do, each weighed by its posterior probability."""
    rows, one = domain(case), case.data[:1]
    size = int(rows[-1, -1]) + 1
    completed = np.concatenate([np.repeat(one[:, :-1], size, axis=0), rows[:size, -1:]], axis=1)
    p = sum(q for q, _ in histories(case, data=completed, seen=np.ones(completed.shape, bool)))
    seen = np.broadcast_to(np.arange(one.shape[1]) < one.shape[1] - 1, one.shape)
    found = batch(port, case, data=one, observed=seen, weights=None).moments
    expected = batch(port, case, data=completed, weights=p / np.sum(p)).moments
    yield equal("totals", found.totals, expected.totals)
    yield equal("masses", found.masses, expected.masses)


@statistics.law("rejects", cases=broken.but(observed=nothing))
def an_impossible_sample_is_rejected_or_left_out(port: Any, case: Case) -> Iterable[Fact]:
    """A sample of probability zero is rejected; with zero_prob="skip" the batch counts as without it. One that weighs
    nothing may be impossible. A batch that weighs nothing is rejected."""
    params, rows = with_impossible_category(case), domain(case)
    given, nobody = (params, case.circuit, rows, None), np.zeros_like(rows[:, 0])
    yield rejects("an impossible sample", lambda: port.statistics(*given, None))
    yield rejects("no weight", lambda: port.statistics(*given, nobody))
    yield rejects(
        "only impossible ones", lambda: port.statistics(*given, nobody + (np.arange(6) < 3), zero_prob="skip")
    )
    yield rejects("a weight below 0", lambda: port.statistics(params, case.circuit, rows[3:], None, nobody[3:] - 1))
    yield rejects("a weight too few", lambda: port.statistics(params, case.circuit, rows[3:], None, nobody[4:] + 1))
    skipped, light = (
        port.statistics(*given, None, zero_prob="skip"),
        port.statistics(*given, nobody + (np.arange(6) > 2)),
    )
    without = port.statistics(params, case.circuit, rows[3:], None, None)
    for name, found in (("skipped", skipped), ("weightless", light)):
        yield equal(f"{name}: totals", found.moments.totals, without.moments.totals)
        yield equal(f"{name}: weight", found.weight, without.weight)
        yield equal(f"{name}: log_likelihood", found.log_likelihood, without.log_likelihood)
    yield agree("how many", (skipped.skipped, light.skipped), (3, 0))


# --- what the model expects ------------------------------------------------------------------------------------------


def unobserved(case: Case) -> dict[str, Any]:
    """Return one sample of which nothing is observed."""
    variables = 1 + max(node.variable for node in case.circuit)
    return {"data": np.zeros((1, variables), case.params.dtype), "observed": np.zeros((1, variables), bool)}


@top_down.law("closed form")
def it_is_the_flow_of_a_sample_unobserved(port: Any, case: Case) -> Iterable[Fact]:
    """TD of a node is the sum of the weights of all choices in which it is used, and its flow where nothing is
    observed."""
    found, hidden = top_down.call(port, case), unobserved(case)
    given = Case({**case, **hidden, "weights": None})
    listed = histories(given)
    expected = np.stack([posterior(given, listed, n)[0] for n in range(len(case.circuit))])
    yield equal("TD", found, expected)
    yield equal("flow", port.flows(case.params, case.circuit, *hidden.values(), None)[:, 0], found)


@top_down.law("conservation", cases=problems(*DISCRETE))
def it_is_the_mean_flow_of_the_models_own_data(port: Any, case: Case) -> Iterable[Fact]:
    """TD = Σ p(x)·F(x) over all data."""
    rows = domain(case)
    p = np.exp(port.log_likelihood(case.params, case.circuit, rows, None))
    found = port.flows(case.params, case.circuit, rows, None, p)
    yield equal("TD", top_down.call(port, case), np.sum(found, axis=1))


@model_moments.law("closed form")
def it_is_what_a_sample_unobserved_says(port: Any, case: Case) -> Iterable[Fact]:
    """The model's moments are the statistics of one sample of which nothing is observed."""
    found, nobody = model_moments.call(port, case), batch(port, Case({**case, **unobserved(case), "weights": None}))
    yield equal("totals", found.totals, nobody.moments.totals)
    yield equal("masses", found.masses, nobody.moments.masses)


@model_moments.law("fixed point", cases=discrete)
def it_is_unbiased(port: Any, case: Case) -> Iterable[Fact]:
    """The model's own data, each weighed by its probability, says what the model expects: so does a batch on
    average."""
    rows = domain(case)
    p = np.exp(port.log_likelihood(case.params, case.circuit, rows, None))
    said = batch(port, case, data=rows, weights=p).moments
    found = model_moments.call(port, case)
    yield equal("totals", found.totals, said.totals)
    yield equal("masses", found.masses, said.masses)


log_likelihood.edits("""
no_shift_of_logarithms: Sums are taken as they are: densities below the range become 0
    `shift = np.where(top > -np.inf, top, 0)` → `shift = 0 * top`
shift_of_minus_infinity: Where every child is impossible -∞ is subtracted from itself: NaN [pomegranate#588]
    `np.where(top > -np.inf, top, 0)` → `top`
weights_left_out: A sum adds its children as if all weights were 1
    `np.log(weights)[:, np.newaxis] + np.stack` → `0 * np.log(weights)[:, np.newaxis] + np.stack`
best_choice_only: Of a sum only the most likely child counts, as for the most probable explanation
    `np.log(np.sum(np.exp(terms - shift), axis=0))` → `np.log(np.max(np.exp(terms - shift), axis=0))`
product_is_a_mean: A product takes the geometric mean of its children
    `np.sum(np.stack([values[c] for c in node.children]), axis=0)` →
        `np.mean(np.stack([values[c] for c in node.children]), axis=0)`
missing_is_the_first_category: What is not observed counts as the category 0
    `np.where(seen, log_density, 0)` → `log_density`
missing_is_improbable: What is not observed counts as a uniform value
    `np.where(seen, log_density, 0)` → `np.where(seen, log_density, -np.log(node.size + 0 * log_density))`
normaliser_without_pi: The density of a Gaussian lacks 1/√(2π)
    `np.log(theta[1]) - HALF_LOG_2PI` → `np.log(theta[1])`
sigma_is_a_variance: The second parameter of a Gaussian is taken for a variance
    `z = (x - theta[0]) / theta[1]` → `z = (x - theta[0]) / theta[1]**0.5`
""")
flows.edits("""
sums_pass_their_prior: A sum passes flow on by its weights, not by the posterior
    `np.exp(edges(node, params, values) - values[n])` →
        `np.exp(edges(node, params, [0 * v for v in values]))`
products_share_their_flow: A product shares its flow among its children
    `[flows[n]] * len(node.children)` → `[flows[n] / max(len(node.children), 1)] * len(node.children)`
last_parent_only: A node with several parents keeps the flow of the last one
    `flows[c] = flows[c] + flow` → `flows[c] = flow`
weights_of_samples_ignored: Every sample counts once, whatever it weighs
    `omega = np.ones_like(data[:, 0]) if weights is None else weights` → `omega = np.ones_like(data[:, 0])`
impossible_samples_flow: An impossible sample has its weight at the root, and NaN below
    `possible = np.where(values[-1] > -np.inf, omega, 0)` → `possible = omega`
""")
statistics.edits("""
moments_about_zero: Moments of a Gaussian are about 0
    `x - theta[0], 0)` → `x, 0)`
missing_counts_nothing: What is not observed adds nothing, so that totals do not add up to the mass
    `np.where(known, hit, theta)` → `np.where(known, hit, 0 * theta)`
missing_counts_uniformly: What is not observed adds equally to every category
    `np.where(known, hit, theta)` → `np.where(known, hit, np.ones_like(theta) / node.size)`
missing_has_no_variance: What is not observed counts as a Gaussian's mean: its variance shrinks
    `np.where(known, apart * apart, theta[1] * theta[1])` → `np.where(known, apart * apart, 0)`
tied_nodes_overwrite: Of nodes that share parameters only the last one counts
    `np.concatenate([sum(totals[n] for n in nodes) for nodes in shared])` →
        `np.concatenate([totals[nodes[-1]] for nodes in shared])`
tied_masses_overwrite: The mass of shared parameters is that of the last node
    `np.stack([sum(masses[n] for n in nodes) for nodes in shared])` →
        `np.stack([masses[nodes[-1]] for nodes in shared])`
weight_is_the_number_of_samples: W is the number of samples, whatever they weigh
    `weight = np.sum(omega)` → `weight = np.sum(np.ones_like(omega))`
impossible_samples_spoil_the_batch: An impossible sample is used, and makes the statistics of its batch NaN
    `if len(impossible) and zero_prob == "reject":` → `if False:`
    `omega = np.where(values[-1] > -np.inf, omega, 0)` → `omega = omega`
impossible_samples_always_left_out: An impossible sample is left out without being asked for
    `if len(impossible) and zero_prob == "reject":` → `if False:`
log_likelihood_unweighted: The log-likelihood is summed without weights
    `omega * np.where(omega > 0, values[-1], 0)` → `np.where(omega > 0, values[-1], 0)`
""")
top_down.edits("""
later_parents_overwrite: Of the probabilities that several parents pass on only the last one is kept
    `probabilities[c] = probabilities[c] + probability` → `probabilities[c] = probability`
top_down_uniform: Every child of a sum counts the same
    `passed = probabilities[n] * shares[n]` → `passed = probabilities[n] * (0 * shares[n] + 1 / len(node.children))`
""")
model_moments.edits("""
model_has_no_variance: The model expects no variance of a Gaussian
    `theta[1] * theta[1]])` → `0 * theta[1]])`
model_expects_parameters: Totals are the parameters, as if every node were used by every sample
    `totals[n] = probability * theta` → `totals[n] = theta`
""")
