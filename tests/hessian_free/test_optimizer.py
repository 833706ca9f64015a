"""The whole optimizer: published runs, what a step costs, closed forms on quadratics, batches, bad input."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import gnomon_spec.hessian_free.trajectories  # noqa: F401
from gnomon.curvature.products import Regression
from gnomon.hessian_free.accumulation import Batch, acc_step
from gnomon.hessian_free.optimizer import HessianFreeState, Report, init, step
from gnomon.hessian_free.small_objectives import Fenced, Quadratic, Valley
from gnomon_spec.bands import judge
from gnomon_spec.facts import equal
from gnomon_spec.stand_ins import ExactOracle, PerturbedRuns, reference_function
from gnomon_spec.system import find_system
from gnomon_validation.studies.printed import Comparison

SYSTEM = find_system("hessian_free")
START = np.array([-1.0, 3.0])
EPS = Fraction(2) ** -52
# step: x, y, loss, ρ as printed, chosen, N, length in powers of 0.8, λ in powers of 3/2.
ROSENBROCK = {
    1: (-1.0000250945751802, 1.0100001882093139, 4.0100006258046, "1.00497487", 2, 2, 0, 0),
    2: (-0.68999908804569, 0.39036223973247, 3.59117169119535, "-20.3391017", 1, 2, 4, -1),
    3: (-0.60074753154478, 0.35311797762982, 2.56844490696773, "19.5573522", 2, 2, 0, 0),
    4: (-0.53938570553489, 0.29364703936048, 2.37044281461976, "-4.37520161", 1, 2, 0, -1),
    5: (-0.23270196447586, -0.03454514713795, 2.30624066937689, "-136.402370", 1, 2, 2, 0),
    10: (0.26264257336532, 0.05965483735626, 0.552393931915237, "-0.90455170", 1, 2, 0, 1),
    15: (0.82105137760749, 0.66742608696138, 0.0365106416394483, "1.81317989", 1, 2, 0, -2),
    20: (0.99931511026107, 0.99860975248963, 5.12910197212835e-7, "0.91730372", 2, 2, 0, -7),
}


def run(
    objective: Any, params: Any, steps: int, *, damping: float = 1.0, **hyper: Any
) -> tuple[Any, Any, list[Report]]:
    """Return parameters and state after some steps, and the reports."""
    state, reports = init(params, damping=damping), []
    for _ in range(steps):
        params, state, report = step(params, state, objective, **hyper)
        reports.append(report)
    return params, state, reports


def test_the_example_on_rosenbrocks_valley() -> None:
    """The table of the package's example, in float64: every decision, and ρ to the printed digits.

    λ = (3/2)ᶻ: each step multiplies it by 3/2 or by the float next to 2/3, two roundings at most, of ε/2 each; k steps
    make kε/(1 - kε). The search multiplies a by 0.8 again and again: the same bits.
    """
    _, _, reports = run(Valley(100.0), START, 20, curvature="hessian", variant="code")
    for t, (_, _, _, ratio, chosen, iterations, power, grown) in ROSENBROCK.items():
        report, exact = reports[t - 1], Fraction(3, 2) ** grown
        assert Comparison("ρ", ratio, report.ratio).reproduced
        assert (report.chosen, report.iterations) == (chosen, iterations)
        assert report.step_length == np.prod([1.0] + [0.8] * power)
        rounding = (t - 1) * EPS
        assert abs(Fraction(float(report.damping)) - exact) <= rounding / (1 - rounding) * exact
    assert Comparison("λ in step 20", "0.0585277", reports[19].damping).reproduced


def table(port: Any) -> list[Any]:
    """Return what a port has for x, y and the loss, step by step, of Rosenbrock's table."""
    (params, state), valley, rows = (START, init(START)), Valley(np.float64(100)), []
    for t in range(1, 21):
        params, state, report = port.step(params, state, valley, None, curvature="hessian", variant="code")
        if t in ROSENBROCK:
            rows += [params[0], params[1], report.final_loss]
    return rows


def test_rosenbrocks_table_is_the_oracles_as_far_as_rounding_allows() -> None:
    """The published parameters and losses, and ours, are those of the oracle in the wide dtype, within the band of its
    perturbed runs, all of which take the same decisions. Control: in seven digits, as float32 has them, each of them is
    beyond its band."""
    dtype = np.dtype(np.float64)
    exact = table(ExactOracle(SYSTEM, dtype))
    (perturbed,) = PerturbedRuns(dtype)._runs(SYSTEM, reference_function, table)
    published = [x for row in ROSENBROCK.values() for x in row[:3]]
    for ours, there, oracle, noisy in zip(table(SimpleNamespace(step=step)), published, exact, perturbed, strict=True):
        runs = [equal("entry", noisy, oracle)]
        assert judge(equal("entry", ours, oracle), runs, dtype).holds
        assert judge(equal("entry", there, oracle), runs, dtype).holds
        assert judge(equal("entry", float(np.float32(there)), oracle), runs, dtype).holds is False


class Counting:
    """An objective that counts what it is asked."""

    def __init__(self, objective: Any) -> None:
        self.objective = objective
        self.values = self.gradients = self.products = 0

    def value(self, x: Any) -> Any:
        self.values += 1
        return self.objective.value(x)

    def gradient(self, x: Any) -> Any:
        self.gradients += 1
        return self.objective.gradient(x)

    def hvp(self, x: Any, v: Any) -> Any:
        self.products += 1
        return self.objective.hvp(x, v)

    def ggnvp(self, x: Any, v: Any) -> Any:
        self.products += 1
        return self.objective.ggnvp(x, v)


@pytest.mark.parametrize("linesearch", [True, False])
@pytest.mark.parametrize("backtracking", [True, False])
@pytest.mark.parametrize("curvature", ["hessian", "ggn"])
@pytest.mark.parametrize("variant", ["code", "martens"])
def test_the_report_counts_what_was_really_asked(
    variant: str, curvature: str, backtracking: bool, linesearch: bool
) -> None:
    """Values, products and one gradient a step, however ρ is measured: against the damped model without a product,
    against the undamped one with a product for each point but 0. Without search or backtracking f is asked for before
    the step, after it, and for ρ: at both points from the warm start, at the second from 0."""
    hyper: dict[str, Any] = {"curvature": curvature, "backtracking": backtracking, "linesearch": linesearch}
    for rules in ({}, {"rho_model": "undamped", "rho_origin": "x0"}, {"adapt_damping": False}):
        params, state = START, init(START)
        for _ in range(6):
            valley = Counting(Valley(100.0))
            params, state, report = step(params, state, valley, variant=variant, **hyper, **rules)
            asked = (valley.values, valley.gradients, valley.products)
            assert asked == (report.evaluations, 1, report.products)
            points = 0 if np.isnan(report.ratio) else 1 + (variant == "code" or "rho_origin" in rules)
            undamped = variant == "martens" or "rho_model" in rules
            ended = report.reason == "non-positive curvature"
            assert valley.products == 1 + report.iterations + ended + (points if undamped else 0)
            if not (backtracking or linesearch):
                assert valley.values == 2 + points


@pytest.mark.parametrize("linesearch", [True, False])
def test_a_refused_step_counts_what_was_asked(linesearch: bool) -> None:
    """f = -½θ² at 1 with λ = 2, infinite beyond 3/2: x₁ leads to 2. One value before, one of the only iterate."""
    fenced, state = Counting(Fenced(-np.eye(1), np.zeros(1), 1.5, np.inf)), init(np.ones(1), damping=2.0)
    _, _, report = step(np.ones(1), state, fenced, curvature="hessian", linesearch=linesearch)
    assert report.chosen == -1 and report.step_length == 0
    assert (fenced.values, fenced.gradients, fenced.products) == (2, 1, 2) == (report.evaluations, 1, report.products)


def test_how_often_the_loss_is_evaluated() -> None:
    _, _, reports = run(Valley(100.0), START, 6, curvature="hessian", variant="code")
    assert [r.evaluations for r in reports] == [7, 12, 7, 8, 10, 7]


def test_the_valley_with_the_gauss_newton_matrix() -> None:
    """Losses of the steps 10 to 14, to the printed digits."""
    _, _, reports = run(Valley(100.0), START, 14, curvature="ggn", variant="code")
    printed = ["3.17e-04", "3.74e-06", "6.16e-09", "1.04e-11", "8.24e-15"]
    assert [f"{r.final_loss:.2e}" for r in reports[9:]] == printed


def tiny_network() -> tuple[Regression, Any]:
    """Return the regression with a hidden layer of six, 44 parameters, and where it starts."""
    i = np.arange(12.0)[:, np.newaxis]
    features = np.cos(1.7 + 1.3 * i + 0.9 * np.arange(4.0))
    targets = np.sin(1.7 + 0.4 * i * i + 1.1 * np.arange(2.0))
    return Regression(features, targets, (6,)), 0.6 * np.sin(0.9 + 0.7 * np.arange(44.0))


def test_the_first_steps_on_a_tiny_network() -> None:
    """λ₀ = 10, all defaults of "code": the losses to the twelve digits printed, iterations, and iterates chosen."""
    problem, params = tiny_network()
    _, _, reports = run(problem, params, 5, damping=10.0, variant="code")
    assert f"{reports[0].loss:.11f}" == "0.98019909395"
    losses = [0.815704568735, 0.658197149788, 0.529227684647, 0.441325590282, 0.392392044785]
    assert [f"{r.final_loss:.12f}" for r in reports] == [f"{x:.12f}" for x in losses]
    assert [r.iterations for r in reports] == [4, 4, 5, 5, 6]
    assert [r.chosen for r in reports] == [4, 1, 5, 5, 3]


@pytest.mark.parametrize(("scale", "damping"), [(-7, 1.0), (3, 1.0), (10, 0.5)])
def test_loss_and_damping_scale_together_over_many_steps(scale: int, damping: float) -> None:
    """S·f with S·λ₀, S a power of two, is the same run bit for bit."""

    class Scaled:
        def value(self, x: Any) -> Any:
            return 2.0**scale * Valley(100.0).value(x)

        def gradient(self, x: Any) -> Any:
            return 2.0**scale * Valley(100.0).gradient(x)

        def hvp(self, x: Any, v: Any) -> Any:
            return 2.0**scale * Valley(100.0).hvp(x, v)

    hyper = {"curvature": "hessian", "variant": "code"}
    params, state, _ = run(Valley(100.0), START, 15, damping=damping, **hyper)
    scaled, after, _ = run(Scaled(), START, 15, damping=2.0**scale * damping, **hyper)
    assert np.array_equal(scaled, params) and after.damping == 2.0**scale * state.damping


def test_the_damping_that_stays_for_ever() -> None:
    """In one dimension with s = 2, λ₀ = 1 the code's ρ is 4/7 from the second step on, and λ stays at 2/3.

    u = λ/(s + λ) = 1/4, q = 0.95·(s + λ)/λ_before: at λ = λ_before = 2/3, q = 3.8 and ρ = 1 - ¼·4.8/2.8 = 4/7. θ
    shrinks by 4 a step; ρ is a quotient of differences of θ², relative error below 32ε while θ is normal.
    """
    f = Quadratic(np.array([[2.0]]), np.zeros(1))
    hyper: dict[str, Any] = {"variant": "code", "backtracking": False, "linesearch": False, "rtol": 1e-3}
    _, state, reports = run(f, np.ones(1), 20, **hyper)
    assert abs(state.damping - 2 / 3) <= np.finfo(float).eps
    assert all(abs(r.ratio - 4 / 7) <= 32 * np.finfo(float).eps for r in reports[2:])


@pytest.mark.parametrize(("decay", "limit"), [(0.95, -4.70588), (0.8, -10.0)])
def test_the_runaway_damping(decay: float, limit: float) -> None:
    """Once λ has grown far beyond the curvature, the code's ρ tends to -2/(1.5·decay - 1) and λ grows at every step."""
    f = Quadratic(np.diag([0.01, 1.0]), np.zeros(2))
    state = HessianFreeState(np.zeros(2), np.float64(2.0**20))
    params, ratios = np.ones(2), []
    warm = -1.5 * decay * f.gradient(params) / state.damping
    state = state._replace(warm_start=warm)
    for _ in range(5):
        before = state.damping
        params, state, report = step(params, state, f, variant="code", decay=decay)
        ratios.append(report.ratio)
        assert state.damping == 1.5 * before
    # The first order in ‖B‖/λ = 2^-20 is left out: times at most 2|limit|·(|limit| + 1) it is below 3e-4.
    assert all(abs(r + 2 / (1.5 * decay - 1)) < 3e-4 for r in ratios)
    assert round(-2 / (1.5 * decay - 1), 5) == limit
    _, after, report = step(params, state._replace(warm_start=np.zeros(2)), f, variant="code")
    assert report.ratio >= 1 and after.damping < state.damping


def test_cold_starts_shrink_the_damping_on_every_convex_quadratic() -> None:
    """λ_t = λ₀(2/3)^t for decay 0; each product rounds once: relative error t·ε."""
    f = Quadratic(np.diag([0.25, 1.0, 2.0]), np.array([1.0, -1.0, 0.5]))
    _, state, _ = run(f, np.zeros(3), 8, variant="code", decay=0.0)
    assert abs(state.damping - (2 / 3) ** 8) <= 8 * np.finfo(float).eps * (2 / 3) ** 8


@pytest.mark.parametrize("variant", ["code", "martens"])
def test_without_damping_one_step_reaches_the_minimiser(variant: str) -> None:
    """H = diag(1, 4), in numbers that are short in base two: two iterations, and 64ε for their roundings."""
    f = Quadratic(np.diag([1.0, 4.0]), np.array([2.0, -1.0]))
    params, state, _ = run(f, np.zeros(2), 1, damping=0.0, variant=variant, rtol=0.0, max_iter=2)
    assert np.all(np.abs(params - f.stationary) <= 64 * np.finfo(float).eps) and state.damping == 0


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_batches_make_the_whole(reduction: str) -> None:
    """A step over two batches of quadratics ½(x - c)², with weights 1 and 3, is that of ½(x - c̄)², exactly."""
    parts = (Quadratic(np.eye(1), np.zeros(1)), Quadratic(np.eye(1), np.full(1, 4.0)))
    batches = (Batch(parts[0], 1), Batch(parts[1], 3 if reduction == "mean" else 1))
    hyper: dict[str, Any] = {"backtracking": False, "linesearch": False}
    params, _, report = acc_step(np.zeros(1), init(np.zeros(1), damping=0.0), batches, reduction=reduction, **hyper)
    assert params[0] == (3.0 if reduction == "mean" else 2.0)
    assert report.loss == (6.0 if reduction == "mean" else 8.0)


def test_each_list_of_batches_has_its_own_part() -> None:
    """Gradient from one list (slope 2 at 0), curvature from another (4): the step is -½, and f is that of a third."""
    f, g, h = (Quadratic(np.array([[a]]), np.array([c])) for a, c in ((1.0, -1.0), (2.0, -1.0), (4.0, 9.0)))
    lists = [(Batch(x, 1),) for x in (f, g, h)]
    state = init(np.zeros(1), damping=0.0)
    params, _, report = acc_step(np.zeros(1), state, *lists, backtracking=False, linesearch=False)
    assert params[0] == -0.5 and report.loss == 0.5


def test_a_network_in_batches_takes_the_step_of_the_whole() -> None:
    """Twelve examples as 5 + 4 + 3: within the band of perturbed steps on the whole, none of which sees a batch.

    Control: with equal weights for the three batches the step is beyond it.
    """
    problem, params = tiny_network()
    state, dtype = init(params, damping=10.0), np.dtype(np.float64)
    hyper: dict[str, Any] = {"variant": "code", "max_iter": 4}

    def whole(port: Any) -> Any:
        return port.step(params, state, problem, None, **hyper)[0]

    def split(*sizes: int) -> Any:
        batches = tuple(
            Batch(problem._replace(features=problem.features[a:b], targets=problem.targets[a:b]), size)
            for (a, b), size in zip(((0, 5), (5, 9), (9, 12)), sizes, strict=True)
        )
        return acc_step(params, state, batches, **hyper)[0]

    exact = whole(ExactOracle(SYSTEM, dtype))
    (perturbed,) = PerturbedRuns(dtype)._runs(SYSTEM, reference_function, whole)
    runs = [equal("params", perturbed, exact)]
    assert judge(equal("params", split(5, 4, 3), exact), runs, dtype).holds
    assert judge(equal("params", split(4, 4, 4), exact), runs, dtype).holds is False


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("variant", ["code", "martens"])
def test_the_dtype_is_kept(variant: str, dtype: Any) -> None:
    f = Valley(dtype(100))
    params, state, reports = run(f, START.astype(dtype), 3, curvature="hessian", variant=variant)
    assert params.dtype == state.warm_start.dtype == state.damping.dtype == dtype
    for report in reports:
        for number in (report.loss, report.final_loss, report.ratio, report.step_length):
            assert number.dtype == dtype


BOWL = Quadratic(np.eye(2), np.zeros(2))
X = np.ones(2)


class NoOutputs:
    value, gradient, hvp = BOWL.value, BOWL.gradient, BOWL.hvp


BAD: list[tuple[Any, str]] = [
    (lambda: init(X, damping=np.inf), r"damping must be a finite number in \[0, inf\), got inf"),
    (lambda: step(X, init(X), BOWL, curvature="x"), "curvature must be one of 'ggn', 'hessian', got 'x'"),
    (lambda: step(X, init(X), NoOutputs()), "objective must have ggnvp for curvature 'ggn'"),
    (lambda: step(X * np.nan, init(X), BOWL), "params must be finite"),
    (
        lambda: step(X, init(np.ones(3)), BOWL),
        r"state.warm_start must have shape \(2,\) to fit params \(2,\), got \(3,\)",
    ),
    (lambda: step(X, init(X), Fenced(np.eye(2), -X, 1.0, np.inf)), "the loss must be finite, got inf"),
    (lambda: step(X, init(X), Quadratic(np.eye(2), X * np.inf)), "the gradient must be finite"),
    (lambda: acc_step(X, init(X), ()), "losses must hold at least one batch, got an empty list"),
    (lambda: acc_step(X, init(X), (Batch(BOWL, 1),), ()), "gradients must hold at least one batch"),
    (lambda: acc_step(X, init(X), (Batch(BOWL, 0),)), "size of a batch of losses must be an integer >= 1, got 0"),
    (lambda: acc_step(X, init(X), (Batch(BOWL, 1),), reduction="x"), "reduction must be one of 'mean', 'sum', got 'x'"),
    (lambda: acc_step(X, init(X), (Batch(BOWL, 1),), max_iter=2.5), "max_iter must be an integer >= 1, got 2.5"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input_gets_a_sentence(call: Any, message: str) -> None:
    with np.errstate(all="ignore"), pytest.raises((ValueError, TypeError), match=message):
        call()
