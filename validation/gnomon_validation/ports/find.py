"""From what a user writes (`numba`, `my_port.py`, `torch:torch.optim.AdamW`, …) to a port."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from gnomon_validation.ports.bundled import BUNDLED
from gnomon_validation.ports.functions import FunctionsPort
from gnomon_validation.ports.loading import exists, load, load_file
from gnomon_validation.ports.port import Port
from gnomon_validation.ports.targets import load_named, module_and_name, read_target

# Adapters need an extra: the module whose `port_of` makes the port, imported only when asked for.
ADAPTERS = {"torch": "gnomon_validation.ports.torch_optim", "optax": "gnomon_validation.ports.optax_transforms"}
# What is written with a library: the module with the functions of the port, and the packages that it needs.
PEERS = {
    "scipy": ("gnomon_validation.ports.peers.scipy_sparse", "'gnomon[curvature]'"),
    "torch.func": ("gnomon_validation.ports.peers.torch_func", "'gnomon[curvature]'"),
    "torch.hessian_free": ("gnomon_validation.ports.torch_hessian_free", "'gnomon[torch]'"),
    "curvlinops": ("gnomon_validation.ports.peers.curvlinops_operators", "'gnomon[curvature]'"),
    "matfree": ("gnomon_validation.ports.peers.matfree_estimators", "matfree==0.6.3"),
    "linear_operator": ("gnomon_validation.ports.peers.linear_operator_lanczos", "linear_operator==0.6.1"),
    "pyhessian": ("gnomon_validation.ports.peers.pyhessian_eigenvalues", "--no-deps pyhessian==0.1"),
}
FORMS = {
    "numba": "the bundled Numba kernels",
    "reference": "the reference itself",
    "scipy": "SciPy's eigsh and cg (extra `curvature`)",
    "torch.hessian_free": "Hessian-free optimization and each of its parts, written anew in torch (extra `torch`)",
    "torch.func": "curvature products and estimators by torch.func (extra `curvature`)",
    "curvlinops": "curvlinops-for-pytorch 3.0.1 (extra `curvature`)",
    "matfree": "matfree's estimators of trace and Frobenius norm (`pip install matfree==0.6.3`)",
    "linear_operator": "linear_operator's Lanczos process (`pip install linear_operator==0.6.1`)",
    "pyhessian": "pyhessian's eigenvalues (`pip install --no-deps pyhessian==0.1` beside torch)",
    "FILE.py": "a file with functions such as `adam_step`",
    "package.module": "a module with such functions",
    "package.module:NAME": "an object (class, instance) with such functions",
    "torch:module.Class": "any torch.optim.Optimizer that maps onto a system (extra `torch`)",
    "optax:module.function": "any optax optimizer that maps onto a system (extra `optax`)",
}


def find_port(target: str, options: Mapping[str, Any] | None = None) -> Port:
    """Return the port that `target` names.

    options: arguments for the constructor of an adapted optimizer, such as `fused=True`.
    Raises `ValueError` with one line that says what is wrong.
    """
    kind, _, rest = target.partition(":")
    if kind in ADAPTERS:
        module_and_name(rest.partition("(")[0])  # before the extra is asked for, so that a slip is called a slip
        adapter = _module(ADAPTERS[kind], f"{kind} ports need", f"'gnomon[{kind}]'")
        name, joined = read_target(rest, options or {})
        return adapter.port_of(load_named(name), name, joined)  # type: ignore[no-any-return]
    if options:
        raise ValueError(f"options are for torch and optax ports, got {', '.join(options)} for {target!r}")
    if target in BUNDLED:
        return BUNDLED[target]()
    if target in PEERS:
        module, packages = PEERS[target]
        return FunctionsPort(_module(module, f"the port {target} needs", packages), target)
    if target.endswith(".py") or "/" in target or "\\" in target:
        path = Path(target)
        return FunctionsPort(load_file(path), str(path))
    if not target.strip():
        raise ValueError(f"a port is one of {', '.join(FORMS)}; got an empty name")
    if Path(target).is_dir():
        raise ValueError(f"{target} is a directory; a port is a file, a module or a name (see gnomon list ports)")
    try:
        return FunctionsPort(load(target), target)
    except ValueError:
        meant = get_close_matches(kind, [*BUNDLED, *PEERS, *ADAPTERS], n=1)
        if meant and not exists(kind):
            likely = target.replace(kind, meant[0], 1)
            raise ValueError(f"no port is called {target!r}; did you mean {likely!r}?") from None
        raise


def _module(name: str, who_needs: str, extra: str) -> Any:
    """Import a module that needs an extra; raise `ValueError` that says who needs it and how it is had."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("gnomon"):
            raise
        raise ValueError(f"{who_needs} the package {error.name!r}: pip install {extra}") from error
