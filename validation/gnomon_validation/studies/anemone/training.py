"""Circuits of categories trained for many epochs: compiled passes, M-steps of all groups at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent import adam
from gnomon.domains import Array
from gnomon.kernels.probability.anemone.passes import Pass, unobserved
from gnomon.probability.anemone.circuits import Circuit, groups


class Trainer:
    """A circuit, its parameters, and how often each update has been made. Nothing is checked."""

    def __init__(self, circuit: Circuit, params: Array) -> None:
        self.circuit, self.params, self.count = circuit, params, 0
        self.starts = np.array([group.start for group in groups(circuit)])
        self.sizes = np.diff(np.append(self.starts, params.size))
        self.running: Any = 0.0
        self.adam = adam.init(params)

    def likelihood(self, data: Array) -> float:
        """Return the mean log-likelihood of data."""
        return float(np.mean(Pass(self.params, self.circuit, data, None).values[-1]))

    def shares(self, totals: Array, eps: float) -> Array:
        """Return (Q + ε/K)/(M + ε) in each group, and what there is where M = 0."""
        mass = np.repeat(np.add.reduceat(totals, self.starts), self.sizes)
        shared = (totals + eps / np.repeat(self.sizes, self.sizes)) / np.where(mass > 0, mass + eps, 1)
        return np.where(mass > 0, shared, self.params)

    def step(self, data: Array, method: str, step_size: float, eps: float, momentum: float = 0.0) -> None:
        """Make one update by a batch, "anemone", "mini-batch EM", "full EM" or "Adam" on logits; ε in counts."""
        S, W = Pass(self.params, self.circuit, data, None).down(np.ones(len(data)))[1].totals, len(data)
        if method == "anemone":
            self.count += 1
            self.running = momentum * self.running + (1 - momentum) * (S / W)
            mean = self.running / (1 - momentum**self.count)
            model = unobserved(self.params, self.circuit)[1].totals
            self.params = self.shares(step_size * mean + (1 - step_size) * model, step_size * eps / W)
        elif method == "Adam":
            slope = S - np.repeat(np.add.reduceat(S, self.starts), self.sizes) * self.params
            logits, self.adam = adam.step(np.log(self.params), -slope / W, self.adam, lr=step_size)
            self.params = self.shares(np.exp(logits), 0.0)
        else:
            a = 1.0 if method == "full EM" else step_size
            self.params = (1 - a) * self.params + a * self.shares(S, eps)
