"""The training step, what it does on problems whose answer is known, and the switch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.egd import training as reference
from gnomon.descent.egd.training import EGDState
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice, constant
from gnomon_spec.descent.egd import system
from gnomon_spec.descent.egd.matrices import SHAPES, SQUARE, gradient, svd
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.rotations import rotation_of
from gnomon_spec.strategies import SMALL_CODES, count, number, spectrum, tame, unit_interval
from gnomon_spec.system import WITH_ROOM, Misfits

ON, OFF = EGDState(True), EGDState(False)
FIRST, BOTH = (0,), (2, 0)


def draw_network(draw: Draw, context: Context) -> Any:
    """Draw a matrix (m, p), a bias (p,), and an array (p, 2, 2), as of a convolution."""
    m, p = context.shape
    return tuple(tame().draw(draw, context._replace(shape=shape)) for shape in ((m, p), (p,), (p, 2, 2)))


network = Quantity(draw_network, "matrix (m, p), bias (p,), array (p, 2, 2)")


def draw_gradients(draw: Draw, context: Context) -> Any:
    """Draw gradients of the network; those of the matrices, with the decay, have full rank."""
    (m, p), (W, _, kernel) = context.shape, context.drawn["params"]
    decay, full = context.drawn.get("weight_decay", 0.0), gradient(full=True)
    drawn = [full.draw(draw, context._replace(shape=shape)) for shape in ((m, p), (p, 4))]
    first, last = (G - context.dtype.type(decay) * X for G, X in zip(drawn, (W, kernel.reshape(p, 4)), strict=True))
    return first, tame().draw(draw, context._replace(shape=(p,))), last.reshape(p, 2, 2)


gradients = Quantity(draw_gradients, "gradients of the network")


def draw_sketches(draw: Draw, context: Context) -> Any:
    """Draw one sketch of a single vector for each of the layers."""
    sizes = {0: context.shape[1], 2: 4}
    seed = np.random.Generator(np.random.PCG64(draw(SMALL_CODES)))
    return tuple(seed.standard_normal((1, sizes[i])).astype(context.dtype) for i in context.drawn["layers"])


sketches = Quantity(draw_sketches, "a sketch for each layer")


RATES, DECAY = number(0.1, 0.5, 1.0, exponents=(-8, 4)), number(0.0, 0.5, 2.0**-7, exponents=(-7, 0))
plain = Cases({
    "weight_decay": DECAY, "layers": choice(FIRST, BOTH, ()), "params": network, "grads": gradients,
    "state": constant(ON), "sketches": constant(()), "lr": RATES,
}, SHAPES)  # fmt: skip
steps = plain.but(
    state=choice(ON, ON, ON, OFF), sketches=sketches, layers=choice(FIRST, BOTH),
    variant=choice("paper", "code", "paper", "rsvd", "paper", "colnorm"),
    algorithm=choice("svd", "eigh", "muon5", "newton_schulz"), floor=choice(None, 0.125, 1024.0),
    n_iter=count(2, 0, 1, high=3), unit=choice("column", "row"), rtol=choice(None),
)  # fmt: skip
step = system.operation(reference.step, cases=steps, rejecting=plain, dtypes=WITH_ROOM)
step.scales = {"params": lambda case: case.lr}


def matrices_of(case: Case) -> tuple[Any, Any]:
    """Return G, decay and all, of the matrix and of the array of more dimensions, as matrices."""
    (W, _, K), (g, _, k) = case.params, case.grads
    return g + case.weight_decay * W, (k + case.weight_decay * K).reshape(len(K), -1)


def factor(matrix: Any) -> Any:
    """Return U·Vᵀ of a matrix of full rank."""
    U, _, Vt = svd(Case({"gradient": matrix, "rtol": None}))
    return U @ Vt


@step.law("closed form", cases=plain.but(layers=constant(BOTH)))
def layers_move_along_the_polar_factor(port: Any, case: Case) -> Iterable[Fact]:
    """W moves by -lr·U·Vᵀ of g + λ·W, so that the decay goes through the factor; an array (out, in, …) as a matrix
    (out, in·…); a bias by -lr·g, without decay."""
    (W, b, K), state = step.call(port, case)
    (start, bias, kernel), (first, last) = case.params, matrices_of(case)
    yield equal("matrix", W, start - case.lr * factor(first), scale=case.lr)
    yield equal("bias", b, bias - case.lr * case.grads[1])
    yield equal("kernel", K.reshape(last.shape), kernel.reshape(last.shape) - case.lr * factor(last), scale=case.lr)
    yield agree("state", state.active, True)


@step.law("limit", cases=steps.but(state=constant(OFF)))
def switched_off_it_is_gradient_descent(port: Any, case: Case) -> Iterable[Fact]:
    """While the state is not active, and for arrays that are no layers, W ← W - lr·(g + λ·W), whatever the variant."""
    found, _ = step.call(port, case)
    active, _ = step.call(port, case, state=ON, layers=(), sketches=())
    first, last = matrices_of(case)
    plain_steps = (first, case.grads[1], last.reshape(case.params[2].shape))
    for i, (W, G) in enumerate(zip(case.params, plain_steps, strict=True)):
        yield equal(f"array {i}", found[i], W - case.lr * G)
        yield equal(f"array {i}, no layer", active[i], W - case.lr * G)


of_one_matrix = Cases({"rtol": choice(None), "gradient": gradient(full=True), "start": tame(), "lr": RATES}, SHAPES)


def moved(port: Any, W: Any, G: Any, **hyper: Any) -> Any:
    """Return a matrix after a step."""
    ((new,), _) = port.step((W,), (G,), ON, hyper.pop("sketches", ()), **hyper)
    return new


@step.law("invariance", cases=of_one_matrix.but(power=count(3, -3, low=-30, high=30)))
def the_size_of_the_loss_does_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """Without decay a loss c > 0 times as large takes the same step, at most lr long in spectral norm."""
    W, found = case.start, moved(port, case.start, case.gradient, lr=case.lr)
    yield equal("matrix", moved(port, W, case.gradient * 2.0**case.power, lr=case.lr), found, scale=case.lr)
    norm = lapack(np.linalg.svdvals, found - W)[0]
    yield equal("longer than lr", np.maximum(norm - case.lr, 0), 0.0, scale=np.max(np.abs(W)) + case.lr)


@step.law("closed form", cases=of_one_matrix)
def the_loss_falls_by_the_nuclear_norm(port: Any, case: Case) -> Iterable[Fact]:
    """On f = ½‖W - W*‖² a step changes f by -lr·‖G‖_* + ½·lr²·r: the descent lemma with equality. Where no curvature is
    above 1 f is no larger than that: with 1, ½, ¼, 1, … of the columns here."""
    G, (_, s, _) = case.gradient, svd(case)
    found = moved(port, case.start, G, lr=case.lr)
    after = found - case.start + G
    f = np.sum(G * G) / 2
    drop = np.sum(after * after) / 2 - f
    change = -case.lr * np.sum(s) + case.lr**2 * len(s) / 2
    yield equal("change of f", drop, change, scale=f)
    h = 2.0 ** -(np.arange(G.shape[1]) % 3.0)
    error = G / h
    after = found - case.start + error
    yield at_least("of less curvature", np.sum(h * error * error) / 2 + change, np.sum(h * after * after) / 2)


errors = Quantity(
    lambda draw, context: np.asarray(0.5 + spectrum(0.3).draw(draw, context._replace(shape=context.shape[:1])) / 2),
    "errors from 3/4 to 1",
)
curvatures = Quantity(
    lambda draw, context: spectrum(1.0).draw(draw, context._replace(shape=context.shape[:1])), "curvatures in [0.1, 1]"
)
aligned = Cases({
    "e": errors, "h": curvatures, "signs": tame(), "turn": rotation_of(0), "turn2": rotation_of(1),
    "times": count(1, 2, low=1, high=5),
}, SQUARE)  # fmt: skip


@step.law("trajectory", cases=aligned)
def aligned_modes_approach_at_one_speed(port: Any, case: Case) -> Iterable[Fact]:
    """On ½·tr E·H·Eᵀ with E = U·diag(e)·Qᵀ, H = Q·diag(h)·Qᵀ square, k steps take |eᵢ| to |eᵢ| - k·lr while that is
    positive, whatever h is. Gradient descent has eᵢ·(1 - lr·hᵢ)ᵏ."""
    U, Q, lr = case.turn, case.turn2, 2.0**-4
    sign = np.where(case.signs[0] < 0, -1.0, 1.0)
    E, H = (U * (sign * case.e)) @ Q.T, (Q * case.h) @ Q.T
    for _ in range(case.times):
        E = moved(port, E, E @ H, lr=lr)
    expected = (U * (sign * (case.e - case.times * lr))) @ Q.T
    yield equal("error", E, expected, scale=1.0)


@step.law("trajectory", cases=aligned)
def a_run_turns_with_its_problem(port: Any, case: Case) -> Iterable[Fact]:
    """On ½c·tr E·H·Eᵀ, c > 0, with any turned H, the run from U·E·Sᵀ with S·H·Sᵀ is that from E with H, turned; after k
    steps it is k·lr away at most, in spectral norm. Four to twenty steps here."""
    U, S, lr = case.turn, case.turn2, 2.0**-7
    E = np.diag(case.e) @ S
    there, H, start = U @ E @ S.T, (S * case.h) @ S.T, E
    for _ in range(4 * case.times):
        E, there = moved(port, E, E * case.h, lr=lr), moved(port, there, 4 * (there @ H), lr=lr)
    yield equal("turned", there, U @ E @ S.T, scale=1.0)
    yield at_least("away", 4 * case.times * lr, lapack(np.linalg.svdvals, E - start)[0])


@step.law("trajectory", cases=Cases({"h": number(1.0, exponents=(-6, 6)), "times": count(0, 1, high=3)}, SQUARE))
def a_constant_rate_ends_in_a_cycle_of_two(port: Any, case: Case) -> Iterable[Fact]:
    """In one dimension, from e = (n + ¼)·lr, after n steps it is at lr/4 and goes on to -3lr/4, lr/4, …: it does not
    converge. From n·lr it ends at 0, where the step is 0."""
    for rest, cycle in ((0.25, (0.25, -0.75, 0.25)), (0.0, (0.0, 0.0, 0.0))):
        e = np.array([[(case.times + rest) * 0.5]]) * (1 + 0 * case.h)
        for _ in range(case.times):
            e = moved(port, e, case.h * e, lr=0.5)
        for k, expected in enumerate(cycle):
            yield equal(f"{rest}, {k} steps later", e, expected * 0.5, scale=1.0)
            e = moved(port, e, case.h * e, lr=0.5)


layered = Cases({
    "a": number(0.125, exponents=(-5, -3)), "turn": rotation_of(0), "turn2": rotation_of(1),
    "times": count(1, 2, low=1, high=5),
}, SQUARE)  # fmt: skip


@step.law("trajectory", cases=layered)
def modes_of_a_deep_linear_network_grow_at_one_speed(port: Any, case: Case) -> Iterable[Fact]:
    """On ½‖W₂W₁ - M‖², M = U·diag(σ)·Vᵀ, from W₂ = a·U, W₁ = a·Vᵀ, each mode grows to a + k·lr in both layers while
    its square is below σ, small ones as fast as large ones. σ = 1, ½, ¼ … here."""
    U, V, lr = case.turn, case.turn2, 2.0**-6
    M = (U * 2.0 ** -(1.0 * np.arange(len(U)))) @ V.T
    layers = (case.a * V.T, case.a * U)
    for _ in range(case.times):
        first, second = layers
        error = second @ first - M
        layers, _ = port.step(layers, (second.T @ error, error @ first.T), ON, lr=lr, layers=(0, 1))
    grown = case.a + case.times * lr
    yield equal("first", layers[0], grown * V.T, scale=1.0)
    yield equal("second", layers[1], grown * U, scale=1.0)


@step.misfits(cases=plain)
def layers_that_are_no_matrices_are_rejected(case: Case) -> Misfits:
    """Layers are places of matrices, and each has a sketch for "rsvd"."""
    return {
        "a bias": {"layers": (1,)},
        "none that there is": {"layers": (3,)},
        "without a sketch": {"layers": FIRST, "variant": "rsvd", "sketches": ()},
    }


FACTOR = "if state.active and i in layers:"
DECAYED = "G = grad + weight_decay * W if len(W.shape) > 1 else grad"
step.edits(
    f"""
decay_is_decoupled: The decay does not go through the transform: W ← W - lr·(EGD(g) + λ·W)
    `{DECAYED}` → `G = grad`, `W - lr * G` → `W - lr * (G + weight_decay * W if len(W.shape) > 1 else G)`
biases_decay: Biases decay, too
    `{DECAYED}` → `G = grad + weight_decay * W`
no_decay: The decay is left out
    `{DECAYED}` → `G = grad`
decay_of_the_transform_only: Only the layers that are transformed decay
    `if len(W.shape) > 1 else grad` → `if i in layers else grad`
every_matrix_is_transformed: The transform is made of every matrix, also of those that are no layers
    `i in layers` → `len(G.shape) > 1`
biases_are_transformed: Biases are divided by their length
    `new.append(W - lr * G)` → `new.append(W - lr * (G / np.sqrt(np.sum(G * G) + 1e-300) if len(G.shape) == 1 and
        state.active else G))`
switch_is_not_looked_at: The transform goes on when the switch has turned it off
    `{FACTOR}` → `if i in layers:`
last_two_dimensions: An array of more than two dimensions is taken for (out·…, in), by its last one
    `G.reshape(G.shape[0], prod(G.shape[1:]))` → `G.reshape(prod(G.shape[:-1]), G.shape[-1])`
step_uphill: The step is added
    `W - lr * G` → `W + lr * G`
update_keeps_the_gradients_size: The factor is multiplied by the gradient's length: the rate means what it did before
    `G = matrix.reshape(G.shape)` → `G = (sum(sum(G.reshape(-1, 1) ** 2)) ** 0.5 * matrix).reshape(G.shape)`
floor_of_the_code_for_columns: Columns have the floor 1e-6 of the code and not 0.01
    `0.01` → `1e-6`
""".replace("and\n        state", "and state").replace(
        "np.sqrt(np.sum(G * G) + 1e-300)", "(sum(G * G) + 1e-300) ** 0.5"
    )
)

accuracies = Cases({
    "state": choice(ON, OFF), "accuracy": unit_interval(), "threshold": choice(0.95, 0.5, 1.0, 0.0, 0.85),
    "variant": choice("latched", "live"),
}, SHAPES)  # fmt: skip
switch = system.operation(reference.switch, cases=accuracies, rejecting=accuracies, dtypes=WITH_ROOM)


@switch.law("limit", cases=accuracies.but(threshold=choice(0.5, 0.25, 0.75)))
def above_the_threshold_it_is_off_for_good_unless_it_is_live(port: Any, case: Case) -> Iterable[Fact]:
    """Accuracy above the threshold turns it off, at or below the threshold it stays on; once off, a low accuracy turns
    it on again with "live" and never with "latched"."""
    at, above, low = case.threshold, (1 + case.threshold) / 2, case.threshold / 4
    for label, state, accuracy, expected in (
        ("at", ON, at, True),
        ("below", ON, low, True),
        ("above", ON, above, False),
        ("again", OFF, low, case.variant == "live"),
    ):
        yield agree(label, switch.call(port, case, state=state, accuracy=accuracy).active, expected)


switch.edits("""
threshold_belongs_to_above: An accuracy of just the threshold turns it off
    `accuracy > threshold` → `accuracy >= threshold`
always_live: The transform comes back when the accuracy falls, as in the code, whatever was asked for
    `variant == "live"` → `True`
never_live: Once off it stays off, as in the paper, whatever was asked for
    `variant == "live"` → `False`
on_above_the_threshold: It is turned on by a high accuracy
    `EGDState(not passed)` → `EGDState(passed)`
""")
