"""Natural-gradient steps: what charts, damping and a radius do to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.m_fisher import natural as reference
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Context, Quantity, choice, constant
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.probability.m_fisher import system
from gnomon_spec.probability.m_fisher.inputs import UP_TO_4, matrix, some, spd
from gnomon_spec.strategies import CODES, of_code, or_none, rotation, tame
from gnomon_spec.system import Misfits

none = constant(None)


def of_some(code: int, context: Context) -> reference.FisherState | None:
    """Return None, or the average of some matrices."""
    return None if code % 2 else reference.FisherState(matrix(code, context), code // 2 % 4)


RADII = (0.125, 2.0**-7, 2.0**-9, 4.0)
radius = of_code(
    "None, or a radius; a radius where mode is trust_region",
    lambda code, c: RADII[code // 2 % 4] if c.drawn["mode"] == "trust_region" or code % 2 else None,
)
cases = Cases(
    {
        "params": tame(),
        "grad": Quantity(
            lambda draw, c: some(-0.75, 1.0).draw(draw, c) * (np.arange(c.shape[0]) != 1 + draw(CODES) % 4),
            "array of numbers from -0.75 to 1, one of them 0 where there are several",
        ),
        "fisher": spd,
        "state": of_code("None, or a FisherState", of_some),
        "metric": or_none(spd),
        "lr": choice(0.125, 0.5, 1.0),
        "damping": choice(0.125, 0.0, 1.0),
        "beta": choice(0.0, 0.5, 0.75),
        "mode": choice("damped", "trust_region"),
        "kl_radius": radius,
    },
    UP_TO_4,
)
natural_step = system.operation(reference.natural_step, cases=cases)
plain = cases.but(state=none, beta=0.0, mode="damped", kl_radius=none, metric=none)


def stepped(port: Any, case: Case, **changed: Any) -> Any:
    """Return what is said of the step, without the state."""
    return natural_step.call(port, case, **changed)[0]


@natural_step.law("closed form", cases=cases)
def the_direction_solves_its_equation(port: Any, case: Case) -> Iterable[Fact]:
    """d is along (F̄ + ρR)⁻¹g, the step is -η·d, or -d; gᵀd and ½η²dᵀF̄d are what is reported; A is the average."""
    step, state = natural_step.call(port, case)
    before = case.state or reference.FisherState(0 * case.fisher, 0)
    A = case.beta * before.average + (1 - case.beta) * case.fisher
    mean = A / (1 - case.beta ** (before.step_count + 1))
    damped = mean + case.damping * (np.eye(len(case.params)) if case.metric is None else case.metric)
    rate, d, g = (1.0 if case.mode == "trust_region" else case.lr), step.direction, case.grad
    full = lapack(np.linalg.solve, damped, g)
    yield equal("equation", (damped @ d) * np.dot(g, full), np.dot(g, d) * g, np.dot(g, full) * np.max(np.abs(damped)))
    yield equal("step", step.params, case.params - rate * d)
    yield equal("slope", step.slope, np.dot(g, d))
    yield equal("divergence", step.predicted_kl, rate**2 * np.dot(d, mean @ d) / 2)
    values = lapack(np.linalg.eigvalsh, damped)
    yield equal("condition", step.inverse_condition, values[0] / values[-1])
    yield equal("average", state.average, A)
    yield agree("count", state.step_count, before.step_count + 1)


@natural_step.law("equivariance", cases=cases.but(turn=rotation(), stretch=some(0.5, 2.0)))
def linear_charts_do_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """With φ = Aξ, Aᵀg, AᵀF̄A and AᵀRA the step in ξ ends where the step in φ does; with R = I for A that only turns."""

    def in_chart(A: Any, metric: Any) -> Any:
        def carried(F: Any) -> Any:
            moved = A.T @ F @ A
            return (moved + moved.T) / 2

        state = case.state and case.state._replace(average=carried(case.state.average))
        given = {"grad": A.T @ case.grad, "fisher": carried(case.fisher), "state": state}
        return stepped(port, case, **given, metric=metric if metric is None else carried(metric))

    R = np.eye(len(case.params)) if case.metric is None else case.metric
    for words, A, metric in (("any A", case.turn * case.stretch, R), ("turned", case.turn, None)):
        there, here = in_chart(A, metric), stepped(port, case, metric=metric)
        yield equal(words, A @ there.direction, here.direction, np.max(np.abs(case.grad)))
        yield equal(f"{words}: slope", there.slope, here.slope, np.max(np.abs(case.grad)))


@natural_step.law("equivariance", cases=plain.but(damping=choice(0.0, 0.125), stretch=some(0.5, 2.0)))
def of_a_diagonal_matrix_scales_do_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """With F's diagonal alone, φ = s∘ξ, s∘g and the diagonal of the matrix in ξ: the same end, if ρ = 0 or R is s²."""
    s, F, g = case.stretch, np.diag(np.diag(case.fisher)), np.max(np.abs(case.grad))
    here = stepped(port, case, fisher=F)
    there = stepped(port, case, grad=s * case.grad, fisher=np.diag(np.diag(F) * s**2), metric=np.diag(s**2))
    yield equal("direction", s * there.direction, here.direction, g)
    yield equal("divergence", there.predicted_kl, here.predicted_kl, g**2)


trusted = plain.but(mode="trust_region", kl_radius=choice(0.125, 2.0), damping=choice(0.125, 0.0))


@natural_step.law("bound", cases=trusted.but(vector=some(-0.75, 1.0)))
def no_step_of_the_same_divergence_falls_more(port: Any, case: Case) -> Iterable[Fact]:
    """½dᵀF̃d = ε, and every other d' with that has gᵀd' <= gᵀd."""
    damped, d = case.fisher + case.damping * np.eye(len(case.params)), stepped(port, case).direction
    yield equal("radius", np.dot(d, damped @ d) / 2, case.kl_radius)
    other = case.vector * np.sqrt(2 * case.kl_radius / np.dot(case.vector, damped @ case.vector))
    yield at_least("fall", np.dot(case.grad, d), np.abs(np.dot(case.grad, other)))


held_back = plain.but(kl_radius=choice(2.0**-9, 2.0**-12, 4.0), power=choice(0, 600, -600))


@natural_step.law("bound", cases=held_back, dtypes=("float64",))
def the_radius_limits_the_divergence(port: Any, case: Case) -> Iterable[Fact]:
    """½η²dᵀF̄d is at most ε: the step without a limit, or one along it that has ε; also of gradients of any size."""
    grad = case.grad * (np.arange(len(case.grad)) > len(case.grad) // 2 - 1)
    free, held = stepped(port, case, grad=grad, kl_radius=None), stepped(port, case, grad=2.0**case.power * grad)
    share = np.minimum(2.0**case.power, np.sqrt(case.kl_radius / free.predicted_kl))
    yield equal("direction", held.direction, share * free.direction)
    yield at_least("divergence", case.kl_radius, held.predicted_kl)


@natural_step.law("limit", cases=plain.but(damping=choice(0.125, 1.0, 2.0**-6)))
def damping_turns_the_step_into_gradient_descent(port: Any, case: Case) -> Iterable[Fact]:
    """‖ρd - g‖ <= ‖F‖·‖g‖/ρ; d gets shorter as ρ grows; gᵀd >= 0; and g = 0 changes nothing, bit for bit."""
    size, lengths = np.sqrt(np.dot(case.grad, case.grad)), []
    for rho in (case.damping, 2 * case.damping, 2.0**20 * case.damping):
        step = stepped(port, case, damping=rho)
        lengths.append(np.sqrt(np.sum(step.direction**2)))
        apart = np.sqrt(np.sum((rho * step.direction - case.grad) ** 2))
        yield at_least(f"{rho:g}", np.trace(case.fisher) * size / rho, apart)
        yield at_least(f"{rho:g}: slope", step.slope, 0.0)
    yield at_least("shorter", lengths[0], lengths[1])
    yield identical("params", stepped(port, case, grad=0 * case.grad).params, case.params)


above_rounding = Quantity(lambda draw, c: 2.0**-26 if c.dtype == np.float64 else 2.0**-8, "√ε, rounded up")


@natural_step.law("limit", cases=plain.but(turn=rotation(), share=above_rounding))
def small_curvature_counts_without_damping(port: Any, case: Case) -> Iterable[Fact]:
    """ρ = 0: d = F⁻¹g where all eigenvalues but the largest are √ε of it, which rounding has not made."""
    values = np.where(np.arange(len(case.params)) == 0, 1.0, case.share)
    F = (case.turn * values) @ case.turn.T
    d = case.turn @ ((case.turn.T @ case.grad) / values)
    yield equal("direction", stepped(port, case, fisher=(F + F.T) / 2, damping=0.0).direction, d, np.max(np.abs(d)))


@natural_step.law("closed form", cases=plain.but(rows=some(-1.0, 1.0, lambda c: (c.shape[0] + 1, c.shape[0]))))
def a_linear_model_is_solved_in_one_step(port: Any, case: Case) -> Iterable[Fact]:
    """y ~ N(Xφ, I), η = 1, ρ = 0: one step ends in the least-squares solution, its divergence is ½‖Xd‖²/N exactly."""
    X = case.rows + 2 * np.eye(*case.rows.shape)
    N, y = len(X), X[:, 0] ** 2 + 1
    F, g = X.T @ X / N, X.T @ (X @ case.params - y) / N
    step = stepped(port, case, grad=g, fisher=(F + F.T) / 2, lr=1.0, damping=0.0)
    size = np.max(np.abs(g)) + np.max(np.abs(F)) * np.max(np.abs(case.params)) + 1
    yield equal("normal equations", X.T @ (X @ step.params - y) / N, 0 * g, size)
    yield equal("divergence", step.predicted_kl, np.sum((X @ (case.params - step.params)) ** 2) / (2 * N), size**2)


@natural_step.law("closed form", cases=plain.but(damping=0.0, q=some(0.25, 1.0)))
def a_singular_matrix_has_its_shortest_solution(port: Any, case: Case) -> Iterable[Fact]:
    """Free logits, F = diag p - ppᵀ, ρ = 0: d solves Fd = p - q and sums to 0, so that p moves straight to q; a number
    added to the gradient is out of F's range."""
    p = np.abs(case.grad) + 1
    p, q = p / np.sum(p), case.q / np.sum(case.q)
    F = np.diag(p) - p[:, np.newaxis] * p
    step = stepped(port, case, grad=p - q + 0.5, fisher=F)
    yield equal("p - q", F @ step.direction, p - q, 1.0)
    yield equal("condition", step.inverse_condition, 0.0, 8.0)
    yield equal("sum", np.sum(step.direction), 0.0, 8.0)


two_rows = some(-1.0, 1.0, lambda c: (2, c.shape[0]))


@natural_step.law("closed form", cases=plain.but(damping=choice(0.125, 1.0), rows=two_rows))
def woodburys_formula_gives_the_same(port: Any, case: Case) -> Iterable[Fact]:
    """With F = SᵀS, (F + ρI)⁻¹g = (g - Sᵀ(ρI + SSᵀ)⁻¹Sg)/ρ: two rows need a matrix of two by two."""
    S, rho, g = case.rows, case.damping, case.grad
    a, b, c = rho + np.dot(S[0], S[0]), np.dot(S[0], S[1]), rho + np.dot(S[1], S[1])
    u, v = S @ g
    inside = np.stack([c * u - b * v, a * v - b * u]) / (a * c - b * b)
    yield equal("d", stepped(port, case, fisher=S.T @ S).direction, (g - S.T @ inside) / rho)


@natural_step.misfits(cases=cases)
def what_has_no_step_is_rejected(case: Case) -> Misfits:
    """A damped matrix that is not positive definite; a trust region without a radius."""
    damped = {"state": None, "metric": None, "beta": 0.0, "damping": 0.5}
    return {
        "not definite": {"fisher": -2 * np.eye(len(case.params)), **damped},
        "singular": {"fisher": -np.eye(len(case.params)) / 2, **damped},
        "radius": {"mode": "trust_region", "kl_radius": None},
    }


SOLUTION = "vectors @ (inverse * (np.transpose(vectors) @ g))"
natural_step.edits(f"""
gradient_itself: The step is along the gradient, without F
    `{SOLUTION}` → `g`
multiplied_by_fisher: g is multiplied by F̃ where it must be divided
    `{SOLUTION}` → `F @ g`
root_of_fisher: g is divided by the root of F̃
    `{SOLUTION}` → `vectors @ (inverse**0.5 * (np.transpose(vectors) @ g))`
damping_in_every_chart_alike: R is the identity whatever is given
    `if metric is None else metric` → `if True else metric`
average_is_not_corrected: F̄ is not divided by 1 - βᵏ
    `mean = average / (1 - beta**k)` → `mean = average`
radius_without_two: The divergence is limited to ε/2
    `(2 * kl_radius) ** 0.5` → `kl_radius**0.5`
radius_without_rate: The limit forgets that the step is η·d
    `limit = (2 * kl_radius) ** 0.5 / (lr * np.where` → `limit = (2 * kl_radius) ** 0.5 / (1 * np.where`
radius_is_always_reached: Shorter steps are made longer, as in a trust region
    `np.minimum(largest, limit)` → `limit`
trust_region_times_rate: A trust-region step is multiplied by η
    `np.abs(fall), 1) ** 0.5, 1.0` → `np.abs(fall), 1) ** 0.5, lr`
axes_are_not_turned_back: The inverse is VΛ⁻¹V and not VΛ⁻¹Vᵀ
    `(np.transpose(vectors) @ g)` → `(vectors @ g)`
small_eigenvalues_are_inverted: Eigenvalues that are 0 but for rounding are divided by
    `(0 if damped else rounding) * values[-1]` → `-1`
small_curvature_is_cut_off: Eigenvalues up to ε^¼ of the largest count as 0
    `max(1e-12, 16 * F.shape[0] * float(np.finfo(F.dtype).eps))` → `float(np.finfo(F.dtype).eps) ** 0.25`
""")
