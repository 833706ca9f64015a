"""Hessian-free optimization in torch, written from its description as a user of torch writes it: a port of each part.

The functions offered take and return arrays. What they do with tensors is in `parts`, `solver` and `optimizer`, which
call one another by module and name, so that one part can be exchanged. Curvature products are double backward through a
graph that a step records once (`objectives`).
"""

from __future__ import annotations

from gnomon_validation.ports.torch_hessian_free.offered_parts import (
    hessian_free_armijo,
    hessian_free_choose_iterate,
    hessian_free_conjugate_gradients,
    hessian_free_fisher_preconditioner,
    hessian_free_progress_has_ended,
    hessian_free_reduction_ratio,
    hessian_free_squared_gradients,
    hessian_free_storage_grid,
    hessian_free_updated_damping,
    hessian_free_window,
)
from gnomon_validation.ports.torch_hessian_free.offered_runs import (
    hessian_free_fit_linear_models,
    hessian_free_minimise_quadratics,
)
from gnomon_validation.ports.torch_hessian_free.offered_steps import (
    hessian_free_acc_step,
    hessian_free_step,
)

__all__ = [
    "dtypes",
    "hessian_free_acc_step",
    "hessian_free_armijo",
    "hessian_free_choose_iterate",
    "hessian_free_conjugate_gradients",
    "hessian_free_fisher_preconditioner",
    "hessian_free_fit_linear_models",
    "hessian_free_minimise_quadratics",
    "hessian_free_progress_has_ended",
    "hessian_free_reduction_ratio",
    "hessian_free_squared_gradients",
    "hessian_free_step",
    "hessian_free_storage_grid",
    "hessian_free_updated_damping",
    "hessian_free_window",
]

dtypes = ("float32", "float64")
