"""Products of curvature matrices of a learning problem with a vector: Hessian, Gauss-Newton, Fisher, empirical Fisher.

A problem has N examples xᵢ, what they should be mapped to, and a network: layers a ← tanh(W·a + b), the last one
without tanh. It is a tuple of arrays, `Regression(features, targets, hidden)` or `Classification(features, labels,
classes, hidden)`, so that a port in any language can rebuild it. Parameters w, shape (n,): for each layer the rows of
W, one after the other, then b. With outputs zᵢ, their Jacobian Jᵢ and a loss ℓ::

    f(w) = (1/N) Σ ℓ(zᵢ)        Regression ½‖z - y‖²       Classification log Σ_c exp(z_c) - z_y
    hvp                         H·v,  H = ∇²f
    ggnvp                       G·v,  G = (1/N) Σ Jᵢᵀ·∇²ℓ(zᵢ)·Jᵢ          ∇²ℓ = I, or diag(p) - ppᵀ
    fisher_product              F·v,  F = (1/N) Σ E[g gᵀ], the label drawn from the model
    empirical_fisher_product    E·v,  E = (1/N) Σ gᵢgᵢᵀ, the label of the data

What they are to each other: H - G = (1/N) Σᵢ Σ_c (∂ℓ/∂z_c)·∇²z_c, which vanishes for linear models and where residuals
do, and in general not. F = G for these two losses (the Gaussian of variance 1, and the categorical). E is neither: it
vanishes where the data are interpolated, and grows with the square of the loss's scale where the others grow with the
scale; averaged over labels drawn from the model it is F.

Choices: the mean over the examples stands outside, so gᵢ carries no 1/N. Squared errors carry ½. Expectations over
labels are sums over all of them, nothing is drawn. The products are stated on closed forms and not on automatic
derivatives; those of `gnomon.derivatives` are held against the closed forms in the tests.

Sources: Pearlmutter, Neural Computation 6 (1994); Schraudolph, Neural Computation 14 (2002); Martens, New insights and
perspectives on the natural gradient method (arXiv 1412.1193).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature import products as reference
from gnomon.curvature.products import Regression, network
from gnomon.objectives.output_losses import softmax
from gnomon_spec.cases import Case
from gnomon_spec.curvature import learning_problems as given
from gnomon_spec.curvature.learning_problems import cases, classification, either, regression, with_first_output_ahead
from gnomon_spec.curvature.symmetries import scaled, unchanged
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import count
from gnomon_spec.system import WITH_ROOM, Changed, System

system = System("products", title="Products of curvature matrices", text=__doc__ or "")

problems = cases(either())

hvp = system.operation(reference.hvp, cases=problems, dtypes=WITH_ROOM)
ggnvp = system.operation(reference.ggnvp, cases=problems, dtypes=WITH_ROOM)


@hvp.law("closed form", cases=cases(either(((),))))
def of_a_linear_model_it_is_known(port: Any, case: Case) -> Iterable[Fact]:
    """Without hidden layers H·v is (1/N) Σ (∇²ℓ·(V·x + c)) ⊗ (x, 1), V and c the parts of v in the place of W and b;
    also where a class has hardly any probability, or none."""
    objective, X = network(case.problem), case.problem.features
    ((V, c),) = objective.layers(case.vector)
    for words, params in with_first_output_ahead(case):
        curved = loss_hessian(case.problem, objective.outputs(params), X @ V.T + c)
        expected = objective.flat([(curved.T @ X / len(X), np.sum(curved, axis=0) / len(X))])
        yield equal(words, port.hvp(case.problem, params, case.vector), expected)


def loss_hessian(problem: Any, z: Any, u: Any) -> Any:
    """Return ∇²ℓ(zᵢ)·uᵢ for the rows of z and u."""
    if isinstance(problem, Regression):
        return u
    p = softmax(z)
    return p * u - p * np.sum(p * u, axis=1, keepdims=True)


@hvp.law("conservation", cases=problems)
def of_a_mean_it_is_the_mean(port: Any, case: Case) -> Iterable[Fact]:
    """The product with v is the mean of the products of single examples."""
    N = len(case.problem.features)
    single = [port.hvp(given.examples(case.problem, i, i + 1), case.params, case.vector) for i in range(N)]
    yield equal("product", port.hvp(case.problem, case.params, case.vector), np.sum(np.stack(single), axis=0) / N)


@hvp.law("invariance", cases=problems.but(other=given.parameters()))
def it_is_linear_and_symmetric(port: Any, case: Case) -> Iterable[Fact]:
    """H·(2u + v) = 2H·u + H·v and u·Hv = v·Hu."""
    Hu, Hv = (port.hvp(case.problem, case.params, v) for v in (case.other, case.vector))
    both = port.hvp(case.problem, case.params, 2 * case.other + case.vector)
    yield equal("sum", both, 2 * Hu + Hv)
    yield equal("form", np.sum(case.other * Hv), np.sum(case.vector * Hu))


hvp.symmetry(
    "equivariance",
    "a_power_of_two_passes_through",
    "H·(2ᵏv) = 2ᵏ·Hv, bit for bit: no difference quotient is taken, and v is not scaled on the way",
    cases=problems.but(power=count(1, 3, low=-10, high=10)),
    inputs={"vector": scaled},
    outputs=scaled,
    same=identical,
)


@hvp.law("fixed point", cases=cases(classification()))
def a_shift_of_all_outputs_is_flat(port: Any, case: Case) -> Iterable[Fact]:
    """Cross-entropy does not see a common shift of the last biases: along it the product is 0."""
    objective = network(case.problem)
    nothing = [(0 * W, 0 * b) for W, b in objective.layers(case.vector)]
    shift = objective.flat([*nothing[:-1], (nothing[-1][0], nothing[-1][1] + 1)])
    yield equal("product", port.hvp(case.problem, case.params, shift), 0 * case.params)


@hvp.law("closed form", cases=cases(regression()))
def the_residuals_make_the_difference_to_gauss_newton(port: Any, case: Case) -> Iterable[Fact]:
    """With targets y and 2z - y, residuals of opposite signs, the Hessians have the mean G; with targets z it is G."""
    z = network(case.problem).outputs(case.params)
    G = port.oracle.ggnvp(case.problem, case.params, case.vector)
    mirrored = case.problem._replace(targets=2 * z - case.problem.targets)
    both = [port.hvp(problem, case.params, case.vector) for problem in (case.problem, mirrored)]
    yield equal("mean", (both[0] + both[1]) / 2, G)
    yield equal("no residual", port.hvp(case.problem._replace(targets=z), case.params, case.vector), G)


def in_other_units(factor: float) -> Changed:
    """Return what multiplies the first W by factorᵏ."""

    def change(flat: Any, case: Case) -> Any:
        objective = network(case.problem)
        (W, b), *rest = objective.layers(flat)
        return objective.flat([(W * factor**case.power, b), *rest])

    return change


hvp.symmetry(
    "equivariance",
    "it_changes_with_the_units_of_the_features",
    "With features in units of 2ᵏ and the first W divided by 2ᵏ the Hessian is DHD, D = 2ᵏ in the place of that W",
    cases=problems.but(power=count(1, 2, low=-2, high=2)),
    inputs={"problem.features": scaled, "params": in_other_units(0.5), "vector": in_other_units(0.5)},
    outputs=in_other_units(2.0),
)


@ggnvp.law("closed form", cases=problems)
def it_is_made_of_jacobians(port: Any, case: Case) -> Iterable[Fact]:
    """G·v = (1/N) Σ Jᵀ·(∇²ℓ·(J·v)), with J row by row; also where a class has hardly any probability, or none."""
    objective = network(case.problem)
    for words, params in with_first_output_ahead(case):
        z = objective.outputs(params)
        unit = np.eye(z.shape[1], dtype=z.dtype)
        J = np.stack([objective.example_pullbacks(params, 0 * z + e) for e in unit], axis=1)
        curved = loss_hessian(case.problem, z, J @ case.vector)
        expected = np.sum(J * curved[:, :, np.newaxis], axis=(0, 1)) / len(z)
        yield equal(words, port.ggnvp(case.problem, params, case.vector), expected)


@ggnvp.law("bound", cases=problems)
def it_is_positive_semidefinite(port: Any, case: Case) -> Iterable[Fact]:
    """v·Gv >= 0, although H is indefinite."""
    found = port.ggnvp(case.problem, case.params, case.vector)
    yield at_least("form", np.sum(case.vector * found), np.zeros(()))


ggnvp.symmetry(
    "invariance",
    "labels_and_targets_do_not_enter_it",
    "Other targets or labels give the same G",
    inputs={"problem": given.with_other_answers},
    outputs=unchanged,
)


HESSIAN, GAUSS_NEWTON = ("network(problem).hvp(params, vector)", "network(problem).ggnvp(params, vector)")
# The Hessian of cross-entropy is diag(p) - ppᵀ; this adds what takes ppᵀ away again.
WITHOUT_PP = """if isinstance(problem, Classification):
    g = network(problem).example_pullbacks(params, softmax(network(problem).outputs(params)))
    return {} + np.transpose(g) @ (g @ vector) / g.shape[0]"""
# NaN where cross-entropy is computed with exponentials that leave the range.
OVERFLOW = "(np.sum(0 * np.exp(network(problem).outputs(params))) if isinstance(problem, Classification) else 0)"
hvp.edits(f"""
gauss_newton_for_the_hessian: The Gauss-Newton product is returned: the curvature of the model is left out
    `{HESSIAN}` → `{GAUSS_NEWTON}`
hessian_of_the_sum: The examples' losses are added up and not averaged
    `{HESSIAN}` → `{HESSIAN} * problem.features.shape[0]`
hessian_along_the_unit_vector: The vector is scaled to length 1 first, and the product is not scaled back
    `{HESSIAN}` → `{HESSIAN} / np.sqrt(np.sum(vector * vector))`
curvature_of_the_model_with_the_wrong_sign: The residual is y - z where the model's curvature is added: 2G - H
    `{HESSIAN}` → `2 * {GAUSS_NEWTON} - {HESSIAN}`
biases_without_curvature: The rows of the biases are left at 0
    `{HESSIAN}` → `network(problem).flat([(W, 0 * b) for W, b in network(problem).layers({HESSIAN})])`
cross_entropy_without_the_product_of_probabilities: The Hessian of cross-entropy in the outputs is taken for diag(p),
    without -ppᵀ
    `` → `{WITHOUT_PP.format(HESSIAN)}`
large_outputs_have_no_hessian: The largest output is not taken off before the exponential: NaN for large outputs
    `{HESSIAN}` → `{HESSIAN} + {OVERFLOW}`
""")
ggnvp.edits(f"""
hessian_for_gauss_newton: The Hessian product is returned
    `{GAUSS_NEWTON}` → `{HESSIAN}`
loss_taken_for_half_a_square: The Hessian of the loss is left out, (1/N)·JᵀJ: right for squared errors, wrong for
    cross-entropy
    `` → `problem = Regression(problem.features, 0 * network(problem).outputs(params), problem.hidden)`
square_without_its_half: Squared errors are differentiated as ‖z - y‖², without ½
    `{GAUSS_NEWTON}` → `{GAUSS_NEWTON} * (2 if isinstance(problem, Regression) else 1)`
probabilities_on_the_diagonal_only: The Hessian of cross-entropy is taken for diag(p), without -ppᵀ
    `` → `{WITHOUT_PP.format(GAUSS_NEWTON)}`
large_outputs_have_no_gauss_newton_matrix: The largest output is not taken off before the exponential: NaN for large
    outputs
    `{GAUSS_NEWTON}` → `{GAUSS_NEWTON} + {OVERFLOW}`
gauss_newton_of_the_sum: The examples are added up and not averaged
    `{GAUSS_NEWTON}` → `{GAUSS_NEWTON} * problem.features.shape[0]`
""")
