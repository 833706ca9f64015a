"""Claims about κ, the estimators and the Hessian products."""

from __future__ import annotations

import numpy as np

from gnomon.curvature.lanczos import Variant, ritz
from gnomon.curvature.power import power_iteration
from gnomon.derivatives import make_hvp
from gnomon.domains import Array
from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.homotopy import cost, quadratic
from gnomon_validation.studies.homotopy.matmuls import counts
from gnomon_validation.studies.homotopy.sources import CODE, DOCUMENTS, ledger


@ledger.claim("false", source=DOCUMENTS)
def curvature_is_a_condition_number() -> Evidence:
    """“κ ≈ condition number”

    κ has the unit 1/loss, a condition number has none. On the test's own quadratics κ falls as the condition number
    rises. What is true: on a positive definite quadratic 1 <= 2κ(L - L*) <= cond, with equality in the top and the
    bottom eigenvector. The test only compares ‖H‖ with λmax where λmin is 1.
    """
    found = {cond: quadratic.first_curvature(cond) for cond in quadratic.CONDITIONS}
    eigenvalues = np.array([1.0, 3.0, 10.0])
    sharp = []
    for mode in np.eye(3)[[2, 0]]:
        grad = eigenvalues * mode
        sharp.append(2 * np.max(eigenvalues) / np.sum(grad**2) * np.sum(eigenvalues * mode**2) / 2)
    figure = (
        ", ".join(f"κ = {kappa:.4g} for cond {cond:,}" for cond, kappa in found.items())
        + f" (λ = 1 … cond, θ = 1); 2κL is {sharp[0]:g} in the top eigenvector and {sharp[1]:g} in the bottom one of "
        f"λ = 1, 3, 10"
    )
    values = list(found.values())
    return Evidence(values == sorted(values, reverse=True) and [f"{s:.6g}" for s in sharp] == ["1", "10"], figure)


@ledger.claim("false", source=DOCUMENTS)
def observed_norms() -> Evidence:
    """“observed spectral norms 10.3, 102.1, 1015.3” of Hessians with λmax = 10, 100, 1000

    A Rayleigh quotient vᵀHv/vᵀv is a mean of eigenvalues and never exceeds the largest. Power iteration errs downwards.
    """
    claimed = {10: 10.3, 100: 102.1, 1000: 1015.3}
    most = {}
    for top in claimed:
        eigenvalues = np.linspace(1.0, top, 50)
        starts = np.random.default_rng(3).standard_normal((100, 50))
        most[top] = max(
            float(power_iteration(lambda v, e=eigenvalues: e * v, s, iterations=20, rtol=0.0, variant=variant).norm)
            for s in starts
            for variant in ("code", "standard")
        )
    figure = "; ".join(
        f"λmax = {top:,}: at most {found:.4f} from 100 starts, “observed” {claimed[top]}" for top, found in most.items()
    )
    # An exact mean is at most λmax; 50 products and sums of the dot products round by less than 200·2⁻⁵³ relative.
    return Evidence(all(found <= top * (1 + 200 * 2.0**-53) < claimed[top] for top, found in most.items()), figure)


@ledger.claim("false", source=DOCUMENTS)
def power_iteration_is_within_one_percent() -> Evidence:
    """“Power iteration converges in 10–20 iterations, within 1 %”

    On the spectrum of the tests, λ = 1 … 100 in 50 equal steps, neighbours are 2 % apart at the top, and few starts get
    within 1 % in 20.
    """
    starts = np.random.default_rng(4).standard_normal((300, 50))
    missing = {
        k: np.array([1 - code_norm(quadratic.EIGENVALUES, start, k) / quadratic.EIGENVALUES[-1] for start in starts])
        for k in (10, 20)
    }
    within = {k: float(np.mean(errors <= 0.01)) for k, errors in missing.items()}
    figure = "; ".join(
        f"{k} products: {100 * np.mean(errors):.1f} % too low on average, {100 * np.quantile(errors, 0.95):.1f} % or "
        f"more for 5 % of the starts, within 1 % for {within[k]:.0%}"
        for k, errors in missing.items()
    )
    return Evidence(max(within.values()) < 0.5, figure)


def code_norm(eigenvalues: Array, start: Array, iterations: int) -> float:
    """Return what the published power iteration gives after that many products, none saved by its tolerance."""
    found = power_iteration(lambda v: eigenvalues * v, start, iterations=iterations, rtol=0.0, variant="code")
    return float(found.norm)


@ledger.claim("false", source=DOCUMENTS)
def lanczos_gives_eigenvalues() -> Evidence:
    """“Lanczos for the top-k eigenvalues, within 30 %”

    The code returns the sorted absolute diagonal entries of the tridiagonal matrix. They are no eigenvalues; those of
    the matrix are, and on this spectrum exactly.
    """
    spectrum = np.concatenate([[1000.0, 500, 100, 50, 10], np.ones(45)])
    starts = np.random.default_rng(5).standard_normal((100, 50))

    def largest_five(variant: Variant) -> list[Array]:
        found = [ritz(lambda v: spectrum * v, start, steps=6, variant=variant).values for start in starts]
        return [np.sort(values)[::-1][:5] for values in found]

    published, values = largest_five("code"), largest_five("standard")
    true = spectrum[:5]
    errors = np.mean(published, axis=0) / true - 1
    largest = float(np.max(np.abs(np.array(values) / true - 1)))
    figure = (
        f"eigenvalues 1000, 500, 100, 50, 10 (and 1, 45 times), six steps, 100 starts: the code's five average "
        f"{', '.join(f'{v:.0f}' for v in np.mean(published, axis=0))}; the eigenvalues of the tridiagonal matrix miss "
        f"by at most {largest:.0e}, relatively"
    )
    return Evidence(bool(np.max(errors) > 0.3) and largest < 0.3, figure)


@ledger.claim("false", source=CODE)
def forward_over_reverse() -> Evidence:
    """“Hessian-vector products by forward-over-reverse differentiation”

    The code differentiates in reverse twice, and rebuilds the graph of the gradient for every product. The vector is
    the same, the cost is not: rebuilding alone makes a product a third to a half dearer.
    """
    costs = [counts(network.widths, network.batch) for network in cost.NETWORKS]
    figure = "a product in forward and backward passes, graph rebuilt and kept: " + "; ".join(
        f"{network.name} {one.rebuilt:.2f} and {one.reused:.2f} (+{100 * (one.rebuilt / one.reused - 1):.0f} %)"
        for network, one in zip(cost.NETWORKS, costs, strict=True)
    )
    return Evidence(all(1 / 3 <= one.rebuilt / one.reused - 1 <= 1 / 2 for one in costs), figure)


@ledger.claim("holds if", source=DOCUMENTS, condition="the model is linear in its parameters or fits every target")
def hessian_is_fisher() -> Evidence:
    """“For MSE the Hessian equals the Fisher information matrix”

    H = G + Σ rₖ∇²fₖ with the residuals rₖ, G the Gauss-Newton matrix, which is the Fisher matrix of unit variance. The
    rest vanishes for a linear f, and for zero residuals.
    """
    theta = np.array([1.3, -0.7])
    jacobian, curved = theta[::-1], np.array([[0.0, 1.0], [1.0, 0.0]])
    fisher = np.outer(jacobian, jacobian)
    hessian = fisher + (theta[0] * theta[1] - 0.4) * curved
    by_autograd = [make_hvp(lambda w: (w[0] * w[1] - 0.4) ** 2 / 2, theta)(column) for column in np.eye(2)]
    fitted = [make_hvp(lambda w: (w[0] * w[1] + 0.91) ** 2 / 2, theta)(column) for column in np.eye(2)]
    lowest, highest = np.linalg.eigvalsh(np.stack(by_autograd))
    figure = (
        f"f = θ₁θ₂, θ = (1.3, −0.7), y = 0.4, L = ½(f−y)²: H = {matrix(np.stack(by_autograd))}, indefinite "
        f"(eigenvalues {lowest:.4f}, {highest:.4f}), Fisher = {matrix(fisher)}; with y = −0.91 = f: "
        f"H = {matrix(np.stack(fitted))}"
    )
    right = matrix(np.stack(by_autograd)) == matrix(hessian) != matrix(fisher) == matrix(np.stack(fitted))
    return Evidence(right and lowest < 0 < highest, figure)


def matrix(entries: Array) -> str:
    """Return a small matrix as text."""
    return "[" + ", ".join("[" + ", ".join(f"{entry:.2f}" for entry in row) + "]" for row in entries) + "]"
