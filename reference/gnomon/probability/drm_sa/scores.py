"""The score of a Gaussian, by which a sample tells how the law moves with its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Scalar
from gnomon.probability.drm_sa.step import Samples

Slopes: TypeAlias = Annotated[Array, Entries(("P",), least=1, finite=True)]


def require_spread(given: Mapping[str, Any]) -> None:
    """Require a deviation above 0."""
    if not given["sd"] > 0:
        raise ValueError(f"sd must be > 0, got {given['sd']}")


@checked(require_spread)
def gaussian_scores(
    samples: Samples, mean: Annotated[Array, Scalar("samples", finite=True)],
    sd: Annotated[Array, Scalar("samples", low=0.0, finite=True)], mean_slopes: Slopes, sd_slopes: Slopes,
) -> Array:  # fmt: skip
    """Return ∇_θ log f(Y) = (ζ·μ′ + (ζ² - 1)·σ′)/σ, ζ = (Y - μ)/σ, shape (M, P), of samples of N(μ(θ), σ(θ)²).

    samples: Y, (M,). mean, sd: numbers of the dtype, sd > 0. mean_slopes, sd_slopes: μ′ and σ′ in the parameters, (P,).
    """
    zeta = ((samples - mean) / sd)[:, np.newaxis]
    scores: Array = (zeta * mean_slopes + (zeta * zeta - 1) * sd_slopes) / sd
    return scores
