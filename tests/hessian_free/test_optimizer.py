"""What a step costs: the report and conjugate gradients count what they really asked for."""

from collections import Counter

import numpy as np
import pytest

from gnomon.hessian_free import conjugate_gradients as cg
from gnomon.hessian_free.optimizer import init, step
from gnomon.hessian_free.small_objectives import Fenced, Valley


class Counting:
    """An objective that counts what it is asked."""

    def __init__(self, objective):
        self.objective, self.asked = objective, Counter()

    def __getattr__(self, name):
        answer = getattr(self.objective, name)

        def counted(*arguments):
            self.asked["product" if name in ("hvp", "ggnvp") else name] += 1
            return answer(*arguments)

        return counted


@pytest.mark.parametrize("linesearch", [True, False])
@pytest.mark.parametrize("backtracking", [True, False])
@pytest.mark.parametrize("curvature", ["hessian", "ggn"])
@pytest.mark.parametrize("variant", ["code", "martens"])
def test_the_report_counts_what_was_really_asked(variant, curvature, backtracking, linesearch):
    """Values, products and one gradient a step, however ρ is measured: against the damped model without a product,
    against the undamped one with a product for each point but 0. Without search or backtracking f is asked for before
    the step, after it, and for ρ: at both points from the warm start, at the second from 0."""
    hyper = {"curvature": curvature, "backtracking": backtracking, "linesearch": linesearch}
    for rules in ({}, {"rho_model": "undamped", "rho_origin": "x0"}, {"adapt_damping": False}):
        params = np.array([-1.0, 3.0])
        state = init(params)
        for _ in range(6):
            valley = Counting(Valley(100.0))
            params, state, report = step(params, state, valley, variant=variant, **hyper, **rules)
            assert valley.asked == {"value": report.evaluations, "gradient": 1, "product": report.products}
            points = 0 if np.isnan(report.ratio) else 1 + (variant == "code" or "rho_origin" in rules)
            undamped = variant == "martens" or "rho_model" in rules
            ended = report.reason == cg.NEGATIVE
            assert report.products == 1 + report.iterations + ended + (points if undamped else 0)
            assert backtracking or linesearch or report.evaluations == 2 + points


@pytest.mark.parametrize("linesearch", [True, False])
def test_a_refused_step_counts_what_was_asked(linesearch):
    """f = -½θ² at 1 with λ = 2, infinite beyond 3/2: x₁ leads to 2. One value before, one of the only iterate."""
    fenced, state = Counting(Fenced(-np.eye(1), np.zeros(1), 1.5, np.inf)), init(np.ones(1), damping=2.0)
    _, _, report = step(np.ones(1), state, fenced, curvature="hessian", linesearch=linesearch)
    assert fenced.asked == {"value": 2, "gradient": 1, "product": 2}
    assert (report.chosen, report.evaluations, report.products) == (-1, 2, 2)


@pytest.mark.parametrize("policy", ["ignore", "stop", "saddle-free"])
@pytest.mark.parametrize(
    ("diagonal", "start"),
    [([1.0, 2.0], None), ([1.0, 2.0], [1.0, 0.5]), ([1.0, 2.0], [0.25, 4.0]), ([1.0, -2.0], None), ([0.0, 0.0], None)],
)
def test_the_products_that_are_told_are_those_that_were_made(policy, diagonal, start):
    """One before, one an iteration, and one that ended the run by its curvature; also from an exact start, (1, ½)."""
    asked = []

    def operator(v):
        asked.append(v)
        return diagonal * v

    x = None if start is None else np.array(start)
    found = cg.conjugate_gradients(operator, np.ones(2), x, max_iter=5, on_nonpositive_curvature=policy)
    assert found.products == len(asked) == 1 + found.iterations + (found.reason == cg.NEGATIVE)
