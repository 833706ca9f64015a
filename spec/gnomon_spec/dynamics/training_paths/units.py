"""Networks up to the order and the signs of their units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import permutations, product
from typing import Any

import numpy as np

from gnomon.dynamics.training_paths import units as reference
from gnomon.dynamics.training_paths.units import Student
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.dynamics.training_paths import operation
from gnomon_spec.dynamics.training_paths.plane import generator
from gnomon_spec.facts import Fact, agree, at_least, equal, follows, identical
from gnomon_spec.strategies import shapes
from gnomon_spec.system import Misfits


def network(like: str = "") -> Quantity:
    """Parameters from -2 to 2; or an image of others under some rearrangement, a little moved or not at all."""

    def draw_network(draw: Draw, context: Context) -> Any:
        (d, hidden, c), chosen = context.shape, generator(draw)
        drawn = chosen.uniform(-2, 2, hidden * (d + 1 + c) + c)
        if like and chosen.integers(2):
            order, signs = chosen.permutation(hidden), chosen.choice([-1, 1], hidden)
            image = rearranged(context.drawn[like], (d, hidden, c), order, signs)
            drawn = image + drawn / 2 * int(chosen.integers(2))
        return drawn.astype(context.dtype)

    return Quantity(
        draw_network, "parameters from -2 to 2" + f", some of them near, or on, an image of {like}" * bool(like)
    )


def parts_of(params: Any, sizes: tuple[int, int, int]) -> tuple[Any, Any, Any, Any]:
    """Return W₁, b₁, W₂ and b₂."""
    d, hidden, c = sizes
    outgoing = params[hidden * (d + 1) : hidden * (d + 1 + c)].reshape(c, hidden)
    return params[: hidden * d].reshape(hidden, d), params[hidden * d : hidden * (d + 1)], outgoing, params[-c:]


def rearranged(params: Any, sizes: tuple[int, int, int], order: Any, signs: Any) -> Any:
    """Return a network with units in another order, the weights, the bias and the outgoing weights of each times ±1."""
    signs, order, (W1, b1, W2, b2) = np.array([int(s) for s in signs]), [int(k) for k in order], parts_of(params, sizes)
    parts = signs[:, np.newaxis] * W1[order], signs * b1[order], signs * W2[:, order], b2
    return np.concatenate([part.ravel() for part in parts])


def images(params: Any, sizes: tuple[int, int, int], *, odd: bool) -> Iterator[Any]:
    """Yield every image of a network."""
    hidden = sizes[1]
    for order in permutations(range(hidden)):
        for signs in product((1, -1), repeat=hidden) if odd else [(1,) * hidden]:
            yield rearranged(params, sizes, order, signs)


SIZES = shapes((1, 2, 1), (2, 2, 1), (1, 3, 1), (2, 1, 2), (1, 2, 2), (2, 3, 2))
networks = Cases(
    {
        "inputs": Quantity(lambda _draw, c: c.shape[0], "d"),
        "hidden": Quantity(lambda _draw, c: c.shape[1], "the number of units"),
        "outputs": Quantity(lambda _draw, c: c.shape[2], "c"),
        "model": network(),
        "params": network("model"),
        "odd": choice(True, False),
    },
    SIZES,
)
match_units = operation(reference.match_units, cases=networks, rejecting=networks)


rescaled = Cases(
    {name: networks.quantities[name] for name in ("inputs", "hidden", "outputs")} | {"params": network()}, SIZES
).but(
    scales=Quantity(
        lambda draw, c: (2.0 ** generator(draw).integers(-3, 4, c.shape[1])).astype(c.dtype), "powers of 2, one a unit"
    ),
    share=choice(1.0, 1.25, 0.7),
)
rescale_units = operation(reference.rescale_units, cases=rescaled, rejecting=rescaled)


def draw_data(draw: Draw, context: Context) -> Student:
    (d, _, c), chosen = context.shape, generator(draw)
    x, y = ((chosen.integers(-8, 9, (4, n)) / 4).astype(context.dtype) for n in (d, c))
    return Student(x, y)


trained = Cases(
    {
        "start": network(),
        "end": network("start"),
        "data": Quantity(draw_data, "four inputs and targets, multiples of ¼ from -2 to 2"),
        "points": choice(3, 2, 5),
    },
    SIZES,
)


def sizes_of(case: Case) -> tuple[int, int, int]:
    """Return d, the number of units and c."""
    d, c = case.data.inputs.shape[1], case.data.targets.shape[1]
    return d, (len(case.start) - c) // (d + 1 + c), c


def largest_loss(case: Case) -> Any:
    """Return how large the loss may be between two networks."""
    (_, hidden, c), ends = sizes_of(case), np.abs(np.stack([case.start, case.end]))
    return c * (np.max(np.sum(ends[:, -c * (hidden + 1) :], axis=1)) + np.max(np.abs(case.data.targets))) ** 2 / 2


at_its_size: Any = {"scales": {"": largest_loss}}
aligned_barrier = operation(reference.aligned_barrier, cases=trained, rejecting=trained, **at_its_size)


walks = trained.but(lr=choice(0.25, 0.5, 0.125), steps=choice(2, 1, 3, 0))
descent = operation(reference.descent, cases=walks, rejecting=walks, compare=follows, **at_its_size)


@descent.law("trajectory", cases=walks)
def each_step_is_down_the_slope(port: Any, case: Case) -> Iterable[Fact]:
    """It begins at θ. From where the port is, each parameter moves by -lr·∂L/∂θ: e = (f - y)/N summed for b₂, e·h for
    W₂, Σe·W₂·(1 - h²) for b₁, and that times x for W₁."""
    path, (d, hidden, c), (x, y) = descent.call(port, case), sizes_of(case), case.data
    yield identical("start", path[0], case.start)
    for t in range(case.steps):
        now = path[t]
        W1, b1, W2, b2 = parts_of(now, (d, hidden, c))
        h = np.stack([np.tanh(np.sum(W1[i] * x, axis=1) + b1[i]) for i in range(hidden)])
        e = np.stack([(np.sum(W2[k] * h.T, axis=1) + b2[k] - y[:, k]) / len(x) for k in range(c)])
        below = [np.sum(e * W2[:, i : i + 1], axis=0) * (1 - h[i] ** 2) for i in range(hidden)]
        slopes = [np.sum(below[i] * x[:, j]) for i in range(hidden) for j in range(d)] + [np.sum(b) for b in below]
        slopes += [np.sum(e[k] * h[i]) for k in range(c) for i in range(hidden)] + [np.sum(own) for own in e]
        yield equal(f"step {t}", path[t + 1], now - case.lr * np.stack(slopes))


@descent.law("equivariance", cases=walks.but(steps=choice(4, 2, 8)))
def from_an_image_it_is_the_image_of_the_path(port: Any, case: Case) -> Iterable[Fact]:
    """With units in another order, or of other signs, gradient descent makes the same steps of the same units."""
    sizes, path = sizes_of(case), descent.call(port, case)
    signs = np.where(np.arange(sizes[1]) % 2 == 0, -1, 1)
    for name, order, own in (("order", np.arange(sizes[1])[::-1], abs(signs)), ("signs", np.arange(sizes[1]), signs)):
        image = descent.call(port, case, start=rearranged(case.start, sizes, order, own))
        yield follows(name, image, np.stack([rearranged(point, sizes, order, own) for point in path]))


@match_units.law("closed form")
def no_image_is_nearer(port: Any, case: Case) -> Iterable[Fact]:
    """It is an image of the network, and of all of its images, in any order and, if odd, of any signs, the nearest one
    to the model."""
    found, sizes = match_units.call(port, case), (case.inputs, case.hidden, case.outputs)
    yield equal("image", rearranged(case.params, sizes, found.order, found.signs), found.params)
    squares = [np.sum((image - case.model) ** 2) for image in images(case.params, sizes, odd=case.odd)]
    yield equal("distance", np.sum((found.params - case.model) ** 2), min(squares), scale=1 + min(squares))


@match_units.law("invariance")
def the_function_stays(port: Any, case: Case) -> Iterable[Fact]:
    """A network of tanh with the units matched computes what it did before."""
    found, sizes = match_units.call(port, case), (case.inputs, case.hidden, case.outputs)
    inputs = np.linspace(-2, 2, 3 * case.inputs).reshape(3, case.inputs)
    data = Student(inputs, np.zeros((3, sizes[2])))
    size = np.sum(np.abs(case.params))
    yield equal("outputs", data.outputs(found.params), data.outputs(case.params), scale=size)
    yield agree("each unit once", sorted(np.asarray(found.order).tolist()), list(range(case.hidden)))


@match_units.law("fixed point", cases=networks.but(model=network()))
def a_copy_is_found_again(port: Any, case: Case) -> Iterable[Fact]:
    """Of an image of the model the model itself is made, to the bit; of the model nothing else."""
    sizes, turned = (case.inputs, case.hidden, case.outputs), np.arange(case.hidden)[::-1]
    signs = -np.ones(case.hidden) if case.odd else np.ones(case.hidden)
    copy = rearranged(case.model, sizes, turned, signs)
    yield identical("copy", match_units.call(port, case, params=copy).params, case.model)
    yield identical("itself", match_units.call(port, case, params=case.model).params, case.model)


@match_units.misfits()
def parameters_are_those_of_a_network(case: Case) -> Misfits:
    """A number of parameters that no network of these units has is rejected."""
    changed = {name: np.concatenate([case[name], case[name][:1]]) for name in ("params", "model")}
    return {"one too many": changed}


def rectified(params: Any, case: Case) -> Any:
    """Return what a network of ReLU units computes at three points."""
    W1, b1, W2, b2 = parts_of(params, (case.inputs, case.hidden, case.outputs))
    x = np.linspace(-2, 2, 3 * case.inputs).reshape(3, case.inputs)
    return np.maximum(x @ W1.T + b1, 0) @ W2.T + b2


@rescale_units.law("invariance")
def scales_of_relu_units_do_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """A network of ReLU units computes what it did, whatever the scales are; those of 2ᵏ and then of 2⁻ᵏ give it back
    to the bit."""
    found, size = rescale_units.call(port, case, scales=case.share * case.scales), np.sum(np.abs(case.params))
    yield equal("outputs", rectified(found, case), rectified(case.params, case), scale=size * (1 + size))
    there = rescale_units.call(port, case)
    yield identical("back", rescale_units.call(port, case, params=there, scales=1 / case.scales), case.params)


@rescale_units.law("closed form")
def what_comes_in_grows_by_what_goes_out_shrinks(port: Any, case: Case) -> Iterable[Fact]:
    """W₁ and b₁ of a unit are multiplied by its scale, W₂ is divided by it, b₂ stays."""
    s, (W1, b1, W2, b2) = case.scales, parts_of(case.params, (case.inputs, case.hidden, case.outputs))
    expected = [s[:, np.newaxis] * W1, s * b1, W2 / s, b2]
    yield equal("params", rescale_units.call(port, case), np.concatenate([part.ravel() for part in expected]))


@rescale_units.misfits()
def each_unit_has_a_scale(case: Case) -> Misfits:
    """One scale too many, and parameters that no network of these units has, are rejected."""
    long = {name: np.concatenate([case[name], case[name][:1]]) for name in ("scales", "params")}
    return {name: {name: value} for name, value in long.items()}


@aligned_barrier.law("invariance")
def it_does_not_see_order_and_signs(port: Any, case: Case) -> Iterable[Fact]:
    """Whatever image of the end is given it is as high; between a network and its images there is none."""
    sizes, found = sizes_of(case), aligned_barrier.call(port, case)
    turned, signs = np.arange(sizes[1])[::-1], np.where(np.arange(sizes[1]) % 2 == 0, -1, 1)
    image = rearranged(case.end, sizes, turned, signs)
    yield equal("image", aligned_barrier.call(port, case, end=image), found, scale=largest_loss(case))
    own = rearranged(case.start, sizes, turned, signs)
    yield equal("own image", aligned_barrier.call(port, case, end=own), 0 * found, scale=largest_loss(case))


@aligned_barrier.law("closed form", cases=trained.but(points=choice(3, 5)))
def it_is_the_barrier_to_the_nearest_image(port: Any, case: Case) -> Iterable[Fact]:
    """The largest height of the loss ½·mean‖f(x) - y‖² over the chord, to the nearest image of the end."""
    sizes = sizes_of(case)
    end = min(images(case.end, sizes, odd=True), key=lambda image: float(np.sum((image - case.start) ** 2)))
    shares = np.arange(case.points) / (case.points - 1)
    losses = []
    for t in shares:
        W1, b1, W2, b2 = parts_of((1 - t) * case.start + t * end, sizes)
        outputs = np.tanh(case.data.inputs @ W1.T + b1) @ W2.T + b2
        losses.append(np.sum((outputs - case.data.targets) ** 2) / (2 * len(outputs)))
    heights = [loss - (1 - t) * losses[0] - t * losses[-1] for t, loss in zip(shares, losses, strict=True)]
    found = aligned_barrier.call(port, case)
    yield equal("barrier", found, np.max(np.stack(heights)), scale=largest_loss(case))
    yield at_least("height", found, 0 * found)


@aligned_barrier.misfits()
def the_network_fits_the_data(case: Case) -> Misfits:
    """A number of parameters that does not fit the data, and targets that do not fit the inputs, are rejected."""
    long = {name: np.concatenate([case[name], case[name][:1]]) for name in ("start", "end")}
    few = case.data._replace(targets=case.data.targets[:1])
    return {"long": long, "few targets": {"data": few}}


match_units.edits("""
nearest_whoever_has_it: Each place takes the unit that is nearest, whoever has it already
    `assignment(-np.abs(gains) if odd else -gains)` →
        `tuple(int(k) for k in np.argmax(np.abs(gains) if odd else gains, axis=1))`
signs_are_not_looked_at: Units are matched as if no sign could change, and signs changed afterwards
    `assignment(-np.abs(gains) if odd else -gains)` → `assignment(-gains)`
signs_are_left: Signs are told and not changed
    `np.stack([sign * own[k] for sign, k in zip(signs, order, strict=True)])` → `np.stack([own[k] for k in order])`
signs_for_any_unit: Signs change although the function is not odd
    `-1 if odd and gains[i, k] < 0 else 1` → `-1 if gains[i, k] < 0 else 1`
order_is_inverted: The order is applied the wrong way round
    `for sign, k in zip(signs, order, strict=True)` → `for sign, k in zip(signs, np.argsort(order), strict=True)`
outgoing_weights_stay: The outgoing weights keep their order and signs: another function
    `as_params(units, inputs,` →
        `as_params(np.concatenate([units[:, : inputs + 1], own[:, inputs + 1 :]], axis=1), inputs,`
matched_without_biases: Only weights are compared, not biases
    `gains = wanted @ own.T` →
        `gains = wanted @ own.T - np.outer(wanted[:, inputs], own[:, inputs])`
matched_by_incoming_weights: Only incoming weights and biases are compared
    `gains = wanted @ own.T` → `gains = wanted[:, : inputs + 1] @ own[:, : inputs + 1].T`
""")
rescale_units.edits("""
outgoing_weights_grow_too: Outgoing weights are multiplied by the scale as well
    `own[:, inputs + 1 :] / scales` → `own[:, inputs + 1 :] * scales`
biases_are_not_scaled: The bias of a unit keeps its size
    `own[:, : inputs + 1] * scales[:, np.newaxis]` →
        `np.concatenate([own[:, :inputs] * scales[:, np.newaxis], own[:, inputs : inputs + 1]], axis=1)`
outgoing_weights_are_not_scaled: Outgoing weights keep their size
    `own[:, inputs + 1 :] / scales[:, np.newaxis]` → `own[:, inputs + 1 :]`
""")
descent.edits("""
first_parameter_moves_half_as_far: The first parameter moves half as far as it should: no step commutes with the order
    `lr * gradient(path[-1], data)` →
        `lr * np.where(np.arange(start.shape[0]) == 0, 0.5, 1).astype(start.dtype) * gradient(path[-1], data)`
slopes_without_a_mean: The gradient is that of the sum over the data, not of the mean
    `lr * gradient(path[-1], data)` → `lr * data.inputs.shape[0] * gradient(path[-1], data)`
slope_at_the_start: The gradient is that at the start, at every step
    `gradient(path[-1], data)` → `gradient(start, data)`
start_is_no_part_of_the_path: The first point is that after a step
    `path = [start]` → `path = [start - lr * gradient(start, data)]`
signs_of_slopes_are_lost: The error is passed down by the size of the outgoing weights, whatever their signs are
    `errors @ units[:, d + 1 :].T` → `errors @ np.abs(units[:, d + 1 :]).T`
bend_is_left_out: The slope of tanh is taken for 1
    `* (1 - h * h)` → `* (1 + 0 * h)`
""")
aligned_barrier.edits("""
barrier_without_matching: Units are not matched
    `match_units(end, start, inputs=d, hidden=hidden).params` → `end`
ends_are_exchanged_in_matching: The start is matched to the end, and its own barrier measured
    `match_units(end, start, inputs=d, hidden=hidden).params` →
        `match_units(start, end, inputs=d, hidden=hidden).params`
matched_without_signs: Units are matched by order alone
    `match_units(end, start, inputs=d, hidden=hidden).params` →
        `match_units(end, start, inputs=d, hidden=hidden, odd=False).params`
""")
