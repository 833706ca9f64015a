"""What was published about Muon: sentences of papers and of docstrings, put to the test."""

from __future__ import annotations

import numpy as np

from gnomon.descent import muon
from gnomon.descent.newton_schulz import unit_length
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.muon.singular_values import in_bfloat16, through

TORCH = "docstring of torch.optim.Muon 2.13"
NEWTON_SCHULZ = "docstring of zeropower_via_newtonschulz5, Jordan et al. 2024; torch 2.13 and optax 0.2.8 have it, too"
GRAD = np.array([[1.0, -2.0, 0.5], [0.25, 1.0, 3.0]])

ledger = Ledger("muon")


def moves(*grads: np.ndarray, **hyper: object) -> list[np.ndarray]:
    """Return by how much each of some steps moves, with lr 1 and without decay."""
    params = np.zeros_like(grads[0])
    state, found = muon.init(params), []
    for grad in grads:
        new, state = muon.step(params, grad, state, **{"lr": 1.0, "weight_decay": 0.0, **hyper})  # type: ignore[arg-type]
        params, move = new, params - new
        found.append(move)
    return found


@ledger.claim("false", source=NEWTON_SCHULZ)
def it_orthogonalises() -> Evidence:
    """“Newton-Schulz iteration to compute the zeroth power / orthogonalization of G”

    The five quintics do not converge. Not even an orthogonal matrix comes out orthogonal, and more steps do not help:
    1 becomes 3.4445 - 4.7750 + 2.0315 = 0.701 in one step, and the singular values go round for ever.
    """
    after = {steps: float(muon.orthogonalise(np.ones((1, 1)), ns_steps=steps)[0, 0]) for steps in (5, 50, 51)}
    identity = np.diag(muon.orthogonalise(np.eye(4)))
    listed = ", ".join(f"{value:.4f} after {steps} steps" for steps, value in after.items())
    figure = f"the matrix (1) becomes {listed}; the 4 by 4 identity becomes {identity[0]:.4f} times itself"
    return Evidence(all(abs(value - 1) > 0.05 for value in after.values()) and abs(identity[0] - 1) > 0.01, figure)


@ledger.claim("false", source=NEWTON_SCHULZ)
def singular_values_are_uniform() -> Evidence:
    """“S_{ii}' ~ Uniform(0.5, 1.5)”

    Singular values from 0.003·‖G‖ on end in [0.6818, 1.2024], where a uniform variable would be in half of the cases;
    smaller ones end anywhere from 0 on. Nor does [0.7, 1.2] hold.
    """
    values = through(np.geomspace(0.003, 1, 20_000), "muon", 5)
    within, below = (float(np.mean(of)) for of in ((values > 0.68183) & (values < 1.20237), values < 0.7))
    small = float(through(np.array([1e-4]), "muon", 5)[0])
    figure = (
        f"20,000 values, even in the logarithm: {np.min(values):.5f} … {np.max(values):.5f}, {within:.0%} in [0.6818, "
        f"1.2024] (uniform: 52%), {below:.1%} below 0.7; 0.0001·‖G‖ becomes {small:.4f}"
    )
    return Evidence(within > 0.99 and below > 0.01 and small < 0.5, figure)


@ledger.claim("holds", source="comment in the same function: “Ensure spectral norm is at most 1”")
def the_spectral_norm_is_at_most_one() -> Evidence:
    """“Ensure spectral norm is at most 1”

    It is divided by the Frobenius norm, which is never the smaller one; a matrix of rank one keeps a norm of 1.
    """
    draw = np.random.default_rng(0)
    starts = [draw.standard_normal((n, 2 * n)) for n in (1, 4, 16)]
    starts.append(np.outer(draw.standard_normal(8), draw.standard_normal(5)))
    norms = [np.linalg.norm(unit_length(start, 1e-7, False), 2) for start in starts]
    return Evidence(bool(max(norms) < 1 + 1e-15), f"largest of {len(norms)} matrices: {max(norms):.15f}")


@ledger.claim("holds if", source=TORCH, condition="ε = 0, so that only the direction counts")
def the_momentum_is_a_heavy_ball() -> Evidence:
    """“B_t ← μ·B_{t-1} + g_t”

    The code averages: `buf.lerp_(grad, 1 - momentum)`. Its buffer is 1-μ of that, and what a run does is the same as
    long as orthogonalising forgets the length; where ε counts it is not.
    """
    forms = ("torch", "heavy-ball")
    runs = {
        eps: [moves(1e-7 * GRAD, -1e-7 * GRAD[::-1], variant=form, eps=eps)[-1] for form in forms]
        for eps in (0.0, 1e-7)
    }
    free, floored = (float(np.max(np.abs(mean - ball))) for mean, ball in runs.values())
    figure = f"second of two steps with gradients of 1e-7: {free:.0e} apart with ε = 0, {floored:.3f} with ε = 1e-7"
    return Evidence(free < 1e-14 and floored > 0.01, figure)


@ledger.claim("false", source=TORCH)
def epsilon_is_added() -> Evidence:
    """“eps: term added to the denominator for numerical stability”

    It is a floor under the norm (`norm().clamp(min=eps)`): a matrix of length 1e-7 is divided by 1e-7, not by 2e-7.
    """
    matrix = 1e-7 * GRAD / np.linalg.norm(GRAD)
    floor, added = (np.linalg.norm(unit_length(matrix, 1e-7, is_added)) for is_added in (False, True))
    return Evidence(bool(abs(floor - 1) < 1e-15 and abs(added - 0.5) < 1e-15), f"length {floor:.3f}, added {added:.3f}")


@ledger.claim("holds if", source="NVIDIA Emerging-Optimizers, pull request 230", condition="ε = 0")
def the_size_of_gradients_does_not_matter() -> Evidence:
    """Gradients of any size give the same step, as only their direction is used

    Not with ε = 1e-7: U = 0.0975·g in the first step, and gradients shorter than ε/0.0975 = 1e-6 are not brought to
    length 1 any more. The step is another one then, and of gradients of 1e-12 hardly anything is left.
    """
    sizes = (1.0, 1e-6, 1e-8, 1e-12)
    lengths = [np.linalg.norm(moves(size * GRAD)[0]) for size in sizes]
    free = [np.linalg.norm(moves(size * GRAD, eps=0.0)[0]) for size in sizes]
    words = ", ".join(f"{length:.4f} for {size:g}·g" for length, size in zip(lengths, sizes, strict=True))
    shown = lengths[-1] < 1e-2 * lengths[0] and np.ptp(free) < 1e-14
    return Evidence(bool(shown), f"length of the first step: {words}; with ε = 0 {free[0]:.4f} for all")


@ledger.claim("holds if", source=f"{TORCH}; Liu et al., arXiv 2502.16982", condition="the gradient has full rank")
def updates_have_a_consistent_root_mean_square() -> Evidence:
    """“make the orthogonalized update have a consistent RMS across rectangular matrices”

    With γ = 0.2·√max(A, B) the root mean square is 0.2 if all singular values are 1. Muon's are not, which leaves 0.14
    to 0.24; and of a gradient of rank r only r/min(A, B) of the squares are there.
    """
    draw = np.random.default_rng(1)
    shapes = ((8, 8), (8, 64), (64, 8), (64, 64))
    full = [draw.standard_normal(shape) for shape in shapes]
    flat = [np.outer(draw.standard_normal(a), draw.standard_normal(b)) for a, b in shapes]
    sizes, thin = (
        [float(np.sqrt(np.mean(moves(grad, scale="match-rms-adamw")[0] ** 2))) for grad in grads]
        for grads in (full, flat)
    )
    figure = (
        f"normal gradients of shapes 8 and 64: {min(sizes):.3f} … {max(sizes):.3f}; of rank one: "
        f"{min(thin):.3f} … {max(thin):.3f}"
    )
    return Evidence(min(sizes) >= 0.1363 and max(sizes) <= 0.2405 and max(thin) < 0.1, figure)


@ledger.claim(
    "holds if",
    source="docstring of optax.contrib.muon 0.2.8",
    condition="57% of the steepest is enough, and no singular value is below 0.003·‖G‖",
)
def it_is_steepest_descent() -> Evidence:
    """“it does steepest descent under the Schatten-p norm, for some large p”

    Among all updates of one spectral norm UVᵀ gains most. Muon's gains at least 0.6818/1.2024 = 57% of that if no
    singular value is below 0.003·‖G‖. Along smaller ones it hardly moves, where UVᵀ moves as along all others.
    """
    draw = np.random.default_rng(2)
    gains, moved = [], []
    for s in (np.geomspace(1, 1e-2, 32), np.where(np.arange(32) == 0, 1.0, 1e-7)):
        U, V = (np.linalg.qr(draw.standard_normal((32, 32)))[0] for _ in range(2))
        update = muon.orthogonalise((U * s) @ V.T)
        along = np.diag(U.T @ update @ V)
        gains.append(float(np.sum(s * along) / (np.linalg.norm(update, 2) * np.sum(s))))
        moved.append(float(np.mean(along > 0.5)))
    figure = (
        f"32 by 32, singular values from 1 to 0.01: {gains[0]:.0%} of the steepest gain, moved by more than ½ along "
        f"{moved[0]:.0%} of the directions; one of 1 and all others 1e-7: along {moved[1]:.0%}"
    )
    return Evidence(0.567 < gains[0] < 0.99 and moved[0] == 1 and moved[1] < 0.1, figure)


@ledger.claim("holds", source="docstring of the class Muon in KellerJordan/Muon")
def it_is_stable_in_bfloat16() -> Evidence:
    """“it can be stably run in bfloat16 on the GPU”

    Nothing grows. But of small singular values few digits are left: they are rounded before they are multiplied by up
    to 484.9.
    """
    draw = np.random.default_rng(3)
    U, V = (np.linalg.qr(draw.standard_normal((32, 32)))[0] for _ in range(2))
    G = (U * np.geomspace(1, 1e-4, 32)) @ V.T
    apart, largest = (float(np.linalg.norm(of, 2)) for of in (in_bfloat16(G) - muon.orthogonalise(G), in_bfloat16(G)))
    figure = (
        f"32 by 32, singular values from 1 to 1e-4, bfloat16 imitated: spectral norm {largest:.3f}, {apart:.3f} from "
        "what float64 gives"
    )
    return Evidence(largest < 1.3 and apart > 0.05, figure)
