"""What a distortion is: a smooth part by name, and jumps; its value, its dual and its density.

w: [0, 1] → [0, 1] does not fall, w(0) = 0, w(1) = 1, and acts on the survival probability u = P(Y > y). With masses m
of jumps at levels ζ, w(u) = (1 - Σm)·smooth(u) + Σ m·1{u > 1-ζ}: it is left-continuous. A jump puts its mass on the
quantile at the level ζ.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Number
from gnomon.probability.drm import normal

Name = Literal["mean", "cvar", "wang", "ph", "dual", "gini", "tk", "prelec", "sshape"]
EPS = float(np.finfo(np.float64).eps)
G_MIN = 0.27920424701494  # below it Tversky & Kahneman's function falls near 0.0976
DOMAINS: dict[str, tuple[Number, ...]] = {
    "mean": (),
    "cvar": (Number(0, 1),),
    "wang": (Number(-inf, above=True),),
    "ph": (Number(above=True),),
    "dual": (Number(above=True),),
    "gini": (Number(-1, 1, closed=True),),
    "tk": (Number(G_MIN, 1, closed=True),),
    "prelec": (Number(0, 1, above=True, closed=True), Number(above=True)),
    "sshape": (Number(above=True),),
}
Levels: TypeAlias = Annotated[Array, Entries(("n",), each=Number(0, 1, closed=True))]


class Distortion(NamedTuple):
    """The smooth part's name and parameters, and pairs (level in (0, 1), mass > 0) of jumps, masses at most 1 in all.

    mean: u. cvar(α): min(u/(1-α), 1). wang(λ): Φ(Φ⁻¹(u) + λ). ph(r): u^r. dual(k): 1 - (1-u)^k. gini(a):
    (1+a)·u - a·u². tk(g): u^g/(u^g + (1-u)^g)^(1/g). prelec(a, η): exp(-η·(-log u)^a). sshape(a):
    ½·(1 + tanh(a·(u - ½))/tanh(a/2)).
    """

    name: Name = "mean"
    parameters: tuple[float, ...] = ()
    jumps: tuple[tuple[float, float], ...] = ()


def var(level: float) -> Distortion:
    """Return the distortion of the quantile at a level: nothing but a jump."""
    return Distortion(jumps=((level, 1.0),))


def discontinuous(*levels: float) -> Distortion:
    """Return 0.8·sshape(5) + 0.2·(the mean of quantiles at levels), as the authors' code has it."""
    return Distortion("sshape", (5.0,), tuple((level, 0.2 / len(levels)) for level in levels))


def share_of_smooth(distortion: Distortion) -> Any:
    """Return 1 - Σm."""
    share: Any = 1.0
    for _, mass in distortion.jumps:
        share = share - mass
    return share


def require_distortion(given: Mapping[str, Any]) -> None:
    """Require parameters in the domain of the name, and jumps inside (0, 1) of masses > 0, 1 in all at most."""
    distortion = given["distortion"]
    name, parameters, jumps = distortion
    domains = DOMAINS[name]
    if len(parameters) != len(domains):
        raise ValueError(f"distortion.parameters of {name} must be {len(domains)} numbers, got {parameters}")
    for domain, parameter in zip(domains, parameters, strict=True):
        domain.require(f"distortion.parameters of {name}", parameter, given)
    for level, mass in jumps:
        Number(0, 1, above=True).require("distortion.jumps: a level", level, given)
        Number(0, 1, above=True, closed=True).require("distortion.jumps: a mass", mass, given)
    eps = float(np.finfo(next(x.dtype for x in given.values() if hasattr(x, "dtype"))).eps)
    if share_of_smooth(distortion) < -eps * len(jumps):
        raise ValueError(f"distortion.jumps must have masses of at most 1 in all, got {jumps}")


def of_smooth(u: Any, v: Any, name: str, parameters: tuple[float, ...]) -> Any:
    """Return the smooth part at u = 1-v."""
    a = parameters[0] if parameters else 1.0
    if name == "cvar":
        w = np.minimum(u / (1 - a), 1)
    elif name == "wang":
        w = normal.cdf(normal.quantile(u, v) + a)
    elif name == "ph":
        w = u**a
    elif name == "dual":
        w = -np.expm1(a * np.log1p(-u))
    elif name == "gini":
        w = u * (1 + a * v)
    elif name == "tk":
        w = u**a / (u**a + v**a) ** (1 / a)
    elif name == "prelec":
        w = np.exp(-parameters[1] * (-np.log(u)) ** a)
    elif name == "sshape":
        w = np.expm1(-2 * a * u) / np.expm1(-a * np.ones_like(u)) / (1 + np.exp(a * (v - u)))
    else:
        w = u
    return np.where(u > 0, np.where(v > 0, w, 1), 0 * u)


def of_dual(u: Any, v: Any, name: str, parameters: tuple[float, ...]) -> Any:
    """Return 1 - smooth(v), u = 1-v, without the subtraction."""
    a = parameters[0] if parameters else 1.0
    if name == "cvar":
        return np.maximum(u - a, 0) / (1 - a)
    if name == "wang":
        return of_smooth(u, v, name, (-a,))
    if name in ("ph", "dual"):
        return of_smooth(u, v, "dual" if name == "ph" else "ph", parameters)
    if name == "gini":
        return of_smooth(u, v, name, (-a,))
    if name == "tk":
        log_v = np.log1p(-u)
        w = -np.expm1(a * log_v - np.log1p(u**a + np.expm1(a * log_v)) / a)
    elif name == "prelec":
        w = -np.expm1(-parameters[1] * (-np.log1p(-u)) ** a)
    else:
        return of_smooth(u, v, name, parameters)
    return np.where(u > 0, np.where(v > 0, w, 1), 0 * u)


def of_slope(u: Any, v: Any, name: str, parameters: tuple[float, ...], blur: float) -> Any:
    """Return the smooth part's slope at u = 1-v; infinite where it is."""
    a = parameters[0] if parameters else 1.0
    if name == "cvar":
        return np.where(u - (1 - a) > blur, 0 * u, 1 / (1 - a))
    if name == "wang":
        return np.exp(-a * normal.quantile(u, v) - a * a / 2) if a else np.ones_like(u)
    if name == "ph":
        return a * u ** (a - 1)
    if name == "dual":
        return a * v ** (a - 1)
    if name == "gini":
        return 1 + a * (v - u)
    if name == "tk":
        return u ** (a - 1) * (u**a + v**a) ** (-1 / a - 1) * (a * (u**a + v**a) - u**a + u * v ** (a - 1))
    if name == "prelec":
        if a == 1:
            return of_slope(u, v, "ph", parameters[1:], blur)
        inside = (u > 0) & (v > 0)
        log_u = -np.log(np.where(inside, u, 0.5))
        slope = np.exp(log_u - parameters[1] * log_u**a) * (parameters[1] * a * log_u ** (a - 1))
        return np.where(inside, slope, np.inf)
    if name == "sshape":
        far = np.exp(-a * np.abs(u - v))
        return 2 * a * far / (1 + far) ** 2 / np.tanh(a / 2 * np.ones_like(u))
    return np.ones_like(u)


def blur(u: Any, n: int) -> float:
    """Return what rounding may add to a sum of n weights that are 1 in all; levels are rounded to float64."""
    return n * max(float(np.finfo(u.dtype).eps), EPS)


def of_survival(u: Any, distortion: Distortion, n: int = 1) -> Any:
    """Return w at survival probabilities that are sums of n weights; at a jump it has not jumped yet."""
    name, parameters, jumps = distortion
    with np.errstate(divide="ignore", over="ignore"):
        w = share_of_smooth(distortion) * of_smooth(u, 1 - u, name, parameters)
    for level, mass in jumps:
        w = np.where(u - (1 - level) > blur(u, n), w + mass, w)
    return w


def of_level(z: Any, distortion: Distortion, n: int = 1) -> Any:
    """Return 1 - w(1-z) at levels of which n roundings may be made; at a jump it has jumped."""
    name, parameters, jumps = distortion
    with np.errstate(divide="ignore", over="ignore"):
        w = share_of_smooth(distortion) * of_dual(z, 1 - z, name, parameters)
    for level, mass in jumps:
        w = np.where(level - z > blur(z, n), w, w + mass)
    return w


def slope(u: Any, distortion: Distortion, n: int = 1) -> Any:
    """Return w′ at survival probabilities that are sums of n weights, without the jumps."""
    name, parameters, _ = distortion
    share = share_of_smooth(distortion)
    with np.errstate(divide="ignore", over="ignore"):
        return share * of_slope(u, 1 - u, name, parameters, blur(u, n)) if share > 0 else np.zeros_like(u)


@checked(require_distortion)
def distortion(u: Levels, distortion: Distortion) -> Array:
    """Return w(u), shape (n,), the distortion of survival probabilities.

    u: shape (n,), in [0, 1]. distortion: see `Distortion`. w(0) = 0 and w(1) = 1 exactly, but for the sum of masses.

    Choice: u within one spacing of 1 of 1-ζ counts as 1-ζ, where w has not jumped yet: u > 1-ζ in floating point would
    depend on how u was rounded.
    """
    w: Array = of_survival(u, distortion)
    return w


@checked(require_distortion)
def dual(u: Levels, distortion: Distortion) -> Array:
    """Return w̄(u) = 1 - w(1-u), shape (n,), without the subtraction: what w leaves near 1 keeps its digits.

    ρ of -Y under w is -ρ of Y under w̄. wang(λ) has the dual wang(-λ), ph(k) dual(k), gini(a) gini(-a); mean and sshape
    are their own. A jump at the level ζ becomes 1{u >= ζ}.
    """
    w: Array = of_level(u, distortion)
    return w


@checked(require_distortion)
def density(u: Levels, distortion: Distortion) -> Array:
    """Return w′(u), shape (n,), of what is not a jump: from the left at the kink of cvar, ∞ where it is infinite."""
    w: Array = slope(u, distortion)
    return w
