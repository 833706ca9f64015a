"""Row and column scaling of a matrix, RACS: each row is divided by its norm, and each column.

Source: Liu, Wu, Fu, Liu, Han, Zhong & Yuan, "REG: A Regularization Optimizer for Robust Training Dynamics", arXiv
2510.03691, from its abstract and from notes of its readers: the text itself was not to be had. No formula here is the
paper's to the letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, NonNegative, PositiveInt, is_real_number
from gnomon.rounding import rounded_once

Mode = Literal["rc", "cr", "sqrt", "product", "avg", "sinkhorn"]
MODES = get_args(Mode)
Side = Literal["rows", "columns"]
AXIS = {"rows": 1, "columns": 0, "all": None}
Matrix: TypeAlias = Annotated[Array, Entries(("m", "n"), least=1, finite=True)]


@dataclass(frozen=True)
class AtLeastOne:
    """A number >= 1, or infinity: the p of a norm."""

    def require(self, name: str, value: Any, given: Any) -> None:
        if not is_real_number(value):
            raise TypeError(f"{name} must be a number >= 1 or inf, got {value!r}")
        if not value >= 1:
            raise ValueError(f"{name} must be a number >= 1 or inf, got {value!r}")

    def __str__(self) -> str:
        return "a number >= 1, or inf"


Exponent: TypeAlias = Annotated[float, AtLeastOne()]


class Balanced(NamedTuple):
    """Where scaling rows and columns in turn stopped.

    matrix: the last one; its columns have norm 1. residual: how far its row norms are from those of the limit,
    max |rᵢ/(n/m)^{1/p} - 1| over the rows that are not 0, with m and n the numbers of rows and columns that are not.
    sweeps: how many were made.
    """

    matrix: Array
    residual: Any
    sweeps: int


@checked()
@rounded_once
def normalised(matrix: Matrix, *, side: Side = "rows", p: Exponent = 2.0) -> Array:
    """Return diag(r)⁻¹M, r the p-norms of the rows, or M diag(c)⁻¹, c those of the columns; 0 stays 0.

    matrix: M, shape (m, n), finite. side: "rows" or "columns". p: >= 1, also inf.
    """
    return unit(matrix, side, p)


@checked()
@rounded_once
def racs_reg(matrix: Matrix, *, p: Exponent = 2.0, mode: Mode = "rc", sweeps: PositiveInt = 100) -> Array:
    """Return a matrix whose rows and columns are scaled by their norms.

    With r and c the p-norms of the rows and of the columns of M, and a norm of 0 taken for 1::

        rc         R = R'·diag(c')⁻¹,  R' = diag(r)⁻¹·M,  c' the column norms of R'
        cr         columns first, then the rows of what they leave: the transpose of rc on Mᵀ
        sqrt       Mᵢⱼ/√(rᵢcⱼ)
        product    Mᵢⱼ/(rᵢcⱼ)
        avg        (diag(r)⁻¹·M + M·diag(c)⁻¹)/2
        sinkhorn   rc over and over: see `sinkhorn`

    matrix: M, shape (m, n), m and n >= 1, finite; a convolution's kernel is given as (out, all else), what is no matrix
    has no place here. p: >= 1, also inf. mode: as above. sweeps: how many times at most in mode "sinkhorn".

    Choices: "rc" is the literal reading of "row and column", once, and so is the default; all modes but "sinkhorn" have
    been written down as what the paper may mean. Numbers are divided by the largest of their row or column before any
    power is taken of them, so that every scale of M is legal, subnormal rows too; no ε stands anywhere. What is smaller
    than the dtype's range beside the largest number of its row is lost.
    """
    return scaled(matrix, p, mode, sweeps)


def scaled(matrix: Array, p: float, mode: Mode, sweeps: int) -> Array:
    """Return what `racs_reg` does, of any numbers."""
    if mode == "rc":
        return unit(unit(matrix, "rows", p), "columns", p)
    if mode == "cr":
        return unit(unit(matrix, "columns", p), "rows", p)
    if mode == "avg":
        return (unit(matrix, "rows", p) + unit(matrix, "columns", p)) / 2
    if mode == "sinkhorn":
        return repeatedly(matrix, p, sweeps, 1e-14).matrix
    root, left, right = np.abs(matrix) ** 0.5, root_norms(matrix, "rows", p), root_norms(matrix, "columns", p)
    balanced = np.sign(matrix) * (root / left) * (root / right)
    if mode == "sqrt":
        return balanced
    with np.errstate(over="ignore"):
        return balanced / np.minimum(left, right) / np.maximum(left, right)


@checked()
@rounded_once
def sinkhorn(matrix: Matrix, *, p: Exponent = 2.0, sweeps: PositiveInt = 100, rtol: NonNegative = 1e-14) -> Balanced:
    """Scale rows, then columns, again and again, until all row norms are off by less than rtol, at most `sweeps` times.

    In the limit columns have norm 1 and rows (n/m)^{1/p}: |Mᵢⱼ|ᵖ is scaled as Sinkhorn and Knopp do. Where there are
    zeros there need not be such a matrix. If some of what is not 0 lies on no diagonal without zeros (of a square
    matrix), the limit has zeros there and the residual falls like 1/k: [[1, 2], [0, 3]]. If no diagonal at all is
    without zeros it does not fall: look at the residual.

    matrix, p: as in `racs_reg`. sweeps: the cap. rtol: >= 0; 0 makes all sweeps.

    Source: Sinkhorn & Knopp 1967.
    """
    return repeatedly(matrix, p, sweeps, rtol)


def repeatedly(matrix: Array, p: float, sweeps: int, rtol: float) -> Balanced:
    """Return what `sinkhorn` does, of any numbers."""
    residual: Any = inf
    made = 0
    while made < sweeps and not residual < rtol:
        matrix = unit(unit(matrix, "rows", p), "columns", p)
        residual, made = imbalance(matrix, p), made + 1
    return Balanced(matrix, residual, made)


def imbalance(matrix: Array, p: float) -> Any:
    """Return max |rᵢ/(n/m)^{1/p} - 1| over the rows that are not 0; m and n count rows and columns that are not."""
    largest, norm = norms(matrix, "rows", p)
    m, n = (int(np.count_nonzero(norms(matrix, side, p)[0])) for side in ("rows", "columns"))
    return np.max(np.where(largest > 0, np.abs(largest * norm / (max(n, 1) / max(m, 1)) ** (1 / p) - 1), 0 * norm))


def unit(matrix: Array, side: str, p: float) -> Array:
    """Return a matrix with every row, every column, or all of it, divided by its p-norm, unless that is 0."""
    largest, norm = norms(matrix, side, p)
    return matrix / np.where(largest > 0, largest, 1) / np.where(norm > 0, norm, 1)


def root_norms(matrix: Array, side: str, p: float) -> Array:
    """Return the square roots of the p-norms, 1 for 0."""
    largest, norm = norms(matrix, side, p)
    return np.where(largest > 0, largest**0.5 * norm**0.5, 1)


def norms(matrix: Array, side: str, p: float) -> tuple[Any, Any]:
    """Return s = max|x| of each row, each column or all of a matrix, and ‖x/s‖ₚ: the norm is their product."""
    size, axis = np.abs(matrix), AXIS[side]
    largest = np.max(size, axis=axis, keepdims=True)
    share = size / np.where(largest > 0, largest, 1)
    if p == inf:
        return largest, np.max(share, axis=axis, keepdims=True)
    if p == 2:
        return largest, np.sum(share * share, axis=axis, keepdims=True) ** 0.5
    return largest, np.sum(share**p, axis=axis, keepdims=True) ** (1 / p)
