"""Where conjugate gradients end: by which test, at which curvature, at the ends of the range; and what is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon.hessian_free import conjugate_gradients as reference
from gnomon.hessian_free.storage_grid import kept_iterations
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Quantity, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector
from gnomon_spec.facts import Fact, agree, equal, identical, rejects
from gnomon_spec.hessian_free.conjugate_gradients import (
    EVERY,
    cold,
    conjugate_gradients,
    definite,
    fitting,
    long,
    none,
    plain,
    solve,
    starts,
    systems,
)
from gnomon_spec.rejections import not_finite
from gnomon_spec.strategies import count, shapes


@conjugate_gradients.law("oracle agreement", cases=long)
def long_runs_end_as_those_of_the_oracle(port: Any, case: Case) -> Iterable[Fact]:
    """In sixteen and more dimensions relative progress ends the run where the oracle's ends."""
    found, expected = solve(port, case), solve(port.oracle, case)
    yield agree("iterations", found.iterations, expected.iterations)
    yield agree("reason", found.reason, expected.reason)
    yield equal("last", found.iterates[-1], expected.iterates[-1])


@conjugate_gradients.law("invariance", cases=plain.but(power=count(1, 3, low=-12, high=12), rtol=choice(0.25, 0.0625)))
def the_tolerance_is_relative(port: Any, case: Case) -> Iterable[Fact]:
    """A and b times 2ᵏ end after as many iterations."""
    scale = 2.0**case.power
    scaled = solve(port, case, operator=Dense(case.operator.matrix * scale), rhs=case.rhs * scale)
    yield identical("values", np.array(scaled.iterations), np.array(solve(port, case).iterations))


@conjugate_gradients.law("closed form", cases=cold.but(signs=nonzero_vector()).shaped(shapes((1,), (2,), (3,))))
def negative_eigenvalues_are_counted(port: Any, case: Case) -> Iterable[Fact]:
    """With n iterations and policy "ignore", pᵀAp is negative as often as A has negative eigenvalues (Sylvester), and
    x = A⁻¹b, a saddle of the model."""
    n = len(case.rhs)
    turn = lapack(np.linalg.eigh, case.operator.matrix)[1]
    eigenvalues = np.sign(case.signs) * np.arange(1.0, n + 1)
    A = (turn * eigenvalues) @ turn.T
    found = solve(port, case, operator=Dense(A), rhs=turn @ np.ones(n), max_iter=n)
    yield equal("last", found.iterates[-1], turn @ (1 / eigenvalues))
    yield agree("count", found.non_positive, int(np.sum(case.signs < 0)))


@conjugate_gradients.law("closed form", cases=systems.but(start=starts(), rtol=0.0, preconditioner=none))
def on_a_hill_the_policy_decides(port: Any, case: Case) -> Iterable[Fact]:
    """Where A = -I, "stop" returns the start after one product, "ignore" finds -b, "saddle-free" x₀ + b + x₀, and
    "raise" raises."""
    hill = Dense(-np.eye(len(case.rhs), dtype=case.rhs.dtype))
    s = case.rhs + 2.0 * np.abs(case.start) * np.sign(case.rhs)
    stopped, ignored, free = (
        solve(port, case, operator=hill, rhs=s, max_iter=1, on_nonpositive_curvature=policy)
        for policy in ("stop", "ignore", "saddle-free")
    )
    yield equal("stop", stopped.iterates[-1], case.start)
    yield agree("stop after", stopped.iterations, 0)
    yield agree("stop because", stopped.reason, reference.NEGATIVE)
    yield equal("ignore", ignored.iterates[-1], -s)
    yield equal("saddle-free", free.iterates[-1], case.start + (s + case.start))
    yield agree("counted", (stopped.non_positive, ignored.non_positive, free.non_positive), (1, 1, 1))
    yield rejects("raise", lambda: solve(port, case, operator=hill, rhs=s, on_nonpositive_curvature="raise"))


@conjugate_gradients.law("closed form", cases=plain.but(atol=1024.0, max_iter=6).shaped(shapes((2,), (3,), (5,))))
def the_residual_is_first_tested_after_an_iteration(port: Any, case: Case) -> Iterable[Fact]:
    """However large the tolerance is, a start that is not exact is improved once, and then the run ends."""
    found = solve(port, case)
    yield agree("iterations", found.iterations, 1)
    yield agree("reason", found.reason, reference.RESIDUAL)


@conjugate_gradients.law("fixed point", cases=plain)
def nothing_is_the_answer_to_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """If b = 0 and x₀ = 0, that is returned after no iteration, and nothing is divided by nothing."""
    found = solve(port, case, rhs=0 * case.rhs, start=0 * case.rhs)
    yield equal("last", found.iterates[-1], 0 * case.rhs)
    yield agree("iterations", found.iterations, 0)
    yield agree("reason", found.reason, reference.NOTHING_LEFT)


@conjugate_gradients.law("fixed point", cases=plain.but(power=count(0, 1, 2, low=0, high=3)))
def an_exact_start_is_the_answer(port: Any, case: Case) -> Iterable[Fact]:
    """If Ax₀ = b exactly, x₀ is returned."""
    diagonal = Dense(np.eye(len(case.rhs), dtype=case.rhs.dtype) * 2.0**case.power)
    found = solve(port, case, operator=diagonal, rhs=case.start * 2.0**case.power)
    yield equal("last", found.iterates[-1], case.start)


@conjugate_gradients.law("closed form", cases=plain.but(stored=choice((), (0,), (1, 3), (0, 2, 4))))
def what_is_kept_is_on_the_grid(port: Any, case: Case) -> Iterable[Fact]:
    """The iterates that were asked for are kept, and the last one, whichever it is; no other is."""
    found, complete = solve(port, case), solve(port, case, stored=EVERY)
    kept = kept_iterations(case.stored, found.iterations)
    yield agree("rows", len(found.iterates), len(kept))
    yield agree("values", len(found.values), found.iterations + 1)
    everything = fitting(complete, case)
    rows = [everything[min(i, len(everything) - 1)] for i in kept]
    yield equal("last", found.iterates[-1], rows[-1])
    yield equal("first", found.iterates[0], rows[0])


@conjugate_gradients.law("conservation", cases=definite)
def an_iteration_costs_a_product(port: Any, case: Case) -> Iterable[Fact]:
    """The operator is asked for one product an iteration and at most two more."""
    found = solve(port, case)
    yield agree("products", found.iterations <= found.products <= found.iterations + 2, True)


@conjugate_gradients.law("rejects", cases=definite.but(bad=choice(np.nan, np.inf, -np.inf)))
def a_product_that_is_not_finite_stops_everything(port: Any, case: Case) -> Iterable[Fact]:
    """A matrix with a NaN or an infinity in it is rejected, not taken for one without."""
    start = np.ones(len(case.rhs), case.rhs.dtype)
    yield rejects("not finite", lambda: solve(port, case, operator=not_finite(case.operator, case.bad), start=start))


@conjugate_gradients.law("rejects", cases=definite)
def iterations_below_0_are_not_stored(port: Any, case: Case) -> Iterable[Fact]:
    """An iteration below 0 to keep is rejected."""
    yield rejects("stored = -1", lambda: solve(port, case, stored=(-1,)))


def power_of_two(single: int, double: int) -> Quantity:
    """2 to one power in float32, to another in float64, where it is as near to the end of the range."""
    return Quantity(
        lambda _draw, context: context.dtype.type(2.0 ** (single if context.dtype == np.float32 else double)),
        f"2^{single} in float32, 2^{double} in float64",
    )


@conjugate_gradients.law(
    "fixed point",
    cases=cold.but(
        small=power_of_two(-70, -530),
        flat=power_of_two(-20, -60),
        on_nonpositive_curvature=choice("ignore", "stop", "saddle-free", "raise"),
    ),
)
def curvature_that_underflows_is_not_negative(port: Any, case: Case) -> Iterable[Fact]:
    """Where pᵀAp is 0 only because it is too small for the dtype nothing is left to do, whatever the policy is, and it
    does not count as curvature that is not positive."""
    b = np.sign(case.rhs) * case.small
    A = Dense(np.eye(len(b)) * case.flat)
    found = solve(port, case, operator=A, rhs=b)
    yield identical("last", found.iterates[-1], case.start)
    yield identical("count", np.array([found.iterations, found.non_positive]), np.zeros(2, np.int64))
    yield identical("nothing left", np.array(found.reason == reference.NOTHING_LEFT), np.array(True))


@conjugate_gradients.law("fixed point", cases=cold.but(large=power_of_two(50, 400), flat=power_of_two(-100, -800)))
def an_iterate_that_overflows_is_not_returned(port: Any, case: Case) -> Iterable[Fact]:
    """Where x would not be finite the iterate before is returned: divergence."""
    b = np.sign(case.rhs) * case.large
    found = solve(port, case, operator=Dense(np.eye(len(b)) * case.flat), rhs=b)
    yield identical("last", found.iterates[-1], case.start)
    yield identical("iterations", np.array(found.iterations), np.array(0))
    yield identical("diverged", np.array(found.reason == reference.DIVERGED), np.array(True))
