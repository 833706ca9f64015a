"""EM repeated on a whole data set, until its log-likelihood hardly rises."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, NonNegative, PositiveInt
from gnomon.probability.anemone.circuits import (
    Circuit,
    Data,
    Observed,
    Parameters,
    Weights,
    require_data,
    require_parameters,
    require_structure,
)
from gnomon.probability.anemone.passes import statistics
from gnomon.probability.anemone.updates import full_em


class Trained(NamedTuple):
    """params: after the last step. log_likelihoods: the weighted mean of log p before the first step and after each,
    shape (steps + 1,). converged: whether the rule ended it."""

    params: Array
    log_likelihoods: Array
    converged: bool


@checked(require_structure, require_parameters, require_data)
def em(
    params: Parameters, circuit: Circuit, data: Data, observed: Observed = None, weights: Weights = None, *,
    max_iter: PositiveInt = 100, tol: NonNegative | None = 1e-6, eps: NonNegative = 0.0,
) -> Trained:  # fmt: skip
    """Make steps of `full_em` on the whole data until the mean log-likelihood L hardly changes.

    It ends after the first step with |L′ - L| <= tol·max(1, |L′|), or after `max_iter` steps; tol: `None` for all of
    them. The rest as in `statistics` and `full_em`. With ε = 0 L never falls.

    Choice: the authors' code has no rule to stop; this is the usual one.
    """
    said, found, converged = statistics(params, circuit, data, observed, weights), [], False
    found.append(said.log_likelihood / said.weight)
    while len(found) <= max_iter and not converged:
        params = full_em(params, circuit, said, eps=eps)
        said = statistics(params, circuit, data, observed, weights)
        found.append(said.log_likelihood / said.weight)
        change: Any = np.abs(found[-1] - found[-2])
        converged = tol is not None and bool(change <= tol * np.maximum(1, np.abs(found[-1])))
    return Trained(params, np.stack(found), converged)
