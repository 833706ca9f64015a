"""Where the claims about Hessian-free optimization stand, and where the stated figures come from."""

from gnomon_validation.studies.claim import Ledger

PACKAGE = "github.com/ltatzel/PyTorchHessianFree, commit f430d81"
README = f"{PACKAGE}, README"
TESTS = f"{PACKAGE}, tests"
DOCSTRINGS = f"{PACKAGE}, docstring"
RUN = "the repository states no figures: it was run, in float64"

ledger = Ledger("hessian_free")
