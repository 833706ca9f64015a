"""What was published about SRKL: statements of one text, which reports no experiment; each is put to the test here."""

from __future__ import annotations

from math import log10
from typing import Any

import numpy as np

from gnomon.descent import sgd, srkl
from gnomon.domains import Array
from gnomon.objectives import Quadratic
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.counted import Counted
from gnomon_validation.studies.srkl import cost, rosenbrock
from gnomon_validation.studies.srkl.double_well import DoubleWell

SOURCE = "PyTorch issue 184466, 2026-05-20"

ledger = Ledger("srkl")


@ledger.claim("false", source=SOURCE)
def convergence_to_global_minima() -> Evidence:
    """“guarantees asymptotic convergence to global minima”

    Both rules move along the gradient and stop wherever it vanishes. On f = (x²-1)²/4 + x/10 they stop in the local
    minimum, with a larger f than the global one has.
    """
    f = DoubleWell()
    best, _, local = f.stationary_points
    lowest = f.value(np.array([best]))
    ends = []
    for variant in ("fro", "code"):
        for start in (1.0, 0.3):
            x = iterate(f, start, variant, steps=5000, alpha=1e-2, beta=0.1)
            stays = bool(srkl.step_on(x, f, variant=variant, alpha=1e-2, beta=0.1)[0] == x[0])
            ends.append((f"{x[0]:.9f}", f"{f.value(x):.9f}", stays and bool(f.value(x) > lowest)))
    figure = (
        f"α = 0.01, β = 0.1: from x₀ = 1 and from 0.3 both rules stop at x = {ends[0][0]}, f = {ends[0][1]} (the local "
        f"minimum is {local:.9f}); the global minimum is x = {best:.9f}, f = {lowest:.9f}"
    )
    return Evidence(len(set(ends)) == 1 and ends[0][2], figure)


@ledger.claim("false", source=SOURCE)
def convergence_at_all() -> Evidence:
    """“guarantees asymptotic convergence”

    The code's rule does not even find the only minimum of ½λx² once αλ > 2: for αλ = 3 it goes round the two points
    ±√(αλ/2-1)/(√β·λ) for ever. A start where the gradient vanishes is not left either, a maximum included.
    """
    one = np.ones(1)
    parabola = Quadratic(np.array([[3.0]]), 0 * one)
    end = iterate(parabola, 0.37, "code", steps=20_000, alpha=1.0, beta=1.0)
    once = srkl.step_on(end, parabola, variant="code", alpha=1.0, beta=1.0)
    cycle = 0.5**0.5 / 3
    hill = Quadratic(np.array([[-1.0]]), 0 * one)
    stays = bool(srkl.step_on(hill.minimiser, hill, variant="fro", alpha=1.0, beta=1.0)[0] == 0)
    figure = (
        f"f = 3x²/2, α = β = 1: after 20,000 steps x goes from {end[0]:+.9f} to {once[0]:+.9f}, "
        f"√(αλ/2−1)/(√β·λ) = {cycle:.9f}; on the top of −x²/2 it stays"
    )
    jumps = all(f"{abs(x[0]):.9f}" == f"{cycle:.9f}" for x in (end, once)) and end[0] * once[0] < 0
    return Evidence(jumps and stays, figure)


@ledger.claim("holds if", source=SOURCE, condition="κ is the Hessian's norm, f a parabola ½λx², and λ(α−β) <= 1")
def zero_overshooting() -> Evidence:
    """“zero overshooting”

    The text's rule is gradient descent with the constant rate α/(1+βλ) on a parabola, and jumps over its minimum
    exactly if λ(α-β) > 1. With β >= α it therefore never does. The code's rule does exactly if βλ²x² < αλ-1.
    """
    curvatures = np.geomspace(1e-3, 1e3, 61)
    jumped = {
        (alpha, beta): sum(bool(parabola_step(k, alpha, beta) < 0) for k in curvatures)
        for alpha, beta in ((1.0, 1.0), (1.0, 0.5))
    }
    predicted = int(np.sum(curvatures * 0.5 > 1))
    code = np.ones(1) * 0.01
    over = float(srkl.step_code(code, 3 * code, alpha=1.0, beta=1.0)[0])
    figure = (
        f"α = β = 1: {jumped[1.0, 1.0]} of {curvatures.size} parabolas with λ from 1e-3 to 1e3 are overshot; "
        f"α = 1, β = ½: {jumped[1.0, 0.5]}, those with λ > 2; the code's rule with α = β = 1, λ = 3 goes from 0.01 to "
        f"{over:.4f}"
    )
    return Evidence(jumped[1.0, 1.0] == 0 and jumped[1.0, 0.5] == predicted > 0 and over < 0, figure)


@ledger.claim("false", source=SOURCE)
def no_oscillations() -> Evidence:
    """“eliminates oscillations”

    The code's rule overshoots a parabola sooner or later exactly if αλ > 1, whatever β is, as gradient descent does:
    near the minimum its κ vanishes and with it the brake. For αλ > 2 it oscillates for ever.
    """
    changes = {}
    for beta in (0.1, 10.0, 1000.0):
        x: Array = np.ones(1)
        changes[beta] = 0
        for _ in range(5000):
            new: Array = srkl.step_code(x, x, alpha=3.0, beta=beta)
            changes[beta] += bool(new[0] * x[0] < 0)
            x = new
    figure = "f = x²/2, α = 3, sign changes in 5,000 steps from x₀ = 1: " + ", ".join(
        f"{count:,} with β = {beta:g}" for beta, count in changes.items()
    )
    return Evidence(min(changes.values()) > 0, figure)


@ledger.claim("false", source=SOURCE)
def curvature_spikes_near_minima() -> Evidence:
    """“Upon approaching local/global minima … the acceleration metric ‖∇²L‖ spikes”

    The Hessian of a quadratic is the same everywhere, and that of x⁴ vanishes at the minimum.
    """
    places = (1.0, 0.1, 0.01)
    quartic = [float(srkl.curvature_hessian(np.array([[12 * x * x]]))) for x in places]
    bowl = Quadratic(np.eye(1), np.zeros(1))
    flat = [float(srkl.curvature_hessian(bowl.hvp(np.array([x]), np.ones(1))[:, None])) for x in places]
    figure = (
        f"at distances {', '.join(map('{:g}'.format, places))} from the minimum ‖∇²f‖ is "
        f"{', '.join(map('{:g}'.format, flat))} for x²/2 and {', '.join(map('{:g}'.format, quartic))} for x⁴"
    )
    return Evidence(len(set(flat)) == 1 and quartic[0] > quartic[1] > quartic[2], figure)


@ledger.claim("false", source=SOURCE)
def precision_stop() -> Evidence:
    """“driving Φ(W) → 0 … executing a precision stop directly inside the optimal point”

    With the code's κ = ‖g∘g‖₂ it is the reverse: κ vanishes at a minimum and Φ rises to α, its largest value.
    """
    alpha = 1.0
    places = (100.0, 1.0, 0.01, 0.0)
    rates = [float(srkl.brake(srkl.curvature(np.array([x])), alpha=alpha, beta=1.0)) for x in places]
    figure = "f = x²/2, α = β = 1: Φ is " + ", ".join(
        f"{rate:.4g} at x = {x:g}" for x, rate in zip(places, rates, strict=True)
    )
    return Evidence(rates == sorted(rates) and rates[-1] == alpha, figure)


@ledger.claim("false", source=SOURCE)
def acceleration_on_flat_ground() -> Evidence:
    """“The denominator collapses to unity, forcing Φ → α. The network accelerates rapidly”

    Φ = α/(1+βκ) never exceeds α, so that no step is longer than gradient descent's with the rate α: there is nothing to
    accelerate with. On a straight slope the text's rule is gradient descent, to the bit, and the code's is slower.
    """
    kappas = np.concatenate([[0.0], np.geomspace(1e-300, 1e300, 601)])
    rates = np.array([srkl.brake(kappa, alpha=0.5, beta=0.1) for kappa in kappas])
    x, slope = np.zeros(1), np.ones(1)
    plain, _ = sgd.step(x, slope, sgd.init(x), lr=0.5)
    text = srkl.step(x, slope, np.float64(0.0), alpha=0.5, beta=0.1)
    code = srkl.step_code(x, slope, alpha=0.5, beta=0.1)
    figure = (
        f"α = ½, β = 0.1: the largest Φ over κ from 0 to 1e300 is {np.max(rates):g}; on a slope of 1 gradient "
        f"descent's step is {-plain[0]:g}, the text's {-text[0]:g}, the code's {-code[0]:.4g}"
    )
    return Evidence(bool(np.max(rates) == 0.5 and text[0] == plain[0] and abs(code[0]) < abs(plain[0])), figure)


@ledger.claim("false", source=SOURCE)
def high_fidelity_diagonal() -> Evidence:
    """“localized high-fidelity diagonal approximation” of the Hessian

    The code squares the gradient, which knows nothing of the second derivatives: a linear function has curvature 0 and
    a κ > 0, a parabola at its minimum the reverse, and adding a linear function changes κ but no second derivative.
    """
    bowl = Quadratic(np.diag([2.0, 3.0]), np.zeros(2))
    tilt = np.array([1.0, -2.0])
    x = np.array([0.5, 0.5])
    at_minimum = float(srkl.curvature(bowl.gradient(bowl.minimiser)))
    linear = float(srkl.curvature(tilt))
    before, after = (float(srkl.curvature(bowl.gradient(x) + shift)) for shift in (0 * tilt, tilt))
    true = float(srkl.curvature_hessian(bowl.hessian, norm="diag"))
    figure = (
        f"f = x₁² + 3x₂²/2, ‖diag ∇²f‖ = {true:.4f}: the code's κ is {at_minimum:g} at the minimum, {before:.4f} at "
        f"(½, ½), {after:.4f} there after adding x₁ − 2x₂; of x₁ − 2x₂ alone, ∇²f = 0, it is {linear:.4f}"
    )
    return Evidence(at_minimum == 0 and linear > 0 and before != after, figure)


@ledger.claim("false", source=SOURCE)
def non_linear_denominator() -> Evidence:
    """“The denominator scales non-linearly”

    α/Φ = 1 + βκ is affine in κ.
    """
    denominators = [float(1 / srkl.brake(np.float64(kappa), alpha=1.0, beta=1.0)) for kappa in (0.0, 1.0, 3.0, 7.0)]
    figure = f"β = 1: α/Φ is {', '.join(map('{:g}'.format, denominators))} for κ = 0, 1, 3, 7"
    return Evidence(denominators == [1.0, 2.0, 4.0, 8.0], figure)


@ledger.claim("false", source=SOURCE)
def no_hyperparameter_search() -> Evidence:
    """“Completely replaces manual, trial-and-error hyperparameter search grids for learning rate schedules”

    There are two rates, α and β, instead of one, and they depend on the problem's units: multiplying the loss by c asks
    for α/c and β/c (code: β/c²). On Rosenbrock's function the choice decides nine orders of magnitude.
    """
    default, tuned = (float(rosenbrock.run(m).values[-1]) for m in (rosenbrock.DEFAULTS, rosenbrock.TUNED))
    figure = (
        f"Rosenbrock from (−1.2, 1), 20,000 steps of the text's rule: f = {default:.6f} with α = 0.001, β = 0.1 and "
        f"{tuned:.2e} with α = β = 1, 10^{log10(default / tuned):.1f} times less"
    )
    return Evidence(round(log10(default / tuned)) == 9, figure)


@ledger.claim(
    "holds if", source=SOURCE, condition="κ is the code's, at the price of creeping where the gradient is large"
)
def no_gradient_explosion() -> Evidence:
    """“eradicates gradient explosion”

    The code's step is never longer than α·n^¼/(2√β), however large the gradient; on a positive definite quadratic all
    iterates stay bounded, where gradient descent with the same α leaves the range of numbers. The price: far out the
    number of steps grows with the square of the distance.
    """
    rng = np.random.default_rng(19)
    longest = 0.0
    for exponent in np.concatenate([rng.uniform(-1, 1, 1000), rng.uniform(-8, 70, 1000)]):
        n = int(rng.integers(1, 20))
        grad = rng.standard_normal(n) * 10**exponent
        moved = np.linalg.norm(srkl.step_code(np.zeros(n), grad, alpha=1.0, beta=1.0))
        longest = max(longest, float(moved / (n**0.25 / 2)))
    x: Array = np.array([1000.0])
    most, bound = 0.0, max(1000.0, 50.0 / 2)
    for _ in range(5000):
        x = srkl.step_code(x, x, alpha=50.0, beta=1.0)
        most = max(most, abs(float(x[0])))
    with np.errstate(over="ignore", invalid="ignore"):
        plain = sgd.trajectory(np.array([1000.0]), np.eye(1), np.zeros(1), steps=300, lr=50.0)[:, 0]
    gone = int(np.argmin(np.isfinite(plain)))
    figure = (
        f"longest of 2,000 random steps, |g| up to 1e70: {longest:.6f} of the bound; f = x²/2, α = 50, x₀ = 1000: |x| "
        f"<= {most:.1f} in 5,000 steps, gradient descent is out of range after {gone}; the price, α = 0.1 from 100 to "
        f"1: {cost.code_steps(100.0, 0.1):,} steps against {cost.descent_steps(100.0, 0.1)}"
    )
    return Evidence(longest <= 1 and most <= bound and gone > 0, figure)


@ledger.claim(
    "holds if", source=SOURCE, condition="κ is the code's; the text's κ costs n Hessian products, or one with a probe"
)
def linear_overhead() -> Evidence:
    """“O(n) overhead”

    The code needs the gradient alone. A norm of the Hessian or of its diagonal needs n Hessian-vector products, each
    about as dear as a gradient, unless a random probe estimates it with one.
    """
    counts = {}
    for n in (4, 16, 64):
        for variant in ("code", "diag"):
            counted = Counted(Quadratic(np.eye(n), np.zeros(n)))
            srkl.step_on(np.ones(n), counted, variant=variant)
            counts[variant, n] = counted.effort[1:]
    said = "; ".join(
        f"n = {n}: {counts['code', n][1]} (code), {counts['diag', n][1]} (norm of the diagonal)" for n in (4, 16, 64)
    )
    shown = all(counts["code", n] == (1, 0) and counts["diag", n] == (1, n) for n in (4, 16, 64))
    return Evidence(shown, f"Hessian-vector products in one step, beside one gradient: {said}")


def iterate(objective: Any, start: float, variant: srkl.Variant, *, steps: int, alpha: float, beta: float) -> Array:
    """Return where a rule ends after `steps` steps from one number."""
    x = np.array([start])
    for _ in range(steps):
        x = srkl.step_on(x, objective, variant=variant, alpha=alpha, beta=beta)
    return x


def parabola_step(curvature: Any, alpha: float, beta: float) -> float:
    """Return where one step of the text's rule takes x = 1 on ½λx²."""
    return float(srkl.step(np.ones(1), curvature * np.ones(1), curvature, alpha=alpha, beta=beta)[0])
