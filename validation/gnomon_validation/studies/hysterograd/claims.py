"""The ledger of HysteroGrad: what was published about it, subject by subject."""

from __future__ import annotations

from gnomon_validation.studies.claim import Ledger
from gnomon_validation.studies.hysterograd.claims_about_compute import about_compute
from gnomon_validation.studies.hysterograd.claims_about_geometry import about_geometry
from gnomon_validation.studies.hysterograd.claims_about_moons import about_moons
from gnomon_validation.studies.hysterograd.claims_about_the_gate import about_the_gate
from gnomon_validation.studies.hysterograd.claims_about_the_purpose import about_the_purpose

ledger = Ledger("hysterograd", [*about_compute, *about_the_gate, *about_the_purpose, *about_geometry, *about_moons])
