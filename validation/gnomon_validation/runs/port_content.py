"""What a port is made of, so that a result can be kept for as long as nothing of it changes.

A port in a file of its own is taken apart: an operation depends on the definitions that its function refers to, and on
all statements of the module that are no plain definitions. All else that is local counts as a whole: other modules,
shared libraries. Of what is installed the version counts. Comments, docstrings and layout count nowhere in the port's
own file. What cannot be found out has no digest.

It is asked right after the port was loaded. A function may load more when it is called: where `files_since` is another
in the end, the digests say too little.
"""

from __future__ import annotations

import ast
import builtins
import json
import os
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib import metadata
from importlib.machinery import BuiltinImporter, FrozenImporter
from importlib.util import find_spec, resolve_name
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import gnomon
import gnomon_spec
import gnomon_validation
from gnomon_spec.system import Operation
from gnomon_validation.ports.adapted import AdaptedPort
from gnomon_validation.ports.bundled import NumbaPort, ReferencePort
from gnomon_validation.ports.functions import FunctionsPort, members
from gnomon_validation.ports.loading import importable
from gnomon_validation.ports.port import Port

GNOMON = {package.__name__: Path(str(package.__file__)).parent for package in (gnomon, gnomon_spec, gnomon_validation)}
OF_GNOMON = tuple(f"{name}." for name in GNOMON)
LARGE = 16_000_000  # bytes; such a file is told by its size and the time of its last change
MAPS = Path("/proc/self/maps")
LIBRARIES = ("lib", "lib32", "lib64")
SYSTEM = (*(f"{at}/{lib}/" for at in ("", "/usr", "/usr/local") for lib in LIBRARIES), "/usr/bin/", "/dev/", "/memfd:")
OF_A_PREFIX = (*LIBRARIES, "bin")
# What Gnomon itself needs: whoever keeps results knows which versions decide what it finds.
NOT_ASKED = frozenset(
    {"autograd", "click", "hypothesis", "llvmlite", "markdown_it", "mdurl", "numba", "numpy", "pygments", "rich"}
    | {"sortedcontainers"}
)
# Decorators that make the same of a function whatever else there is in the module.
DECORATORS = {
    "": "classmethod property staticmethod",
    "abc": "abstractmethod",
    "contextlib": "contextmanager",
    "dataclasses": "dataclass",
    "functools": "cache cached_property lru_cache partial wraps",
    "gnomon.arguments": "with_keywords",
    "jax": "jit",
    "numba": "guvectorize jit njit vectorize",
    "torch": "compile inference_mode jit.script no_grad",
    "typing": "final no_type_check overload",
}
# Classes of which others can be derived without anything being noted of it.
BASES = {
    "": "ArithmeticError Exception ValueError dict float int list object str tuple",
    "abc": "ABC",
    "enum": "Enum IntEnum",
    "torch.autograd": "Function",
    "torch.nn": "Module",
    "torch.optim": "Adam AdamW NAdam Optimizer RMSprop SGD",
    "torch.optim.optimizer": "Optimizer",
    "typing": "Generic NamedTuple Protocol TypedDict",
}
PLAIN_DECORATORS, PLAIN_BASES = (
    frozenset(f"{module}.{name}".strip(".") for module, names in of.items() for name in names.split())
    for of in (DECORATORS, BASES)
)
OWN_CLASS = "a class of the module"
# By these a port may depend on files, programs and machines that are not to be found here.
OUTSIDE = frozenset(
    {"http", "juliacall", "matlab", "multiprocessing", "oct2py", "requests", "rpy2", "socket", "subprocess", "urllib"}
)
READS = frozenset(
    {"fromfile", "genfromtxt", "getenv", "load", "loadtxt", "memmap", "open", "popen", "read_bytes", "read_csv"}
    | {"read_text", "system"}
)
# With these a module can do what is not to be seen in its syntax.
DYNAMIC_NAMES = frozenset({"__import__", "compile", "eval", "exec", "globals", "locals", "vars"})
DYNAMIC_ATTRIBUTES = frozenset(
    {"__dict__", "__globals__", "_getframe", "currentframe", "f_globals", "f_locals", "import_module", "modules"}
)
DYNAMIC_FUNCTIONS = frozenset({"__getattr__", "__init_subclass__", "__set_name__"})
GENERATED = frozenset({"_remote_module_non_scriptable"})  # torch writes it, into a folder that does not last
FOREIGN_CODE = frozenset({"_ctypes", "cffi", "ctypes"})
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class UnknownContentError(Exception):
    """It cannot be found out what a port is made of."""


def modules_before() -> frozenset[str]:
    """Return the names of the modules that are loaded: to be asked before the port is."""
    return frozenset(sys.modules)


def contents(port: Port, operations: Iterable[Operation], before: frozenset[str]) -> dict[str, str]:
    """Return a digest of all that decides what a port does, by operation, for those that it offers.

    None are returned of a port that it cannot be known of. before: see `modules_before`.
    """
    try:
        kind = _kind(port)
        offered = [operation for operation in operations if _offers(port, operation)]  # which may load more of Gnomon
        made_of = _made_of(port, before)
        files = {path: _digest_of(path) for path in made_of.files}
        if not all(files.values()):
            return {}
        own = _own_source(port, made_of)
        others = sorted((name, files[path]) for path, name in made_of.files.items() if own is None or path != own.path)
        common = [kind, port.name, made_of.versions, others, _gnomon_code(made_of.uses_gnomon)]
        found = {}
        for operation in offered:
            parts = own.meaning_for(port, operation) if own is not None else []
            found[operation.id] = _hash(json.dumps([*common, operation.id, parts], sort_keys=True).encode())
    except (UnknownContentError, OSError, RecursionError):
        return {}
    return found


def _offers(port: Port, operation: Operation) -> bool:
    try:
        return port.offer(operation) is not None
    except ValueError:  # its function cannot be called as the reference is
        return False


def files_since(before: frozenset[str], port: Port | None = None) -> dict[str, str]:
    """Return the digests of the local files that were loaded since, by path; an empty text for what cannot be read.

    These are modules that are neither Python's nor installed nor Gnomon's own, and shared libraries. port: whose files
    are among them, even if they were loaded before.
    """
    try:
        return {path: _digest_of(path) for path in _made_of(port, before).files}
    except UnknownContentError as unknown:
        return {str(unknown): ""}


def unchanged(files: Mapping[str, str]) -> bool:
    """Return whether files have the digests that they had."""
    return all(digest and _digest_of(path) == digest for path, digest in files.items())


class MadeOf(NamedTuple):
    """files: the local ones, with what they are called whatever the folder. versions: of what is installed."""

    files: dict[str, str]
    versions: dict[str, str]
    uses_gnomon: bool


def _kind(port: Port) -> str:
    """Return what sort of port it is; raise `UnknownContentError` for one whose working is not known."""
    known = type(port) in (FunctionsPort, NumbaPort, ReferencePort)
    adapted = isinstance(port, AdaptedPort) and type(port).__module__.startswith(OF_GNOMON)
    if not known and not adapted:
        raise UnknownContentError(type(port).__name__)
    if isinstance(port, FunctionsPort) and _module_of(port) is None:
        raise UnknownContentError(port.name)
    return type(port).__name__


def _module_of(port: Port | None) -> ModuleType | None:
    """Return the module that a port of functions is in."""
    if isinstance(port, FunctionsPort):
        module = port.namespace if isinstance(port.namespace, ModuleType) else port.module
        return module if isinstance(module, ModuleType) else None
    return None


def _modules_of(port: Port | None) -> Iterator[Any]:
    """Yield the modules that a port's functions or classes are in."""
    yield from filter(None, [_module_of(port)])
    if isinstance(port, AdaptedPort):
        for made_by in (port.made_by, *getattr(port.made_by, "__mro__", ())):
            name = str(getattr(made_by, "__module__", None))
            if name not in sys.modules:
                raise UnknownContentError(port.name)
            yield sys.modules[name]


def _made_of(port: Port | None, before: frozenset[str]) -> MadeOf:
    """Return what was loaded since, and what a port's modules are and import, and so on."""
    own = list(_modules_of(port))
    uses_gnomon = isinstance(port, NumbaPort | ReferencePort) or any(map(_is_gnomons, own))
    known = {id(sys.modules.get(name)) for name in before}  # a module may have several names
    since = [module for module in list(sys.modules.values()) if id(module) not in known]
    waiting = [*own, *(module for module in since if _name(module) not in GENERATED)]
    seen: set[int] = set()
    files: dict[str, str] = {}
    tops: set[str] = set()
    imported: set[str] = set()
    while waiting:
        module = waiting.pop()
        if id(module) in seen or module is None or _is_gnomons(module):
            continue
        seen.add(id(module))
        path = _file_of(module)
        if path is None or _is_installed(path):
            tops.add(_top(module))
            continue
        files[path] = _name(module)
        names = _imported(path, module)
        imported |= names
        waiting += [sys.modules[name] for name in names if name in sys.modules]
        tops |= {top for name in names if name not in sys.modules and (top := _not_loaded(name, path))}
    versions, without = _versions(tops - sys.stdlib_module_names - NOT_ASKED)
    for module in [module for name, module in list(sys.modules.items()) if name.partition(".")[0] in without]:
        path = _file_of(module)
        files |= {path: _name(module)} if path is not None else {}
    libraries = _libraries(must_be_known=not FOREIGN_CODE.isdisjoint(imported))
    files = {**{library: Path(library).name for library in libraries}, **files}
    return MadeOf(files, versions, uses_gnomon or any(f"{name}.".startswith(OF_GNOMON) for name in imported))


def _name(module: Any) -> str:
    return str(_attribute(module, "__name__"))


def _top(module: Any) -> str:
    return _name(module).partition(".")[0]


def _is_gnomons(module: Any) -> bool:
    folder = GNOMON.get(_top(module))
    return folder is not None and str(_attribute(module, "__file__")).startswith(str(folder))


def _attribute(module: Any, name: str) -> Any:
    """Return what a module keeps under a name, without making a lazy one load anything."""
    return getattr(module, "__dict__", {}).get(name)


def _file_of(module: Any) -> str | None:
    """Return the file of a module; None if it needs none, or has none that could be found but is installed."""
    file, spec = _attribute(module, "__file__"), _attribute(module, "__spec__")
    if isinstance(file, str) and (_is_installed(file) or Path(file).is_file()):
        return file if _is_installed(file) else os.path.realpath(file)
    at_home = _attribute(sys.modules.get(_top(module)), "__file__")
    installed = isinstance(at_home, str) and _is_installed(at_home)
    loader = getattr(spec, "loader", None)
    needs_none = not file and (loader in (None, BuiltinImporter, FrozenImporter) or _attribute(module, "__path__"))
    if installed or needs_none:
        return None
    raise UnknownContentError(_name(module))


@cache
def _installed_at() -> tuple[str, ...]:
    folders = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return tuple(f"{path}{os.sep}" for folder in folders for path in (folder, os.path.realpath(folder)))


def _is_installed(path: str) -> bool:
    """Return whether a file is Python's own or was put in its place by an installer."""
    packages = (f"{os.sep}{name}-packages{os.sep}" for name in ("site", "dist"))
    return path.startswith(_installed_at()) or any(folder in path for folder in packages)


@cache
def _distributions() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _versions(tops: Iterable[str]) -> tuple[dict[str, str], set[str]]:
    """Return the versions of the distributions that packages are from, and the packages that are from none."""
    versions: dict[str, str] = {}
    ownerless = set()
    for top in tops:
        owners = _distributions().get(top, [])
        versions |= {owner: _version(owner) for owner in owners}
        if not owners and top in sys.modules:
            ownerless.add(top)
        elif not owners:
            versions[top] = ""
    return versions, ownerless


def _libraries(*, must_be_known: bool) -> list[str]:
    """Return the shared libraries in the process that are neither the system's nor installed.

    Raises `UnknownContentError` where that is not to be found out and must be known.
    """
    try:
        lines = MAPS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        if must_be_known:
            raise UnknownContentError("shared libraries") from None
        return []
    mapped = [fields for line in lines if len(fields := line.split(maxsplit=5)) == 6 and "x" in fields[1]]
    paths = dict.fromkeys(fields[5] for fields in mapped if fields[5].startswith("/"))
    prefixes = {os.path.realpath(prefix) for prefix in (sys.prefix, sys.base_prefix)}
    at_home = (*SYSTEM, *(f"{prefix}/{folder}/" for prefix in prefixes for folder in OF_A_PREFIX))
    return [
        path
        for path in paths
        if not path.startswith(at_home)
        and not path.endswith(" (deleted)")
        and not _is_installed(path)
        and "__pycache__" not in path
    ]


def _digest_of(path: str) -> str:
    """Return the digest of a file; an empty text if it cannot be read."""
    try:
        about = Path(path).stat()
        if about.st_size > LARGE:
            return _hash(f"{about.st_size} {about.st_mtime_ns}".encode())
        return _hash(Path(path).read_bytes())
    except OSError:
        return ""


def _hash(text: bytes) -> str:
    return sha256(text).hexdigest()


@cache
def _gnomon_code(all_of_it: bool) -> str:
    """Return the digest of what Gnomon adapts ports by, or of all that a port can use of it."""
    folders = [GNOMON["gnomon_validation"] / "ports", *((GNOMON["gnomon"], GNOMON["gnomon_spec"]) if all_of_it else ())]
    files = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    return _hash(b"".join(file.read_bytes() for file in files))


def _tree(path: str) -> ast.Module:
    try:
        return ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError) as error:  # it may have been edited since it was loaded
        raise UnknownContentError(path) from error


def _imported(path: str, module: Any) -> set[str]:
    """Return the names that a module's source imports anywhere: modules, and perhaps functions in them."""
    if not path.endswith(".py"):
        return set()
    package = _attribute(module, "__package__") or ""
    found: set[str] = set()
    waiting: list[ast.AST] = [_tree(path)]
    while waiting:
        node = waiting.pop()
        if _is_not_run(node):
            continue
        if _reads(node):
            raise UnknownContentError(path)
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            with suppress(ImportError):  # a relative import in a file that is no package's
                origin = resolve_name(origin, package) if node.level else origin
                found |= {origin, *(f"{origin}.{alias.name}" for alias in node.names if alias.name != "*")}
        waiting += ast.iter_child_nodes(node)
    parts = [name.split(".") for name in found]
    if not OUTSIDE.isdisjoint(part[0] for part in parts):
        raise UnknownContentError(path)
    return {".".join(part[:i]) for part in parts for i in range(1, len(part) + 1)}


def _reads(node: ast.AST) -> bool:
    """Return whether an expression is likely to read a file, the environment, or what a program says."""
    if isinstance(node, ast.Call):
        owner = getattr(node.func, "value", None)
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        return called in READS or (called == "get" and _is_environment(owner))
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_environment(node.value)


def _is_environment(node: Any) -> bool:
    return "environ" in (getattr(node, "id", ""), getattr(node, "attr", ""))


def _not_loaded(name: str, path: str) -> str:
    """Return the installed package that a name is from which is no loaded module; an empty text if it has none.

    Raises `UnknownContentError` if it may be a local module that is loaded later.
    """
    owner, _, last = name.rpartition(".")
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top in GNOMON or last in getattr(sys.modules.get(owner), "__dict__", {}):
        return ""
    if top in sys.modules:
        file = _file_of(sys.modules[top])
    else:
        with importable(Path(path).parent):
            spec = find_spec(top)
        if spec is None:
            return top
        file = spec.origin
    if file is None or not _is_installed(file):
        raise UnknownContentError(name)
    return top


def _own_source(port: Port, made_of: MadeOf) -> Source | None:
    """Return the source of the file that a port of functions is in, if it is local Python."""
    module = _module_of(port)
    if module is None or _is_gnomons(module):
        return None
    path = _file_of(module)
    if path not in made_of.files or not path.endswith(".py"):
        return None
    name = Path(path).stem if Path(path).stem != "__init__" else Path(path).parent.name
    others = [Path(other) for other in made_of.files if other != path and other.endswith(".py")]
    word = re.compile(rf"\b{re.escape(name)}\b".encode())
    return Source(path, name, imported_by_others=any(word.search(other.read_bytes()) for other in others))


class Source:
    """A module's source, taken apart.

    imported_by_others: other modules may use what it defines, whatever its functions refer to.
    """

    def __init__(self, path: str, name: str, *, imported_by_others: bool = False) -> None:
        self.path = path
        self.statements = [node for node in _without_docstrings(_tree(path)).body if not _is_not_run(node)]
        self.dumped = [ast.dump(node) for node in self.statements]
        self.is_dynamic = imported_by_others or _is_dynamic(self.statements, name)
        known = _known(self.statements)
        self.definitions: dict[str, list[int]] = {}
        self.others: list[int] = []
        for i, node in enumerate(self.statements):
            if isinstance(node, Definition) and _is_plain(node, known):
                self.definitions.setdefault(node.name, []).append(i)
                known |= {node.name: OWN_CLASS} if isinstance(node, ast.ClassDef) else {}
            else:
                self.others.append(i)
        self.bound = {name for i in self.others for name in _bound(self.statements[i])} | self.definitions.keys()

    def meaning_for(self, port: Port, operation: Operation) -> list[str]:
        """Return what of the module decides what an operation does."""
        roots = [] if self.is_dynamic else _roots(port, operation)
        if not roots or not self.bound.issuperset(roots):
            return self.dumped
        return [*roots, *(self.dumped[i] for i in sorted(self._reached(roots)))]

    def _reached(self, roots: Iterable[str]) -> set[int]:
        """Return the statements that count: all but definitions that neither those names nor any of them refer to."""
        found = set(self.others)
        waiting = [*roots, *(name for i in self.others for name in _referred(self.statements[i]))]
        while waiting:
            for i in self.definitions.get(waiting.pop(), ()):
                if i not in found:
                    found.add(i)
                    waiting += _referred(self.statements[i])
        return found


def _roots(port: Port, operation: Operation) -> list[str]:
    """Return the names at the top of a port's module by which an operation's function is had, itself or its owner."""
    if not isinstance(port, FunctionsPort):
        return []
    scope, function = vars(_module_of(port)), port.find(operation)
    named = [name for name, value in scope.items() if value is function]
    if named:
        return named
    owners: list[Any] = [port.namespace, *members(port.namespace, operation.system.name)]
    owners += [type(owner) for owner in owners if type(owner).__module__ == scope.get("__name__")]
    return [name for name, value in scope.items() if any(value is owner for owner in owners)]


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | Definition) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return tree


def _is_not_run(node: ast.AST) -> bool:
    """Return whether a statement is what a file does when it is started, or what it says to a type checker."""
    return (
        isinstance(node, ast.If)
        and not node.orelse
        and ast.unparse(node.test) in ("__name__ == '__main__'", "TYPE_CHECKING", "typing.TYPE_CHECKING")
    )


def _is_dynamic(statements: Iterable[ast.stmt], own_name: str) -> bool:
    """Return whether a module may refer to its definitions by more than their names."""
    for statement in statements:
        at_the_top = not isinstance(statement, Definition)
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                if node.id in DYNAMIC_NAMES or (at_the_top and node.id in ("setattr", "delattr")):
                    return True
            elif isinstance(node, ast.Attribute):
                if node.attr in DYNAMIC_ATTRIBUTES:
                    return True
            elif isinstance(node, ast.FunctionDef):
                if node.name in DYNAMIC_FUNCTIONS:
                    return True
            elif isinstance(node, ast.ClassDef):
                if node.keywords:
                    return True
            elif isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None) or ""}
                parts = {part for name in names for part in name.split(".")}
                if not parts.isdisjoint({"*", "importlib", own_name}):
                    return True
    return False


def _known(statements: Sequence[ast.stmt]) -> dict[str, str]:
    """Return what names mean that are imported at the top of a module, or are in all; of no other meaning is told."""
    found: dict[str, str] = {name: name for name in dir(builtins)}
    for node in statements:
        if isinstance(node, ast.Import):
            found |= {name: name for name in (alias.name.partition(".")[0] for alias in node.names)}
            found |= {alias.asname: alias.name for alias in node.names if alias.asname}
        if isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            found |= {alias.asname or alias.name: f"{origin}.{alias.name}" for alias in node.names}
    others = [node for node in statements if not isinstance(node, ast.Import | ast.ImportFrom)]
    bound = {name for node in others for name in _bound(node)}
    return {name: meaning for name, meaning in found.items() if name not in bound}


def _is_plain(node: ast.stmt, known: Mapping[str, str]) -> bool:
    """Return whether a definition does nothing but to define its name, as far as it can be seen."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        declared = any(isinstance(inner, ast.Global) for inner in ast.walk(node))
        values = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        return _are_plain(node.decorator_list, known) and not declared and not any(map(_calls, values))
    if isinstance(node, ast.ClassDef):
        bases = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
        derived = all(_meaning(base, known) in (*PLAIN_BASES, OWN_CLASS) for base in bases)
        return derived and _are_plain(node.decorator_list, known) and all(_is_plain(part, known) for part in node.body)
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Assign | ast.AnnAssign) and not _calls(node))


def _are_plain(decorators: Iterable[ast.expr], known: Mapping[str, str]) -> bool:
    return all(_is_plain_decorator(decorator, known) for decorator in decorators)


def _is_plain_decorator(decorator: ast.expr, known: Mapping[str, str]) -> bool:
    if isinstance(decorator, ast.Call):
        return not any(map(_calls, decorator.args)) and _is_plain_decorator(decorator.func, known)
    is_of_property = isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "getter", "deleter")
    return is_of_property or _meaning(decorator, known) in PLAIN_DECORATORS


def _meaning(node: ast.expr, known: Mapping[str, str]) -> str:
    """Return what a dotted name means; an empty text if that is not known."""
    root, dot, rest = ast.unparse(node).partition(".")
    return f"{known[root]}{dot}{rest}" if root in known else ""


def _calls(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Call) for inner in ast.walk(node))


def _referred(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement may give a meaning to."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            yield inner.id
        elif isinstance(inner, Definition):
            yield inner.name
        elif isinstance(inner, ast.alias):
            yield inner.asname or inner.name.partition(".")[0]
