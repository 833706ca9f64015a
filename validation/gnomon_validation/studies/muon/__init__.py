"""What five steps of Newton-Schulz do to singular values, and what was said about it."""
