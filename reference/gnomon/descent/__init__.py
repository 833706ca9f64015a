"""One file a descent method, each a set of pure functions: `init`, `step`, `trajectory`."""
