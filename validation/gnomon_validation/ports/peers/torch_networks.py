"""The networks of learning problems in torch: as functions of one flat vector, and as modules."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch.nn import functional

from gnomon.curvature.products import Problem, Regression


def answers(problem: Problem) -> Any:
    """Return targets or labels."""
    return problem.targets if isinstance(problem, Regression) else problem.labels


def widths(problem: Problem) -> tuple[int, ...]:
    """Return how wide the layers are, from the features to the outputs."""
    last = problem.targets.shape[1] if isinstance(problem, Regression) else problem.classes
    return problem.features.shape[1], *problem.hidden, last


def outputs(problem: Problem, params: Any, features: Any) -> Any:
    """Return z for parameters as one flat tensor; features: one example or several as rows."""
    layers, begin, a = [*pairwise(widths(problem))], 0, features
    for layer, (inputs, out) in enumerate(layers, 1):
        middle, end = begin + out * inputs, begin + out * (inputs + 1)
        a = functional.linear(a, params[begin:middle].reshape(out, inputs), params[middle:end])
        begin, a = end, (a if layer == len(layers) else torch.tanh(a))
    if len(params) != begin:
        raise ValueError(f"the network has {begin} parameters, got {len(params)}")
    return a


def loss(problem: Problem, z: Any, answer: Any) -> Any:
    """Return ℓ(z) of one example."""
    if isinstance(problem, Regression):
        return ((z - answer) ** 2).sum() / 2
    return functional.cross_entropy(z, answer)


def module(problem: Problem, params: Any) -> Any:
    """Return the network as a `torch.nn.Sequential` with these parameters, in the dtype of the features."""
    layers: list[Any] = []
    for inputs, out in pairwise(widths(problem)):
        layers += [torch.nn.Linear(inputs, out, dtype=problem.features.dtype), torch.nn.Tanh()]
    made = torch.nn.Sequential(*layers[:-1])
    n = sum(p.numel() for p in made.parameters())
    if params.shape != (n,):
        raise ValueError(f"the network has {n} parameters, got {tuple(params.shape)}")
    torch.nn.utils.vector_to_parameters(params, made.parameters())
    return made
