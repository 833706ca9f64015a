"""`pytorch_optimizer.RACS` as a port of `reg.fisher_step`: its `s` are our rows, its `q` our columns, `theta` our φ.

A fresh state is not written: it begins by itself. It makes no sweeps of a fit, so that `iterations` is no argument.
"""

from __future__ import annotations

from typing import Any

import torch
from pytorch_optimizer import RACS

from gnomon.descent.reg.fisher import FisherState
from gnomon_validation.ports.torch_functions import arrays, tensor

dtypes = ("float32", "float64")


def reg_fisher_step(
    params: Any, grad: Any, state: Any, *, lr: float = 0.02, beta: float = 0.9, alpha: float = 0.05, gamma: float = 1.01
) -> Any:
    """Return the parameters and the state after one step, with the library's ε, 1e-8."""
    weights = torch.nn.Parameter(tensor(params))
    optimizer = RACS([weights], lr=lr, beta=beta, alpha=alpha, gamma=gamma)
    weights.grad = tensor(grad)
    if any(bool((part != 0).any()) for part in state):
        kept = {"s": state.rows, "q": state.columns, "theta": state.length}
        optimizer.state[weights] = {name: tensor(part) for name, part in kept.items()}
    optimizer.step()
    after = optimizer.state[weights]
    return arrays((weights.detach(), FisherState(after["s"], after["q"], after["theta"])))
