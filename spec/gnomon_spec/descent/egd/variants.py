"""What the code computes in place of the polar factor, and the baseline with columns of length 1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.egd import diagnosis, variants
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.symmetries import scaled, unchanged
from gnomon_spec.descent.egd import matrices, system
from gnomon_spec.descent.egd.matrices import either, exactly_ranked, factor, full, gives, gradient, svd
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.rotations import rotation_of
from gnomon_spec.strategies import CODES, SMALL_CODES, count, number, whole_range
from gnomon_spec.system import WITH_ROOM, Operation

FLOORS = number(1e-6, 0.125, 1.0, 1e-9, exponents=(-20, 8))


def declare_scaling(operation: Operation, cases: Cases) -> None:
    """Declare that the floor has the units of the gradient."""

    @operation.law("equivariance", cases=cases.but(power=whole_range(30)))
    def the_floor_scales_with_the_gradient(port: Any, case: Case) -> Iterable[Fact]:
        """A gradient and a floor c times as large give the same, c > 0, as far as the dtype's range goes."""
        moved = {"gradient": case.gradient * 2.0**case.power, "floor": case.floor * 2.0**case.power}
        yield equal("gradient", operation.call(port, case, **moved), operation.call(port, case), scale=1.0)


floored_cases = Cases({"gradient": gradient(), "floor": FLOORS}, matrices.SHAPES)
floored = system.operation(
    variants.floored, cases=floored_cases, rejecting=floored_cases, dtypes=WITH_ROOM, scales={"": lambda _: 1.0}
)


@gives(floored, "closed form", floored_cases.but(rtol=matrices.NONE))
def each_singular_value_becomes_min_1_and_s_over_the_floor(case: Case) -> Any:
    """It is U·diag(min(1, s/floor))·Vᵀ: the polar factor for floor <= s_min; of nothing it is nothing."""
    U, s, Vt = svd(case)
    return (U * np.minimum(1, s / case.floor)) @ Vt


declare_scaling(floored, floored_cases)
WEIGHTS = "np.minimum(s, lowest) / lowest"
floored.edits(f"""
floor_is_added: The floor is added to the singular values: none becomes 1 [usual in implementations of Shampoo]
    `{WEIGHTS}` → `s / (s + lowest)`
below_the_floor_nothing: Singular values below the floor are taken for 0
    `{WEIGHTS}` → `s > lowest`
floor_is_relative: The floor is taken relative to the largest entry of the gradient
    `relative(floor, gradient)` → `floor`
divided_by_the_floor_alone: The singular values are divided by the floor and not cut at 1
    `{WEIGHTS}` → `s / lowest`
""")


def sketch(at_least_rank: bool = False) -> Quantity:
    """Normal numbers (q, p), q from 1 to min(m, p), or from the rank on."""

    def draw_sketch(draw: Draw, context: Context) -> Any:
        (m, p), drawn = context.shape, context.drawn
        s = np.linalg.svd(drawn["gradient"].astype(np.float64), compute_uv=False)
        low = int(np.sum(s > 1e-5 * s[0])) if at_least_rank else 1
        q = low + draw(SMALL_CODES) % (min(m, p) - low + 1)
        return np.random.Generator(np.random.PCG64(draw(CODES))).standard_normal((q, p)).astype(context.dtype)

    return Quantity(draw_sketch, "normal numbers (q, p)")


TINY = choice(2.0**-40, 2.0**-30)
sketched = full.but(sketch=sketch(), n_iter=count(2, 0, 1, high=4), floor=TINY)
of_low_rank = exactly_ranked.but(rtol=choice(1 / 16), sketch=sketch(True), n_iter=count(2, 1, 0, high=3))
rsvd = system.operation(
    variants.rsvd, cases=sketched.but(floor=FLOORS), rejecting=sketched, dtypes=WITH_ROOM, scales={"": lambda _: 1.0}
)


@rsvd.law("bound", cases=sketched)
def its_q_singular_values_are_at_least_1(port: Any, case: Case) -> Iterable[Fact]:
    """Of a gradient of full rank the result D has rank q, none of its q singular values is below 1; with ŝ those of
    G·Q, ŝᵢ <= sᵢ and Σ ŝ <= ⟨G, D⟩. It is so after an iteration, without one if the sketch is orthonormal."""
    G, Q, q = case.gradient, lapack(np.linalg.qr, case.sketch.T)[0], case.sketch.shape[0]
    found = rsvd.call(port, case, sketch=case.sketch if case.n_iter else Q.T)
    for _ in range(case.n_iter):
        Q = lapack(np.linalg.qr, G.T @ lapack(np.linalg.qr, G @ Q)[0])[0]
    s, sketched = lapack(np.linalg.svdvals, found), lapack(np.linalg.svdvals, (found @ Q).T @ (G @ Q))
    yield at_least("singular values of the gradient", lapack(np.linalg.svdvals, G)[:q], sketched)
    yield at_least("inner product", np.sum(G * found), np.sum(sketched))
    yield equal("below 1", np.minimum(s[:q] - 1, 0), 0.0, scale=1.0)
    yield equal("beyond the rank", s[q:], 0.0, scale=s[0])
    yield equal("of nothing", rsvd.call(port, case, gradient=0 * case.gradient), 0 * case.gradient)


@rsvd.law("closed form", cases=sketched.but(n_iter=count(1, 0, 2, high=2)))
def a_sketch_of_right_singular_vectors_gives_their_factor(port: Any, case: Case) -> Iterable[Fact]:
    """With the q leading right singular vectors as the sketch it is U_q·V_qᵀ, for any number of iterations."""
    U, _, Vt = svd(case)
    q = case.sketch.shape[0]
    yield equal("gradient", rsvd.call(port, case, sketch=Vt[:q]), U[:, :q] @ Vt[:q], scale=1.0)


@rsvd.law("limit", cases=of_low_rank.but(floor=choice(2.0**-6)))
def with_as_many_columns_as_rank_it_is_the_polar_factor(port: Any, case: Case) -> Iterable[Fact]:
    """With q >= rank G it is U_r·V_rᵀ, but for rounding over the floor, here 2⁻⁶ of the gradient's size."""
    found = rsvd.call(port, case, floor=case.floor * float(np.max(np.abs(case.gradient))))
    yield equal("gradient", found, factor(case), scale=2.0**6)


declare_scaling(rsvd, sketched.but(floor=FLOORS))
rsvd.edits("""
only_the_sketched_part: The left factor multiplies G·Q·Qᵀ and not all of G: all singular values are 1
    `U.T @ X` → `U.T @ X @ Q @ Q.T`
without_iterations: No power iteration is made
    `range(n_iter)` → `range(0)`
sketch_is_not_used: The first unit vectors stand for the sketch
    `sketch.T` → `np.eye(gradient.shape[1], dtype=gradient.dtype)[:, : sketch.shape[0]]`
gram_of_the_sketch: The factor is made of the singular values' squares
    `np.maximum(s, relative(floor, gradient))` → `(np.maximum(s, relative(floor, gradient)) ** 2)`
uphill: The sign is turned round
    `U @ (` → `-U @ (`
floor_below_the_gradients_size: The floor is taken relative to the largest entry of the gradient
    `relative(floor, gradient)` → `floor`
""")

units = Cases({"gradient": matrices.any_matrix}, matrices.SHAPES).but(
    floor=number(0.01, 1.0, 0.5, exponents=(-12, 5)), unit=choice("column", "row")
)
sizable = Cases({"gradient": gradient(full=True)}, matrices.SHAPES).but(floor=choice(2.0**-60), unit="column")
colnorm = system.operation(variants.colnorm, cases=units, rejecting=units, dtypes=WITH_ROOM)


@gives(colnorm, "closed form", units, scale=0.0)
def columns_as_long_as_the_floor_have_length_1(case: Case) -> Any:
    """A column g becomes g/max(‖g‖, floor); with unit "row" that is so of the rows."""
    squares = np.sum(case.gradient**2, axis=0 if case.unit == "column" else 1, keepdims=True)
    return case.gradient / np.maximum(np.sqrt(squares), case.floor)


colnorm.symmetry(
    "equivariance",
    "it_turns_with_the_columns",
    "Q·G gives Q times the result, and columns in another order that order. G·R does not: a hidden unit is a column",
    inputs={"gradient": lambda value, case: case.turn @ value[:, ::-1]},
    outputs=lambda value, case: case.turn @ value[:, ::-1],
    cases=sizable.but(turn=rotation_of(0)),
)


declare_scaling(colnorm, units)
colnorm.edits("""
norm_of_the_other_side: Rows are divided by their norms where columns are asked for, and the other way round
    `unit == "column"` → `unit == "row"`
floor_of_columns_is_added: The floor is added to the norm: no column has length 1
    `np.maximum(norms, floor)` → `(norms + floor)`
columns_below_the_floor_stay: A column shorter than the floor is left as it is
    `np.maximum(norms, floor)` → `np.where(norms > floor, norms, 1)`
floor_of_the_scripts: The floor is 0.01, whatever is asked for
    `np.maximum(norms, floor)` → `np.maximum(norms, 0.01)`
one_norm_for_all: All columns are divided by the largest norm
    `np.maximum(norms, floor)` → `np.max(np.maximum(norms, floor), initial=0)`
""")

diagnosed = either.but(lr=number(1.0, 0.1, exponents=(-8, 4)))
diagnose = system.operation(diagnosis.diagnose, cases=diagnosed, rejecting=diagnosed, dtypes=WITH_ROOM)
diagnose.scales = {"singular_values": lambda case: np.max(np.abs(case.gradient), initial=0)}


@diagnose.law("closed form", cases=matrices.ranked.but(lr=number(1.0, 0.1, exponents=(-8, 4))))
def it_says_what_the_polar_factor_will_do(port: Any, case: Case) -> Iterable[Fact]:
    """The nuclear norm is ⟨G, EGD(G)⟩, r is ‖EGD(G)‖², a step is lr·√r long; the condition is s₁/s_r. Of nothing
    they are 0, but for the condition, 1."""
    found, s, D = diagnose.call(port, case), svd(case)[1], factor(case)
    yield agree("rank", found.rank, len(s))
    yield equal("nuclear norm", found.nuclear_norm, np.sum(case.gradient * D))
    yield equal("update", found.update_norm, case.lr * np.sqrt(np.sum(D * D)))
    yield equal("condition", found.condition, s[0] / s[-1])
    squares = np.sum(found.singular_values**2)
    yield equal("squares", squares, np.sum(case.gradient**2))
    for given in (0 * case.gradient, case.gradient[:0]):
        found = diagnose.call(port, case, gradient=given)
        yield agree("rank of nothing", found.rank, 0)
        yield equal("of nothing", found.nuclear_norm + found.update_norm, 0 * found.condition)
        yield equal("condition of nothing", found.condition, 1.0)
        yield agree("singular values", found.singular_values.shape[0], min(given.shape))


diagnose.symmetry(
    "equivariance",
    "it_scales_with_the_gradient",
    "A gradient c > 0 times as large has c times the singular values and the same rank, condition and update",
    inputs={"gradient": scaled},
    outputs={
        **dict.fromkeys(("singular_values", "nuclear_norm"), scaled),
        **dict.fromkeys(("rank", "condition", "update_norm"), unchanged),
    },
    cases=exactly_ranked.but(power=whole_range(30)),
)
diagnose.edits("""
size_is_forgotten: The nuclear norm is that of the gradient divided by its largest entry
    `largest * np.sum(kept)` → `np.sum(kept)`
nuclear_norm_of_all: The nuclear norm is over all singular values, those left out by the rank, too
    `np.sum(kept)` → `np.sum(s)`
condition_of_all: The condition number divides by the smallest singular value, which may be 0
    `kept[0] / kept[-1]` → `kept[0] / np.maximum(s[-1], 1e-30)`
update_of_rank_and_not_its_root: The length of a step is taken for lr·r
    `r**0.5` → `r`
frobenius_norm_for_nuclear: The Frobenius norm is given as the nuclear norm
    `np.sum(kept)` → `np.sqrt(np.sum(kept * kept))`
""")
