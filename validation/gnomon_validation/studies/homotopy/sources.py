"""Where the claims about homotopy learning rates stand: all in github.com/thehalleyyoung/TorchType, commit 8b8a54b."""

from gnomon_validation.studies.claim import Ledger

REPOSITORY = "github.com/thehalleyyoung/TorchType, commit 8b8a54b"
README = f"{REPOSITORY}, README of src/implementations/proposal7"
DOCUMENTS = f"{REPOSITORY}, README and implementations/PROPOSAL7_*.md"
RESULTS = f"{REPOSITORY}, stored results of src/implementations/proposal7"
CODE = f"{REPOSITORY}, src/implementations/proposal7/src/homotopy_lr.cpp and its header"
PAPER = f"{REPOSITORY}, hnf_paper.tex"

ledger = Ledger("homotopy")
