"""Ports that tests make from a function or two, right and wrong in known ways."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from types import SimpleNamespace
from typing import Any

import numpy as np

from gnomon.arguments import with_keywords
from gnomon.descent import adamw
from gnomon.descent.adam import AdamState
from gnomon_spec.system import find_law, find_system
from gnomon_validation.checker import check, check_law
from gnomon_validation.ports.functions import FunctionsPort
from gnomon_validation.runs.plan import Plan
from gnomon_validation.verdicts import Check, Verdict

ADAMW = find_system("adamw")
ORACLE_LAW = "agrees_with_the_oracle"


def port_of(step: Callable[..., Any], **others: Callable[..., Any]) -> FunctionsPort:
    """Return a port with the given `adamw_step`, and other functions under their full names."""
    return FunctionsPort(SimpleNamespace(adamw_step=step, **others), "a_port")


def verdict_on(port: Any, name: str = ORACLE_LAW, dtype: str = "float32", examples: int = 20, seed: int = 0) -> Verdict:
    """Return the verdict on one law of `adamw.step`."""
    return check_law(port, find_law(f"adamw.step:{name}"), dtype, Plan(examples, (dtype,), seed))[0]


def checked(port: Any, *names: str, dtypes: tuple[str, ...] = ("float32",), examples: int = 10) -> Check:
    """Hold a port against laws of AdamW of these names (all by default)."""
    return check(port, [ADAMW], Plan(examples, dtypes), laws=lambda law: not names or law.name in names)


DECAYING = """\
from gnomon.arguments import with_keywords
from gnomon.descent import adamw

def adamw_step(params, grad, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
    new, after = adamw.step(params, grad, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=0.0)
    return new * (1 - lr * weight_decay), after
"""
exec(DECAYING)
decays_after_the_update: Callable[..., Any] = globals()["adamw_step"]


def raising(error: BaseException) -> Callable[..., Any]:
    """Return a port's function that raises."""

    def step(*_: Any, **__: Any) -> Any:
        raise error

    return step


def returning(change: Callable[..., Any]) -> Callable[..., Any]:
    """Return a port's function that changes what the reference returns."""
    return lambda *inputs, **hyper: change(*adamw.step(*inputs, **hyper))


def wavers() -> Callable[..., Any]:
    """Return a port's function that is right, and a unit off in every second call."""
    calls = cycle((True, False))
    return returning(lambda p, s: (np.nextafter(p, p.dtype.type(np.inf)) if next(calls) else p, s))


def overwrites(part: Callable[..., Any]) -> Callable[..., Any]:
    """Return a port's function that writes over an input: the part of (params, grad, state) that is given."""

    def step(params: Any, grad: Any, state: AdamState, **hyper: Any) -> Any:
        outputs = adamw.step(params, grad, state, **hyper)
        part(params, grad, state)[...] = 7
        return outputs

    return step


def takes_steps_that_are_too_long(params: Any, grad: Any, state: AdamState, **hyper: Any) -> Any:
    new, after = adamw.step(params, grad, state, **hyper)
    return new + (new - params) / 8, after


def cancels(params: Any, grad: Any, state: AdamState, **hyper: Any) -> Any:
    """Right, but for a detour through numbers 2¹² times as large, which costs up to 2¹² units of roundoff."""
    new, after = adamw.step(params, grad, state, **hyper)
    return (new + 4095 * params) - 4095 * params, after


not_a_number = returning(lambda p, s: (p * p.dtype.type(np.nan), s))


@with_keywords(adamw.step, "lr", "beta1", "beta2", "eps", "weight_decay")
def corrects_the_bias_in_the_dtype_of_the_parameters(params: Any, grad: Any, state: AdamState, **hyper: Any) -> Any:
    number, lr = params.dtype.type, hyper["lr"]
    _, after = adamw.step(params, grad, state, **hyper)
    m_hat = after.first_moment / (1 - number(hyper["beta1"]) ** after.step_count)
    v_hat = after.second_moment / (1 - number(hyper["beta2"]) ** after.step_count)
    return params * (1 - lr * hyper["weight_decay"]) - lr * m_hat / (np.sqrt(v_hat) + hyper["eps"]), after
