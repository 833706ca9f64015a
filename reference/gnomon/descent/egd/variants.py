"""What the authors' code computes in place of the polar factor, and the baseline that it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.egd.polar import Gradient, of_size_one
from gnomon.domains import Array, Entries, NonNegativeInt, Positive
from gnomon.norms import length
from gnomon.rounding import rounded_once

Sketch: TypeAlias = Annotated[Array, Entries(("q", "p"), fit="gradient", of=("p",), finite=True, least=1)]
Unit = Literal["column", "row"]


def relative(floor: float, gradient: Array) -> Any:
    """Return floor/max|Gᵢⱼ|, at least the smallest number of the dtype: of use beside G/max|Gᵢⱼ|."""
    largest = np.max(np.abs(gradient), initial=0)
    with np.errstate(over="ignore"):
        ratio = floor / largest if largest > 0 else 0 * largest + floor
    return np.maximum(ratio, float(np.finfo(gradient.dtype).smallest_subnormal))


@checked()
@rounded_once
def floored(gradient: Gradient, *, floor: Positive = 1e-6) -> Array:
    """Return (U·diag(1/max(s, floor))·Uᵀ)·G with G = U·diag(s)·Vᵀ: each singular value s becomes min(1, s/floor).

    gradient: G, shape (m, p), finite. floor: 1e-6 in the code's modular tasks and for MNIST, 1e-9 in its transformer;
    unlike `polar` this depends on the scale of the loss. A singular value of rounding, ε·s₁, becomes noise of size
    ε·s₁/floor. Source: variant "code". Choices: computed as U·diag(min(1, s/floor))·Vᵀ, the same formula, which keeps
    the digits that the code's product loses; the parity script's floor of 0 is 0/0 and rejected: see `polar`.
    """
    if gradient.size == 0:
        return gradient.copy()
    U, s, Vt = np.linalg.svd(of_size_one(gradient), full_matrices=False)
    lowest = relative(floor, gradient)
    smaller: Array = (U * (np.minimum(s, lowest) / lowest)) @ Vt
    return smaller


def require_fitting_rank(given: Mapping[str, Any]) -> None:
    (m, p), q = given["gradient"].shape, given["sketch"].shape[0]
    if q > min(m, p):
        raise ValueError(f"sketch must have at most min(m, p) = {min(m, p)} rows, got {q}")


@checked(require_fitting_rank)
@rounded_once
def rsvd(gradient: Gradient, sketch: Sketch, *, n_iter: NonNegativeInt = 2, floor: Positive = 1e-6) -> Array:
    """Return (Û·diag(1/max(ŝ, floor))·Ûᵀ)·G with G·Q = Û·diag(ŝ)·V̂ᵀ, the left part found from a sketch.

    Q starts as Ωᵀ; n_iter times Q ← orth(G·Q), then Q ← orth(Gᵀ·Q). gradient: G, shape (m, p), finite. sketch: Ω, shape
    (q, p), 1 <= q <= min(m, p), one vector a row (a column in the code), drawn from the normal distribution by the
    caller: the JAX scripts use one for the whole run, the PyTorch fork another in each step. All of G is multiplied,
    not G·Q·Qᵀ: no U_q·V_qᵀ but a matrix of rank q. If n_iter >= 1, or Ω is orthonormal, its q singular values are >= 1,
    all 1 only if the sketch has caught a left singular space. With q >= rank G it is `polar` but for the floor. Source:
    the code, variant "rsvd".
    """
    X, Q = of_size_one(gradient), sketch.T
    for _ in range(n_iter):
        Q = np.linalg.qr(X @ Q)[0]
        Q = np.linalg.qr(X.T @ Q)[0]
    U, s, _ = np.linalg.svd(X @ Q, full_matrices=False)
    projected: Array = U @ ((U.T @ X) / np.maximum(s, relative(floor, gradient))[:, np.newaxis])
    return projected


@checked()
@rounded_once
def colnorm(gradient: Gradient, *, floor: Positive = 0.01, unit: Unit = "column") -> Array:
    """Return G with the gradient g of each hidden unit divided by max(‖g‖, floor), the paper's baseline.

    gradient: G, shape (m, p), finite. unit: whether a hidden unit's weights are a column, as in the scripts, where W is
    (fan_in, fan_out), or a row, as the paper's text takes G; `polar` does not care, this does.
    """
    columns = gradient if unit == "column" else gradient.T
    if gradient.size == 0:
        return gradient.copy()
    norms = np.stack([length(column) for column in columns.T])
    normalised: Array = columns / np.maximum(norms, floor)
    return normalised if unit == "column" else normalised.T
