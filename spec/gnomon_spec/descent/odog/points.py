"""Which of the averages is returned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.odog import episodes as runs
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.descent.odog import system
from gnomon_spec.descent.odog.inputs import UP_TO_3, cosines, rows, sizes
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.strategies import nonzero, tame
from gnomon_spec.system import WITH_ROOM

tables = Cases(
    {
        "K": choice(5, 4, 2, 1),
        "averages": rows(nonzero, lambda drawn: drawn["K"]),
        "draw": choice(0.5, 0.0, 0.25, 0.99, 0.75),
    },
    UP_TO_3,
)
random_point = system.operation(runs.random_point, cases=tables, rejecting=tables, dtypes=WITH_ROOM)


@random_point.law("closed form", cases=tables)
def equal_parts_of_the_draws_belong_to_each_row(port: Any, case: Case) -> Iterable[Fact]:
    """Row k is returned for draws from k/K up to (k + 1)/K."""
    for k in range(case.K):
        for within in (0.25, 0.75, *(0.0,) * (case.K != 5)):  # fifths are rounded
            draw = (k + within) / case.K
            yield identical(f"row {k}", port.random_point(case.averages, draw=draw), case.averages[k])


pools = Cases({"averages": tame(shape=lambda shape: shape * 2), "objective": cosines()}, UP_TO_3)
best_point = system.operation(runs.best_point, cases=pools, rejecting=pools, dtypes=WITH_ROOM)


@best_point.law("bound", cases=pools)
def no_average_has_a_smaller_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """The point is the row that is named, its gradient as long as is said, and no row's gradient is shorter; of several
    stationary points the first is the best."""
    best = port.best_point(case.averages, case.objective)
    lengths = np.stack([sizes(case.objective.gradient(x)) for x in case.averages])
    yield identical("point", best.point, case.averages[best.episode])
    yield equal("norm", best.norm, sizes(case.objective.gradient(best.point)))
    yield at_least("others", lengths, best.norm)
    several = np.concatenate([case.averages[:1], 0 * case.averages])
    yield agree("episode", port.best_point(several, case.objective).episode, 1)


random_point.edits("""
draws_are_rounded_to_the_nearest_row: ⌊u(K - 1) + ½⌋: the first and the last row are drawn half as often as the others
    `int(draw * len(averages))` → `int(draw * (len(averages) - 1) + 0.5)`
last_average_is_returned: The average of the last episode is returned
    `averages[int(draw * len(averages))]` → `averages[-1]`
""")
best_point.edits("""
largest_gradient_is_taken: The average with the largest gradient is returned
    `np.argmin(norms)` → `np.argmax(norms)`
""")
