"""Claims about what the rule does, about the results of tables and stored runs, and about the theorem behind it."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from math import log, log2
from typing import Any

import numpy as np

from gnomon.descent.homotopy.bits import required_bits
from gnomon.descent.homotopy.estimator import estimate, init_estimator
from gnomon.descent.homotopy.layers import layer_rates
from gnomon.descent.homotopy.quadratics import descend
from gnomon.descent.homotopy.rate import rate
from gnomon.domains import Array
from gnomon.objectives import MLP
from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.homotopy import convolutional, quadratic, rosenbrock
from gnomon_validation.studies.homotopy.sources import CODE, DOCUMENTS, PAPER, RESULTS, ledger
from gnomon_validation.studies.homotopy.training_runs import PROBLEMS, SEEDS, from_saddle, run
from gnomon_validation.studies.printed import listed


@ledger.claim("holds if", source=DOCUMENTS, condition="the gradient is small at the start, as near a saddle")
def warm_up_emerges() -> Evidence:
    """“Learning rate warm-up emerges naturally from the geometry”

    The rate rises only while κ = ‖H‖/‖g‖² falls, and gradient descent makes ‖g‖ smaller almost everywhere: on a
    positive definite quadratic the rate never rises, and on ordinary starts of a network it is highest at the first
    step. Near a saddle it rises, at the price of very many steps.
    """
    lowest = [run(PROBLEMS[0], seed).lowest for seed in SEEDS]
    constant, homotopy = (from_saddle(0.03, rule) for rule in (False, True))
    top = int(np.argmax(homotopy.rates))
    rising = bool(np.all(np.diff(homotopy.rates[: top + 1]) >= 0))
    figure = (
        f"softmax regression from 0: κ is least, the rate highest, at step {' and '.join(map(str, lowest))} (two "
        f"seeds); ½(pq−1)² from p = q = 0.03: the rate rises from {homotopy.rates[0]:.2e} to {homotopy.rates[top]:.4f} "
        f"at step {top}, and the run takes {homotopy.steps:,} steps, with the constant rate {constant.steps}"
    )
    return Evidence(lowest == [0, 0] and top > 0 and rising and homotopy.steps > constant.steps, figure)


@ledger.claim("false", source=DOCUMENTS)
def the_warm_up_test() -> Evidence:
    """The warm-up validated by a test

    The test asks that the final rate be at least half of the initial one. A constant rate passes, and so does a rate
    that has fallen by half: it cannot tell a warm-up from its opposite.
    """
    schedules = {
        "a constant rate": np.full(100, 1e-3),
        "a decay to 60 %": np.linspace(1e-3, 6e-4, 100),
        "a warm-up": np.linspace(1e-4, 1e-3, 100),
    }
    passed = {name: bool(rates[-1] >= 0.5 * rates[0]) for name, rates in schedules.items()}
    told = ", ".join(f"{name} {'passes' if good else 'fails'}" for name, good in passed.items())
    return Evidence(all(passed.values()), f"of 3 schedules {sum(passed.values())} pass: {told}")


@ledger.claim("false", source=CODE)
def the_median_layer() -> Evidence:
    """“Per layer: the median layer gets base_lr”

    The formula b/(1 + κ/median) gives it half of that.
    """
    curvatures = np.array([2.0, 512.0, 8.0, 64.0, 1.0])
    median = int(np.argsort(curvatures)[2])
    code, docs = (layer_rates(curvatures, base_lr=0.125, variant=variant)[median] for variant in ("code", "docs"))
    figure = (
        f"five layers, κ = {', '.join(f'{k:g}' for k in curvatures)}, base_lr = 0.125: the median layer gets "
        f"{code:.6f}; b·median/κ, the formula of the comment, gives it {docs:.6f}"
    )
    return Evidence((f"{code:.6f}", f"{docs:.6f}") == ("0.062500", "0.125000"), figure)


@ledger.claim("not reproducible", source=DOCUMENTS)
def the_table_of_the_quadratic() -> Evidence:
    """“Quadratic, condition number 100: final loss 0.124 → 0.089, steps 100 → 78, 1.28×”

    The test that the table refers to has no run with a constant rate to compare with. It takes b = 0.1 where λmax =
    100, five times the limit of stability, with a target of 100 that κ never comes near, so that every rate is 0.1 and
    both arms are the same and diverge. With b <= 1/λmax the table is impossible: no rate in (0, b] is ahead of b, at
    any step, from any start.
    """
    start, spectrum = quadratic.START, quadratic.EIGENVALUES
    run = descend(start, spectrum, steps=20, base_lr=0.1, target_curvature=100.0)
    constant = descend(start, spectrum, steps=20, base_lr=0.1, rule="constant")
    with np.errstate(over="ignore"):
        losses = np.sum(spectrum * (1 - 0.1 * spectrum) ** (2 * np.arange(400)[:, None]), axis=1) / 2
    gone = int(np.argmin(np.isfinite(losses)))
    ahead, runs = ahead_of_constant(200)
    figure = (
        f"b = 0.1: the largest κ of 20 steps is {np.max(run.curvatures):.2e}, the rates lie between "
        f"{np.min(run.rates):g} and {np.max(run.rates):g}, the loss is {quadratic.last(run):.6e} in both arms and out "
        f"of range after {gone} steps; b <= 1/λmax: ahead of the constant rate at {ahead} of the steps of {runs} "
        f"random runs; 100/78 = {100 / 78:.2f}"
    )
    same = np.array_equal(run.iterates, constant.iterates)
    return Evidence(same and bool(np.all(run.rates == 0.1)) and gone > 0 and ahead == 0, figure)


@ledger.claim("false", source=RESULTS)
def the_quadratic_demonstration() -> Evidence:
    """“Quadratic: constant 1.961e-4, homotopy 1.055e-4, +46 %”

    The two arms began at two different random points. From equal points, with b = 1/λmax as there, the rule can only
    lose: 0 < 1 - bλ <= 1 - lr·λ for every eigenvalue and every lr <= b.
    """
    ahead, runs = ahead_of_constant(200)
    alone = partial(descend, eigenvalues=quadratic.EIGENVALUES, steps=100, rule="constant", base_lr=0.01)
    ends = np.array([quadratic.last(alone(start)) for start in np.random.default_rng(0).standard_normal((200, 50))])
    luckier = np.mean(ends[:100] < 0.54 * ends[100:])
    figure = (
        f"from equal starts ahead at {ahead} of the steps of {runs} runs; constant rate alone, 100 pairs of different "
        f"random starts: in {luckier:.0%} of them one arm “improves” by 46 % or more; (1.961 − 1.055)/1.961 = "
        f"{100 * (1.961 - 1.055) / 1.961:.0f} %"
    )
    return Evidence(ahead == 0, figure)


def ahead_of_constant(runs: int) -> tuple[int, int]:
    """Return at how many of all steps the rule's loss is below the constant rate's by more than rounding, and `runs`.

    Random positive spectra and starts, b <= 0.9/λmax, 60 steps, every kind of target. As bλ <= 0.9 a step multiplies a
    coordinate by 1 - lr·λ >= 0.1 with a relative error of at most (2·0.9/0.1 + 1)u = 19u; 60 steps, squared, and the
    sum of eight give less than 2300u for each of the two runs.
    """
    draw, ahead = np.random.default_rng(1), 0
    slack = 4600 * 2.0**-53
    for _ in range(runs):
        eigenvalues, start = 10 ** draw.uniform(-2, 2, 8), draw.standard_normal(8)
        base = float(draw.uniform(0.05, 0.9) / np.max(eigenvalues))
        arguments: dict[str, Any] = {"base_lr": base, "warmup_steps": 10, "min_lr": 0.0, "max_lr": base, "steps": 60}
        arguments |= {"target_curvature": float(10 ** draw.uniform(-4, 4)), "adaptive": bool(draw.integers(2))}
        both = [descend(start, eigenvalues, rule=rule, **arguments) for rule in ("constant", "homotopy")]
        constant, homotopy = (np.sum(eigenvalues * run.iterates**2, axis=1) for run in both)
        ahead += int(np.sum(homotopy < constant * (1 - slack)))
    return ahead, runs


@ledger.claim("false", source=DOCUMENTS)
def the_table_of_the_network() -> Evidence:
    """“MLP: loss 1.456 → 1.234, accuracy 48.2 % → 52.7 %”

    The test draws ten classes at random and sees every batch once. Whatever a network answers, the labels do not depend
    on it: the expected loss is the mean of -log p_c over the classes, at least ln 10, and the expected accuracy 10 %,
    at every step.
    """
    draw, labelled = np.random.default_rng(2), partial(MLP, hidden=(32,), loss="softmax", classes=10)
    x: Array | None = None
    expected, correct = [], []
    for _ in range(60):
        features = draw.standard_normal((32, 20))
        batch = labelled(features, draw.integers(0, 10, 32))
        x = batch.start_from(draw.standard_normal(batch.dimension)) if x is None else x
        expected.append(np.mean([labelled(features, np.full(32, c)).value(x) for c in range(10)]))
        correct.append(np.mean(np.argmax(batch.outputs(x), axis=1)[:, None] == range(10)))
        x = x - 0.5 * batch.gradient(x)
    figure = (
        f"a 20-32-10 network over 60 fresh batches: expected loss from {min(expected):.4f} to {max(expected):.4f}, "
        f"ln 10 = {log(10):.4f}; expected accuracy {100 * min(correct):.1f} % to {100 * max(correct):.1f} %; claimed "
        f"are 1.456, 1.234 and 48.2 %, 52.7 %"
    )
    return Evidence(bool(min(expected) > log(10) > 1.456) and {f"{c:.12f}" for c in correct} == {f"{0.1:.12f}"}, figure)


@ledger.claim("false", source=RESULTS)
def the_stored_run_on_mnist() -> Evidence:
    """A stored MNIST run with the homotopy rate: accuracy 97.79 %, with a constant rate 97.88 %

    Stored with it is κ = 0.0 and the rate 0.01 in each of the ten epochs: the gradients had been cleared before the
    estimate. The code takes a gradient of 0 for a curvature of 0, and that for the highest rate, so that both arms have
    a constant rate.
    """
    zero, target = np.zeros(4), np.float64(1e4)
    asked = (lambda v: np.array([4.0, 3.0, 2.0, 1.0]) * v, zero, np.ones((2, 4)), np.ones(4))
    state, found = init_estimator(zero), set()
    for _ in range(10):
        state, one = estimate(state, *asked, variant="code")
        found.add((float(one.curvature), float(rate(one.curvature, target, base_lr=0.01, variant="code"))))
    _, limit = estimate(init_estimator(zero), *asked)
    figure = (
        f"the code's estimator with a cleared gradient, ten times: (κ, rate) = {', '.join(map(str, sorted(found)))}; "
        f"the limit ‖g‖ → 0 has κ = {limit.curvature} and the rate {rate(limit.curvature, target, base_lr=0.01):g}"
    )
    return Evidence(found == {(0.0, 0.01)} and bool(np.isinf(limit.curvature)), figure)


@ledger.claim("holds", source=RESULTS)
def the_demonstration_on_rosenbrock() -> Evidence:
    """Rosenbrock's function after 500 steps: constant rate 4.878743648529053, homotopy 5.398920059204102

    The only published figures that can be found again, from float32 runs, to six digits; homotopy is worse.
    """
    constant, proxy = (float(rosenbrock.run(arm).losses[-1]) for arm in (rosenbrock.BASE, None))
    worse = 100 * (proxy / constant - 1)
    figure = f"in float64: constant rate {constant:.12g}, homotopy {proxy:.12g}, {worse:.2f} % worse"
    return Evidence((f"{constant:.6g}", f"{proxy:.6g}") == ("4.87874", "5.39892"), figure)


@ledger.claim("false", source=DOCUMENTS)
def the_tables_of_convolutional_networks() -> Evidence:
    """“MNIST, five schedules: 90 % after 1,580 to 1,920 steps, 92.3 to 94.0 % at best, the homotopy rate ahead in both”

    The program that is named for it, `mnist_comprehensive`, reads no image of MNIST. It makes images from a formula,
    and its network has learnt them, with a constant rate, when it looks at the test images for the second time. It
    looks at every 50th step only, so that most of the printed steps are none that it can print.
    """
    first, second = convolutional.train(convolutional.RECORDED_EVERY)
    steps, best = convolutional.STATED_STEPS, max(convolutional.STATED_ACCURACIES)
    off = [step for step in steps if step % convolutional.RECORDED_EVERY]
    figure = (
        f"28×28 images, {convolutional.LINEAR_INPUTS:,} inputs of the linear layer, constant rate {convolutional.RATE}:"
        f" {first.accuracy:.1f} % at step {first.step}, {second.accuracy:.1f} % at step {second.step}; printed are "
        f"90 % at {listed(steps, '{:,}')}; no multiples of {convolutional.RECORDED_EVERY}: {listed(off, '{:,}')}"
    )
    return Evidence(second.accuracy > best and second.step < min(steps) and bool(off), figure)


@ledger.claim("false", source=DOCUMENTS)
def the_theorem_supports_the_curvature() -> Evidence:
    """“Theorem 4.7 supports κ = ‖H‖/‖g‖²”

    The bound is Theorem 5.8 of the repository's paper, about half the second derivative of the map that is computed.
    Its number of bits does not depend on the unit of the loss. With ‖H‖/‖g‖² in its place it does: nothing derives it.
    """
    hessian, grad, tolerance = 3.0, 0.5, 2.0**-20

    def bits(kappa: float, scale: float) -> Any:
        return required_bits(np.float64(kappa), diameter=2.0, tolerance=scale * tolerance)

    shifts = (
        bits(4 * hessian / 2, 4) - bits(hessian / 2, 1),
        bits(4 * hessian / (4 * grad) ** 2, 4) - bits(hessian / grad**2, 1),
    )
    figure = (
        f"loss and tolerance four times as large: the bits change by {shifts[0]:g} with κ = ½‖D²f‖, {shifts[1]:g} with "
        f"κ = ‖H‖/‖g‖²"
    )
    return Evidence([f"{shift:.9f}" for shift in shifts] == ["0.000000000", "-4.000000000"], figure)


@ledger.claim("false", source=PAPER)
def the_lower_bound_of_the_error() -> Evidence:
    """“ε_out >= cκδ² − O(M₃δ³) − O(ε_H)” in Theorem 5.8, c about ⅛: a bound of the error at any precision

    f(x) = x² on [0, 1] has κ = 1, D = 1, M₃ = 0 and would have an error of at least ⅛ however it is computed. The proof
    leaves out the distance of the middle value from the mean of the outer two, which is κD²/4.
    """
    points = np.random.default_rng(6).uniform(0, 1, 2000)
    largest = max(abs(Fraction(float(x * x)) - Fraction(float(x)) ** 2) for x in points)
    middle = abs(0.5**2 - (0.0**2 + 1.0**2) / 2)
    figure = (
        f"x² in float64 at 2,000 points: the largest error is {float(largest):.1e}, the “bound” {1 / 8:g}; |f(½) − "
        f"½(f(0) + f(1))| = {middle:g} = κD²/4"
    )
    return Evidence(largest < Fraction(1, 8), figure)


@ledger.claim("false", source=PAPER)
def the_inversion_example() -> Evidence:
    """“Inverting a matrix needs 3/2·log₂ cond(A) bits”, from log₂(2nK⁵/ε)

    K⁵ is cond^{5/2} where K bounds the norms of A and its inverse, so that cond(A) = K² at most. For no whole power of
    K is it cond^{3/2}.
    """
    grown = log2(2 * 10 * 2.0**5 / 1e-8) - log2(2 * 10 / 1e-8)
    powers = {p: grown / p for p in (1, 2, 3, 4, 5)}
    figure = f"doubling K adds {grown:g} bits; per doubling of the condition number that is " + ", ".join(
        f"{bits:.3g} if cond = K{'' if p == 1 else '⁰¹²³⁴⁵'[p]}" for p, bits in powers.items()
    )
    return Evidence(f"{powers[2]:.9f}" == "2.500000000" and all(abs(b - 1.5) > 0.1 for b in powers.values()), figure)


@ledger.claim("false", source=DOCUMENTS)
def the_precision_test() -> Evidence:
    """The required precision validated by a test that adds noise of p bits

    The noise is added in float32, where less than half the distance to the next number is lost, and that half is at
    least 2⁻²⁵ of the number. From p = 25 on nothing is added, whatever κ is: p = 30 “is enough” for every function.
    """
    draw = np.random.default_rng(7)
    x, noise = draw.standard_normal(10_000).astype(np.float32), draw.uniform(-1, 1, 10_000)
    bits = (10, 20, 23, 26, 30)
    changed = {p: float(np.mean(x + (x * noise * 2.0**-p).astype(np.float32) != x)) for p in bits}
    figure = "float32 numbers that relative noise below 2⁻ᵖ changes: " + ", ".join(
        f"{100 * share:.3g} % for p = {p}" for p, share in changed.items()
    )
    return Evidence(changed[30] == 0 < changed[10], figure)
