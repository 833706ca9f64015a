"""From what a user writes (`numba`, `my_port.py`, `torch:torch.optim.AdamW`, …) to a port."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from inspect import isroutine
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from gnomon_spec.system import systems
from gnomon_validation.ports.bundled import BUNDLED
from gnomon_validation.ports.functions import FunctionsPort
from gnomon_validation.ports.loading import attribute, exists, is_file, load_module, split
from gnomon_validation.ports.port import Port
from gnomon_validation.ports.targets import UnknownMethodError, load_named, module_and_name, read_target

# Adapters need an extra: the module whose `port_of` makes the port, imported only when asked for.
ADAPTERS = {"torch": "gnomon_validation.ports.torch_optim", "optax": "gnomon_validation.ports.optax_transforms"}
# What is written with a library: the module with the functions of the port, and the packages that it needs.
PEERS = {
    "scipy": ("gnomon_validation.ports.peers.scipy_sparse", "'gnomon[curvature]'"),
    "scipy.polar": ("gnomon_validation.ports.peers.scipy_polar", "'gnomon[curvature]'"),
    "torch.func": ("gnomon_validation.ports.peers.torch_func", "'gnomon[curvature]'"),
    "torch.polar": ("gnomon_validation.ports.peers.torch_polar", "'gnomon[torch]'"),
    "torch.hessian_free": ("gnomon_validation.ports.torch_hessian_free", "'gnomon[torch]'"),
    "torch.reg": ("gnomon_validation.ports.peers.torch_reg", "'gnomon[torch]'"),
    "pytorch_optimizer.racs": (
        "gnomon_validation.ports.peers.pytorch_optimizer_racs",
        "--no-deps pytorch_optimizer==4.1.0",
    ),
    "torch.hill_adam": ("gnomon_validation.ports.peers.torch_hill_adam", "'gnomon[torch]'"),
    "torch.ppo": ("gnomon_validation.ports.peers.torch_drm_ppo", "'gnomon[torch]'"),
    "torch.drm_sa": ("gnomon_validation.ports.peers.torch_drm_sa", "'gnomon[torch]'"),
    "curvlinops": ("gnomon_validation.ports.peers.curvlinops_operators", "'gnomon[curvature]'"),
    "matfree": ("gnomon_validation.ports.peers.matfree_estimators", "matfree==0.6.3"),
    "linear_operator": ("gnomon_validation.ports.peers.linear_operator_lanczos", "linear_operator==0.6.1"),
    "crepes": ("gnomon_validation.ports.peers.crepes_martingales", "crepes==0.9.1"),
    "ville": ("gnomon_validation.ports.peers.ville_boundaries", "ville==0.1.0"),
    "optax.optimistic": ("gnomon_validation.ports.peers.optax_optimistic", "'gnomon[optax]'"),
    "pyhessian": ("gnomon_validation.ports.peers.pyhessian_eigenvalues", "--no-deps pyhessian==0.1"),
    "gudhi": ("gnomon_validation.ports.peers.gudhi_persistence", "'gnomon[topology]'"),
    "gudhi.hera": ("gnomon_validation.ports.peers.gudhi_hera", "'gnomon[topology]'"),
    "ripser": ("gnomon_validation.ports.peers.ripser_diagrams", "'gnomon[topology]'"),
    "persim": ("gnomon_validation.ports.peers.persim_distances", "'gnomon[topology]'"),
    "torch.sam": ("gnomon_validation.ports.peers.torch_sam", "'gnomon[torch]'"),
    "optax.sam": ("gnomon_validation.ports.peers.optax_sam", "'gnomon[optax]'"),
    "pytorch_optimizer.sam": (
        "gnomon_validation.ports.peers.pytorch_optimizer_sam",
        "--no-deps pytorch_optimizer==4.1.0",
    ),
}
FORMS = {
    "numba": "the bundled Numba kernels",
    "reference": "the reference itself",
    "scipy": "SciPy's eigsh and cg (extra `curvature`)",
    "torch.hessian_free": "Hessian-free optimization and each of its parts, written anew in torch (extra `torch`)",
    "torch.sam": "SAM, written anew in torch (extra `torch`)",
    "optax.sam": "`optax.contrib.sam` around `optax.sgd` (extra `optax`)",
    "pytorch_optimizer.sam": "pytorch_optimizer's SAM (`pip install --no-deps pytorch_optimizer==4.1.0` beside torch)",
    "torch.reg": "REG written anew in torch (extra `torch`)",
    "pytorch_optimizer.racs": "pytorch_optimizer's RACS (`pip install --no-deps pytorch_optimizer==4.1.0`)",
    "scipy.polar": "scipy.linalg.polar as EGD's polar factor (extra `curvature`)",
    "torch.polar": "EGD's transforms by torch.linalg (extra `torch`)",
    "torch.hill_adam": "the published Hill-ADAM's behaviour, written anew in torch (extra `torch`)",
    "torch.ppo": "a categorical policy and PPO's clipped surrogate by torch's autograd (extra `torch`)",
    "torch.drm_sa": "the step for risk measures in torch, scores and slopes by autograd (extra `torch`)",
    "torch.func": "curvature products and estimators by torch.func (extra `curvature`)",
    "curvlinops": "curvlinops-for-pytorch 3.0.1 (extra `curvature`)",
    "matfree": "matfree's estimators of trace and Frobenius norm (`pip install matfree==0.6.3`)",
    "linear_operator": "linear_operator's Lanczos process (`pip install linear_operator==0.6.1`)",
    "pyhessian": "pyhessian's eigenvalues (`pip install --no-deps pyhessian==0.1` beside torch)",
    "crepes": "crepes' conformal p-values and simple jumper (`pip install crepes==0.9.1`)",
    "ville": "ville's boundary of the normal mixture (`pip install ville==0.1.0`)",
    "gudhi": "GUDHI's diagrams and its own bottleneck distance (extra `topology`)",
    "gudhi.hera": "Hera's bottleneck distance, as GUDHI offers it (extra `topology`)",
    "ripser": "ripser's diagrams of distances (extra `topology`)",
    "persim": "persim's distances of diagrams (extra `topology`)",
    "optax.optimistic": "runs of ODOG whose learner is optax's optimistic gradient descent (extra `optax`)",
    "FILE.py": "a file with functions such as `adam_step`, or classes such as `Adam` with a `step`",
    "FILE.py:NAME": "one of them, or an optimizer of torch's",
    "package.module": "a module with such functions or classes",
    "package.module:NAME": "one of them, an instance, or an optimizer of torch's or optax's",
    "torch:module.Class": "any torch.optim.Optimizer that is named after a system (extra `torch`)",
    "optax:module.function": "any optax optimizer that is named after a system (extra `optax`)",
}


def find_port(target: str, options: Mapping[str, Any] | None = None, system: str | None = None) -> Port:
    """Return the port that `target` names.

    options: arguments for the constructor of an adapted optimizer, such as `fused=True`. system: what an optimizer is
    read as whose name does not say it.
    Raises `ValueError` with one line that says what is wrong.
    """
    kind, _, rest = target.partition(":")
    if kind in ADAPTERS:
        return _adapted(kind, *read_target(rest, options or {}), system)
    path, joined = read_target(target, options or {}) if target.endswith(")") else (target, options or {})
    if target not in BUNDLED and target not in PEERS:
        found, module = _loaded(path)
        kind = _library_of(found)
        if kind:
            return _adapted(kind, path, joined, system)
    if joined:
        raise ValueError(f"options are for torch and optax ports, got {', '.join(joined)} for {target!r}")
    if target in BUNDLED:
        return BUNDLED[target]()
    if target in PEERS:
        name, packages = PEERS[target]
        return FunctionsPort(_module(name, f"the port {target} needs", packages), target)
    return FunctionsPort(found, str(Path(target)) if is_file(target) else target, module)


def _adapted(kind: str, path: str, options: Mapping[str, Any], system: str | None) -> Port:
    """Return the port of an optimizer of a library, read as what its name says, or else as `system`."""
    module_and_name(path)  # before the extra is asked for, so that a slip is called a slip
    port_of = _module(ADAPTERS[kind], f"{kind} ports need", f"'gnomon[{kind}]'").port_of
    found = load_named(path)
    try:
        port = port_of(found, path, options)
    except UnknownMethodError:
        if system is None:
            raise
        return port_of(found, path, {**options, "system": system})  # type: ignore[no-any-return]
    if system not in (None, port.system, options.get("system")):
        raise ValueError(
            f"{path} says by its name that it is {port.system}, not {system}; to hold it against {system} all the "
            f"same: --set system={system}"
        )
    return port  # type: ignore[no-any-return]


def _loaded(target: str) -> tuple[Any, ModuleType]:
    """Return the object that a target names, and the module that it is in."""
    if not target.strip():
        raise ValueError(f"a port is one of {', '.join(FORMS)}; got an empty name")
    if Path(target).is_dir():
        raise ValueError(f"{target} is a directory; a port is a file, a module or a name (see gnomon list ports)")
    called, name = split(target)
    try:
        module = load_module(called)
    except ValueError as error:
        owner, _, last = called.rpartition(".")
        inside = load_module(owner) if owner and getattr(error.__cause__, "name", "") == called else None
        kind = target.partition(":")[0]
        cutoff = 0.6 if inside is None else 0.8  # in a module that there is, its own names are the nearer ones
        meant = get_close_matches(kind, [*BUNDLED, *PEERS, *ADAPTERS], n=1, cutoff=cutoff)
        if meant and not hasattr(inside, last) and not exists(kind):
            likely = target.replace(kind, meant[0], 1)
            raise ValueError(f"no port is called {target!r}; did you mean {likely!r}?") from None
        if name or inside is None:
            raise
        called, name, module = owner, last, inside
    if not (name or ":" in target):
        return module, module
    found = attribute(module, called, name)
    is_function = callable(found) and not isinstance(found, type)
    return (SimpleNamespace(**{name: found}) if is_function and not _library_of(found) else found), module


def _library_of(found: Any) -> str:
    """Return of which library's optimizers an object is one: a class of torch's, or a function of optax."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(found, type) and issubclass(found, torch.optim.Optimizer):
        return "torch"
    return "optax" if isroutine(found) and str(found.__module__).partition(".")[0] == "optax" else ""


def likely_meant(port: Port) -> str:
    """Return what a port that provides nothing may have been meant to: an optimizer, or a function of another name."""
    if not isinstance(port, FunctionsPort):
        return ""
    written = {name: value for name, value in getattr(port.namespace, "__dict__", {}).items() if callable(value)}
    own = getattr(port.module, "__name__", None)
    optimizers = [name for name, value in written.items() if _library_of(value) and value.__module__ == own]
    if optimizers:
        return f"an optimizer in it is checked as {port.name}:{optimizers[0]}"
    known = [f"{system.name}_{name}" for system in systems().values() for name in system.operations]
    near = [(name, close[0]) for name in written if (close := get_close_matches(name.lower(), known, n=1, cutoff=0.8))]
    return f"it has {near[0][0]}; did you mean {near[0][1]!r}?" if near else ""


def _module(name: str, who_needs: str, extra: str) -> Any:
    """Import a module that needs an extra; raise `ValueError` that says who needs it and how it is had."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("gnomon"):
            raise
        raise ValueError(f"{who_needs} the package {error.name!r}: pip install {extra}") from error
