"""JuliaLinearAlgebra/IterativeSolvers.jl#244: ||r|| <= tol*||r0|| documented, tol*||b|| done.
A convention: here the documented one is the bug, because the reference has ||b||.
Expectation: wrong with a warm start."""

from _cg import with_bug

hessian_free_conjugate_gradients = with_bug("relative to the first residual")
