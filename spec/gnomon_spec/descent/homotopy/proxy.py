"""The rate from how much the gradient's norm changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.homotopy import proxy as reference
from gnomon.descent.homotopy.proxy import ProxyReport, ProxyState
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity
from gnomon_spec.descent.homotopy import system
from gnomon_spec.descent.homotopy.inputs import alpha, decay, near_one, series, zero
from gnomon_spec.facts import Fact, equal
from gnomon_spec.strategies import SMALL_CODES, count, nonzero, number, shapes
from gnomon_spec.system import WITH_ROOM


def draw_state(draw: Draw, context: Context) -> ProxyState:
    code = draw(SMALL_CODES)
    calls = 0 if code % 4 == 0 else 1 + code // 4 % 9
    norm, mean = (near_one.draw(draw, context) if calls else 0.0 for _ in range(2))
    norm = 0.0 if code % 4 == 1 else norm
    return ProxyState(calls, np.array(norm, context.dtype), np.array(mean, context.dtype))


states = Quantity(draw_state, "ProxyState: fresh, or any after 1 to 9 calls; a last gradient of 0 in some")
calls = Cases({"state": states, "grad": nonzero}, shapes((2,), (1,), (3,), (2, 2))).but(
    base_lr=number(1e-3, 1.0, 0.5, 0.1), alpha=alpha, decay=decay, warmup_steps=count(3, 0, 5, high=10)
)
fresh_state = Quantity(lambda _draw, context: ProxyState(0, zero(context), zero(context)), "fresh ProxyState")
# Gradients of one direction whose norms are powers of 2 of each other.
runs = calls.but(state=fresh_state, powers=series(count(0, 2, 5, low=-6, high=6), 6, 2))
proxy_rate = system.operation(reference.proxy_rate, cases=calls, dtypes=WITH_ROOM)


def along(port: Any, case: Case) -> list[ProxyReport]:
    """Return the reports along the gradient times powers of 2."""
    state, reports = case.state, []
    for exponent in case.powers:
        state, report = port.proxy_rate(state, 2.0**exponent * case.grad, **case.hyper)
        reports.append(report)
    return reports


@proxy_rate.law("closed form", cases=runs)
def the_proxy_is_the_relative_change_of_the_norm(port: Any, case: Case) -> Iterable[Fact]:
    """κ = |1 - ‖g before‖/‖g‖|, 1 at first, without unit; its mean begins with it: β^k·κ₁ + (1-β)·Σ βᵏ⁻ⁱ·κᵢ."""
    reports, mean = along(port, case), 1.0 + 0 * case.decay
    for k, report in enumerate(reports):
        kappa = abs(1 - 2.0 ** (case.powers[k - 1] - case.powers[k])) if k else 1.0
        mean = case.decay * mean + (1 - case.decay) * kappa if k else mean
        yield equal(f"curvature {k}", report.curvature, kappa)
        yield equal(f"average {k}", report.average, mean)


@proxy_rate.law("closed form", cases=runs)
def the_rate_climbs_for_w_calls(port: Any, case: Case) -> Iterable[Fact]:
    """lr = b·t/W for t < W, b/(1 + α·κ̄) from t = W on: an explicit warm-up."""
    for t, report in enumerate(along(port, case), start=1):
        ramp = case.base_lr * t / max(1, case.warmup_steps)
        braked = case.base_lr / (1 + case.alpha * report.average)
        yield equal(f"rate {t}", report.lr, ramp if t < case.warmup_steps else braked)


@proxy_rate.law("limit", cases=calls)
def where_a_gradient_is_0_the_proxy_is_1(port: Any, case: Case) -> Iterable[Fact]:
    """κ = 1 if this gradient or the one before is 0."""
    _, report = port.proxy_rate(case.state, 0 * case.grad, **case.hyper)
    yield equal("now", report.curvature, 1.0)
    before = case.state._replace(calls=case.state.calls + 1, grad_norm=0 * case.state.grad_norm)
    _, report = port.proxy_rate(before, case.grad, **case.hyper)
    yield equal("before", report.curvature, 1.0)


CHANGE = "np.abs(size - state.grad_norm) / size"
proxy_rate.edits(f"""
change_relative_to_the_norm_before: The change is divided by the earlier norm and not by the new one
    `{CHANGE}` → `np.abs(size - state.grad_norm) / state.grad_norm`
change_with_its_sign: A norm that falls counts as a negative curvature
    `{CHANGE}` → `(size - state.grad_norm) / size`
no_change_at_first: κ is 0 where there is no norm to compare with
    `np.ones_like(size)` → `np.zeros_like(size)`
proxy_mean_from_zero: The running mean begins at 0 and not at the first value
    `kappa if calls == 1 else decay * state.average` → `decay * state.average`
ramp_one_call_longer: The ramp lasts until t = W, where it ends at b
    `calls < warmup_steps` → `calls <= warmup_steps`
ramp_from_zero: The ramp counts calls from 0: the first rate is 0
    `base_lr * calls` → `base_lr * state.calls`
proxy_without_its_ramp: There is no explicit warm-up
    `if calls < warmup_steps:` → `if False:`
rate_of_the_proxy_of_now: The rate is that of this call's κ and not of the mean
    `alpha * average` → `alpha * kappa`
guard_below_the_change: A small number stands below the change of the norm instead of the cases for 0
    `calls == 1 or not (size > 1e-10 and state.grad_norm > 1e-10)` → `calls == 1`
    `{CHANGE}` → `np.abs(size - state.grad_norm) / (size + 1e-2)`
""")
