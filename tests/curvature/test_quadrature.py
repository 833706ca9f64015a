"""Quadrature and density: exact answers where the nodes are known."""

from __future__ import annotations

from math import pi

import numpy as np

from gnomon.curvature.draws import hadamard
from gnomon.curvature.operators import Dense
from gnomon.curvature.quadrature import SpectralMeasure, spectral_density, spectral_measure, trace_of_function

MEASURE = SpectralMeasure(np.array([-1.0, 0.5, 2.0]), np.array([0.25, 0.5, 0.25]), 8, 3)


def test_a_multiple_of_the_identity_has_one_node():
    """One step, one node 3 with the mass of the probe, ‖z‖²/n = 1 for signs: exact."""
    found = spectral_measure(Dense(3 * np.eye(4)), np.array([[1.0, -1.0, 1.0, 1.0]]), steps=4)
    assert (found.nodes.tolist(), found.weights.tolist()) == ([3.0], [1.0])
    assert (found.dimension, found.products) == (4, 1)
    assert trace_of_function(found, np.sqrt) == 4 * 3**0.5


def test_hadamards_probes_and_all_steps_give_every_trace():
    """tr A⁻¹ and ln det A of eigenvalues 1, 2, 4, 8, to all of 12 digits: 1.875 and 6·ln 2."""
    basis = hadamard(4) / 2
    A = Dense((basis.T * np.array([1.0, 2.0, 4.0, 8.0])) @ basis)
    found = spectral_measure(A, np.array([[1.0, 2.0, 3.0, 5.0]]), steps=4)
    assert np.array_equal(np.round(found.nodes, 12), [1, 2, 4, 8])
    complete = spectral_measure(A, 2 * np.eye(4), steps=4)
    assert round(float(trace_of_function(complete, lambda t: 1 / t)), 12) == 1.875
    assert round(float(trace_of_function(complete, np.log)), 12) == round(6 * np.log(2.0), 12)
    assert complete.products == 16


def test_the_density_of_one_node_is_a_normal_curve():
    node = SpectralMeasure(np.zeros(1), np.ones(1), 1, 1)
    assert spectral_density(node, np.zeros(1), width=0.5)[0] == 1 / (0.5 * (2 * pi) ** 0.5)


def test_the_density_integrates_to_the_mass():
    """A sum over a grid of half widths is off by 4·exp(-8π²) = 2e-34 of it, beyond 20 widths is exp(-200): only the
    rounding of sums of 260 terms, all positive, remains: 12 digits are printed."""
    grid = np.arange(-10.0, 16.0, 0.1)
    density = spectral_density(MEASURE, grid, width=0.2)
    assert round(float(np.sum(density) * 0.1), 12) == 1


def test_a_narrow_density_recovers_the_distribution_function():
    """σ → 0: what lies below a point between the nodes is the weight of those below it."""
    grid = np.arange(-2.0, 3.0, 2.0**-6)
    density = spectral_density(MEASURE, grid, width=2.0**-5)
    for point, weight in ((-1.75, 0.0), (-0.25, 0.25), (1.25, 0.75), (2.75, 1.0)):
        assert round(float(np.sum(density[grid < point]) / 64), 12) == weight
