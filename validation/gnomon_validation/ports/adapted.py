"""An optimizer of another library as a port, by the row of its method: the same for every library.

The options of a port go to the constructor, but for `system` and what a row says (`Row.said`). What they set cannot be
varied, nor can what the constructor does not take.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from inspect import Parameter
from typing import Any

import numpy as np

from gnomon.arguments import domains_of
from gnomon.domains import require_flag
from gnomon_spec.system import Operation
from gnomon_validation.ports.methods import COUNTS, ROWS, Row
from gnomon_validation.ports.port import Offer
from gnomon_validation.ports.targets import port_name


class AdaptedPort:
    """What an optimizer's constructor makes, as the port of a system's operations.

    takes: the constructor's arguments. fixed: what cannot be varied. keys: which key of the library's state holds which
    field of ours; a number may stand in the parameter group instead.
    """

    kind: str
    flush_subnormals = False

    def __init__(
        self,
        made_by: Callable[..., Any],
        path: str,
        options: Mapping[str, Any],
        row: Row,
        takes: Mapping[str, Parameter],
    ) -> None:
        self.name = port_name(self.kind, path, options)
        self.made_by = made_by
        self.row = row
        self.takes = takes
        self.said = {name: options.get(name, value) for name, value in row.said.items()}
        for name, value in row.said.items():
            if isinstance(value, bool):
                require_flag(name, self.said[name])
        self.options = {name: value for name, value in options.items() if name not in ("system", *row.said)}
        try:
            kept, group, held = self.after_one_step()
        except Exception as error:
            raise ValueError(
                f"{self.name} cannot make a step: {type(error).__name__}: {' '.join(str(error).split())}"
            ) from error
        if "system" not in options:
            self.row = next((ROWS[system] for argument, system in row.becomes.items() if held.get(argument)), row)
        self.fixed = self._fixed(kept, _without_betas({**held, **self.options}))
        self.keys = self._keys(kept, group)

    @property
    def system(self) -> str:
        return self.row.system

    def after_one_step(self) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
        """Return what an optimizer with all its state in use keeps for a parameter, its group, and its arguments."""
        raise NotImplementedError

    def offer(self, operation: Operation) -> Offer | None:
        if operation.system.name != self.system or operation.name not in self.row.operations:
            return None
        fixed = {**self.fixed, "check_finite": False}
        only = {name: self._values(name) for name in self.row.named if name not in fixed}
        if "variant" in operation.hyperparameters and "variant" not in fixed:
            only["variant"] = tuple(self.row.variants)
        return Offer(
            fixed={name: value for name, value in fixed.items() if name in operation.hyperparameters},
            only=only,
            dtypes=("float16", "float32", "float64"),
            flush_subnormals=self.flush_subnormals,
        )

    def require_offered(self, hyperparameters: Mapping[str, Any]) -> None:
        """Raise `ValueError` if the port is asked for what it cannot vary, or for a variant that it does not have."""
        for name, value in self.fixed.items():
            if name in hyperparameters and hyperparameters[name] != value:
                raise ValueError(
                    f"{name} must be {value!r}, which this port cannot vary, got {hyperparameters[name]!r}"
                )
        for name in self.row.named.keys() & hyperparameters.keys() - self.fixed.keys():
            if hyperparameters[name] not in self._values(name):
                known = " or ".join(map(repr, self._values(name)))
                raise ValueError(f"{name} must be {known} for {self.name}, got {hyperparameters[name]!r}")
        variant = hyperparameters.get("variant")
        if variant is not None and "variant" not in self.fixed and variant not in self.row.variants:
            known = " or ".join(map(repr, self.row.variants))
            raise ValueError(f"variant must be {known} for a {self.kind} optimizer, got {variant!r}")

    def require_state(self, operation: Operation, inputs: Sequence[Any]) -> None:
        """Raise what the reference raises of a state: its form is ours, and the library may be shown none of it."""
        given, domains = dict(zip(operation.inputs, inputs, strict=True)), domains_of(operation.reference)
        if {"params", "state"} <= given.keys() & domains.keys():
            domains["state"].require("state", given["state"], given)

    def arguments(self, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the constructor's arguments for an operation's hyperparameters."""
        given = dict(self.row.variants.get(hyperparameters.get("variant", ""), {}))
        for name, values in self.row.named.items():
            given.update(values.get(hyperparameters.get(name), {}))
        for name, value in hyperparameters.items():
            for argument in self._taken(name)[:1]:
                nothing = value == self.row.neutral.get(name) and self.takes[argument].default is None
                given[argument] = None if nothing else value
        if "betas" in self.takes and {"beta1", "beta2"} <= hyperparameters.keys():
            given["betas"] = (hyperparameters["beta1"], hyperparameters["beta2"])
        return {**{name: value for name, value in given.items() if name in self.takes}, **self.options}

    def example_arguments(self) -> dict[str, Any]:
        """Return arguments that put all of an optimizer's state to use."""
        used = {name: value for uses in self.row.used_with.values() for name, value in uses.items()}
        rates = [name for name, names in self.row.arguments.items() if "lr" in names]
        return self.arguments({**dict.fromkeys(rates, 1e-3), **used})

    def after(self, before: Any, arrays: Mapping[str, Any], numbers: Mapping[str, Any]) -> Any:
        """Return our state after a step; a field that is not kept comes back as it was, a count one higher."""
        read = {"step_count": before.step_count + 1} if "step_count" in before._fields else {}
        for field, key in self.keys.items():
            if field not in self.row.numbers and arrays.get(key) is not None:
                read[field] = np.array(arrays[key])
            elif field in self.row.numbers and numbers.get(key) is not None:
                old = getattr(before, field)
                number = np.asarray(numbers[key]).item()
                read[field] = old.dtype.type(number) if hasattr(old, "dtype") else type(old)(number)
        return before._replace(**read)

    def _values(self, name: str) -> tuple[Any, ...]:
        """Return the values of a hyperparameter with named ones that the constructor's arguments can make."""
        values = self.row.named[name]
        if name in self.row.withheld.get(self.kind, ()):
            return (self.row.neutral[name],)
        return tuple(value for value, made_by in values.items() if made_by.keys() & self.takes.keys())

    def _taken(self, name: str) -> list[str]:
        """Return the constructor's arguments for a hyperparameter."""
        return [argument for argument in self.row.arguments.get(name, ()) if argument in self.takes]

    def _fixed(self, kept: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
        """Return what cannot be varied: what the constructor does not take, and what the options set."""
        set_by_options = _without_betas(self.options).keys()
        fixed = dict(self.said)
        for name, names in self.row.arguments.items():
            taken = self._taken(name) or ("betas" in self.takes and name in ("beta1", "beta2"))
            if taken and set_by_options.isdisjoint(names):
                continue
            values = [held[argument] for argument in names if argument in held]
            if not values and name not in self.row.neutral:
                written = " or ".join(map(repr, names))
                raise ValueError(f"{self.name} cannot be read as {self.system}: it neither takes nor keeps {written}")
            value = self.row.neutral.get(name) if values in ([], [None]) else values[0]
            fixed[name] = float(value) if type(value) is int and name not in self.row.counts else value
        fixed.update(self._fixed_names(held, set_by_options))
        choosing = {argument for arguments in self.row.variants.values() for argument in arguments}
        can_choose = choosing and choosing <= self.takes.keys() and choosing.isdisjoint(set_by_options)
        if "variant" in self.row.neutral and not can_choose:
            shown = [variant for key, variant in self.row.shown_by.items() if key in kept]
            chosen = [variant for variant, given in self.row.variants.items() if given.items() <= held.items()]
            said = [self.said["variant"]] if self.said.get("variant") else []
            fixed["variant"] = [*said, *shown, *chosen, self.row.neutral["variant"]][0]
        return fixed

    def _fixed_names(self, held: Mapping[str, Any], set_by_options: Collection[str]) -> dict[str, Any]:
        """Return the hyperparameters with named values that cannot be varied, and the values that they have."""
        fixed = {}
        for name, values in self.row.named.items():
            choosing = {argument for made_by in values.values() for argument in made_by} & self.takes.keys()
            if choosing and choosing.isdisjoint(set_by_options):
                continue
            chosen = [
                value
                for value, made_by in values.items()
                if any(held.get(argument, ...) in (value, made_by.get(argument, "")) for argument in choosing)
            ]
            if choosing and not chosen:
                raise ValueError(f"{self.name} cannot be read as {self.system}: its {name} is none of {[*values]}")
            fixed[name] = [*chosen, self.row.neutral[name]][0]
        return fixed

    def _keys(self, kept: Mapping[str, Any], group: Mapping[str, Any]) -> dict[str, str]:
        """Return which key holds which field of ours; raise `ValueError` if a state cannot be understood."""
        fields = self.row.fields
        known = {key: field for field, keys in fields.items() for key in keys}
        keys = {known[key]: key for key in kept if key in known}
        in_group = {field: key for field in self.row.numbers for key in fields.get(field, ()) if key in group}
        strange = [str(key) for key in kept if key not in (*known, *COUNTS, *self.row.shown_by)]
        spared = {field for field, uses in self.row.used_with.items() if not uses or uses.keys() & self.fixed.keys()}
        lacking = [field for field in fields if field not in {*keys, *in_group, *spared}]
        if strange or lacking:
            problem = f"has {strange[0]!r}" if strange else f"has nothing called like {lacking[0]}"
            understood = ", ".join(known) or "nothing"
            raise ValueError(
                f"{self.name} cannot be read as {self.system}: its state {problem} (understood: {understood})"
            )
        return {**in_group, **keys}


def _without_betas(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with `beta1` and `beta2` in the place of `betas`."""
    return {**dict(zip(("beta1", "beta2"), arguments.get("betas", ()), strict=False)), **arguments}


def fresh(state: Any) -> bool:
    """Return whether a state is that before the first step: by its count, or by zeros where there is none."""
    if hasattr(state, "step_count"):
        return bool(state.step_count == 0)
    return not any(np.any(part) for part in state)
