"""What is said of arguments that do not fit together, and of those of functions that no law asks: who, what, and what
was given.

That an argument by itself is in its domain is said by the signature (`test_arguments`), and that it is asked by laws.
"""

import numpy as np
import pytest

from gnomon.curvature.diagonal import bekas
from gnomon.curvature.draws import all_signs, hadamard, rademacher
from gnomon.curvature.operators import Dense, asymmetry
from gnomon.curvature.power import power_iteration
from gnomon.curvature.products import Regression, hvp
from gnomon.curvature.quadrature import spectral_measure
from gnomon.curvature.sample_sizes import diagonal_size, semidefinite_size
from gnomon.curvature.trace import hutchinson, hutchpp
from gnomon.descent import adam, hysterograd, sgd, srkl, srkl_map
from gnomon.descent.homotopy.baselines import polyak_rate
from gnomon.descent.homotopy.clipping import clip_gradients
from gnomon.descent.homotopy.export import layers_csv
from gnomon.descent.homotopy.layers import init_layers, rate_of, schedule_layers
from gnomon.descent.homotopy.optimizer import init as init_homotopy
from gnomon.descent.homotopy.proposals import init_creeping, proposal_adaptive
from gnomon.descent.homotopy.rate import rate
from gnomon.descent.homotopy.warm_up import init_warm_up
from gnomon.descent.hysterograd_atf import atf, marginal_atf
from gnomon.descent.hysterograd_groups import init_groups, step_groups
from gnomon.hessian_free.accumulation import Batch, acc_step
from gnomon.hessian_free.conjugate_gradients import conjugate_gradients
from gnomon.hessian_free.damping import updated_damping
from gnomon.hessian_free.line_search import armijo
from gnomon.hessian_free.optimizer import init, step
from gnomon.hessian_free.preconditioner import fisher_preconditioner
from gnomon.hessian_free.runs import fit_linear_models
from gnomon.hessian_free.self_tests import is_deterministic, reduction_matches
from gnomon.hessian_free.small_objectives import Fenced, Quadratic

ONE, ONES, ROWS, SINGLE = np.ones(2), np.ones(3), np.ones((1, 3)), np.ones(2, np.float32)
A = Dense(np.diag([1.0, 2.0, 3.0]))
LINE = Regression(np.ones((1, 1)), np.ones((1, 1)), ())
BOWL = Quadratic(np.eye(2), np.zeros(2))
BATCH = (Batch(BOWL, 1),)
KAPPA = np.float64(1.0)
PARAMS, STATES = ((ONE,),), init_groups(((ONE,),))
LAYERS = init_layers(["a", "b"])
NEEDS, THEORY = "nesterov requires momentum > 0 and dampening 0, got", "variant 'theory' requires grad_clip None and"
GROUPS = "params, grads and states must have the same number >= 1 of groups, got"

CURVATURE = {
    "operator must be a function of a vector, got ndarray": lambda: hutchinson(A.matrix, ROWS),
    "vector must have shape (3,) to fit the matrix, got (4,)": lambda: hutchinson(A, np.ones((1, 4))),
    "sketch must have at most n = 3 rows, got 4": lambda: hutchpp(A, np.ones((4, 3)), ROWS),
    "probes must not all be 0 in the same coordinate": lambda: bekas(A, np.array([[1.0, 0.0, 2.0]])),
    "probes must not be zero in any row": lambda: spectral_measure(A, np.eye(3) - np.eye(3)[:1], steps=1),
    "deflated must have fewer than n = 3 rows, got 3": lambda: power_iteration(A, ONES, np.eye(3)),
    "start must not be in the span of deflated": lambda: power_iteration(A, 2 * np.eye(3)[0], np.eye(3)[:1]),
    "left must have shape (n,) with n >= 1, got (0,)": lambda: asymmetry(A, ONES[:0], ONES),
    "error must be a finite number in (0, inf), got 0.0": lambda: semidefinite_size(error=0.0, failure=0.1),
    "dimension must be an integer >= 1, got 2.5": lambda: diagonal_size(error=0.1, failure=0.1, dimension=2.5),
    "dimension must be <= 16 (2ⁿ sign vectors), got 17": lambda: all_signs(17),
    "dimension must be a power of 2, got 6": lambda: hadamard(6),
    "count must be an integer >= 1, got 0": lambda: rademacher(np.random.default_rng(0), 0, 3),
    "params must have shape (2,), got (3,)": lambda: hvp(LINE, ONES, ONES),
    "params must have the dtype of the objective's data float64, got float32": lambda: hvp(LINE, SINGLE, SINGLE),
    "targets must have the 1 rows of features, got (2, 1)": lambda: hvp(
        LINE._replace(targets=np.ones((2, 1))), ONE, ONE
    ),
}
DESCENT = {
    f"{NEEDS} momentum 0.0 and dampening 0.0": lambda: sgd.step(ONE, ONE, sgd.init(ONE), nesterov=True),
    f"{NEEDS} momentum 0.9 and dampening 0.1": lambda: sgd.step(
        ONE, ONE, sgd.init(ONE), nesterov=True, momentum=0.9, dampening=0.1
    ),
    "hessian must have shape (2, 2) to fit params (2,), got (3, 3)": lambda: adam.trajectory(
        ONE, np.eye(3), ONE, steps=1
    ),
    "beta1 must be a finite number in [0, 1), got 1.0": lambda: adam.trajectory(
        ONE, np.eye(2), ONE, steps=0, beta1=1.0
    ),
    f"{THEORY} hysteresis_scale 1, got grad_clip 1.0 and hysteresis_scale 1.0": lambda: hysterograd.step(
        ONE, ONE, hysterograd.init(ONE), variant="theory", grad_clip=1.0
    ),
    f"{THEORY} hysteresis_scale 1, got grad_clip None and hysteresis_scale 2.0": lambda: hysterograd.trajectory(
        ONE, np.eye(2), ONE, steps=0, variant="theory", hysteresis_scale=2.0
    ),
    f"{GROUPS} 0, 0 and 0": lambda: step_groups((), (), ()),
    f"{GROUPS} 1, 0 and 1": lambda: step_groups(PARAMS, (), STATES),
    "a group of 1 arrays must have as many grads, got 0": lambda: step_groups(PARAMS, ((),), STATES),
    "grads must have the shape of params (2,), got (3,)": lambda: step_groups(PARAMS, ((ONES,),), STATES),
    "states.metrics must have the shape of params (2,), got (3,)": lambda: step_groups(
        PARAMS, PARAMS, (STATES[0]._replace(metrics=(ONES,)),)
    ),
    "params must have at least one array in each group, got an empty group": lambda: init_groups(((),)),
    "params must have one dtype in each group, got float64 and float32": lambda: init_groups(((ONE, SINGLE),)),
    "accuracy must be >= 0 in every entry": lambda: atf(-ONE, ONE),
    "tflop must be > 0 in every entry": lambda: atf(ONE, 0 * ONE),
    "tflop must grow from epoch to epoch": lambda: marginal_atf(ONE, ONE),
    "probes must be +1 or -1 in every entry": lambda: srkl.curvature_probe(np.ones((1, 2)), np.full((1, 2), 2.0)),
    "probes must have shape (m, n) with m >= 1, got (0, 2)": lambda: srkl.curvature_probe(*[np.ones((0, 2))] * 2),
    "params must hold arrays of one dtype, got float32 and float64": lambda: srkl.step_arrays(*[(SINGLE, ONE)] * 2),
    "grads must have as many arrays as params 2, got 1": lambda: srkl.step_arrays((ONE, ONE), (ONE,)),
    "start must be a finite number in [1, inf), got 0.5": lambda: srkl_map.steps_to_one(0.5, 0.1),
    "ratio must be a finite number in (0, 1], got 0.0": lambda: srkl_map.steps_to_one(2.0, 0.0),
    "min_lr must be <= max_lr, got 2.0 > 1.0": lambda: rate(KAPPA, KAPPA, min_lr=2.0),
    "grads must hold arrays of the dtype of curvature float64, got float32": lambda: clip_gradients(
        (ONE, SINGLE), KAPPA
    ),
    "grad must not be 0 where gap is 1.0": lambda: polyak_rate(KAPPA, 0 * ONE),
    "gap must have the dtype of grad float64, got float32": lambda: polyak_rate(np.float32(1), ONE),
    "curvature must have the dtype of state.history float32, got float64": lambda: proposal_adaptive(
        init_creeping(SINGLE), KAPPA
    ),
    "names must have at least one layer": lambda: init_layers([]),
    "names must be different, got 'a' twice": lambda: init_layers(["a", "b", "a"]),
    "name must be one of 'a', 'b', got 'c'": lambda: rate_of(LAYERS, "c"),
    "operators must have one entry for each of 2 layers, got 1": lambda: schedule_layers(
        LAYERS, (A,), (ONES,), (ROWS,), (ONES,), 0
    ),
    "names must have no comma, quote or line break to stand in a table, got 'a,b'": lambda: layers_csv(
        [init_layers(["a,b"])]
    ),
    "fraction must be a finite number in (0, 1], got 0.0": lambda: init_warm_up(ONE, fraction=0.0),
    "base must be one of 'sgd', 'adam', 'adamw', got 'lion'": lambda: init_homotopy(ONE, base="lion"),
}
HESSIAN_FREE = {
    "stored[0] must be an integer >= 0, got -1": lambda: conjugate_gradients(A, ONES, stored=(-1,)),
    "preconditioner's product must have the shape of rhs (2,), got (1,)": lambda: step(
        ONE, init(ONE), BOWL, lambda v: v[:1]
    ),
    "objective must be finite at params, got inf": lambda: armijo(
        Fenced(np.eye(2), np.zeros(2), 0.5, np.inf), ONE, ONE, ONE
    ),
    "low must be at most high, got 0.5 and 0.25": lambda: updated_damping(KAPPA, KAPPA, low=0.5, high=0.25),
    "diagonal + damping must not be 0 in any entry unless exponent is 0": lambda: fisher_preconditioner(
        0 * ONE, damping=0.0
    ),
    "damping must be a finite number in [0, inf), got inf": lambda: init(ONE, damping=np.inf),
    "the loss must be finite, got inf": lambda: step(ONE, init(ONE), Fenced(np.eye(2), -ONE, 1.0, np.inf)),
    "losses must hold at least one batch, got an empty list": lambda: acc_step(ONE, init(ONE), ()),
    "curvatures must hold at least one batch, got an empty list": lambda: acc_step(ONE, init(ONE), BATCH, None, ()),
    "size of a batch of losses must be an integer >= 1, got 0": lambda: acc_step(ONE, init(ONE), (Batch(BOWL, 0),)),
    "vector must have shape (2,) to fit params (2,), got (3,)": lambda: is_deterministic(BOWL, ONE, ONES),
    "rtol must be a finite number in [0, inf), got -1.0": lambda: is_deterministic(BOWL, ONE, ONE, rtol=-1.0),
    "batches must be at least two, got 1": lambda: reduction_matches(BATCH, BOWL, ONE, ONE),
    "reduction must be one of 'mean', 'sum', got 'x'": lambda: reduction_matches((), BOWL, ONE, ONE, reduction="x"),
    "targets must be in [0, 1] for loss 'logistic'": lambda: fit_linear_models(
        np.ones((1, 2)), np.ones((1, 3, 2)), 2 * np.ones((1, 3)), steps=1, loss="logistic"
    ),
}
SENTENCES = {**CURVATURE, **DESCENT, **HESSIAN_FREE}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_what_does_not_fit_is_told(sentence):
    with pytest.raises((ValueError, TypeError)) as caught:
        SENTENCES[sentence]()
    assert str(caught.value) == sentence
