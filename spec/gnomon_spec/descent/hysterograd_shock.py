"""HysteroGrad's shock: the recorded path is shortened and the group warmed, by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import hysterograd as reference
from gnomon_spec.cases import Case, Cases
from gnomon_spec.descent.hysterograd import step, system
from gnomon_spec.descent.hysterograd_cases import cold, magnitude, states, unclipped
from gnomon_spec.facts import Fact, agree, equal, identical
from gnomon_spec.strategies import ANY_SHAPE, VECTORS, unit_interval
from gnomon_spec.system import WITH_ROOM

shocks = Cases({"state": states(magnitude)}, ANY_SHAPE).but(factor=unit_interval())
shock = system.operation(reference.shock, cases=shocks, rejecting=shocks.shaped(VECTORS), dtypes=WITH_ROOM)


@shock.law("closed form")
def a_shock_shortens_the_path_and_warms(port: Any, case: Case) -> Iterable[Fact]:
    """τ becomes φ·τ and T at least 0.2; metric, mean norm and status keep every bit."""
    after = port.shock(case.state, **case.hyper)
    yield equal("path_length", after.path_length, case.factor * case.state.path_length)
    yield equal("temperature", after.temperature, np.maximum(case.state.temperature, 0.2))
    yield identical("metric", after.metric, case.state.metric)
    yield identical("mean_norm", after.mean_norm, case.state.mean_norm)
    yield agree("liquid", after.liquid, case.state.liquid)


@step.law("closed form", cases=unclipped.but(variant="head", factor=unit_interval(), coldness=cold))
def a_shock_lowers_the_next_barrier(port: Any, case: Case) -> Iterable[Fact]:
    """The same gradient after a shock meets a barrier √((φτ + lr·n)/(τ + lr·n))·(1 - γ·max(T, 0.2))/(1 - γT) as high,
    T < 1."""
    state = case.state._replace(temperature=case.coldness + 0 * case.state.temperature)
    _, _, before = port.step(case.params, case.grad, state, **case.hyper)
    _, _, after = port.step(case.params, case.grad, port.shock(state, factor=case.factor), **case.hyper)
    walk = case.lr * before.norm
    left = after.width * np.sqrt(state.path_length + walk) * (1 - case.cooling_rate * state.temperature)
    warmed = 1 - case.cooling_rate * np.maximum(state.temperature, 0.2)
    yield equal("width", left, before.width * np.sqrt(case.factor * state.path_length + walk) * warmed)


PATH, WARMTH = "factor * state.path_length", "np.maximum(state.temperature, 0.2)"

shock.edits(f"""
shock_adds_to_the_temperature: 0.2 is added to the temperature, which should be raised to 0.2 if it is below
    `{WARMTH}` → `state.temperature + 0.2`
shock_sets_the_temperature: The temperature becomes 0.2 even if it is higher: a shock cools a warm group
    `{WARMTH}` → `0.2 + 0 * state.temperature`
shock_does_not_warm: The path is shortened, but the temperature stays as it was
    `{WARMTH}` → `state.temperature`
shock_forgets_the_path: The path becomes 0, whatever the factor is
    `{PATH}` → `0 * state.path_length`
shock_keeps_the_path: The group is warmed, but its path stays as long as it was
    `{PATH}` → `state.path_length`
shock_takes_the_factor_away: The path is shortened by the factor of it instead of to the factor of it: τ ← (1-φ)·τ
    `{PATH}` → `(1 - factor) * state.path_length`
shock_reaches_the_mean_norm: The mean norm is shortened like the path
    `{PATH}` → `{PATH}, mean_norm=factor * state.mean_norm`
shock_forgets_the_metric: The metric starts again from 0
    `{PATH}` → `{PATH}, metric=0 * state.metric`
shock_thaws: The status becomes liquid, which only a step that is long enough may make it
    `{PATH}` → `{PATH}, liquid=True`
""")
