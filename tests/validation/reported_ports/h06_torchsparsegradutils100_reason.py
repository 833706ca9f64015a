"""cai4cai/torchsparsegradutils#100: the reason says max_iter when the tolerance ended it.
Bug: report wrong, numbers right; right is to say "residual".
Expectation: wrong, a matter of the reason."""

from _cg import with_bug

hessian_free_conjugate_gradients = with_bug("wrong reason")
