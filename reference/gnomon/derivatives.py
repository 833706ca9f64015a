"""Derivatives of any function written with `autograd.numpy`: gradient, Hessian-, Gauss-Newton- and Fisher-products.

Sources: Pearlmutter, Neural Computation 6 (1994) for the Hessian product; Schraudolph, Neural Computation 14 (2002)
for the Gauss-Newton product; automatic differentiation by HIPS autograd, in reverse mode throughout (its forward mode
lacks rules for linear solvers and eigenvalues).

What the functions given to this module must keep to:

- They call `autograd.numpy`, not `numpy`, and put no parameters into lists: both lose the trace. Autograd then warns
  "Output seems independent of input"; that warning is left alone, except where it is no sign of a mistake: the
  gradient of an affine function is constant, and its Hessian product an exact 0 without a word.
- Derivatives at a kink are autograd's convention, not mathematics: max(x, 0) at 0 has 0.5, |x| has 0, and the norm of
  0 has NaN (write the sum of squares).
- Constants have the dtype of the parameters or are Python numbers. Some of autograd's rules compute in float64 whatever
  the parameters are; the results here are rounded once, at the end, to the dtype of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from autograd import grad, make_vjp

from gnomon.domains import Array, require_floating, require_like


def gradient(f: Callable[[Array], Any], params: Array) -> Array:
    """Return ∇f(x).

    f: from arrays of the shape of `params` to a real scalar. params: x, floating-point, any shape.
    The result has the shape and the dtype of `params`. Raises `TypeError` for any other dtype, or if f is not scalar.
    """
    require_floating("params", params)
    return np.asarray(grad(f)(params), dtype=params.dtype)


def make_hvp(f: Callable[[Array], Any], params: Array) -> Callable[[Array], Array]:
    """Return the function v ↦ ∇²f(x)·v. f and ∇f are traced once, however many products follow.

    The product is the derivative of v·∇f(x), so v must have the shape and dtype of `params`; the result has them too.
    Arguments and errors are those of `gradient`.
    """
    require_floating("params", params)
    grad_f = grad(f)
    product, _ = make_vjp(lambda x: grad_f(x) + 0 * x)(params)  # 0·x: autograd would warn of a constant gradient

    def hvp_at_params(vector: Array) -> Array:
        require_like("vector", vector, params)
        return np.asarray(product(vector), dtype=params.dtype)

    return hvp_at_params


def hvp(f: Callable[[Array], Any], params: Array, vector: Array) -> Array:
    """Return ∇²f(x)·v for one v; `make_hvp` serves many. Arguments and errors are those of `make_hvp`."""
    return make_hvp(f, params)(vector)


def ggnvp(model: Callable[[Array], Array], loss: Callable[[Array], Any], params: Array, vector: Array) -> Array:
    """Return Jᵀ·H·J·v, J the Jacobian of the model at x, H the Hessian of the loss at the model's outputs.

    model: m, from arrays of the shape of `params` to an array. loss: L, from such arrays to a real scalar; it carries
    its own 1/N. params, vector: x and v, of one shape and floating-point dtype, which are those of the result.

    J·v is the derivative in u of the linear map u ↦ Jᵀu, applied to v. Raises `TypeError` or `ValueError` as `hvp`.
    """
    require_floating("params", params)
    require_like("vector", vector, params)
    jacobian_transposed, outputs = make_vjp(model)(params)
    jacobian, _ = make_vjp(jacobian_transposed)(np.zeros_like(outputs))
    Jv = np.asarray(jacobian(vector), dtype=outputs.dtype)
    HJv = hvp(loss, outputs, Jv)
    return np.asarray(jacobian_transposed(HJv), dtype=params.dtype)


def empirical_fisher_diagonal(
    example_loss: Callable[[Array, Any], Any], params: Array, examples: Sequence[Any] | Array
) -> Array:
    """Return the diagonal (1/N) Σᵢ gᵢ² of the empirical Fisher matrix, gᵢ = ∇ℓ(x; i), in the shape of `params`.

    example_loss: ℓ(x, example), a real scalar without 1/N. examples: N >= 1 of whatever ℓ takes (the rows, if it is an
    array). This is the second moment of the gradients about 0 and in general not the Fisher matrix, whose labels are
    drawn from the model. Raises `ValueError` if there is no example, and as `gradient`.
    """
    require_floating("params", params)
    N = len(examples)
    if N == 0:
        raise ValueError("examples must hold at least one example, got none")

    def example_gradient(example: Any) -> Array:
        return gradient(lambda x: example_loss(x, example), params)

    gradients = np.stack([example_gradient(example) for example in examples])
    diagonal: Array = np.sum(gradients**2, axis=0) / N
    return diagonal
