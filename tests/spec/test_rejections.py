"""What a port is asked to reject follows from the domain: the domain itself refuses each of these values."""

import numpy as np
import pytest

from gnomon.curvature.operators import Dense
from gnomon.domains import (
    Choice,
    Count,
    Entries,
    Finite,
    Flag,
    Floating,
    Kind,
    Like,
    Number,
    OrNone,
    RealNumber,
    Scalar,
    Several,
    State,
)
from gnomon_spec.rejections import bad_values

VECTOR, MATRIX = np.array([1.0, 2.0]), np.eye(2)
DOMAINS = [
    (Number(), 1.0, 6),
    (Number(0, 1), 0.5, 6),
    (Number(0, 1, closed=True), 1.0, 6),
    (Number(0, 1, above=True), 0.5, 6),
    (Number(-1, closed=True), 0.5, 5),
    (Number(1), 1.0, 6),
    (Count(2), 2, 4),
    (Choice(("one", "other")), "one", 4),
    (Flag(), True, 0),
    (Floating(), VECTOR, 1),
    (Like("model"), VECTOR, 1),
    (Finite(), VECTOR, 3),
    (Finite("model", above=0), VECTOR, 4),
    (Scalar("model", low=0), np.float64(1), 3),
    (Scalar("model"), np.float64(1), 1),
    (Entries(("n",), least=1, finite=True, nonzero=True, each=Number()), VECTOR, 7),
    (Entries(("m", "n"), least=1), MATRIX, 3),
    (Entries(("n", "n")), MATRIX, 2),
    (Entries(("n", "n"), fit="model"), MATRIX, 2),
    (Entries(("n", "n"), symmetric=True), MATRIX, 3),
    (RealNumber(), np.nan, 3),
    (Kind((Dense,)), Dense(MATRIX), 3),
    (Several(Count()), (1, 2), 7),
    (Several(Floating()), (), 3),
    (OrNone(Number()), None, 5),
    (OrNone(Kind((Dense,))), None, 2),
    (OrNone(Like("model")), None, 0),
    (OrNone(Like("model")), VECTOR, 1),
]


@pytest.mark.parametrize(("domain", "inside", "number"), DOMAINS, ids=str)
def test_a_domain_refuses_each_of_its_bad_values(domain, inside, number):
    given = {"model": VECTOR}
    domain.require("it", inside, given)
    bad = list(bad_values(domain, inside))
    assert len(bad) == number
    for _, value in bad:
        with pytest.raises((TypeError, ValueError), match=r"^it(\[0\])? must"):
            domain.require("it", value, given)


def test_the_parts_of_a_state_are_replaced_one_after_the_other():
    from gnomon.descent.sgd import SGDState

    domain = State((("momentum_buffer", Like("model")), ("step_count", Count())))
    bad = dict(bad_values(domain, SGDState(VECTOR, 3)))
    counts = [f".step_count = {value}" for value in (-1, None, 1j, {})]
    assert list(bad) == [".momentum_buffer of another shape", *counts]
    assert bad[".step_count = -1"] == SGDState(VECTOR, -1)
