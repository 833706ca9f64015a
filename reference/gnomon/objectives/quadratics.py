"""Quadratics: every derivative, and every iterate of gradient descent, in closed form.

Source: any text on iterative methods; gradient descent on a quadratic is the power method of I - lr·H
(e.g. Nocedal & Wright, Numerical Optimization, 2nd edition, section 3.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import ClassVar, NamedTuple

import autograd.numpy as traced
import numpy as np

from gnomon.domains import Array, Number, require_count, require_finite, require_floating, require_like
from gnomon.objectives.contract import Scalar, require_point


class Spectrum(NamedTuple):
    """An eigen-decomposition H = Q diag(λ) Qᵀ.

    eigenvalues: λ, shape (n,), in any order. rotation: Q, orthogonal, shape (n, n), eigenvectors as columns;
    `None` is the identity.
    """

    eigenvalues: Array
    rotation: Array | None


@dataclass(frozen=True, eq=False)
class Quadratic:
    """f(x) = ½(x - x*)ᵀH(x - x*) + c, with ∇f(x) = H(x - x*) and ∇²f(x) = H.

    hessian: H, exactly symmetric, shape (n, n), finite; definite, singular or indefinite. minimiser: x*, shape (n,), of
    the same dtype: the stationary point, and a minimiser unless H has a negative eigenvalue. offset: c, a finite Python
    number. known_spectrum: the eigen-decomposition if it is known, as `quadratic_with_spectrum` knows it.

    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.
    """

    hessian: Array
    minimiser: Array
    offset: float = 0.0
    known_spectrum: Spectrum | None = None

    name: ClassVar[str] = "quadratic"

    def __post_init__(self) -> None:
        require_floating("minimiser", self.minimiser)
        if self.minimiser.ndim != 1 or self.minimiser.shape[0] == 0:
            raise ValueError(f"minimiser must have shape (n,) with n >= 1, got {self.minimiser.shape}")
        require_matrix("hessian", self.hessian, self.minimiser)
        require_finite({"hessian": self.hessian, "minimiser": self.minimiser})
        asymmetric = np.argwhere(self.hessian != np.transpose(self.hessian))
        if asymmetric.size:
            i, j = (int(k) for k in asymmetric[0])
            above, below = self.hessian[i, j], self.hessian[j, i]
            raise ValueError(f"hessian must be symmetric, got {above} at ({i}, {j}) and {below} at ({j}, {i})")
        Number(-inf).require("offset", self.offset, {})
        if not np.isfinite(self.offset):
            raise ValueError(f"offset must be finite, got {self.offset!r}")

    def value(self, params: Array) -> Scalar:
        """Return f(x). params: x, shape (n,), of the dtype of H."""
        require_point(params, self.dimension, self.minimiser.dtype)
        d = params - self.minimiser
        return 0.5 * traced.dot(d, self.hessian @ d) + self.offset

    def gradient(self, params: Array) -> Array:
        """Return H(x - x*)."""
        require_point(params, self.dimension, self.minimiser.dtype)
        return self.hessian @ (params - self.minimiser)

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return H·v, whatever x."""
        require_point(params, self.dimension, self.minimiser.dtype)
        require_like("vector", vector, params)
        return self.hessian @ vector

    def ggnvp(self, params: Array, vector: Array) -> Array:
        """Return H·v: with the identity as the model, the Gauss-Newton matrix is the Hessian."""
        return self.hvp(params, vector)

    def gradient_descent_iterate(self, start: Array, lr: float, steps: int) -> Array:
        """Return x_t = x* + Q (1 - lr·λ)ᵗ Qᵀ (x₀ - x*), where gradient descent x ← x - lr·∇f(x) is after t steps.

        start: x₀, shape (n,), of the dtype of H. lr: finite and >= 0, a Python number. steps: t >= 0.
        """
        require_point(start, self.dimension, self.minimiser.dtype, "start")
        Number().require("lr", lr, {})
        require_count("steps", steps)
        eigenvalues, Q = self.spectrum
        contraction = (1 - lr * eigenvalues) ** steps
        d = start - self.minimiser
        if Q is None:
            return self.minimiser + contraction * d
        return self.minimiser + Q @ (contraction * (np.transpose(Q) @ d))

    @property
    def dimension(self) -> int:
        """How many parameters there are, n."""
        return int(self.minimiser.shape[0])

    @cached_property
    def spectrum(self) -> Spectrum:
        """The known eigen-decomposition, else that of `numpy.linalg.eigh` (float32 and float64 only)."""
        if self.known_spectrum is not None:
            return self.known_spectrum
        eigenvalues, Q = np.linalg.eigh(self.hessian)
        return Spectrum(eigenvalues, Q)

    @property
    def start(self) -> Array:
        """x* + (1, …, 1)."""
        return self.minimiser + 1

    @property
    def minimisers(self) -> tuple[Array, ...]:
        """x* alone (one of many if H is singular); none if an eigenvalue is negative.

        An eigenvalue counts as negative below -n·ε·max|λ|, the backward error of a symmetric eigensolver.
        """
        eigenvalues = self.spectrum.eigenvalues
        rounding = self.dimension * np.finfo(eigenvalues.dtype).eps * np.max(np.abs(eigenvalues))
        return (self.minimiser,) if np.min(eigenvalues) >= -rounding else ()

    @property
    def minimum(self) -> float | None:
        """c, or `None` if f is unbounded below."""
        return self.offset if self.minimisers else None


def quadratic_with_spectrum(
    eigenvalues: Array, rotation: Array | None, minimiser: Array, offset: float = 0.0
) -> Quadratic:
    """Return the quadratic with H = Q diag(λ) Qᵀ, which keeps λ and Q as its known spectrum.

    eigenvalues: λ, shape (n,), finite, any sign. rotation: Q, shape (n, n), orthogonal to rounding; `None` is the
    identity. minimiser: x*, shape (n,). One floating-point dtype for all.

    Q is accepted if |QᵀQ - I| <= n(n + 1)·ε in every entry, ε the spacing of its dtype at 1: a Q made of n Householder
    reflections of length n has columns within n²·ε/2 of orthonormal ones (n roundings each), which enter twice, and
    forming the n-term products of QᵀQ adds n·ε. Raises `ValueError` or `TypeError` otherwise.
    """
    require_floating("eigenvalues", eigenvalues)
    require_like("minimiser", minimiser, eigenvalues)
    require_finite({"eigenvalues": eigenvalues})
    if eigenvalues.ndim != 1:
        raise ValueError(f"eigenvalues must have shape (n,), got {eigenvalues.shape}")
    n = eigenvalues.shape[0]
    if rotation is None:
        return Quadratic(
            eigenvalues * np.eye(n, dtype=eigenvalues.dtype), minimiser, offset, Spectrum(eigenvalues, None)
        )

    require_matrix("rotation", rotation, eigenvalues)
    require_finite({"rotation": rotation})
    defect = np.max(np.abs(np.transpose(rotation) @ rotation - np.eye(n, dtype=eigenvalues.dtype)))
    allowed = n * (n + 1) * np.finfo(eigenvalues.dtype).eps
    if not defect <= allowed:
        raise ValueError(f"rotation must be orthogonal, |QᵀQ - I| <= {allowed:.3g}, got {defect:.3g}")
    H = (rotation * eigenvalues) @ np.transpose(rotation)
    symmetric = (H + np.transpose(H)) / 2
    return Quadratic(symmetric, minimiser, offset, Spectrum(eigenvalues, rotation))


def require_matrix(name: str, matrix: Array, vector: Array) -> None:
    """Require floating-point `matrix` of shape (n, n) and of the dtype of `vector`, shape (n,)."""
    require_floating(name, matrix)
    n = vector.shape[0]
    if matrix.shape != (n, n):
        raise ValueError(f"{name} must have shape {(n, n)}, got {matrix.shape}")
    if matrix.dtype != vector.dtype:
        raise TypeError(f"{name} must have dtype {vector.dtype}, got {matrix.dtype}")
