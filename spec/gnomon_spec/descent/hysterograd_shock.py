"""HysteroGrad's shock: the recorded path is shortened and the group warmed, by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import hysterograd as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.descent.hysterograd import step, system
from gnomon_spec.descent.hysterograd_cases import (
    cold,
    magnitude,
    states,
    unclipped,
)
from gnomon_spec.facts import Fact, agree, equal, identical, rejects
from gnomon_spec.strategies import (
    ANY_SHAPE,
    VECTORS,
    unit_interval,
)
from gnomon_spec.system import WITH_ROOM

shock = system.operation(
    reference.shock, cases=Cases({"state": states(magnitude)}, ANY_SHAPE).but(factor=unit_interval()), dtypes=WITH_ROOM
)


@shock.law("closed form")
def a_shock_shortens_the_path_and_warms(port: Any, case: Case) -> Iterable[Fact]:
    """τ becomes φ·τ and T at least 0.2; metric, mean norm and status keep every bit."""
    after = port.shock(case.state, **case.hyper)
    yield equal("path_length", after.path_length, case.factor * case.state.path_length)
    yield equal("temperature", after.temperature, np.maximum(case.state.temperature, 0.2))
    yield identical("metric", after.metric, case.state.metric)
    yield identical("mean_norm", after.mean_norm, case.state.mean_norm)
    yield agree("liquid", after.liquid, case.state.liquid)


@shock.law("invariance", cases=shock.cases.but(again=unit_interval()))
def shocks_multiply(port: Any, case: Case) -> Iterable[Fact]:
    """Two shocks are one with the product of their factors: the second warms no further."""
    twice = port.shock(port.shock(case.state, factor=case.factor), factor=case.again)
    once = port.shock(case.state, factor=case.factor * case.again)
    yield equal("path_length", twice.path_length, once.path_length)
    yield identical("temperature", twice.temperature, once.temperature)


@shock.law("rejects", cases=shock.cases.but(factor=choice(-0.5, 1.5, float("nan"))).shaped(VECTORS))
def a_factor_outside_the_unit_interval_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A factor that is negative, above 1 or not a number is rejected: a negative path would freeze the group."""
    yield rejects(f"factor = {case.factor}", lambda: port.shock(case.state, **case.hyper))


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


@system.mistake("shock")
def shock_adds_to_the_temperature(state: Any, *, factor: float) -> Any:
    """0.2 is added to the temperature, which should be raised to 0.2 if it is below."""
    after = reference.shock(state, factor=factor)
    return after._replace(temperature=state.temperature + 0.2)


@system.mistake("shock")
def shock_of_any_factor(state: Any, *, factor: float) -> Any:
    """The factor is not checked."""
    return state._replace(path_length=factor * state.path_length, temperature=np.maximum(state.temperature, 0.2))


@system.mistake("shock")
def shock_sets_the_temperature(state: Any, *, factor: float) -> Any:
    """The temperature becomes 0.2 even if it is higher: a shock cools a warm group."""
    after = reference.shock(state, factor=factor)
    return after._replace(temperature=0.2 + 0 * state.temperature)


@system.mistake("shock")
def shock_does_not_warm(state: Any, *, factor: float) -> Any:
    """The path is shortened, but the temperature stays as it was."""
    return reference.shock(state, factor=factor)._replace(temperature=state.temperature)


@system.mistake("shock")
def shock_forgets_the_path(state: Any, *, factor: float) -> Any:
    """The path becomes 0, whatever the factor is."""
    after = reference.shock(state, factor=factor)
    return after._replace(path_length=0 * state.path_length)


@system.mistake("shock")
def shock_keeps_the_path(state: Any, *, factor: float) -> Any:
    """The group is warmed, but its path stays as long as it was."""
    return reference.shock(state, factor=factor)._replace(path_length=state.path_length)


@system.mistake("shock")
def shock_takes_the_factor_away(state: Any, *, factor: float) -> Any:
    """The path is shortened by the factor of it instead of to the factor of it: τ ← (1-φ)·τ."""
    after = reference.shock(state, factor=factor)
    return after._replace(path_length=(1 - factor) * state.path_length)


@system.mistake("shock")
def shock_reaches_the_mean_norm(state: Any, *, factor: float) -> Any:
    """The mean norm is shortened like the path."""
    after = reference.shock(state, factor=factor)
    return after._replace(mean_norm=factor * state.mean_norm)


@system.mistake("shock")
def shock_forgets_the_metric(state: Any, *, factor: float) -> Any:
    """The metric starts again from 0."""
    return reference.shock(state, factor=factor)._replace(metric=0 * state.metric)


@system.mistake("shock")
def shock_thaws(state: Any, *, factor: float) -> Any:
    """The status becomes liquid, which only a step that is long enough may make it."""
    return reference.shock(state, factor=factor)._replace(liquid=True)
