"""Anemone's update: what it is, what it maximises, what stays, and how momentum averages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from gnomon.probability.anemone import updates as reference
from gnomon.probability.anemone.circuits import SIGMA_MIN
from gnomon.probability.anemone.passes import Moments
from gnomon_spec.cases import Case, choice
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.probability.anemone import inputs as small
from gnomon_spec.probability.anemone import system
from gnomon_spec.probability.anemone.em import PSEUDOCOUNTS, RATES, dead, fresh, given, naive
from gnomon_spec.probability.anemone.inputs import batch, domain, histories, of_kind, omega, problems, renamed, updates
from gnomon_spec.probability.anemone.passes import unobserved
from gnomon_spec.strategies import count, fraction
from gnomon_spec.system import Misfits

init = system.operation(reference.init, cases=given, rejecting=naive)
update = system.operation(
    reference.update,
    cases=given.but(
        step_size=RATES, momentum=fraction(0.0, 0.9, 0.5), eps=PSEUDOCOUNTS, variant=choice("standard", "code"),
        keep_zero=choice(False, True),
    ),
    rejecting=naive.but(step_size=0.5, momentum=0.5, eps=0.5, keep_zero=False),
)  # fmt: skip
batches = problems(*small.ALL).but(step_size=RATES)
of_categories = problems(*small.DISCRETE).but(step_size=RATES)
of_gaussians = problems(*small.GAUSSIANS).but(step_size=RATES)


class Made(NamedTuple):
    """An update without momentum and ε. F, TD: masses of the groups in the batch and in the model; M, Q: mixed."""

    params: Any
    report: Any
    said: Any
    F: Any
    TD: Any
    M: Any
    Q: Any


def made(port: Any, case: Case, params: Any = None, said: Any = None, **hyper: Any) -> Made:
    """Return what an update makes of a batch, by default that of the case."""
    params = case.params if params is None else params
    said = batch(port, case, params=params) if said is None else said
    hyper = {"step_size": case.get("step_size", 0.5), "momentum": 0.0, "eps": 0.0, **hyper}
    new, _, report = port.update(params, case.circuit, said, fresh(case), **hyper)
    model, a = port.model_moments(params, case.circuit), hyper["step_size"]
    F, S = said.moments.masses / said.weight, said.moments.totals / said.weight
    return Made(
        new, report, said, F, model.masses, a * F + (1 - a) * model.masses, a * S + (1 - a) * model.totals
    )  # fmt: skip


@init.law("closed form")
def nothing_is_remembered_at_first(port: Any, case: Case) -> Iterable[Fact]:
    """Before the first update all sums are 0."""
    for name, found, expected in zip(("totals", "masses"), init.call(port, case), fresh(case), strict=False):
        yield identical(name, found, expected)


@update.law("limit", cases=problems(*small.ALL).but(eps=PSEUDOCOUNTS))
def with_a_step_of_one_it_is_em(port: Any, case: Case) -> Iterable[Fact]:
    """α = 1 without momentum is `full_em` of the batch, with the same ε; with "code" as if ε were W times as large. The
    batch twice is the same batch."""
    said = batch(port, case)
    twice = said._replace(moments=Moments(*(2 * part for part in said.moments)), weight=2 * said.weight)
    found, expected = (
        made(port, case, step_size=1.0, eps=case.eps),
        port.full_em(case.params, case.circuit, said, eps=case.eps),
    )
    yield equal("params", found.params, expected, scale=roughly(case))
    again = made(port, case, said=twice, step_size=1.0, eps=2 * case.eps)
    yield equal("twice", again.params, expected, scale=roughly(case))
    code = made(port, case, step_size=1.0, eps=case.eps, variant="code").params
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
    """θ ← (1-g)·θ + g·S̄/F̄ with g = α·F̄/(α·F̄ + (1-α)·TD); θ′ >= (1-g)·θ sums to 1; θ′ - θ is α/M times the gradient
    in logits, as α → 0 the natural one of complete data. The report has the smallest, the median and the largest g."""
    new, report, said, F, _, M, _ = made(port, case)
    g, slope = case.step_size * F / M, port.gradient(case.params, case.circuit, said)
    for i, own in of_kind(case, "probabilities"):
        theta, share = case.params[own], said.moments.totals[own] / said.weight / np.where(F[i] > 0, F[i], 1)
        yield equal(f"group {i}", new[own], (1 - g[i]) * theta + g[i] * share)
        yield at_least(f"kept of {i}", new[own], (1 - g[i]) * theta)
        yield equal(f"sum of {i}", np.sum(new[own]), 1.0)
        yield equal(f"move of {i}", new[own] - theta, case.step_size / M[i] * slope[own], scale=1.0)
    for name, expected in (("slowest", np.min(g)), ("median", np.median(g)), ("fastest", np.max(g))):
        yield equal(name, getattr(report, name), expected)


def apart(p: Any, q: Any) -> Any:
    """Return the KL divergence of two probability vectors."""
    return np.sum(np.where(p > 0, p * np.log(np.where(p > 0, p, 1) / np.where(p > 0, q, 1)), 0))


def apart_in_groups(case: Case, weights: Any, one: Any, other: Any) -> Any:
    """Return the weighted sum of the divergences of all groups of probabilities."""
    return sum(weights[i] * apart(one[own], other[own]) for i, own in of_kind(case, "probabilities"))


@update.law("bound", cases=of_categories)
def its_own_batch_becomes_more_likely_by_so_much(port: Any, case: Case) -> Iterable[Fact]:
    """The mean log-likelihood rises by (1/α)·[Σ M·KL(θ′‖θ) + (1-α)·Σ TD·KL(θ‖θ′)] or more, tied or not."""
    new, report, _, _, _, M, _ = made(port, case)
    rise = small.mean_likelihood(port, case, new) - report.log_likelihood
    back = apart_in_groups(case, M, new, case.params) + (1 - case.step_size) * report.divergence
    yield at_least("rise", rise, back / case.step_size)


@update.law("bound", cases=of_gaussians)
def gaussians_become_more_likely_and_do_not_collapse(port: Any, case: Case) -> Iterable[Fact]:
    """The mean log-likelihood rises by (1/α - 1)·Σ TD·KL(θ‖θ′) or more; σ′² >= (1-g)·σ²: for α < 1 no sample collapses
    a Gaussian. The divergence of one is TD·[log(σ′/σ) + (σ² + (μ - μ′)²)/(2σ′²) - ½]."""
    new, report, _, _, TD, M, _ = made(port, case)
    rise = small.mean_likelihood(port, case, new) - report.log_likelihood
    yield at_least("rise", rise, (1 / case.step_size - 1) * report.divergence)
    total = apart_in_groups(case, TD, case.params, new)
    for i, own in of_kind(case, "gaussian"):
        (mean, sigma), (mean2, sigma2) = case.params[own], new[own]
        yield at_least(f"variance of {i}", sigma2**2, (1 - case.step_size) * TD[i] / M[i] * sigma**2)
        total = total + TD[i] * (np.log(sigma2 / sigma) + (sigma**2 + (mean - mean2) ** 2) / (2 * sigma2**2) - 0.5)
    yield equal("divergence", report.divergence, total, scale=1 + total)


@update.law("closed form", cases=of_categories.but(others=small.parameters()))
def it_is_the_optimum_of_its_objective(port: Any, case: Case) -> Iterable[Fact]:
    """With J(θ″) = Σ Q·log(θ″/θ), Q = α·S̄ + (1-α)·TD·θ: J(θ′) - J(θ″) = Σ M·KL(θ′‖θ″) for every θ″."""
    new, *_, M, Q = made(port, case)
    lead = np.sum(np.where(Q > 0, Q * np.log(np.where(Q > 0, new, 1) / case.others), 0))
    yield equal("J", lead, apart_in_groups(case, M, new, case.others), scale=np.sum(Q) * 8)


@update.law("bound", cases=of_categories.but(observed=choice(None)))
def the_divergence_of_complete_data_bounds_that_of_data(port: Any, case: Case) -> Iterable[Fact]:
    """KL of p before from p after, over all data, is at most the reported one of complete data, Σ TD·KL(θ‖θ′); without
    sums they are the same."""
    (new, report, *_), rows = made(port, case), domain(case)
    every = np.ones(rows.shape, bool)
    before, after = (sum(q for q, _ in histories(case, theta, rows, every)) for theta in (case.params, new))
    TD = port.model_moments(case.params, case.circuit).masses
    yield equal("divergence", report.divergence, apart_in_groups(case, TD, case.params, new), scale=1.0)
    yield at_least("divergence of p", report.divergence, apart(before, after))
    if len(case.circuit[-1].children) < 2:
        yield equal("without sums", report.divergence, apart(before, after), scale=1.0)


@update.law("fixed point", cases=of_categories.but(**small.PLAIN))
def what_the_model_expects_changes_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """All data, each weighed by its probability, leaves the parameters as they are, for every α; there is no
    gradient."""
    rows = domain(case)
    p = np.exp(port.log_likelihood(case.params, case.circuit, rows, None))
    said = batch(port, case, data=rows, weights=p)
    yield equal("params", made(port, case, said=said).params, case.params)
    yield equal("gradient", port.gradient(case.params, case.circuit, said), 0 * case.params, scale=1.0)


@update.law("fixed point", cases=batches.but(weights=choice(None)))
def where_nothing_is_observed_nothing_changes(port: Any, case: Case) -> Iterable[Fact]:
    """A batch without values leaves the parameters as they are, under EM and for every α."""
    said = batch(port, case, **unobserved(case))
    for name, new in (
        ("anemone", made(port, case, said=said).params),
        ("EM", port.full_em(case.params, case.circuit, said)),
    ):
        yield equal(name, new, case.params, scale=np.max(np.abs(case.params)))


@update.law("fixed point", cases=problems(small.NAIVE_BAYES).but(observed=choice(None), step_size=RATES))
def where_em_stands_still_anemone_does(port: Any, case: Case) -> Iterable[Fact]:
    """Components that all have the frequencies of the data are a fixed point of EM, a saddle; of anemone, too."""
    weights = omega(case) / np.sum(omega(case))
    shares = np.stack([np.sum(weights * (case.data[:, v] == k)) for v, size in enumerate((2, 3)) for k in range(size)])
    saddle = np.concatenate([shares, shares, case.params[10:]])
    new, _, said, *_ = made(port, case, saddle)
    yield equal("anemone", new, saddle, scale=1.0)
    yield equal("EM", port.full_em(saddle, case.circuit, said), saddle, scale=1.0)


@update.law("trajectory", cases=problems(*small.UNTIED).but(step_size=choice(0.5, 0.1, 0.75), weights=choice(None)))
def untied_it_is_stepwise_online_em(port: Any, case: Case) -> Iterable[Fact]:
    """Running statistics s ← (1-α)·s + α·S̄, from the model's own, and θ = the M-step of s, give the same
    parameters."""
    a, params, online = case.step_size, case.params, case.params
    running = port.model_moments(online, case.circuit)
    for i in (0, -1):
        one = {"data": case.data[i:][:1], "observed": None if case.observed is None else case.observed[i:][:1]}
        params = made(port, case, params, batch(port, case, params=params, **one)).params
        said = batch(port, case, params=online, **one)
        running = Moments(*((1 - a) * s + a * new / said.weight for s, new in zip(running, said.moments, strict=True)))
        online = port.full_em(online, case.circuit, said._replace(moments=running))
    yield equal("params", params, online)


with_momentum = updates(*small.ALL).but(step_size=RATES, momentum=fraction(0.5, 0.9, 0.75), eps=PSEUDOCOUNTS)


@update.law("limit", cases=with_momentum.but(variant=choice("standard", "code")))
def the_first_update_knows_no_momentum(port: Any, case: Case) -> Iterable[Fact]:
    """Corrected for its start, the mean of one batch is the batch."""
    first, without = (update.call(port, case, state=fresh(case), momentum=m)[0] for m in (case.momentum, 0.0))
    yield equal("params", first, without, scale=roughly(case))


@update.law("closed form", cases=with_momentum.but(**small.PLAIN).but(circuit=choice(*small.DISCRETE)))
def momentum_averages_batches(port: Any, case: Case) -> Iterable[Fact]:
    """After two batches the mean is (m·(1-m)·S̄₁ + (1-m)·S̄₂)/(1-m²); with "code" of sums, over the latest W: the same
    where W does not change."""
    m, a, light = case.momentum, case.step_size, case.statistics
    for factor in (1, 4):
        heavy = light._replace(moments=Moments(*(2 * part for part in light.moments)), weight=factor * light.weight)
        for variant in ("standard", "code"):
            given: Any = {"eps": 0.0, "variant": variant}
            params, state, _ = update.call(port, case, state=fresh(case), **given)
            new = update.call(port, case, params=params, statistics=heavy, state=state, **given)[0]
            first = light.weight if variant == "standard" else heavy.weight
            mean = (m * light.moments.totals / first + heavy.moments.totals / heavy.weight) * (1 - m) / (1 - m**2)
            Q = a * mean + (1 - a) * port.model_moments(params, case.circuit).totals
            for i, own in of_kind(case, "probabilities"):
                yield equal(f"{variant}, {factor}, {i}", new[own], Q[own] / np.sum(Q[own]))


@update.law("conservation", cases=updates(*small.GAUSSIANS).but(step_size=RATES, momentum=fraction(0.5, 0.9, 0.75)))
def what_momentum_remembers_of_gaussians_moves_with_them(port: Any, case: Case) -> Iterable[Fact]:
    """About 0, the remembered moments of a Gaussian are running means of those of batches, wherever its mean goes."""
    new, state, _ = update.call(port, case, eps=0.0)
    m, W, said = case.momentum, case.statistics.weight, case.statistics.moments
    masses = m * case.state.masses + (1 - m) * said.masses / W
    yield equal("masses", state.masses, masses)
    yield agree("updates", state.update_count, case.state.update_count + 1)
    for i, own in of_kind(case, "gaussian"):
        before, after = case.params[own][0], new[own][0]
        mixed = m * case.state.totals[own] + (1 - m) * said.totals[own] / W
        raw = [about_zero(totals, masses[i], mean) for totals, mean in ((mixed, before), (state.totals[own], after))]
        size = (np.abs(before) + np.abs(after) + 1) ** 2 * (masses[i] + np.sum(np.abs(mixed)))
        for order, expected, found in zip((1, 2), *raw, strict=True):
            yield equal(f"moment {order} of {i}", found, expected, scale=size)


def about_zero(totals: Any, mass: Any, mean: Any) -> tuple[Any, Any]:
    """Return moments about 0 from those about a mean."""
    return totals[0] + mean * mass, totals[1] + 2 * mean * totals[0] + mean**2 * mass


@update.law("closed form", cases=of_categories.but(eps=PSEUDOCOUNTS))
def a_pseudocount_counts_samples(port: Any, case: Case) -> Iterable[Fact]:
    """ε is worth α·ε/W beside the means; with "code" it is ε itself, W/α times as strong."""
    for variant in ("standard", "code"):
        new, _, said, *_, Q = made(port, case, eps=case.eps, variant=variant)
        eps = case.eps * (case.step_size / said.weight if variant == "standard" else 1)
        for i, own in of_kind(case, "probabilities"):
            raised = Q[own] + eps / len(case.params[own])
            yield equal(f"{variant}: {i}", new[own], raised / (np.sum(Q[own]) + eps))


@update.law("fixed point", cases=problems(small.NAIVE_BAYES).but(step_size=RATES, eps=PSEUDOCOUNTS))
def a_component_of_weight_zero_stays(port: Any, case: Case) -> Iterable[Fact]:
    """Groups that neither batch nor model use stay, have the rate 0, and are counted; they and probabilities of 0 add
    nothing to the divergence. A probability of 0 stays where zeros are kept."""
    params = dead(case)
    new, report, _, _, TD, *_ = made(port, case, params, eps=case.eps)
    yield identical("params", new[:5], params[:5])
    yield equal("divergence", report.divergence, apart_in_groups(case, TD, params, new), scale=1.0)
    yield agree("dead", report.dead, 2)
    yield equal("slowest", report.slowest, 0.0)
    yield equal("fastest", report.fastest, case.step_size)
    yield identical("kept", made(port, case, params, eps=case.eps, keep_zero=True).params[10:], params[10:])


@update.law("limit", cases=problems(*small.ALL))
def it_reports_what_it_was_given(port: Any, case: Case) -> Iterable[Fact]:
    """The mean log-likelihood before the update, and W; no group is dead, no σ is raised to 0.01 with α = ¼."""
    _, report, said, *_ = made(port, case, step_size=0.25)
    before = small.mean_likelihood(port, case, case.params)
    yield equal("log_likelihood", report.log_likelihood, before, scale=np.abs(before))
    yield equal("weight", report.weight, said.weight)
    yield agree("dead, clamped", (report.dead, report.clamped), (0, 0))


shifted = of_gaussians.but(power=count(1, -2, low=-2, high=4), by=choice(0.0, 1.0, -64.0, 4096.0))


@update.law("equivariance", cases=shifted)
def units_and_origin_do_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """Data cx + b with means cμ + b and standard deviations cσ gives cμ′ + b and cσ′, while σ′ is above 0.01."""
    c, params = 2.0**case.power, case.params.copy()
    for _, own in of_kind(case, "gaussian"):
        params[own] = c * case.params[own] + np.array([case.by, 0])
    found = made(port, case).params
    new = made(port, case, params, batch(port, case, params=params, data=c * case.data + case.by)).params
    size, least = c * (np.max(np.abs(case.data)) + np.max(np.abs(case.params))), (max(c, 1) * 2 * SIGMA_MIN) ** 2
    for i, own in of_kind(case, "gaussian"):
        yield equal(f"mean of {i}", new[own][0], c * found[own][0] + case.by, scale=size + np.abs(case.by))
        variance, expected = (np.maximum(x**2, least) for x in (new[own][1], c * found[own][1]))
        yield equal(f"variance of {i}", variance, expected, scale=size**2)


@update.law("equivariance", cases=of_categories)
def it_commutes_with_renaming(port: Any, case: Case) -> Iterable[Fact]:
    """With variables, categories and the root's children in the opposite order, and samples backwards, the parameters
    are those of the update, in that order."""
    given, places = renamed(case)
    hyper = {"step_size": case.step_size, "momentum": 0.0, "eps": 0.0}
    new = port.update(given["params"], given["circuit"], port.statistics(*given.values()), fresh(case), **hyper)[0]
    yield equal("θ", new, made(port, case).params[places])


half_widths = {name: choice(0.0, 2.0**-7, 2.0**-6, 2.0**-8) for name in ("wide", "narrow")}


@update.law("limit", cases=problems(small.TWO_GAUSSIANS).but(**small.PLAIN, **half_widths))
def no_standard_deviation_is_below_a_hundredth(port: Any, case: Case) -> Iterable[Fact]:
    """With α = 1 two samples s apart from their mean have σ = s, or 0.01 if that is less: the report counts those."""
    s = np.stack([case.wide + 0 * case.params[0], case.narrow + 0 * case.params[0]])
    new, report, *_ = made(port, case, said=batch(port, case, data=case.data[:1] + np.stack([s, -s])), step_size=1.0)
    size = np.max(np.abs(case.data)) + np.max(np.abs(case.params))
    for i, own in of_kind(case, "gaussian"):
        yield equal(f"mean of {i}", new[own][0], case.data[0, i], scale=size)
        yield equal(f"variance of {i}", new[own][1] ** 2, np.maximum(s[i], SIGMA_MIN) ** 2, scale=size**2)
    yield agree("clamped", report.clamped, int(case.wide < SIGMA_MIN) + int(case.narrow < SIGMA_MIN))


@update.misfits(cases=given.but(circuit=choice(small.NAIVE_BAYES)))
def what_does_not_belong_together_is_rejected(case: Case) -> Misfits:
    """A state, or statistics, of another circuit, or that are not finite."""
    state = case.state
    return {
        "a state of another shape": {"state": state._replace(totals=state.totals[1:])},
        "masses of another shape": {"state": state._replace(masses=state.masses[1:])},
        "a state that is not finite": {"state": state._replace(totals=state.totals + np.nan)},
        "statistics without weight": {"statistics": case.statistics._replace(weight=0 * case.statistics.weight)},
    }


update.edits("""
no_model: The model's own moments are left out: parameters are those of EM on the mean of batches
    `Q = joined(1 - a, model, a, mean)` → `Q = mean`
model_weighted_by_flow: The model's moments are weighed by the batch's flow, not by TD: it is mini-batch EM
    `model = expected_moments(params, circuit)` →
        `model = Moments(params * np.repeat(mean.masses, [j - i for i, j, _ in groups(circuit)]), mean.masses)`
sums_instead_of_means: The batch's sums are mixed with what the model expects of one sample
    `(1, W, eps) if variant == "code" else (W, 1, a * eps / W)` →
        `(1, W, eps) if variant == "code" else (1, 1, a * eps / W)`
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
