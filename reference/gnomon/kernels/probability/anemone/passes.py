"""`gnomon.probability.anemone.passes` as two compiled loops over nodes, each over the samples side by side.

Sums that follow each other and have the same children are a block: what their children contribute is exponentiated once
for all of them, relative to the largest child, and what is left is a product of matrices. Where that loses digits,
because the weights favour a child that is improbable, a sum is taken term by term as the reference does.
"""

from __future__ import annotations

from collections import namedtuple
from functools import lru_cache
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.copies import add
from gnomon.kernels.domains import contiguous, in_place_of
from gnomon.probability.anemone import passes as reference
from gnomon.probability.anemone.circuits import Circuit, groups
from gnomon.probability.anemone.passes import HALF_LOG_2PI, Moments, Statistics

__all__ = ["flows", "log_likelihood", "model_moments", "statistics", "top_down"]

CATEGORICAL, GAUSSIAN, PRODUCT, SUM = range(4)
KINDS = {"categorical": CATEGORICAL, "gaussian": GAUSSIAN, "product": PRODUCT, "sum": SUM}
# Of each node: children[first[n] : first[n + 1]], its parameters, its group of them, where its block begins and ends.
Plan = namedtuple("Plan", "kind first children start size variable group begin end")


@lru_cache(maxsize=16)
def plan_of(circuit: Circuit) -> Plan:
    """Return the nodes of a circuit as arrays of integers."""
    place = {group.start: i for i, group in enumerate(groups(circuit))}
    begin: list[int] = []
    for n, node in enumerate(circuit):
        follows = n > 0 and node.kind == circuit[n - 1].kind == "sum" and node.children == circuit[n - 1].children
        begin.append(begin[-1] if follows else n)
    end = [0] * len(circuit)
    for n in range(len(circuit) - 1, -1, -1):
        end[n] = end[n + 1] if n + 1 < len(circuit) and begin[n + 1] == begin[n] else n + 1
    first = np.cumsum([0, *(len(node.children) for node in circuit)])
    own = ([getattr(node, name) for node in circuit] for name in ("start", "size", "variable"))
    group = [place.get(node.start, 0) for node in circuit]
    edges = [c for node in circuit for c in node.children]
    lists = [KINDS[node.kind] for node in circuit], first, edges, *own, group, begin, end
    return Plan(*(np.array(numbers, np.int64) for numbers in lists))


@compiled
def upward(plan: Plan, params: Array, data: Array, seen: Any, low: Any, values: Array, shares: Array) -> None:
    """Write ℓ of each node, shape (nodes, B). data, seen: shape (V, B). low: of believable sums. shares: scratch."""
    zero = params.dtype.type(0)
    n, count = 0, values.shape[1]
    while n < plan.kind.size:
        value, kind, start = values[n], plan.kind[n], plan.start[n]
        if kind == PRODUCT:
            value[:] = zero
            for e in range(plan.first[n], plan.first[n + 1]):
                add(values[plan.children[e]], value)
        elif kind == SUM:
            children = plan.children[plan.first[n] : plan.first[n + 1]]
            top = shares[children.size]
            exponentiate(values, children, shares)
            for m in range(n, plan.end[n]):
                weights, value = params[plan.start[m] : plan.start[m] + plan.size[m]], values[m]
                value[:] = zero
                for k in range(children.size):
                    for b in range(count):
                        value[b] += weights[k] * shares[k, b]
                for b in range(count):
                    if value[b] > low:
                        value[b] = top[b] + np.log(value[b])
                    else:
                        largest = -np.inf
                        for k in range(children.size):
                            largest = max(largest, np.log(weights[k]) + values[children[k], b])
                        total = zero
                        for k in range(children.size):
                            if weights[k] > 0 and values[children[k], b] > -np.inf:
                                total += np.exp(np.log(weights[k]) + values[children[k], b] - largest)
                        value[b] = largest + np.log(total) if total > 0 else -np.inf
            n = plan.end[n] - 1
        elif kind == GAUSSIAN:
            x, known = data[plan.variable[n]], seen[plan.variable[n]]
            mean, sigma = params[start], params[start + 1]
            constant = np.log(sigma) + params.dtype.type(HALF_LOG_2PI)
            for b in range(count):
                z = (x[b] - mean) / sigma
                value[b] = -z * z / 2 - constant if known[b] else zero
        else:
            x, known = data[plan.variable[n]], seen[plan.variable[n]]
            logs = np.log(params[start : start + plan.size[n]])
            for b in range(count):
                value[b] = logs[int(x[b])] if known[b] else zero
        n += 1


@compiled
def exponentiate(values: Array, children: Any, shares: Array) -> None:
    """Write exp(ℓ_c - top) of each child into a row of `shares`, and the largest ℓ_c, 0 for -∞, into the next row."""
    top = shares[children.size]
    top[:] = -np.inf
    for c in children:
        for b in range(top.size):
            top[b] = max(top[b], values[c, b])
    for b in range(top.size):
        if top[b] == -np.inf:
            top[b] = 0
    for k in range(children.size):
        for b in range(top.size):
            shares[k, b] = np.exp(values[children[k], b] - top[b])


@compiled
def downward(
    plan: Plan, params: Array, data: Array, seen: Any, far: Any, values: Array, shares: Array, flows: Array,
    totals: Array, masses: Array,
) -> None:  # fmt: skip
    """Add to flows, shape (nodes, B), those of nodes below the root; write the moments. far: a believable exponent."""
    n, count, zero = plan.kind.size - 1, values.shape[1], params.dtype.type(0)
    factor = np.empty_like(flows[0])
    while n >= 0:
        kind, start, flow = plan.kind[n], plan.start[n], flows[n]
        if kind == PRODUCT:
            for e in range(plan.first[n], plan.first[n + 1]):
                add(flow, flows[plan.children[e]])
        elif kind == SUM:
            children = plan.children[plan.first[n] : plan.first[n + 1]]
            top = shares[children.size]
            exponentiate(values, children, shares)
            for m in range(plan.begin[n], n + 1):
                own, flow = plan.start[m], flows[m]
                for b in range(count):
                    apart = top[b] - values[m, b]
                    factor[b] = zero
                    if flow[b] > 0 and apart < far:
                        factor[b] = flow[b] * np.exp(apart)
                    elif flow[b] > 0:  # term by term
                        for k in range(children.size):
                            if params[own + k] > 0:
                                logarithm = np.log(params[own + k]) + values[children[k], b] - values[m, b]
                                passed = flow[b] * np.exp(logarithm)
                                flows[children[k], b] += passed
                                totals[own + k] += passed
                    masses[plan.group[m]] += flow[b]
                for k in range(children.size):
                    below, weight, total = flows[children[k]], params[own + k], zero
                    for b in range(count):
                        passed = weight * (factor[b] * shares[k, b])
                        below[b] += passed
                        total += passed
                    totals[own + k] += total
            n = plan.begin[n]
        else:
            x, known = data[plan.variable[n]], seen[plan.variable[n]]
            mass, missing = zero, zero
            for b in range(count):
                mass += flow[b]
                if not known[b]:
                    missing += flow[b]
                elif kind == CATEGORICAL:
                    totals[start + int(x[b])] += flow[b]
                elif flow[b] > 0:
                    apart = x[b] - params[start]
                    totals[start] += flow[b] * apart
                    totals[start + 1] += flow[b] * (apart * apart)
            masses[plan.group[n]] += mass
            if kind == GAUSSIAN:
                totals[start + 1] += missing * (params[start + 1] * params[start + 1])
            elif missing > 0:
                for k in range(plan.size[n]):
                    totals[start + k] += missing * params[start + k]
        n -= 1


class Pass:
    """One upward pass, ready for the downward one."""

    def __init__(self, params: Array, circuit: Circuit, data: Array, observed: Any) -> None:
        self.plan, self.params, limits = plan_of(tuple(circuit)), contiguous(params), np.finfo(params.dtype)
        self.seen = contiguous(reference.everything(data, observed).T)
        self.data = contiguous(np.where(self.seen, data.T, 0).astype(params.dtype, copy=False))
        width = int(np.max(np.diff(self.plan.first))) + 1
        self.shares = np.empty((width, data.shape[0]), params.dtype)
        self.values = np.empty((len(self.plan.kind), data.shape[0]), params.dtype)
        low = params.dtype.type(float(limits.smallest_normal) / float(limits.eps) ** 2)
        self.far = params.dtype.type(-np.log(float(low)) / 2)
        upward(self.plan, self.params, self.data, self.seen, low, self.values, self.shares)

    def down(self, omega: Array) -> tuple[Array, Moments]:
        """Return the flows and the moments of samples of some weights."""
        flows, moments = np.zeros_like(self.values), self.no_moments()
        flows[-1] = omega
        rest = self.data, self.seen, self.far, self.values, self.shares, flows, *moments
        downward(self.plan, self.params, *rest)
        return flows, moments

    def no_moments(self) -> Moments:
        return Moments(np.zeros_like(self.params), np.zeros(int(np.max(self.plan.group)) + 1, self.params.dtype))


def unobserved(params: Array, circuit: Circuit) -> tuple[Array, Moments]:
    """Return flows and moments of one sample of which nothing is observed."""
    variables = 1 + max(node.variable for node in circuit)
    hidden = np.zeros((1, variables), params.dtype)
    return Pass(params, circuit, hidden, np.zeros(hidden.shape, bool)).down(np.ones(1, params.dtype))


@in_place_of(reference.log_likelihood)
def log_likelihood(params: Array, circuit: Circuit, data: Array, observed: Any) -> Array:
    log_p: Array = Pass(params, circuit, data, observed).values[-1].copy()
    return log_p


@in_place_of(reference.flows)
def flows(params: Array, circuit: Circuit, data: Array, observed: Any, weights: Any) -> Array:
    up = Pass(params, circuit, data, observed)
    omega = np.ones_like(data[:, 0]) if weights is None else weights
    return up.down(np.where(up.values[-1] > -np.inf, omega, 0))[0]


@in_place_of(reference.statistics)
def statistics(params: Array, circuit: Circuit, data: Array, observed: Any, weights: Any, zero_prob: str) -> Statistics:
    return counted(Pass(params, circuit, data, observed), weights, zero_prob)


def counted(up: Pass, weights: Any, zero_prob: str = "reject") -> Statistics:
    """Return what a batch says after its upward pass."""
    omega, *rest = reference.weighed(up.values[-1], weights, zero_prob)
    return Statistics(up.down(omega)[1], *rest)


@in_place_of(reference.top_down)
def top_down(params: Array, circuit: Circuit) -> Array:
    return unobserved(params, circuit)[0][:, 0]


@in_place_of(reference.model_moments)
def model_moments(params: Array, circuit: Circuit) -> Moments:
    return unobserved(params, circuit)[1]
