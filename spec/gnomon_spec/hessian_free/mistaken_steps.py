"""Plausible mistakes in the step of the optimizer."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.hessian_free import optimizer as reference
from gnomon.hessian_free.adaptation import (
    ITERATES,
    MODELS,
    ON_INCREASE,
    REFERENCES,
    Adaptation,
    Model,
    Rules,
    Selected,
    adapted,
    rules_of,
)
from gnomon.hessian_free.backtracking import Choice
from gnomon.hessian_free.conjugate_gradients import POLICIES, conjugate_gradients
from gnomon.hessian_free.damping import updated_damping
from gnomon.hessian_free.line_search import LineSearch, armijo
from gnomon.hessian_free.optimizer import HessianFreeState, Report
from gnomon.hessian_free.storage_grid import kept_iterations, storage_grid
from gnomon_spec.hessian_free.family import system

SWITCHES = {
    "rho_reference": (None, *REFERENCES),
    "rho_model": (None, *MODELS),
    "rho_iterate": (None, *ITERATES),
    "on_increase": (None, *ON_INCREASE),
    "on_nonpositive_curvature": (None, *POLICIES),
}
Step = tuple[Any, HessianFreeState, Report]


def stepped(params: Any, state: Any, objective: Any, preconditioner: Any, hyper: dict[str, Any], **rules: Any) -> Step:
    """Return the step of the reference with one of its rules changed."""
    reference.step(params, state, objective, preconditioner, **hyper)
    variant, f = hyper["variant"], objective
    curvature = rules.get("curvature", hyper["curvature"])
    loss, grad, lam = f.value(params), f.gradient(params), state.damping
    product = f.hvp if curvature == "hessian" else f.ggnvp
    stored = tuple(int(i) for i in storage_grid(hyper["max_iter"], variant=variant)) if hyper["backtracking"] else ()
    in_solve = rules.get("in_solve", 1)
    policy = hyper["on_nonpositive_curvature"] or reference.ON_NONPOSITIVE_CURVATURE[variant]
    solution = conjugate_gradients(
        lambda v: product(params, v) + in_solve * lam * v,
        -grad,
        state.warm_start * rules.get("kept", 1),
        None if rules.get("unpreconditioned") else preconditioner,
        max_iter=hyper["max_iter"],
        rtol=reference.CG_RTOL[variant] if hyper["rtol"] is None else hyper["rtol"],
        progress_threshold=hyper["progress_threshold"],
        on_nonpositive_curvature=rules.get("policy", policy),
        stored=stored,
        variant=variant,
    )
    x, last = solution.iterates, solution.iterates[-1]
    choice = reference.chosen_iterate(f, params, solution, hyper["backtracking"] and not rules.get("last"), variant)
    if rules.get("last") and hyper["backtracking"]:
        choice = Choice(len(x) - 1, 1)
    never_refused = rules.get("never_refused")
    refused = choice.taken < 0 and not never_refused
    s = x[choice.taken] if choice.taken >= 0 else (last if never_refused else 0 * last)
    chosen = kept_iterations(stored, solution.iterations)[choice.taken] if choice.taken >= 0 else -1
    judged = Adaptation(lam, params.dtype.type(np.nan), 0, 0)
    if hyper["adapt_damping"] and bool(lam > 0):
        model = Model(lambda v: f.value(params + v), loss, grad, lambda v: product(params, v), lam, state.warm_start)
        selected = None if refused else Selected(s, solution.values[chosen])
        judged = adapted(model, solution, selected, rules.get("ratio", asked(hyper)), variant)
        if rules.get("judges_nothing") and bool(np.isnan(judged.ratio)):
            judged = judged._replace(damping=updated_damping(lam, judged.ratio, variant=variant))
        if rules.get("stays") and bool(np.isnan(judged.ratio)):
            judged = judged._replace(damping=lam)
    lr, uphill = rules.get("lr", hyper["lr"]), bool(np.dot(grad, s) > 0)
    reject, linesearch = rules.get("reject", hyper["reject_ascent"]), rules.get("linesearch", hyper["linesearch"])
    if refused or (reject and not linesearch and uphill):
        found = LineSearch(0 * params[0], loss, 0)
    elif linesearch:
        tries = rules.get("tries", reference.TRIES[variant])
        found = armijo(f, params, s, grad, lr=lr, max_iter=tries, reject_ascent=reject)
    else:
        found = LineSearch(0 * params[0] + lr, f.value(params + lr * s), 1)
        if not bool(np.isfinite(found.value)) and not never_refused:
            found = LineSearch(0 * params[0], loss, 1)
    new = params + 0 if bool(found.step == 0) else params + found.step * s
    warm = {"scaled": found.step * last, "chosen": s}.get(rules.get("warm", ""), last)
    warm = 0 * last if refused else rules.get("decay", hyper["decay"]) * warm
    report = Report(
        loss,
        found.value,
        lam,
        judged.ratio,
        solution.reason,
        solution.iterations,
        chosen,
        found.step,
        solution.products + judged.products,
        1 + choice.visited + judged.evaluations + found.evaluations + rules.get("miscounted", 0),
    )
    return new, HessianFreeState(warm, judged.damping), report


def asked(hyper: dict[str, Any]) -> Rules:
    """Return the rules that were asked for."""
    return rules_of(
        hyper["variant"],
        reference=hyper["rho_reference"],
        model=hyper["rho_model"],
        iterate=hyper["rho_iterate"],
        on_increase=hyper["on_increase"],
    )


def with_presets(hyper: dict[str, Any], variant: str, **presets: str) -> dict[str, Any]:
    """Return what the mistaken presets of a variant make of the arguments: they stand where `None` was given."""
    if hyper["variant"] != variant:
        return hyper
    return {**hyper, **{name: value for name, value in presets.items() if hyper[name] is None}}


@system.mistake("step")
def ratio_measured_from_the_warm_start(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """In "martens" ρ is that from the warm start to the last iterate, with the damped model, and a quotient even where
    the loss rose: the rule of a released package, under which λ can grow for ever."""
    code = {"rho_reference": "x0", "rho_model": "damped", "rho_iterate": "last", "on_increase": "ratio"}
    return reference.step(params, state, objective, preconditioner, **with_presets(hyper, "martens", **code))


@system.mistake("step")
def ratio_of_the_code_measured_from_the_parameters(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """In "code" ρ is measured from θ and not from the warm start."""
    return reference.step(params, state, objective, preconditioner, **with_presets(hyper, "code", rho_reference="zero"))


@system.mistake("step")
def ratio_with_the_other_model(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """The damped and the undamped model are taken for each other in ρ."""
    rules = asked(hyper)
    other = rules._replace(model={"damped": "undamped"}.get(rules.model, "damped"))
    return stepped(params, state, objective, preconditioner, hyper, ratio=other)


@system.mistake("step")
def ratio_of_the_other_iterate(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """The last and the selected iterate are taken for each other in ρ."""
    rules = asked(hyper)
    other = rules._replace(iterate={"last": "selected"}.get(rules.iterate, "last"))
    return stepped(params, state, objective, preconditioner, hyper, ratio=other)


@system.mistake("step")
def reference_that_was_asked_for_is_ignored(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """ρ is always measured from the point of the variant's preset, whatever `rho_reference` says."""
    rules = asked(hyper)
    preset = rules._replace(reference={"code": "x0"}.get(hyper["variant"], "zero"))
    return stepped(params, state, objective, preconditioner, hyper, ratio=preset)


@system.mistake("step")
def a_rise_is_never_distrusted(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """ρ is the quotient, also where the loss rose and -∞ was asked for."""
    return stepped(params, state, objective, preconditioner, hyper, ratio=asked(hyper)._replace(on_increase="ratio"))


@system.mistake("step")
def a_rise_is_always_distrusted(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """ρ is -∞ where the loss rose, also if the quotient was asked for."""
    rules = asked(hyper)._replace(on_increase="distrust")
    return stepped(params, state, objective, preconditioner, hyper, ratio=rules)


@system.mistake("step")
def ascent_is_not_rejected_by_the_step(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """The step ignores `reject_ascent`."""
    return stepped(params, state, objective, preconditioner, hyper, reject=False)


@system.mistake("step")
def ascent_is_always_rejected_by_the_step(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """No step is made uphill, whether that was asked for or not."""
    return stepped(params, state, objective, preconditioner, hyper, reject=True)


@system.mistake("step")
def damping_stays_where_nothing_was_found(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """In "martens" λ stays after a step that was refused or could not begin: the same step is tried for ever."""
    return stepped(params, state, objective, preconditioner, hyper, stays=True)


@system.mistake("step")
def damping_of_the_next_step(params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any) -> Step:
    """The step is made again with the damping that was meant for the next one."""
    _, after, _ = reference.step(params, state, objective, preconditioner, **hyper)
    new, later, report = reference.step(
        params, state._replace(damping=after.damping), objective, preconditioner, **{**hyper, "adapt_damping": False}
    )
    return new, later._replace(damping=after.damping), report


@system.mistake("step")
def warm_start_scaled_by_the_line_search(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """The next warm start is decay·a·x_N."""
    return stepped(params, state, objective, preconditioner, hyper, warm="scaled")


@system.mistake("step")
def warm_start_from_the_backtracked_iterate(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """The next warm start is decay times the iterate that backtracking took."""
    return stepped(params, state, objective, preconditioner, hyper, warm="chosen")


@system.mistake("step")
def warm_start_does_not_decay(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """The next warm start is x_N itself."""
    return stepped(params, state, objective, preconditioner, hyper, decay=1.0)


@system.mistake("step")
def every_start_is_cold(params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any) -> Step:
    """Conjugate gradients begin at 0; ρ still looks at the warm start."""
    return stepped(params, state, objective, preconditioner, hyper, kept=0)


@system.mistake("step")
def damping_is_not_in_the_system(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """λ is adapted, but not added to the curvature."""
    return stepped(params, state, objective, preconditioner, hyper, in_solve=0)


@system.mistake("step")
def damping_counts_twice(params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any) -> Step:
    """2λ is added to the curvature."""
    return stepped(params, state, objective, preconditioner, hyper, in_solve=2)


@system.mistake("step")
def damping_is_never_adapted(params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any) -> Step:
    """λ stays as it was."""
    new, after, report = reference.step(params, state, objective, preconditioner, **hyper)
    return new, after._replace(damping=state.damping), report


@system.mistake("step")
def damping_of_the_step_is_clipped(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """λ is kept between 1e-6 and 100, whatever the units of the loss and the parameters."""
    new, after, report = reference.step(params, state, objective, preconditioner, **hyper)
    return new, after._replace(damping=np.minimum(np.maximum(after.damping, 1e-6), 100)), report


@system.mistake("step")
def damping_grows_at_a_minimum(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """In "martens" λ grows where the step is 0 and there is nothing to judge it by."""
    return stepped(params, state, objective, preconditioner, hyper, judges_nothing=True)


@system.mistake("step")
def damping_of_the_state_is_ignored(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """λ is 1 in every step, whatever the state says: what a checkpoint brings back is lost."""
    one = state._replace(damping=0 * state.damping + 1)
    return reference.step(params, one, objective, preconditioner, **hyper)


@system.mistake("step")
def last_parameter_is_not_moved(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """The last parameter stays where it is (the tail of a vectorised loop is missing)."""
    new, after, report = reference.step(params, state, objective, preconditioner, **hyper)
    return np.where(np.arange(len(params)) == len(params) - 1, params, new), after, report


@system.mistake("step")
def last_iterate_is_always_taken(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """There is no backtracking."""
    return stepped(params, state, objective, preconditioner, hyper, last=True)


@system.mistake("step")
def no_line_is_searched(params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any) -> Step:
    """The step length is always lr."""
    return stepped(params, state, objective, preconditioner, hyper, linesearch=False)


@system.mistake("step")
def rate_is_ignored(params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any) -> Step:
    """The first step length is 1, whatever lr is."""
    return stepped(params, state, objective, preconditioner, hyper, lr=1.0)


@system.mistake("step")
def curvatures_taken_for_each_other(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """The Hessian is used for "ggn" and the Gauss-Newton matrix for "hessian"."""
    other = {"ggn": "hessian", "hessian": "ggn"}.get(hyper["curvature"], "")
    return stepped(params, state, objective, preconditioner, hyper, curvature=other)


@system.mistake("step")
def policies_taken_for_each_other(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """Where the curvature is not positive "martens" goes on and "code" stops."""
    other = {"martens": "ignore", "code": "stop"}.get(hyper["variant"], "")
    swapped = with_presets(hyper, hyper["variant"], on_nonpositive_curvature=other)
    return reference.step(params, state, objective, preconditioner, **swapped)


@system.mistake("step")
def policy_of_the_step_is_ignored(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """Where the curvature is not positive the step does what the variant's preset says, whatever was asked for."""
    policy = reference.ON_NONPOSITIVE_CURVATURE.get(hyper["variant"], "")
    return stepped(params, state, objective, preconditioner, hyper, policy=policy)


@system.mistake("step")
def preconditioner_is_lost(params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any) -> Step:
    """The step runs without the preconditioner that it was given."""
    return stepped(params, state, objective, preconditioner, hyper, unpreconditioned=True)


@system.mistake("step")
def steps_into_nowhere_are_made(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """If no iterate has a finite loss the last one is taken."""
    return stepped(params, state, objective, preconditioner, hyper, never_refused=True)


@system.mistake("step")
def loss_of_the_full_step_is_told(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """The final loss reported is the one before the step."""
    new, after, report = reference.step(params, state, objective, preconditioner, **hyper)
    return new, after, report._replace(final_loss=report.loss)


@system.mistake("step")
def evaluation_at_the_start_is_not_counted(
    params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any
) -> Step:
    """The evaluation at θ is not counted."""
    return stepped(params, state, objective, preconditioner, hyper, miscounted=-1)


@system.mistake("step")
def step_is_not_checked(params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any) -> Step:
    """Whatever is given is used: negative numbers by their size, NaN as 0, unknown names as the default."""
    known = {"curvature": reference.CURVATURES, "variant": reference.VARIANTS, **SWITCHES}
    named = {name: hyper[name] if hyper[name] in allowed else allowed[0] for name, allowed in known.items()}
    sizes = {name: abs(hyper[name]) for name in ("decay", "lr")}
    rest = {**hyper, **named, **sizes, "max_iter": max(1, hyper["max_iter"])}
    start = HessianFreeState(state.warm_start[: len(params)], np.abs(np.nan_to_num(state.damping)))
    f = objective
    if hasattr(f, "stationary"):
        f = f._replace(stationary=np.nan_to_num(f.stationary))
    return reference.step(params, start, f, preconditioner, **rest)
