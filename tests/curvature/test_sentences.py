"""What is said of an argument that does not fit: its name, what it must be, and what was given."""

from __future__ import annotations

import numpy as np
import pytest

from gnomon.curvature.diagonal import bekas
from gnomon.curvature.draws import all_signs, hadamard, rademacher
from gnomon.curvature.lanczos import ritz
from gnomon.curvature.largest_eigenvalues import largest_eigenvalues
from gnomon.curvature.operators import Dense, asymmetry
from gnomon.curvature.power import power_iteration
from gnomon.curvature.products import Regression, hvp
from gnomon.curvature.quadrature import SpectralMeasure, spectral_density, spectral_measure
from gnomon.curvature.sample_sizes import diagonal_size, semidefinite_size
from gnomon.curvature.trace import gaussian_variance, hutchinson, hutchpp

A = Dense(np.diag([1.0, 2.0, 3.0]))
ROWS, ONES = np.ones((1, 3)), np.ones(3)
ONE = Regression(np.ones((1, 1)), np.ones((1, 1)), ())
MEASURE = SpectralMeasure(ONES, ONES, 3, 3)

SENTENCES = {
    "operator must be a function of a vector, got ndarray": lambda: hutchinson(A.matrix, ROWS),
    "vector must have shape (3,) to fit the matrix, got (4,)": lambda: hutchinson(A, np.ones((1, 4))),
    "probes must have shape (m, n) with m >= 1 and n >= 1, got (0, 3)": lambda: bekas(A, ROWS[:0]),
    "probes must hold real floating-point numbers, got dtype complex128": lambda: bekas(A, ROWS + 0j),
    "probes must be finite, got a NaN or an infinity in it": lambda: bekas(A, ROWS * np.nan),
    "variant must be one of 'ratio', 'plain', got 'mean'": lambda: bekas(A, ROWS, variant="mean"),
    "probes must have shape (m, 3) with m >= 1 to fit sketch (0, 3), got (3,)": lambda: hutchpp(A, ROWS[:0], ONES),
    "sketch must have at most n = 3 rows, got 4": lambda: hutchpp(A, np.ones((4, 3)), ROWS),
    "matrix must have shape (n, n), got (1, 3)": lambda: gaussian_variance(ROWS),
    "left must have shape (n,) with n >= 1, got (0,)": lambda: asymmetry(A, ONES[:0], ONES),
    "start must not be zero": lambda: ritz(A, 0 * ONES, steps=1),
    "steps must be an integer >= 1, got 2.0": lambda: ritz(A, ONES, steps=2.0),
    "variant must be one of 'standard', 'code', got 'paper'": lambda: ritz(A, ONES, steps=1, variant="paper"),
    "count must be at most 3, what start sees of the eigenvalues, got 4": lambda: largest_eigenvalues(A, ONES, count=4),
    "rtol must be a finite number in [0, 1), got 1.0": lambda: power_iteration(A, ONES, rtol=1.0),
    "deflated must have shape (j, 3) to fit start (3,), got (1, 2)": lambda: power_iteration(A, ONES, np.ones((1, 2))),
    "deflated must have fewer than n = 3 rows, got 3": lambda: power_iteration(A, ONES, np.eye(3)),
    "start must not be in the span of deflated": lambda: power_iteration(A, 2 * np.eye(3)[0], np.eye(3)[:1]),
    "probes must not be zero in any row": lambda: spectral_measure(A, np.eye(3) - np.eye(3)[:1], steps=1),
    "grid must have shape (g,), got (1, 3)": lambda: spectral_density(MEASURE, ROWS, width=1.0),
    "width must be a finite number in (0, inf), got 0.0": lambda: spectral_density(MEASURE, ONES, width=0.0),
    "error must be a finite number in (0, inf), got 0.0": lambda: semidefinite_size(error=0.0, failure=0.1),
    "failure must be a finite number in (0, 1), got 1.0": lambda: semidefinite_size(error=0.1, failure=1.0),
    "dimension must be an integer >= 1, got 2.5": lambda: diagonal_size(error=0.1, failure=0.1, dimension=2.5),
    "dimension must be <= 16 (2ⁿ sign vectors), got 17": lambda: all_signs(17),
    "dimension must be a power of 2, got 6": lambda: hadamard(6),
    "count must be an integer >= 1, got 0": lambda: rademacher(np.random.default_rng(0), 0, 3),
    "params must have shape (2,), got (3,)": lambda: hvp(ONE, ONES, ONES),
    "params must have the dtype of the objective's data float64, got float32": lambda: hvp(
        ONE, np.ones(2, np.float32), np.ones(2, np.float32)
    ),
    "vector must have shape (2,) to fit params (2,), got (3,)": lambda: hvp(ONE, np.ones(2), ONES),
    "targets must have the 1 rows of features, got (2, 1)": lambda: hvp(
        ONE._replace(targets=np.ones((2, 1))), np.ones(2), np.ones(2)
    ),
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_an_argument_that_does_not_fit_gets_a_sentence(sentence):
    with pytest.raises((ValueError, TypeError)) as caught:
        SENTENCES[sentence]()
    assert str(caught.value) == sentence
