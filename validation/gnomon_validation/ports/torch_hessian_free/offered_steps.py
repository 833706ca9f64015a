"""One step of the optimizer, on one objective or on batches, as functions of arrays that check what they are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from gnomon_validation.ports.torch_hessian_free import offered_parts, optimizer, parts, solver
from gnomon_validation.ports.torch_hessian_free.arguments import at_least_0, count, flag, known, require, vector
from gnomon_validation.ports.torch_hessian_free.objectives import Weighted, numbers, rebuilt


def hessian_free_step(
    params: Any,
    state: Any,
    objective: Any,
    preconditioner: Any = None,
    *,
    curvature: str = "ggn",
    variant: str = "martens",
    adapt_damping: bool = True,
    max_iter: int = 250,
    decay: float = 0.95,
    backtracking: bool = True,
    lr: float = 1.0,
    linesearch: bool = True,
    rtol: float | None = None,
    progress_threshold: float | None = 5e-4,
    rho_origin: str | None = None,
    rho_model: str | None = None,
    rho_iterate: str | None = None,
    on_increase: str | None = None,
    on_nonpositive_curvature: str | None = None,
    reject_ascent: bool = False,
) -> tuple[Any, tuple[Any, Any], tuple[Any, ...]]:
    """Return new parameters, (warm start, damping), and the report of one step."""
    vector("params", params)
    vector("state.warm_start", state.warm_start, params, finite=False)
    at_least_0("state.damping", state.damping)
    known("curvature", curvature, ("ggn", "hessian"))
    known("variant", variant, parts.RULES)
    for name, switch in (
        ("adapt_damping", adapt_damping),
        ("backtracking", backtracking),
        ("linesearch", linesearch),
        ("reject_ascent", reject_ascent),
    ):
        flag(name, switch)
    count("max_iter", max_iter, 1)
    for name, number in (("decay", decay), ("lr", lr), ("rtol", rtol), ("progress_threshold", progress_threshold)):
        at_least_0(name, number or 0.0)
    asked: dict[str, Any] = {
        "rtol": rtol,
        "policy": on_nonpositive_curvature,
        "origin": rho_origin,
        "model": rho_model,
        "iterate": rho_iterate,
        "on_increase": on_increase,
    }
    rules = parts.RULES[variant]._replace(**{name: rule for name, rule in asked.items() if rule is not None})
    known("on_nonpositive_curvature", rules.policy, solver.POLICIES)
    known("rho_origin", rules.origin, ("x0", "zero"))
    known("rho_model", rules.model, ("damped", "undamped"))
    known("rho_iterate", rules.iterate, ("last", "selected"))
    known("on_increase", rules.on_increase, ("ratio", "distrust"))
    f = objective if isinstance(objective, Weighted) else rebuilt(objective)
    w = numbers(params)
    new, after, told = optimizer.step(
        f,
        w,
        optimizer.State(numbers(state.warm_start), numbers(state.damping).to(w.dtype)),
        None if preconditioner is None else offered_parts.multiplication(preconditioner, params),
        curvature=curvature,
        variant=variant,
        rules=rules,
        adapt_damping=adapt_damping,
        max_iter=max_iter,
        decay=decay,
        backtracking=backtracking,
        lr=lr,
        linesearch=linesearch,
        threshold=progress_threshold,
        reject_ascent=reject_ascent,
    )
    report = (x.numpy()[()] if isinstance(x, torch.Tensor) else x for x in told)
    return new.numpy(), (after.warm_start.numpy(), after.damping.numpy()[()]), tuple(report)


def hessian_free_acc_step(
    params: Any,
    state: Any,
    losses: Sequence[Any],
    gradients: Sequence[Any] | None = None,
    curvatures: Sequence[Any] | None = None,
    preconditioner: Any = None,
    *,
    reduction: str = "mean",
    **hyper: Any,
) -> tuple[Any, tuple[Any, Any], tuple[Any, ...]]:
    """Return what a step does with loss, gradient and curvature over lists of (objective, size)."""
    known("reduction", reduction, ("mean", "sum"))
    lists = []
    for name, batches in (("losses", losses), ("gradients", gradients), ("curvatures", curvatures)):
        own = losses if batches is None else batches
        require(len(own) > 0, f"{name} must hold at least one batch, got an empty list")
        for batch in own:
            count(f"size of a batch of {name}", batch.size, 1)
        whole = sum(batch.size for batch in own)
        lists.append([(b.size / whole if reduction == "mean" else 1.0, rebuilt(b.objective)) for b in own])
    return hessian_free_step(params, state, Weighted(*lists), preconditioner, **hyper)
