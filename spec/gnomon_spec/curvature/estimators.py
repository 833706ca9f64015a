"""Estimators of what a symmetric matrix is like, from its products with vectors alone.

Operators. A is a symmetric n × n matrix (a Hessian, a Gauss-Newton or Fisher matrix) that can only be multiplied: an
operator is called with v, shape (n,), and returns A·v in the same shape and dtype. Here it is `Dense(matrix)`, which
carries its matrix, so that a port in any language can rebuild it. Each estimator says how many products it asked for.
A product with a NaN or an infinity in it is an error that names its index, never a 0. Whether A is symmetric is not
checked on the way; `asymmetry` asks.

Probes. Nothing is random inside: probes Z (m, n), one a row, and start vectors are inputs. Drawn from a distribution of
mean 0 and covariance I, they make the estimates unbiased. Two such are meant above all: signs ±1 (Rademacher) and
standard normal numbers; the sphere of radius √n is a third. Moments are checked by enumeration: over all 2ⁿ sign
vectors an expectation is a plain mean, and over the products of a three-point rule with the moments 0, 1, 0, μ₄ it is a
weighted one, exact for every polynomial that occurs here (μ₄ = 3: Gauss-Hermite, the moments of normal numbers).

Definitions, with S = (A + Aᵀ)/2 and ‖·‖ Frobenius's norm of matrices::

    hutchinson          (1/m) Σ zₖᵀAzₖ                            variance of one sample 2‖S‖² + (μ₄ - 3)·Σ Sᵢᵢ²
    hutchpp             tr QᵀAQ + (1/l) Σ hᵀAh,  Q = orth(AΩ),  h = g - QQᵀg
    bekas               (Σ zₖ∘Azₖ)/(Σ zₖ∘zₖ)  "ratio",   (1/m) Σ zₖ∘Azₖ  "plain"
    frobenius_squared   (1/m) Σ ‖Azₖ‖²
    power_iteration     v ← Av/‖Av‖;  ‖A‖₂ by ν = ‖Av‖, the eigenvalue by ρ = vᵀAv
    lanczos             A = QTQᵀ on the Krylov space of a start, with full reorthogonalisation
    ritz                eigenvalues θ of T, Ritz vectors, residuals
    largest_eigenvalues those of largest size, with their signs, by Lanczos to the end of the Krylov space
    spectral_measure    (1/m) Σₖ Σⱼ (‖zₖ‖²/n)·τ²ₖⱼ·δ(θₖⱼ),  τ the first components of the eigenvectors of T
    spectral_density    that measure with a normal curve of width σ for each δ

Choices. Probes are rows (columns in some papers). A standard error divides by m - 1 and is infinite for m = 1. Hutch++
leaves out columns of AΩ that depend on others and counts one product less for each. The norm is estimated by ν, not by
|ρ|: for eigenvalues ±λ of one size ρ stays anywhere between them. Power iteration stops by a relative tolerance. The
variant "code" of power iteration and of the Ritz values is a published function kept as it is: it stops by an absolute
tolerance, and takes the sorted |aⱼ|, the diagonal of T, for eigenvalues, which they are not.

Lanczos makes each vector orthogonal to all before it, once more if that took more than 1 - 1/√2 of its length: then it
is orthogonal to working accuracy. Without reorthogonalisation it loses orthogonality as soon as a Ritz value converges,
and finds copies; that is a mistake here although many codes do it. One start vector sees each eigenvalue once, whatever
its multiplicity.

Sources: Girard 1989; Hutchinson 1990; Avron & Toledo, J. ACM 58 (2011); Meyer, Musco, Musco & Woodruff, SOSA 2021
(arXiv 2010.09649); Bekas, Kokiopoulou & Saad, Appl. Numer. Math. 57 (2007); Kuczyński & Woźniakowski, SIAM J. Matrix
Anal. 13 (1992); Parlett, The Symmetric Eigenvalue Problem (1980); Golub & Meurant, Matrices, Moments and Quadrature
(2010); Ubaru, Chen & Saad, SIAM J. Matrix Anal. 38 (2017); Ghorbani, Krishnan & Xiao, ICML 2019. The variances over
three-point rules and the error bound of the quadrature are derived where they are used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gnomon_spec.cases import Case
from gnomon_spec.facts import Fact, agree
from gnomon_spec.system import Operation, System

system = System("curvature", title="Curvature estimators", text=__doc__ or "")


def declare_cost(estimator: Operation) -> None:
    """Declare what an estimator costs that multiplies each of its probes."""

    @estimator.law("conservation")
    def each_probe_costs_one_product(port: Any, case: Case) -> Iterable[Fact]:
        """m probes cost m products."""
        found = getattr(port, estimator.name)(case.operator, case.probes, **case.hyper)
        yield agree("products", found.products, len(case.probes))
