"""The operations that are asked for otherwise than the parts are, on tensors: with objectives, operators and runs."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import torch

from gnomon.hessian_free.optimizer import HessianFreeState
from gnomon.hessian_free.runs import Runs
from gnomon_spec.system import find_system
from gnomon_validation.ports.torch_hessian_free import optimizer, parts, solver
from gnomon_validation.ports.torch_hessian_free.objectives import Composed, Weighted, linear, quadratic, rebuilt


def conjugate_gradients(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Any:
    """Return what conjugate gradients find, for a matrix as operator."""
    A, M = multiplication(operator), multiplication(preconditioner)
    return solver.conjugate_gradients(A, rhs, 0 * rhs if start is None else start, M, **hyper)


def multiplication(operator: Any) -> Any:
    """Return v ↦ Av of a matrix, or of its diagonal, that is given as a tuple of one tensor; None of None."""
    if operator is None:
        return None
    (A,) = operator

    def product(v: Any) -> Any:
        fits = A.shape in (v.shape, 2 * v.shape) and A.dtype == v.dtype
        parts.require(fits, f"the operator must fit vectors of shape {tuple(v.shape)}, got {tuple(A.shape)}")
        return A @ v if A.dim() == 2 else A * v

    return product


def choose_iterate(losses: Any, variant: str) -> tuple[int, int]:
    """Return which of the iterates with these losses is taken, and how many were visited."""
    return parts.choose_iterate(lambda i: losses[i].item(), len(losses), variant)


def reduction_ratio(before: Any, after: Any, predicted: Any, variant: str) -> Any:
    """Return how much of the predicted change came true."""
    return parts.reduction_ratio(before, after, predicted, parts.PRESETS[variant]["on_increase"])


def armijo(objective: Any, params: Any, direction: Any, grad: Any, max_iter: int, **hyper: Any) -> tuple[Any, Any, int]:
    """Return the step length, the value there, and how often the objective was evaluated."""
    f = optimizer.Counted(rebuilt(objective))
    return *parts.armijo(f.value, params, direction, grad @ direction, tries=max_iter, **hyper), f.evaluations


def step(params: Any, state: Any, objective: Any, preconditioner: Any, **hyper: Any) -> Any:
    """Return new parameters, the state, and the report of one step."""
    return optimizer.step(params, state, rebuilt(objective), multiplication(preconditioner), preset(hyper))


def preset(hyper: dict[str, Any]) -> SimpleNamespace:
    """Return hyperparameters, the rules of the variant in the place of `None`."""
    rules = parts.PRESETS[hyper["variant"]]
    return SimpleNamespace(**{**hyper, **{name: rule for name, rule in rules.items() if hyper[name] is None}})


def acc_step(
    params: Any,
    state: Any,
    losses: Any,
    gradients: Any,
    curvatures: Any,
    preconditioner: Any,
    reduction: str,
    **hyper: Any,
) -> Any:
    """Return what a step does with loss, gradient and curvature over lists of (objective, size)."""
    lists = []
    for batches in (losses, losses if gradients is None else gradients, losses if curvatures is None else curvatures):
        sizes = [size for _, size in batches]
        parts.require(len(batches) > 0 and min(sizes) >= 1, f"batches must be some, of sizes >= 1, got sizes {sizes}")
        shares = [size / sum(sizes) if reduction == "mean" else 1.0 for size in sizes]
        lists.append([(c, rebuilt(f)) for c, (f, _) in zip(shares, batches, strict=True)])
    return optimizer.step(params, state, Weighted(*lists), multiplication(preconditioner), preset(hyper))


def minimise_quadratics(params: Any, matrices: Any, stationary: Any, **hyper: Any) -> Runs:
    """Return what runs on quadratics did, one after the other."""
    return runs(params, list(map(quadratic, matrices, stationary)), **hyper)


def fit_linear_models(params: Any, features: Any, targets: Any, loss: str, ridge: float, **hyper: Any) -> Runs:
    """Return what runs on linear models did, one after the other."""
    return runs(params, [linear(X, y, ridge, loss) for X, y in zip(features, targets, strict=True)], **hyper)


def runs(params: Any, problems: Sequence[Composed], steps: int, damping: float, **hyper: Any) -> Runs:
    """Return what `steps` steps on each problem from its start did, each from a cold start."""
    how = preset({**find_system("hessian_free").operations["step"].hyperparameters, **hyper})
    rows = []
    for w, f in zip(params, problems, strict=True):
        state, told = HessianFreeState(0 * w, torch.full_like(w[0], damping)), []
        for _ in range(steps):
            w, state, report = optimizer.step(w, state, f, None, how)
            told.append(report)
        losses, final_losses, dampings, _, _, iterations, _, lengths, _, _ = zip(*told, strict=True)
        numbers = (*losses, final_losses[-1]), (*dampings, state.damping), map(torch.tensor, iterations), lengths
        rows.append((w, *(torch.stack([*column]) for column in numbers)))
    return Runs(*(torch.stack(column) for column in zip(*rows, strict=True)))
