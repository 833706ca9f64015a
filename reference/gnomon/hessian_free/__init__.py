"""Hessian-free optimization: a truncated Newton method, part by part, and the optimizer that is made of the parts.

One file a part: conjugate gradients, which of their iterates are kept, which of those is taken, the line search, how
well the quadratic model predicted, between which points that is asked, what the damping becomes, the preconditioner,
the step; the same step with loss, gradient and curvature over batches of their own; self-tests of an objective.

Sources of every file: Martens, Deep learning via Hessian-free optimization, ICML 2010, as in the demo released with it,
for "martens"; `ltatzel/PyTorchHessianFree`, commit f430d81, the package, for "code".
"""
