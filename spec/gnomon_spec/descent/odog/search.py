"""The search for a small gradient on two functions, which the kernels make, too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.odog import search as reference
from gnomon.descent.odog.problems import Ramp, Tail
from gnomon_spec.cases import Case, Cases, Quantity, choice
from gnomon_spec.descent.odog import system
from gnomon_spec.descent.odog.inputs import sizes
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.strategies import number, or_none, shapes, tame
from gnomon_spec.system import WITH_ROOM, Misfits

searches = Cases(
    {
        "problem": Quantity(lambda draw, c: "ramp" if c.shape == (2,) else "tail", "ramp for two entries, else tail"),
        "params": tame(-1),
        "eps": number(0.125, 0.25, 0.0625, exponents=(-6, -2)),
        "method": choice(*reference.METHODS),
        "radius": or_none(number(0.25, 0.125, 1.0, exponents=(-3, 0))),
        "lr": choice(0.5, 0.25, 0.75),
        "length": choice(2, 3, 1),
        "most": choice(4, 1, 6, 0),
    },
    shapes((1,), (2,), (2,), (3,)),
)
stationary = system.operation(reference.stationary, cases=searches, rejecting=searches, dtypes=WITH_ROOM)
learned = searches.but(method=choice("double", "previous", "zero"))


def function(case: Case) -> Any:
    return Tail() if case.problem == "tail" else Ramp(np.asarray(2 * case.eps))


@stationary.law("oracle agreement", cases=learned.but(eps=2.0**-30, most=choice(2, 3)))
def a_search_is_a_run(port: Any, case: Case) -> Iterable[Fact]:
    """Where no gradient is small enough it ends with the last average of a run."""
    hyper = {name: case[name] for name in ("radius", "lr", "length")}
    expected = port.oracle.run(case.params, function(case), hint=case.method, episodes=case.most, **hyper)
    yield equal("point", stationary.call(port, case).point, expected.averages[-1])


@stationary.law("closed form", cases=searches.but(method="gradient descent"))
def gradient_descent_looks_before_it_steps(port: Any, case: Case) -> Iterable[Fact]:
    """x ← x - lr·∇F(x); no step from where the gradient is small enough, or where none is allowed."""
    far = {n: stationary.call(port, case, eps=2.0**-30, most=n, problem="tail") for n in (1, 3)}
    yield equal("one", far[1].point, case.params - case.lr * Tail().gradient(case.params))
    yield agree("steps", [found.steps for found in far.values()], [*far])
    for words, changed in (("small enough", {"eps": 4.0, "problem": "tail"}), ("none allowed", {"most": 0})):
        there = stationary.call(port, case, **changed)
        yield agree(f"{words}: steps", there.steps, 0)
        yield identical(f"{words}: point", there.point, case.params)
    yield equal("norm", there.norm, sizes(function(case).gradient(case.params)))


@stationary.law("bound", cases=searches)
def it_ends_where_the_gradient_is_small_or_with_the_last_episode(port: Any, case: Case) -> Iterable[Fact]:
    """The norm is that at the point; it is at most ε unless all episodes were made; with ε = ∞ one episode is."""
    found = stationary.call(port, case)
    yield equal("norm", found.norm, sizes(function(case).gradient(found.point)))
    all_made = case.most * (1 if case.method == "gradient descent" else case.length)
    yield at_least("norm", np.inf if found.steps == all_made else case.eps, found.norm)
    early = stationary.call(port, case, eps=4.0, problem="tail", most=3).steps
    yield agree("early", early, 0 if case.method == "gradient descent" else case.length)


@stationary.misfits(cases=searches)
def the_ramp_has_two_variables(case: Case) -> Misfits:
    """The ramp rejects other parameters than two."""
    three = np.concatenate([case.params, case.params, case.params])
    return {"shape": {"params": three, "problem": "ramp"}}


stationary.edits("""
descent_steps_before_it_looks: Gradient descent makes a step where none is needed
    `if size <= eps and (steps > 0 or method == "gradient descent"):` → `if size <= eps and steps > 0:`
search_never_ends_early: All episodes are made
    `if size <= eps and (steps > 0 or method == "gradient descent"):` → `if False:`
episodes_are_counted_and_not_steps: An episode counts as one step
    `steps + length` → `steps + 1`
last_iterate_is_tried: The last iterate is tried and not the average
    `found, steps = origin + np.mean(np.stack(midpoints), axis=0)` → `found, steps = x`
slope_of_the_ramp_is_eps: The ramp has the slope ε
    `Ramp(2 * eps)` → `Ramp(eps)`
""")
