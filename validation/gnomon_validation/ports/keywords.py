"""Which of a function's arguments are an operation's hyperparameters: those of the same name, and those that it names.

A port may have names of its own and say so: `names = {"lr": "learning_rate", ("beta1", "beta2"): "betas"}`. An argument
that is no hyperparameter stays at its default, if the port says that it is meant to: `extras = ("block_size",)`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from inspect import Parameter, signature
from typing import Any, NamedTuple

from gnomon_spec.system import Operation
from gnomon_validation.ports.methods import BETAS, EPS, LR, WEIGHT_DECAY
from gnomon_validation.wording import legible

Names = Mapping[str | tuple[str, ...], str]

# What is likely to be meant, for suggestions only.
ALIASES: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("lr",): (*LR, "alpha", "eta", "rate"),
    ("alpha",): ("rho", "decay", "decay_rate", "smoothing", *LR),
    ("beta1",): BETAS["beta1"],
    ("beta2",): BETAS["beta2"],
    ("beta1", "beta2"): ("betas",),
    ("beta",): ("rho", "decay"),
    ("eps",): EPS,
    ("weight_decay",): (*WEIGHT_DECAY, "decay", "l2", "lambda_", "lam"),
    ("momentum",): ("mu", "beta", "gamma"),
    ("dampening",): ("damping",),
    ("centred",): ("centered",),
    ("steps",): ("num_steps", "n_steps", "k", "n", "m", "iterations", "num_iter"),
    ("count",): ("k", "n", "num", "num_eigenvalues"),
    ("max_iter",): ("maxiter", "max_iterations", "iterations", "maxit"),
    ("iterations",): ("max_iter", "maxiter", "num_iter"),
    ("rtol",): ("tol", "tolerance"),
    ("base_lr",): LR,
}


class Keywords(NamedTuple):
    """taken: of each argument of a function, the hyperparameter that it takes, or those that it takes as a tuple.

    fixed: the hyperparameters that no argument takes, with their defaults. own: the function's defaults, in words, that
    are not the reference's.
    """

    taken: dict[str, tuple[str, ...]]
    fixed: dict[str, Any]
    own: tuple[str, ...]

    def arguments(self, hyperparameters: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
        """Return a function's arguments for the hyperparameters of a call; in a tuple those not given are defaults."""
        given: dict[str, Any] = {}
        for argument, hypers in self.taken.items():
            if not hyperparameters.keys().isdisjoint(hypers):
                values = tuple(hyperparameters.get(name, defaults[name]) for name in hypers)
                given[argument] = values if len(values) > 1 else values[0]
        return given


def keywords_of(
    name: str, function: Callable[..., Any], operation: Operation, names: Names, extras: Collection[str]
) -> Keywords:
    """Return which arguments of a function take which hyperparameters of an operation.

    name: what the function is called. names, extras: what a port says. Raises `ValueError` that suggests what is meant
    if there is an argument of another kind, or none for a hyperparameter that has no default.
    """
    wanted = operation.hyperparameters
    own = {argument: (hyper,) if isinstance(hyper, str) else hyper for hyper, argument in names.items()}
    own = {argument: hypers for argument, hypers in own.items() if {*hypers} <= wanted.keys()}
    says, takes_any = parameters_of(function)
    positional = [p.name for p in says if p.kind is not p.KEYWORD_ONLY]
    misplaced = [pair for pair in zip(positional, operation.inputs, strict=False) if pair[0] in wanted]
    if misplaced:
        places = ", ".join(f"{argument} where {given} is given" for argument, given in misplaced)
        raise ValueError(f"{name} takes {places}: it must take {', '.join(operation.inputs)}, then hyperparameters")
    taken: dict[str, tuple[str, ...]] = {}
    unknown = []
    for argument in (p.name for p in says if p.name not in positional[: len(operation.inputs)]):
        if argument in wanted or argument in own:
            taken[argument] = own.get(argument, (argument,))
        elif argument not in (*extras, *operation.inputs):
            unknown.append(argument)
    free = _free(wanted, taken)
    if unknown:
        raise ValueError(f"{name} takes {', '.join(unknown)}: unknown; {_suggested(unknown, free)}")
    if takes_any:
        taken |= {argument: hypers for argument, hypers in own.items() if {*hypers} <= {*free}}
        taken |= {hyper: (hyper,) for hyper in _free(wanted, taken)}
    fixed = {hyper: wanted[hyper] for hyper in _free(wanted, taken)}
    needed = [hyper for hyper, default in fixed.items() if default is Parameter.empty]
    if needed:
        raise ValueError(f"{name} must take {', '.join(needed)}, which every call says")
    usual = {argument: tuple(wanted[hyper] for hyper in hypers) for argument, hypers in taken.items()}
    defaults = {p.name: p.default for p in says if p.name in taken and p.default is not p.empty}
    return Keywords(taken, fixed, tuple(_unlike(defaults, usual)))


def _unlike(defaults: Mapping[str, Any], usual: Mapping[str, tuple[Any, ...]]) -> Iterator[str]:
    """Yield in words which defaults of arguments, numbers and texts or tuples of some, are not the usual values."""
    for argument, default in defaults.items():
        expected = usual[argument] if len(usual[argument]) > 1 else usual[argument][0]
        parts = default if isinstance(default, tuple) else (default,)
        if not all(x is None or isinstance(x, bool | int | float | str) for x in parts):
            continue
        if Parameter.empty not in usual[argument] and default != expected:
            yield f"{argument} = {legible(repr(default), 60)}, not {expected!r}"


def parameters_of(function: Callable[..., Any]) -> tuple[list[Parameter], bool]:
    """Return a function's parameters, and whether it takes any others by name; compiled ones may not say."""
    try:
        parameters = list(signature(function).parameters.values())
    except (TypeError, ValueError):
        return [], True
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return named, any(p.kind is p.VAR_KEYWORD for p in parameters)


def plain(name: str) -> str:
    """Return a name in lower case and without underscores: how names are compared that may be written differently."""
    return name.replace("_", "").lower()


def _free(wanted: Collection[str], taken: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the hyperparameters that no argument takes."""
    return [hyper for hyper in wanted if not any(hyper in hypers for hypers in taken.values())]


def _suggested(unknown: Collection[str], free: Collection[str]) -> str:
    """Return what arguments are likely to be meant for, and how a port says so."""
    meant = {argument: _meant(argument, free) for argument in unknown}
    names = {argument: hypers for argument, hypers in meant.items() if hypers}
    rest = [_quoted(argument) for argument in unknown if argument not in names]
    says = []
    if names:
        entries = (f"{_quoted(*hypers)}: {_quoted(argument)}" for argument, hypers in names.items())
        says.append(f"names = {{{', '.join(entries)}}}")
    if rest:
        says.append(f"extras = ({', '.join(rest)}{',' * (len(rest) == 1)}) for what stays at its default")
    likely = ", ".join(" and ".join(hypers) for hypers in names.values())
    guess = f"meant {likely}? A" if likely else f"not taken are {', '.join(free) or 'none'}; a"
    return f"{guess} port says {' and '.join(says)}"


def _meant(argument: str, free: Collection[str]) -> tuple[str, ...]:
    """Return the hyperparameters, of those that are free, that an argument may be meant for; none if there are none."""
    for hypers, aliases in ALIASES.items():
        if {*hypers} <= {*free} and plain(argument) in map(plain, aliases):
            return hypers
    return tuple(get_close_matches(argument.lower(), free, n=1, cutoff=0.75))


def _quoted(*names: str) -> str:
    written = ", ".join(f'"{name}"' for name in names)
    return written if len(names) == 1 else f"({written})"
