"""REG in torch, written anew: rows and columns are divided by their largest number, then by the norm of that."""

from __future__ import annotations

from typing import Any

import torch

from gnomon.descent.reg.optimizer import REGState
from gnomon_validation.ports.torch_functions import offered

dtypes = ("float32", "float64")
ROWS, COLUMNS, ALL = (1,), (0,), (0, 1)


def divided_by_norms(matrix: Any, dims: tuple[int, ...], p: float) -> tuple[Any, Any, Any]:
    """Return the matrix with each norm along some dimensions made 1 unless it is 0; largest number, norm beside it."""
    top = matrix.abs().amax(dim=dims, keepdim=True)
    scaled = matrix / torch.where(top > 0, top, 1)
    norm = torch.linalg.vector_norm(scaled, ord=p, dim=dims, keepdim=True)
    return scaled / torch.where(norm > 0, norm, 1), top, norm


def scaled(matrix: Any, p: float, mode: str, sweeps: int) -> Any:
    """Return what each mode makes of a matrix."""

    def rows(M: Any) -> Any:
        return divided_by_norms(M, ROWS, p)[0]

    def columns(M: Any) -> Any:
        return divided_by_norms(M, COLUMNS, p)[0]

    if mode in ("rc", "sinkhorn"):
        for _ in range(sweeps if mode == "sinkhorn" else 1):
            matrix = columns(rows(matrix))
        return matrix
    if mode == "cr":
        return rows(columns(matrix))
    if mode == "avg":
        return torch.add(rows(matrix), columns(matrix)).div(2)
    root = matrix.abs().sqrt()
    sides = [divided_by_norms(matrix, dims, p)[1:] for dims in (ROWS, COLUMNS)]
    r, c = (torch.where(top > 0, top.sqrt() * norm.sqrt(), 1) for top, norm in sides)
    halves = torch.copysign(root / r * (root / c), matrix)
    return halves if mode == "sqrt" else halves / torch.minimum(r, c) / torch.maximum(r, c)


@offered("reg.normalised")
def reg_normalised(matrix: Any, side: str, p: float) -> Any:
    return divided_by_norms(matrix, ROWS if side == "rows" else COLUMNS, p)[0]


@offered("reg.racs_reg")
def reg_racs_reg(matrix: Any, p: float, mode: str, sweeps: int) -> Any:
    return scaled(matrix, p, mode, sweeps)


@offered("reg.step")
def reg_step(
    params: Any, grad: Any, state: Any, lr: float, beta: float, nesterov: bool, weight_decay: float, gamma: float,
    scale: str, p: float, mode: str, sweeps: int,
) -> Any:  # fmt: skip
    momentum = state.momentum.mul(beta).add(grad, alpha=1 - beta)
    ahead = momentum.mul(beta).add(grad, alpha=1 - beta) if nesterov else momentum
    if scale == "rms":
        ahead = divided_by_norms(ahead, ALL, float("inf"))[0]
    update = scaled(ahead, p, mode, sweeps)
    if scale == "rms":
        update = divided_by_norms(update, ALL, 2)[0].mul(gamma * params.numel() ** 0.5)
    else:
        update = update.mul(gamma * max(params.shape) ** 0.5)
    return params.mul(1 - lr * weight_decay).sub(update, alpha=lr), REGState(momentum)
