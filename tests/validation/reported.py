"""Ports as they were reported in public: what each is to be called, in one table."""

from pathlib import Path

from gnomon_validation.ports.find import find_port

PORTS = Path(__file__).parent / "reported_ports"
RIGHT, WRONG, IMPRECISE, EITHER = {"conforms"}, {"wrong"}, {"imprecise"}, {"wrong", "imprecise"}
NO_SENTENCE = ""
# Conjugate gradients of these ports do not scale their residual, which is a bug beside the reported one.
UNSCALED = "; and: r is taken as it is: where its square is too small for the dtype, b counts as 0"
# The system of each port, what its worst verdict may be, and what is said; whether it rejects bad input is no part of
# that.
EXPECTED = {
    "c04_cupy10098_no_breakdown_guard": ("curvature", WRONG, NO_SENTENCE),
    "c05_cupy10099_one_pass": ("curvature", EITHER, NO_SENTENCE),
    "c20_lanczos_honest_two_passes": ("curvature", RIGHT, NO_SENTENCE),
    "c21_lanczos_honest_mgs_twice": ("curvature", RIGHT, NO_SENTENCE),
    "c22_ritz_honest": ("curvature", RIGHT, NO_SENTENCE),
    "h02_squared_residual": ("hessian_free", WRONG, f"‖r‖² is compared with the tolerance, not ‖r‖{UNSCALED}"),
    "h06_torchsparsegradutils100_reason": (
        "hessian_free",
        WRONG,
        f"A run that ends by the residual says that it ended by the number of iterations{UNSCALED}",
    ),
    "h09_iterativesolvers244_first_residual": (
        "hessian_free",
        WRONG,
        "The residual is compared with rtol·‖r₀‖, not rtol·‖b‖ (another published form: as IterativeSolvers.jl "
        f"documents it){UNSCALED}",
    ),
    "h12_russell166_accumulated_trials": (
        "hessian_free",
        WRONG,
        "Each candidate is made from the one before it, and not from x",
    ),
    "h15_leastsquaresoptim36_abs_denominator": (
        "hessian_free",
        WRONG,
        "The prediction is taken by its size, as if it always were a fall",
    ),
    "n01_convnetjs70_adam_bias_multiplied": ("adam", WRONG, "The moments are multiplied by 1-βᵗ instead of divided"),
    "n04_mlxrs301_no_bias_correction": ("adam", WRONG, "Neither moment is bias-corrected"),
    "n06_nd4j1227_t_starts_at_zero": ("adam", WRONG, NO_SENTENCE),
    "n08_torchopt14_adamw_decay_without_param": (
        "adamw",
        WRONG,
        "lr·λ is taken off every parameter, whatever its size and its sign",
    ),
    "n12_optimisers215_scalars_in_dtype": ("adam", IMPRECISE, NO_SENTENCE),
    "n13_optax1754_fixed_float16": ("adam", RIGHT, NO_SENTENCE),
    "n14_optax1754_bug_float16": ("adam", RIGHT, NO_SENTENCE),  # in wider dtypes than that of the report
    "n21_sgdw_honest": (
        "sgd",
        WRONG,
        "Weight decay is taken off the parameters (as in AdamW) instead of being added to the gradient",
    ),
    "n22_adam_honest_unvalidated": ("adam", RIGHT, NO_SENTENCE),
}


def reported(name):
    return find_port(str(PORTS / f"{name}.py"))
