"""Analytic problems: what a method may ask of an objective, and objectives that know their own answers."""

from gnomon.objectives.contract import ExampleObjective, GaussNewtonObjective, KnownObjective, Objective
from gnomon.objectives.learning import LogisticRegression, SoftmaxRegression
from gnomon.objectives.mlp import MLP
from gnomon.objectives.named import NAMED, named
from gnomon.objectives.quadratics import Quadratic, Spectrum, quadratic_with_spectrum
from gnomon.objectives.test_functions import Ackley, Beale, Himmelblau, Rastrigin, Rosenbrock

__all__ = [
    "MLP",
    "NAMED",
    "Ackley",
    "Beale",
    "ExampleObjective",
    "GaussNewtonObjective",
    "Himmelblau",
    "KnownObjective",
    "LogisticRegression",
    "Objective",
    "Quadratic",
    "Rastrigin",
    "Rosenbrock",
    "SoftmaxRegression",
    "Spectrum",
    "named",
    "quadratic_with_spectrum",
]
