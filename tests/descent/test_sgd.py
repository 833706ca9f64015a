"""SGD's reference: the exact limits of stability."""

import numpy as np
import pytest

from gnomon.descent import sgd


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("curvature", [1e-2, 1.0, 50.0])
def test_the_exact_limit_of_stability(momentum, curvature, nesterov):
    """Stable on curvature λ iff lr·λ < 2(1+μ), with Nesterov's momentum 2(1+μ)/(1+2μ)."""
    limit = 2 * (1 + momentum) / (1 + 2 * momentum if nesterov else 1) / curvature

    def spectral_radius(lr):
        """Of the map (x, buf) → (x', buf'), read off the reference itself, one unit vector after the other."""
        columns = []
        for x, buffer in ((1.0, 0.0), (0.0, 1.0)):
            state = sgd.SGDState(np.array([buffer]), 1)
            grad = np.array([curvature * x])
            new, after = sgd.step(np.array([x]), grad, state, lr=lr, momentum=momentum, nesterov=nesterov)
            columns.append([new[0], after.momentum_buffer[0]])
        return float(np.max(np.abs(np.linalg.eigvals(np.array(columns).T))))

    assert spectral_radius(0.999 * limit) < 1 < spectral_radius(1.001 * limit)
