"""Hessian-free optimization in torch, and SciPy's conjugate gradients: they conform, and defects go by their names."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from agreement import judged

from gnomon.curvature.operators import Dense
from gnomon.curvature.products import Classification, Regression, network
from gnomon.hessian_free.conjugate_gradients import conjugate_gradients
from gnomon.hessian_free.optimizer import HessianFreeState, init
from gnomon.hessian_free.small_objectives import Valley
from gnomon_spec.system import find_system
from gnomon_validation.checker import Plan, check
from gnomon_validation.ports.find import find_port

SYSTEM = find_system("hessian_free")
STEP, SOLVE = SYSTEM.operations["step"], SYSTEM.operations["conjugate_gradients"]
DTYPES = ("float32", "float64")


def laws_of(operation):
    """Return the laws of an operation by name."""
    return {law.name: law for law in operation.laws}


def checked(port, dtype, examples, operation=None):
    """Return the verdicts on what a port has of the system, or of one of its operations."""
    plan = Plan(examples, (dtype,))
    verdicts = check(port, [SYSTEM], plan, laws=lambda law: operation in (None, law.operation.name)).verdicts
    return [verdict for verdict in verdicts if verdict.status != "not provided"]


@pytest.mark.torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_torch_port_conforms(dtype):
    verdicts = checked(find_port("torch.hessian_free"), dtype, 10)
    assert {v.law.operation.name for v in verdicts} == set(SYSTEM.operations)
    assert [(v.law.id, v.status, v.outcome) for v in verdicts if v.status != "conforms"] == []


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
    dtype, port = np.dtype(dtype), find_port("torch.hessian_free")
    hyper = {**STEP.hyperparameters, "curvature": curvature, "variant": variant, "max_iter": 2}
    for problem, params in networks(dtype):
        given = {"params": params, "state": init(params), "objective": problem, "preconditioner": None}
        found = judged(port, laws_of(STEP)["agrees_with_the_oracle"], given, hyper, dtype)
        assert [(j.label, j.why, j.port, j.oracle) for j in found if j.holds is not True] == []


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
    dtype, port = np.dtype(np.float64), find_port("torch.hessian_free")
    case, hyper = on_rosenbrock(dtype)
    valley, beside = case["objective"], np.array([1.0, np.nextafter(1.0, 0.0)])
    assert f"{valley.value(beside):.0e}" == "1e-30"
    for t in range(1, 101):
        if t <= 28:
            found = judged(port, laws_of(STEP)["agrees_with_the_oracle"], case, hyper, dtype)
            assert [(t, j) for j in found if j.holds is not True] == []
        case = after_a_step(port, case, hyper)
        assert (valley.value(case["params"]) <= valley.value(beside)) == (t >= 28), t


@pytest.mark.torch
def test_free_runs_on_rosenbrock_part_early_in_float32_and_not_in_float64():
    """In float32 rounding decides in step 2 whether conjugate gradients need a third iteration in two dimensions: no
    port is called wrong for the path it takes then, and the horizon says how far paths can be compared."""
    port, horizons = find_port("torch.hessian_free"), {}
    for name in DTYPES:
        case, hyper = on_rosenbrock(np.dtype(name), steps=20)
        (path,) = judged(port, laws_of(STEP)["a_free_run_follows_the_oracle"], case, hyper, np.dtype(name))
        assert path.holds
        horizons[name] = path.horizon
    assert horizons["float64"] == 20 and 1 <= horizons["float32"] < 20
    case, hyper = on_rosenbrock(np.dtype(np.float32))
    case = after_a_step(port, case, hyper)
    second = judged(port, laws_of(STEP)["agrees_with_the_oracle"], case, hyper, np.dtype(np.float32))
    assert {j.label: j.holds for j in second}["iterations"] is None


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


INHERITED = [
    ("progress_has_ended", "progress_has_ended", without_the_factor, "progress_rule_without_the_factor"),
    ("armijo", "armijo", evaluating_once_more, "one_evaluation_too_many"),
]


def names_of_what_failed(port, operation, dtype):
    """Return the first name that each failed law gives."""
    failed = [v for v in checked(port, dtype, 20, operation) if v.status != "conforms"]
    assert {v.status for v in failed} == {"wrong"}
    return {v.diagnosis[0].name if v.diagnosis else f"none for {v.law.name}" for v in failed}


@pytest.mark.torch
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("operation", "part", "changed", "mistake"), INHERITED, ids=lambda x: getattr(x, "__name__", x)
)
def test_a_defect_of_the_released_package_is_called_by_its_name(operation, part, changed, mistake, dtype, monkeypatch):
    port = find_port("torch.hessian_free")
    from gnomon_validation.ports.torch_hessian_free import parts

    monkeypatch.setattr(parts, part, changed(parts))
    assert names_of_what_failed(port, operation, dtype) == {mistake}


@pytest.mark.torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_preconditioner_that_is_lost_is_noticed(dtype, monkeypatch):
    """The released package's method for it returns nothing, and the step runs without one."""
    port = find_port("torch.hessian_free")
    from gnomon_validation.ports.torch_hessian_free import operations

    monkeypatch.setattr(operations, "multiplication", lambda *_: None)
    assert names_of_what_failed(port, "step", dtype) == {"preconditioner_is_lost"}


TESTING_THE_START = {
    "the_residual_is_first_tested_after_an_iteration",
    "agrees_with_the_oracle",
}
NOT_TESTING = {
    "an_exact_start_is_the_answer",
    "a_product_that_is_not_finite_stops_everything",
    "bad_input_is_rejected",
    "iterations_below_0_are_not_stored",
    "curvature_that_underflows_is_not_negative",
    "an_iterate_that_overflows_is_not_returned",
}


@pytest.mark.curvature
@pytest.mark.parametrize("dtype", DTYPES)
def test_scipys_conjugate_gradients_conform_but_for_what_is_known(dtype):
    verdicts = checked(find_port("scipy"), dtype, 60)
    assert {v.law.operation for v in verdicts} == {SOLVE}
    failed = [v for v in verdicts if v.status != "conforms"]
    assert [(v.law.id, v.status, v.outcome) for v in failed if v.expected is None] == []
    names = {v.law.name for v in failed}
    assert names <= NOT_TESTING | TESTING_THE_START
    assert names >= {*NOT_TESTING, "the_residual_is_first_tested_after_an_iteration"}


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
    failed = {v.law.name for v in checked(port, dtype, 60) if v.status != "conforms"}
    assert failed == NOT_TESTING


@pytest.mark.curvature
def test_scipy_returns_a_start_within_the_tolerance_where_an_iteration_would_be_made():
    solve, (b, start) = find_port("scipy").namespace.hessian_free_conjugate_gradients, np.eye(2)
    A, hyper = Dense(np.eye(2)), {"atol": 2.0, "rtol": 0.0, "progress_threshold": None}
    iterates, iterations, _, reason, _, _ = solve(A, b, start, **hyper)  # the residual is √2
    np.testing.assert_array_equal(iterates, [start])
    assert (iterations, reason) == (0, "residual")
    np.testing.assert_array_equal(conjugate_gradients(A, b, start, **hyper).iterates[-1], b)


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


@pytest.mark.torch
def test_torch_is_asked_for_in_one_line_where_it_is_not_installed(monkeypatch):
    for loaded in [name for name in sys.modules if name.partition(".")[0] == "torch" or ".torch_hessian_free" in name]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(
        ValueError, match=r"^the port torch.hessian_free needs .* 'torch': pip install 'gnomon\[torch\]'$"
    ):
        find_port("torch.hessian_free")
