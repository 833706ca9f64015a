"""Published results about stochastic approximation of risk measures, run again, and its claims."""
