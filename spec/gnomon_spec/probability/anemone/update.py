"""Anemone's update: what it is, what it maximises, what stays, and how momentum averages."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from gnomon.probability.anemone import updates as reference
from gnomon.probability.anemone.circuits import SIGMA_MIN
from gnomon.probability.anemone.passes import Moments
from gnomon_spec.cases import Case, choice
from gnomon_spec.facts import Fact, agree, at_least, equal, identical, rejects
from gnomon_spec.probability.anemone import system
from gnomon_spec.probability.anemone.em import PSEUDOCOUNTS, RATES, dead, fresh, given
from gnomon_spec.probability.anemone.inputs import (
    ALL,
    DISCRETE,
    FLOATS,
    GAUSSIANS,
    NAIVE_BAYES,
    UNTIED,
    batch,
    domain,
    histories,
    mean_likelihood,
    nothing,
    of_kind,
    parameters,
    problems,
    updates,
)
from gnomon_spec.probability.anemone.passes import unobserved
from gnomon_spec.strategies import fraction, number

init = system.operation(reference.init, cases=given.but(), rejecting=updates(NAIVE_BAYES), dtypes=FLOATS)
update = system.operation(
    reference.update,
    cases=given.but(
        step_size=RATES, momentum=fraction(0.0, 0.9, 0.5), eps=PSEUDOCOUNTS, variant=choice("standard", "code"),
        keep_zero=choice(False, True),
    ),
    rejecting=updates(NAIVE_BAYES).but(step_size=0.5, momentum=0.5, eps=0.5, keep_zero=False),
    dtypes=FLOATS,
)  # fmt: skip
at_once = {"momentum": 0.0, "eps": 0.0}
batches = problems(*ALL).but(step_size=RATES)
of_categories = problems(*DISCRETE).but(step_size=RATES)


def moved(port: Any, case: Case, said: Any = None, params: Any = None, state: Any = None, **hyper: Any) -> Any:
    """Return what an update of a batch gives; without momentum and ε if nothing else is said."""
    params = case.params if params is None else params
    said = batch(port, case, params=params) if said is None else said
    given = {"step_size": case.get("step_size", 0.5), **at_once, **hyper}
    return port.update(params, case.circuit, said, fresh(case) if state is None else state, **given)


@init.law("closed form")
def nothing_is_remembered_at_first(port: Any, case: Case) -> Iterable[Fact]:
    """Before the first update all sums are 0."""
    totals, masses, n = port.init(case.params, case.circuit)
    expected = fresh(case)
    yield identical("totals", totals, expected.totals)
    yield identical("masses", masses, expected.masses)
    yield agree("updates", n, 0)


@update.law("limit", cases=problems(*ALL).but(eps=PSEUDOCOUNTS))
def with_a_step_of_one_it_is_em(port: Any, case: Case) -> Iterable[Fact]:
    """α = 1 without momentum is `full_em` of the batch, with the same ε; with "code" as if ε were W times as large."""
    said = batch(port, case)
    found = moved(port, case, said, step_size=1.0, eps=case.eps)[0]
    yield equal("params", found, port.full_em(case.params, case.circuit, said, eps=case.eps), scale=roughly(case))
    code = moved(port, case, said, step_size=1.0, eps=case.eps, variant="code")[0]
    expected = port.full_em(case.params, case.circuit, said, eps=case.eps * said.weight)
    for i, own in of_kind(case, "probabilities"):
        yield equal(f"code: {i}", code[own], expected[own])


def roughly(case: Case) -> Any:
    """Return the size of what parameters of Gaussians are the difference of; 0 beside probabilities."""
    size = 0 * case.params
    for _, own in of_kind(case, "gaussian"):
        spread = np.max(np.abs(case.data)) + np.sum(np.abs(case.params[own]))
        size[own] = (spread, spread**2 / SIGMA_MIN)
    return size


@update.law("closed form", cases=of_categories)
def every_group_has_a_rate_of_its_own(port: Any, case: Case) -> Iterable[Fact]:
    """θ ← (1-g)·θ + g·S̄/F̄ with g = α·F̄/(α·F̄ + (1-α)·TD); θ′ >= (1-g)·θ sums to 1; the report has the smallest, the
    median and the largest g."""
    said, a = batch(port, case), case.step_size
    new, _, report = moved(port, case, said)
    TD = port.model_moments(case.params, case.circuit).masses
    F = said.moments.masses / said.weight
    g = a * F / (a * F + (1 - a) * TD)
    for i, own in of_kind(case, "probabilities"):
        share = said.moments.totals[own] / np.where(F[i] > 0, said.moments.masses[i], 1)
        yield equal(f"group {i}", new[own], (1 - g[i]) * case.params[own] + g[i] * share)
        yield at_least(f"kept of {i}", new[own], (1 - g[i]) * case.params[own])
        yield equal(f"sum of {i}", np.sum(new[own]), 1.0)
    for name, expected in (("slowest", np.min(g)), ("median", np.median(g)), ("fastest", np.max(g))):
        yield equal(name, getattr(report, name), expected)


@update.law("closed form", cases=of_categories)
def it_follows_the_gradient_at_a_rate_of_its_own(port: Any, case: Case) -> Iterable[Fact]:
    """θ′ - θ is α/M times the gradient of the mean log-likelihood in logits, M = α·F̄ + (1-α)·TD; as α → 0 that is the
    natural gradient with the Fisher matrix of complete data."""
    said, a = batch(port, case), case.step_size
    new, slope = moved(port, case, said)[0], port.gradient(case.params, case.circuit, said)
    M = a * said.moments.masses / said.weight + (1 - a) * port.model_moments(case.params, case.circuit).masses
    for i, own in of_kind(case, "probabilities"):
        yield equal(f"group {i}", new[own] - case.params[own], a / M[i] * slope[own], scale=1.0)


def apart(p: Any, q: Any) -> Any:
    """Return the KL divergence of two probability vectors."""
    return np.sum(np.where(p > 0, p * np.log(np.where(p > 0, p, 1) / np.where(p > 0, q, 1)), 0))


@update.law("bound", cases=of_categories)
def its_own_batch_becomes_more_likely_by_so_much(port: Any, case: Case) -> Iterable[Fact]:
    """The mean log-likelihood rises by (1/α)·[Σ M·KL(θ′‖θ) + (1-α)·Σ TD·KL(θ‖θ′)] or more, tied or not."""
    said, a = batch(port, case), case.step_size
    new, _, report = moved(port, case, said)
    TD = port.model_moments(case.params, case.circuit).masses
    M = a * said.moments.masses / said.weight + (1 - a) * TD
    groups = list(of_kind(case, "probabilities"))
    there = sum(M[i] * apart(new[own], case.params[own]) for i, own in groups)
    rise = mean_likelihood(port, case, new) - report.log_likelihood
    yield at_least("rise", rise, (there + (1 - a) * report.divergence) / a)


@update.law("bound", cases=problems(*GAUSSIANS).but(step_size=RATES))
def gaussians_become_more_likely_and_do_not_collapse(port: Any, case: Case) -> Iterable[Fact]:
    """The mean log-likelihood of its batch does not fall, and σ′² >= (1-g)·σ²: for α < 1 not even one sample collapses
    a Gaussian."""
    said, a = batch(port, case), case.step_size
    new, _, report = moved(port, case, said)
    TD = port.model_moments(case.params, case.circuit).masses
    F = said.moments.masses / said.weight
    yield at_least("log-likelihood", mean_likelihood(port, case, new), report.log_likelihood)
    for i, own in of_kind(case, "gaussian"):
        g = a * F[i] / (a * F[i] + (1 - a) * TD[i])
        yield at_least(f"variance of {i}", new[own][1] ** 2, (1 - g) * case.params[own][1] ** 2)


@update.law("closed form", cases=of_categories.but(others=parameters()))
def it_is_the_optimum_of_its_objective(port: Any, case: Case) -> Iterable[Fact]:
    """With J(θ″) = Σ Q·log(θ″/θ), Q = α·S̄ + (1-α)·TD·θ: J(θ′) - J(θ″) = Σ M·KL(θ′‖θ″) for every θ″."""
    said, a = batch(port, case), case.step_size
    new, model = moved(port, case, said)[0], port.model_moments(case.params, case.circuit)
    Q = a * said.moments.totals / said.weight + (1 - a) * model.totals
    J_apart = np.sum(np.where(Q > 0, Q * np.log(np.where(Q > 0, new, 1) / case.others), 0))
    M = a * said.moments.masses / said.weight + (1 - a) * model.masses
    expected = sum(M[i] * apart(new[own], case.others[own]) for i, own in of_kind(case, "probabilities"))
    yield equal("J", J_apart, expected, scale=np.sum(Q) * 8)


@update.law("bound", cases=of_categories.but(observed=nothing))
def the_divergence_of_complete_data_bounds_that_of_data(port: Any, case: Case) -> Iterable[Fact]:
    """KL of p before from p after, over all data, is at most the reported one of complete data, Σ TD·KL(θ‖θ′); without
    sums they are the same."""
    new, _, report = moved(port, case)
    every = np.ones(domain(case).shape, bool)
    before, after = (sum(q for q, _ in histories(case, theta, domain(case), every)) for theta in (case.params, new))
    TD = port.model_moments(case.params, case.circuit).masses
    expected = sum(TD[i] * apart(case.params[own], new[own]) for i, own in of_kind(case, "probabilities"))
    yield equal("divergence", report.divergence, expected, scale=1.0)
    yield at_least("divergence of p", report.divergence, apart(before, after))
    if len(case.circuit[-1].children) < 2:
        yield equal("without sums", report.divergence, apart(before, after), scale=1.0)


@update.law("closed form", cases=problems(*GAUSSIANS).but(step_size=RATES))
def the_divergence_of_gaussians(port: Any, case: Case) -> Iterable[Fact]:
    """Of a Gaussian it is TD·[log(σ′/σ) + (σ² + (μ - μ′)²)/(2σ′²) - ½]."""
    new, _, report = moved(port, case)
    TD = port.model_moments(case.params, case.circuit).masses
    total = sum(TD[i] * apart(case.params[own], new[own]) for i, own in of_kind(case, "probabilities"))
    for i, own in of_kind(case, "gaussian"):
        (mean, sigma), (mean2, sigma2) = case.params[own], new[own]
        divergence = np.log(sigma2 / sigma) + (sigma**2 + (mean - mean2) ** 2) / (2 * sigma2**2) - 0.5
        total = total + TD[i] * divergence
    yield equal("divergence", report.divergence, total, scale=1 + total)


@update.law("fixed point", cases=of_categories.but(observed=nothing, weights=nothing))
def what_the_model_expects_changes_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """All data, each weighed by its probability, leaves the parameters as they are, for every α; there is no
    gradient."""
    rows = domain(case)
    p = np.exp(port.log_likelihood(case.params, case.circuit, rows, None))
    said = batch(port, case, data=rows, weights=p)
    yield equal("params", moved(port, case, said)[0], case.params)
    yield equal("gradient", port.gradient(case.params, case.circuit, said), 0 * case.params, scale=1.0)


@update.law("fixed point", cases=problems(NAIVE_BAYES).but(observed=nothing, step_size=RATES))
def where_em_stands_still_anemone_does(port: Any, case: Case) -> Iterable[Fact]:
    """Components that all have the frequencies of the data are a fixed point of EM, a saddle; of anemone, too."""
    omega = np.ones_like(case.data[:, 0]) if case.weights is None else case.weights
    counts = np.stack([np.sum(omega * (case.data[:, v] == k)) for v, size in enumerate((2, 3)) for k in range(size)])
    saddle = np.concatenate([counts / np.sum(omega), counts / np.sum(omega), case.params[10:]])
    said = batch(port, case, params=saddle)
    yield equal("EM", port.full_em(saddle, case.circuit, said), saddle, scale=1.0)
    yield equal("anemone", moved(port, case, said, saddle)[0], saddle, scale=1.0)
    yield equal("gradient", port.gradient(saddle, case.circuit, said), 0 * saddle, scale=1.0)


@update.law("fixed point", cases=batches.but(weights=nothing))
def where_nothing_is_observed_nothing_changes(port: Any, case: Case) -> Iterable[Fact]:
    """A batch without values leaves the parameters as they are, for every α."""
    said = batch(port, case, **unobserved(case))
    yield equal("params", moved(port, case, said)[0], case.params, scale=np.max(np.abs(case.params)))


@update.law("trajectory", cases=problems(*UNTIED).but(step_size=RATES, weights=nothing))
def untied_it_is_stepwise_online_em(port: Any, case: Case) -> Iterable[Fact]:
    """Running statistics s ← (1-α)·s + α·S̄, from the model's own, and θ = the M-step of s, give the same
    parameters."""
    a, params, online = case.step_size, case.params, case.params
    running = port.model_moments(online, case.circuit)
    for i in range(2):
        seen = None if case.observed is None else case.observed[i : i + 1]
        one = {"data": case.data[i : i + 1], "observed": seen} if i < len(case.data) else {}
        params = moved(port, case, batch(port, case, params=params, **one), params)[0]
        said = batch(port, case, params=online, **one)
        running = Moments(*((1 - a) * s + a * new / said.weight for s, new in zip(running, said.moments, strict=True)))
        online = port.full_em(online, case.circuit, said._replace(moments=running))
    yield equal("params", params, online)


# --- momentum --------------------------------------------------------------------------------------------------------

with_momentum = updates(*ALL).but(step_size=RATES, momentum=fraction(0.5, 0.9, 0.75), eps=PSEUDOCOUNTS)
running = with_momentum.but(variant=choice("standard", "code"))


@update.law("limit", cases=running)
def the_first_update_knows_no_momentum(port: Any, case: Case) -> Iterable[Fact]:
    """Corrected for its start, the mean of one batch is the batch."""
    first, without = (update.call(port, case, state=fresh(case), momentum=m)[0] for m in (case.momentum, 0.0))
    yield equal("params", first, without, scale=roughly(case))


@update.law("closed form", cases=with_momentum.but(observed=nothing, weights=nothing).but(circuit=choice(*DISCRETE)))
def momentum_averages_batches(port: Any, case: Case) -> Iterable[Fact]:
    """After two batches the mean is (m·(1-m)·S̄₁ + (1-m)·S̄₂)/(1-m²); with "code" of sums, over the latest W."""
    m, light = case.momentum, case.statistics
    heavy = light._replace(
        moments=Moments(2 * light.moments.totals[::1], 2 * light.moments.masses), weight=4 * light.weight
    )
    hyper = {"step_size": case.step_size, "momentum": m}
    for variant in ("standard", "code"):
        params, state, _ = moved(port, case, light, variant=variant, **hyper)
        new = moved(port, case, heavy, params, state, variant=variant, **hyper)[0]
        sums = [
            said.moments.totals / (said.weight if variant == "standard" else heavy.weight) for said in (light, heavy)
        ]
        mean = (m * sums[0] + sums[1]) * (1 - m) / (1 - m**2)
        Q = case.step_size * mean + (1 - case.step_size) * port.model_moments(params, case.circuit).totals
        for i, own in of_kind(case, "probabilities"):
            yield equal(f"{variant}: {i}", new[own], Q[own] / np.sum(Q[own]))


@update.law("invariance", cases=with_momentum)
def of_batches_of_one_weight_both_variants_average_alike(port: Any, case: Case) -> Iterable[Fact]:
    """While W stays the same, and without ε, "standard" and "code" average to the same parameters of probabilities."""
    W = case.statistics.weight
    state = case.state._replace(totals=case.state.totals * W, masses=case.state.masses * W)
    standard = update.call(port, case, eps=0.0)[0]
    code = update.call(port, case, state=state, eps=0.0, variant="code")[0]
    for i, own in of_kind(case, "probabilities"):
        yield equal(f"group {i}", code[own], standard[own])


@update.law("conservation", cases=updates(*GAUSSIANS).but(step_size=RATES, momentum=fraction(0.5, 0.9, 0.75)))
def what_momentum_remembers_of_gaussians_moves_with_them(port: Any, case: Case) -> Iterable[Fact]:
    """About 0, the remembered moments of a Gaussian are running means of those of batches, wherever its mean goes."""
    new, state, _ = update.call(port, case, eps=0.0)
    m, W, said = case.momentum, case.statistics.weight, case.statistics.moments
    for i, own in of_kind(case, "gaussian"):
        mass = m * case.state.masses[i] + (1 - m) * said.masses[i] / W
        before, after = case.params[own][0], new[own][0]
        mixed = m * case.state.totals[own] + (1 - m) * said.totals[own] / W
        size = mass * (np.abs(before) + np.abs(after) + 1) + np.sum(np.abs(mixed))
        raw = [about_zero(totals, mass, mean) for totals, mean in ((mixed, before), (state.totals[own], after))]
        for order, expected, found in zip((1, 2), *raw, strict=True):
            yield equal(f"moment {order} of {i}", found, expected, scale=size * (np.abs(before) + np.abs(after) + 1))
    yield equal("masses", state.masses, m * case.state.masses + (1 - m) * said.masses / W)
    yield agree("updates", state.update_count, case.state.update_count + 1)


def about_zero(totals: Any, mass: Any, mean: Any) -> tuple[Any, Any]:
    """Return moments about 0 from those about a mean."""
    return totals[0] + mean * mass, totals[1] + 2 * mean * totals[0] + mean**2 * mass


# --- pseudocounts, what is dead, what is reported --------------------------------------------------------------------


@update.law("closed form", cases=of_categories.but(eps=number(1.0, 0.1, exponents=(-8, 3))))
def a_pseudocount_counts_samples(port: Any, case: Case) -> Iterable[Fact]:
    """ε is worth α·ε/W beside the means; with "code" it is ε itself, W/α times as strong."""
    said, a = batch(port, case), case.step_size
    model = port.model_moments(case.params, case.circuit).totals
    Q = a * said.moments.totals / said.weight + (1 - a) * model
    for variant, eps in (("standard", a * case.eps / said.weight), ("code", case.eps)):
        new = moved(port, case, said, eps=case.eps, variant=variant)[0]
        for i, own in of_kind(case, "probabilities"):
            raised = Q[own] + eps / len(case.params[own])
            yield equal(f"{variant}: {i}", new[own], raised / (np.sum(Q[own]) + eps))


@update.law("fixed point", cases=problems(NAIVE_BAYES).but(step_size=RATES, eps=PSEUDOCOUNTS))
def a_component_of_weight_zero_stays(port: Any, case: Case) -> Iterable[Fact]:
    """Groups that neither batch nor model use stay, have the rate 0, and are counted; no probability below zero_kept
    rises where zeros are kept."""
    params = dead(case)["params"]
    said = batch(port, case, params=params)
    new, _, report = moved(port, case, said, params, eps=case.eps)
    yield identical("params", new[:5], params[:5])
    yield agree("dead", report.dead, 2)
    yield equal("slowest", report.slowest, 0.0)
    yield equal("fastest", report.fastest, case.step_size)
    kept = moved(port, case, said, params, eps=case.eps, keep_zero=True)[0]
    yield identical("kept", kept[10:], params[10:])


@update.law("limit", cases=problems(*ALL))
def it_reports_what_it_was_given(port: Any, case: Case) -> Iterable[Fact]:
    """The mean log-likelihood before the update, W, and how many σ were raised to 0.01: none while α < 1, all of one
    sample with α = 1."""
    said = batch(port, case)
    report = moved(port, case, said, step_size=0.25)[2]
    before = mean_likelihood(port, case, case.params)
    yield equal("log_likelihood", report.log_likelihood, before, scale=np.abs(before))
    yield equal("weight", report.weight, said.weight)
    yield agree("dead, clamped", (report.dead, report.clamped), (0, 0))


@update.law("limit", cases=problems(*GAUSSIANS).but(weights=nothing, observed=nothing))
def one_sample_collapses_every_gaussian_only_without_the_model(port: Any, case: Case) -> Iterable[Fact]:
    """With α = 1 a batch of one sample raises every σ to 0.01; with α = ½ none."""
    said = batch(port, case, data=case.data[:1])
    collapsed, kept = (moved(port, case, said, step_size=a)[2].clamped for a in (1.0, 0.5))
    yield agree("clamped", (collapsed, kept), (len(list(of_kind(case, "gaussian"))), 0))


@update.law("invariance", cases=batches)
def a_batch_counts_once_however_often_it_is_repeated(port: Any, case: Case) -> Iterable[Fact]:
    """The batch twice, or weights twice as large, change the parameters alike."""
    seen = None if case.observed is None else np.concatenate([case.observed, case.observed])
    omega = None if case.weights is None else np.concatenate([case.weights, case.weights])
    twice = batch(port, case, data=np.concatenate([case.data, case.data]), observed=seen, weights=omega)
    yield equal("params", moved(port, case, twice)[0], moved(port, case)[0], scale=roughly(case))


@update.law("rejects", cases=given.but(circuit=choice(NAIVE_BAYES)))
def what_does_not_belong_together_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A state, or statistics, of another circuit, or that are not finite."""
    for label, changed in (
        ("a state of another shape", {"state": case.state._replace(totals=case.state.totals[1:])}),
        ("masses of another shape", {"state": case.state._replace(masses=case.state.masses[1:])}),
        ("a state that is not finite", {"state": case.state._replace(totals=case.state.totals + np.nan)}),
        ("statistics without weight", {"statistics": case.statistics._replace(weight=0 * case.statistics.weight)}),
    ):
        yield rejects(label, partial(update.call, port, case, **changed))


update.edits("""
no_model: The model's own moments are left out: parameters are those of EM on the mean of batches
    `Q = joined(1 - a, model, a, mean)` → `Q = mean`
model_weighted_by_flow: The model's moments are weighed by the batch's flow, not by TD: it is mini-batch EM
    `model = expected_moments(params, circuit)` →
        `model = Moments(params * np.repeat(mean.masses, [j - i for i, j, _ in groups(circuit)]), mean.masses)`
sums_instead_of_means: The batch's sums are mixed with what the model expects of one sample
    `(1, W, eps) if variant == "code" else (W, 1, a * eps / W)` →
        `(1, W, eps) if variant == "code" else (1, 1, a * eps / W)`
step_size_and_rest_exchanged: α is the share of the model
    `Q = joined(1 - a, model, a, mean)` → `Q = joined(a, model, 1 - a, mean)`
no_bias_correction: The running mean is not corrected for its start at 0
    `correction = (1 - momentum**count) * per_mean` → `correction = per_mean`
bias_correction_a_step_late: The first update is corrected as if it were none: 0/0
    `count = step_size, statistics.weight, state.update_count + 1` →
        `count = step_size, statistics.weight, state.update_count`
momentum_weighs_the_new_batch: m is the weight of the new batch
    `joined(momentum, state, (1 - momentum) / per_update, statistics.moments)` →
        `joined(1 - momentum, state, momentum / per_update, statistics.moments)`
pseudocount_after_mixing: ε is added to means, W/α times as strong as a count [pyjuice 2.6.3]
    `(W, 1, a * eps / W)` → `(W, 1, eps)`
pseudocount_without_step_size: ε/W is added, not α·ε/W
    `(W, 1, a * eps / W)` → `(W, 1, eps / W)`
momentum_of_sums: Sums of batches are averaged and divided by the latest weight [pyjuice 2.6.3]
    `(W, 1, a * eps / W)` → `(1, W, a * eps / W)`
remembered_about_the_old_mean: What momentum remembers of a Gaussian stays about the mean before
    `AnemoneState(*recentred(E, new - params, circuit), count)` → `AnemoneState(*E, count)`
remembers_corrected_means: The corrected mean is remembered, and corrected again
    `AnemoneState(*recentred(E, new - params, circuit), count)` →
        `AnemoneState(*recentred(mean, new - params, circuit), count)`
divergence_the_other_way: The reported divergence is that of before from after, exchanged
    `complete_divergence(params, new, circuit, model.masses)` →
        `complete_divergence(new, params, circuit, model.masses)`
divergence_weighted_by_flow: The reported divergence is weighed by flows
    `complete_divergence(params, new, circuit, model.masses)` →
        `complete_divergence(params, new, circuit, mean.masses)`
log_likelihood_is_a_sum: The log-likelihood that is reported is not divided by W
    `statistics.log_likelihood / W, W,` → `statistics.log_likelihood, W,`
weight_of_earlier_passes: W has not been cleared since a pass before the first update [pyjuice 2.6.3]
    `a, W, count = step_size, statistics.weight, state.update_count + 1` →
        `a, W, count = step_size, statistics.weight * (2 if state.update_count == 0 else 1), state.update_count + 1`
""")
init.edits("""
state_begins_at_one: Before the first update every sum is 1
    `np.zeros_like(params)` → `np.ones_like(params)`
""")
