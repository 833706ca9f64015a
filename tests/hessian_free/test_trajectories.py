"""Whole runs: Rosenbrock's valley beside the oracle, quadratics of any condition, the damping, checkpoints."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import gnomon_spec.hessian_free.trajectories  # noqa: F401
from gnomon.hessian_free.optimizer import HessianFreeState, Report, init, step
from gnomon.hessian_free.small_objectives import Quadratic, Valley
from gnomon_spec.bands import judge
from gnomon_spec.cases import Case
from gnomon_spec.facts import equal
from gnomon_spec.stand_ins import PerturbedOracle, PerturbedRuns
from gnomon_spec.system import Law, find_system
from gnomon_validation.judging import Judge
from gnomon_validation.ports.bundled import ReferencePort
from gnomon_validation.verdicts import Outcome

OPERATION = find_system("hessian_free").operations["step"]
START = np.array([-1.0, 3.0])
VALLEY: dict[str, Any] = {"curvature": "hessian"}


def judged(law: str, dtype: str, objective: Any, params: Any, state: HessianFreeState, **hyper: Any) -> Outcome:
    """Return what a law of the step says of the reference in one case."""
    declared: Law = next(each for each in OPERATION.laws if each.name == law)
    values = {"objective": objective, "params": params, "state": state, "preconditioner": None}
    case = Case({**values, **OPERATION.hyperparameters, **hyper}, OPERATION.hyperparameters)
    port = ReferencePort()
    return Judge(port, declared, np.dtype(dtype), port.offer(OPERATION)).outcome(case)


@pytest.mark.parametrize("lr", [1.0, 0.25])
@pytest.mark.parametrize("variant", ["code", "martens"])
def test_every_step_in_the_valley_is_the_oracles(variant: str, lr: float) -> None:
    """Step-locked, in float64, from each of the run's own states, 100 steps or until f is exactly 0: rounding may
    decide near the minimum, but no step is wrong. The tolerance, because "martens" would go on until the residual
    underflows.

    With lr = 1 a run ends at the minimum or beside it: no float64 neighbour of (1, 1) has a greater loss than
    (1 + ε, 1 - ε/2). With lr = 1/4 it takes all 100 steps: in "martens" a quarter of what is nearly Newton's step
    leaves (3/4)² = 0.56 of the loss; "code" stalls, since the saddle of the model lies uphill and the search refuses
    it, while ρ is large and λ shrinks.
    """
    f, params = Valley(np.float64(100)), START
    state, undecided = init(params), []
    hyper = {"variant": variant, "lr": lr, "rtol": 2.0**-30, **VALLEY}
    for t in range(100):
        outcome = judged("agrees_with_the_oracle", "float64", f, params, state, **hyper)
        assert not outcome.failed, (t, outcome)
        undecided.append(outcome.status != "conforms")
        params, state, report = step(params, state, f, **hyper)
        if report.final_loss == 0:
            break
    if lr == 1:
        assert report.final_loss <= f.value(np.nextafter([1.0, 1.0], [2.0, 0.0]))
    elif variant == "martens":
        assert len(undecided) == 100 and f"{report.final_loss / report.loss:.2f}" == "0.56"
    else:
        assert len(undecided) == 100 and report.step_length == 0 and report.final_loss == report.loss
        assert state.damping < report.damping < 1
    assert not any(undecided[:20])  # with "code" and lr = 1, the decisions of the published table


def test_in_float32_the_paths_part_where_it_is_said() -> None:
    """A free run in the valley keeps a common digit for all of 8 steps in float64; in float32 it loses it before."""
    horizons = []
    for dtype in ("float64", "float32"):
        f, start = Valley(np.asarray(100, dtype)[()]), START.astype(dtype)
        outcome = judged(
            "a_free_run_follows_the_oracle", dtype, f, start, init(start), variant="code", steps=8, **VALLEY
        )
        assert not outcome.failed
        horizons.append(outcome.judgements[0].horizon)
    assert horizons[0] == 8 and 1 <= horizons[1] < 8


def ill_conditioned(n: int, power: int) -> tuple[Quadratic, Any]:
    """Return a quadratic with eigenvalues from 10^-power to 1 in turned axes, and where to start."""
    generator = np.random.default_rng(100 * n + power)
    turn = np.linalg.qr(generator.standard_normal((n, n)))[0]
    matrix = (turn * np.geomspace(10.0**-power, 1, n)) @ turn.T
    return Quadratic((matrix + matrix.T) / 2, generator.standard_normal(n)), generator.standard_normal(n)


@pytest.mark.parametrize("power", range(0, 13, 2))
@pytest.mark.parametrize("n", [4, 8])
def test_without_damping_one_step_reaches_the_minimiser_of_any_condition(n: int, power: int) -> None:
    """Condition numbers 1 to 1e12: θ - θ* is within the band of the perturbed oracle, which leaves a common digit.

    Iterations are not limited to n: in floating point conjugacy is lost. Control: a damping of the least eigenvalue,
    which halves the step along its eigenvector, is beyond the band.
    """
    f, start = ill_conditioned(n, power)
    hyper: dict[str, Any] = {
        "rtol": 2.0**-52,
        "progress_threshold": None,
        "max_iter": 400 * n,
        "backtracking": False,
        "linesearch": False,
        "adapt_damping": False,
    }
    runs = []
    for noise in PerturbedRuns(np.dtype(np.float64))._alone:
        noise.restart()
        port = PerturbedOracle(OPERATION.system, np.dtype(np.float64), noise)
        new, _, _ = port.step(start, init(start, damping=0.0), f, None, **hyper)
        runs.append(equal("params", new, f.stationary))
    found, _, _ = step(start, init(start, damping=0.0), f, **hyper)
    judgement = judge(equal("params", found, f.stationary), runs, np.dtype(np.float64))
    assert judgement.holds and judgement.digits is not None and judgement.digits >= 1
    damped, _, _ = step(start, init(start, damping=10.0**-power), f, **hyper)
    assert judge(equal("params", damped, f.stationary), runs, np.dtype(np.float64)).holds is False


def run(objective: Any, params: Any, steps: int, **hyper: Any) -> list[tuple[Any, HessianFreeState, Report]]:
    """Return what each step gives."""
    state, outputs = init(params), []
    for _ in range(steps):
        params, state, report = step(params, state, objective, **hyper)
        outputs.append((params, state, report))
    return outputs


def bowls(count: int) -> list[tuple[Quadratic, Any]]:
    """Return convex quadratics with n = 5 and condition 30, and starts."""
    generator, found = np.random.default_rng(30), []
    for _ in range(count):
        turn = np.linalg.qr(generator.standard_normal((5, 5)))[0]
        matrix = (turn * np.geomspace(1 / 30, 1, 5)) @ turn.T
        found.append((Quadratic((matrix + matrix.T) / 2, np.zeros(5)), generator.standard_normal(5)))
    return found


def test_warm_starts_make_the_code_doubt_good_models() -> None:
    """On convex quadratics ρ is at least 1 from a cold start; from a warm one "code" finds less than 1 nearly always,
    and less than 1/4 in some, so that λ grows; "martens" finds 1, and λ falls as (2/3)ᵗ, with a rounding a step."""
    later = [r.ratio for f, x in bowls(40) for _, _, r in run(f, x, 6, variant="code")[1:]]
    assert sum(r < 1 for r in later) > len(later) / 2
    assert any(r < 1 / 4 for r in later)
    for f, x in bowls(40):
        states = [state for _, state, _ in run(f, x, 6, variant="martens", linesearch=False)]
        for t, state in enumerate(states, start=1):
            assert abs(state.damping - (2 / 3) ** t) <= t * np.finfo(float).eps * (2 / 3) ** t
        assert all(r.ratio >= 1 for _, _, r in run(f, x, 3, variant="code", decay=0.0))


def test_the_damping_runs_away_in_the_code_only() -> None:
    """½Σ dⱼθⱼ² with d from 0.01 to 1, all defaults: the published losses, to the printed digits, and λ."""
    f = Quadratic(np.diag(np.geomspace(0.01, 1, 5)), np.zeros(5))
    code = run(f, np.ones(5), 60, variant="code", curvature="hessian")
    losses = [f"{code[t - 1][2].final_loss:.2e}" for t in (5, 10, 20, 60)]
    assert losses == ["3.85e-02", "2.86e-02", "2.76e-02", "2.76e-02"]
    assert f"{code[50][2].damping:.1e}" == "1.9e+08"
    cold = run(f, np.ones(5), 20, variant="code", curvature="hessian", decay=0.0)
    martens = run(f, np.ones(5), 10, variant="martens", curvature="hessian")
    assert [f"{cold[t - 1][2].final_loss:.2e}" for t in (5, 10)] == ["1.66e-02", "7.14e-04"]
    assert cold[-1][2].final_loss <= np.finfo(float).eps * cold[0][2].loss  # all of its digits are lost
    assert martens[-1][2].final_loss < code[-1][2].final_loss
    assert code[-1][1].damping > 1e8 > 1 > cold[-1][1].damping


@pytest.mark.parametrize("variant", ["code", "martens"])
def test_a_run_read_from_a_file_continues_bit_for_bit(variant: str) -> None:
    """State and parameters after five steps, written as text and read again, make the same five steps as going on."""
    f, hyper = Valley(100.0), {"variant": variant, **VALLEY}
    through = run(f, START, 10, **hyper)
    params, state, _ = through[4]
    text = json.dumps({"params": params.tolist(), "start": state.warm_start.tolist(), "damping": float(state.damping)})
    data = json.loads(text)
    params = np.array(data["params"])
    state = HessianFreeState(np.array(data["start"]), np.float64(data["damping"]))
    for expected, _, _ in through[5:]:
        params, state, _ = step(params, state, f, **hyper)
        assert np.array_equal(params, expected)
    assert np.array_equal(state.warm_start, through[-1][1].warm_start) and state.damping == through[-1][1].damping


def test_the_decay_of_the_first_step_does_not_count() -> None:
    """The decay acts on the warm start of the next step: the first one's parameters do not depend on it."""
    first = [run(Valley(100.0), START, 1, decay=d, **VALLEY)[0] for d in (0.0, 0.5, 0.95)]
    assert all(np.array_equal(params, first[0][0]) for params, _, _ in first)
    assert not np.any(first[0][1].warm_start) and np.all(first[1][1].warm_start != first[2][1].warm_start)
