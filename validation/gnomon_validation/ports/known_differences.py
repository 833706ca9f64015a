"""Where libraries are known to differ from the reference: measured, explained, and expected by the checker.

An entry is for what a library does on purpose or is known to do, not for what a check should go on to find; each figure
is one that the adapters gave on torch 2.13, optax 0.2.8 and JAX 0.10.2, SciPy 1.17.1, curvlinops 3.0.1, pyhessian
0.1, matfree 0.6.3, linear_operator 0.6.1, torch_optimizer 0.3.0 and pytorch_optimizer 4.1.0, on a CPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

ALL = ("float16", "float32", "float64")
WITH_ROOM = ("float32", "float64")


@dataclass(frozen=True)
class Difference:
    """A law that a port is known to break.

    port, law: the port's name and the law's id, with the wildcards of `fnmatch`. dtypes: where it is so.
    verdict: what the checker says of it; any other verdict on the law is not excused.
    reason: why, in a sentence or two, with a figure.
    """

    port: str
    law: str
    dtypes: tuple[str, ...]
    verdict: str
    reason: str


TORCH_UNCHECKED = (
    "torch.optim tests numbers at their lower ends: infinite lr, eps, momentum, momentum_decay and weight_decay, and "
    "RMSprop's alpha = 1, were accepted in 120 of 120 cases each. SGD tests `lr < 0` and the like, which is false of "
    "NaN, too, and takes any dampening. Negative numbers and arrays that do not fit are rejected."
)
TORCH_PRODUCT = (
    "torch.optim.NAdam keeps the product of the momenta in torch's default dtype, float32 beside float64 parameters: "
    "in 50 steps it was off by 2.0e-7 of itself, parameters by 4.1e-11 in 200 steps of lr 2e-3. With "
    "default_dtype=float64 the product has the same bits, and parameters are right to 3.8e-15."
)
TORCH_LERP = (
    "torch computes the first moment by `lerp`, which for β₁ < ½ is g - (g - m)·(1 - (1 - β₁)): the subtraction loses "
    "β₁'s last digits, up to 1/(2β₁) units of roundoff. With g = 0 it is off by 217 units in float32 and 8.8 in "
    "float64 at β₁ = 0.001, by 6.7 and 59 at β₁ = 0.007918295087364139, by 5.0 and 3.4 at β₁ = 0.1, and by at most 1 "
    "for β₁ >= ½. RMSprop's mean gradient and pytorch_optimizer.Lion's momentum are made in the same way."
)
LOST_EPS = (
    "torch.optim and optax add ε in the dtype of the parameters. In float16 an ε below 2⁻²⁵ is 0 there, with it the "
    "default 1e-8: an entry whose gradients have all been 0 is 0/0, NaN after one step (pytorch#147437, optax#1754). "
    "With ε = 1e-7 it stays."
)
TORCH_FUSED_HALF = (
    "torch.optim.SGD(fused=True) leaves out whole vectors of 16 entries, on a CPU, of float16 and bfloat16 parameters "
    "(pytorch#191763): of 17 entries 16 do not move at all, and from the second step on their momentum is other "
    "memory, off by 2.1 to 5.4 for normal gradients, or infinite. Fewer than 16 entries, those that are left over, "
    "float32 and float64 are right."
)
TORCH_DIFFERENTIABLE = (
    "With differentiable=True torch.optim.Adam and AdamW compute 1 - βᵗ in float32, the dtype of their step, whatever "
    "the parameters have. It cancels: moves are off by 6.6e-6 of themselves at t = 1 and by 1.0e-5 at t = 2 for "
    "β₂ = 0.999, by 4.6e-5 at t = 4 for β₂ = 1 - 2⁻¹⁴. In "
    "float16 ε·(1 - β₁ᵗ)/lr, which is what they add, can become 0: NaN where v is 0. Without it they are right."
)
SGDW_CONSTANT = (
    "torch_optimizer.SGDW is another published method than SGD: its decay is decoupled, and must not enter the buffer. "
    "Nor is it that method: it takes lr·λ off each parameter and not lr·λ·x. With lr = 0.1, λ = 0.5 and no gradient "
    "2, -2 and 0 become 1.95, -2.05 and -0.05, where 1.9, -1.9 and 0 are right."
)
SGDW_UNCHECKED = (
    "torch_optimizer.SGDW tests numbers at their lower ends, so that it takes lr = inf. It rejects lr = 0, which is "
    "allowed here."
)
OPTAX_UNCHECKED = (
    "optax checks no hyperparameter and broadcasts arrays: lr = -1 and lr = nan were accepted in 120 of 120 cases, a "
    "gradient of another shape in the 17 to 31 of 120 where it broadcasts against the parameters."
)
CREPES_UNCHECKED = (
    "crepes checks no score, draw or p-value: a draw of 0, with it a p-value of 0, p-values above 1 and NaN were "
    "accepted in 8 of 8 cases. Its jumper's rate is checked. It computes in float64, whatever it is given."
)
VILLE_UNCHECKED = (
    "ville's `normal_mixture` checks nothing: levels of 0 and 1, precisions of 0 and infinity, variances below 0 and "
    "NaN were accepted. It computes in float64, whatever it is given."
)
OPTAX_OPTIMISTIC = (
    "optax.optimistic_gradient_descent checks no rate: lr = 0, inf and nan were accepted in 16 of 16 cases. It begins "
    'as ODOG\'s hint "previous" does, with one gradient and not with two (optax#1082): the same displacements.'
)
OPTAX_BUFFER = (
    "optax.rmsprop's buffer holds lr times the direction: the adapter divides by lr, which it cannot where lr is 0. "
    "There the buffer was 0 instead of the direction in 85 of 120 cases, those with momentum."
)
LION_UNCHECKED = (
    "pytorch_optimizer.Lion tests `lr < 0` and `weight_decay < 0`, which is false of NaN and of infinity: both were "
    "accepted of both in 120 of 120 cases. Negative numbers and arrays that do not fit are rejected."
)
OPTAX_NESTEROV = (
    "optax.sgd ignores `nesterov` while the momentum is 0 instead of rejecting the pair: accepted in 120 of 120 cases."
)
OPTAX_BIAS = (
    "While JAX's 64-bit mode is off, optax computes 1 - βᵗ in float32, where it cancels: it is off by 216 units of "
    "roundoff (1.3e-5) for β = 0.999 at t = 1 and by 1477 (8.8e-5) for β = 1 - 2⁻¹⁴ at t = 1000. With the mode on, "
    "float32 parameters get a factor that is right to 0.8 units."
)
MUON_BFLOAT16 = (
    "torch.optim.Muon and pytorch_optimizer.Muon make the Newton-Schulz steps in bfloat16, whatever the parameters "
    "have. Of 20 normal gradients each, an entry of the direction was off by up to 0.15 for 4 by 4 matrices, 0.051 for "
    "5 by 3, 9.6e-3 for 64 by 64, 7.9e-3 for 128 by 128, its spectral norm by 0.26, 0.075, 0.072 and 0.049: small "
    "singular values are multiplied by up to 484.9, and their rounding with them. With ns_dtype=float64 they are right "
    "to the last digits."
)
MUON_NORM = (
    "torch.optim.Muon, pytorch_optimizer.Muon and optax.contrib.muon sum the squares of the norm as they are. In "
    "float64 a gradient with an entry of 2.7e154 moves nothing, nor does in optax one of 1e19 in float32; with ε = 0 "
    "and 1e-23 optax returns NaN. With ε = 0 a gradient of zeros is 0/0, NaN in every parameter, in torch and optax."
)
MUON_UNCHECKED = (
    "torch.optim.Muon tests lr, momentum and weight_decay at their lower ends, ns_steps for < 100 and eps not at all: "
    "infinite lr and weight_decay, momentum = 1, eps = -1 and NaN, and ns_steps = 0, which orthogonalises nothing, "
    "were accepted in every case. pytorch_optimizer.Muon accepts infinite and NaN lr and weight_decay."
)
HIOPTIMIZER_UNCHECKED = (
    "The published HIOptimizer checks no argument: each of its eight numbers and the factor of a shock was "
    "accepted out of its domain in 120 of 120 cases. A negative or NaN path or metric freezes the group for ever; "
    "grad_clip = 0 means no clipping in head and no step at all in v4."
)
HIOPTIMIZER_SINGLE = (
    "The published HIOptimizer (head) creates τ, T, E and the norm in torch's default dtype, float32 beside float64 "
    "parameters: in 2400 steps n was off by 1.3e-7 of itself, T by 8.0e-8, h by 2.8e-6 where 1 - T cancels, "
    "clipped parameters by 1.6e-5. With default_dtype=float64 all of them are right to 4.2e-16, clipped parameters to "
    "1.2e-13."
)

EIGSH_UNCHECKED = (
    "eigsh converts a start of integers and takes one with a NaN: accepted in 120 of 120 cases each. It rejects a zero "
    "start and counts out of their domain; a product with a NaN ends in an error, too. LAPACK prints lines about "
    "DLASCL meanwhile. A start that is too short is rejected by the adapter: eigsh reads memory beyond it."
)
CG_START = (
    "cg tests the residual before the first iteration, too, and returns a start within the tolerance; the reference "
    "makes an iteration first, as the published optimizer does. In 49 and 50 of 600 cases cg made none where the "
    "reference makes one. Where it makes one they do the same, to the last bit on dense systems."
)
CG_EXACT = (
    "cg has no test for a residual of 0 but that it is below the tolerance: with a tolerance of 0 it divides 0 by 0 at "
    "an exact start, and returns NaN (in 202 of 600 cases; in the others a residual of rounding was left)."
)
CG_UNCHECKED = (
    "cg checks neither rtol nor maxiter, and no number: rtol = -1, maxiter = 0, a NaN in b, start or matrix are "
    "accepted in 600 of 600 cases each. Lengths that do not fit and atol = -1 are rejected."
)
CG_RANGE = (
    "cg does not look at the range of the dtype: where pᵀAp is too small for it, and where an iterate is too large, it "
    "divides and goes on, and returns infinite numbers. Where ‖b‖² is too small (b = 2.6e-23 in float32) it returns b."
)
CURVLINOPS_UNCHECKED = (
    "curvlinops looks at no number: a NaN in parameters, vector or probes, and a product that is not finite, come out "
    "as NaN or infinity in 120 of 120 cases. Lengths, shapes and dtypes that do not fit are rejected."
)
CURVLINOPS_COLUMNS = (
    "hutchpp_trace takes its basis from a QR decomposition and keeps columns of AΩ that depend on others, as arbitrary "
    "directions: for A = 0 it makes 2k + l products where k + l are enough (the trace is 0, too), and one more sketch "
    "vector that is a multiple of another costs two products where one is enough."
)
MATFREE_ERROR = (
    "matfree takes the standard deviation with m and not m - 1: of two sign probes the squared standard error is on "
    "average half of what the mean varies by, and of one probe it is 0, where nothing is known."
)
MATFREE_UNCHECKED = "matfree looks at no number: a NaN in matrix or probes comes out as NaN. It converts integers."
LANCZOS_ABSOLUTE = (
    "lanczos_tridiag stops where b is below 1e-6, whatever the size of the matrix: of diag(1, …, 5) it makes 5 steps, "
    "of 2⁻²⁰ times that 3, of 2⁻²² times that 2. In float32 1e-6 is no more than rounding beside 1, and it goes on. "
    "The first b is not tested at all: of the identity it makes a second step, along a vector of rounding."
)
LANCZOS_SINGLE = "lanczos_tridiag cannot make a single step, as for n = 1: it writes beyond its T, an IndexError."
LANCZOS_UNCHECKED = (
    "lanczos_tridiag looks at no number: products and starts with a NaN, or a start of 0, come out as NaN."
)
PYHESSIAN_UNCHECKED = (
    "pyhessian checks no vector and no number: where a product is not finite it returns NaN (in 120 of 120 cases), and "
    "for more than n eigenvalues it returns as many as it was asked for. (It draws its start itself.)"
)
PYHESSIAN_ADDEND = (
    "pyhessian divides a vector by its length + 1e-6, so that each iterate is too short: every eigenvalue is too small "
    "by 2.0e-6 of itself, whatever its scale, in 60 of 60 cases in float64, and eigenvectors are shorter than 1 by "
    "1e-6/|λ|. Divided by the length alone it conforms."
)
PYHESSIAN_RANGE = (
    "pyhessian sums squares as they are, divides by a length + 1e-6 and compares the change of an eigenvalue with its "
    "size + 1e-6: of 2⁻⁷⁹·diag(1, ½) in float32 it returns 0 and a vector of zeros (NaN, divided by the length alone)."
)
POLAR_FULL = (
    "scipy.linalg.polar returns an isometry whatever the rank is: of a gradient of zeros the identity, of diag(1, 0) a "
    "second singular value of 1 where EGD has 0. It has no threshold, so that a singular value of 4e-5 beside 1, left "
    "out by rtol = 4.7e-5, counts in full. Of full rank it conforms, to 0.4 of the bands in both dtypes."
)
POLAR_UNCHECKED = "scipy.linalg.polar takes integers and stacks of matrices, and has no rtol that it could look at."
GUDHI_BOTTLENECK = (
    "gudhi.bottleneck_distance says 1.8e-308 of equal diagrams in float64, since its least tolerance is the smallest "
    "normal number, and may be wrong: 2.5 of (3, 8), (2, 4), (1, 2) and (3, 7), (5, 9), (5, 6), (3, 7), which are 2 "
    "apart, and in 14 of 3,000 pairs of up to 8 whole-numbered bars. gudhi.hera's with delta=0 is right."
)
GUDHI_UNCHECKED = (
    "GUDHI looks at no number that it is given: distances of NaN, functions of ∞ and bars of NaN end its process "
    "(SIGSEGV), or lead to an answer."
)
RIPSER_SINGLE = (
    "ripser rounds distances to float32, whatever it is given, so that bars are off by up to 6e-8 of themselves and "
    "distances that nearly tie do tie. In float32 its bars are the oracle's bit for bit."
)
RIPSER_EMPTY = "ripser finds one component that never dies in a cloud of no point, and leaves out bars of no length."
RIPSER_UNCHECKED = "ripser looks at neither distances nor threshold."
PERSIM_DROPS = (
    "persim leaves bars that never end out of both diagrams, with a warning: 0.5 where it is ∞ (its issue 105). Of "
    "bars that end both of its distances are right, its Wasserstein distance for p = 1 and the Euclidean ground."
)
PERSIM_UNCHECKED = "persim looks at no bar: neither at NaN nor at the order of birth and death."

SAM_SINGLE = (
    "pytorch_optimizer.SAM squares and sums the norms of gradients in float32, whatever the parameters have: beside "
    "float64 ones the perturbation was too long or too short by up to 1.4e-7 of ρ in 1000 gradients (median 3.3e-8). "
    "Computed in their own dtype it conforms."
)
SAM_RANGE = (
    "pytorch_optimizer.SAM squares the joint norm in float32: for ‖g‖ above 1.8e19 nothing is perturbed, for ‖g‖ below "
    "1e-23 ρ/‖g‖ is infinite, in float64, too (with its default guard 1e-12 the step is as short as 1e12·ρ·‖g‖)."
)
SAM_ZERO = (
    "With perturb_eps = 0 pytorch_optimizer.SAM makes 0·∞ of a gradient of 0: NaN. With its default 1e-12 it stays."
)
SAM_UNCHECKED = (
    "pytorch_optimizer.SAM looks at no number but at its lower end, and at no gradient: one that is NaN or infinite, "
    "at the parameters or at the perturbed point, goes into the base optimizer's step."
)
OPTAX_SAM_ZERO = (
    "optax.contrib.sam with contrib.normalize() divides a gradient of 0 by its norm: NaN parameters, and no guard to "
    "be given (optax#1743)."
)
OPTAX_SAM_RANGE = (
    "optax.contrib.normalize sums squares as they are: gradients of 1e155 in float64, 1e20 in float32, perturb "
    "nothing, those of 1e-170 and 1e-24 perturb infinitely."
)
OPTAX_SAM_UNCHECKED = (
    "optax.contrib.sam checks nothing: rho = -1, lr = nan and gradients that are not finite were accepted in all cases."
)
RACS_MEANS = (
    "pytorch_optimizer.RACS 4.1.0 makes no fit of rank one: it divides by the roots of running means of the mean "
    "squares of rows and of columns, plus 1e-8, one side begun at 0 and the other at 1. Of 100 normal 3×4 matrices the "
    "ratio of its entries to those of the five-sweep fit varies within one matrix by a factor of 1.08 to 46, 2.0 in "
    "the median. A gradient of 0 ends movement: on one 3×4 matrix, 1,474 steps passed until half of the usual length."
)
RACS_UNCHECKED = (
    "pytorch_optimizer.RACS accepts lr and gamma that are NaN or infinite and looks at no entry of an array. Negative "
    "numbers are rejected, and alpha >= 1, which is allowed here."
)
REJECTED = ":bad_input_is_rejected"
BAD_INPUT, ACCEPTED, WRONG, OFF = f"step{REJECTED}", ("accepts bad input",), ("wrong",), ("wrong", "imprecise")
EIGENVALUES, OUT_OF_RANGE = "curvature.largest_eigenvalues:", "they_do_not_leave_the_range_before_the_matrix_does"
IN_TORCH = ("SGD", "Adam", "RMSprop", "NAdam")
IN_OPTAX = {"sgd": "sgd", "adam": "adam*", "amsgrad": "adam*", "nadam": "nadam", "rmsprop": "rmsprop", "lion": "lion"}
IN_OPTAX |= {"contrib.muon": "muon"}
MUONS = ("torch.optim.Muon", "pytorch_optimizer.Muon")
LERPING = ("torch.optim.Adam", "torch.optim.NAdam", "torch.optim.RMSprop", "pytorch_optimizer.Lion", *MUONS)
OF_NORMS = (
    "agrees_with_the_oracle",
    "a_mirrored_run_is_the_mirror_image",
    "mean_and_heavy_ball_go_one_way",
    "no_gradient_no_move",
    "with_one_gradient_all_forms_go_one_way",
    "without_epsilon_the_unit_of_the_gradient_does_not_matter",
)
ADAMS = ("adam", "amsgrad", "nadam")
OF_RANK = (
    "agrees_with_the_oracle",
    "it_has_r_singular_values_of_1",
    "it_is_the_dual_of_the_gradient",
    "a_second_time_changes_nothing",
    "only_the_sign_of_a_factor_counts",
    "it_turns_with_the_gradient",
    "it_does_not_matter_how_a_matrix_is_stored",
    "it_goes_block_by_block",
    "it_is_what_shampoo_does_with_one_gradient",
    "a_vector_is_divided_by_its_length",
    "of_nothing_it_is_nothing",
    "it_jumps_where_the_rank_changes",
)
OF_LENGTHS = (
    "agrees_with_the_oracle",
    "they_are_those_that_the_matrix_was_made_of",
    "the_vectors_are_orthonormal_eigenvectors",
    "they_scale_with_the_matrix",
)
SGDW = "torch:torch_optimizer.SGDW*"
OF_DECAY = (
    "agrees_with_the_oracle",
    "nesterov_agrees_with_the_oracle",
    "weight_decay_is_a_gradient",
    "a_mirrored_run_is_the_mirror_image",
    "a_rotated_run_is_the_rotation_of_the_run",
    "without_momentum_dampening_does_nothing",
    "every_step_of_a_run_is_right",
    "a_free_run_follows_the_oracle",
)
HIOPTIMIZER = "torch:hysterograd.optimizer.HIOptimizer"
SAM_AT_REST = ("perturb:where_there_is_no_gradient_nothing_moves", "step:at_a_stationary_point_it_stays")
SAM_ANY_SIZE = "perturb:gradients_of_any_size_perturb_alike"
# Of each reason the dtypes, the verdicts, and the ports and laws.
ROWS: tuple[tuple[str, tuple[str, ...], tuple[str, ...], list[tuple[str, str]]], ...] = (
    (TORCH_UNCHECKED, ALL, ACCEPTED, [(f"torch:torch.optim.{name}*", f"*.{BAD_INPUT}") for name in IN_TORCH]),
    (LION_UNCHECKED, ALL, ACCEPTED, [("torch:pytorch_optimizer.Lion*", f"lion.{BAD_INPUT}")]),
    (RACS_UNCHECKED, WITH_ROOM, ACCEPTED, [("pytorch_optimizer.racs", f"reg.fisher_{BAD_INPUT}")]),
    (RACS_UNCHECKED, WITH_ROOM, ("error",), [("pytorch_optimizer.racs", "reg.fisher_step:agrees*")]),
    (RACS_MEANS, WITH_ROOM, OFF, [("pytorch_optimizer.racs", "reg.fisher_step:*")]),
    (TORCH_PRODUCT, ("float64",), WRONG, [("torch:torch.optim.NAdam", "nadam.step:*")]),
    (LOST_EPS, ("float16",), WRONG, [(f"torch:torch.optim.{name}*", "*.step:*") for name in IN_TORCH if name != "SGD"]),
    (
        LOST_EPS,
        ("float16",),
        WRONG,
        [(f"optax:optax.{name}*", "*.step:*") for name in (*ADAMS, "rmsprop", "contrib.muon")],
    ),
    (TORCH_LERP, ALL, ("imprecise",), [(f"torch:{name}*", "*.step:*") for name in LERPING]),
    (OPTAX_UNCHECKED, ALL, ACCEPTED, [(f"optax:optax.{name}*", f"{of}.{BAD_INPUT}") for name, of in IN_OPTAX.items()]),
    (MUON_NORM, ALL, OFF, [(f"torch:{name}", "muon.step:no_gradient_no_move") for name in MUONS]),
    (MUON_BFLOAT16, ALL, OFF, [(f"torch:{name}", "muon.step:*") for name in MUONS]),
    (
        MUON_NORM,
        ALL,
        OFF,
        [
            (f"{port}*", f"muon.step:{law}")
            for port in (*(f"torch:{name}" for name in MUONS), "optax:optax.contrib.muon")
            for law in OF_NORMS
        ],
    ),
    (MUON_UNCHECKED, ALL, ACCEPTED, [(f"torch:{name}*", f"muon.{BAD_INPUT}") for name in MUONS]),
    (OPTAX_OPTIMISTIC, WITH_ROOM, ACCEPTED, [("optax.optimistic", "odog.run:*_rejected")]),
    (HIOPTIMIZER_UNCHECKED, ALL, ACCEPTED, [(f"{HIOPTIMIZER}*", "hysterograd.*_rejected")]),
    (HIOPTIMIZER_SINGLE, ("float64",), OFF, [(HIOPTIMIZER, "hysterograd.*")]),
    (EIGSH_UNCHECKED, WITH_ROOM, ACCEPTED, [("scipy", f"{EIGENVALUES}bad_input_is_rejected")]),
    *(
        (reason, WITH_ROOM, verdicts, [("scipy", f"hessian_free.conjugate_gradients:{law}") for law in laws])
        for reason, verdicts, *laws in (
            (CG_START, WRONG, "agrees_with_the_oracle", "the_residual_is_first_tested_after_an_iteration"),
            (CG_EXACT, WRONG, "an_exact_start_is_the_answer"),
            (
                CG_UNCHECKED,
                ACCEPTED,
                "a_product_that_is_not_finite_stops_everything",
                "bad_input_is_rejected",
                "iterations_below_0_are_not_stored",
            ),
            (
                CG_RANGE,
                WRONG,
                "a_right_side_may_have_any_size",
                "curvature_that_underflows_is_not_negative",
                "an_iterate_that_overflows_is_not_returned",
            ),
        )
    ),
    (
        CURVLINOPS_UNCHECKED,
        WITH_ROOM,
        ACCEPTED,
        [("curvlinops", f"{of}.*:bad_input_is_rejected") for of in ("products", "curvature")],
    ),
    (
        CURVLINOPS_COLUMNS,
        WITH_ROOM,
        WRONG,
        [
            ("curvlinops", f"curvature.hutchpp:{law}")
            for law in ("of_nothing_the_trace_is_nothing", "columns_that_depend_*")
        ],
    ),
    (PYHESSIAN_UNCHECKED, WITH_ROOM, ACCEPTED, [("pyhessian", f"{EIGENVALUES}*_rejected")]),
    (PYHESSIAN_ADDEND, WITH_ROOM, OFF, [("pyhessian", f"{EIGENVALUES}{law}") for law in OF_LENGTHS]),
    (PYHESSIAN_RANGE, WITH_ROOM, WRONG, [("pyhessian", f"{EIGENVALUES}{OUT_OF_RANGE}")]),
    (TORCH_FUSED_HALF, ("float16",), OFF, [("torch:torch.optim.SGD(*fused=True*", "sgd.step:*")]),
    *(
        (
            TORCH_DIFFERENTIABLE,
            dtypes,
            verdicts,
            [(f"torch:torch.optim.{name}(*differentiable=True*", f"{name.lower()}.step:{law}")],
        )
        for name in ("Adam", "AdamW")
        for dtypes, verdicts, law in (
            (WITH_ROOM, OFF, "*"),
            (("float16",), WRONG, "it_coasts_when_the_gradient_is_gone"),
        )
    ),
    (SGDW_CONSTANT, ALL, OFF, [(SGDW, f"sgd.step:{law}") for law in OF_DECAY]),
    (SGDW_UNCHECKED, ALL, ACCEPTED, [(SGDW, f"sgd.{BAD_INPUT}")]),
    (SGDW_UNCHECKED, ALL, ("error",), [(SGDW, "sgd.step:no_learning_rate_no_move")]),
    (
        MATFREE_ERROR,
        WITH_ROOM,
        WRONG,
        [
            ("matfree", f"curvature.{law}")
            for law in ("*:agrees_with_the_oracle", "hutchinson:two_probes_halve_the_variance_and_know_it")
        ],
    ),
    (POLAR_FULL, WITH_ROOM, WRONG, [("scipy.polar", f"egd.polar:{law}") for law in OF_RANK]),
    (CREPES_UNCHECKED, WITH_ROOM, ACCEPTED, [("crepes", "m_fisher.*_rejected")]),
    (VILLE_UNCHECKED, WITH_ROOM, ACCEPTED, [("ville", "m_fisher.*_rejected")]),
    (POLAR_UNCHECKED, WITH_ROOM, ACCEPTED, [("scipy.polar", f"egd.polar{REJECTED}")]),
    (MATFREE_UNCHECKED, WITH_ROOM, ACCEPTED, [("matfree", f"curvature.*{REJECTED}")]),
    (
        LANCZOS_ABSOLUTE,
        WITH_ROOM,
        OFF,
        [
            ("linear_operator", f"curvature.lanczos:{law}")
            for law in ("it_ends_when_the_space_is_invariant", "it_scales_with_the_matrix")
        ],
    ),
    (
        LANCZOS_SINGLE,
        WITH_ROOM,
        ("error",),
        [
            ("linear_operator", f"curvature.lanczos:{law}")
            for law in (
                "agrees_with_the_oracle",
                "it_turns_the_matrix_into_a_tridiagonal_one",
                "a_shift_moves_the_diagonal",
                "each_step_costs_one_product",
            )
        ],
    ),
    (LANCZOS_UNCHECKED, WITH_ROOM, ACCEPTED, [("linear_operator", f"curvature.lanczos{REJECTED}")]),
    *(
        (reason, dtypes, verdicts, [(port, f"sam.{law}") for law in laws])
        for port, reason, dtypes, verdicts, *laws in (
            ("pytorch_optimizer.sam", SAM_UNCHECKED, WITH_ROOM, ACCEPTED, "*_rejected"),
            ("pytorch_optimizer.sam", SAM_ZERO, WITH_ROOM, WRONG, *SAM_AT_REST),
            ("pytorch_optimizer.sam", SAM_RANGE, WITH_ROOM, OFF, SAM_ANY_SIZE),
            ("pytorch_optimizer.sam", SAM_SINGLE, ("float64",), OFF, "*"),
            ("optax.sam", OPTAX_SAM_UNCHECKED, WITH_ROOM, ACCEPTED, "*_rejected"),
            ("optax.sam", OPTAX_SAM_ZERO, WITH_ROOM, WRONG, *SAM_AT_REST),
            ("optax.sam", OPTAX_SAM_RANGE, WITH_ROOM, WRONG, SAM_ANY_SIZE),
        )
    ),
    *(
        (reason, dtypes, verdicts, [(port, f"topology.{law}") for law in laws])
        for port, reason, dtypes, verdicts, *laws in (
            ("gudhi", GUDHI_BOTTLENECK, WITH_ROOM, OFF, "bottleneck:*"),
            ("gudhi*", GUDHI_UNCHECKED, WITH_ROOM, (*ACCEPTED, "crashed"), "*_rejected"),
            ("ripser", RIPSER_SINGLE, ("float64",), OFF, "*"),
            ("ripser", RIPSER_EMPTY, ("float32",), WRONG, "rips_diagrams:agrees*", "rips_diagrams:every_set*"),
            ("ripser", RIPSER_EMPTY, ("float32",), WRONG, "rips_diagrams:clouds_far*", "rips_diagrams:points_have*"),
            ("ripser", RIPSER_UNCHECKED, WITH_ROOM, ACCEPTED, "*_rejected"),
            ("persim", PERSIM_DROPS, WITH_ROOM, WRONG, "bottleneck:*", "wasserstein:*"),
            ("persim", PERSIM_UNCHECKED, WITH_ROOM, ACCEPTED, "*_rejected"),
        )
    ),
    (OPTAX_BUFFER, ALL, WRONG, [("optax:optax.rmsprop*", "rmsprop.step:no_learning_rate_no_move")]),
    (OPTAX_NESTEROV, ALL, ACCEPTED, [("optax:optax.sgd*", "sgd.step:nesterov_needs_momentum")]),
    (OPTAX_BIAS, ("float32",), ("imprecise",), [(f"optax:optax.{name}*", "*adam*.step:*") for name in ADAMS]),
    (OPTAX_BIAS, ("float32",), ("imprecise",), [("optax:optax.contrib.muon*", "muon.step:*")]),
)
KNOWN = tuple(
    Difference(port, law, dtypes, verdict, reason)
    for reason, dtypes, verdicts, laws in ROWS
    for port, law in laws
    for verdict in verdicts
)


def reason_for(port_name: str, law_id: str, dtype: str, verdict: str) -> str | None:
    """Return why a port is known to get this verdict on a law in a dtype; None if it is not known to."""
    for known in KNOWN:
        fits = fnmatchcase(port_name, known.port) and fnmatchcase(law_id, known.law)
        if fits and dtype in known.dtypes and verdict == known.verdict:
            return known.reason
    return None
