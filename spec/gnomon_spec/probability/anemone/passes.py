"""What circuits compute: log-probabilities, flows, what a batch says and what the model expects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.anemone import passes as reference
from gnomon.probability.anemone.circuits import Node, groups
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.probability.anemone import inputs as small
from gnomon_spec.probability.anemone import system
from gnomon_spec.probability.anemone.inputs import batch, domain, histories, omega, posterior, problems, refused, same
from gnomon_spec.strategies import VECTORS, count
from gnomon_spec.system import Misfits

every, naive = problems(*small.ALL), problems(small.NAIVE_BAYES).but(**small.PLAIN)
discrete = problems(*small.DISCRETE).but(**small.PLAIN)
hidden_markov = problems(small.TIED).but(**small.PLAIN)
of_models = Cases({name: every.quantities[name] for name in ("circuit", "params")}, VECTORS)
known: Any = {"rejecting": naive}

log_likelihood = system.operation(reference.log_likelihood, cases=every, **known)
flows = system.operation(reference.flows, cases=problems(*small.ALL, zeros=True), **known)
statistics = system.operation(reference.statistics, cases=every.but(zero_prob=choice("reject", "skip")), **known)
top_down = system.operation(reference.top_down, cases=of_models, **known)
model_moments = system.operation(reference.model_moments, cases=of_models, **known)


@log_likelihood.law("closed form")
def it_is_the_sum_over_all_choices(port: Any, case: Case) -> Iterable[Fact]:
    """p(x) is the sum, over every list of choices at sums, of the product of their weights and of the inputs."""
    yield equal("p", np.exp(log_likelihood.call(port, case)), sum(p for p, _ in histories(case)))


@log_likelihood.law("conservation", cases=discrete)
def it_is_a_distribution_whose_unobserved_values_are_summed_out(port: Any, case: Case) -> Iterable[Fact]:
    """Over all data p sums to 1; with the last variable unobserved it is the sum over its values, with nothing observed
    1. What stands in the place of such values does not matter, not even NaN."""
    rows = domain(case)
    last, size = rows.shape[1] - 1, int(rows[-1, -1]) + 1
    p = np.exp(log_likelihood.call(port, case, data=rows))
    yield equal("sum of p", np.sum(p), 1.0)
    seen = np.broadcast_to(np.arange(last + 1) < last, rows.shape)
    marginal = np.exp(log_likelihood.call(port, case, data=np.where(seen, rows, np.nan), observed=seen))
    yield equal("marginal", marginal, np.repeat(np.sum(np.reshape(p, (-1, size)), axis=1), size))
    unseen = log_likelihood.call(port, case, data=rows[:1] + np.nan, observed=np.zeros((1, last + 1), bool))
    yield equal("log p of nothing", unseen, np.zeros_like(rows[0, :1]), scale=1.0)


def tables(case: Case) -> tuple[Any, Any, Any]:
    """Return π, A and B of the tied hidden Markov model of two states and two symbols."""
    return case.params[8:], np.reshape(case.params[4:8], (2, 2)), np.reshape(case.params[:4], (2, 2))


@log_likelihood.law("closed form", cases=hidden_markov)
def a_hidden_markov_model_is_the_forward_algorithm(port: Any, case: Case) -> Iterable[Fact]:
    """α₁ = π∘B[x₁], α ← (αA)∘B[xₜ], p = Σα."""
    (pi, A, B), x = tables(case), case.data.astype(int)
    alpha = pi * B.T[x[:, 0]]
    for t in (1, 2):
        alpha = (alpha @ A) * B.T[x[:, t]]
    yield equal("p", np.exp(log_likelihood.call(port, case)), np.sum(alpha, axis=1))


two_gaussians = problems(small.GAUSSIANS[0]).but(**small.PLAIN)


@log_likelihood.law("limit", cases=two_gaussians.but(far=count(6, 9, low=4, high=16)))
def far_from_everything_nothing_leaves_the_range(port: Any, case: Case) -> Iterable[Fact]:
    """log p of a mixture of two Gaussians is log(w₁·N₁ + w₂·N₂), where both are too small for the dtype, too."""
    mean, sigma, weight = case.params[0:3:2], case.params[1:4:2], case.params[4:]
    x = 2.0**case.far + case.data
    logs = np.log(weight) - ((x - mean) / sigma) ** 2 / 2 - np.log(sigma * np.sqrt(2 * np.pi * np.ones_like(sigma)))
    high, low = np.max(logs, axis=1), np.min(logs, axis=1)
    yield equal("log p", log_likelihood.call(port, case, data=x), high + np.log1p(np.exp(low - high)))


def with_impossible_category(case: Case) -> Any:
    """Return parameters of naive Bayes where the first variable is never 0."""
    return np.where(np.isin(np.arange(12), (0, 5)), 0, np.where(np.isin(np.arange(12), (1, 6)), 1, case.params))


@log_likelihood.law("limit", cases=naive)
def what_is_impossible_is_minus_infinity(port: Any, case: Case) -> Iterable[Fact]:
    """Where a category has probability 0 in every component, log p is -∞, and log p of other samples is as it was."""
    params, rows = with_impossible_category(case), domain(case)
    found = log_likelihood.call(port, case, params=params, data=rows)
    expected = sum(p for p, _ in histories(case, params, rows, np.ones(rows.shape, bool)))
    yield equal("p", np.exp(found), expected)
    yield agree("impossible", [bool(x) for x in found == -np.inf], [True] * 3 + [False] * 3)


@log_likelihood.law("equivariance", cases=problems(*small.DISCRETE))
def names_and_orders_do_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """With variables and categories in the opposite order, of parameters and data, the children of the root too, and
    samples backwards, log p is backwards."""
    given = small.renamed(case)[0]
    del given["weights"]
    yield equal("log p", log_likelihood.call(port, case, **given), log_likelihood.call(port, case)[::-1])


@log_likelihood.misfits(cases=naive)
def what_is_no_distribution_is_rejected(case: Case) -> Misfits:
    """A circuit that is not smooth, decomposable, in order and whole; weights that are no probability vector; a
    standard deviation below 0.01; data out of its variable's range."""
    theta, data, at = case.params, case.data, np.arange(12)
    many, one = theta[np.arange(13) % 12], np.ones_like(theta[:1])

    def changed(n: int, **fields: Any) -> dict[str, Any]:
        nodes = case.circuit
        return {"circuit": (*nodes[:n], nodes[n]._replace(**fields), *nodes[n + 1 :])}

    def alone(params: Any, *nodes: Node) -> dict[str, Any]:
        return {"circuit": nodes, "params": params, "data": data[:, :1]}

    both = (Node("gaussian", (), 0, 2, 0), Node("categorical", (), 0, 2, 0), Node("sum", (0, 1), 2, 2))
    return {
        "not smooth": changed(6, children=(0, 5)), "not decomposable": changed(2, children=(0, 0)),
        "a child that comes later": changed(2, children=(0, 3)), "a child of its own": changed(2, children=(0, 2)),
        "an input with children": changed(1, children=(0,)), "a product of nothing": changed(2, children=()),
        "a variable that no node has": {"data": np.concatenate([data, data[:, :1]], axis=1)},
        "a variable that the data has not": {"data": data[:, :1]}, "no nodes": {"circuit": ()},
        "a sum with a weight too many": {**changed(6, size=3), "params": many},
        "parameters left over": {"params": many}, "parameters that overlap": changed(3, start=1),
        "one place for two kinds": alone(np.abs(theta[:4]) + 1, *both),
        "a weight below 0": {"params": np.where(at == 0, -theta, np.where(at == 1, 1 + theta[0], theta))},
        "weights that sum to more than 1": {"params": theta + (at == 0) / 16},
        "weights that sum to less than 1": {"params": np.where(at == 0, theta / 2, theta)},
        "a small standard deviation": alone(np.concatenate([one, 0.0099 * one]), both[0]),
        "infinite data": {**alone(np.repeat(one, 2), both[0]), "data": data[:, :1] + np.inf},
        "a category too high": {"data": data * 0 + 2}, "a category below 0": {"data": data * 0 - 1},
        "half a category": {"data": data * 0 + 0.5}, "data that is no number": {"data": data + np.nan},
        "observations of another shape": {"observed": np.ones((9, 9), bool)},
        "observations that are numbers": {"observed": np.ones_like(data)},
    }  # fmt: skip


@flows.law("closed form", cases=every)
def a_flow_is_the_posterior_of_a_node(port: Any, case: Case) -> Iterable[Fact]:
    """F is the weight of the sample times the share of p of choices that use the node, between 0 and it; the inputs of
    each variable get the whole sample."""
    listed, found = histories(case), flows.call(port, case)
    yield equal("F", found, np.stack([posterior(case, listed, n) for n in range(len(case.circuit))]))
    for v in range(case.data.shape[1]):
        of = [n for n, node in enumerate(case.circuit) if not node.children and node.variable == v]
        yield equal(f"variable {v}", sum(found[n] for n in of), omega(case))
    yield at_least("flow", found, 0 * found)
    yield at_least("not used", omega(case) - found, 0 * found)


@flows.law("limit", cases=naive)
def an_impossible_sample_has_no_flow(port: Any, case: Case) -> Iterable[Fact]:
    """Every flow of a sample of probability zero is 0; those of all others are as they were without it."""
    params, rows = with_impossible_category(case), domain(case)
    found = flows.call(port, case, params=params, data=rows)
    yield identical("impossible", found[:, :3], np.zeros_like(found[:, :3]))
    yield equal("possible", found[:, 3:], flows.call(port, case, params=params, data=rows[3:]))


@statistics.law("closed form", cases=every)
def it_counts_choices_by_their_posterior(port: Any, case: Case) -> Iterable[Fact]:
    """Totals are posterior probabilities of choices and categories, and moments of Gaussians, summed over samples and
    over nodes that share parameters; masses are those of nodes."""
    listed, found = histories(case), batch(port, case)
    seen = np.ones(case.data.shape, bool) if case.observed is None else case.observed
    totals: Any = [0.0] * len(case.params)
    masses = dict.fromkeys((group.start for group in groups(case.circuit)), 0.0)
    for n, node in enumerate(case.circuit):
        F = posterior(case, listed, n)
        theta, x = case.params[node.start : node.start + node.size], case.data[:, node.variable]
        if node.kind != "product":
            masses[node.start] = masses[node.start] + np.sum(F)
        for k in range(node.size):
            if node.kind == "sum":
                used = posterior(case, listed, n, k)
            elif node.kind == "gaussian":
                used = F * np.where(seen[:, node.variable], (x - theta[0]) ** (k + 1), (0, theta[1] ** 2)[k])
            else:
                used = F * np.where(seen[:, node.variable], x == k, theta[k])
            totals[node.start + k] = totals[node.start + k] + np.sum(used)
    expected = reference.Moments(np.stack(totals), np.stack([masses[start] for start in sorted(masses)]))
    yield from same(found.moments, expected, size_of(case))
    yield equal("weight", found.weight, np.sum(omega(case)))
    log_p = np.log(sum(p for p, _ in listed))
    size = np.sum(np.abs(log_p)) + len(log_p)
    yield equal("log_likelihood", found.log_likelihood, np.sum(omega(case) * log_p), scale=size)
    yield agree("skipped", found.skipped, 0)


def size_of(case: Case) -> Any:
    """Return the size of the terms in the totals of a Gaussian; 0 beside probabilities, whose terms are positive."""
    size = 0 * case.params
    for _, own in small.of_kind(case, "gaussian"):
        size[own] = len(case.data) * (np.max(np.abs(case.data)) + np.abs(case.params[own][0])) ** np.array([1, 2])
    return size


@statistics.law("conservation", cases=every)
def batches_add_up(port: Any, case: Case) -> Iterable[Fact]:
    """The statistics of a batch and of the same samples with twice their weights add up to those with three times them,
    and to those of the batch with each sample three times."""
    one, two, three = (batch(port, case, weights=k * omega(case)) for k in (1, 2, 3))
    thrice = {
        name: x if x is None else np.concatenate([x] * 3)
        for name in ("data", "observed", "weights")
        for x in [case[name]]
    }
    for whole in (three, batch(port, case, **thrice)):
        added = reference.Moments(*(a + b for a, b in zip(one.moments, two.moments, strict=True)))
        yield from same(whole.moments, added, 3 * size_of(case))
        yield equal("weight", whole.weight, one.weight + two.weight)
        size = 3 * np.abs(one.log_likelihood) + len(case.data)
        yield equal("log_likelihood", whole.log_likelihood, one.log_likelihood + two.log_likelihood, scale=size)


@statistics.law("conservation", cases=discrete)
def what_is_missing_is_expected(port: Any, case: Case) -> Iterable[Fact]:
    """Without its last variable a sample counts as its completions do, each weighed by its posterior probability."""
    rows, one = domain(case), case.data[:1]
    size = int(rows[-1, -1]) + 1
    completed = np.concatenate([np.repeat(one[:, :-1], size, axis=0), rows[:size, -1:]], axis=1)
    p = sum(q for q, _ in histories(case, data=completed, seen=np.ones(completed.shape, bool)))
    seen = np.broadcast_to(np.arange(one.shape[1]) < one.shape[1] - 1, one.shape)
    expected = batch(port, case, data=completed, weights=p / np.sum(p))
    yield from same(batch(port, case, data=one, observed=seen).moments, expected.moments)


@statistics.law("rejects", cases=naive)
def an_impossible_sample_is_rejected_or_left_out(port: Any, case: Case) -> Iterable[Fact]:
    """A sample of probability zero is rejected; with zero_prob="skip" the batch counts as without it. One that weighs
    nothing may be impossible. A batch that weighs nothing is rejected."""
    params, rows = with_impossible_category(case), domain(case)
    given, light = {"params": params, "data": rows}, (np.arange(6) > 2) * np.ones_like(rows[:, 0])
    yield from refused(statistics, port, case, {
        "an impossible sample": given, "no weight": {**given, "weights": 0 * light},
        "only impossible ones": {**given, "weights": 1 - light, "zero_prob": "skip"},
        "a weight below 0": {**given, "weights": light - 2 * (np.arange(6) == 5)},
        "a weight too few": {**given, "weights": light[1:]},
    })  # fmt: skip
    without = statistics.call(port, case, params=params, data=rows[3:])
    for count_of, changed in ((3, {"zero_prob": "skip"}), (0, {"weights": light})):
        found = statistics.call(port, case, **given, **changed)
        yield from same(found.moments, without.moments)
        yield equal("weight", found.weight, without.weight)
        yield equal("log_likelihood", found.log_likelihood, without.log_likelihood)
        yield agree("skipped", found.skipped, count_of)


def unobserved(case: Case) -> dict[str, Any]:
    """Return one sample of which nothing is observed."""
    variables = 1 + max(node.variable for node in case.circuit)
    return {"data": np.zeros((1, variables), case.params.dtype), "observed": np.zeros((1, variables), bool)}


@top_down.law("closed form")
def it_is_the_flow_of_a_sample_unobserved(port: Any, case: Case) -> Iterable[Fact]:
    """TD of a node is the sum of the weights of all choices in which it is used, and its flow where nothing is
    observed."""
    found, given = top_down.call(port, case), case.but(**unobserved(case), weights=None)
    listed = histories(given)
    yield equal("TD", found, np.stack([posterior(given, listed, n)[0] for n in range(len(case.circuit))]))
    yield equal("flow", flows.call(port, given)[:, 0], found)


@model_moments.law("closed form")
def they_are_what_a_sample_unobserved_says(port: Any, case: Case) -> Iterable[Fact]:
    """The model's moments are the statistics of one sample of which nothing is observed."""
    said = batch(port, case.but(**unobserved(case), weights=None))
    yield from same(model_moments.call(port, case), said.moments)


@model_moments.law("fixed point", cases=discrete)
def they_are_the_mean_of_the_models_own_data(port: Any, case: Case) -> Iterable[Fact]:
    """All data, each weighed by its probability, says what the model expects, so that batches are unbiased; TD is the
    mean flow."""
    rows = domain(case)
    p = np.exp(log_likelihood.call(port, case, data=rows))
    yield from same(model_moments.call(port, case), batch(port, case, data=rows, weights=p).moments)
    mean = np.sum(flows.call(port, case, data=rows, weights=p), axis=1)
    yield equal("TD", port.top_down(case.params, case.circuit), mean)


log_likelihood.edits("""
no_shift_of_logarithms: Sums are taken as they are: densities below the range become 0
    `shift = np.where(top > -np.inf, top, 0)` → `shift = 0`
shift_of_minus_infinity: Where every child is impossible -∞ is subtracted from itself: NaN [pomegranate#588]
    `np.where(top > -np.inf, top, 0)` → `top`
weights_left_out: A sum adds its children as if all weights were 1
    `np.log(weights)[:, np.newaxis] + np.stack` → `0 * np.log(weights)[:, np.newaxis] + np.stack`
best_choice_only: Of a sum only the most likely child counts, as for the most probable explanation
    `np.log(np.sum(np.exp(terms - shift), axis=0))` → `np.log(np.max(np.exp(terms - shift), axis=0))`
missing_is_the_first_category: What is not observed counts as the category 0
    `np.where(seen, log_density, 0)` → `log_density`
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
    `omega = np.where(log_p > -np.inf, omega, 0)` → `omega = omega`
impossible_samples_always_left_out: An impossible sample is left out without being asked for
    `if len(impossible) and zero_prob == "reject":` → `if False:`
log_likelihood_unweighted: The log-likelihood is summed without weights
    `omega * np.where(omega > 0, log_p, 0)` → `np.where(omega > 0, log_p, 0)`
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
