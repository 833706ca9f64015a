"""REG: Muon with a scaling of rows and columns in the place of the polar factor; and another operator of that name.

Definition of `racs_reg`, with r and c the p-norms of rows and columns and 0 divided by nothing::

    rc         R = R'·diag(c')⁻¹,  R' = diag(r)⁻¹·M,  c' the column norms of R'
    cr         the transpose of rc of the transpose
    sqrt       Mᵢⱼ/√(rᵢcⱼ)             product   Mᵢⱼ/(rᵢcⱼ)
    avg        (diag(r)⁻¹·M + M·diag(c)⁻¹)/2
    sinkhorn   rc again and again: `sinkhorn`, with the residual that is left

`normalised` is one side alone. `step` scales a running mean of the gradients, gives it one root mean square and decays
the parameters as AdamW does; `racs_fisher` and `fisher_step` are the other method whose name is RACS, which divides by
the roots of a fit of rank one to the squares; `diagnostics` says what was made of a matrix.

What rests on what. The paper was withdrawn and its text was not to be had. From its abstract: Muon with RACS in the
place of the matrix sign, from the theory of balancing, for the sake of consistency with AdamW. From readers' notes: p
is free, 2 the best; momentum only; a normalisation of the root mean square; AdamW for embeddings. The order (rows,
then columns of what they leave, once), γ√(mn)/‖R‖_F, Nesterov's form and the defaults are a reconstruction. Results
are to be told with their mode, and none is the paper's.

Where it does not matter. Whether the momentum is a mean or a sum of gradients, the loss's scale, and positive factors
of rows change nothing in mode "rc" with scale "rms". Nesterov's form, the order of rows and columns, p and the scale
do.

Easy to get wrong. The columns are measured after the rows were scaled. An ε beside a norm breaks the invariances for
small gradients, and squares of small entries are 0: what is squared is divided by the largest before. A norm of 0
leaves its row alone. One pass leaves the columns exact and the rows not, can make the condition number larger
([[-2, 2, 0], [4, -5, 2], [-4, 4, -2]]: 19.2 to 25.0), and depends on the basis: rotated input, other output.

What is not taken over. Integers are rejected, as everywhere here, not converted. No norm below a threshold is taken for
0: rows of subnormal numbers are scaled like any other.

Sources: Liu, Wu, Fu, Liu, Han, Zhong & Yuan, arXiv 2510.03691 (abstract); Gong, Scetbon, Ma & Meeds, arXiv 2502.07752,
for the other RACS; van der Sluis 1969; Sinkhorn & Knopp 1967.
"""

from __future__ import annotations

from gnomon_spec.system import System

system = System("reg", title="REG and RACS: rows and columns scaled", text=__doc__ or "")
