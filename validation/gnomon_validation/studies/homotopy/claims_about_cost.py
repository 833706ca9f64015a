"""Claims about what the rule costs."""

from __future__ import annotations

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon.curvature.power import power_iteration
from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.homotopy import cost
from gnomon_validation.studies.homotopy.matmuls import counts
from gnomon_validation.studies.homotopy.sources import DOCUMENTS, README, ledger


@ledger.claim("false", source=DOCUMENTS)
def overhead_of_five_to_ten_percent() -> Evidence:
    """“Overhead 5–10 %” (N = 10, K = 20, m = 10)

    These are three Hessian products a step, each dearer than a forward and backward pass. The authors' own stored MNIST
    run, with half as many, took 18.89 s against 5.81 s.
    """
    full, products = cost.products(cost.DEFAULT)
    rebuilt = [counts(network.widths, network.batch).rebuilt for network in cost.NETWORKS]
    low, high = (100 * products / cost.STEPS * c for c in (min(rebuilt), max(rebuilt)))
    figure = (
        f"{products:,} products in {cost.STEPS:,} steps ({full} full estimates), {min(rebuilt):.2f} to "
        f"{max(rebuilt):.2f} forward and backward passes each on three networks: +{low:.0f} % to +{high:.0f} %, "
        f"{low / 10:.0f} to {high / 5:.0f} times as much; the stored run: +{100 * (18.89 / 5.81 - 1):.0f} %"
    )
    return Evidence(low > 10, figure)


@ledger.claim("false", source=README)
def the_test_with_seven_percent() -> Evidence:
    """“Two-layer network: overhead 7.3 %” (K = 10, m = 5, N = 5)

    Half as many products, twice as often: the same three a step.
    """
    _, products = cost.products(cost.SETTINGS[1])
    network = cost.NETWORKS[0]
    one = counts(network.widths, network.batch)
    figure = (
        f"{products / cost.STEPS:.3f} products a step; on {network.name} a product is {one.rebuilt:.2f} forward and "
        f"backward passes: +{100 * products / cost.STEPS * one.rebuilt:.0f} %; even for nothing but one gradient a "
        f"product it would be +{100 * products / cost.STEPS:.0f} %"
    )
    return Evidence(products > 0.073 * cost.STEPS, figure)


@ledger.claim("false", source=README)
def the_table_of_costs() -> Evidence:
    """“1 + 1 + 0.5 in place of 2: 1.05–1.10×”

    The README's own figures, added up.
    """
    ratio = (1 + 1 + 0.5) / 2
    return Evidence(not 1.05 <= ratio <= 1.10, f"(1 + 1 + 0.5)/2 = {ratio:.2f}")


@ledger.claim("false", source=DOCUMENTS)
def memory_below_one_percent() -> Evidence:
    """“Memory overhead below 1 %”

    The vector v and the product Hv alone are as large as the parameters, each, whatever the graph takes.
    """
    n = 500
    seen = []
    operator = Dense(np.eye(n))

    def watched(vector: np.ndarray) -> np.ndarray:
        product = operator(vector)
        seen.append((vector.nbytes + product.nbytes) / (8 * n))
        return product

    power_iteration(watched, np.ones(n), iterations=2, rtol=0.0)
    share = 100 * min(seen)
    figure = (
        f"v and Hv: {share:.0f} % of the parameters, {share / 4:.0f} % of parameters, gradient and Adam's two moments "
        f"together"
    )
    return Evidence(share / 4 > 1, figure)
