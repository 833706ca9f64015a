"""One file a descent method, each a set of pure functions: `init`, `step`, `trajectory`, `endpoints`.

`init(params)` is the state before the first step, params a floating-point array of any shape. In `step`, params, grad
and the state's arrays have one shape and one floating-point dtype, which is that of the result; what hyperparameters
must satisfy, and what is raised, stands in the signature. check_finite: reject parameters and gradients that are not
finite; otherwise a NaN or an infinity runs through the formula, and stays in its own coordinate where every coordinate
moves by itself. With an eps of 0 a coordinate there whose gradients have all been 0 is 0/0 = NaN.

Choice: hyperparameters are not rounded to the dtype of the arrays. float16, where an eps of 1e-8 would be 0, is
computed with in float64 and each result rounded once; so is float32 beside a number that it cannot hold (see
`gnomon.rounding`).
"""
