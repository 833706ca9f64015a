"""curvlinops-for-pytorch as a port: its Hessian, GGN and empirical-Fisher operators, and four of its estimators.

Two conventions differ and are undone here. Its losses are torch's: `MSELoss` is (1/NC) Σ ‖z - y‖², ours (1/N) Σ
½‖z - y‖², so that H and G are C/2 of its, and E, whose gradients are of Σ (z - y)² without 1/C, C/4 of its. Its
estimators draw their random vectors and must have fewer of them than n: for a call they are handed the case's vectors
instead, and the matrix gets rows and columns of zeros, which change neither trace, diagonal nor norm.

Its estimators return the estimate alone. Samples are had by one call for each probe; the standard error is taken of
them; products are the columns that its operator was multiplied by. `hutchpp_trace` takes as many probes as sketch
vectors: it is called with each probe k times over (with 0 for the part that the sketch sees, and so large for a sample
that this part can be taken off). It has no form without a sketch, for which `hutchinson_trace` is called. Its diagonal
estimator is the variant "plain".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from curvlinops import EFLinearOperator, GGNLinearOperator, HessianLinearOperator
from curvlinops.diagonal.hutchinson import hutchinson_diag
from curvlinops.norm.hutchinson import hutchinson_squared_fro
from curvlinops.trace.hutchinson import hutchinson_trace
from curvlinops.trace.meyer2020hutch import hutchpp_trace

from gnomon.curvature.products import Problem, Regression
from gnomon_validation.ports.peers.torch_networks import answers, module
from gnomon_validation.ports.torch_functions import tensor, tensors

dtypes = ("float32", "float64")
# Probes of that size make samples beside which what the sketch sees is rounding, so that it can be taken off.
LOUD = 2.0**20
only = {"curvature.bekas": {"variant": ("plain",)}}


def multiplied(kind: Any, convention: int, problem: Problem, params: Any, vector: Any) -> Any:
    """Return the product of one of its operators with v, in our convention of squared errors."""
    problem = tensors(problem)
    made, y, is_regression = module(problem, tensor(params)), answers(problem), isinstance(problem, Regression)
    criterion = torch.nn.MSELoss() if is_regression else torch.nn.CrossEntropyLoss()
    data = [(problem.features, y)]
    operator = kind(made, criterion, list(made.parameters()), data, check_deterministic=False)
    product = (operator @ tensor(vector)).detach().numpy()
    return product * (y.shape[1] / convention) if is_regression else product


products_hvp = partial(multiplied, HessianLinearOperator, 2)
products_ggnvp = partial(multiplied, GGNLinearOperator, 2)
products_empirical_fisher_product = partial(multiplied, EFLinearOperator, 4)


class Multiplied:
    """A matrix with rows and columns of zeros, as an operator that counts its products."""

    def __init__(self, matrix: Any, zeros: int) -> None:
        self._matrix = tensor(np.pad(matrix, (0, zeros)))
        self.shape, self.device, self.dtype = self._matrix.shape, self._matrix.device, self._matrix.dtype
        self.products = 0

    def __matmul__(self, columns: Any) -> Any:
        self.products += columns.shape[1]
        return self._matrix @ columns


def estimate(estimator: Callable[..., Any], operator: Any, vectors: Sequence[Any], m: int) -> tuple[Any, int]:
    """Return what an estimator that is asked for m products makes of these vectors, and how many it asked for."""
    A, left = Multiplied(operator.matrix, m + 1), iter(vectors)
    with patch.dict(estimator.__globals__, random_vector=lambda *_: tensor(np.pad(next(left), (0, m + 1)))):
        return estimator(A, m).numpy()[()], A.products


def estimated(estimator: Callable[..., Any], operator: Any, probes: Any) -> tuple[Any, Any, Any, int]:
    """Return an estimate, that of each probe alone, the standard error, and the number of products."""
    mean, asked = estimate(estimator, operator, probes, len(probes))
    samples = np.array([estimate(estimator, operator, [probe], 1)[0] for probe in probes])
    return mean, samples, error_of(samples), asked


curvature_hutchinson = partial(estimated, hutchinson_trace)
curvature_frobenius_squared = partial(estimated, hutchinson_squared_fro)


def curvature_bekas(operator: Any, probes: Any, *, variant: str = "plain") -> tuple[Any, int]:
    """Return what `hutchinson_diag` does."""
    found, asked = estimate(hutchinson_diag, operator, probes, len(probes))
    return found[: len(operator.matrix)].copy(), asked


def curvature_hutchpp(operator: Any, sketch: Any, probes: Any) -> tuple[Any, Any, Any, int]:
    """Return what `hutchpp_trace` does."""
    k = len(sketch)
    if k == 0:
        return curvature_hutchinson(operator, probes)
    if k > len(operator.matrix) or len(probes) == 0:  # which it would refuse without the zeros and the repetition
        raise ValueError(f"{k} sketch vectors and {len(probes)} probes for a matrix of {len(operator.matrix)} rows")
    (seen, asked), *found = (
        estimate(hutchpp_trace, operator, [*sketch, *[probe] * k], 3 * k) for probe in (0 * sketch[0], *(LOUD * probes))
    )
    samples = (np.array([sample for sample, _ in found]) - seen) / sketch.dtype.type(LOUD * LOUD)
    return seen + samples.mean(), samples, error_of(samples), asked - k + len(probes)


def error_of(samples: Any) -> Any:
    """Return the standard error of the mean of samples."""
    m = len(samples)
    return samples.std(ddof=1) / samples.dtype.type(m**0.5) if m > 1 else samples.dtype.type(np.inf)
