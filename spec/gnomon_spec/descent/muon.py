"""Muon: the momentum of a matrix, orthogonalised by a few steps of Newton-Schulz, is the direction of the step.

Definition, with x the parameters (a matrix), g the gradient, M the momentum, β its weight, λ the (decoupled) weight
decay, ‖·‖ the Frobenius norm, γ a number that depends on the shape alone::

    M ← β·M + (1-β)·g
    U ← β·M + (1-β)·g                        with Nesterov's momentum; M without
    X ← U/max(‖U‖, ε)
    X ← aₖX + (bₖA + cₖA²)X,  A = XXᵀ        five times, with (3.4445, -4.7750, 2.0315)
    x ← x·(1 - lr·λ) - lr·γ·X

An odd polynomial of a matrix is that polynomial of its singular values, and leaves the singular vectors. Five of these
quintics do not bring the singular values to 1: from [0.003, 1] they lead into [0.6818, 1.2024], and they multiply what
is smaller than that by up to 3.4445⁵ = 484.9. Nothing may be held against 1, or against UVᵀ, but where a set of
coefficients converges ("polar-express").

Where sources disagree. torch's docstring and the authors' first code have the heavy ball, β·M + g; the code of both
averages: one direction, but for ε, since orthogonalising forgets the length ("heavy-ball"). torch and pytorch_optimizer
clamp the norm from below, the authors ("jordan") and optax add ε to it. optax corrects the bias as NAdam does, gives
the new gradient other weight thereby from the second step on, and has one row an input ("optax"). γ is published in
five forms, `scale`. The coefficients are published in four sets, and their last one is repeated (pytorch_optimizer;
in optax further steps are not made, and fewer are an error). torch, the authors and pytorch_optimizer
compute in bfloat16 whatever the parameters have.

Sources: Jordan et al., "Muon" (2024), and KellerJordan/Muon; Liu et al., arXiv 2502.16982; Bernstein, "Deriving Muon"
(2025); Amsel et al., arXiv 2505.16932; Ahn et al., arXiv 2504.05295; `torch.optim.Muon` 2.13; `optax.contrib.muon`
0.2.8; `pytorch_optimizer.Muon` 4.1.0; NVIDIA Emerging-Optimizers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import muon as reference
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, choice
from gnomon_spec.curvature.symmetries import negated, scaled, unchanged
from gnomon_spec.descent import elementwise, muon_orthogonalising, weight_decay
from gnomon_spec.descent.muon_cases import orthogonalising, rotations, stepping, transposed, turned
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import count, indices, poisons, tame, whole_range, zeros
from gnomon_spec.system import WITH_ROOM, System

system = System("muon", title="Muon", text=__doc__ or "")
orthogonalise = system.operation(reference.orthogonalise, cases=orthogonalising, dtypes=WITH_ROOM)
muon_orthogonalising.declare_laws(orthogonalise)
muon_orthogonalising.declare_mistakes(orthogonalise)

_, steps, calm, bare, fresh = stepping
step = system.operation(reference.step, cases=steps, rejecting=calm)
elementwise.declare_shift(step, bare)
elementwise.declare_run_laws(step, calm)
elementwise.declare_step_mistakes(step)
weight_decay.declare_decoupled(step, calm, "`(1 - lr * weight_decay)` → `1`")
scale_free = bare.but(eps=0.0)


def weights(case: Case) -> Any:
    """Return the weight of a new gradient in the momentum."""
    return 1.0 if case.variant == "heavy-ball" else 1 - case.momentum


def factor(shape: tuple[int, ...], case: Case) -> Any:
    """Return γ for a parameter of a shape."""
    outputs, inputs = shape[::-1] if case.variant == "optax" else shape
    return {
        "original": (outputs / inputs if outputs > inputs else 1.0) ** 0.5,
        "match-rms-adamw": (max(outputs, inputs) / 25) ** 0.5,
        "unit-rms": (outputs / inputs) ** 0.5,
        "spectral": max(outputs, inputs) ** 0.5,
        "none": 1.0,
    }[case.scale]


def orthogonalised(port: Any, update: Any, case: Case) -> Any:
    """Return what the oracle makes of a momentum in the hyperparameters of a step."""
    given = {name: case[name] for name in ("coefficients", "ns_steps", "eps")}
    return port.oracle.orthogonalise(update, **given, eps_added=case.variant != "torch")


@step.law("closed form", cases=calm)
def the_momentum_is_a_mean_of_gradients(port: Any, case: Case) -> Iterable[Fact]:
    """M ← β·M + (1-β)·g, or β·M + g in "heavy-ball", of the gradient alone, and the step count grows by one."""
    _, state = port.step(case.params, case.grad, case.state, **case.hyper)
    mean = case.momentum * case.state.momentum_buffer + weights(case) * case.grad
    yield equal("momentum_buffer", state.momentum_buffer, mean)
    yield identical("step_count", np.array(state.step_count), np.array(case.state.step_count + 1))


@step.law("closed form", cases=calm.but(nesterov=False))
def the_step_is_the_orthogonalised_momentum(port: Any, case: Case) -> Iterable[Fact]:
    """Without Nesterov's momentum x ← x·(1 - lr·λ) - lr·γ·f(M), in "optax" of M/(1-βᵗ); only γ knows the shape."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    momentum = case.momentum * case.state.momentum_buffer + weights(case) * case.grad
    if case.variant == "optax":
        momentum = momentum / (1 - case.momentum ** (case.state.step_count + 1))
    kept = case.params * (1 - case.lr * case.weight_decay)
    rate = case.lr * factor(case.params.shape, case)
    yield equal("params", params, kept - rate * orthogonalised(port, momentum, case))


@step.law("closed form", cases=calm.but(nesterov=True, variant=choice("torch", "jordan", "heavy-ball")))
def nesterov_looks_ahead_along_the_new_momentum(port: Any, case: Case) -> Iterable[Fact]:
    """With Nesterov's momentum f(β·M' + (1-β)·g) is taken, M' the new momentum: of M β² and of g 1-β² altogether."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    beta = case.momentum
    ahead = beta**2 * case.state.momentum_buffer + weights(case) * (1 + beta) * case.grad
    kept = case.params * (1 - case.lr * case.weight_decay)
    rate = case.lr * factor(case.params.shape, case)
    yield equal("params", params, kept - rate * orthogonalised(port, ahead, case))


@step.law("closed form", cases=calm.but(nesterov=True, variant="optax"))
def corrected_momentum_and_gradient_are_mixed(port: Any, case: Case) -> Iterable[Fact]:
    """In "optax" Nesterov's momentum is NAdam's: β·M'/(1-βᵗ⁺¹) + (1-β)·g/(1-βᵗ), t the new step count."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    beta, t = case.momentum, case.state.step_count + 1
    mean = beta * case.state.momentum_buffer + (1 - beta) * case.grad
    ahead = beta * mean / (1 - beta ** (t + 1)) + (1 - beta) * case.grad / (1 - beta**t)
    kept = case.params * (1 - case.lr * case.weight_decay)
    rate = case.lr * factor(case.params.shape, case)
    yield equal("params", params, kept - rate * orthogonalised(port, ahead, case))


@step.law("closed form", cases=fresh.but(eps=0.0, times=count(1, 2, low=1, high=6)))
def with_one_gradient_all_forms_go_one_way(port: Any, case: Case) -> Iterable[Fact]:
    """With ε = 0 and one gradient throughout, T steps move by T·lr·γ·f(g), whatever β, Nesterov and the variant are."""
    params, state = case.params, case.state
    for _ in range(case.times):
        params, state = port.step(params, case.grad, state, **case.hyper)
    rate = case.lr * factor(case.params.shape, case)
    yield equal("params", params, case.params - case.times * rate * orthogonalised(port, case.grad, case))


@step.law("invariance", cases=scale_free.but(variant="torch"))
def mean_and_heavy_ball_go_one_way(port: Any, case: Case) -> Iterable[Fact]:
    """With ε = 0, averaging and the heavy ball with a buffer 1/(1-β) times as large make the same step."""
    params, state = port.step(case.params, case.grad, case.state, **case.hyper)
    ball = case.state._replace(momentum_buffer=case.state.momentum_buffer / (1 - case.momentum))
    expected, after = port.oracle.step(case.params, case.grad, ball, **{**case.hyper, "variant": "heavy-ball"})
    yield equal("params", params, expected)
    yield equal("momentum_buffer", state.momentum_buffer, (1 - case.momentum) * after.momentum_buffer)


@step.law("invariance", cases=calm.but(momentum=0.0))
def without_momentum_the_past_does_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """With β = 0 the step is x·(1 - lr·λ) - lr·γ·f(g), with Nesterov's momentum and without."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    kept = case.params * (1 - case.lr * case.weight_decay)
    rate = case.lr * factor(case.params.shape, case)
    yield equal("params", params, kept - rate * orthogonalised(port, case.grad, case))


@step.law("equivariance", cases=calm.but(momentum=0.0, variant="optax"))
def optax_has_the_transpose(port: Any, case: Case) -> Iterable[Fact]:
    """With β = 0, "optax" makes of x and g the transpose of what "jordan" makes of xᵀ and gᵀ, with every γ."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    state = case.state._replace(momentum_buffer=case.state.momentum_buffer.T)
    mirrored, _ = port.oracle.step(case.params.T, case.grad.T, state, **{**case.hyper, "variant": "jordan"})
    yield equal("params", params, mirrored.T)


@step.law("bound", cases=bare.but(params=zeros, coefficients="muon", ns_steps=5, scale="unit-rms"), dtypes=WITH_ROOM)
def no_step_moves_outputs_by_more_than_the_rate(port: Any, case: Case) -> Iterable[Fact]:
    """With γ = √(outputs/inputs), a step moves no output by more than 1.20237·lr times its input."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    outputs, inputs = params.shape[::-1] if case.variant == "optax" else params.shape
    longest = lapack(np.linalg.svd, params, compute_uv=False)[0] * (inputs / outputs) ** 0.5
    yield at_least("bound", muon_orthogonalising.LARGEST * case.lr + 0 * longest, longest)


@step.law(
    "bound", cases=bare.but(params=zeros, coefficients="muon", ns_steps=5, scale="match-rms-adamw"), dtypes=WITH_ROOM
)
def entries_move_by_about_a_fifth_of_the_rate(port: Any, case: Case) -> Iterable[Fact]:
    """With "match-rms-adamw" the root mean square of a step is at most 1.20237·0.2·lr, whatever the shape."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    size = np.sqrt(np.mean(params * params))
    yield at_least("bound", muon_orthogonalising.LARGEST * case.lr / 5 + 0 * size, size)


@step.law("fixed point", cases=fresh.but(grad=zeros, eps=choice(0.0, 1e-7)))
def no_gradient_no_move(port: Any, case: Case) -> Iterable[Fact]:
    """From a fresh state without decay a gradient of zeros leaves the parameters alone, bit for bit; no ε is needed."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    yield identical("params", params, case.params)


@step.law("conservation", cases=calm.but(place=indices(), bad=poisons))
def a_bad_gradient_is_not_hidden(port: Any, case: Case) -> Iterable[Fact]:
    """A NaN or an infinity in the gradient makes every parameter NaN: it has no place of its own in a matrix."""
    place = (np.arange(case.grad.size) == case.place).reshape(case.grad.shape)
    params, _ = port.step(case.params, np.where(place, case.bad, case.grad), case.state, **case.hyper)
    yield identical("is NaN", np.isnan(params), np.ones(case.params.shape, bool))


@step.law("invariance", cases=bare.but(elsewhere=tame()))
def the_direction_is_of_gradients_alone(port: Any, case: Case) -> Iterable[Fact]:
    """Other parameters change no bit of the new state."""
    _, state = port.step(case.params, case.grad, case.state, **case.hyper)
    _, other = port.step(case.elsewhere, case.grad, case.state, **case.hyper)
    yield identical("momentum_buffer", other.momentum_buffer, state.momentum_buffer)


ALL_OF_THEM = ("params", "grad", "state.momentum_buffer")
step.symmetry(
    "equivariance",
    "a_turned_run_is_the_run_turned",
    "Rotations on both sides of parameters, gradient and momentum pass through",
    cases=calm.but(**rotations),
    inputs=dict.fromkeys(ALL_OF_THEM, turned),
    outputs={"params": turned},
)
step.symmetry(
    "equivariance",
    "a_transposed_run_is_the_run_transposed",
    "Transposing everything transposes the new parameters, where γ is the same for both shapes",
    cases=calm.but(scale=choice("none", "match-rms-adamw", "spectral")),
    inputs=dict.fromkeys(ALL_OF_THEM, transposed),
    outputs={"params": transposed},
)
step.symmetry(
    "equivariance",
    "a_mirrored_run_is_the_mirror_image",
    "Negating parameters, gradient and momentum negates the new parameters, bit for bit",
    cases=steps,
    inputs=dict.fromkeys(ALL_OF_THEM, negated),
    outputs={"params": negated},
    same=identical,
)
step.symmetry(
    "invariance",
    "without_epsilon_the_unit_of_the_gradient_does_not_matter",
    "With ε = 0, gradient and momentum times 2ᵏ give the same parameters, wherever in the dtype's range they are",
    cases=scale_free.but(power=whole_range()),
    inputs=dict.fromkeys(ALL_OF_THEM[1:], scaled),
    outputs={"params": unchanged},
    dtypes=WITH_ROOM,
)

HEAVY, AHEAD = 'if variant == "heavy-ball" else', "momentum * buffer + weight * grad if nesterov"
CORRECTED = "momentum * buffer / (1 - momentum ** (t + 1)) + weight * grad / (1 - momentum**t)"
step.edits(f"""
heavy_ball_instead_of_the_mean: The momentum is β·M + g where it should be β·M + (1-β)·g [torch's docstring; Jordan et
    al. 2024]
    `1.0 {HEAVY} 1 - momentum` → `1.0`
mean_instead_of_the_heavy_ball: The momentum is β·M + (1-β)·g where it should be β·M + g [torch's code; the authors']
    `1.0 {HEAVY} 1 - momentum` → `1 - momentum`
look_ahead_without_its_weight: The momentum averages, but Nesterov's adds the whole gradient: β·M + g
    `{AHEAD}` → `momentum * buffer + grad if nesterov`
nesterov_left_out: Nesterov's momentum is asked for but the momentum itself is taken
    `{AHEAD}` → `buffer if nesterov`, `{CORRECTED}` → `buffer / (1 - momentum**t)`
nesterov_whatever_is_asked: Nesterov's momentum is done although it is not asked for
    `if nesterov else` → `if True else`, `if nesterov:` → `if True:`
nesterov_along_the_old_momentum: Nesterov's momentum looks ahead along the old momentum instead of the new one
    `{AHEAD}` → `momentum * state.momentum_buffer + weight * grad if nesterov`,
    `momentum * buffer / (1` → `momentum * state.momentum_buffer / (1`
look_ahead_kept_as_the_momentum: What Nesterov's momentum looks ahead to is kept as the momentum
    `MuonState(buffer, t)` → `MuonState(update, t)`
orthogonalised_gradient_averaged: The gradient is orthogonalised first, and the momentum made of that
    [orthogonalising before the momentum, as Tuddenham et al. 2022 do by an SVD]
    `` → `grad = orthogonalise(
            grad, coefficients=coefficients, ns_steps=ns_steps, eps=eps, eps_added=variant != "torch"
        )`,
    `direction = orthogonalise(` → `direction = update
        orthogonalise(`
momentum_of_the_direction: The direction is kept as the momentum
    `rate * direction, state` → `rate * direction, state._replace(momentum_buffer=direction)`
bias_corrected_in_every_form: The bias of the momentum is corrected as optax does it, in every form
    `if variant == "optax":` → `if variant != "heavy-ball":`
bias_not_corrected: The bias of the momentum is not corrected
    `if variant == "optax":` → `if False:`
bias_corrected_with_one_power: Momentum and gradient are divided by the same 1-βᵗ
    `(1 - momentum ** (t + 1))` → `(1 - momentum**t)`
step_count_one_behind: The bias correction counts one step too few
    `momentum ** (t + 1)` → `momentum ** max(t, 1)`, `momentum**t` → `momentum ** max(t - 1, 1)`
scale_by_the_shorter_side: γ has the shorter side where it should have the longer one
    `sqrt(max(outputs, inputs))` → `sqrt(min(outputs, inputs))`
scale_by_the_smaller_ratio: γ is √min(1, outputs/inputs)
    `max(1.0, outputs / inputs)` → `min(1.0, outputs / inputs)`
scale_by_the_other_ratio: γ takes rows for inputs and columns for outputs, or the other way round
    `params.shape[::-1] if variant == "optax" else params.shape` →
        `params.shape if variant == "optax" else params.shape[::-1]`
scale_without_its_root: γ is max(1, outputs/inputs), without the root
    `sqrt(max(1.0, outputs / inputs))` → `max(1.0, outputs / inputs)`
scale_without_the_fifth: γ lacks the 0.2 that makes it AdamW's
    `0.2 * sqrt` → `1.0 * sqrt`
scale_left_out: γ is 1, whatever is asked for
    `lr * scale_factor(outputs, inputs, scale)` → `lr`
scale_of_the_root_mean_square: The direction is scaled to the root mean square of γ instead of multiplied by it
    `rate * direction` → `rate * direction / np.sqrt(np.mean(direction * direction) + 1e-30)`
decay_by_the_adjusted_rate: The decay takes lr·γ where it should take lr [several Muons that adjust lr first]
    `(1 - lr * weight_decay)` → `(1 - rate * weight_decay)`
decay_after_the_update: The parameters are shrunk after the step, the step with them
    `params * (1 - lr * weight_decay) - rate * direction` → `(params - rate * direction) * (1 - lr * weight_decay)`
ball_of_another_momentum: The momentum is averaged with 1-β and β swapped
    `momentum * state.momentum_buffer + weight * grad` → `weight * state.momentum_buffer + momentum * grad`
sign_instead_of_orthogonalising: The direction is the sign of each entry (Lion, signed momentum)
    `rate * direction` → `rate * np.sign(update)`
normalised_instead_of_orthogonalised: The direction is the momentum at length 1, not orthogonalised
    `rate * direction` → `rate * from_unit_length(update, (), eps, variant != "torch")`
""")
