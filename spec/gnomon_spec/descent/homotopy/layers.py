"""Layers: their rates from their curvatures; and along a run, with an estimator for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.homotopy import layers as reference
from gnomon.descent.homotopy.estimator import EstimatorState
from gnomon.descent.homotopy.layers import LayersState
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector, operator, probes, regular_matrix
from gnomon_spec.curvature.symmetries import scaled, unchanged
from gnomon_spec.descent.homotopy import inputs, system
from gnomon_spec.descent.homotopy.estimator import UP_TO_3
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.strategies import SMALL_CODES, count, nonzero, number, shapes
from gnomon_spec.system import WITH_ROOM, Misfits

bounds = {
    "base_lr": number(1e-3, 1.0, 4.0, 0.5, exponents=(-8, 4)),
    "min_lr": inputs.min_lr,
    "max_lr": inputs.max_lr,
    "variant": choice(*reference.VARIANTS),
}
kappas = number(1.0, 0.0, 2.0, 0.5, exponents=(-30, 10))
rates = Cases({"curvatures": inputs.series(kappas, 5)}, shapes(())).but(
    **bounds, normalize_by_median=choice(True, False)
)
by_median = rates.but(normalize_by_median=True, min_lr=0.0, max_lr=inputs.HIGHEST)
positive = by_median.but(curvatures=inputs.series(inputs.near_one, 5), variant=choice("standard", "docs"))
layer_rates = system.operation(reference.layer_rates, cases=rates, dtypes=WITH_ROOM)
inputs.declare_order_of_bounds(layer_rates)


@layer_rates.law("closed form", cases=positive)
def the_median_layer_gets_half_of_the_rate(port: Any, case: Case) -> Iterable[Fact]:
    """The layer with the (upper) median curvature gets b/2, whatever comment the code has; b in variant "docs". So
    does a layer alone."""
    found = port.layer_rates(case.curvatures, **case.hyper)
    order = np.argsort(case.curvatures)
    part = 1.0 if case.variant == "docs" else 0.5
    yield equal("median", found[order[len(order) // 2]], part * case.base_lr)
    yield equal("alone", port.layer_rates(case.curvatures[:1], **case.hyper), part * case.base_lr + 0 * found[:1])


@layer_rates.law("closed form", cases=positive.but(variant="standard"))
def the_inverse_rate_is_affine_in_the_curvature_of_the_layer(port: Any, case: Case) -> Iterable[Fact]:
    """b/lr = 1 + κ/med."""
    found = port.layer_rates(case.curvatures, **case.hyper)
    yield equal("inverse", case.base_lr / found, 1 + case.curvatures / np.sort(case.curvatures)[len(found) // 2])


@layer_rates.law("closed form", cases=positive.but(variant="standard", normalize_by_median=False))
def without_the_median_a_rate_stands_for_a_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """Without normalize_by_median lr = b/(1 + κ/b): the units do not fit, as in the code."""
    found = port.layer_rates(case.curvatures, **case.hyper)
    yield equal("rates", found, case.base_lr / (1 + case.curvatures / case.base_lr))


@layer_rates.law(
    "bound",
    cases=rates.but(base_lr=choice(0.5, 0.125, 2.0), min_lr=choice(0.0, 0.0625), max_lr=choice(1.0, 0.25)).but(
        variant=choice("standard", "code")
    ),
)
def rates_of_layers_lie_within_their_bounds(port: Any, case: Case) -> Iterable[Fact]:
    """min_lr <= lr <= max_lr, and lr <= b, for each layer."""
    found = port.layer_rates(case.curvatures, **case.hyper)
    yield at_least("min_lr", found, case.min_lr + 0 * found)
    yield at_least("max_lr", case.max_lr + 0 * found, found)
    yield at_least("base_lr", np.maximum(case.base_lr, case.min_lr) + 0 * found, found)


layer_rates.symmetry(
    "invariance",
    "only_curvatures_relative_to_the_median_count",
    "All curvatures times 2ᵏ change no bit of the rates",
    cases=positive.but(power=inputs.power),
    inputs={"curvatures": scaled},
    outputs={"rates": unchanged},
    same=identical,
)


@layer_rates.law("limit", cases=positive.but(variant="standard"))
def layers_without_curvature_have_the_whole_rate(port: Any, case: Case) -> Iterable[Fact]:
    """lr = b exactly where κ = 0, also if the median is 0."""
    flat = np.where(np.arange(len(case.curvatures)) == 0, 0 * case.curvatures, case.curvatures)
    yield equal("one", port.layer_rates(flat, **case.hyper)[0], case.base_lr)
    yield equal("all", port.layer_rates(0 * flat, **case.hyper), case.base_lr + 0 * flat)


MEDIAN, GUARD = "np.sort(curvatures)[curvatures.shape[0] // 2]", '1e-10 if variant == "code" else 0.0'
RATES = 'base_lr / relative if variant == "docs" else base_lr / (1 + relative)'
layer_rates.edits(f"""
median_layer_gets_the_whole_rate: The comment is believed: the median layer gets b and not b/2
    `{RATES}` → `base_lr / relative`
docs_taken_for_the_code: Variant "docs" gives the median layer b/2, too
    `{RATES}` → `base_lr / (1 + relative)`
lower_median: Of two medians the lower one is taken
    `curvatures.shape[0] // 2` → `(curvatures.shape[0] - 1) // 2`
mean_of_two_medians: Of two medians the mean is taken, as numpy.median does
    `{MEDIAN}` → `np.median(curvatures)`
mean_for_the_median: The curvatures are taken relative to their mean
    `{MEDIAN}` → `np.sum(curvatures) / curvatures.shape[0]`
curvatures_are_never_normalised: normalize_by_median is ignored: b stands for the median
    `if normalize_by_median` → `if False`
curvatures_are_always_normalised: normalize_by_median is ignored: the median is always used
    `if normalize_by_median` → `if True`
guard_below_every_median: 1e-10 is added to the median in every variant
    `{GUARD}` → `1e-10`
median_of_the_code_without_its_guard: Variant "code" does without the 1e-10 that it adds to the median
    `{GUARD}` → `0.0`
rates_of_layers_without_bounds: The rates are not kept within min_lr and max_lr
    `np.clip(rates, min_lr, max_lr)` → `rates`
rates_in_the_order_of_the_curvatures: The rates come back sorted by curvature and not by layer
    `` → `curvatures = np.sort(curvatures)`
""")


NAMES = ("first", "second", "third")


def layered(quantity: Quantity) -> Quantity:
    """One of each quantity for every layer of the state drawn before."""

    def draw_layers(draw: Draw, context: Context) -> tuple[Any, ...]:
        return tuple(quantity.draw(draw, context) for _ in context.drawn["state"].names)

    return Quantity(draw_layers, f"for each layer: {quantity.text}")


def draw_state(draw: Draw, context: Context) -> LayersState:
    layers, calls = 1 + draw(SMALL_CODES) % 3, max(0, draw(SMALL_CODES) % 9 - 3)

    def some(fresh: float) -> Any:
        drawn = [inputs.near_one.draw(draw, context) if calls else fresh for _ in range(layers)]
        return np.array(drawn, context.dtype)

    return LayersState(NAMES[:layers], calls, some(0.0), some(0.0), some(1.0), some(1e-3))


states = Quantity(draw_state, "LayersState of 1 to 3 layers: fresh, or any after 1 to 5 calls")
steps = Cases(
    {
        "state": states,
        "operators": layered(operator(regular_matrix())),
        "grads": layered(nonzero),
        "probes": layered(probes(2)),
        "starts": layered(nonzero_vector()),
        "step_index": count(0, 2, 6, high=12),
    },
    UP_TO_3,
).but(
    layer_frequency=count(1, 2, 3, low=1, high=3),
    frequency=count(1, 2, 3, low=1, high=3),
    decay=inputs.decay,
    iterations=count(1, 2, low=1, high=2),
    rtol=0.0,
    **bounds,
    normalize_by_median=True,
)
schedule_layers = system.operation(reference.schedule_layers, cases=steps, dtypes=WITH_ROOM)
inputs.declare_order_of_bounds(schedule_layers)
plain = steps.but(variant="standard", min_lr=0.0, max_lr=inputs.HIGHEST)


@schedule_layers.law("conservation", cases=plain.but(layer_frequency=count(2, 3, low=2, high=4)))
def between_its_turns_nothing_changes(port: Any, case: Case) -> Iterable[Fact]:
    """At steps that layer_frequency does not divide the state stays as it is, and no product is made."""
    state, products = schedule_layers.call(port, case, step_index=case.layer_frequency + 1)
    yield identical("rates", state.rates, case.state.rates)
    yield identical("curvatures", state.curvatures, case.state.curvatures)
    yield agree("calls", state.calls, case.state.calls)
    yield agree("products", products, 0)


@schedule_layers.law("closed form", cases=plain.but(iterations=1))
def the_two_frequencies_multiply(port: Any, case: Case) -> Iterable[Fact]:
    """The estimators count the turns and not the steps: the Hessian is asked at the first and at every N-th of them."""
    state, made = case.state._replace(calls=0), []
    for step_index in range(5):
        state, products = schedule_layers.call(port, case, state=state, step_index=step_index)
        made.append(products)
    cost = sum(1 + len(rows) for rows in case.probes)
    expected = []
    for step_index in range(5):
        turn = step_index // case.layer_frequency + 1
        now = step_index % case.layer_frequency == 0 and (turn == 1 or turn % case.frequency == 0)
        expected.append(cost * now)
    yield agree("products", made, expected)


@schedule_layers.law("closed form", cases=plain)
def each_layer_has_its_own_estimator(port: Any, case: Case) -> Iterable[Fact]:
    """κ of a layer is what `estimate` gives from its own block, gradient and means; the rates are those of
    `layer_rates`."""
    state, _ = schedule_layers.call(port, case, step_index=0)
    measuring = {name: case[name] for name in ("frequency", "decay", "iterations", "rtol")}
    for layer, name in enumerate(case.state.names):
        before = EstimatorState(case.state.calls, case.state.norm_averages[layer], case.state.trace_averages[layer])
        vectors = (case.operators[layer], case.grads[layer], case.probes[layer], case.starts[layer])
        after, found = port.oracle.estimate(before, *vectors, **measuring, variant="standard")
        yield equal(f"curvature of {name}", state.curvatures[layer], found.curvature)
        yield equal(f"norm of {name}", state.norm_averages[layer], after.norm_average)
    bounds = {name: case[name] for name in ("base_lr", "min_lr", "max_lr", "normalize_by_median", "variant")}
    yield equal("rates", state.rates, port.oracle.layer_rates(state.curvatures, **bounds))


@schedule_layers.misfits(cases=plain)
def bad_layers_are_rejected(case: Case) -> Misfits:
    """A gradient too few and a name given twice are rejected."""
    doubled = LayersState(
        (*case.state.names, case.state.names[0]), 0, *(np.concatenate([x, x[:1]]) for x in case.state[2:])
    )
    more = {name: (*case[name], case[name][0]) for name in ("operators", "grads", "probes", "starts")}
    few = {"step_index": 0, "grads": case.grads[:-1]}
    return {"a gradient too few": few, "a name given twice": {"step_index": 0, "state": doubled, **more}}


schedule_layers.edits("""
layers_measured_at_every_step: layer_frequency is ignored
    `if step_index % layer_frequency != 0:` → `if False:`
frequencies_do_not_multiply: The Hessian is measured at every turn: N is ignored
    `**measuring` → `**{**measuring, "frequency": 1}`
first_gradient_for_all_layers: Every layer's curvature is taken with the first layer's gradient
    `grads[layer]` → `grads[0]`
layers_keep_their_first_rates: The rates are computed and never stored
    `traces, curvatures, rates)` → `traces, curvatures, state.rates)`
products_of_one_layer_counted: Only the first layer's products are counted
    `sum(measurement.products for _, measurement in found)` → `found[0][1].products`
""")
