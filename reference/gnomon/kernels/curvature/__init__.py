"""The estimators of `gnomon.curvature` for a matrix that is at hand (`Dense`), each as one compiled call."""
