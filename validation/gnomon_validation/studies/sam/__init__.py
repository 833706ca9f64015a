"""What was published about SAM with sampled gradients, where everything can be known, and what holds of it."""
