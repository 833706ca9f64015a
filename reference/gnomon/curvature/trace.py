"""The trace of an operator from products with random probes: Hutchinson's estimator and Hutch++.

Sources: Girard 1989, Hutchinson 1990; Meyer, Musco, Musco & Woodruff, SOSA 2021 (arXiv 2010.09649) for Hutch++.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.curvature.operators import FiniteOperator, Probes, orthogonal_part, product
from gnomon.domains import Array, Entries
from gnomon.norms import length

Sketch: TypeAlias = Annotated[Array, Entries(("k", "n"), finite=True)]
FittingProbes: TypeAlias = Annotated[Array, Entries(("m", "n"), least=1, fit="sketch", finite=True)]
Matrix: TypeAlias = Annotated[Array, Entries(("n", "n"))]


class TraceEstimate(NamedTuple):
    """An estimate of tr A.

    trace: the estimate, a number of the probes' dtype. samples: what each probe gave, shape (m,); their mean is the
    part of the estimate that is random. standard_error: of that mean, the samples' deviation (with m - 1) over √m;
    infinite for m = 1. products: how many times the operator was applied.
    """

    trace: Any
    samples: Array
    standard_error: Any
    products: int


@checked()
def hutchinson(operator: FiniteOperator, probes: Probes) -> TraceEstimate:
    """Return the estimate (1/m) Σₖ zₖᵀA zₖ of tr A; m products.

    operator: A, real, symmetric or not (then it is the trace of its symmetric part, the same number). probes: Z, shape
    (m, n), m >= 1, one probe a row, of mean 0 and covariance I: signs, normal numbers, or the sphere of radius √n.
    One probe's variance is 2(‖S‖² - Σ Sᵢᵢ²) with signs and 2‖S‖² with normal numbers, S = (A + Aᵀ)/2, ‖·‖ Frobenius's.
    Raises `ValueError` or `TypeError` for probes of another kind and for products that do not fit or are not finite.
    """
    samples = np.stack([np.dot(z, product(operator, z, k)) for k, z in enumerate(probes)])
    return estimate_of(samples)


def estimate_of(samples: Array) -> TraceEstimate:
    """Return the mean of samples that cost a product each, with its standard error, as an estimate."""
    m = samples.shape[0]
    return TraceEstimate(np.sum(samples) / m, samples, standard_error(samples), int(m))


def require_no_more_than_n(given: Mapping[str, Any]) -> None:
    k, n = given["sketch"].shape
    if k > n:
        raise ValueError(f"sketch must have at most n = {n} rows, got {k}")


@checked(require_no_more_than_n)
def hutchpp(operator: FiniteOperator, sketch: Sketch, probes: FittingProbes) -> TraceEstimate:
    """Return the estimate tr(QᵀA Q) + (1/l) Σ hᵀA h with Q = orth(A Ω), h = g - Q Qᵀg (Hutch++).

    operator: A, symmetric. sketch: Ω, shape (k, n), k <= n, one vector a row; k = 0 is Hutchinson's estimator. probes:
    Γ, shape (l, n), l >= 1, the vectors g. Products: k for A Ω, one for each column of Q, l for the rest; 2k + l in all
    unless A Ω has columns that depend on earlier ones, which are left out.
    Raises `ValueError` or `TypeError` as `hutchinson`.

    Choices: probes are rows here, columns in the paper. Where the columns of A Ω are dependent a basis of fewer is
    enough (see `orthonormal`); for A = 0 it is empty.
    """
    k = sketch.shape[0]
    if k == 0:
        return hutchinson(operator, probes)
    basis = orthonormal(np.stack([product(operator, w, j) for j, w in enumerate(sketch)]))
    of_basis: Any = 0 * probes[0, 0]
    for j, q in enumerate(basis):
        of_basis = of_basis + np.dot(q, product(operator, q, k + j))
    seen, samples = k + basis.shape[0], []
    for j, g in enumerate(probes):
        h = orthogonal_part(g, basis)
        samples.append(np.dot(h, product(operator, h, seen + j)))
    rest = estimate_of(np.stack(samples))
    return rest._replace(trace=of_basis + rest.trace, products=seen + rest.products)


def orthonormal(rows: Array) -> Array:
    """Return an orthonormal basis of the span of the rows, as rows; a row that depends on earlier ones adds none.

    Gram and Schmidt's process, each row made orthogonal twice. rows: w, shape (k, n), k >= 1. A row counts as dependent
    if what is left of it is at most n·ε·max ‖w‖, ε the spacing of the dtype at 1 (as in `numpy.linalg.matrix_rank`).
    """
    longest = np.max(np.stack([length(row) for row in rows]))
    threshold = rows.shape[1] * float(np.finfo(rows.dtype).eps) * longest
    basis = rows[:0]
    for row in rows:
        rest = row
        for _ in range(2):
            rest = orthogonal_part(rest, basis)
        left = length(rest)
        if left > threshold:
            basis = np.concatenate([basis, (rest / left)[np.newaxis]])
    return basis


def standard_error(samples: Array) -> Any:
    """Return the standard error of the mean of m samples, with m - 1; infinite for m = 1."""
    m = samples.shape[0]
    if m == 1:
        return samples.dtype.type(np.inf)
    deviations = samples - np.sum(samples) / m
    return np.sqrt(np.sum(deviations * deviations) / ((m - 1) * m))


@checked()
def rademacher_variance(matrix: Matrix) -> Any:
    """Return the variance 2(‖S‖² - Σ Sᵢᵢ²) of one sample zᵀA z over sign vectors z, S = (A + Aᵀ)/2.

    matrix: A, shape (n, n). The least of all probes with independent entries of mean 0 and variance 1.
    """
    off = (matrix + matrix.T) / 2 * (1 - np.eye(matrix.shape[0], dtype=matrix.dtype))
    return 2 * np.sum(off * off)


@checked()
def gaussian_variance(matrix: Matrix) -> Any:
    """Return the variance 2‖S‖² of one sample zᵀA z over standard normal z, S = (A + Aᵀ)/2. matrix: A, shape (n, n)."""
    S = (matrix + matrix.T) / 2
    return 2 * np.sum(S * S)


@checked()
def sphere_variance(matrix: Matrix) -> Any:
    """Return the variance 2n/(n+2)·(‖S‖² - tr(A)²/n) of zᵀA z over the sphere of radius √n. matrix: A, shape (n, n)."""
    S, n = (matrix + matrix.T) / 2, matrix.shape[0]
    trace = np.sum(np.diagonal(S))
    return 2 * n / (n + 2) * (np.sum(S * S) - trace * trace / n)
