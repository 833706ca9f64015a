"""One side scaled, and both: closed forms, symmetries, bounds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.reg import racs as reference
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.curvature.symmetries import unchanged
from gnomon_spec.descent.reg import inputs, system
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.rotations import rotation_of
from gnomon_spec.strategies import count, vector, whole_range
from gnomon_spec.system import WITH_ROOM

calm = Cases({"matrix": inputs.full()}, inputs.MATRICES).but(p=inputs.exponents)
sides = calm.but(matrix=vector(), side=choice("rows", "columns"))
normalised = system.operation(reference.normalised, cases=sides, rejecting=calm.but(side="rows"))


@normalised.law("closed form", cases=calm.but(side=choice("rows", "columns")))
def every_row_or_column_has_norm_one(port: Any, case: Case) -> Iterable[Fact]:
    """The norms of what was scaled are 1, and the matrix is what it was times one positive number a row or column."""
    axis = 1 if case.side == "rows" else 0
    found = normalised.call(port, case)
    yield equal("norms", inputs.norm(found, axis, case.p), np.ones(case.matrix.shape[1 - axis]))
    yield equal("matrix", found, case.matrix / np.expand_dims(inputs.norm(case.matrix, axis, case.p), axis))


@normalised.law(
    "bound",
    cases=calm.but(side="rows", p=2.0, matrix=inputs.full(1), factors=inputs.factors(0, 2)).shaped(inputs.SQUARES),
    dtypes=WITH_ROOM,
)
def rows_of_norm_one_are_nearly_the_best_scaling(port: Any, case: Case) -> Iterable[Fact]:
    """Van der Sluis: with rows of 2-norm 1, σ₁/σₘ is at most √m times that of any DM, D diagonal and positive."""
    scaled = normalised.call(port, case)
    least = lapack(np.linalg.svdvals, scaled)
    other = lapack(np.linalg.svdvals, inputs.with_rows_times(case.matrix, case))
    # σ₁/σₘ <= √m·τ₁/τₘ, without a division by what may be rounding alone
    yield at_least("condition", len(case.matrix) ** 0.5 * other[0] * least[-1], least[0] * other[-1])


@normalised.law(
    "bound",
    cases=calm.but(side="rows", p=1.0, turn=rotation_of(0), factors=inputs.factors(0, 2)).shaped(inputs.SQUARES),
    dtypes=WITH_ROOM,
)
def rows_of_sum_one_are_the_best_scaling(port: Any, case: Case) -> Iterable[Fact]:
    """Van der Sluis: with rows of 1-norm 1, ‖R‖∞·‖R⁻¹‖∞ is ‖|M⁻¹|·|M|‖∞, which is the same for all DM, D diagonal and
    positive, and for none more than its ‖(DM)⁻¹‖∞·‖DM‖∞: no scaling of rows is better."""

    def norm(matrix: Any) -> Any:
        return np.max(np.sum(np.abs(matrix), axis=1))

    found, other = normalised.call(port, case, matrix=case.turn), inputs.with_rows_times(case.turn, case)
    least = norm(np.abs(lapack(np.linalg.inv, other)) @ np.abs(other))
    yield equal("condition", norm(found) * norm(lapack(np.linalg.inv, found)), least)


cases = calm.but(matrix=vector(), mode=inputs.modes, sweeps=inputs.few)
racs_reg = system.operation(reference.racs_reg, cases=cases, rejecting=calm.but(mode="rc", sweeps=inputs.few))
any_mode = calm.but(mode=inputs.modes, sweeps=inputs.few)
OTHER = {"rc": "cr", "cr": "rc", "sqrt": "sqrt", "product": "product", "avg": "avg"}


@racs_reg.law("closed form", cases=calm.but(mode=choice("rc", "cr", "sinkhorn"), sweeps=inputs.few))
def what_was_scaled_last_has_norm_one(port: Any, case: Case) -> Iterable[Fact]:
    """Every column of "rc" and "sinkhorn" has norm 1, and with p = 2 the length is √n; of "cr" every row."""
    axis = 1 if case.mode == "cr" else 0
    found = inputs.norm(racs_reg.call(port, case), axis, case.p)
    yield equal("norms", found, np.ones(case.matrix.shape[1 - axis]))


@racs_reg.law("closed form", cases=any_mode)
def each_mode_is_made_of_the_norms_of_its_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """ "sqrt" is the geometric mean of rows scaled and columns scaled, "avg" the arithmetic one, "product" Mᵢⱼ/(rᵢcⱼ);
    "rc" measures the columns of what the rows have left."""
    M, p = case.matrix, case.p
    r, c = inputs.norm(M, 1, p)[:, np.newaxis], inputs.norm(M, 0, p)
    found = racs_reg.call(port, case)
    if case.mode == "sqrt":
        yield equal("matrix", found, M / (r * c) ** 0.5)
    elif case.mode == "product":
        yield equal("matrix", found, M / (r * c))
    elif case.mode == "avg":
        yield equal("matrix", found, (M / r + M / c) / 2)
    else:
        by_columns = case.mode == "cr"
        first = M / c if by_columns else M / r
        for _ in range(case.sweeps - 1 if case.mode == "sinkhorn" else 0):
            first = first / inputs.norm(first, 0, p)
            first = first / inputs.norm(first, 1, p)[:, np.newaxis]
        last = inputs.norm(first, 1, p)[:, np.newaxis] if by_columns else inputs.norm(first, 0, p)
        yield equal("matrix", found, first / last)


racs_reg.symmetry(
    "invariance",
    "factors_of_rows_are_forgotten",
    'In modes "rc" and "sinkhorn" rows times positive factors give the same matrix',
    cases=calm.but(mode=choice("rc", "sinkhorn"), sweeps=inputs.few, factors=inputs.factors(0)),
    inputs={"matrix": inputs.with_rows_times},
    outputs={"": unchanged},
    dtypes=WITH_ROOM,
)
anywhere = {"power": whole_range(40), "sign": choice(1, -1)}
racs_reg.symmetry(
    "invariance",
    "only_the_sign_of_a_common_factor_is_left",
    "c·M gives sign(c) times what M gives, anywhere in the range of the dtype: what is squared was scaled before",
    cases=calm.but(mode=choice("rc", "cr", "sqrt", "avg", "sinkhorn"), sweeps=inputs.few, **anywhere),
    inputs={"matrix": inputs.times_a_power},
    outputs={"": lambda matrix, case: case.sign * matrix},
    dtypes=WITH_ROOM,
)
racs_reg.symmetry(
    "equivariance",
    "a_product_of_norms_is_homogeneous_of_degree_minus_one",
    'In mode "product" c·M gives 1/c times what M gives, anywhere in the range of the dtype',
    cases=calm.but(mode="product", sweeps=inputs.few, **anywhere),
    inputs={"matrix": inputs.times_a_power},
    outputs={"": lambda matrix, case: case.sign * matrix * 2.0**-case.power},
    dtypes=WITH_ROOM,
)
racs_reg.symmetry(
    "equivariance",
    "rows_and_columns_do_not_know_their_place",
    "Rows and columns in another order and with other signs give the same matrix in that order, with those signs",
    cases=any_mode.but(
        row_order=inputs.order(0), column_order=inputs.order(1), row_signs=inputs.whole(0), column_signs=inputs.whole(1)
    ),
    inputs={"matrix": inputs.rearranged},
    outputs={"": inputs.rearranged},
)


@racs_reg.law("equivariance", cases=calm.but(mode=choice(*OTHER), sweeps=inputs.few))
def a_transpose_exchanges_rows_and_columns(port: Any, case: Case) -> Iterable[Fact]:
    """ "cr" of Mᵀ is the transpose of "rc" of M; "sqrt", "product" and "avg" of Mᵀ are the transposes of those of M."""
    found = port.racs_reg(case.matrix.T.copy(), **{**case.hyper, "mode": OTHER[case.mode]})
    yield equal("matrix", found.T, racs_reg.call(port, case))


@racs_reg.law("limit", cases=calm.but(matrix=inputs.even(), p=choice(2.0, 1.0), mode="sinkhorn"), dtypes=WITH_ROOM)
def it_goes_on_until_the_rows_are_balanced_to_the_last_digits(port: Any, case: Case) -> Iterable[Fact]:
    """Of numbers from 1 to 1.25 24 sweeps of "sinkhorn" leave rows of norm (n/m)^{1/p}, too."""
    m, n = case.matrix.shape
    rows = inputs.norm(racs_reg.call(port, case, sweeps=24), 1, case.p)
    yield equal("rows", rows, inputs.ratio(case, n, m) ** (1 / case.p) + np.zeros(m))


rank_one = any_mode.but(u=inputs.whole(0), v=inputs.whole(1))


@racs_reg.law("closed form", cases=rank_one)
def of_rank_one_little_but_the_signs_are_left(port: Any, case: Case) -> Iterable[Fact]:
    """If |M| = |u||v|ᵀ without a 0, "rc" leaves the signs times m^{-1/p}, "cr" n^{-1/p}, "sinkhorn" what "rc" does;
    "product" 1/(‖u‖‖v‖)."""
    u, v, p, signs = case.u[:, np.newaxis], case.v, case.p, np.sign(case.matrix)
    m, n = case.matrix.shape
    a, b = np.abs(u) / inputs.norm(u, None, p), np.abs(v) / inputs.norm(v, None, p)
    sizes = {
        "rc": m ** (-1 / p),
        "sinkhorn": m ** (-1 / p),
        "cr": n ** (-1 / p),
        "sqrt": (a * b) ** 0.5,
        "product": a * b / np.abs(u * v),
        "avg": (a + b) / 2,
    }
    yield equal("matrix", port.racs_reg(signs * np.abs(u * v), **case.hyper), signs * sizes[case.mode])


monomial = any_mode.but(order=inputs.order(0)).shaped(inputs.SQUARES)


@racs_reg.law("closed form", cases=monomial.but(mode=choice("rc", "cr", "sqrt", "avg", "sinkhorn")))
def of_one_number_a_row_and_column_the_sign_is_left(port: Any, case: Case) -> Iterable[Fact]:
    """Where each row and column has one entry that is not 0, its sign is left: the polar factor, for once."""
    places = np.eye(len(case.order))[case.order]
    found = port.racs_reg(np.where(places > 0, case.matrix, 0), **case.hyper)
    yield equal("matrix", found, np.where(places > 0, np.sign(case.matrix), 0))


@racs_reg.law(
    "fixed point", cases=calm.but(mode="rc", p=2.0, turn=rotation_of(0), factors=inputs.factors(0)).shaped(
        inputs.SQUARES
    ), dtypes=WITH_ROOM
)  # fmt: skip
def orthogonal_rows_give_the_polar_factor(port: Any, case: Case) -> Iterable[Fact]:
    """If MMᵀ is diagonal and M square, "rc" with p = 2 is the orthogonal factor of M, whatever its condition."""
    yield equal("matrix", port.racs_reg(inputs.with_rows_times(case.turn, case), **case.hyper), case.turn)


@racs_reg.law("bound", cases=any_mode.but(matrix=inputs.sparse()))
def no_entry_is_larger_than_one(port: Any, case: Case) -> Iterable[Fact]:
    """|Rᵢⱼ| <= 1 in every mode but "product", where |Rᵢⱼ| <= 1/|Mᵢⱼ|; signs stay, and zeros."""
    found = racs_reg.call(port, case)
    size = np.abs(found) * (np.abs(case.matrix) if case.mode == "product" else 1)
    yield at_least("size", 1 + 0 * size, size)
    yield at_least("sign", found * np.sign(case.matrix), 0 * size)
    yield equal("zeros", np.where(case.matrix == 0, found, 0), 0 * size)


@racs_reg.law("bound", cases=calm.but(mode="rc", p=2.0), dtypes=WITH_ROOM)
def it_goes_down_the_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """⟨M, R⟩ >= Σᵢ ‖Mᵢ‖₂/√m in mode "rc" with p = 2."""
    found = racs_reg.call(port, case)
    lengths = np.sum(inputs.norm(case.matrix, 1, 2.0))
    yield at_least("product", np.sum(found * case.matrix), lengths / len(case.matrix) ** 0.5)


@racs_reg.law("conservation", cases=any_mode.but(row=count(0, high=5), column=count(0, high=5)))
def zeros_are_as_if_they_were_not_there(port: Any, case: Case) -> Iterable[Fact]:
    """A row and a column of zeros put into a matrix stay 0, and change nothing else."""
    m, n = case.matrix.shape
    rows, columns = (np.argsort(np.roll(np.arange(k + 1), at)) for k, at in ((m, case.row), (n, case.column)))
    larger = np.zeros((m + 1, n + 1), case.matrix.dtype)
    larger[:m, :n] = case.matrix
    found = port.racs_reg(larger[rows][:, columns], **case.hyper)[np.argsort(rows)][:, np.argsort(columns)]
    yield equal("matrix", found[:m, :n], racs_reg.call(port, case))
    yield equal("zeros", found[m], np.zeros(n + 1))
    yield equal("zeros", found[:, n], np.zeros(m + 1))
    yield equal("nothing", port.racs_reg(np.zeros((m, n), case.matrix.dtype), **case.hyper), np.zeros((m, n)))


ROWS_FIRST, COLUMNS_FIRST = 'unit(unit(matrix, "rows", p), "columns", p)', 'unit(unit(matrix, "columns", p), "rows", p)'
racs_reg.edits(f"""
columns_of_the_matrix_itself: The columns are divided by their norms before the rows were scaled: Mᵢⱼ/(rᵢcⱼ) for "rc"
    `return {ROWS_FIRST}` → `mode = "product"`
columns_before_rows: The columns are scaled before the rows
    `{ROWS_FIRST}` → `{COLUMNS_FIRST}`
rows_only: The columns are left as they are [RMNP, arXiv 2603.20527]
    `{ROWS_FIRST}` → `unit(matrix, "rows", p)`
columns_only: The rows are left as they are
    `{ROWS_FIRST}` → `unit(matrix, "columns", p)`
rows_again_at_the_end: The rows are scaled once more, and the columns have norm 1 no longer
    `{ROWS_FIRST}` → `unit({ROWS_FIRST}, "rows", p)`
cr_taken_for_rc: Mode "cr" scales the rows first, too
    `{COLUMNS_FIRST}` → `{ROWS_FIRST}`
mean_without_its_half: Mode "avg" is the sum of both
    `"columns", p)) / 2` → `"columns", p))`
one_sweep_for_sinkhorn: Mode "sinkhorn" makes one sweep, whatever it is asked for
    `repeatedly(matrix, p, sweeps, 1e-14)` → `repeatedly(matrix, p, 1, 1e-14)`
balanced_to_three_digits: Mode "sinkhorn" ends where the row norms are off by 0.001
    `repeatedly(matrix, p, sweeps, 1e-14)` → `repeatedly(matrix, p, sweeps, 1e-3)`
root_of_one_norm_only: Mode "sqrt" takes the root of the row norms alone
    `(root / left) * (root / right)` → `(root / left) * root`
product_taken_for_its_root: Mode "product" is taken for "sqrt"
    `balanced / np.minimum(left, right) / np.maximum(left, right)` → `balanced`
signs_are_lost: All entries come out positive
    `` → `matrix = np.abs(matrix)`
""")
racs_reg.edits(
    """
epsilon_beside_the_norm: 1e-8 is added to each norm: small gradients are not scaled up to norm 1 any more [as
    `torch.optim.Muon` guards its norm, with 1e-7]
    `np.where(norm > 0, norm, 1)` → `(norm + 1e-8 / np.where(largest > 0, largest, 1))`
largest_for_the_norm: Rows and columns are divided by their largest entry, whatever p is
    `/ np.where(norm > 0, norm, 1)` → ``
""",
    within=reference.unit,
)
racs_reg.edits(
    """
squares_leave_the_range: Powers are taken of the entries as they are: of 1e-200 the norm is 0, and the row stays as it
    is
    `largest = np.max(size, axis=axis, keepdims=True)` → `largest = 0 * np.max(size, axis=axis, keepdims=True) + 1`
root_mean_square_for_the_norm: Norms are root mean squares: of n entries, √n too small
    `np.sum(share * share, axis=axis, keepdims=True)` → `np.mean(share * share, axis=axis, keepdims=True)`
root_forgotten: Rows and columns are divided by the square of their norm
    `np.sum(share * share, axis=axis, keepdims=True) ** 0.5` → `np.sum(share * share, axis=axis, keepdims=True)`
always_two: p is ignored, the norm is Euclidean
    `` → `p = 2.0`
power_without_its_root: Σ|x|ᵖ is taken for the norm
    `** (1 / p)` → `** 1.0`
rows_taken_for_columns: Row norms are measured down the columns, and the other way round
    `AXIS[side]` → `{"rows": 0, "columns": 1, "all": None}[side]`
one_norm_for_all_rows: Every row is divided by the norm of the whole matrix
    `AXIS[side]` → `None`
""",
    within=reference.norms,
)
