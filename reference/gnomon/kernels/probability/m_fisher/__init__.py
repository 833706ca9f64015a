"""M-FISHER: the compiled loops of its detectors."""
