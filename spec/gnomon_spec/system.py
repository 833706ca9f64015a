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

    step.edits(\"\"\"
    epsilon_inside_the_root: ε is added inside the root
        `np.sqrt(v_hat) + eps` → `np.sqrt(v_hat + eps)`
    \"\"\")

A mistake is an edit of the reference's own source: pieces of it and what stands in their place. Many are a table; those
that are computed are given to `step.edit` one by one. What no edit expresses (order, memory, structure) is a function
decorated with `system.mistake("step")`. What an argument must satisfy
stands in the reference's signature; the law that a port rejects all else is declared with the operation.

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
from functools import cache, cached_property, partial
from importlib import import_module
from typing import Any, Literal, TypeVar, get_args

import numpy as np

from gnomon.arguments import domains_of, is_checked
from gnomon_spec.cases import Case, Cases, map_leaves
from gnomon_spec.edits import Change, Edited, Pieces, address, difference, entries, with_changes
from gnomon_spec.facts import Fact, equal, rejects, same_outputs
from gnomon_spec.rejections import bad_values

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
    "rejects",
]
T = TypeVar("T")
Body = Callable[[Any, Case], Iterable[Fact]]
Misfits = Mapping[str, Mapping[str, Any]]
Changed = Callable[[Any, Case], Any]  # a value, and the case that says how it changes
ALL_DTYPES = ("float16", "float32", "float64")
UNCHECKED = "no_argument_is_checked"
UNCHECKED_STATEMENT = "Whatever is given is used: no argument is held against its domain"
WITH_ROOM = ("float32", "float64")  # dtypes whose range leaves room for squares of scaled numbers


@dataclass(frozen=True, eq=False, repr=False)
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
    """A plausible wrong port: its name, the sentence that a report prints, and the reference with the mistake in it.

    operation: where it is made. It is made in every other operation, too, that calls what it changes. made: the edited
    reference, or the pieces that are replaced in it, which are looked for when they are needed. published: where this
    form was published, if it is another method's or another paper's and no slip.
    """

    system: System
    name: str
    statement: str
    operation: str
    made: Edited | Pieces
    published: str = ""

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """The pieces, each with its place, if it is made of such; raises `ValueError` if one stands nowhere."""
        return self.made.found() if isinstance(self.made, Pieces) else ()

    @cached_property
    def edited(self) -> Edited:
        """The reference with the mistake in it."""
        return self.made if isinstance(self.made, Edited) else Edited(with_changes(self.changes))

    def __repr__(self) -> str:
        return f"<mistake {self.system.name}:{self.name}>"

    def concerns(self, operation: Operation) -> bool:
        """Return whether a port with this mistake does an operation otherwise than the reference's text says."""
        return self.edited.reaches(operation.reference)

    def function(self, operation: Operation) -> Callable[..., Any]:
        """Return what a port with this mistake does for an operation."""
        return self.edited.function(operation.reference)

    @property
    def difference(self) -> list[str]:
        """The lines of the reference that read otherwise, as "- before" and "+ after"; none for a function."""
        texts = {at: text for at, text in self.edited.replaced.items() if isinstance(text, str)}
        return [line for at, text in texts.items() for line in difference(at, text)]


def _written(parameter: inspect.Parameter) -> str:
    return parameter.name if parameter.default is parameter.empty else f"{parameter.name}={parameter.default!r}"


@dataclass(eq=False, repr=False)
class Operation:
    """One pure function of a system.

    compare: how its arrays are held against the oracle's (`equal`, or `follows` for trajectories).
    dtypes: those that it is about, and its laws unless they say otherwise (NumPy's LAPACK has no float16).
    length_varies: how long its outputs are depends on their values, so that rounding may decide it.
    own: fields of its output that are a port's own (what it cost), not compared with the oracle's.
    scales: of each output that may vanish, by its name, "" if it has none, what it is rounded at (`Fact.scale`), given
        the case.
    """

    system: System
    name: str
    reference: Callable[..., Any]
    cases: Cases
    compare: Callable[[str, Any, Any], Fact] = equal
    dtypes: tuple[str, ...] = ALL_DTYPES
    length_varies: bool = False
    own: tuple[str, ...] = ()
    scales: Mapping[str, Callable[[Case], Any]] = field(default_factory=dict)
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

    @property
    def returned(self) -> str:
        """What an output without a name is called: the parameters where these come in first, or as the operation."""
        return "params" if self.inputs[0] == "params" else self.name

    @cached_property
    def positional(self) -> tuple[str, ...]:
        """The positional arguments as a signature has them: those that may be left out with their defaults."""
        parameters = inspect.signature(self.reference).parameters
        return tuple(_written(parameters[name]) for name in self.inputs)

    @cached_property
    def keywords(self) -> tuple[str, ...]:
        """The keyword arguments as a signature has them."""
        parameters = inspect.signature(self.reference).parameters
        return tuple(_written(parameters[name]) for name in self.hyperparameters)

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
        self, kind: Kind, *, cases: Cases | None = None, false_alarm: float = 0.0, dtypes: tuple[str, ...] | None = None
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

    def misfits(self, *, cases: Cases | None = None) -> Callable[[Callable[[Case], Misfits]], Law]:
        """Declare the law that arguments which do not go together are rejected.

        The decorated function says, of a case, in words what does not fit and which arguments are others then.
        """

        def declare(misfits: Callable[[Case], Misfits]) -> Law:
            def body(port: Any, case: Case) -> Iterable[Fact]:
                for words, changed in misfits(case).items():
                    yield rejects(words, partial(self.call, port, case, **changed))

            body.__name__, body.__doc__ = misfits.__name__, misfits.__doc__
            return self.law("rejects", cases=cases)(body)

        return declare

    def symmetry(
        self,
        kind: Kind,
        name: str,
        statement: str,
        *,
        inputs: Mapping[str, Changed],
        outputs: Mapping[str, Changed] | Changed,
        cases: Cases | None = None,
        same: Callable[[str, Any, Any], Fact] = equal,
        dtypes: tuple[str, ...] | None = None,
    ) -> Law:
        """Declare the law that where the inputs are changed the outputs are changed so.

        inputs: how arguments, `state.part`s and hyperparameters change, given the value and the case. outputs: how the
        outputs change that are named (a field; "" is the first one if it has no name), or all of them.
        """

        def body(port: Any, case: Case) -> Iterable[Fact]:
            given = {name: case[name] for name in (*self.inputs, *case.hyper)}
            changed = dict(given)
            for path, change in inputs.items():
                owner, _, part = path.partition(".")
                value = getattr(changed[owner], part) if part else changed[owner]
                new = change(value, case)
                changed[owner] = changed[owner]._replace(**{part: new}) if part else new
            before, after = (self.answer(port, arguments) for arguments in (given, changed))
            if callable(outputs):
                moved = map_leaves(lambda leaf: leaf if isinstance(leaf, int | str) else outputs(leaf, case), before)
                yield from same_outputs(self.returned, after, moved, same)
                return
            for part, change in outputs.items():
                was, becomes = self.part(before, part), self.part(after, part)
                yield from same_outputs(part or self.returned, becomes, change(was, case), same, inside=True)

        body.__name__, body.__doc__ = name, statement
        return self.law(kind, cases=cases, dtypes=dtypes)(body)

    def answer(self, port: Any, arguments: Mapping[str, Any]) -> Any:
        """Return what a port gives for arguments by name."""
        inputs = [arguments[name] for name in self.inputs]
        hyperparameters = {name: value for name, value in arguments.items() if name not in self.inputs}
        return getattr(port, self.name)(*inputs, **hyperparameters)

    def call(self, port: Any, case: Case, **changed: Any) -> Any:
        """Return what a port gives for the arguments in a case, some of them changed."""
        given = {name: case[name] for name in (*self.inputs, *case.hyper) if name in case}
        return self.answer(port, {**given, **changed})

    def part(self, outputs: Any, name: str) -> Any:
        """Return a part of the outputs: a field, or the first that has no name ("", or `returned`); NaN without it."""
        if not isinstance(outputs, tuple):
            return outputs
        if hasattr(outputs, name):
            return getattr(outputs, name)
        if name in ("", self.returned) and outputs:
            return outputs[0]
        return next((getattr(output, name) for output in outputs if hasattr(output, name)), np.nan)

    def edit(
        self, name: str, statement: str, *pieces: tuple[str, str], within: Callable[..., Any] | None = None,
        published: str = "",
    ) -> Mistake:  # fmt: skip
        """Declare an edit of this operation's reference a mistake.

        pieces: what is replaced in the body of the nearest function that has it, and by what; wherever it stands there.
        within: the function to look in, if it is not the nearest. published: see `Mistake`.
        """
        if statement.endswith("."):
            raise ValueError(f"the sentence of {name} must end without a full stop")
        made = Pieces(self.reference, pieces, within)
        return self.system._add(Mistake(self.system, name, statement, self.name, made, published))

    def edits(self, table: str, within: Callable[..., Any] | None = None) -> None:
        """Declare each entry of a table a mistake: a name, a colon, a sentence, and pieces as `before` → `after`.

        Where that form was published stands after the sentence, in brackets.
        """
        for name, sentence, pieces in entries(table):
            statement, _, published = sentence.removesuffix("]").partition(" [")
            self.edit(name, statement, *pieces, within=within, published=published)

    def agrees_with_the_oracle(self) -> Law:
        """Declare the law that every operation has."""

        def agrees_with_the_oracle(port: Any, case: Case) -> Iterable[Fact]:
            """Every output is what the oracle computes from the same inputs."""
            inputs = [getattr(case, name) for name in self.inputs]
            outputs = getattr(port, self.name)(*inputs, **case.hyper)
            expected = getattr(port.oracle, self.name)(*inputs, **case.hyper)
            for fact in same_outputs(self.returned, self.shared(outputs), self.shared(expected), self.compare):
                name = fact.label.partition("[")[0]
                scale = self.scales.get(name) or (self.scales.get("") if name == self.returned else None)
                yield fact._replace(scale=scale(case)) if scale else fact

        return self.law("oracle agreement")(agrees_with_the_oracle)

    def rejects_what_is_out_of_its_domain(self, cases: Cases | None) -> Law:
        """Declare the law that follows from what the reference's signature says of its arguments."""
        domains = domains_of(self.reference)

        def bad_input_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
            given = {name: case[name] for name in (*self.inputs, *case.hyper) if name in case}

            for name in given:
                for words, bad in bad_values(domains[name], given[name]) if name in domains else ():
                    yield rejects(f"{name}{words}", partial(self.answer, port, {**given, name: bad}))

        bad_input_is_rejected.__doc__ = "An argument out of its domain is rejected, not used"
        return self.law("rejects", cases=cases)(bad_input_is_rejected)


@dataclass(eq=False, repr=False)
class System:
    """A published method: its normative text, operations, laws and mistakes."""

    name: str
    title: str
    text: str
    dtypes: tuple[str, ...] = ALL_DTYPES
    operations: dict[str, Operation] = field(default_factory=dict)
    mistakes: dict[str, Mistake] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<system {self.name}>"

    def operation(
        self,
        reference: Callable[..., Any],
        *,
        cases: Cases,
        rejecting: Cases | None = None,
        compare: Callable[[str, Any, Any], Fact] = equal,
        dtypes: tuple[str, ...] | None = None,
        length_varies: bool = False,
        own: tuple[str, ...] = (),
        scales: Mapping[str, Callable[[Case], Any]] | None = None,
    ) -> Operation:
        """Declare an operation of this system; its name is that of the reference's function.

        rejecting: cases in which one argument after the other is replaced by one out of its domain, by default `cases`.
        dtypes: by default those of the system.
        """
        operation = Operation(
            self, reference.__name__, reference, cases, compare, dtypes or self.dtypes, length_varies, own, scales or {}
        )
        operation.cases = cases.for_arguments(operation.hyperparameters)
        self.operations[operation.name] = operation
        operation.agrees_with_the_oracle()
        if is_checked(reference):
            operation.rejects_what_is_out_of_its_domain(rejecting)
            nothing = Mistake(self, UNCHECKED, UNCHECKED_STATEMENT, operation.name, Edited({}, without_checks=True))
            self.mistakes.setdefault(UNCHECKED, nothing)
        return operation

    def mistake(self, operation: str) -> Callable[[Callable[..., Any]], Mistake]:
        """Declare the decorated function a wrong version of the named operation."""

        def declare(function: Callable[..., Any]) -> Mistake:
            wrong = Edited({address(self.operations[operation].reference): function})
            return self._add(Mistake(self, function.__name__, sentence(function), operation, wrong))

        return declare

    def _add(self, mistake: Mistake) -> Mistake:
        if mistake.name in self.mistakes:
            raise ValueError(f"{self.name} has two mistakes called {mistake.name!r}")
        self.mistakes[mistake.name] = mistake
        return mistake

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


def find_law(law_id: str) -> Law:
    """Return the law `system.operation:name`; raise `ValueError` naming the nearest ones if there is none."""
    return nearest("law", law_id, {law.id: law for law in find_system(law_id.partition(".")[0]).laws})


def nearest(what: str, name: str, known: Mapping[str, T]) -> T:
    """Return `known[name]`; raise `ValueError` that suggests the nearest name if there is none."""
    if name in known:
        return known[name]
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
    raise ValueError(f"no {what} is called {name!r}; {hint}")
