"""Learning problems to draw: a few examples, a network of at most one hidden layer, parameters, and vectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.curvature.products import Classification, Problem, Regression, network
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity
from gnomon_spec.curvature.matrices_and_probes import nonzero
from gnomon_spec.strategies import SMALL_CODES, shapes

Array = NDArray[Any]
HIDDEN = ((), (1,), (2,))
EXAMPLES = shapes((1,), (2,), (3,), (2,))
# By how much one output is made larger than the others: probabilities of 1e-6, and of 0.
AHEAD = (0.0, 12.0, 4096.0)


def _array(draw: Draw, context: Context, *shape: int) -> Array:
    """Return an array, every entry from 1/8 to 2 in size."""
    return nonzero(draw, context, shape, -3, 0)


def regression(hidden: tuple[tuple[int, ...], ...] = HIDDEN, outputs: int = 2) -> Quantity:
    """Least squares with N examples of two features and up to `outputs` outputs."""

    def draw_regression(draw: Draw, context: Context) -> Regression:
        N, C = context.shape[0], 1 + draw(SMALL_CODES) % outputs
        widths = hidden[draw(SMALL_CODES) % len(hidden)]
        return Regression(_array(draw, context, N, 2), _array(draw, context, N, C), widths)

    return Quantity(draw_regression, f"Regression with N examples, hidden layers one of {hidden}")


def classification(hidden: tuple[tuple[int, ...], ...] = HIDDEN) -> Quantity:
    """Cross-entropy with N examples of two features and two or three classes."""

    def draw_classification(draw: Draw, context: Context) -> Classification:
        N, C = context.shape[0], 2 + draw(SMALL_CODES) % 2
        widths = hidden[draw(SMALL_CODES) % len(hidden)]
        labels = np.array([draw(SMALL_CODES) % C for _ in range(N)])
        return Classification(_array(draw, context, N, 2), labels, C, widths)

    return Quantity(draw_classification, f"Classification with N examples, hidden layers one of {hidden}")


def either(hidden: tuple[tuple[int, ...], ...] = HIDDEN) -> Quantity:
    """A problem of one of the two kinds."""
    kinds = regression(hidden), classification(hidden)

    def draw_problem(draw: Draw, context: Context) -> Problem:
        drawn: Problem = kinds[draw(SMALL_CODES) % 2].draw(draw, context)
        return drawn

    return Quantity(draw_problem, f"Regression or Classification with N examples, hidden layers one of {hidden}")


def parameters() -> Quantity:
    """A vector with one entry for each parameter of the problem, every entry from 1/8 to 2 in size."""
    return Quantity(
        lambda draw, context: _array(draw, context, network(context.drawn["problem"]).dimension),
        "vector (n,), entries from 1/8 to 2 in size",
    )


def cases(problem: Quantity) -> Cases:
    """Return cases of such a problem with parameters and a vector."""
    return Cases({"problem": problem, "params": parameters(), "vector": parameters()}, EXAMPLES)


def with_first_output_ahead(case: Case) -> Iterator[tuple[str, Any]]:
    """Yield, in words and numbers, the parameters, and those with which the first output is much larger."""
    objective = network(case.problem)
    *layers, (W, b) = objective.layers(case.params)
    for ahead in AHEAD:
        yield f"{ahead:g} ahead", objective.flat([*layers, (W, b + ahead * (np.arange(len(b)) == 0))])


def examples(problem: Any, first: int, end: int) -> Any:
    """Return the problem of some of the examples."""
    answers = "targets" if isinstance(problem, Regression) else "labels"
    some = {name: getattr(problem, name)[first:end] for name in ("features", answers)}
    return problem._replace(**some)


def with_other_answers(problem: Any, case: Case) -> Any:
    """Return the problem with other targets or labels."""
    if isinstance(problem, Regression):
        return problem._replace(targets=2 * problem.targets + 1)
    return problem._replace(labels=(problem.labels + 1) % problem.classes)
