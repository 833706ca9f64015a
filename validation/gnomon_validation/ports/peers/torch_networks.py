"""The networks of learning problems in torch: as functions of one flat vector, and as modules."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch.nn import functional

from gnomon.curvature.products import Problem, Regression, network


def tensor(array: Any) -> Any:
    """Return a tensor with a copy of the array."""
    return torch.from_numpy(array.copy())


def answers(problem: Problem) -> Any:
    """Return targets or labels as a tensor."""
    return tensor(problem.targets if isinstance(problem, Regression) else problem.labels)


def outputs(problem: Problem, params: Any, features: Any) -> Any:
    """Return z for parameters as one flat tensor; features: one example or several as rows."""
    widths, begin, a = network(problem).widths, 0, features
    for layer, (inputs, out) in enumerate(pairwise(widths)):
        middle, end = begin + out * inputs, begin + out * (inputs + 1)
        a = functional.linear(a, params[begin:middle].reshape(out, inputs), params[middle:end])
        begin, a = end, (a if layer == len(widths) - 2 else torch.tanh(a))
    return a


def loss(problem: Problem, z: Any, answer: Any) -> Any:
    """Return ℓ(z) of one example."""
    if isinstance(problem, Regression):
        return ((z - answer) ** 2).sum() / 2
    return functional.cross_entropy(z, answer)


def module(problem: Problem, params: Any) -> Any:
    """Return the network as a `torch.nn.Sequential` with these parameters, in the dtype of the features."""
    layers: list[Any] = []
    for inputs, out in pairwise(network(problem).widths):
        layers += [torch.nn.Linear(inputs, out, dtype=tensor(problem.features).dtype), torch.nn.Tanh()]
    made = torch.nn.Sequential(*layers[:-1])
    flat = tensor(params)
    if flat.shape != (sum(p.numel() for p in made.parameters()),):
        raise ValueError(f"the network has {sum(p.numel() for p in made.parameters())} parameters, got {flat.shape}")
    torch.nn.utils.vector_to_parameters(flat, made.parameters())
    return made
