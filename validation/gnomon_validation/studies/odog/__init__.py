"""Double optimism put to the test: the paper has no experiments; these show its exponents, and where they begin."""
