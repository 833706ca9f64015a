"""EM repeated until it hardly gains."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from gnomon.probability.anemone import training as reference
from gnomon_spec.cases import Case, choice, constant
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.probability.anemone import inputs as small
from gnomon_spec.probability.anemone import system
from gnomon_spec.probability.anemone.em import PSEUDOCOUNTS, naive
from gnomon_spec.probability.anemone.inputs import batch, mean_likelihood, problems

# The rule is given room: steps of these circuits gain much more or much less.
few = choice(small.FACTORISED, small.NAIVE_BAYES, small.TIED, small.GAUSSIANS[0])
cases = problems(small.NAIVE_BAYES).but(circuit=few, max_iter=choice(3, 1, 2), tol=choice(0.0625, None, 2.0**-9))
em = system.operation(
    reference.em, cases=cases.but(eps=PSEUDOCOUNTS),
    rejecting=naive.but(max_iter=2, tol=0.5, eps=0.5), length_varies=True,
)  # fmt: skip


@em.law("bound", cases=cases)
def it_never_falls_and_stops_when_it_says_so(port: Any, case: Case) -> Iterable[Fact]:
    """L does not fall from step to step. The rule |L′ - L| <= tol·max(1, |L′|) holds in the last step if that is said,
    and in none before; otherwise there are as many steps as were allowed."""
    found = em.call(port, case)
    L, tol = found.log_likelihoods, -1 if case.tol is None else case.tol
    yield at_least("rise", np.min(L[1:] - L[:-1]), 0.0)
    *before, last = [bool(np.abs(new - old) <= tol * np.maximum(1, np.abs(new))) for old, new in pairwise(L)]
    yield agree("ends", (any(before), last), (False, found.converged))
    yield agree("steps", found.converged or len(L) - 1 == case.max_iter, True)


@em.law("trajectory", cases=cases.but(tol=constant(None), eps=PSEUDOCOUNTS))
def each_step_is_one_of_em(port: Any, case: Case) -> Iterable[Fact]:
    """The parameters are those of as many steps of `full_em`, each on the statistics of the parameters before; L is the
    mean log-likelihood before the first and after each."""
    found, params = em.call(port, case), case.params
    expected = [mean_likelihood(port, case, params)]
    for _ in range(case.max_iter):
        params = port.full_em(params, case.circuit, batch(port, case, params=params), eps=case.eps)
        expected.append(mean_likelihood(port, case, params))
    yield equal("params", found.params, params, np.max(np.abs(case.params)))
    yield equal("L", found.log_likelihoods, np.stack(expected), 1 + np.max(np.abs(np.stack(expected))))


em.edits("""
gain_of_the_sum: The rule asks for the gain of the sum over all samples
    `tol * np.maximum(1, np.abs(found[-1]))` → `tol * np.maximum(1, np.abs(found[-1])) / said.weight`
one_step_too_many: It makes a step more than allowed
    `while len(found) <= max_iter` → `while len(found) <= max_iter + 1`
statistics_of_the_start: Every step is made with what the data says of the first parameters
    `params = full_em(params, circuit, said, eps=eps)
        said = statistics(params, circuit, data, observed, weights)` →
        `first = said if len(found) == 1 else first
        params = full_em(params, circuit, first, eps=eps)
        said = statistics(params, circuit, data, observed, weights)`
never_said_to_have_ended: It stops by the rule, and says that it did not
    `np.stack(found), converged)` → `np.stack(found), False)`
""")
