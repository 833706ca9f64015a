"""The gradient at an adversarially perturbed point, as the plain gradient and a remainder, the PSF.

Sources: Foret et al., arXiv 2010.01412, for the perturbation; Deng et al., arXiv 2403.08821, and `ajiaaa/vSAM` (commit
895e0e5) for the remainder and its name: "projection of the second-order gradient onto the first-order gradient". It is
no projection: where f is twice differentiable it is ρ·Hg/‖g‖ + O(ρ²), a Hessian-vector product.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import NonNegative, TupleOfArrays
from gnomon.norms import joint_length
from gnomon.objectives.several_arrays import ArraysObjective
from gnomon.rounding import rounded_once
from gnomon.several_arrays import Arrays, join

Params: TypeAlias = Annotated[Arrays, TupleOfArrays(finite=True)]
Like: TypeAlias = Annotated[Arrays, TupleOfArrays("params")]
FiniteLike: TypeAlias = Annotated[Arrays, TupleOfArrays("params", finite=True)]


class Decomposition(NamedTuple):
    """grads: g. sam_grads: the gradient at w + ρ·g/‖g‖. psf: their difference. All have the parameters' shapes."""

    grads: Arrays
    sam_grads: Arrays
    psf: Arrays


@checked()
@rounded_once
def perturb(params: Params, grads: FiniteLike, *, rho: NonNegative = 0.05, eps: NonNegative = 0.0) -> Arrays:
    """Return w + ρ·g/(‖g‖ + ε), the norm taken over all arrays together; w itself where g = 0.

    params: w, a tuple of one or more arrays of any shapes and one floating-point dtype, finite. grads: g, the same, of
    the same shapes. rho: ρ. eps: ε; with ε > 0 the step is shorter than ρ, and shrinks with g where ‖g‖ is not far
    above ε. Computed with g/s, s the largest entry of g in size: any finite g will do.

    Choice: ε = 0, and nothing moves where g = 0. Published code has ε = 1e-12, or divides 0 by 0.
    """
    largest = np.max(np.abs(join(grads)), initial=0)
    if largest == 0:
        return params
    scaled = tuple(g / largest for g in grads)
    with np.errstate(over="ignore"):
        size = joint_length(scaled) + eps / largest
    return tuple(w + rho * (u / size) for w, u in zip(params, scaled, strict=True))


@checked()
def decompose(
    params: Params, objective: ArraysObjective, *, rho: NonNegative = 0.05, eps: NonNegative = 0.0
) -> Decomposition:
    """Return g = ∇f(w), the gradient at `perturb(w, g)`, and what it has beyond g: the PSF, by subtraction.

    objective: answers with ∇f; it is asked twice. The rest as in `perturb`. The subtraction loses about u·‖g‖, u the
    unit roundoff: below ρ ~ 1e-6 a Hessian-vector product is more accurate. Raises `ValueError` as well where either
    gradient is not finite.
    """
    grads = gradient_at(objective, params, "the gradient")
    ahead = perturb(params, grads, rho=rho, eps=eps)
    sam_grads = gradient_at(objective, ahead, "the gradient at the perturbed point")
    psf = tuple(s - g for s, g in zip(sam_grads, grads, strict=True))
    return Decomposition(grads, sam_grads, psf)


def gradient_at(objective: ArraysObjective, params: Arrays, name: str) -> Arrays:
    """Return ∇f; raise `ValueError` or `TypeError` if it does not fit the parameters or is not finite."""
    grads = objective.gradient(params)
    TupleOfArrays("params", finite=True).require(name, grads, {"params": params})
    return tuple(grads)
