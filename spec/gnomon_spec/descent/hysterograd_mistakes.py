"""What ports of HysteroGrad get wrong: its step with one line, or a few, replaced by a plausible other.

Where a mistake does not say otherwise, it is one of the code's variants, and "theory" is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from gnomon.descent import hysterograd as reference
from gnomon.descent.hysterograd import HysteroGradState, Report
from gnomon_spec.descent.hysterograd import system

Line = Callable[[Any], Any]
DEFAULTS = {name: value for name, value in system.operations["step"].hyperparameters.items() if name != "check_finite"}


def _is_clipped(p: Any) -> bool:
    return p.grad_clip is not None and (p.variant == "head" or bool(p.full_norm > p.grad_clip))


def _scale(p: Any) -> Any:
    if not _is_clipped(p):
        return np.ones_like(p.full_norm)
    scale = p.grad_clip / (p.full_norm + 1e-6)
    return np.minimum(1, scale) if p.variant == "head" else scale


def _norm(p: Any) -> Any:
    is_cut = p.variant == "v4" and _is_clipped(p)
    return np.ones_like(p.full_norm) * p.grad_clip if is_cut else p.scale * p.full_norm


def _height(p: Any, path: Any) -> Any:
    return p.stiffening_factor * p.hysteresis_scale * np.sqrt(path) * (1 - np.minimum(p.warmth, 1))


def _width(p: Any) -> Any:
    return _height(p, p.path) * ((p.mean_norm + 1e-8) if p.adaptive_threshold else 1)


# The lines of a step in their order, each a function of the inputs and of the lines before it.
CODE_LINES: Mapping[str, Line] = {
    "metric": lambda p: p.beta * p.old.metric + (1 - p.beta) * p.metric_scale * (p.grad * p.grad),
    "temperature": lambda p: p.cooling_rate * p.old.temperature,
    "direction": lambda p: p.grad / (np.sqrt(p.metric) + p.epsilon),
    "full_norm": lambda p: np.sqrt(np.sum(p.direction * p.direction)),
    "scale": _scale,
    "norm": _norm,
    "path": lambda p: p.old.path_length + p.lr * (p.scale * p.full_norm),
    "mean_norm": lambda p: p.beta * p.old.mean_norm + (1 - p.beta) * p.norm,
    "warmth": lambda p: p.temperature if p.variant == "head" else p.old.temperature,
    "width": _width,
    "threshold": lambda p: p.release_ratio * p.width if p.old.liquid else p.width,
    "liquid": lambda p: p.norm > p.threshold,
    "move": lambda p: p.lr * p.scale * p.direction,
    "after": lambda p: p.path,
}
THEORY_LINES: Mapping[str, Line] = {
    **CODE_LINES,
    "direction": lambda p: p.grad / (p.metric + p.epsilon),
    "full_norm": lambda p: np.sqrt(np.sum(p.direction * p.direction) / max(p.direction.size, 1)),
    "path": lambda p: p.old.path_length,
    "width": lambda p: _height(p, p.path) * (p.mean_norm if p.adaptive_threshold else 1),
    "after": lambda p: p.path + p.lr * np.sqrt(np.sum(p.metric * (p.direction * p.direction))) if p.liquid else p.path,
}


def unchecked(params: Any, grad: Any, state: HysteroGradState, lines: Mapping[str, Line], hyper: dict[str, Any]) -> Any:
    """Take a step made of the given lines."""
    p = SimpleNamespace(params=params, grad=grad, old=state, **{**DEFAULTS, **hyper})
    for name, line in lines.items():
        setattr(p, name, bool(line(p)) if name == "liquid" else line(p))
    new = params - p.move if p.liquid else params
    after = HysteroGradState(p.metric, p.after, p.temperature, p.mean_norm, p.liquid)
    return new, after, Report(p.liquid, p.norm, p.width, p.scale)


def lines_of(hyper: dict[str, Any]) -> Mapping[str, Line]:
    return THEORY_LINES if hyper.get("variant") == "theory" else CODE_LINES


def stepped(params: Any, grad: Any, state: HysteroGradState, hyper: dict[str, Any], **changed: Line) -> Any:
    """Take a step with some lines of the code's variants replaced."""
    if hyper.get("variant") == "theory" or not is_accepted(params, grad, state, hyper):
        return reference.step(params, grad, state, **hyper)
    return unchecked(params, grad, state, {**CODE_LINES, **changed}, hyper)


def theorised(params: Any, grad: Any, state: HysteroGradState, hyper: dict[str, Any], **changed: Line) -> Any:
    """Take a step with some lines of the variant "theory" replaced."""
    if hyper.get("variant") != "theory" or not is_accepted(params, grad, state, hyper):
        return reference.step(params, grad, state, **hyper)
    return unchecked(params, grad, state, {**THEORY_LINES, **changed}, hyper)


def is_accepted(params: Any, grad: Any, state: HysteroGradState, hyper: dict[str, Any]) -> bool:
    """Return whether the reference would use the inputs."""
    if hyper.get("check_finite"):
        return False
    try:
        reference.require_hyperparameters(**{**DEFAULTS, **hyper})
    except (TypeError, ValueError):
        return False
    return bool(params.shape == grad.shape == state.metric.shape)


@system.mistake("step")
def epsilon_inside_the_root(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """ε is added inside the square root."""
    return stepped(params, grad, state, hyper, direction=lambda p: p.grad / np.sqrt(p.metric + p.epsilon))


@system.mistake("step")
def epsilon_left_out(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """ε is not added at all."""
    return stepped(params, grad, state, hyper, direction=lambda p: p.grad / np.sqrt(p.metric))


@system.mistake("step")
def no_root(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The gradient is divided by the metric itself instead of its root (as in the text)."""
    return stepped(params, grad, state, hyper, direction=lambda p: p.grad / (p.metric + p.epsilon))


@system.mistake("step")
def metric_scale_outside_the_root(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """metric_scale multiplies the root of the metric instead of the squared gradient."""
    return stepped(
        params,
        grad,
        state,
        hyper,
        metric=lambda p: p.beta * p.old.metric + (1 - p.beta) * (p.grad * p.grad),
        direction=lambda p: p.grad / (p.metric_scale * np.sqrt(p.metric) + p.epsilon),
    )


@system.mistake("step")
def arguments_are_not_checked(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """Any hyperparameter is accepted, and arrays of another shape are cut to fit."""
    grad, metric = (
        x if x.shape == params.shape else x.reshape(-1)[: params.size].reshape(params.shape)
        for x in (grad, state.metric)
    )
    if hyper.get("check_finite"):
        return reference.step(params, grad, state._replace(metric=metric), **hyper)
    return unchecked(params, grad, state._replace(metric=metric), lines_of(hyper), hyper)


@system.mistake("step")
def theory_with_a_root(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """In theory, the gradient is divided by the root of the metric, as in the code."""
    return theorised(params, grad, state, hyper, direction=CODE_LINES["direction"])


@system.mistake("step")
def check_finite_ignored(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """check_finite is accepted but nothing is checked."""
    return reference.step(params, grad, state, **{**hyper, "check_finite": False})


@system.mistake("step")
def clip_missing_in_the_gate(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The unclipped norm is compared with the barrier."""
    return stepped(params, grad, state, hyper, liquid=lambda p: p.full_norm > p.threshold)


@system.mistake("step")
def root_mean_square_norm(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """n is the root of the mean square instead of the length (as in the text)."""
    return stepped(params, grad, state, hyper, full_norm=THEORY_LINES["full_norm"])


@system.mistake("step")
def absolute_gradient(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The sign of the gradient is lost."""
    return reference.step(params, np.abs(grad), state, **hyper)


@system.mistake("step")
def temperature_cools_liquid_groups_only(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """A frozen group does not cool."""
    new, after, report = stepped(params, grad, state, hyper)
    if report.liquid or hyper.get("variant") == "theory":
        return new, after, report
    return new, after._replace(temperature=state.temperature), report


@system.mistake("step")
def temperature_stays(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The temperature is never cooled."""
    return stepped(params, grad, state, hyper, temperature=lambda p: p.old.temperature)


@system.mistake("step")
def metric_scale_left_out(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """metric_scale is ignored."""
    return stepped(
        params, grad, state, hyper, metric=lambda p: p.beta * p.old.metric + (1 - p.beta) * (p.grad * p.grad)
    )


@system.mistake("step")
def metric_corrected_for_its_bias_at_first(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """A metric of zeros is replaced by the first square instead of (1-β) of it: a bias correction nobody makes."""
    right = CODE_LINES["metric"]
    return stepped(
        params,
        grad,
        state,
        hyper,
        metric=lambda p: np.where(p.old.metric == 0, p.metric_scale * (p.grad * p.grad), right(p)),
    )


@system.mistake("step")
def metric_of_the_step_before(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The gradient is divided by the root of the metric as it was before this gradient entered it."""
    return stepped(params, grad, state, hyper, direction=lambda p: p.grad / (np.sqrt(p.old.metric) + p.epsilon))


@system.mistake("step")
def metric_sums_instead_of_averaging(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The metric adds the whole square instead of (1-β) of it."""
    return stepped(
        params, grad, state, hyper, metric=lambda p: p.beta * p.old.metric + p.metric_scale * (p.grad * p.grad)
    )


@system.mistake("step")
def one_metric_for_the_whole_group(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The gradient is divided by one number, the root of the mean metric of the group."""

    def direction(p: Any) -> Any:
        return p.grad / (np.sqrt(np.sum(p.metric) / max(p.metric.size, 1)) + p.epsilon)

    return stepped(params, grad, state, hyper, direction=direction)


@system.mistake("step")
def norm_of_absolute_values(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """n is the sum of absolute values instead of the length."""
    return stepped(params, grad, state, hyper, full_norm=lambda p: np.sum(np.abs(p.direction)))


@system.mistake("step")
def norm_of_the_gradient(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """n is the length of the gradient as it came, not divided by the root of the metric."""
    return stepped(params, grad, state, hyper, full_norm=lambda p: np.sqrt(np.sum(p.grad * p.grad)))


@system.mistake("step")
def clipping_the_gradient(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """grad_clip bounds the gradient before anything else, instead of the preconditioned one."""
    clip = hyper.get("grad_clip")
    if clip is None or not is_accepted(params, grad, state, hyper):
        return reference.step(params, grad, state, **hyper)
    scale = np.minimum(1, clip / (np.sqrt(np.sum(grad * grad)) + 1e-6))
    new, after, report = reference.step(params, scale * grad, state, **{**hyper, "grad_clip": None})
    return new, after, report._replace(scale=scale)


@system.mistake("step")
def clipping_ignored(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """grad_clip is ignored."""
    return stepped(params, grad, state, hyper, scale=lambda p: np.ones_like(p.full_norm), norm=lambda p: p.full_norm)


@system.mistake("step")
def clipping_also_lengthens(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The factor of clipping is c/N even where that is above 1: short steps are made longer."""

    def scale(p: Any) -> Any:
        return np.ones_like(p.full_norm) if p.grad_clip is None else p.grad_clip / (p.full_norm + 1e-6)

    def norm(p: Any) -> Any:
        clipped_in_v4 = p.variant == "v4" and p.grad_clip is not None
        return np.ones_like(p.full_norm) * p.grad_clip if clipped_in_v4 else p.scale * p.full_norm

    return stepped(params, grad, state, hyper, scale=scale, norm=norm)


@system.mistake("step")
def clip_missing_in_the_move(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The clipped norm is reported and gated, but the parameters move by the unclipped step."""
    return stepped(params, grad, state, hyper, move=lambda p: p.lr * p.direction)


@system.mistake("step")
def clip_missing_in_the_path(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The path grows by lr times the unclipped norm."""
    return stepped(params, grad, state, hyper, path=lambda p: p.old.path_length + p.lr * p.full_norm)


@system.mistake("step")
def clip_missing_in_the_mean(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """E averages the unclipped norms."""
    return stepped(
        params, grad, state, hyper, mean_norm=lambda p: p.beta * p.old.mean_norm + (1 - p.beta) * p.full_norm
    )


@system.mistake("step")
def clip_missing_in_the_report(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The reported norm is the unclipped one, while all else uses the clipped."""
    new, after, report = stepped(params, grad, state, hyper)
    if hyper.get("variant") == "theory":
        return new, after, report
    direction = grad / (np.sqrt(after.metric) + hyper["epsilon"])
    return new, after, report._replace(norm=np.sqrt(np.sum(direction * direction)))


@system.mistake("step")
def clip_without_its_small_constant(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The factor of clipping is c/N without 1e-6 added to N."""

    def scale(p: Any) -> Any:
        if not _is_clipped(p):
            return np.ones_like(p.full_norm)
        return np.minimum(1, p.grad_clip / p.full_norm)

    return stepped(params, grad, state, hyper, scale=scale)


@system.mistake("step")
def learning_rate_missing_in_the_path(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The path grows by n instead of lr·n."""
    return stepped(params, grad, state, hyper, path=lambda p: p.old.path_length + p.scale * p.full_norm)


@system.mistake("step")
def path_counts_liquid_steps_only(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The path grows only when the step is taken: a frozen group thaws as soon as its gradient allows."""
    return stepped(params, grad, state, hyper, after=lambda p: p.path if p.liquid else p.old.path_length)


@system.mistake("step")
def path_fades_away(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The path is a running mean like E instead of a sum."""
    return stepped(
        params,
        grad,
        state,
        hyper,
        path=lambda p: p.beta * p.old.path_length + (1 - p.beta) * p.lr * (p.scale * p.full_norm),
    )


@system.mistake("step")
def barrier_of_the_path_before(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The barrier uses the path as it was before this step."""

    def width(p: Any) -> Any:
        return _height(p, p.old.path_length) * ((p.mean_norm + 1e-8) if p.adaptive_threshold else 1)

    return stepped(params, grad, state, hyper, width=width)


@system.mistake("step")
def barrier_of_the_mean_before(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The barrier uses E as it was before this step."""

    def width(p: Any) -> Any:
        return _height(p, p.path) * ((p.old.mean_norm + 1e-8) if p.adaptive_threshold else 1)

    return stepped(params, grad, state, hyper, width=width)


@system.mistake("step")
def barrier_in_proportion_to_the_path(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The barrier grows with the path instead of its root."""

    def width(p: Any) -> Any:
        return _height(p, p.path * p.path) * ((p.mean_norm + 1e-8) if p.adaptive_threshold else 1)

    return stepped(params, grad, state, hyper, width=width)


@system.mistake("step")
def barrier_without_its_small_constant(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """An adaptive barrier is multiplied by E without 1e-8 added."""
    return stepped(params, grad, state, hyper, width=THEORY_LINES["width"])


@system.mistake("step")
def barrier_never_adaptive(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The barrier is not multiplied by the mean norm though it was asked for."""
    return stepped(params, grad, state, hyper, width=lambda p: _height(p, p.path))


@system.mistake("step")
def barrier_always_adaptive(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The barrier is multiplied by the mean norm though it was not asked for."""
    return stepped(params, grad, state, hyper, width=lambda p: _height(p, p.path) * (p.mean_norm + 1e-8))


@system.mistake("step")
def barrier_of_the_temperature_before(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The barrier uses the temperature before it is cooled (as in v4) where it should be cooled (as in head)."""
    return stepped(params, grad, state, hyper, warmth=lambda p: p.old.temperature)


@system.mistake("step")
def temperature_not_clamped(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """1 - T is used as it is: the barrier is negative while T is above 1."""

    def width(p: Any) -> Any:
        height = p.stiffening_factor * p.hysteresis_scale * np.sqrt(p.path) * (1 - p.warmth)
        return height * ((p.mean_norm + 1e-8) if p.adaptive_threshold else 1)

    return stepped(params, grad, state, hyper, width=width)


@system.mistake("step")
def temperature_lets_the_barrier_fall(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The barrier is multiplied by T instead of 1 - T: it falls as the group cools."""

    def width(p: Any) -> Any:
        height = p.stiffening_factor * p.hysteresis_scale * np.sqrt(p.path) * np.minimum(p.warmth, 1)
        return height * ((p.mean_norm + 1e-8) if p.adaptive_threshold else 1)

    return stepped(params, grad, state, hyper, width=width)


@system.mistake("step")
def mean_norm_without_its_weight(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """E adds the whole norm instead of (1-β) of it."""
    return stepped(params, grad, state, hyper, mean_norm=lambda p: p.beta * p.old.mean_norm + p.norm)


@system.mistake("step")
def mean_norm_of_one_step(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """E is the norm of this step alone."""
    return stepped(params, grad, state, hyper, mean_norm=lambda p: p.norm)


@system.mistake("step")
def mean_norm_forgotten_when_frozen(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """E is not updated when the step is refused."""
    new, after, report = stepped(params, grad, state, hyper)
    if report.liquid or hyper.get("variant") == "theory":
        return new, after, report
    return new, after._replace(mean_norm=state.mean_norm), report


@system.mistake("step")
def metric_kept_when_frozen(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The metric is not updated when the step is refused."""
    new, after, report = stepped(params, grad, state, hyper)
    if report.liquid or hyper.get("variant") == "theory":
        return new, after, report
    return new, after._replace(metric=state.metric), report


@system.mistake("step")
def state_kept_when_frozen(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """Nothing at all is updated when the step is refused."""
    new, after, report = stepped(params, grad, state, hyper)
    if report.liquid or hyper.get("variant") == "theory":
        return new, after, report
    return new, state._replace(liquid=False), report


@system.mistake("step")
def equality_is_liquid(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """A norm equal to the barrier is let through: >= instead of >."""
    if not is_accepted(params, grad, state, hyper):
        return reference.step(params, grad, state, **hyper)
    return unchecked(params, grad, state, {**lines_of(hyper), "liquid": lambda p: p.norm >= p.threshold}, hyper)


@system.mistake("step")
def no_number_is_liquid(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The gate asks whether n <= h and lets through what is not: a NaN, too."""
    if not is_accepted(params, grad, state, hyper):
        return reference.step(params, grad, state, **hyper)
    lines = {**lines_of(hyper), "liquid": lambda p: not bool(p.norm <= p.threshold)}
    return unchecked(params, grad, state, lines, hyper)


@system.mistake("step")
def gate_only_reported(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """A refused step is reported as such, but taken."""
    new, after, report = stepped(params, grad, state, hyper)
    if hyper.get("variant") == "theory" or not bool(np.isfinite(report.norm)):
        return new, after, report
    direction = grad / (np.sqrt(after.metric) + hyper["epsilon"])
    return params - hyper["lr"] * report.scale * direction, after, report


@system.mistake("step")
def gate_for_each_entry(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """Every entry has a gate of its own: those of |d| up to the barrier are kept, the others moved."""

    def move(p: Any) -> Any:
        return np.where(np.abs(p.scale * p.direction) > p.threshold, p.lr * p.scale * p.direction, 0 * p.direction)

    return stepped(params, grad, state, hyper, move=move)


@system.mistake("step")
def hysteresis_scale_left_out(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """hysteresis_scale is ignored."""
    if not is_accepted(params, grad, state, hyper):
        return reference.step(params, grad, state, **hyper)
    return reference.step(params, grad, state, **{**hyper, "hysteresis_scale": 1.0})


@system.mistake("step")
def release_ratio_left_out(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The gate has one threshold though two were asked for."""
    if not is_accepted(params, grad, state, hyper):
        return reference.step(params, grad, state, **hyper)
    return reference.step(params, grad, state, **{**hyper, "release_ratio": 1.0})


@system.mistake("step")
def release_ratio_whatever_the_status(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The lower threshold is used for frozen groups, too: one threshold, only lower."""
    return reference.step(params, grad, state._replace(liquid=True), **hyper)


@system.mistake("step")
def release_ratio_for_frozen_groups(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The thresholds are exchanged: the lower one thaws and the higher one freezes."""
    return reference.step(params, grad, state._replace(liquid=not state.liquid), **hyper)


@system.mistake("step")
def status_not_remembered(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The status is reported but not stored: the state stays as it was."""
    new, after, report = reference.step(params, grad, state, **hyper)
    return new, after._replace(liquid=state.liquid), report


@system.mistake("step")
def gate_of_the_wrong_sign(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """Steps above the barrier are refused and those below taken."""
    return stepped(params, grad, state, hyper, liquid=lambda p: p.norm < p.threshold)


@system.mistake("step")
def theory_for_the_code(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The formulas of the text are used for a variant of the code."""
    if not is_accepted(params, grad, state, hyper):
        return reference.step(params, grad, state, **hyper)
    text = {**hyper, "variant": "theory", "grad_clip": None, "hysteresis_scale": 1.0}
    return reference.step(params, grad, state, **text)


@system.mistake("step")
def clipped_norm_is_the_clip(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """In head, a clipped norm is taken to be the clip itself (as in v4) instead of f·N, which is a hair less."""

    def norm(p: Any) -> Any:
        is_cut = p.grad_clip is not None and bool(p.full_norm > p.grad_clip)
        return np.ones_like(p.full_norm) * p.grad_clip if is_cut else p.scale * p.full_norm

    return stepped(params, grad, state, hyper, norm=norm)


@system.mistake("step")
def head_for_v4(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The newest code ("head") is used where the one published before ("v4") was asked for."""
    other = "head" if hyper.get("variant") == "v4" else hyper.get("variant", "head")
    return reference.step(params, grad, state, **{**hyper, "variant": other})


@system.mistake("step")
def theory_with_the_length(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """In theory, n is the length of the step's direction instead of the root of its mean square."""
    return theorised(params, grad, state, hyper, full_norm=CODE_LINES["full_norm"])


@system.mistake("step")
def theory_counts_refused_steps(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """In theory, the path grows by refused steps, too."""

    def after(p: Any) -> Any:
        return p.path + p.lr * np.sqrt(np.sum(p.metric * (p.direction * p.direction)))

    return theorised(params, grad, state, hyper, after=after)


@system.mistake("step")
def theory_measures_without_the_metric(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """In theory, the path grows by the length of the step instead of √(ΔᵀGΔ)."""

    def after(p: Any) -> Any:
        return p.path + p.lr * np.sqrt(np.sum(p.direction * p.direction)) if p.liquid else p.path

    return theorised(params, grad, state, hyper, after=after)


@system.mistake("step")
def theory_cools_first(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """In theory, the barrier uses the temperature after cooling."""
    return theorised(params, grad, state, hyper, warmth=lambda p: p.temperature)


@system.mistake("step")
def ascent_instead_of_descent(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The step goes up the gradient: its sign is wrong."""
    return reference.step(params, -grad, state, **hyper)


@system.mistake("step")
def last_entry_left_out(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The last entry of the group is not moved (the tail of a vectorised loop is missing)."""
    new, after, report = reference.step(params, grad, state, **hyper)
    last = (np.arange(params.size) == params.size - 1).reshape(params.shape)
    return np.where(last, params, new), after, report


@system.mistake("step")
def last_entry_left_out_of_the_norm(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The last entry of the group does not count in its norm (the tail of a vectorised sum is missing)."""

    def full_norm(p: Any) -> Any:
        first = p.direction.reshape(-1)[:-1]
        return np.sqrt(np.sum(first * first))

    return stepped(params, grad, state, hyper, full_norm=full_norm)


@system.mistake("step")
def step_in_proportion_to_the_parameters(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """The gradient is multiplied by the size of the parameter (a trust ratio that nobody asked for)."""
    return reference.step(params, grad * np.abs(params), state, **hyper)


@system.mistake("step")
def bad_entries_taken_for_zeros(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """A NaN or an infinity in the gradient is replaced by 0 and the group lives on."""
    if hyper.get("check_finite"):
        return reference.step(params, grad, state, **hyper)
    return reference.step(params, np.where(np.isfinite(grad), grad, 0 * params), state, **hyper)


@system.mistake("step")
def nothing_by_nothing_is_nothing(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """Where the metric is 0 without ε the direction is taken to be 0 instead of 0/0."""

    def direction(p: Any) -> Any:
        root = np.sqrt(p.metric) + p.epsilon
        return np.where(root == 0, 0 * p.params, p.grad / np.where(root == 0, np.ones_like(root), root))

    return stepped(params, grad, state, hyper, direction=direction)


@system.mistake("step")
def moves_without_a_learning_rate(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """A learning rate of 0 is taken for "not given" and replaced by the default."""
    rate = hyper["lr"] if hyper["lr"] != 0 else 1e-3
    return reference.step(params, grad, state, **{**hyper, "lr": rate})


@system.mistake("step")
def theory_takes_what_it_does_not_know(params: Any, grad: Any, state: HysteroGradState, **hyper: Any) -> Any:
    """Variant "theory" accepts clipping and hysteresis_scale and ignores them."""
    if hyper.get("variant") != "theory":
        return reference.step(params, grad, state, **hyper)
    return reference.step(params, grad, state, **{**hyper, "grad_clip": None, "hysteresis_scale": 1.0})
