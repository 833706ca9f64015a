"""Rounding or a mistake: what is said of a deviation that float32 shows, and of one that it does not show."""

from __future__ import annotations

from fractions import Fraction
from math import log10
from types import SimpleNamespace

import numpy as np
import pytest
from agreement import outcome
from small_ports import ORACLE_LAW, port_of, returning

from gnomon.descent import adamw
from gnomon.descent.adam import AdamState
from gnomon.descent.sam.sampling import Sampler
from gnomon_spec.bands import MARGIN
from gnomon_spec.cases import Case
from gnomon_spec.system import find_law
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.functions import FunctionsPort
from gnomon_validation.ports.known_differences import reason_for
from gnomon_validation.ports.port import Offer
from gnomon_validation.runs.examine import FairJudge

# 1 - β₁ lies 31/64 of a unit below 1 - 2⁻⁷, the nearest number of float64, and of float32. So 1 - (1 - β₁) is 2⁻⁷: what
# is lost is 31·2⁻⁵⁹, which is 62 units of float64 (2⁻⁵³·2⁻⁷) and next to nothing among those of float32 (2⁻²⁴·2⁻⁷).
LOST = 31 * 2.0**-59
BETA1 = 2.0**-7 + LOST
# With m = 1 and g = 0 the new first moment is β₁ itself.
HYPER = {"lr": 0.5, "beta1": BETA1, "beta2": 0.5, "eps": 1.0, "weight_decay": 0.0, "variant": "adam"}


def judged(port, dtype="float64", system="adamw"):
    """Return the outcome of the smallest case in which `lerp` loses what float32 does not show."""
    ones, zeros = np.ones(1, dtype), np.zeros(1, dtype)
    arrays = {"params": ones, "grad": zeros, "state": AdamState(ones, ones, zeros, 1)}
    return outcome(port, f"{system}.step", arrays, HYPER, dtype)


def averages_by_lerp(params, grad, state, *, beta1, **hyper):
    """AdamW whose first moment is g - (g - m)·(1 - (1 - β₁)), as torch has it for β₁ < ½."""
    new, after = adamw.step(params, grad, state, beta1=beta1, **hyper)
    weight = params.dtype.type(1 - beta1)
    return new, after._replace(first_moment=grad - (grad - state.first_moment) * (1 - weight))


def moment_off_by(relative):
    """Return an AdamW whose first moment is too large by a factor that is the same in every dtype."""
    return returning(lambda new, after: (new, after._replace(first_moment=after.first_moment * (1 + relative))))


def test_lerp_loses_the_last_digits_of_a_small_beta():
    assert Fraction(1 - BETA1) - (1 - Fraction(BETA1)) == Fraction(LOST)
    found = judged(port_of(averages_by_lerp))
    (moment,) = (j for j in found.judgements if j.holds is False)
    assert (moment.label, moment.port, moment.oracle, moment.deviation) == ("first_moment", 2.0**-7, BETA1, LOST)


def test_rounding_that_float32_does_not_show_by_luck_is_imprecise():
    assert judged(port_of(averages_by_lerp), "float32").status == "conforms"
    found = judged(port_of(averages_by_lerp))
    assert (found.status, found.sure) == ("imprecise", False)
    assert found.digits_lost == log10(found.worst.ratio * MARGIN)


@pytest.mark.parametrize(
    ("relative", "status", "sure"),
    [
        # The band of β₁·m is some 2⁻⁴⁹ of it in float64 and 2⁻²⁰ in float32; half way between is 2⁻³⁴·⁵.
        (2.0**-44, "imprecise", False),
        (2.0**-30, "wrong", False),
        (2.0**-12, "wrong", True),
    ],
)
def test_what_float32_does_not_show_is_a_mistake_if_it_is_nearer_to_the_rounding_of_float32(relative, status, sure):
    found = judged(port_of(moment_off_by(relative)))
    assert (found.status, found.sure) == (status, sure)
    assert judged(port_of(moment_off_by(relative)), "float32").status == ("wrong" if sure else "conforms")


def test_float64_computed_in_float32_is_wrong_though_float32_shows_nothing():
    def step(params, grad, state, **hyper):
        single = [x.astype(np.float32) if isinstance(x, np.ndarray) else x for x in (params, grad, *state)]
        new, after = adamw.step(single[0], single[1], AdamState(*single[2:]), **hyper)
        return new.astype(params.dtype), AdamState(*(x.astype(params.dtype) for x in after[:-1]), after.step_count)

    assert judged(port_of(step), "float32").status == "conforms"
    found = judged(port_of(step))
    assert (found.status, found.sure) == ("wrong", False)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["Adam", "AdamW"])
@pytest.mark.parametrize("option", [{}, {"foreach": True}, {"fused": True}])
def test_what_lerp_loses_in_float64_alone_is_a_known_difference_of_torch(name, option):
    system, port = name.lower(), find_port(f"torch:torch.optim.{name}", option)
    found = judged(port, system=system)
    assert (found.worst.label, found.worst.port, found.worst.deviation) == ("first_moment", 2.0**-7, LOST)
    assert "lerp" in reason_for(port.name, f"{system}.step:{ORACLE_LAW}", "float64", found.status)
    assert judged(port, "float32", system=system).status == "conforms"


def fairly(variant, law, answer):
    """Judge a sampler's decision in a case where "code" ends in an error: its rate of samples has become 0/0."""
    hyper = {"alpha1": 0.5, "alpha2": 0.5, "max_p": 0.5, "variant": variant}
    windows = np.zeros(4), np.zeros(4), np.zeros(4)
    sampler = Sampler(4, 0, 4, np.float64(1), np.float64(0.25), *windows)
    port = FunctionsPort(SimpleNamespace(sam_decide=answer), "a_port")
    judge = FairJudge(port, find_law(f"sam.decide:{law}"), np.dtype("float64"), Offer())
    return judge.outcome(Case({"sampler": sampler, "uniform": np.float64(0.5), **hyper}, hyper)).status


def raises(*_, **__):
    raise ValueError("cannot convert float NaN to integer")


def test_a_case_in_which_the_oracle_raises_too_says_nothing_of_a_port():
    assert fairly("code", ORACLE_LAW, raises) == "ambiguous only"
    assert fairly("clean", ORACLE_LAW, raises) == "error"


def test_so_it_does_where_the_port_has_an_answer():
    assert fairly("code", "the_rate_is_a_slow_drift", lambda sampler, *_, **__: (sampler, False, False)) == (
        "ambiguous only"
    )
