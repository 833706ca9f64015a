"""What was published about SRKL, recomputed, and what its two rules do where everything about them is known."""
