"""Small circuits of every kind, their parameters and data; and what they mean, by listing every choice at every sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from math import log, pi
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.probability.anemone import passes as reference
from gnomon.probability.anemone.circuits import Circuit, Node, groups, require_segments
from gnomon.probability.anemone.passes import Moments, Statistics
from gnomon.probability.anemone.structures import hclt, hmm, mixture, random_tree
from gnomon.probability.anemone.updates import AnemoneState
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.facts import Fact, equal, rejects
from gnomon_spec.strategies import CODES, SMALL_CODES, VECTORS, integers
from gnomon_spec.system import Operation

FACTORISED = mixture(1, [2, 3])
NAIVE_BAYES = mixture(2, [2, 3])
TIED = hmm(3, 2, 2)
SHARED: Circuit = (
    *(Node("categorical", (), 2 * i, 2, i // 2) for i in range(4)),
    *(Node("product", pair) for pair in ((0, 2), (0, 3), (1, 3))),
    Node("sum", (4, 5, 6), 8, 3),
)
UNTIED = (
    mixture(2, [2, 2]), FACTORISED, NAIVE_BAYES, hmm(2, 2, 3, tied=False), SHARED, random_tree([1, 0, 2], 2, 2),
    hclt([-1, 0, 0], 2, 2), (Node("categorical", (), 0, 3, 0),),
)  # fmt: skip
DISCRETE = (*UNTIED, TIED)
TWO_GAUSSIANS = mixture(1, [2, 2], "gaussian")
GAUSSIANS = (mixture(2, [2], "gaussian"), mixture(1, [2], "gaussian"), TWO_GAUSSIANS, mixture(2, [2, 2], "gaussian"))
MIXED: Circuit = (
    Node("gaussian", (), 0, 2, 0), Node("gaussian", (), 0, 2, 1), Node("categorical", (), 2, 2, 2),
    Node("categorical", (), 4, 2, 2), Node("product", (0, 1, 2)), Node("product", (0, 1, 3)), Node("sum", (4, 5), 6, 2),
)  # fmt: skip
ALL = (*DISCRETE, *GAUSSIANS, MIXED)
UNITS = 1024  # probabilities are multiples of 1/1024: they sum to 1 in every dtype
FLOATS = ("float32", "float64")


def parameters(*, zeros: bool = False) -> Quantity:
    """Parameters of the circuit drawn before; zeros: some of the probabilities are 0, never all that are one choice."""

    def draw_parameters(draw: Draw, context: Context) -> Array:
        circuit = context.drawn["circuit"]
        codes, theta = iter(integers(draw, (require_segments(circuit) + 1,)).tolist()), []
        for start, stop, kind in groups(circuit):
            drawn = [next(codes) for _ in range(start, stop)]
            if kind == "gaussian":
                theta += [(drawn[0] % 33 - 16 * (drawn[0] > 0)) / 8, (4 + drawn[1] % 13) / 8]
                continue
            shares = [1 + d % 64 for d in drawn]
            if zeros and drawn[0] % 2 == 0:
                shares = [0 if i == drawn[0] // 2 % len(shares) else s for i, s in enumerate(shares)]
                shares = [1] * len(shares) if not any(shares) else shares
            whole = [s * UNITS // sum(shares) for s in shares]
            whole[max(range(len(whole)), key=whole.__getitem__)] += UNITS - sum(whole)
            theta += [w / UNITS for w in whole]
        return np.array(theta, context.dtype)

    return Quantity(draw_parameters, "parameters of the circuit" + ", some probabilities 0" * zeros)


def samples(most: int = 5) -> Quantity:
    """Data of the circuit drawn before, shape (B, V), B <= most."""

    def draw_samples(draw: Draw, context: Context) -> Array:
        inputs = {node.variable: node for node in context.drawn["circuit"] if node.kind in ("categorical", "gaussian")}
        codes = iter(integers(draw, (most * len(inputs),)).tolist())
        rows = [
            [next(codes) % inputs[v].size if inputs[v].kind == "categorical" else (next(codes) % 65 - 32) / 8
             for v in range(len(inputs))]
            for _ in range(1 + draw(SMALL_CODES) % most)
        ]  # fmt: skip
        return np.array(rows, context.dtype)

    return Quantity(draw_samples, f"1 to {most} samples of the circuit's variables")


def some_observed(draw: Draw, context: Context) -> Any:
    data, code = context.drawn["data"], draw(CODES)
    return None if code % 2 == 0 else np.array([code >> i & 2 == 0 for i in range(data.size)]).reshape(data.shape)


def some_weights(draw: Draw, context: Context) -> Any:
    count, code = len(context.drawn["data"]), draw(CODES)
    weights = [1.0, *((code >> 3 * i) % 8 / 4 for i in range(1, count))]
    return None if code % 2 == 0 else np.array(weights, context.dtype)


observed = Quantity(some_observed, "None, or which values are observed")
weights = Quantity(some_weights, "None, or weights from 0 to 7/4")
PLAIN = {"observed": choice(None), "weights": choice(None)}


def circuits(*among: Circuit) -> Quantity:
    """One of some circuits."""
    return Quantity(lambda draw, _: among[draw(SMALL_CODES) % len(among)], f"one of {len(among)} circuits")


def problems(*among: Circuit, zeros: bool = False) -> Cases:
    """Circuits with parameters, data, what is observed and how much it weighs."""
    of = {"circuit": circuits(*among), "params": parameters(zeros=zeros), "data": samples(), "observed": observed}
    return Cases({**of, "weights": weights}, VECTORS)


def drawn_statistics(draw: Draw, context: Context) -> Statistics:
    """Return statistics of a batch by the reference, rounded to the dtype."""
    known = [context.drawn[name] for name in ("params", "circuit", "data", "observed", "weights")]
    wide = [x.astype(np.float64) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in known]
    found: Any = reference.statistics(*wide, zero_prob="skip")  # type: ignore[arg-type]
    weight, total = (np.asarray(x, context.dtype) for x in (found.weight, found.log_likelihood))
    return Statistics(rounded_moments(found.moments, context), weight, total, found.skipped)


def rounded_moments(moments: Moments, context: Context) -> Moments:
    return Moments(*(np.asarray(part, context.dtype) for part in moments))


def drawn_state(draw: Draw, context: Context) -> AnemoneState:
    """Return the state after some updates by the statistics drawn, with other numbers; or the one before the first."""
    count, (totals, masses) = draw(SMALL_CODES) % 4, context.drawn["statistics"].moments
    factor = 0 if count == 0 else (1 + draw(SMALL_CODES) % 4) / 8
    return AnemoneState(*rounded_moments(Moments(totals * factor, masses * factor), context), count)


statistics = Quantity(drawn_statistics, "statistics of a batch of some other data")
state = Quantity(drawn_state, "a state")


def updates(*among: Circuit, zeros: bool = False) -> Cases:
    """Circuits with parameters, statistics of a batch, and a state."""
    return problems(*among, zeros=zeros).but(statistics=statistics, state=state)


# --- what a circuit means --------------------------------------------------------------------------------------------

History = tuple[
    Any, dict[int, int]
]  # the probability, shape (B,), of choices with the data; of each sum used the choice


def histories(case: Any, params: Any = None, data: Any = None, seen: Any = None) -> list[History]:
    """Return the joint probability of the data and of each list of choices, as a product without logarithms.

    A node that is no sum is listed with the choice -1.
    """
    params, data = case.params if params is None else params, case.data if data is None else data
    seen = (np.ones(data.shape, bool) if case.observed is None else case.observed) if seen is None else seen
    below: list[list[History]] = []
    for n, node in enumerate(case.circuit):
        theta = params[node.start : node.start + node.size]
        if node.kind == "sum":
            found = [(theta[k] * p, {**used, n: k}) for k, c in enumerate(node.children) for p, used in below[c]]
        elif node.kind == "product":
            found = [joined(n, parts) for parts in product(*(below[c] for c in node.children))]
        else:
            x, known = data[:, node.variable], seen[:, node.variable]
            if node.kind == "gaussian":
                density = np.exp(-(((x - theta[0]) / theta[1]) ** 2) / 2 - log(2 * pi) / 2) / theta[1]
            else:
                density = theta[np.where(known, x, 0).astype(int)]
            found = [(np.where(known, density, 1), {n: -1})]
        below.append(found)
    return below[-1]


def joined(n: int, parts: Sequence[History]) -> History:
    probability, used = parts[0][0], {n: -1}
    for p, _ in parts[1:]:
        probability = probability * p
    for _, choices in parts:
        used |= choices
    return probability, used


def posterior(case: Any, listed: list[History], n: int, choice_of: int | None = None) -> Any:
    """Return the weighted posterior probability that a node is used, or makes one of its choices, shape (B,)."""
    total = sum(p for p, _ in listed)
    picked = [p for p, used in listed if n in used and choice_of in (None, used[n])]
    share = sum(picked) / total if picked else 0 * total
    return share if case.weights is None else share * case.weights


def domain(case: Any) -> Array:
    """Return every value of the data of a circuit of categories, a row each."""
    sizes = {node.variable: node.size for node in case.circuit if node.kind == "categorical"}
    return np.array(list(product(*(range(sizes[v]) for v in sorted(sizes)))), case.params.dtype)


def of_kind(case: Any, kind: str) -> Iterator[tuple[int, slice]]:
    """Yield the place and the entries of each group of a kind; "probabilities" are those of sums and categories."""
    for i, (start, stop, found) in enumerate(groups(case.circuit)):
        if (found == "gaussian") == (kind == "gaussian"):
            yield i, slice(start, stop)


def omega(case: Any) -> Any:
    """Return the weights of the samples of a case."""
    return np.ones_like(case.data[:, 0]) if case.weights is None else case.weights


def batch(port: Any, case: Case, **changed: Any) -> Any:
    """Return what a port says of the data of a case."""
    given = {name: changed.get(name, case[name]) for name in ("params", "circuit", "data", "observed", "weights")}
    return port.statistics(*given.values())


def renamed(case: Case) -> tuple[dict[str, Any], Any]:
    """Return the arguments of `batch` with variables, categories, the root's children and samples in the opposite
    order, and which parameter stands where."""
    places, data, last = np.arange(len(case.params)), case.data[::-1].copy(), case.data.shape[1] - 1
    nodes = []
    for n, node in enumerate(case.circuit):
        own = slice(node.start, node.start + node.size)
        if node.kind == "categorical" or (node.kind == "sum" and n == len(case.circuit) - 1):
            places[own] = np.arange(node.start, node.start + node.size)[::-1]
        if node.kind == "categorical":
            data[:, node.variable] = node.size - 1 - case.data[::-1, node.variable]
            node = node._replace(variable=last - node.variable)
        nodes.append(node)
    nodes[-1] = nodes[-1]._replace(children=nodes[-1].children[::-1])
    seen, omega = (x if x is None else x[::-1].copy() for x in (case.observed, case.weights))
    given = {"params": case.params[places], "circuit": tuple(nodes), "data": data[:, ::-1].copy()}
    return {**given, "observed": seen if seen is None else seen[:, ::-1].copy(), "weights": omega}, places


def mean_likelihood(port: Any, case: Case, params: Any) -> Any:
    """Return the weighted mean log-likelihood of the data of a case."""
    values = port.log_likelihood(params, case.circuit, case.data, case.observed)
    return np.sum(omega(case) * values) / np.sum(omega(case))


def same(found: Any, expected: Any, scale: Any = 0.0) -> Iterator[Fact]:
    """Claim that moments are the same. scale: of the totals."""
    yield equal("totals", found.totals, expected.totals, scale=scale)
    yield equal("masses", found.masses, expected.masses)


def refused(operation: Operation, port: Any, case: Case, table: dict[str, dict[str, Any]]) -> Iterator[Fact]:
    """Claim that a call with some arguments changed is rejected, for each entry of a table."""
    for label, changed in table.items():
        yield rejects(label, partial(operation.call, port, case, **changed))
