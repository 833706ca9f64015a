"""Hessian-free optimization in torch, and SciPy's conjugate gradients: they conform, and defects go by their names."""

from __future__ import annotations

import sys
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from agreement import DTYPES, failing, known, operation, outcome, verdicts

from gnomon.curvature.operators import Dense
from gnomon.curvature.products import Classification, Regression, network
from gnomon.hessian_free.conjugate_gradients import conjugate_gradients
from gnomon.hessian_free.optimizer import HessianFreeState, init
from gnomon.hessian_free.small_objectives import Valley
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.known_differences import CG_START

STEP = operation("hessian_free.step")
FREE_RUN = "hessian_free.step:a_free_run_follows_the_oracle"


@pytest.mark.torch
@pytest.mark.parametrize(("dtype", "examples"), [("float32", 20), ("float64", 10)])
def test_the_torch_port_conforms(dtype, examples):
    found = verdicts(find_port("torch.hessian_free"), "hessian_free", dtype, examples)
    assert failing(found, STEP.system.operations) == set()


def networks(dtype):
    """Return a classification and a regression by a small network, and where it starts."""
    i, j = np.arange(12.0)[:, np.newaxis], np.arange(3.0)
    features = np.cos(0.6 + 1.3 * i + 0.9 * j).astype(dtype)
    targets = np.sin(0.6 + 0.4 * i * i + 1.1 * j).astype(dtype)
    for problem in (Classification(features, np.arange(12) % 3, 3, (4,)), Regression(features, targets, (4,))):
        yield problem, (0.6 * np.sin(0.4 + 0.7 * np.arange(network(problem).dimension))).astype(dtype)


@pytest.mark.torch
@pytest.mark.parametrize("variant", ["code", "martens"])
@pytest.mark.parametrize("curvature", ["hessian", "ggn"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_steps_on_networks_are_the_oracles(dtype, curvature, variant):
    port = find_port("torch.hessian_free")
    hyper = {**STEP.hyperparameters, "curvature": curvature, "variant": variant, "max_iter": 2}
    for problem, params in networks(dtype):
        given = {"params": params, "state": init(params), "objective": problem, "preconditioner": None}
        found = outcome(port, STEP.id, given, hyper, dtype)
        assert found.status == "conforms", found


def on_rosenbrock(dtype, **quantities):
    """Return a case of steps on Rosenbrock's valley from (-1, 3), and its hyperparameters: the package's example."""
    hyper = {**STEP.hyperparameters, "curvature": "hessian", "variant": "code"}
    params, valley = np.array([-1.0, 3.0], dtype), Valley(np.array(100.0, dtype))
    state = HessianFreeState(np.zeros(2, dtype), np.array(1.0, dtype))
    return {"objective": valley, "params": params, "state": state, "preconditioner": None, **quantities}, hyper


def after_a_step(port, case, hyper):
    """Return the case with the parameters and the state after the port's step."""
    new, state, _ = port.call(STEP, tuple(case[name] for name in STEP.inputs), hyper)
    return {**case, "params": new, "state": HessianFreeState(*map(np.asarray, state))}


@pytest.mark.torch
def test_a_hundred_steps_on_rosenbrock_are_right_one_by_one():
    """Each from the port's own state. Step 28 ends beside the minimum, with a loss of 1e-30 or less: f(1, 1 - ε/2), the
    least but 0 on the line x = 1. From there on rounding alone decides what conjugate gradients find; the loss stays
    there."""
    port = find_port("torch.hessian_free")
    case, hyper = on_rosenbrock(np.float64)
    valley, beside = case["objective"], np.array([1.0, np.nextafter(1.0, 0.0)])
    assert f"{valley.value(beside):.0e}" == "1e-30"
    for t in range(1, 101):
        if t <= 28:
            found = outcome(port, STEP.id, case, hyper, np.float64)
            assert found.status == "conforms", (t, found)
        case = after_a_step(port, case, hyper)
        assert (valley.value(case["params"]) <= valley.value(beside)) == (t >= 28), t


@pytest.mark.torch
def test_free_runs_on_rosenbrock_part_early_in_float32_and_not_in_float64():
    """In float32 rounding decides in step 2 whether conjugate gradients need a third iteration in two dimensions: no
    port is called wrong for the path it takes then, and the horizon says how far paths can be compared."""
    port, horizons = find_port("torch.hessian_free"), {}
    for name in DTYPES:
        case, hyper = on_rosenbrock(name, steps=20)
        (path,) = outcome(port, FREE_RUN, case, hyper, name).judgements
        assert path.holds
        horizons[name] = path.horizon
    assert horizons["float64"] == 20 and 1 <= horizons["float32"] < 20
    case, hyper = on_rosenbrock(np.float32)
    second = outcome(port, STEP.id, after_a_step(port, case, hyper), hyper, np.float32)
    assert {j.label: j.holds for j in second.judgements}["iterations"] is None


def without_the_factor(parts):
    """The rule of relative progress as the released package has it, also in "martens": ε instead of kε."""
    ended, window = parts.progress_has_ended, parts.window
    return lambda model, threshold, variant: ended(
        model, threshold / (1 if variant == "code" else window(len(model) - 1, variant)), variant
    )


def evaluating_once_more(parts):
    """A line search that evaluates the candidate beyond the last, as the released package does."""
    search = parts.armijo

    def armijo(f, w, s, slope, lr, shrink, slope_fraction, tries, reject_ascent):
        a, value = search(f, w, s, slope, lr, shrink, slope_fraction, tries, reject_ascent)
        if a == 0 < lr and not (reject_ascent and slope > 0):
            f(w + lr * shrink**tries * s)
        return a, value

    return armijo


def returning_nothing(parts):
    """The method for a preconditioner, after which the step runs without one."""
    return lambda *_: None


INHERITED = [
    ("progress_has_ended", "parts.progress_has_ended", without_the_factor, "progress_rule_without_the_factor"),
    ("armijo", "parts.armijo", evaluating_once_more, "one_evaluation_too_many"),
    ("step", "operations.multiplication", returning_nothing, "preconditioner_is_lost"),
]


@pytest.mark.torch
@pytest.mark.parametrize(("operation", "part", "changed", "mistake"), INHERITED)
def test_a_defect_of_the_released_package_is_called_by_its_name(operation, part, changed, mistake, monkeypatch):
    """By the first name that each failed law gives."""
    port = find_port("torch.hessian_free")
    where, _, name = part.partition(".")
    module = import_module(f"gnomon_validation.ports.torch_hessian_free.{where}")
    monkeypatch.setattr(module, name, changed(module))
    failed = [v for v in verdicts(port, "hessian_free", "float64", 40, operation) if v.status != "conforms"]
    assert {v.status for v in failed} == {"wrong"}
    assert {v.diagnosis[0].name if v.diagnosis else f"none for {v.law.name}" for v in failed} == {mistake}


def not_testing(port, found):
    """Return the laws that `cg` is known to break for another reason than that it tests the start, too."""
    return {name for name, reason in known(port, found).items() if reason != CG_START}


@pytest.mark.curvature
@pytest.mark.parametrize("dtype", DTYPES)
def test_scipys_conjugate_gradients_conform_but_for_what_is_known(dtype):
    port = find_port("scipy")
    found = verdicts(port, "hessian_free", dtype, 60)
    names = failing(found, {"conjugate_gradients"})
    assert names >= {*not_testing(port, found), "the_residual_is_first_tested_after_an_iteration"}


@pytest.mark.curvature
@pytest.mark.parametrize("dtype", DTYPES)
def test_scipy_conforms_where_it_does_not_test_the_start(dtype, monkeypatch):
    """`cg` asks for the norm of b, then for that of the first residual, which is infinite here."""
    port = find_port("scipy")
    from gnomon_validation.ports.peers import scipy_sparse

    solve, asked = scipy_sparse.cg, []

    def norm(vector):
        asked.append(vector)
        return np.inf if len(asked) == 2 else np.linalg.norm(vector)

    def asking_anew(*args, **kwargs):
        asked.clear()
        return solve(*args, **kwargs)

    monkeypatch.setattr(scipy_sparse, "cg", asking_anew)
    numpy = SimpleNamespace(**{**vars(np), "linalg": SimpleNamespace(norm=norm)})
    monkeypatch.setattr(sys.modules[solve.__module__], "np", numpy)
    found = verdicts(port, "hessian_free", dtype, 60)
    assert failing(found, {"conjugate_gradients"}) == not_testing(port, found)


@pytest.mark.curvature
def test_iterates_of_scipy_are_the_oracles_to_the_bit():
    """On dense systems with a diagonal preconditioner, from any start: the same operations in the same order."""
    solve, rng = find_port("scipy").namespace.hessian_free_conjugate_gradients, np.random.default_rng(19)
    for n in [*range(2, 12)] * 10:
        root, b, x = rng.standard_normal((n, n)), *rng.standard_normal((2, n))
        A, M = Dense(root @ root.T + np.eye(n)), Dense(np.diag(rng.uniform(0.5, 2, n)))
        hyper = {"max_iter": n, "rtol": 1e-8, "progress_threshold": None, "stored": tuple(range(n))}
        ours, theirs = conjugate_gradients(A, b, x, M, **hyper), solve(A, b, x, M, **hyper)
        assert ours.iterations == theirs[1]
        np.testing.assert_array_equal(ours.iterates, theirs[0])
