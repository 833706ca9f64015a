"""Self-regulated kinetic learning: gradient descent whose step is divided by 1 + β·κ, κ a measure of curvature.

Source: PyTorch issue 184466 (2026), a text with five lines of code. They contradict each other: the text takes κ from
the Hessian, the code from the gradient alone. Both are kept, the code as variant "code", the text as one variant for
each norm of the Hessian; `gnomon_spec.descent.srkl` says what is known of each.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, NamedTuple

import numpy as np

from gnomon.descent.on_quadratics import iterate, iterate_many
from gnomon.domains import Array, require_choice, require_flag, require_floating, require_like, require_number
from gnomon.objectives.contract import Objective

NORMS = ("fro", "spectral", "diag")
VARIANTS = (*NORMS, "code", "coordinate")


class Diagnostics(NamedTuple):
    """What a step was made of: numbers of the gradient's dtype.

    curvature: κ. brake: Φ = α/(1+βκ). step_length: ‖Φg‖₂.
    """

    curvature: Any
    brake: Any
    step_length: Any


def curvature(grad: Array) -> Any:
    """Return κ = ‖g∘g‖₂ = (Σ gᵢ⁴)^½ of variant "code", a number of the gradient's dtype.

    grad: g, floating-point array of any shape; the entries are taken as one vector. Without entries κ = 0; a NaN or an
    infinity gives NaN. Computed as s²·(Σ (gᵢ/s)⁴)^½ with s = max|gᵢ|, so that κ overflows only if it is itself too
    large. Raises `TypeError` for any other dtype.

    Choice: the code takes a norm whose meaning depends on the rank (of a matrix, Frobenius's); all ranks are flattened.
    """
    require_floating("grad", grad)
    largest = np.max(np.abs(grad), initial=0)
    if largest == 0:
        return largest
    return largest * largest * norm((grad / largest) ** 2)


def curvature_hessian(hessian: Array, *, norm: str = "fro") -> Any:
    """Return κ = ‖H‖, a number of the dtype of H.

    hessian: H, shape (n, n), symmetric up to the square root of the dtype's spacing relative to its largest entry.
    norm: "fro", (Σ Hᵢⱼ²)^½; "spectral", max |λᵢ|; "diag", (Σ Hᵢᵢ²)^½.
    Raises `ValueError` or `TypeError` for a matrix that is not square or symmetric, and for another norm.

    Choice: the text says no norm. "fro" is the default: it needs no eigenvalues, knows no coordinates, is never below
    the spectral norm (so that β >= α/2 makes every step stable), and is what one Rademacher probe estimates.
    """
    require_choice("norm", norm, NORMS)
    require_symmetric("hessian", hessian)
    if norm == "spectral":
        return np.max(np.abs(np.linalg.eigvalsh(hessian)), initial=0)
    entries = np.diagonal(hessian) if norm == "diag" else hessian
    return np.sqrt(np.sum(entries * entries))


def curvature_probe(products: Array, probes: Array) -> Any:
    """Return κ = ‖ĥ‖₂ with ĥ = (1/m) Σₖ zₖ∘(H zₖ), Hutchinson's estimate of the diagonal, a number of that dtype.

    probes: Z, shape (m, n), m >= 1, one probe a row, entries ±1, drawn by the caller. products: H·zₖ, one a row, shape
    and dtype of the probes (`np.stack([hvp(z) for z in probes])`).
    Raises `ValueError` or `TypeError` for other shapes, dtypes or entries.

    With one probe κ = ‖H z‖₂, an estimate of the Frobenius norm and not of the diagonal.
    """
    require_floating("probes", probes)
    if probes.ndim != 2 or probes.shape[0] == 0:
        raise ValueError(f"probes must have shape (m, n) with m >= 1, got {probes.shape}")
    require_like("products", products, probes, "probes")
    if not np.all(np.abs(probes) == 1):
        raise ValueError("probes must be +1 or -1 in every entry")
    diagonal = np.sum(probes * products, axis=0) / probes.shape[0]
    return np.sqrt(np.sum(diagonal * diagonal))


def brake(curvature: Any, *, alpha: float = 1e-3, beta: float = 0.1) -> Any:
    """Return the rate Φ = α/(1+βκ), a number of the dtype of κ.

    curvature: κ >= 0, a number of a floating-point dtype; infinity is legal and gives 0. alpha: α, finite and > 0.
    beta: β, finite and >= 0; with 0 the rate is α whatever κ is (also infinite), which is plain gradient descent.
    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.

    Choice: the source wants β > 0; 0 is allowed as a limit.
    """
    require_rates(alpha, beta)
    require_curvature("curvature", curvature)
    return _brake(curvature, alpha, beta)


def _brake(curvature: Any, alpha: float, beta: float) -> Any:
    braking = beta * curvature if beta != 0 else np.zeros_like(curvature)
    return alpha / (1 + braking)


def step(params: Array, grad: Array, curvature: Any, *, alpha: float = 1e-3, beta: float = 0.1) -> Array:
    """Return w - Φ·g with the rate Φ = α/(1+βκ), one for all coordinates.

    params, grad: w and g, arrays of one shape and one floating-point dtype, which is that of the result. curvature: κ
    at w, a number of that dtype, >= 0: one of `curvature`, `curvature_hessian`, `curvature_probe`. alpha, beta: as in
    `brake`. A NaN or an infinity in the gradient runs through the formula.
    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.

    Choice: the text speaks of one multiplier Φ(W) and calls it decentralised; the multiplier is one here, and
    `step_coordinate` has one for each coordinate. κ and g are taken before the step.
    """
    require_rates(alpha, beta)
    require_floating("params", params)
    require_like("grad", grad, params)
    require_curvature("curvature", curvature, params.dtype)
    new: Array = params - _brake(curvature, alpha, beta) * grad
    return new


def step_code(params: Array, grad: Array, *, alpha: float = 1e-3, beta: float = 0.1) -> Array:
    """Return w - α·g/(1+β‖g∘g‖₂), the rule of the published code.

    Everything as in `step`, with κ = `curvature(grad)`. Where some |gᵢ| > 1 it is computed from v = g/s, s = max|gᵢ|,
    as (α/s)·v/(s⁻² + β‖v∘v‖₂), which never overflows.

    Choice: the plain formula overflows to κ = ∞ for |gᵢ| > 1.2e77 (float32: 4.3e9) and then makes no step at all,
    without a word. The true step there is small and not 0, and that is what is returned.
    """
    require_rates(alpha, beta)
    require_floating("params", params)
    require_like("grad", grad, params)
    largest = np.max(np.abs(grad), initial=0)
    if beta == 0:
        return params - alpha * grad
    if largest <= 1:
        rate, direction = alpha / (1 + beta * norm(grad * grad)), grad
    else:
        direction = grad / largest
        rate = (alpha / largest) / (largest**-2 + beta * norm(direction * direction))
    new: Array = params - rate * direction
    return new


def step_arrays(
    params: tuple[Array, ...],
    grads: tuple[Array, ...],
    *,
    alpha: float = 1e-3,
    beta: float = 0.1,
    per_array: bool = False,
) -> tuple[Array, ...]:
    """Take one step of `step_code` on parameters that are kept in several arrays, and return the new arrays.

    params, grads: w and g, tuples of the same length, the arrays pairwise of one shape and all of one dtype. per_array:
    False, one κ for all entries (κ² = Σ κ²_array); True, one κ for each array, as the published code does when it is
    mapped over a tree of arrays. alpha, beta and errors as in `step`.
    """
    require_flag("per_array", per_array)
    if len(params) != len(grads):
        raise ValueError(f"grads must have as many arrays as params {len(params)}, got {len(grads)}")
    for w, g in zip(params, grads, strict=True):
        require_floating("params", w)
        require_like("grads", g, w)
        if w.dtype != params[0].dtype:
            raise TypeError(f"params must hold arrays of one dtype, got {params[0].dtype} and {w.dtype}")
    require_rates(alpha, beta)
    if per_array or not params:
        return tuple(step_code(w, g, alpha=alpha, beta=beta) for w, g in zip(params, grads, strict=True))
    together = step_code(
        np.concatenate([w.reshape(-1) for w in params]),
        np.concatenate([g.reshape(-1) for g in grads]),
        alpha=alpha,
        beta=beta,
    )
    ends = np.cumsum([w.size for w in params])
    return tuple(together[end - w.size : end].reshape(w.shape) for w, end in zip(params, ends, strict=True))


def step_coordinate(
    params: Array, grad: Array, hessian_diagonal: Array, *, alpha: float = 1e-3, beta: float = 0.1
) -> Array:
    """Return wᵢ - α·gᵢ/(1+β|hᵢ|), a rate for each coordinate.

    params, grad, hessian_diagonal: w, g and h = diag H, arrays of one shape and one floating-point dtype, which is that
    of the result. alpha, beta: as in `brake`. Raises `ValueError` or `TypeError` as `step` does.

    Ours: the source calls its multiplier decentralised and its curvature a diagonal approximation, but gives no such
    formula. With α = β it is a Levenberg-Marquardt step on |h| with damping 1/α.
    """
    require_rates(alpha, beta)
    require_floating("params", params)
    require_like("grad", grad, params)
    require_like("hessian_diagonal", hessian_diagonal, params)
    return params - alpha * grad / (1 + beta * np.abs(hessian_diagonal))


def diagnostics(grad: Array, curvature: Any, *, alpha: float = 1e-3, beta: float = 0.1) -> Diagnostics:
    """Return κ, Φ = α/(1+βκ) and the length ‖Φg‖₂ of the step that `step` would make with these arguments."""
    require_rates(alpha, beta)
    require_floating("grad", grad)
    require_curvature("curvature", curvature, grad.dtype)
    rate = _brake(curvature, alpha, beta)
    return Diagnostics(curvature, rate, norm(rate * grad))


def step_on(
    params: Array, objective: Objective, *, variant: str = "fro", alpha: float = 1e-3, beta: float = 0.1
) -> Array:
    """Return the next parameters on an objective f, its gradient and, if the variant needs it, its Hessian taken at w.

    params: w, shape (n,). objective: answers with ∇f(w) and ∇²f(w)·v. variant: "fro", "spectral" or "diag", `step` with
    that norm of the Hessian; "code", `step_code`; "coordinate", `step_coordinate`. The Hessian costs n products.
    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.
    """
    require_choice("variant", variant, VARIANTS)
    grad = objective.gradient(params)
    if variant == "code":
        return step_code(params, grad, alpha=alpha, beta=beta)
    identity = np.eye(params.shape[0], dtype=params.dtype)
    hessian = np.stack([objective.hvp(params, column) for column in identity])
    return stepper(hessian, variant)(params, grad, None, alpha=alpha, beta=beta)[0]


def stepper(hessian: Array, variant: str) -> Callable[..., tuple[Array, None]]:
    """Return the step of a variant where the Hessian is known: (params, grad, None) → (params, None)."""
    require_choice("variant", variant, VARIANTS)

    def advance(params: Array, grad: Array, state: None, *, alpha: float, beta: float) -> tuple[Array, None]:
        if variant == "code":
            return step_code(params, grad, alpha=alpha, beta=beta), state
        if variant == "coordinate":
            return step_coordinate(params, grad, np.diagonal(hessian), alpha=alpha, beta=beta), state
        return step(params, grad, kappa, alpha=alpha, beta=beta), state

    kappa = curvature_hessian(hessian, norm=variant) if variant in NORMS else None
    return advance


def trajectory(
    params: Array,
    hessian: Array,
    minimiser: Array,
    *,
    steps: int,
    variant: str = "fro",
    alpha: float = 1e-3,
    beta: float = 0.1,
) -> Array:
    """Iterate a variant on the quadratic ½(x-x*)ᵀH(x-x*) and return x₀ … x_steps, shape (steps + 1, n).

    params: x₀, shape (n,). hessian: H, symmetric, shape (n, n). minimiser: x*, shape (n,). One dtype for all.
    steps: how many steps, >= 0. variant: as in `step_on`. The rates are those of `brake`; the errors likewise.
    """
    require_rates(alpha, beta)
    require_symmetric("hessian", hessian)
    advance = stepper(hessian, variant)
    return iterate(lambda _: None, advance, params, hessian, minimiser, steps, alpha=alpha, beta=beta)


def endpoints(
    params: Array,
    hessian: Array,
    minimiser: Array,
    *,
    steps: int,
    variant: str = "fro",
    alpha: float = 1e-3,
    beta: float = 0.1,
) -> Array:
    """Return where `trajectory` ends from each row of `params`, shape (replicas, n).

    params: shape (replicas, n), one start a row. Everything else as in `trajectory`.
    """
    require_rates(alpha, beta)
    require_choice("variant", variant, VARIANTS)
    return iterate_many(trajectory, params, hessian, minimiser, steps, variant=variant, alpha=alpha, beta=beta)


def norm(array: Array) -> Any:
    """Return the Euclidean norm of all entries."""
    return np.sqrt(np.sum(array * array))


def require_rates(alpha: float, beta: float) -> None:
    """Raise `ValueError` or `TypeError` unless α is finite and > 0, β finite and >= 0."""
    require_number("alpha", alpha, 0)
    if not alpha > 0:
        raise ValueError(f"alpha must be > 0, got {alpha!r}")
    require_number("beta", beta, 0)


def require_curvature(name: str, value: Any, dtype: Any = None) -> None:
    """Raise `ValueError` or `TypeError` unless `value` is one number >= 0 (∞ too) of a floating-point dtype."""
    require_floating(name, value)
    if value.shape != ():
        raise ValueError(f"{name} must be one number, got shape {value.shape}")
    if dtype is not None and value.dtype != dtype:
        raise TypeError(f"{name} must have the dtype of grad {dtype}, got {value.dtype}")
    if not (value >= 0 and value <= inf):
        raise ValueError(f"{name} must be >= 0 and not nan, got {value}")


def require_symmetric(name: str, matrix: Any) -> None:
    """Raise `ValueError` or `TypeError` unless `matrix` is square and symmetric to half the dtype's digits."""
    require_floating(name, matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name} must have shape (n, n), got {matrix.shape}")
    largest = np.max(np.abs(matrix), initial=0)
    asymmetry = np.max(np.abs(matrix - matrix.T), initial=0)
    if asymmetry > float(np.finfo(matrix.dtype).eps) ** 0.5 * largest:
        raise ValueError(f"{name} must be symmetric, got entries that differ from their mirror image by {asymmetry}")
