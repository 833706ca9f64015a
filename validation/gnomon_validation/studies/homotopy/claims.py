"""The ledger of homotopy learning rates: what was published about them, subject by subject."""

from __future__ import annotations

from gnomon_validation.studies.claim import Ledger
from gnomon_validation.studies.homotopy.claims_about_cost import about_cost
from gnomon_validation.studies.homotopy.claims_about_curvature import about_curvature
from gnomon_validation.studies.homotopy.claims_about_rates import about_rates
from gnomon_validation.studies.homotopy.claims_about_results import about_results
from gnomon_validation.studies.homotopy.claims_about_theory import about_theory

ledger = Ledger("homotopy", [*about_results, *about_curvature, *about_cost, *about_rates, *about_theory])
