"""Hypothesis at work: drawing the cases of a law, and shrinking one that fails.

What a seed draws depends on the seed alone. By itself Hypothesis also draws the constants that it finds in the modules
that happen to be loaded, unless they are installed: then a seed would mean other cases in a checkout than in an
installation, and others again once a port is loaded. There is no setting for it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any, TypeVar
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, Unsatisfiable
from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

Drawn = TypeVar("Drawn")
# What Hypothesis keeps in its own cache of the constants that fit a strategy, those of loaded modules among them.
_FITTING: LRUCache[Any, Any] = LRUCache(1024)


class _EnoughError(BaseException):
    """Leaves Hypothesis before it is done; not an `Exception`, which would count as a failing example."""


class _StillFailsError(Exception):
    """Tells Hypothesis that an example fails."""


def visit(
    strategy: st.SearchStrategy[Drawn], *, examples: int, random_seed: int, visitor: Callable[[Drawn], bool | None]
) -> None:
    """Show drawn values to the visitor until it returns True or the examples are used up; none if none can be drawn."""

    def each(drawn: Drawn) -> None:
        if visitor(drawn):
            raise _EnoughError

    with suppress(_EnoughError, Unsatisfiable):
        _run(each, strategy, examples, random_seed, (Phase.generate,))


def shrink(
    strategy: st.SearchStrategy[Drawn],
    *,
    examples: int,
    random_seed: int,
    position: int,
    attempts: int,
    fails: Callable[[Drawn], bool],
) -> Drawn | None:
    """Return the simplest value found that fails, in at most `attempts` tries; None if none failed again.

    position: how many values were drawn before the first failing one; they are not tried again.
    """
    smallest: list[Drawn] = []
    drawn_before = count()

    def each(drawn: Drawn) -> None:
        tried = next(drawn_before) - position
        if tried >= attempts:
            raise _EnoughError
        if tried >= 0 and fails(drawn):
            smallest.append(drawn)
            raise _StillFailsError

    with suppress(_EnoughError, _StillFailsError, Flaky):
        _run(each, strategy, examples, random_seed, (Phase.generate, Phase.shrink))
    return smallest[-1] if smallest else None


def _run(
    test: Callable[[Drawn], None],
    strategy: st.SearchStrategy[Drawn],
    examples: int,
    random_seed: int,
    phases: tuple[Phase, ...],
) -> None:
    chosen = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
    )
    with patch.multiple(providers, _get_local_constants=Constants, CONSTANTS_CACHE=_FITTING):
        seed(random_seed)(chosen(given(strategy)(test)))()
