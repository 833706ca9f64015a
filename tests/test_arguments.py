"""Arguments checked by the signature: in its order, in sentences, whatever way they are passed."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pytest

from gnomon.arguments import RAISES, check_arguments, checked, domains_of, unchecked
from gnomon.descent import adam
from gnomon.domains import (
    Array,
    Entries,
    Fraction,
    NonNegative,
    Number,
    OpenFraction,
    PositiveInt,
    Scalar,
    UnitInterval,
)

NO_NAMES = (None, 1j, {})


class State(NamedTuple):
    buffer: Array
    size: Annotated[Any, Scalar("params", low=0)]
    open: bool
    count: int


def require_order(given: Mapping[str, Any]) -> None:
    if given["low"] > given["high"]:
        raise ValueError(f"low must be at most high, got {given['low']!r} > {given['high']!r}")


@checked(require_order)
def step(
    params: Array,
    state: State,
    weights: Annotated[Array, Entries(("n",), fit="params", each=Number(closed=True))],
    *,
    low: NonNegative = 0.0,
    high: UnitInterval = 1.0,
    beta: Fraction = 0.9,
    shrink: OpenFraction | None = None,
    times: PositiveInt = 1,
    kind: Literal["one", "other"] = "one",
    check_finite: bool = False,
) -> str:
    """Says that it was reached."""
    return f"{kind} {times}"


X, H, ONE = np.ones(2), np.eye(2), np.float32(1)
FINE = State(X, np.float64(1), True, 0)
CALLS = [
    (([1.0], FINE, X), {}, TypeError, "params must be a NumPy array of floating-point numbers, got list"),
    ((X.astype(int), FINE, X), {}, TypeError, "params must hold real floating-point numbers, got dtype int64"),
    (
        (X, FINE._replace(buffer=np.ones(3)), X),
        {},
        ValueError,
        "state.buffer must have the shape of params (2,), got (3,)",
    ),
    ((X, FINE._replace(size=X), X), {}, ValueError, "state.size must be one number, got shape (2,)"),
    (
        (X, FINE._replace(size=np.float32(1)), X),
        {},
        TypeError,
        "state.size must have the dtype of params float64, got float32",
    ),
    ((X, FINE._replace(size=np.float64(-1)), X), {}, ValueError, "state.size must be >= 0 and not nan, got -1.0"),
    ((X, FINE._replace(open=1), X), {}, TypeError, "state.open must be True or False, got 1"),
    ((X, FINE._replace(count=-1), X), {}, ValueError, "state.count must be an integer >= 0, got -1"),
    ((X, FINE, np.ones(3)), {}, ValueError, "weights must have shape (2,) to fit params (2,), got (3,)"),
    ((X, FINE, np.array([1, np.nan])), {}, ValueError, "weights must be >= 0 in every entry"),
    ((X, FINE, X), {"low": "0"}, TypeError, "low must be a number in [0, inf), got '0'"),
    ((X, FINE, X), {"low": np.nan}, ValueError, "low must be a finite number in [0, inf), got nan"),
    ((X, FINE, X), {"high": 1.5}, ValueError, "high must be a finite number in [0, 1], got 1.5"),
    ((X, FINE, X), {"beta": 1.0}, ValueError, "beta must be a finite number in [0, 1), got 1.0"),
    ((X, FINE, X), {"shrink": 0.0}, ValueError, "shrink must be a finite number in (0, 1), got 0.0"),
    ((X, FINE, X), {"times": 1.0}, TypeError, "times must be an integer >= 1, got 1.0"),
    ((X, FINE, X), {"kind": "third"}, ValueError, "kind must be one of 'one', 'other', got 'third'"),
    *(
        ((X, FINE, X), {name: bad}, TypeError, f"{name} must be {words}, got {bad!r}")
        for name, words in (("low", "a number in [0, inf)"), ("high", "a number in [0, 1]"))
        for bad in NO_NAMES
    ),
    *(((X, FINE, X), {"times": b}, TypeError, f"times must be an integer >= 1, got {b!r}") for b in NO_NAMES),
    *(((X, FINE, X), {"kind": b}, TypeError, f"kind must be one of 'one', 'other', got {b!r}") for b in NO_NAMES),
    *(((X, b, X), {}, TypeError, f"state must have a part buffer, got {type(b).__name__}") for b in NO_NAMES),
    ((X, FINE, X), {"low": 1.0, "high": 0.5}, ValueError, "low must be at most high, got 1.0 > 0.5"),
    ((X * np.inf, FINE, X), {"check_finite": True}, ValueError, "params must be finite, got inf at index (0,)"),
    ((X,), {}, TypeError, "missing a required argument: 'state'"),
    ((X, FINE, X), {"hihg": 1.0}, TypeError, "got an unexpected keyword argument 'hihg'"),
    ((X, FINE, X, 1.0), {}, TypeError, "too many positional arguments"),
]


@pytest.mark.parametrize(("args", "kwargs", "error", "words"), CALLS, ids=lambda x: x if isinstance(x, str) else "")
def test_what_is_out_of_its_domain_is_named(args: Any, kwargs: Any, error: type[Exception], words: str) -> None:
    for function in (step, lambda *a, **k: check_arguments(step, *a, **k)):
        with pytest.raises(error) as caught:
            function(*args, **kwargs)
        assert str(caught.value) == words


def test_the_first_argument_in_the_signature_is_the_one_that_is_named() -> None:
    with pytest.raises(ValueError, match=r"^high"):
        step(X, FINE, X, kind="third", beta=2.0, high=2.0)


def test_arguments_pass_by_position_and_by_name_and_none_where_it_may() -> None:
    assert step(X, state=FINE, weights=X, shrink=None, kind="other", times=np.int64(2)) == "other 2"
    assert step(X, FINE, X, shrink=0.5) == "one 1"


def test_without_its_checks_a_function_takes_anything() -> None:
    assert unchecked(step)(None, None, None, kind="third") == "third 1"


def test_a_checked_function_keeps_its_name_its_text_and_its_signature() -> None:
    assert (step.__name__, step.__doc__) == ("step", f"Says that it was reached.\n\n{RAISES}")
    assert list(inspect.signature(step).parameters)[:4] == ["params", "state", "weights", "low"]


def test_domains_say_in_words_what_the_checks_demand() -> None:
    words = {name: str(domain) for name, domain in domains_of(step).items()}
    assert words["low"] == "finite and >= 0"
    assert words["shrink"] == "in (0, 1), or None"
    assert words["weights"] == "an array of shape (n,) to fit params, each >= 0"
    assert words["kind"] == "one of 'one', 'other'"


def test_a_repeated_step_has_the_hyperparameters_of_its_step_in_its_signature() -> None:
    kept = [name for name in inspect.signature(adam.step).parameters if name not in ("grad", "state", "check_finite")]
    parameters = inspect.signature(adam.trajectory).parameters
    assert list(parameters) == ["params", "hessian", "minimiser", "steps", *kept[1:]]
    assert parameters["lr"].default == 1e-3
    assert str(domains_of(adam.endpoints)["beta1"]) == "in [0, 1)"
