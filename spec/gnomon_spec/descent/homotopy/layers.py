"""The layers along a run: an estimator for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.homotopy import layers as reference
from gnomon.descent.homotopy.estimator import EstimatorState
from gnomon.descent.homotopy.layers import LayersState
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector, operator, probes, regular_matrix
from gnomon_spec.descent.homotopy.estimator import UP_TO_3
from gnomon_spec.descent.homotopy.family import system
from gnomon_spec.descent.homotopy.layer_rates import bounds
from gnomon_spec.descent.homotopy.quantities import (
    BAD_BOUNDS,
    HIGHEST,
    decay,
    near_one,
    nonzero,
    rejected,
)
from gnomon_spec.facts import Fact, agree, equal, identical, rejects
from gnomon_spec.strategies import SMALL_CODES, count
from gnomon_spec.system import WITH_ROOM

NAMES = ("first", "second", "third")


def layered(quantity: Quantity) -> Quantity:
    """One of each quantity for every layer of the state drawn before."""

    def draw_layers(draw: Draw, context: Context) -> tuple[Any, ...]:
        return tuple(quantity.draw(draw, context) for _ in context.drawn["state"].names)

    return Quantity(draw_layers, f"for each layer: {quantity.text}")


def states() -> Quantity:
    """The state of 1 to 3 layers, fresh in one case of three, or after 1 to 5 calls."""

    def draw_state(draw: Draw, context: Context) -> LayersState:
        layers, calls = 1 + draw(SMALL_CODES) % 3, max(0, draw(SMALL_CODES) % 9 - 3)

        def some(fresh: float) -> Any:
            drawn = [near_one.draw(draw, context) if calls else fresh for _ in range(layers)]
            return np.array(drawn, context.dtype)

        return LayersState(NAMES[:layers], calls, some(0.0), some(0.0), some(1.0), some(1e-3))

    return Quantity(draw_state, "LayersState of 1 to 3 layers: fresh, or any after 1 to 5 calls")


steps = Cases(
    {
        "state": states(),
        "operators": layered(operator(regular_matrix())),
        "grads": layered(nonzero()),
        "probes": layered(probes(2)),
        "starts": layered(nonzero_vector()),
        "step_index": count(0, 2, 6, high=12),
    },
    UP_TO_3,
).but(
    layer_frequency=count(1, 2, 3, low=1, high=3),
    frequency=count(1, 2, 3, low=1, high=3),
    decay=decay,
    iterations=count(1, 2, low=1, high=2),
    rtol=0.0,
    **bounds,
    normalize_by_median=True,
)
schedule_layers = system.operation(reference.schedule_layers, cases=steps, dtypes=WITH_ROOM)
plain = steps.but(variant="reference", min_lr=0.0, max_lr=HIGHEST)


def call(port: Any, case: Case, step_index: int, **changed: Any) -> Any:
    """Return what a port does at one step."""
    vectors = (case.operators, case.grads, case.probes, case.starts)
    return port.schedule_layers(case.state, *vectors, step_index, **{**case.hyper, **changed})


@schedule_layers.law("conservation", cases=plain.but(layer_frequency=count(2, 3, low=2, high=4)))
def between_its_turns_nothing_changes(port: Any, case: Case) -> Iterable[Fact]:
    """At steps that layer_frequency does not divide the state stays as it is, and no product is made."""
    state, products = call(port, case, case.layer_frequency + 1)
    yield identical("rates", state.rates, case.state.rates)
    yield identical("curvatures", state.curvatures, case.state.curvatures)
    yield agree("calls", state.calls, case.state.calls)
    yield agree("products", products, 0)


@schedule_layers.law("closed form", cases=plain.but(iterations=1))
def the_two_frequencies_multiply(port: Any, case: Case) -> Iterable[Fact]:
    """The estimators count the turns and not the steps: the Hessian is asked at the first and at every N-th of them."""
    state, made = case.state._replace(calls=0), []
    for step_index in range(5):
        vectors = (case.operators, case.grads, case.probes, case.starts)
        state, products = port.schedule_layers(state, *vectors, step_index, **case.hyper)
        made.append(products)
    asked = sum(1 + len(rows) for rows in case.probes)
    expected = []
    for step_index in range(5):
        turn = step_index // case.layer_frequency + 1
        now = step_index % case.layer_frequency == 0 and (turn == 1 or turn % case.frequency == 0)
        expected.append(asked * now)
    yield agree("products", made, expected)


@schedule_layers.law("closed form", cases=plain)
def each_layer_has_its_own_estimator(port: Any, case: Case) -> Iterable[Fact]:
    """κ of a layer is what `estimate` gives from its own block, gradient and means; the rates are those of
    `layer_rates`."""
    state, _ = call(port, case, 0)
    asked = {name: case[name] for name in ("frequency", "decay", "iterations", "rtol")}
    for layer, name in enumerate(case.state.names):
        before = EstimatorState(case.state.calls, case.state.norm_averages[layer], case.state.trace_averages[layer])
        vectors = (case.operators[layer], case.grads[layer], case.probes[layer], case.starts[layer])
        after, found = port.oracle.estimate(before, *vectors, **asked, variant="reference")
        yield equal(f"curvature of {name}", state.curvatures[layer], found.curvature)
        yield equal(f"norm of {name}", state.norm_averages[layer], after.norm_average)
    bounds = {name: case[name] for name in ("base_lr", "min_lr", "max_lr", "normalize_by_median", "variant")}
    yield equal("rates", state.rates, port.oracle.layer_rates(state.curvatures, **bounds))


@schedule_layers.law("rejects", cases=plain)
def bad_layers_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A layer too few, names given twice, frequencies below 1 and a negative step are rejected."""
    yield from rejected(
        lambda **hyper: call(port, case, 0, **hyper),
        {},
        (*BAD_BOUNDS, ("layer_frequency = 0", {"layer_frequency": 0}), ("frequency = 0", {"frequency": 0})),
    )
    yield rejects("step_index = -1", lambda: call(port, case, -1))
    vectors = (case.operators, case.grads, case.probes, case.starts)
    fewer = (vectors[0], vectors[1][:-1], *vectors[2:])
    yield rejects("a gradient too few", lambda: port.schedule_layers(case.state, *fewer, 0, **case.hyper))
    same = case.state._replace(names=("same",) * len(case.state.names))
    doubled = LayersState((*same.names, "same"), 0, *(np.concatenate([x, x[:1]]) for x in case.state[2:]))
    more = tuple((*x, x[0]) for x in vectors)
    yield rejects("names given twice", lambda: port.schedule_layers(doubled, *more, 0, **case.hyper))


@system.mistake("schedule_layers")
def layers_measured_at_every_step(
    state: Any, operators: Any, grads: Any, probes: Any, starts: Any, step_index: int, **hyper: Any
) -> Any:
    """layer_frequency is ignored."""
    reference.schedule_layers(state, operators, grads, probes, starts, step_index, **hyper)
    return reference.schedule_layers(state, operators, grads, probes, starts, 0, **hyper)


@system.mistake("schedule_layers")
def frequencies_do_not_multiply(
    state: Any, operators: Any, grads: Any, probes: Any, starts: Any, step_index: int, **hyper: Any
) -> Any:
    """The Hessian is asked at every turn: N is ignored."""
    return reference.schedule_layers(
        state, operators, grads, probes, starts, step_index, **{**hyper, "frequency": min(1, hyper["frequency"])}
    )


@system.mistake("schedule_layers")
def first_gradient_for_all_layers(
    state: Any, operators: Any, grads: Any, probes: Any, starts: Any, step_index: int, **hyper: Any
) -> Any:
    """Every layer's curvature is taken with the first layer's gradient."""
    reference.schedule_layers(state, operators, grads, probes, starts, step_index, **hyper)
    return reference.schedule_layers(state, operators, (grads[0],) * len(grads), probes, starts, step_index, **hyper)


@system.mistake("schedule_layers")
def layers_keep_their_first_rates(
    state: Any, operators: Any, grads: Any, probes: Any, starts: Any, step_index: int, **hyper: Any
) -> Any:
    """The rates are computed and never stored."""
    after, products = reference.schedule_layers(state, operators, grads, probes, starts, step_index, **hyper)
    return after._replace(rates=state.rates), products


@system.mistake("schedule_layers")
def products_of_one_layer_counted(
    state: Any, operators: Any, grads: Any, probes: Any, starts: Any, step_index: int, **hyper: Any
) -> Any:
    """Only the first layer's products are counted."""
    after, products = reference.schedule_layers(state, operators, grads, probes, starts, step_index, **hyper)
    first = state._replace(
        names=state.names[:1],
        norm_averages=state.norm_averages[:1],
        trace_averages=state.trace_averages[:1],
        curvatures=state.curvatures[:1],
        rates=state.rates[:1],
    )
    if products == 0:
        return after, products
    alone = (operators[:1], grads[:1], probes[:1], starts[:1])
    return after, reference.schedule_layers(first, *alone, step_index, **hyper)[1]


@system.mistake("schedule_layers")
def layers_are_not_checked(
    state: Any, operators: Any, grads: Any, probes: Any, starts: Any, step_index: int, **hyper: Any
) -> Any:
    """Whatever is given is used: a layer given twice keeps its first estimator."""
    good: dict[str, Any] = {
        "base_lr": hyper["base_lr"] if 0 < hyper["base_lr"] < np.inf else 1.0,
        "min_lr": max(0.0, hyper["min_lr"]),
        "layer_frequency": max(1, hyper["layer_frequency"]),
        "frequency": max(1, hyper["frequency"]),
    }
    good["max_lr"] = max(good["min_lr"], hyper["max_lr"])
    names = tuple(f"{k}" for k in range(len(state.names))) if len(set(state.names)) < len(state.names) else state.names
    more = tuple(grads) + tuple(grads[:1] or starts[:1]) * (len(names) - len(grads))
    after, products = reference.schedule_layers(
        state._replace(names=names), operators, more, probes, starts, max(0, step_index), **{**hyper, **good}
    )
    return after._replace(names=state.names), products
