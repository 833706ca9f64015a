"""What was published about curvature estimators, measured: accuracy, variance, spectra, and where programs go wrong."""
