"""matfree's Monte Carlo estimators of trace and squared Frobenius norm as a port.

Its estimators draw their probes by a sampler: for a call the sampler hands out the case's. They return the mean and its
standard error; samples are what its integrand makes of each probe, and products are as many as probes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np
from matfree.stochtrace import estimator_monte_carlo_mean_and_sem, monte_carlo_frobeniusnorm_squared, monte_carlo_trace

dtypes = ("float32", "float64")


def estimated(integrand: Callable[[], Any], operator: Any, probes: Any) -> tuple[Any, Any, Any, int]:
    """Return an estimate, that of each probe alone, the standard error, and the number of products."""

    with jax.enable_x64(probes.dtype == np.float64):
        A, Z, sample = jax.numpy.asarray(operator.matrix), jax.numpy.asarray(probes), integrand()

        def matvec(v: Any) -> Any:
            return A @ v

        mean, error = estimator_monte_carlo_mean_and_sem(sample, sampler=lambda _key: Z)(matvec, None)
        samples = jax.vmap(lambda z: sample(matvec, z))(Z)
        return np.asarray(mean)[()], np.array(samples), np.asarray(error)[()], len(probes)


curvature_hutchinson = partial(estimated, monte_carlo_trace)
curvature_frobenius_squared = partial(estimated, monte_carlo_frobeniusnorm_squared)
