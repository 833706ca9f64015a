"""Arguments checked by what the signature says of them.

Each function decorated with `checked` looks at its arguments in the order of its signature, then asks the rules between
them. What an argument must satisfy stands in its annotation (`gnomon.domains`), and nowhere else; what is raised if it
does not, stands in `RAISES`.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, wraps
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from gnomon.domains import (
    SEEN,
    Array,
    Choice,
    Count,
    Domain,
    Entries,
    Flag,
    Floating,
    Kind,
    Like,
    OrNone,
    RealNumber,
    Seen,
    Several,
    State,
    require_finite,
)

P = ParamSpec("P")
R = TypeVar("R")
# What every checked function has at the end of its documentation.
RAISES = "Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value."
Rule = Callable[[Mapping[str, Any]], None]


def checked(*rules: Rule) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Check the arguments of the decorated function before it sees them.

    An `Array` has a floating-point dtype, and the shape and the dtype of the first one; a state's parts are checked as
    `state.part`, its integers are >= 0. All else is checked if its annotation carries a `Domain`, or is `bool` or a
    `Literal`; `None` passes where the annotation allows it. rules: what must hold between the arguments, each given all
    of them by name, defaults included, to raise what is to be raised. With `check_finite=True` the arrays outside of
    states must be finite.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        parameters = dict(signature.parameters)
        positional = tuple(n for n, p in parameters.items() if p.kind is not p.KEYWORD_ONLY)
        defaults = {n: p.default for n, p in parameters.items() if p.default is not p.empty}
        plan: list[tuple[str, Callable[[str, Any, Mapping[str, Any]], None]]] = []

        def check(*args: Any, **kwargs: Any) -> None:
            explicit = {**dict(zip(positional, args, strict=False)), **kwargs}
            given = {**defaults, **explicit}
            if (
                len(args) > len(positional)
                or len(explicit) < len(args) + len(kwargs)
                or given.keys() != parameters.keys()
            ):
                signature.bind(*args, **kwargs)  # says what is missing, unknown or given twice
            if not plan:
                plan.extend((name, domain.require) for name, domain in domains_of(call).items())
            given[SEEN] = Seen()
            for name, require in plan:
                if name in explicit:
                    require(name, explicit[name], given)
            del given[SEEN]
            for rule in rules:
                rule(given)
            if given.get("check_finite"):
                require_finite({name: given[name] for name in positional if hasattr(given[name], "dtype")})

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            check(*args, **kwargs)
            return function(*args, **kwargs)

        call.check = check  # type: ignore[attr-defined]
        call.__doc__ = function.__doc__ and f"{inspect.cleandoc(function.__doc__)}\n\n{RAISES}"
        return call

    return decorate


def with_keywords(of: Callable[..., Any], *names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Give the decorated function, for its last parameter `**…`, keyword arguments of another, all or those named.

    Left out are `check_finite` and what the function names itself. They are passed on as they are given: what they are
    by default is for the other function to fill in.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        own, theirs = inspect.signature(function), inspect.signature(of).parameters
        kept = [p for p in own.parameters.values() if p.kind is not p.VAR_KEYWORD]
        named = {"check_finite", *own.parameters}
        taken = names or tuple(n for n, p in theirs.items() if p.kind is p.KEYWORD_ONLY and n not in named)
        hints = get_type_hints(of, include_extras=True)
        function.__signature__ = own.replace(parameters=[*kept, *(theirs[n] for n in taken)])  # type: ignore[attr-defined]
        function.__annotations__ = {**get_type_hints(function, include_extras=True), **{n: hints[n] for n in taken}}
        return function

    return decorate


def check_arguments(function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Raise what a `checked` function would raise for these arguments before it begins, and nothing else."""
    if is_checked(function):
        function.check(*args, **kwargs)  # type: ignore[attr-defined]


def unchecked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of the reference as it is written, without its checks and all else that is put around it."""
    return inspect.unwrap(function)  # type: ignore[no-any-return]


def is_checked(function: Callable[..., Any]) -> bool:
    """Return whether a function's arguments are checked by its signature."""
    return hasattr(function, "check")


@cache
def domains_of(function: Callable[..., Any]) -> dict[str, Domain]:
    """Return what a function's signature says of each argument of which it says something that can be checked."""
    hints = get_type_hints(function, include_extras=True)
    first = next((name for name in inspect.signature(function).parameters if hints.get(name) == Array), "")
    found = {name: _domain(hints.get(name), name, first) for name in inspect.signature(function).parameters}
    counts = Counter(axis for domain in found.values() for entries in _required(domain) for axis in entries.names)
    return {name: _sharing(domain, counts) for name, domain in found.items() if domain is not None}


def _required(domain: Domain | None) -> list[Entries]:
    """Return the domains of arrays in a domain, but for those that may be `None`."""
    if isinstance(domain, State):
        return [entries for _, part in domain.parts for entries in _required(part)]
    return [domain] if isinstance(domain, Entries) else []


def _sharing(domain: Domain, counts: Mapping[str, int], others: int = 1) -> Domain:
    """Return the domain that knows which names of lengths others have, too. counts: of all; others: beyond so many."""
    if isinstance(domain, State):
        return State(tuple((name, _sharing(part, counts, others)) for name, part in domain.parts))
    if isinstance(domain, OrNone):
        return OrNone(_sharing(domain.inner, counts, 0))
    if not isinstance(domain, Entries):
        return domain
    return replace(domain, shared=frozenset(axis for axis in domain.names if counts.get(axis, 0) > others))


def _domain(hint: Any, name: str, first: str) -> Domain | None:
    """Return the domain in an annotation. first: the first plain array, which all others are like."""
    if NoneType in get_args(hint):
        rest = [part for part in get_args(hint) if part is not NoneType]
        inner = _domain(Union[tuple(rest)], name, first)  # noqa: UP007
        return OrNone(inner) if inner is not None else None
    for extra in getattr(hint, "__metadata__", ()):
        if hasattr(extra, "require"):
            return extra  # type: ignore[no-any-return]
    if hint is bool:
        return Flag()
    if get_origin(hint) is Literal:
        return Choice(get_args(hint))
    if hint is int and not name:
        return Count()
    if hint is Any:
        return RealNumber()
    if hint == Array:
        return Floating() if name == first else Like(first)
    if get_origin(hint) is tuple and get_args(hint)[1:] == (...,):
        part = _domain(get_args(hint)[0], "", "")
        return Several(part) if part is not None else None
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        fields = get_type_hints(hint, include_extras=True)
        parts = {part: _domain(kind, "", first) for part, kind in fields.items()}
        return State(tuple((part, domain) for part, domain in parts.items() if domain is not None))
    classes = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return Kind(classes) if all(isinstance(k, type) and k.__module__.startswith("gnomon.") for k in classes) else None
