"""Where the claims about HysteroGrad stand, and their ledger, to which each module of claims adds its own."""

from gnomon_validation.studies.claim import Ledger

README = "github.com/dingste/HysteroGrad, README.md, 2026-01-16"
THEORY = "github.com/dingste/HysteroGrad, docs/theory.tex, 2026-01-16"
OLDER_README = "github.com/dingste/HysteroGrad, README.md, 2026-01-01"

ledger = Ledger("hysterograd")
