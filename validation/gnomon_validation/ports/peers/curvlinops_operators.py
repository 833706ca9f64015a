"""curvlinops-for-pytorch as a port: its Hessian, GGN and empirical-Fisher operators, and four of its estimators.

Two conventions differ and are undone here. Its losses are torch's: `MSELoss` is (1/NC) Σ ‖z - y‖², ours (1/N) Σ
½‖z - y‖², so that H and G are C/2 of its, and E, whose gradients are of Σ (z - y)² without 1/C, C/4 of its. Its
estimators draw their random vectors and must have fewer of them than n: for a call they are handed the case's vectors
instead, and the matrix gets rows and columns of zeros, which change neither trace, diagonal nor norm.

Its estimators return the estimate alone. Samples are had by one call for each probe; the standard error is taken of
them; products are the columns that its operator was multiplied by. `hutchpp_trace` takes as many probes as sketch
vectors: it is called with each probe k times over (with 0 for the part that the sketch sees). It has no form without
a sketch, for which `hutchinson_trace` is called. Its diagonal estimator is the variant "plain".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from curvlinops import EFLinearOperator, GGNLinearOperator, HessianLinearOperator
from curvlinops.diagonal import hutchinson as of_diagonal
from curvlinops.norm import hutchinson as of_norm
from curvlinops.trace import hutchinson as of_trace
from curvlinops.trace import meyer2020hutch as of_trace_plus_plus

from gnomon.curvature.products import Problem, Regression
from gnomon_validation.ports.peers.torch_networks import answers, module, tensor

dtypes = ("float32", "float64")
only = {"curvature.bekas": {"variant": ("plain",)}}


def products_hvp(problem: Problem, params: Any, vector: Any) -> Any:
    """Return H·v by `HessianLinearOperator`."""
    return multiplied(HessianLinearOperator, problem, params, vector, 2)


def products_ggnvp(problem: Problem, params: Any, vector: Any) -> Any:
    """Return G·v by `GGNLinearOperator`."""
    return multiplied(GGNLinearOperator, problem, params, vector, 2)


def products_empirical_fisher_product(problem: Problem, params: Any, vector: Any) -> Any:
    """Return E·v by `EFLinearOperator`."""
    return multiplied(EFLinearOperator, problem, params, vector, 4)


def multiplied(kind: Any, problem: Problem, params: Any, vector: Any, convention: int) -> Any:
    """Return the product of one of its operators with v, in our convention of squared errors."""
    made = module(problem, params)
    is_regression = isinstance(problem, Regression)
    criterion = torch.nn.MSELoss() if is_regression else torch.nn.CrossEntropyLoss()
    data = [(tensor(problem.features), answers(problem))]
    operator = kind(made, criterion, list(made.parameters()), data, check_deterministic=False)
    product = (operator @ tensor(vector)).detach().numpy()
    return product * (data[0][1].shape[1] / convention) if is_regression else product


def curvature_hutchinson(operator: Any, probes: Any) -> tuple[Any, Any, Any, int]:
    """Return what `hutchinson_trace` does."""
    return estimated(of_trace, of_trace.hutchinson_trace, operator, probes)


def curvature_frobenius_squared(operator: Any, probes: Any) -> tuple[Any, Any, Any, int]:
    """Return what `hutchinson_squared_fro` does."""
    return estimated(of_norm, of_norm.hutchinson_squared_fro, operator, probes)


def curvature_bekas(operator: Any, probes: Any, *, variant: str = "plain") -> tuple[Any, int]:
    """Return what `hutchinson_diag` does."""
    A = Multiplied(operator.matrix, len(probes) + 1)
    with handed(of_diagonal, A, probes):
        found = of_diagonal.hutchinson_diag(A, len(probes)).numpy()
    return found[: len(operator.matrix)].copy(), A.products


def curvature_hutchpp(operator: Any, sketch: Any, probes: Any) -> tuple[Any, Any, Any, int]:
    """Return what `hutchpp_trace` does."""
    k = len(sketch)
    if k == 0:
        return curvature_hutchinson(operator, probes)
    if k > len(operator.matrix) or len(probes) == 0:  # which it would refuse without the zeros and the repetition
        raise ValueError(f"{k} sketch vectors and {len(probes)} probes for a matrix of {len(operator.matrix)} rows")

    def estimate(probe: Any) -> tuple[Any, int]:
        A = Multiplied(operator.matrix, 3 * k + 1)
        with handed(of_trace_plus_plus, A, [*sketch, *[probe] * k]):
            return of_trace_plus_plus.hutchpp_trace(A, 3 * k).numpy()[()], A.products

    seen, asked = estimate(0 * sketch[0])
    samples = np.array([estimate(probe)[0] for probe in probes]) - seen
    return seen + samples.mean(), samples, error_of(samples), asked - k + len(probes)


def estimated(place: Any, estimator: Any, operator: Any, probes: Any) -> tuple[Any, Any, Any, int]:
    """Return an estimate, that of each probe alone, the standard error, and the number of products."""

    def estimate(some: Any) -> tuple[Any, int]:
        A = Multiplied(operator.matrix, len(some) + 1)
        with handed(place, A, some):
            return estimator(A, len(some)).numpy()[()], A.products

    mean, asked = estimate(probes)
    samples = np.array([estimate(probe[np.newaxis])[0] for probe in probes])
    return mean, samples, error_of(samples), asked


def error_of(samples: Any) -> Any:
    """Return the standard error of the mean of samples."""
    m = len(samples)
    return samples.std(ddof=1) / samples.dtype.type(m**0.5) if m > 1 else samples.dtype.type(np.inf)


class Multiplied:
    """A matrix with rows and columns of zeros, as an operator that counts its products."""

    def __init__(self, matrix: Any, zeros: int) -> None:
        self._matrix = tensor(np.pad(matrix, (0, zeros)))
        self.shape, self.device, self.dtype = self._matrix.shape, self._matrix.device, self._matrix.dtype
        self.zeros, self.products = zeros, 0

    def __matmul__(self, columns: Any) -> Any:
        self.products += columns.shape[1]
        return self._matrix @ columns


@contextmanager
def handed(place: Any, operator: Multiplied, vectors: Sequence[Any]) -> Iterator[None]:
    """Let an estimator of a module take these vectors, one after the other, where it would draw them."""
    drawn, left = place.random_vector, iter(vectors)
    place.random_vector = lambda *_: tensor(np.pad(next(left), (0, operator.zeros)))
    try:
        yield
    finally:
        place.random_vector = drawn
