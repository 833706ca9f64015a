"""The other RACS: the fit to the squares, what it converges to, and the step with its limit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.reg import fisher as reference
from gnomon.descent.reg.fisher import FisherState
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.symmetries import unchanged
from gnomon_spec.descent.elementwise import declare_shift
from gnomon_spec.descent.reg import inputs, system
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.strategies import SMALL_CODES, count, fraction, number, powered, steps_of, tame, whole_range, zeros
from gnomon_spec.system import WITH_ROOM

calm = Cases({"grad": inputs.full(2)}, inputs.MATRICES).but(iterations=count(5, 1, 2, 3, low=1, high=6))
fits = calm.but(grad=powered(4))
racs_fisher = system.operation(reference.racs_fisher, cases=fits, rejecting=calm, dtypes=WITH_ROOM)


@racs_fisher.law("closed form", cases=calm)
def the_factors_scale_the_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """q and s are positive, Gᵢⱼ/√(qᵢsⱼ) is what is scaled, and P - q·sᵀ is orthogonal to q·sᵀ."""
    found = racs_fisher.call(port, case)
    q, s, squares = found.rows, found.columns, case.grad**2
    yield equal("scaled", found.scaled, case.grad / np.sqrt(q[:, np.newaxis] * s))
    yield equal("product", q @ squares @ s, np.sum(q * q) * np.sum(s * s))


@racs_fisher.law("closed form", cases=calm)
def a_sweep_is_a_product_with_the_gram_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """After K sweeps q is along (PPᵀ)ᴷ·1 and s along Pᵀ(PPᵀ)ᴷ⁻¹·1: power iteration, which leaves (σ₂/σ₁)² of what is
    amiss each time."""
    found = racs_fisher.call(port, case)
    squares = case.grad**2
    rows = np.ones(len(squares))
    for _ in range(case.iterations):
        columns = squares.T @ rows
        rows = squares @ columns
        rows, columns = rows / np.max(rows), columns / np.max(columns)
    yield equal("rows", found.rows / np.max(found.rows), rows)
    yield equal("columns", found.columns / np.max(found.columns), columns)


@racs_fisher.law("bound", cases=calm)
def more_sweeps_fit_no_worse(port: Any, case: Case) -> Iterable[Fact]:
    """‖P - q·sᵀ‖² does not grow with K, nor from half a sweep, the best s for that q, to the whole one."""
    squares, q = case.grad**2, racs_fisher.call(port, case).rows
    half = np.sum((squares - q[:, np.newaxis] * (squares.T @ q / np.sum(q * q))) ** 2)

    def error(iterations: int) -> Any:
        found = port.racs_fisher(case.grad, iterations=iterations)
        return np.sum((squares - found.rows[:, np.newaxis] * found.columns) ** 2)

    yield at_least("error", error(case.iterations), error(case.iterations + 1))
    yield at_least("second half", half, error(case.iterations + 1))


@racs_fisher.law("closed form", cases=calm.but(u=inputs.whole(0), v=inputs.whole(1)))
def of_rank_one_only_the_signs_are_left(port: Any, case: Case) -> Iterable[Fact]:
    """If |G| = |u||v|ᵀ, q·sᵀ is G∘G after one sweep, and the scaled gradient its signs."""
    signs, size = np.sign(case.grad), np.abs(case.u[:, np.newaxis] * case.v)
    found = port.racs_fisher(signs * size, **case.hyper)
    yield equal("scaled", found.scaled, signs)
    yield equal("fit", found.rows[:, np.newaxis] * found.columns, size * size)


racs_fisher.symmetry(
    "invariance",
    "the_scaled_gradient_has_no_units",
    "±2ᵏ·G has the same q, s times 4ᵏ, and ± the same scaled gradient; that one anywhere in the range of the dtype",
    cases=calm.but(power=whole_range(40), sign=choice(1, -1)),
    inputs={"grad": inputs.times_a_power},
    outputs={"rows": unchanged, "scaled": lambda scaled, case: case.sign * scaled},
)
racs_fisher.symmetry(
    "equivariance",
    "the_columns_have_the_units_of_squares",
    "±2ᵏ·G has 4ᵏ times the s, and |G|-wise it does not matter which sign an entry has",
    cases=calm.but(power=count(1, 3, low=-12, high=12), sign=choice(1, -1)),
    inputs={"grad": inputs.times_a_power},
    outputs={"columns": lambda columns, case: columns * 4.0**case.power},
)


@racs_fisher.law("conservation", cases=calm.but(row=count(0, high=5), column=count(0, high=5)))
def zeros_have_the_factor_zero(port: Any, case: Case) -> Iterable[Fact]:
    """A row or column of zeros has the factor 0, stays 0 and changes no other; a gradient of 0 gives zeros."""
    m, n = case.grad.shape
    larger = np.insert(np.insert(case.grad, case.row % (m + 1), 0, axis=0), case.column % (n + 1), 0, axis=1)
    found, alone = port.racs_fisher(larger, **case.hyper), racs_fisher.call(port, case)
    yield equal("rows", found.rows[case.row % (m + 1)], 0.0)
    yield equal("columns", found.columns[case.column % (n + 1)], 0.0)
    kept = np.arange(m + 1) != case.row % (m + 1), np.arange(n + 1) != case.column % (n + 1)
    yield equal("scaled", found.scaled[kept[0]][:, kept[1]], alone.scaled)
    nothing = port.racs_fisher(0 * case.grad, **case.hyper)
    yield equal("nothing", nothing.scaled, 0 * case.grad)
    yield equal("nothing", nothing.rows[0] + nothing.columns[0], 0.0)


FIRST, SECOND = (
    "squares.T @ rows / positive(np.sum(rows * rows))",
    "squares @ columns / positive(np.sum(columns * columns))",
)
racs_fisher.edits(
    f"""
means_of_the_squares: q and s are the means of the squares of rows and columns, no fit: q·sᵀ has another scale
    [`pytorch_optimizer.RACS` 4.1.0]
    `rows = np.ones_like(squares[:, 0])` →
        `rows = np.ones_like(squares[:, 0])
        return np.mean(squares, axis=1), np.mean(squares, axis=0)`
one_sweep_too_few: The last sweep leaves q as it was
    `rows = {SECOND}` → `rows, before = {SECOND}, rows`
    `return rows, columns` → `return before, columns`
not_divided_by_the_squared_length: s is Pᵀq without the division by ‖q‖²
    `{FIRST}` → `squares.T @ rows`
divided_by_the_length: s is Pᵀq/‖q‖, as in power iteration
    `np.sum(rows * rows)` → `np.sum(rows * rows) ** 0.5`
begun_with_the_row_means: The fit begins with the means of the rows
    `rows = np.ones_like(squares[:, 0])` → `rows = np.mean(squares, axis=1)`
a_single_sweep: One sweep is made, whatever K is
    `range(iterations)` → `range(1)`
""",
    within=reference.fit,
)
racs_fisher.edits(
    """
factors_without_their_roots: The gradient is divided by q and s, not by their roots
    `positive(rows[:, np.newaxis] ** 0.5) / positive(columns**0.5)` →
        `positive(rows[:, np.newaxis]) / positive(columns)`
columns_are_left: Only the rows are scaled
    `/ positive(columns**0.5)` → ``
""",
    within=reference.divided,
)
racs_fisher.edits("""
gradient_for_its_squares: The fit is to |G| and not to its squares
    `fit(share * share, iterations)` → `fit(np.abs(share), iterations)`
units_forgotten: s is that of a gradient whose largest entry is 1
    `columns * largest * largest` → `columns`
squares_of_the_gradient_leave_the_range: The gradient is squared as it is: of 1e-200 the squares are 0
    `share = grad / np.where(largest > 0, largest, 1)` → `share = grad`
    `columns * largest * largest` → `columns`
""")


def states(arrays: Quantity) -> Quantity:
    """A state: fresh, or any factors and length."""

    def draw_state(draw: Draw, context: Context) -> FisherState:
        factors, code = np.abs(arrays.draw(draw, context)), draw(SMALL_CODES)
        state = FisherState(factors[:, 0].copy(), factors[0].copy(), factors[-1, -1])
        return FisherState(0 * state.rows, 0 * state.columns, 0 * state.length) if code < 16 else state

    return Quantity(draw_state, "FisherState: zeros, or any numbers >= 0")


def draw_fresh(_draw: Draw, context: Context) -> FisherState:
    zero = np.zeros(context.shape, context.dtype)
    return FisherState(zero[:, 0].copy(), zero[0].copy(), zero[0, 0])


fresh = Quantity(draw_fresh, "fresh state")
steps = Cases({"params": tame(), "grad": powered(4), "state": states(powered(2))}, inputs.MATRICES).but(
    lr=number(0.02, 1.0, 0.5),
    beta=fraction(0.9, 0.0, 0.5),
    alpha=number(0.05, 1.0, 0.0),
    gamma=number(1.01, 1.0, 2.0, exponents=(-4, 4)),
    iterations=count(5, 1, 2, low=1, high=5),
)
full = steps.but(grad=inputs.full(2), state=states(inputs.full(2)), lr=choice(1.0, 0.5), alpha=choice(0.5, 0.25, 0.05))
fisher_step = system.operation(reference.fisher_step, cases=steps, rejecting=full, dtypes=WITH_ROOM)


@fisher_step.law("closed form", cases=full.but(state=fresh, beta=choice(0.5, 0.75, 0.0)))
def the_first_step_is_longer_by_the_missing_correction(port: Any, case: Case) -> Iterable[Fact]:
    """The first step is lr·α·G'/(1-β): q and s are 1-β of the fit, each under a root, and nothing limits it."""
    params, state = fisher_step.call(port, case, params=0 * case.params)
    fit = port.oracle.racs_fisher(case.grad, iterations=case.iterations)
    first = fit.scaled / (1 - case.beta)
    yield equal("move", params, -case.lr * case.alpha * first)
    yield equal("length", state.length, np.sqrt(np.sum(first * first)))
    yield equal("columns", state.columns, (1 - case.beta) * fit.columns)
    yield equal("rows", state.rows, (1 - case.beta) * fit.rows)


@fisher_step.law("bound", cases=full.but(state=fresh, grads=steps_of(inputs.full(4), 6)))
def no_step_is_much_longer_than_the_one_before(port: Any, case: Case) -> Iterable[Fact]:
    """From the second step on ‖step‖ <= γ·‖step before‖, and φ is its length over lr·α."""
    state, before = case.state, None
    for t, grad in enumerate(case.grads, start=1):
        move, state = port.fisher_step(0 * case.params, grad, state, **case.hyper)
        long = np.sqrt(np.sum(move * move))
        yield equal(f"length {t}", long, case.lr * case.alpha * state.length)
        if before is not None:
            yield at_least(f"growth {t}", case.gamma * before, long)
        before = long


@fisher_step.law("fixed point", cases=full.but(grad=zeros, state=fresh, later=inputs.full(2), tiny=inputs.below(0.75)))
def a_gradient_of_zero_does_not_end_everything(port: Any, case: Case) -> Iterable[Fact]:
    """A gradient of 0 moves nothing, and the next one makes a step as the first would; after one whose squares leave
    the range all is finite."""
    params, state = fisher_step.call(port, case)
    yield identical("params", params, case.params)
    yield equal("length", state.length, 0.0)
    params, lost = fisher_step.call(port, case, grad=case.tiny * case.later)
    yield agree("finite", np.all(np.isfinite(params)) and np.all(np.isfinite(lost.length)), True)
    move, _ = port.fisher_step(0 * case.params, case.later, state, **case.hyper)
    first, _ = port.oracle.fisher_step(0 * case.params, case.later, case.state, **case.hyper)
    yield equal("move", move, first)


declare_shift(fisher_step, full)
CORRECTED = "rows, columns = rows / (1 - beta), columns / (1 - beta)\nscaled = divided(grad, rows, columns)"
fisher_step.edits(f"""
growth_is_not_limited: Steps may become longer without limit
    `gamma / np.maximum(growth, gamma)` → `0 * growth + 1`
limit_of_the_first_step_for_ever: Lengths are held against the first one's, not the one before
    `limit * norm)` → `np.where(state.length > 0, state.length, norm))`
length_before_the_limit: The length that is remembered is that before the limit
    `limit * norm)` → `norm)`
steps_of_one_length: Steps are made longer as well as shorter, to γ times the last
    `np.maximum(growth, gamma)` → `growth`
means_with_a_bias_correction: The means are divided by 1 - β at the first step
    `scaled = divided(grad, rows, columns)` → `{CORRECTED}`
no_mean_of_the_factors: The factors of the gradient of now are used
    `` → `beta = 0.0`
alpha_left_out: α is ignored
    `lr * alpha * limit` → `lr * limit`
a_zero_gradient_ends_everything: After a gradient of 0, φ = 0 limits every later step to 0
    `limit = np.where(state.length > 0, gamma / np.maximum(growth, gamma), 1)` →
        `limit = np.where(state.length > 0, gamma / np.maximum(growth, gamma), 0)`
columns_begin_at_one: The mean of one side begins at 1 and not at 0 [`pytorch_optimizer.RACS` 4.1.0]
    `columns = beta * state.columns` → `columns = beta * np.where(state.length > 0, state.columns, 1)`
epsilon_in_the_denominator: 1e-8 is added to both factors [`pytorch_optimizer.RACS` 4.1.0]
    `scaled = divided(grad, rows, columns)` → `scaled = divided(grad, rows + 1e-8, columns + 1e-8)`
""")
