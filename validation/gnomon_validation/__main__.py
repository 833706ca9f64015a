"""`python -m gnomon_validation` is the command `gnomon`."""

from gnomon_validation.cli import main

main()
