"""What a circuit is: nodes, each after its children, over one vector of parameters; and what is required of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gnomon.domains import Array, Entries, Number

Kind = Literal["categorical", "gaussian", "product", "sum"]
SIGMA_MIN = 0.01


class Node(NamedTuple):
    """One node of a circuit.

    kind: "categorical" and "gaussian" are inputs. children: places of nodes before it; an input has none. start, size:
    which entries of the parameters are its own: θ of a categorical, (μ, σ) of a Gaussian, the weights of a sum in the
    order of its children; a product has none. Nodes with the same ones share them. variable: of an input.
    """

    kind: Kind
    children: tuple[int, ...] = ()
    start: int = 0
    size: int = 0
    variable: int = 0


Circuit: TypeAlias = tuple[Node, ...]
Parameters: TypeAlias = Annotated[Array, Entries(("P",), finite=True)]
Data: TypeAlias = Annotated[Array, Entries(("B", "V"), least=1)]
Observed: TypeAlias = NDArray[np.bool_] | None
Weights: TypeAlias = Annotated[Array, Entries(("B",), fit="data", of=("B", "V"), each=Number())] | None


class Group(NamedTuple):
    """The parameters of one node, or of several that share them."""

    start: int
    stop: int
    kind: str


def groups(circuit: Circuit) -> list[Group]:
    """Return the groups of parameters, in the order of their entries."""
    return sorted({Group(n.start, n.start + n.size, n.kind) for n in circuit if n.kind != "product"})


def require_structure(given: Mapping[str, Any]) -> None:
    """Require a circuit that is smooth, decomposable and in order, whose root has every variable in its scope."""
    scopes: list[frozenset[int]] = []
    for n, node in enumerate(given["circuit"]):
        if any(c >= n for c in node.children):
            raise ValueError(f"circuit[{n}].children must stand before it, got {node.children}")
        inside = [scopes[c] for c in node.children]
        union = frozenset[int]().union(*inside) if inside else frozenset({node.variable})
        is_input = node.kind in ("categorical", "gaussian")
        if is_input == bool(inside):
            raise ValueError(f"circuit[{n}] is a {node.kind}, which must have {'no' if is_input else 'some'} children")
        if node.kind == "sum" and any(scope != union for scope in inside):
            raise ValueError(f"circuit[{n}] is not smooth: the children of a sum must have one scope")
        if node.kind == "product" and sum(map(len, inside)) != len(union):
            raise ValueError(f"circuit[{n}] is not decomposable: the children of a product must have disjoint scopes")
        size = {"sum": len(node.children), "product": 0, "gaussian": 2}.get(node.kind, max(node.size, 1))
        if node.size != size:
            raise ValueError(f"circuit[{n}].size must be {size} for a {node.kind}, got {node.size}")
        scopes.append(union)
    if not scopes:
        raise ValueError("circuit must have at least one node")
    variables = given["data"].shape[1] if "data" in given else max(scopes[-1]) + 1
    if scopes[-1] != frozenset(range(variables)):
        raise ValueError(
            f"the last node of circuit must have the variables 0 … {variables - 1}, got {sorted(scopes[-1])}"
        )


def of_length(name: str) -> Callable[[Mapping[str, Any]], None]:
    """Return the rule that an argument has an entry for each parameter of the circuit."""

    def require_length(given: Mapping[str, Any]) -> None:
        end = require_segments(given["circuit"])
        if given[name].shape != (end,):
            raise ValueError(f"{name} must have shape ({end},) to fit circuit, got {given[name].shape}")

    return require_length


def require_parameters(given: Mapping[str, Any]) -> None:
    """Require groups that lie side by side in the parameters, each a probability vector, or (μ, σ) with σ >= 0.01.

    Probabilities sum to 1 to half of the dtype's digits.
    """
    circuit, params = given["circuit"], given["params"]
    of_length("params")(given)
    tolerance = float(np.finfo(params.dtype).eps) ** 0.5
    for start, stop, kind in groups(circuit):
        theta = params[start:stop]
        if kind == "gaussian" and not theta[1] >= SIGMA_MIN:
            raise ValueError(f"params[{start + 1}], the standard deviation of a gaussian, must be >= {SIGMA_MIN}")
        if kind != "gaussian" and not (np.all(theta >= 0) and np.abs(np.sum(theta) - 1) <= tolerance):
            raise ValueError(f"params[{start}:{stop}], the weights of a {kind}, must be a probability vector")


def require_segments(circuit: Circuit) -> int:
    """Require groups that neither overlap nor leave gaps; return where the last one ends."""
    end = 0
    for start, stop, kind in groups(circuit):
        if start != end:
            raise ValueError(
                f"nodes of circuit that share parameters must be of one kind and size, got {kind} at {start}"
            )
        end = stop
    return end


def require_data(given: Mapping[str, Any]) -> None:
    """Require values of the variables' kinds wherever they are observed."""
    circuit, data, observed = given["circuit"], given["data"], given["observed"]
    if data.dtype != given["params"].dtype:
        raise TypeError(f"data must have the dtype of params {given['params'].dtype}, got {data.dtype}")
    if observed is not None and (getattr(observed, "shape", None) != data.shape or observed.dtype != np.bool_):
        raise ValueError(f"observed must be truth values of the shape of data {data.shape}")
    seen = np.ones(data.shape, bool) if observed is None else observed
    for n, node in enumerate(circuit):
        if node.kind not in ("categorical", "gaussian"):
            continue
        x = data[:, node.variable]
        good = np.isfinite(x)
        if node.kind == "categorical":
            good = good & (x >= 0) & (x < node.size) & (np.floor(x) == x)
        wrong = np.flatnonzero(seen[:, node.variable] & ~good)
        if len(wrong):
            words = f"one of 0 … {node.size - 1}" if node.kind == "categorical" else "a finite number"
            raise ValueError(
                f"data[{wrong[0]}, {node.variable}] must be {words} for circuit[{n}], got {x[int(wrong[0])]}"
            )
