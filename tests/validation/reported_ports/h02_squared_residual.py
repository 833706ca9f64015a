"""code quoted in boyu-ai/Hands-on-RL#108 (not what it reports): r.r < tol without the root.
Bug: the squared norm is compared with the tolerance; right is the norm.
Expectation: wrong, stops early or late."""

from _cg import with_bug

hessian_free_conjugate_gradients = with_bug("squared")
