"""EM's own step, and the mini-batch EM that mixes its result with the parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.anemone import updates as reference
from gnomon.probability.anemone.circuits import SIGMA_MIN, groups
from gnomon_spec.cases import Case, choice
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.probability.anemone import inputs as small
from gnomon_spec.probability.anemone import system
from gnomon_spec.probability.anemone.inputs import batch, mean_likelihood, of_kind, omega, problems, refused, updates
from gnomon_spec.probability.anemone.passes import hidden_markov, tables
from gnomon_spec.strategies import number

PSEUDOCOUNTS = number(0.0, 1e-6, 1.0, 0.1, exponents=(-10, 3))
RATES = number(1.0, 0.5, 0.1, 0.25, exponents=(-6, -1))
given, naive = updates(*small.ALL), updates(small.NAIVE_BAYES)

full_em = system.operation(
    reference.full_em,
    cases=given.but(eps=PSEUDOCOUNTS, variant=choice("standard", "code"), keep_zero=choice(False, True)),
    rejecting=naive.but(eps=0.5, keep_zero=False),
)  # fmt: skip
mini_em = system.operation(
    reference.mini_em, cases=given.but(step_size=RATES, eps=PSEUDOCOUNTS),
    rejecting=naive.but(step_size=0.5, eps=0.5),
)  # fmt: skip


def fresh(case: Case) -> Any:
    """Return the state before the first update."""
    return reference.AnemoneState(0 * case.params, 0 * case.params[: len(groups(case.circuit))], 0)


def stepped(operation: Any, port: Any, case: Case, said: Any, **hyper: Any) -> Any:
    """Return what an operation makes of the parameters of a case and of what a batch said."""
    return getattr(port, operation.name)(case.params, case.circuit, said, **hyper)


@full_em.law("closed form", cases=given.but(eps=PSEUDOCOUNTS))
def shares_of_a_group_with_a_pseudocount_and_moments(port: Any, case: Case) -> Iterable[Fact]:
    """θ = (Q + ε/K)/(M + ε); a Gaussian's mean and variance are those of what it was used for, σ at least 0.01."""
    found, moments = full_em.call(port, case), case.statistics.moments
    for i, own in of_kind(case, "probabilities"):
        Q = moments.totals[own]
        yield equal(f"group {i}", found[own], (Q + case.eps / len(Q)) / (np.sum(Q) + case.eps))
    for i, own in of_kind(case, "gaussian"):
        (mean, _), (first, second), mass = case.params[own], moments.totals[own], moments.masses[i]
        variance = second / mass - (first / mass) ** 2
        size = np.abs(mean) + np.sqrt(second / mass)
        yield equal(f"mean of {i}", found[own][0], mean + first / mass, scale=size)
        found_variance = np.maximum(found[own][1] ** 2, SIGMA_MIN**2)
        yield equal(f"variance of {i}", found_variance, np.maximum(variance, SIGMA_MIN**2), scale=second / mass)


@full_em.law("bound", cases=problems(*small.ALL))
def the_likelihood_does_not_fall(port: Any, case: Case) -> Iterable[Fact]:
    """EM is monotone, with missing values, weights and ties, too."""
    new = stepped(full_em, port, case, batch(port, case))
    before = mean_likelihood(port, case, case.params)
    yield at_least("log-likelihood", mean_likelihood(port, case, new), before)


@full_em.law("closed form", cases=problems(small.FACTORISED).but(observed=choice(None)))
def independent_variables_get_their_frequencies_at_once(port: Any, case: Case) -> Iterable[Fact]:
    """Without sums EM reaches the frequencies of the data in one step, and stays there."""
    new = stepped(full_em, port, case, batch(port, case))
    weights, W = omega(case), np.sum(omega(case))
    shares = [np.sum(weights * (case.data[:, v] == k)) / W for v, size in enumerate((2, 3)) for k in range(size)]
    yield equal("θ", new, np.stack([*shares, np.ones_like(W)]))
    again = port.full_em(new, case.circuit, batch(port, case, params=new))
    yield equal("again", again, new)


@full_em.law("closed form", cases=hidden_markov)
def a_tied_hidden_markov_model_is_baum_and_welch(port: Any, case: Case) -> Iterable[Fact]:
    """π, A and B become expected counts of first states, transitions and emissions, by the forward-backward
    algorithm."""
    pi, A, B = tables(case)
    x = case.data.astype(int)
    emitted = [B.T[x[:, t]] for t in range(3)]
    ahead, behind = [pi * emitted[0]], [np.ones_like(emitted[0])]
    for t in (1, 2):
        ahead.append((ahead[-1] @ A) * emitted[t])
        behind.insert(0, (behind[0] * emitted[3 - t]) @ A.T)
    p = np.sum(ahead[-1], axis=1)[:, np.newaxis]
    states = [a * b / p for a, b in zip(ahead, behind, strict=True)]
    moves = sum(np.einsum("bi,ij,bj->ij", ahead[t] / p, A, emitted[t + 1] * behind[t + 1]) for t in (0, 1))
    emissions = np.stack(
        [sum(np.sum(s * (x[:, [t]] == k), axis=0) for t, s in enumerate(states)) for k in (0, 1)], axis=1
    )
    tables_by_row = (emissions, moves, np.sum(states[0], axis=0)[np.newaxis])
    expected = [np.reshape(rows / np.sum(rows, axis=1)[:, np.newaxis], (-1,)) for rows in tables_by_row]
    yield equal("B, A, π", stepped(full_em, port, case, batch(port, case)), np.concatenate(expected))


@full_em.law("limit", cases=updates(*small.DISCRETE))
def a_large_pseudocount_makes_all_the_same(port: Any, case: Case) -> Iterable[Fact]:
    """|θ - 1/K| <= M/ε, here with ε = 1024: every probability is nearly uniform."""
    found = full_em.call(port, case, eps=2.0**10)
    for i, own in of_kind(case, "probabilities"):
        apart = np.abs(found[own] - 1 / np.sum(np.ones_like(case.params[own])))
        yield at_least(f"group {i}", -apart, -np.sum(case.statistics.moments.totals[own]) * 2.0**-10)


def dead(case: Case) -> Any:
    """Return parameters of naive Bayes whose first component has the weight 0: nobody uses it."""
    return np.where(np.arange(12) < 10, case.params, np.arange(12) == 11)


unused = problems(small.NAIVE_BAYES).but(eps=number(1.0, 0.5, exponents=(-4, 3)))


@full_em.law("fixed point", cases=unused)
def what_nobody_used_stays_and_zeros_are_kept(port: Any, case: Case) -> Iterable[Fact]:
    """A group that nobody used stays, with ε or without; with "code" it becomes uniform, and is rejected without ε. A
    probability of 0 stays 0 without ε, or where zeros are kept, then outside of the normaliser."""
    params = dead(case)
    said = batch(port, case, params=params)
    found = {
        (eps, keep): port.full_em(params, case.circuit, said, eps=eps, keep_zero=keep)
        for eps in (0.0, case.eps) for keep in (False, True)
    }  # fmt: skip
    for (eps, keep), new in found.items():
        yield identical(f"unused: {eps}, {keep}", new[:5], params[:5])
        if keep or eps == 0:
            yield identical(f"zero: {eps}, {keep}", new[10:], params[10:])
    raised = found[case.eps, False][10]
    yield equal("raised", raised, case.eps / 2 / (np.sum(said.moments.totals[10:]) + case.eps))
    code = port.full_em(params, case.circuit, said, eps=case.eps, variant="code")
    yield equal("code", code[:5], np.ones_like(params[:5]) / np.array([2, 2, 3, 3, 3]))
    yield from refused(
        full_em, port, case, {"0/0": {"params": params, "statistics": said, "variant": "code", "eps": 0.0}}
    )


@full_em.law("fixed point", cases=problems(small.GAUSSIANS[0]).but(observed=choice(None)))
def a_gaussian_that_nobody_used_stays(port: Any, case: Case) -> Iterable[Fact]:
    """Of two Gaussians the one of weight 0 keeps its mean and standard deviation."""
    params = np.where(np.arange(6) < 4, case.params, np.arange(6) == 5)
    new = port.full_em(params, case.circuit, batch(port, case, params=params))
    yield equal("(μ, σ), w", np.concatenate([new[:2], new[4:]]), np.concatenate([params[:2], params[4:]]))


@full_em.law("closed form", cases=updates(*small.GAUSSIANS))
def the_code_shrinks_gaussians_that_are_hardly_used(port: Any, case: Case) -> Iterable[Fact]:
    """With "code" Q₁/(Q₃ + 1e-10) is the mean and Q₂/(Q₃ + 1e-10) the second moment, about 0: here Q₃ is 1e-10 at
    most."""
    moments = case.statistics.moments
    tiny = 1e-10 / len(case.data)
    light = case.statistics._replace(moments=type(moments)(tiny * moments.totals, tiny * moments.masses))
    found = full_em.call(port, case, statistics=light, variant="code", eps=1.0)
    for i, own in of_kind(case, "gaussian"):
        (mean, _), (first, second), mass = case.params[own], light.moments.totals[own], light.moments.masses[i]
        raw = (first + mean * mass) / (mass + 1e-10)
        square = (second + 2 * mean * first + mean**2 * mass) / (mass + 1e-10)
        size = np.abs(mean) + np.sqrt(second / mass)
        yield equal(f"mean of {i}", found[own][0], raw, scale=size)
        bounded = np.maximum(square - raw**2, SIGMA_MIN**2)
        yield equal(f"variance of {i}", found[own][1] ** 2, bounded, scale=size**2)


@full_em.law("rejects", cases=updates(small.GAUSSIANS[1]))
def moments_that_do_not_fit_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Moments of another shape, not finite, or of which a parameter would not be finite; a batch without weight."""
    said, moments, largest = case.statistics, case.statistics.moments, float(np.finfo(port.dtype).max)

    def changed(**parts: Any) -> dict[str, Any]:
        return {"statistics": said._replace(moments=moments._replace(**parts))}

    yield from refused(full_em, port, case, {
        "totals too long": changed(totals=np.repeat(moments.totals, 2)),
        "masses too long": changed(masses=np.repeat(moments.masses, 2)),
        "totals of NaN": changed(totals=moments.totals * np.nan),
        "masses of infinity": changed(masses=moments.masses * np.inf),
        "a mean out of range": changed(totals=0 * moments.totals + largest, masses=moments.masses * 0 + 0.25),
        "no weight": {"statistics": said._replace(weight=0 * said.weight)},
        "infinite weight": {"statistics": said._replace(weight=np.inf * said.weight)},
    })  # fmt: skip


@mini_em.law("closed form")
def it_goes_part_of_the_way_to_em(port: Any, case: Case) -> Iterable[Fact]:
    """θ ← (1-α)·θ + α·θ_EM; of a Gaussian μ and μ² + σ² go that way."""
    a, found = case.step_size, mini_em.call(port, case)
    whole = full_em.call(port, Case({**case, "variant": "standard"}, ("eps", "variant")))
    for i, own in of_kind(case, "probabilities"):
        yield equal(f"group {i}", found[own], (1 - a) * case.params[own] + a * whole[own])
    for i, own in of_kind(case, "gaussian"):
        (mean, sigma), (target, spread) = case.params[own], whole[own]
        expected = (1 - a) * mean + a * target
        square = (1 - a) * (mean**2 + sigma**2) + a * (target**2 + spread**2) - expected**2
        size = np.abs(mean) + np.abs(target) + sigma
        yield equal(f"mean of {i}", found[own][0], expected, scale=size)
        yield equal(f"variance of {i}", found[own][1] ** 2, np.maximum(square, SIGMA_MIN**2), scale=size**2)


@mini_em.law("limit", cases=problems(*small.UNTIED, small.TIED).but(step_size=RATES))
def it_is_anemone_with_flows_for_the_models_own(port: Any, case: Case) -> Iterable[Fact]:
    """It is the M-step of α·S̄ + (1-α)·F̄·θ, where anemone has TD·θ: at the root, and without sums, they are the
    same."""
    a, said = case.step_size, batch(port, case)
    found = stepped(mini_em, port, case, said, step_size=a)
    beside = port.update(case.params, case.circuit, said, fresh(case), step_size=a, momentum=0.0, eps=0.0)[0]
    for i, own in of_kind(case, "probabilities"):
        mass = said.moments.masses[i]
        mixed = a * said.moments.totals[own] + (1 - a) * mass * case.params[own]
        yield equal(f"group {i}", found[own], np.where(mass > 0, mixed / np.where(mass > 0, mass, 1), case.params[own]))
    root = slice(case.circuit[-1].start, case.circuit[-1].start + case.circuit[-1].size)
    yield equal("root", beside[root], found[root])


@mini_em.law("bound", cases=problems(*small.UNTIED, small.TIED).but(step_size=RATES))
def the_likelihood_of_its_own_batch_does_not_fall(port: Any, case: Case) -> Iterable[Fact]:
    """It is monotone on its batch, as anemone is: that does not tell them apart."""
    new = stepped(mini_em, port, case, batch(port, case), step_size=case.step_size)
    yield at_least("log-likelihood", mean_likelihood(port, case, new), mean_likelihood(port, case, case.params))


@mini_em.law(
    "limit", cases=problems(small.NAIVE_BAYES).but(observed=choice(None), weights=choice(None), step_size=RATES)
)
def one_sample_draws_all_components_together(port: Any, case: Case) -> Iterable[Fact]:
    """With a batch of one, inputs of one variable come nearer by 1 - α whatever their responsibility is: a mixture ends
    as independent variables."""
    said = batch(port, case, data=case.data[:1])
    new = stepped(mini_em, port, case, said, step_size=case.step_size)
    apart = case.params[:5] - case.params[5:10]
    yield equal("apart", new[:5] - new[5:10], (1 - case.step_size) * apart, scale=1.0)


full_em.edits("""
pseudocount_left_out: ε is ignored
    `totals + eps / len(theta)` → `totals`
old_parameters_count_as_a_sample: The parameters before count as one more use of the group
    `totals + eps / len(theta)` → `totals + theta`
pseudocount_for_each_entry: ε is added to every entry, not ε/K
    `totals + eps / len(theta)` → `totals + eps`
unused_becomes_uniform: A group that nobody used becomes uniform
    `np.where(used, raised / np.where(used, np.sum(raised), 1), theta)` →
        `np.where(used + (eps > 0), raised / np.where(used + (eps > 0), np.sum(raised), 1), theta)`
unused_becomes_nan: A group that nobody used is 0/0 [pomegranate#120]
    `if variant == "code":` → `if eps == 0:`
    `if not np.all(np.isfinite(params)):` → `if False:`
zeros_are_always_raised: An entry of 0 gets its pseudocount although zeros are to be kept
    `if keep_zero:` → `if False:`
kept_zeros_count_in_the_normaliser: Zeros are kept, but their pseudocount stays in the normaliser
    `raised / np.where(used, np.sum(raised), 1)` → `raised / np.where(used, np.sum(totals) + eps, 1)`
variance_about_the_old_mean: The variance is the second moment about the mean before
    `second / shared - shift * shift` → `second / shared`
no_least_sigma: A standard deviation may become 0
    `np.maximum(np.sqrt(np.maximum(variance, 0)), SIGMA_MIN)` → `np.sqrt(np.maximum(variance, 0))`
code_without_its_addend: With "code" a Gaussian is divided by its mass alone
    `(totals[0] + mean * mass) / (mass + CODE_FLOOR)` → `(totals[0] + mean * mass) / mass`
moments_forget_their_mean: The moment about the mean before is taken for the mean
    `mean + np.where(used, shift, 0)` → `np.where(used, shift, 0)`
""")
mini_em.edits("""
mini_em_mixes_sigma: Standard deviations are mixed, not second moments
    `np.maximum(np.sqrt(variance), SIGMA_MIN)` → `(1 - step_size) * old[1] + step_size * new[1]`
mini_em_mixes_variances: Variances are mixed about their own means: the distance of the means is left out
    `square = new[1] * new[1] + (1 - step_size) * shift * shift` → `square = new[1] * new[1]`
mini_em_weighs_the_other_way: α is the share of the old parameters
    `(1 - step_size) * old + step_size * new` → `step_size * old + (1 - step_size) * new`
""")
