"""The ledger of Hessian-free optimization: what was published about it, subject by subject."""

from __future__ import annotations

from gnomon_validation.studies.claim import Ledger
from gnomon_validation.studies.hessian_free.claims_about_conjugate_gradients import about_conjugate_gradients
from gnomon_validation.studies.hessian_free.claims_about_damping import about_damping
from gnomon_validation.studies.hessian_free.claims_about_the_package import about_the_package

ledger = Ledger("hessian_free", [*about_damping, *about_conjugate_gradients, *about_the_package])
