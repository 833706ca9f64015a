"""The count of bits: a logarithm that is finite where its argument is not."""

import numpy as np
import pytest

from gnomon.descent.homotopy.bits import required_bits


@pytest.mark.parametrize(
    ("curvature", "diameter", "tolerance", "bits"),
    [
        (np.float32(1e30), 1e6, 1e-6, "159.4525"),
        (np.float64(1e300), 1e10, 1e-10, "1096.2363"),
        (np.float32(1), 1e-30, 1.0, "-199.3157"),
        (np.float32(1), 1.0, 1e-300, "996.5784"),
        (np.float64(5e-324), 1e-300, 1e300, "-4063.7353"),
    ],
)
def test_the_bits_are_counted_where_the_product_leaves_the_range(curvature, diameter, tolerance, bits):
    found = required_bits(curvature, diameter=diameter, tolerance=tolerance)
    assert found.dtype == curvature.dtype and found.shape == ()
    assert abs(float(found) - float(bits)) <= 1e-4 + 4 * float(np.finfo(found.dtype).eps) * abs(found)
