"""What was published about SRKL: statements of one text, which reports no experiment; each is put to the test here."""

from __future__ import annotations

from itertools import product
from math import log10

import numpy as np
from numpy.polynomial import Polynomial

from gnomon.descent import sgd, srkl
from gnomon.domains import Array
from gnomon.objectives import Quadratic
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.counted import Counted
from gnomon_validation.studies.printed import listed
from gnomon_validation.studies.srkl import cost, rosenbrock

SOURCE = "PyTorch issue 184466, 2026-05-20"

ledger = Ledger("srkl")


def on_parabola(
    start: float, curvature: float, steps: int, *, variant: srkl.Variant = "fro", alpha: float = 1.0, beta: float = 1.0
) -> Array:
    """Return x₀ … x_steps of a rule on ½λx²; the variant "fro" is the text's rule."""
    H = np.array([[curvature]])
    given = {"steps": steps, "variant": variant, "alpha": alpha, "beta": beta}
    return srkl.trajectory(np.array([start]), H, np.zeros(1), **given)[:, 0]


@ledger.claim("false", source=SOURCE)
def convergence_to_global_minima() -> Evidence:
    """“guarantees asymptotic convergence to global minima”

    Both rules move along the gradient and stop wherever it vanishes. On f = (x²-1)²/4 + x/10 they stop in the local
    minimum, with a larger f than the global one has.
    """
    f = Polynomial([0.25, 0.1, -0.5, 0, 0.25])
    slope, bend = f.deriv(), f.deriv(2)
    best, _, local = np.sort(slope.roots().real)

    def step(x: Array, is_text: bool) -> Array:
        if is_text:
            return srkl.step(x, slope(x), np.abs(bend(x[0])), alpha=0.01, beta=0.1)
        return srkl.step_code(x, slope(x), alpha=0.01, beta=0.1)

    ends, stay = set(), True
    for start, is_text in product((1.0, 0.3), (True, False)):
        x = np.array([start])
        for _ in range(5000):
            x = step(x, is_text)
        ends.add(f"x = {x[0]:.9f}, f = {f(x[0]):.9f}")
        stay = stay and bool(step(x, is_text) == x and f(x) > f(best))
    figure = (
        f"α = 0.01, β = 0.1: from x₀ = 1 and from 0.3 both rules stop at {' and '.join(ends)} (the local minimum is "
        f"{local:.9f}); the global minimum is x = {best:.9f}, f = {f(best):.9f}"
    )
    return Evidence(len(ends) == 1 and stay, figure)


@ledger.claim("false", source=SOURCE)
def convergence_at_all() -> Evidence:
    """“guarantees asymptotic convergence”

    The code's rule does not even find the only minimum of ½λx² once αλ > 2: for αλ = 3 it goes round the two points
    ±√(αλ/2-1)/(√β·λ) for ever. A start where the gradient vanishes is not left either, a maximum included.
    """
    top = np.zeros(1)
    *_, end, once = on_parabola(0.37, 3.0, 20_001, variant="code")
    cycle = 0.5**0.5 / 3
    stays = srkl.step(top, -top, np.float64(1.0), alpha=1.0, beta=1.0) == top
    figure = (
        f"f = 3x²/2, α = β = 1: after 20,000 steps x goes from {end:+.9f} to {once:+.9f}, √(αλ/2−1)/(√β·λ) = "
        f"{cycle:.9f}; on the top of −x²/2 it stays"
    )
    jumps = f"{-end * np.sign(once):.9f}" == f"{abs(once):.9f}" == f"{cycle:.9f}"
    return Evidence(jumps and bool(stays), figure)


@ledger.claim("holds if", source=SOURCE, condition="κ is the Hessian's norm, f a parabola ½λx², and λ(α−β) <= 1")
def zero_overshooting() -> Evidence:
    """“zero overshooting”

    The text's rule is gradient descent with the constant rate α/(1+βλ) on a parabola, and jumps over its minimum
    exactly if λ(α-β) > 1. With β >= α it therefore never does. The code's rule does exactly if βλ²x² < αλ-1.
    """
    curvatures = np.geomspace(1e-3, 1e3, 61)
    never, jumped = (sum(on_parabola(1.0, k, 1, beta=beta)[-1] < 0 for k in curvatures) for beta in (1.0, 0.5))
    over = on_parabola(0.01, 3.0, 1, variant="code")[-1]
    figure = (
        f"α = β = 1: {never} of {curvatures.size} parabolas with λ from 1e-3 to 1e3 are overshot; α = 1, β = ½: "
        f"{jumped}, those with λ > 2; the code's rule with α = β = 1, λ = 3 goes from 0.01 to {over:.4f}"
    )
    return Evidence(bool(never == 0 < jumped == np.sum(curvatures > 2) and over < 0), figure)


@ledger.claim("false", source=SOURCE)
def no_oscillations() -> Evidence:
    """“eliminates oscillations”

    The code's rule overshoots a parabola sooner or later exactly if αλ > 1, whatever β is, as gradient descent does:
    near the minimum its κ vanishes and with it the brake. For αλ > 2 it oscillates for ever.
    """
    betas = (0.1, 10.0, 1000.0)
    runs = [on_parabola(1.0, 1.0, 5000, variant="code", alpha=3.0, beta=beta) for beta in betas]
    changes = [int(np.sum(x[1:] * x[:-1] < 0)) for x in runs]
    said = ", ".join(f"{count:,} with β = {beta:g}" for beta, count in zip(betas, changes, strict=True))
    return Evidence(min(changes) > 0, f"f = x²/2, α = 3, sign changes in 5,000 steps from x₀ = 1: {said}")


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
        f"at distances {listed(places, '{:g}')} from the minimum ‖∇²f‖ is {listed(flat, '{:g}')} for x²/2 and "
        f"{listed(quartic, '{:g}')} for x⁴"
    )
    return Evidence(len(set(flat)) == 1 and quartic[0] > quartic[1] > quartic[2], figure)


@ledger.claim("false", source=SOURCE)
def precision_stop() -> Evidence:
    """“driving Φ(W) → 0 … executing a precision stop directly inside the optimal point”

    With the code's κ = ‖g∘g‖₂ it is the reverse: κ vanishes at a minimum and Φ rises to α, its largest value.
    """
    places = (100.0, 1.0, 0.01, 0.0)
    rates = [float(srkl.brake(srkl.curvature(np.array([x])), alpha=1.0, beta=1.0)) for x in places]
    said = ", ".join(f"{rate:.4g} at x = {x:g}" for x, rate in zip(places, rates, strict=True))
    return Evidence(rates == sorted(rates) and rates[-1] == 1, f"f = x²/2, α = β = 1: Φ is {said}")


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
    said = listed(denominators, "{:g}")
    return Evidence(denominators == [1, 2, 4, 8], f"β = 1: α/Φ is {said} for κ = 0, 1, 3, 7")


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
    most = np.max(np.abs(on_parabola(1000.0, 1.0, 5000, variant="code", alpha=50.0)[1:]))
    with np.errstate(over="ignore", invalid="ignore"):
        plain = sgd.trajectory(np.array([1000.0]), np.eye(1), np.zeros(1), steps=300, lr=50.0)[:, 0]
    gone = int(np.argmin(np.isfinite(plain)))
    figure = (
        f"longest of 2,000 random steps, |g| up to 1e70: {longest:.6f} of the bound; f = x²/2, α = 50, x₀ = 1000: |x| "
        f"<= {most:.1f} in 5,000 steps, gradient descent is out of range after {gone}; the price, α = 0.1 from 100 to "
        f"1: {cost.code_steps(100.0, 0.1):,} steps against {cost.descent_steps(100.0, 0.1)}"
    )
    return Evidence(bool(longest <= 1 and most <= 1000 and gone > 0), figure)


@ledger.claim(
    "holds if", source=SOURCE, condition="κ is the code's; the text's κ costs n Hessian products, or one with a probe"
)
def linear_overhead() -> Evidence:
    """“O(n) overhead”

    The code needs the gradient alone. A norm of the Hessian or of its diagonal needs n Hessian-vector products, each
    about as dear as a gradient, unless a random probe estimates it with one.
    """
    shown, said = True, []
    for n in (4, 16, 64):
        code, diagonal = (Counted(Quadratic(np.eye(n), np.zeros(n))) for _ in range(2))
        srkl.step_on(np.ones(n), code, variant="code")
        srkl.step_on(np.ones(n), diagonal, variant="diag")
        shown = shown and code.effort == (0, 1, 0) and diagonal.effort == (0, 1, n)
        said.append(f"n = {n}: {code.effort.products} (code), {diagonal.effort.products} (norm of the diagonal)")
    return Evidence(shown, f"Hessian-vector products in one step, beside one gradient: {'; '.join(said)}")
