"""`gnomon run`: methods of the reference side by side on an objective, as a table and a picture."""

from __future__ import annotations

import numpy as np
import pytest

from gnomon.descent import adam, hysterograd, sgd, srkl
from gnomon.objectives import Rosenbrock
from gnomon_spec.system import systems
from gnomon_validation import teaching

STEPPED = [name for name, system in systems().items() if "step" in system.operations]


def adam_step(params, f, state):
    return adam.step(params, f.gradient(params), state, lr=0.05)


def srkl_step(params, f, state):
    return srkl.step_on(params, f, alpha=1, beta=1), state


@pytest.mark.parametrize(
    ("method", "options", "step"),
    [("adam", {"lr": 0.05}, adam_step), ("srkl", {"alpha": 1, "beta": 1}, srkl_step)],
    ids=["by its gradient", "by the objective, for its Hessian"],
)
def test_a_run_is_the_repeated_step_of_the_reference(method, options, step):
    (run,) = teaching.run([method], "rosenbrock", 7, options)
    f = Rosenbrock()
    params, state = f.start, adam.init(f.start)
    for row in run.iterates:
        np.testing.assert_array_equal(row, params)
        params, state = step(params, f, state)
    np.testing.assert_array_equal(run.values, [f.value(row) for row in run.iterates])
    assert not run.diverged


def test_hyperparameters_of_the_first_state_are_given_to_it():
    """With T₀ = 2 and no cooling the gate never closes; with T₀ = 0 a high barrier closes it after the first step."""
    options = {"stiffening_factor": 1e3, "lr": 0.01, "cooling_rate": 1.0}
    open_, closed = teaching.run(
        ["hysterograd(initial_temp=2)", "hysterograd(initial_temp=0)"], "rosenbrock", 5, options
    )
    assert np.all(np.any(np.diff(open_.iterates, axis=0) != 0, axis=1))
    f = Rosenbrock()
    state = hysterograd.init(f.start, initial_temp=0)
    params, state, report = hysterograd.step(f.start, f.gradient(f.start), state, **options)
    assert np.array_equal(closed.iterates[1], params)
    assert np.array_equal(closed.iterates[-1], closed.iterates[1]) and report.width > 0


def test_only_what_is_given_samples_cannot_be_run():
    assert {*STEPPED} - {*teaching.runnable()} == {"drm_sa"}


@pytest.mark.parametrize("method", teaching.runnable())
def test_every_method_runs_on_every_objective(method):
    for objective in teaching.objectives():
        (run,) = teaching.run([method], objective, 3, {})
        assert len(run.values) == 4 or run.diverged


def test_a_method_stands_beside_itself_and_the_nearest_word_wins():
    """What stands behind a name goes before what is set for the name, and that before what is set for all."""
    options = {"lr": 0.5, "sgd.lr": 0.25}
    runs = teaching.run(["sgd", "sgd(lr=0.125, momentum=0.5)", "adam"], "rosenbrock", 1, options)
    assert [r.hyperparameters for r in runs] == [{"lr": 0.25}, {"lr": 0.125, "momentum": 0.5}, {"lr": 0.5}]
    f = Rosenbrock()
    expected, _ = sgd.step(f.start, f.gradient(f.start), sgd.init(f.start), lr=0.125, momentum=0.5)
    np.testing.assert_array_equal(runs[1].iterates[1], expected)


def test_a_run_that_leaves_the_numbers_ends_early():
    (run,) = teaching.run(["sgd"], "rosenbrock", 100, {"lr": 1})
    assert run.diverged and np.all(np.isfinite(run.values)) and len(run.values) < 100


@pytest.mark.parametrize(
    ("methods", "objective", "options", "sentence"),
    [
        (["adm"], "rosenbrock", {}, "no system is called 'adm'; did you mean 'adam'"),
        (["adam"], "rosenbrok", {}, "no objective is called 'rosenbrok'; did you mean 'rosenbrock'"),
        (["adam"], "rosenbrock", {"lrr": 1}, "no hyperparameter is called 'lrr'; did you mean 'lr'"),
        (["adam(lrr=1)"], "rosenbrock", {}, "no hyperparameter is called 'lrr'; did you mean 'lr'"),
        (["adam(lr=1"], "rosenbrock", {}, r"is written name\(lr=0.1, …\), got 'adam\(lr=1'"),
        (["adam(1)"], "rosenbrock", {}, "options are written NAME=VALUE, got '1'"),
        (["adam"], "rosenbrock", {"sgd.lr": 1}, "no method of this run is called 'sgd'"),
        (["sgd"], "rosenbrock", {"lr": -1}, "lr must be a finite number"),
        (["srkl(variant=cod)"], "rosenbrock", {}, "variant must be one of 'fro', .*'code'.*got 'cod'"),
    ],
)
def test_a_slip_gets_a_sentence(methods, objective, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        teaching.run(methods, objective, 2, options)


@pytest.mark.parametrize("objective", ["rosenbrock", "quadratic"])
def test_a_picture_is_written_or_a_sentence_says_why_not(tmp_path, objective):
    runs = teaching.run(["sgd", "srkl(variant=code, alpha=1, beta=1)"], objective, 20, {})
    for ending in ("png", "svg", "pdf"):
        teaching.plot(runs, tmp_path / f"paths.{ending}")
        assert (tmp_path / f"paths.{ending}").stat().st_size > 1000
    with pytest.raises(ValueError, match=r"--plot must end in \.png, \.svg or \.pdf, got .*paths\.gif"):
        teaching.plot(runs, tmp_path / "paths.gif")
    with pytest.raises(ValueError, match=r"directory .*nowhere of the picture does not exist"):
        teaching.plot(runs, tmp_path / "nowhere" / "paths.png")
