"""Self-regulated kinetic learning: gradient descent whose step is divided by 1 + β·κ, κ a measure of curvature.

Source: PyTorch issue 184466 (2026), a text with five lines of code. They contradict each other: the text takes κ from
the Hessian, the code from the gradient alone. Both are kept, the code as variant "code", the text as one variant for
each norm of the Hessian; `gnomon_spec.descent.srkl` says what is known of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from gnomon.arguments import checked, with_keywords
from gnomon.descent.on_quadratics import repeated
from gnomon.domains import Array, Entries, Like, NonNegative, Positive, Scalar, require_floating, require_like
from gnomon.norms import length
from gnomon.objectives.contract import Objective
from gnomon.rounding import rounded_once

Norm = Literal["fro", "spectral", "diag"]
Variant = Literal["fro", "spectral", "diag", "code", "coordinate"]
NORMS, VARIANTS = get_args(Norm), get_args(Variant)
Hessian: TypeAlias = Annotated[Array, Entries(("n", "n"), fit="params", symmetric=True)]


class Diagnostics(NamedTuple):
    """What a step was made of: numbers of the gradient's dtype.

    curvature: κ. brake: Φ = α/(1+βκ). step_length: ‖Φg‖₂.
    """

    curvature: Any
    brake: Any
    step_length: Any


@checked()
def curvature(grad: Array) -> Any:
    """Return κ = ‖g∘g‖₂ = (Σ gᵢ⁴)^½ of variant "code", a number of the gradient's dtype.

    grad: g, floating-point array of any shape; the entries are taken as one vector. Without entries κ = 0; a NaN or an
    infinity gives NaN. Computed as s²·(Σ (gᵢ/s)⁴)^½ with s = max|gᵢ|, so that κ overflows only if it is itself too
    large.

    Choice: the code takes a norm whose meaning depends on the rank (of a matrix, Frobenius's); all ranks are flattened.
    """
    scale, _, root = factors(grad, 0)
    return scale * scale * root


def factors(grad: Array, least: float) -> tuple[Any, Array, Any]:
    """Return s = max(|gᵢ|, `least`), v = g/s and ‖v∘v‖₂: g is s·v, and κ is s²·‖v∘v‖₂, without overflow on the way."""
    scale = np.max(np.abs(grad), initial=least)
    v = grad / scale if scale != 0 else grad
    return scale, v, length(v * v)


@checked()
def curvature_hessian(hessian: Annotated[Array, Entries(("n", "n"), symmetric=True)], *, norm: Norm = "fro") -> Any:
    """Return κ = ‖H‖, a number of the dtype of H.

    hessian: H, shape (n, n), symmetric up to the square root of the dtype's spacing relative to its largest entry.
    norm: "fro", (Σ Hᵢⱼ²)^½; "spectral", max |λᵢ|; "diag", (Σ Hᵢᵢ²)^½. A NaN in what the norm is of gives NaN, and an
    infinity ∞ where there is no NaN.

    Choice: the text says no norm. "fro" is the default: it needs no eigenvalues, knows no coordinates, is never below
    the spectral norm (so that β >= α/2 makes every step stable), and is what one Rademacher probe estimates.
    """
    if norm == "spectral":
        largest_entry = np.max(np.abs(hessian), initial=0)
        if not np.isfinite(largest_entry):  # LAPACK finds any eigenvalues then
            return largest_entry
        return np.max(np.abs(np.linalg.eigvalsh(hessian)), initial=0)
    return length(np.diagonal(hessian) if norm == "diag" else hessian)


def require_probes(given: Mapping[str, Any]) -> None:
    if given["probes"].shape[0] == 0:
        raise ValueError(f"probes must have shape (m, n) with m >= 1, got {given['probes'].shape}")
    if not np.all(np.abs(given["probes"]) == 1):
        raise ValueError("probes must be +1 or -1 in every entry")


@checked(require_probes)
def curvature_probe(products: Annotated[Array, Entries(("m", "n"))], probes: Annotated[Array, Like("products")]) -> Any:
    """Return κ = ‖ĥ‖₂ with ĥ = (1/m) Σₖ zₖ∘(H zₖ), Hutchinson's estimate of the diagonal, a number of that dtype.

    probes: Z, shape (m, n), m >= 1, one probe a row, entries ±1, drawn by the caller. products: H·zₖ, one a row, shape
    and dtype of the probes (`np.stack([hvp(z) for z in probes])`).

    With one probe κ = ‖H z‖₂, an estimate of the Frobenius norm and not of the diagonal.
    """
    diagonal = np.sum(probes * products, axis=0) / probes.shape[0]
    return length(diagonal)


@checked()
@rounded_once
def brake(curvature: Annotated[Any, Scalar(low=0)], *, alpha: Positive = 1e-3, beta: NonNegative = 0.1) -> Any:
    """Return the rate Φ = α/(1+βκ), a number of the dtype of κ.

    curvature: κ >= 0, a number of a floating-point dtype; infinity is legal and gives 0. alpha: α, finite and > 0.
    beta: β, finite and >= 0; with 0 the rate is α whatever κ is (also infinite), which is plain gradient descent.

    Choice: the source wants β > 0; 0 is allowed as a limit.
    """
    braking = np.zeros_like(curvature) if beta == 0 else beta * curvature
    return alpha / (1 + braking)


@checked()
@rounded_once
@with_keywords(brake)
def step(params: Array, grad: Array, curvature: Annotated[Any, Scalar("params", low=0)], **rates: float) -> Array:
    """Return w - Φ·g with the rate Φ = α/(1+βκ), one for all coordinates.

    params, grad: w and g, arrays of one shape and one floating-point dtype, which is that of the result. curvature: κ
    at w, a number of that dtype, >= 0: one of `curvature`, `curvature_hessian`, `curvature_probe`. alpha, beta: as in
    `brake`. A NaN or an infinity in the gradient runs through the formula.

    Choice: the text speaks of one multiplier Φ(W) and calls it decentralised; the multiplier is one here, and
    `step_coordinate` has one for each coordinate. κ and g are taken before the step.
    """
    new: Array = params - brake(curvature, **rates) * grad
    return new


@checked()
@rounded_once
def step_code(params: Array, grad: Array, *, alpha: Positive = 1e-3, beta: NonNegative = 0.1) -> Array:
    """Return w - α·g/(1+β‖g∘g‖₂), the rule of the published code.

    Everything as in `step`, with κ = `curvature(grad)`. Computed from v = g/s, s = max(1, |gᵢ|), as
    α·v/(1/s + βs·‖v∘v‖₂); a part of it leaves the range only where the step is below α over the largest number.

    Choice: the plain formula overflows to κ = ∞ for |gᵢ| > 1.2e77 (float32: 4.3e9) and then makes no step at all,
    without a word. The true step there is small and not 0, and that is what is returned.
    """
    if beta == 0:
        return params - alpha * grad
    scale, v, root = factors(grad, 1)
    new: Array = params - alpha / (1 / scale + beta * scale * root) * v
    return new


def require_pairs(params: Sequence[Array], grads: Sequence[Array]) -> None:
    """Raise `ValueError` or `TypeError` unless `params` are arrays of one dtype, and each has a gradient like it."""
    if len(params) != len(grads):
        raise ValueError(f"grads must have as many arrays as params {len(params)}, got {len(grads)}")
    for w, g in zip(params, grads, strict=True):
        require_floating("params", w)
        require_like("grads", g, w)
        if w.dtype != params[0].dtype:
            raise TypeError(f"params must hold arrays of one dtype, got {params[0].dtype} and {w.dtype}")


@checked()
def step_arrays(
    params: tuple[Array, ...], grads: tuple[Array, ...], *,
    alpha: Positive = 1e-3, beta: NonNegative = 0.1, per_array: bool = False,
) -> tuple[Array, ...]:  # fmt: skip
    """Take one step of `step_code` on parameters that are kept in several arrays, and return the new arrays.

    params, grads: w and g, tuples of the same length, the arrays pairwise of one shape and all of one dtype. per_array:
    False, one κ for all entries (κ² = Σ κ²_array); True, one κ for each array, as the published code does when it is
    mapped over a tree of arrays. alpha, beta: as in `brake`.
    """
    require_pairs(params, grads)
    if per_array or not params:
        return tuple(step_code(w, g, alpha=alpha, beta=beta) for w, g in zip(params, grads, strict=True))
    together = step_code(joined(params), joined(grads), alpha=alpha, beta=beta)
    ends = np.cumsum([w.size for w in params])
    return tuple(together[end - w.size : end].reshape(w.shape)[()] for w, end in zip(params, ends, strict=True))


def joined(arrays: Sequence[Array]) -> Array:
    """Return all entries of the arrays as one vector."""
    return np.concatenate([array.reshape(-1) for array in arrays])


@checked()
@rounded_once
def step_coordinate(
    params: Array, grad: Array, hessian_diagonal: Array, *, alpha: Positive = 1e-3, beta: NonNegative = 0.1
) -> Array:
    """Return wᵢ - α·gᵢ/(1+β|hᵢ|), a rate for each coordinate.

    params, grad, hessian_diagonal: w, g and h = diag H, arrays of one shape and one floating-point dtype, which is that
    of the result. alpha, beta: as in `brake`.

    Ours: the source calls its multiplier decentralised and its curvature a diagonal approximation, but gives no such
    formula. With α = β it is a Levenberg-Marquardt step on |h| with damping 1/α.
    """
    return params - alpha * grad / (1 + beta * np.abs(hessian_diagonal))


@checked()
@rounded_once
@with_keywords(brake)
def diagnostics(grad: Array, curvature: Annotated[Any, Scalar("grad", low=0)], **rates: float) -> Diagnostics:
    """Return κ, Φ = α/(1+βκ) and the length ‖Φg‖₂ of the step that `step` would make with these arguments."""
    rate = brake(curvature, **rates)
    return Diagnostics(curvature, rate, length(rate * grad))


def init(params: Array, *, hessian: Array) -> Array:
    """Return what `advance` must know of a quadratic: its Hessian, the same at every step."""
    return hessian


@checked()
@with_keywords(brake)
def advance(
    params: Array, grad: Array, hessian: Hessian, *, variant: Variant = "fro", **rates: float
) -> tuple[Array, Array]:
    """Take one step of a variant where the Hessian at w is known, and return the new parameters and the Hessian.

    variant: "fro", "spectral" or "diag", `step` with that norm of the Hessian; "code", `step_code`; "coordinate",
    `step_coordinate`.
    """
    if variant == "code":
        return step_code(params, grad, **rates), hessian
    if variant == "coordinate":
        return step_coordinate(params, grad, np.diagonal(hessian), **rates), hessian
    return step(params, grad, curvature_hessian(hessian, norm=variant), **rates), hessian


@checked()
@with_keywords(brake)
def step_on(params: Array, objective: Objective, *, variant: Variant = "fro", **rates: float) -> Array:
    """Return the next parameters on an objective f, its gradient and, if the variant needs it, its Hessian taken at w.

    params: w, shape (n,). objective: answers with ∇f(w) and ∇²f(w)·v. variant: as in `advance`; all but "code" cost n
    products with the Hessian.
    """
    grad = objective.gradient(params)
    if variant == "code":
        return step_code(params, grad, **rates)
    hessian = np.stack([objective.hvp(params, column) for column in np.eye(params.shape[0], dtype=params.dtype)])
    return advance(params, grad, hessian, variant=variant, **rates)[0]


trajectory, endpoints = repeated(init, advance)
