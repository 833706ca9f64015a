"""What a system, an operation, a law and a mistake are: data that tools can list, declared where they are defined.

A system is a published method. It has operations (pure functions of the reference), laws (what must be true of them)
and mistakes (plausible wrong ports, each with a name and a sentence). A specification module reads::

    system = System("adam", title="Adam", text=__doc__)
    step = system.operation(reference.step, cases=steps)

    @step.law("closed form", cases=first_steps)
    def first_step_moves_by_the_normalised_gradient(port, case):
        \"\"\"From a fresh state every coordinate moves by lr·g/(|g| + ε), whatever β₁ and β₂ are.\"\"\"
        params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
        yield equal("params", params, case.params - case.lr * case.grad / (abs(case.grad) + case.eps))

    @system.mistake("step")
    def epsilon_inside_the_root(params, grad, state, *, lr, ...):
        \"\"\"ε is added inside the square root.\"\"\"

A law's function is given a port (its operations as methods) and a case (what was drawn, exactly, in a dtype wide enough
that the law's own arithmetic does not matter) and yields facts, as many of them whatever the port returns: facts of the
port and of the perturbed runs are paired by their place. Its docstring is the sentence that a report prints.
Where that arithmetic needs linear algebra it says `lapack(np.linalg.svd, case.matrix)` (`gnomon_spec.arithmetic`):
NumPy's routines refuse dtypes wider than float64.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, cached_property
from importlib import import_module
from typing import Any, Literal, TypeVar, get_args

from gnomon_spec.cases import Case, Cases
from gnomon_spec.facts import Fact, equal, same_outputs

Kind = Literal[
    "oracle agreement",
    "closed form",
    "limit",
    "invariance",
    "equivariance",
    "bound",
    "fixed point",
    "conservation",
    "trajectory",
    "statistical",
    "bad input",
]
T = TypeVar("T")
Body = Callable[[Any, Case], Iterable[Fact]]
ALL_DTYPES = ("float16", "float32", "float64")
WITH_ROOM = ("float32", "float64")  # dtypes whose range leaves room for squares of scaled numbers


@dataclass(frozen=True, repr=False)
class Law:
    """A statement about an operation that every port must satisfy.

    false_alarm: for a statistical law, the proven probability that a right port fails; 0 for all others.
    dtypes: those that the law is about.
    """

    operation: Operation
    name: str
    statement: str
    kind: Kind
    cases: Cases
    body: Body
    false_alarm: float = 0.0
    dtypes: tuple[str, ...] = ALL_DTYPES

    def __repr__(self) -> str:
        return f"<law {self.id}>"

    @property
    def id(self) -> str:
        return f"{self.operation.id}:{self.name}"


@dataclass(frozen=True, repr=False)
class Mistake:
    """A plausible wrong port: what it is called, the sentence that a report prints, and the wrong functions."""

    system: System
    name: str
    statement: str
    wrong: Mapping[str, Callable[..., Any]]

    def __repr__(self) -> str:
        return f"<mistake {self.system.name}:{self.name}>"

    def function(self, operation: Operation) -> Callable[..., Any]:
        """Return what a port with this mistake does for an operation: wrong itself, or built from what is."""
        if operation.name in self.wrong:
            return self.wrong[operation.name]
        if operation.built_from in self.wrong and operation.build is not None:
            return operation.build(self.wrong[operation.built_from])
        return operation.reference


@dataclass(eq=False, repr=False)
class Operation:
    """One pure function of a system.

    built_from, build: the operation that this one repeats, and how a (wrong) version of that makes one of this.
    compare: how its arrays are held against the oracle's (`equal`, or `follows` for trajectories).
    dtypes: those that it is about, and its laws unless they say otherwise (NumPy's LAPACK has no float16).
    length_varies: how long its outputs are depends on their values, so that rounding may decide it.
    own: fields of its output that are a port's own (what it cost), not compared with the oracle's.
    """

    system: System
    name: str
    reference: Callable[..., Any]
    cases: Cases
    built_from: str = ""
    build: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None
    compare: Callable[[str, Any, Any], Fact] = equal
    dtypes: tuple[str, ...] = ALL_DTYPES
    length_varies: bool = False
    own: tuple[str, ...] = ()
    laws: list[Law] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<operation {self.id}>"

    @property
    def id(self) -> str:
        return f"{self.system.name}.{self.name}"

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The names of the positional arguments."""
        parameters = inspect.signature(self.reference).parameters.values()
        return tuple(p.name for p in parameters if p.kind is not p.KEYWORD_ONLY)

    @cached_property
    def hyperparameters(self) -> dict[str, Any]:
        """The keyword arguments and their defaults (`inspect.Parameter.empty` where there is none)."""
        parameters = inspect.signature(self.reference).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}

    def shared(self, outputs: Any) -> Any:
        """Return outputs with 0 for what is a port's own."""
        if not self.own or not hasattr(outputs, "_replace"):
            return outputs
        return outputs._replace(**dict.fromkeys(self.own, 0))

    def law(
        self,
        kind: Kind,
        *,
        cases: Cases | None = None,
        false_alarm: float = 0.0,
        dtypes: tuple[str, ...] | None = None,
    ) -> Callable[[Body], Law]:
        """Declare the decorated function a law of this operation (for the operation's own cases by default)."""
        if kind not in get_args(Kind):
            raise ValueError(f"kind must be one of {', '.join(map(repr, get_args(Kind)))}, got {kind!r}")

        def declare(body: Body) -> Law:
            drawn = (cases or self.cases).for_arguments(self.hyperparameters)
            law = Law(self, body.__name__, sentence(body), kind, drawn, body, false_alarm, dtypes or self.dtypes)
            self.laws.append(law)
            return law

        return declare

    def agrees_with_the_oracle(self) -> Law:
        """Declare the law that every operation has."""

        def agrees_with_the_oracle(port: Any, case: Case) -> Iterable[Fact]:
            """Every output is what the oracle computes from the same inputs."""
            inputs = [getattr(case, name) for name in self.inputs]
            outputs = getattr(port, self.name)(*inputs, **case.hyper)
            expected = getattr(port.oracle, self.name)(*inputs, **case.hyper)
            return same_outputs(self.inputs[0], self.shared(outputs), self.shared(expected), self.compare)

        return self.law("oracle agreement")(agrees_with_the_oracle)


@dataclass(eq=False, repr=False)
class System:
    """A published method: its normative text, operations, laws and mistakes."""

    name: str
    title: str
    text: str
    operations: dict[str, Operation] = field(default_factory=dict)
    mistakes: dict[str, Mistake] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<system {self.name}>"

    def operation(
        self,
        reference: Callable[..., Any],
        *,
        cases: Cases,
        built_from: str = "",
        build: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None,
        compare: Callable[[str, Any, Any], Fact] = equal,
        dtypes: tuple[str, ...] = ALL_DTYPES,
        length_varies: bool = False,
        own: tuple[str, ...] = (),
    ) -> Operation:
        """Declare an operation of this system; its name is that of the reference's function."""
        operation = Operation(
            self, reference.__name__, reference, cases, built_from, build, compare, dtypes, length_varies, own
        )
        operation.cases = cases.for_arguments(operation.hyperparameters)
        self.operations[operation.name] = operation
        operation.agrees_with_the_oracle()
        return operation

    def mistake(self, operation: str) -> Callable[[Callable[..., Any]], Mistake]:
        """Declare the decorated function a wrong version of the named operation."""

        def declare(function: Callable[..., Any]) -> Mistake:
            mistake = Mistake(self, function.__name__, sentence(function), {operation: function})
            self.mistakes[mistake.name] = mistake
            return mistake

        return declare

    @property
    def laws(self) -> list[Law]:
        return [law for operation in self.operations.values() for law in operation.laws]


def sentence(function: Callable[..., Any]) -> str:
    """Return the first paragraph of a function's docstring as one line, without its full stop."""
    text = " ".join(inspect.cleandoc(function.__doc__ or "").split("\n\n")[0].split())
    if not text:
        raise ValueError(f"{function.__name__} needs a docstring: the sentence that a report prints")
    return text.removesuffix(".")


@cache
def systems() -> dict[str, System]:
    """Return every system that a module of this package declares, by name."""
    import gnomon_spec

    found = {}
    for module in pkgutil.walk_packages(gnomon_spec.__path__, "gnomon_spec."):
        system = getattr(import_module(module.name), "system", None)
        if isinstance(system, System):
            found[system.name] = system
    return found


def find_system(name: str) -> System:
    """Return the system of that name; raise `ValueError` naming the nearest ones if there is none."""
    return nearest("system", name, systems())


def nearest(what: str, name: str, known: Mapping[str, T]) -> T:
    """Return `known[name]`; raise `ValueError` that suggests the nearest name if there is none."""
    if name in known:
        return known[name]
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
    raise ValueError(f"no {what} is called {name!r}; {hint}")
