"""What of the process a port may change although it is not the port's: noticed after each unit of work.

Compared are references: what stands under the names of the modules and classes that Gnomon computes with, and what
Python and NumPy are set to. What is added to a module is no change (modules are loaded when they are needed), nor is
what is changed inside of an object, such as an entry of a cache.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, ValuesView
from contextlib import suppress
from functools import cached_property, partial
from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, NamedTuple

import numpy as np
from hypothesis import settings

# Packages of which every loaded module is watched, and modules, by the package that they are in.
GNOMON = ("gnomon", "gnomon_spec", "gnomon_validation")
PACKAGES = (*GNOMON, "numpy.linalg", "numpy.random", "json")
MODULES = {
    "": "builtins collections copy functools hypothesis itertools math numba numpy operator os statistics time zlib",
    "autograd": "core differential_operators extend numpy numpy.linalg tracer wrap_util",
    "hypothesis": "strategies",
    "numpy._core": "_methods _ufunc_config einsumfunc fromnumeric multiarray numeric shape_base umath",
    "numpy.lib": "_arraysetops_impl _function_base_impl _index_tricks_impl _nanfunctions_impl _shape_base_impl "
    "_stride_tricks_impl _twodim_base_impl _type_check_impl _ufunclike_impl",
}
WATCHED = frozenset(f"{root}.{name}".strip(".") for root, names in MODULES.items() for name in names.split())
# Of this module only a few names are used, and others are its own counters.
NAMES = {"hypothesis.internal.conjecture.providers": ("_get_local_constants", "CONSTANTS_CACHE", "HypothesisProvider")}
# What Python keeps in a namespace for itself.
OF_PYTHON = frozenset(
    {"__abstractmethods__", "__annotations__", "__builtins__", "__cached__", "__doc__", "__file__", "__firstlineno__"}
    | {"__loader__", "__path__", "__spec__", "__static_attributes__", "__warningregistry__", "_abc_impl"}
)
CODE = (
    type,
    ModuleType,
    FunctionType,
    BuiltinFunctionType,
    MethodDescriptorType,
    WrapperDescriptorType,
    GetSetDescriptorType,
    MemberDescriptorType,
    property,
    cached_property,
    classmethod,
    staticmethod,
    partial,
)
CONSTANTS = (bool, int, float, complex, str, bytes, tuple, frozenset, np.generic, np.dtype, type(None))
HEAP_TYPE = 1 << 9  # a class whose attributes can be set
SIGNALS = ("SIGINT", "SIGTERM", "SIGALRM", "SIGVTALRM")
MISSING = object()


class Change(NamedTuple):
    """Something that is not as it was.

    in_code: what Gnomon itself computes with was replaced, so that no verdict since then can be trusted.
    """

    what: str
    in_code: bool


class Place(NamedTuple):
    """A module or a class whose names are watched. contents, values: its names and what they stand for at any time."""

    name: str
    owner: ModuleType | type[Any]
    contents: Any
    values: ValuesView[Any]


def _same(old: Any, new: Any) -> bool:
    return old is new or (type(old) is type(new) and _equal(old, new))


class Setting(NamedTuple):
    """What the process is set to. put_back: sets it to what was read. same: whether two readings mean the same."""

    what: str
    read: Callable[[], Any]
    put_back: Callable[[Any], object]
    in_code: bool = False
    same: Callable[[Any, Any], bool] = _same


class ProcessState:
    """What the process was like at one time."""

    def __init__(self, places: tuple[Place, ...]) -> None:
        self.places = places
        self.contents: list[dict[str, Any]] = [place.contents.copy() for place in places]
        self.modules = {name: sys.modules.get(name) for name in _LOADED}
        self.settings = [_reading(setting) for setting in SETTINGS]
        self.environment = _environment()
        # What all names stand for; brought up to date when what was added is no change, so that it is asked only once.
        self._objects: list[Any] = []

    @classmethod
    def now(cls) -> ProcessState:
        """Return what the process is like."""
        return cls(_places())

    def changes(self, now: ProcessState | None = None) -> list[Change]:
        """Return what is different now, or was at that later time."""
        code = [f"{place.name}.{name}" for place, name, _ in self._in_code(now)]
        code += [f"module {name}" for name in self._in_modules(now)]
        readings = [_reading(setting) for setting in SETTINGS] if now is None else now.settings
        differing = [s for s, old, new in zip(SETTINGS, self.settings, readings, strict=True) if not s.same(old, new)]
        variables = self._in_environment(_environment() if now is None else now.environment)
        return [
            *(Change(what, True) for what in code),
            *(Change(setting.what, setting.in_code) for setting in differing),
            *(Change(f"environment variable {os.fsdecode(name)}", False) for name in variables),
        ]

    def restore(self) -> None:
        """Put back what can be put back; what cannot be is still told by `changes`."""
        for place, name, old in list(self._in_code(None)):
            with suppress(Exception):
                (type.__setattr__ if isinstance(place.owner, type) else setattr)(place.owner, name, old)
        for name in self._in_modules(None):
            sys.modules[name] = self.modules[name]  # type: ignore[assignment]
        for setting, old in zip(SETTINGS, self.settings, strict=True):
            if old is not MISSING and not setting.same(old, _reading(setting)):
                with suppress(Exception):
                    setting.put_back(old)
        for variable in self._in_environment(_environment()):
            os.environ.pop(os.fsdecode(variable), None)
            if variable in self.environment:
                os.environ[os.fsdecode(variable)] = os.fsdecode(self.environment[variable])

    def _in_code(self, now: ProcessState | None) -> Iterator[tuple[Place, str, Any]]:
        """Yield the names that stand for something else, with what they stood for."""
        self._objects = self._objects or _objects(contents.values() for contents in self.contents)
        if now is None:
            later: Sequence[Any] = [place.contents for place in self.places]
            objects = _objects(place.values for place in self.places)
        else:
            seen = dict(zip(map(_key, now.places), now.contents, strict=True))
            later = [seen.get(_key(place), {}) for place in self.places]
            objects = _objects(contents.values() for contents in later)
        if _equal(objects, self._objects):
            return
        changed = False
        for place, before, namespace in zip(self.places, self.contents, later, strict=True):
            contents = namespace.copy()
            for name, old in before.items() if not _equal(contents, before) else ():
                if _replaced(place, name, old, contents):
                    changed = True
                    yield place, name, old
        if not changed:
            self._objects = objects

    def _in_modules(self, now: ProcessState | None) -> list[str]:
        """Return the watched modules that are no longer those which are imported by their names."""
        later = sys.modules if now is None else now.modules
        return [name for name, module in self.modules.items() if module is not None and later.get(name) is not module]

    def _in_environment(self, later: Mapping[Any, Any]) -> list[Any]:
        """Return the variables that are others in a later environment, as it keeps their names."""
        if later == self.environment:
            return []
        names = {**self.environment, **later}
        return [name for name in names if self.environment.get(name) != later.get(name)]


_LOADED: dict[str, tuple[Place, ...]] = {}
_ALL: list[tuple[int, tuple[Place, ...]]] = []


def _places() -> tuple[Place, ...]:
    """Return all that is watched of the modules that are loaded."""
    if not (_ALL and _ALL[-1][0] == len(sys.modules)):
        for name, module in list(sys.modules.items()):
            if name not in _LOADED and isinstance(module, ModuleType) and _is_watched(name):
                _LOADED[name] = tuple(_places_in(name, module))
        _ALL[:] = [(len(sys.modules), tuple(place for places in _LOADED.values() for place in places))]
    return _ALL[-1][1]


def _is_watched(name: str) -> bool:
    return name in WATCHED or name in NAMES or any(name == root or name.startswith(f"{root}.") for root in PACKAGES)


def _places_in(name: str, module: ModuleType) -> Iterator[Place]:
    """Yield a module, and the classes that are defined in it and can be changed."""
    yield Place(name, module, vars(module), vars(module).values())
    if name in NAMES:
        return
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == name and value.__flags__ & HEAP_TYPE:
            yield Place(f"{name}.{value.__qualname__}", value, vars(value), vars(value).values())


def _objects(namespaces: Iterable[ValuesView[Any]]) -> list[Any]:
    """Return all that the names of namespaces stand for, in one list: the fastest way to compare them."""
    found: list[Any] = []
    for values in namespaces:
        found.extend(values)
    return found


def _key(place: Place) -> tuple[str, int]:
    return place.name, id(place.owner)


def _equal(one: Any, other: Any) -> bool:
    """Return whether namespaces hold the same objects, or equal ones."""
    try:
        return bool(one == other)
    except Exception:  # what replaced an object cannot be compared with it
        return False


def _replaced(place: Place, name: str, old: Any, contents: Mapping[str, Any]) -> bool:
    """Return whether a name is gone or stands for another object, and that matters."""
    new = contents.get(name, MISSING)
    if new is old or name in OF_PYTHON or name not in NAMES.get(place.name, (name,)):
        return False
    if isinstance(old, CONSTANTS):
        # Elsewhere a None may be what is filled in when it is first needed.
        known = old is not None or place.name.startswith(GNOMON)
        return known and not (type(old) is type(new) and _equal(old, new))
    return isinstance(old, CODE) or callable(old) or name in NAMES.get(place.name, ())


def _reading(setting: Setting) -> Any:
    try:
        return setting.read()
    except Exception:  # there is no working directory, or the system has no such thing
        return MISSING


def _environment() -> Mapping[Any, Any]:
    """Return the environment's variables, as they are kept where that can be read: decoding them all takes long."""
    kept = getattr(os.environ, "_data", None)
    return dict(kept) if isinstance(kept, dict) else dict(os.environ)


def _put_filters_back(old: tuple[Any, ...]) -> None:
    warnings.resetwarnings()  # tells Python, too, that what it remembers of them no longer holds
    warnings.filters[:] = old  # type: ignore[index]


# Python's compiler would compute the results of constants.
_TINY, _LEAST, _ONE, _THIRD, _LARGE = 5e-324, 2.0**-1022, 1.0, 2.0**-54 * 3, 2.0**60


def _arithmetic() -> tuple[float, ...]:
    """Return results that tell how the processor rounds, and whether it replaces subnormal numbers by zero."""
    return _TINY * _LARGE, _LEAST * _THIRD, _ONE + _THIRD, -_ONE - _THIRD, _ONE + _THIRD / 3, -_ONE - _THIRD / 3


def _usual_arithmetic(_: object) -> None:
    """Let the processor compute as it does when a program begins."""
    if sys.platform == "linux":
        ctypes.CDLL("libm.so.6").fesetenv(ctypes.c_void_p(-1))  # FE_DFL_ENV


def _profile() -> tuple[str, int]:
    """Return what Hypothesis is set to: the name of the profile, and which object its settings are."""
    return settings.get_current_profile_name(), id(settings.default)


def _set_stream(name: str, stream: Any) -> None:
    setattr(sys, name, stream)


def _put_path_back(old: tuple[str, ...]) -> None:
    sys.path[:] = old


def _threads() -> frozenset[threading.Thread]:
    return frozenset(threading.enumerate())


def _cannot_be_put_back(_: object) -> None:
    """Leave it: a thread ends with its process only, so whoever sees the change ends that."""


def _none_more(old: frozenset[threading.Thread], new: Any) -> bool:
    return isinstance(new, frozenset) and new <= old


SETTINGS = (
    Setting("the processor's arithmetic", _arithmetic, _usual_arithmetic, True),
    Setting("numpy's error state", np.geterr, lambda old: np.seterr(**old)),
    Setting("numpy's error callback", np.geterrcall, np.seterrcall),
    Setting("numpy's buffer size", np.getbufsize, np.setbufsize),
    Setting("numpy's print options", np.get_printoptions, lambda old: np.set_printoptions(**old)),
    Setting("Hypothesis' profile", _profile, lambda old: settings.load_profile(old[0])),
    Setting("warnings.filters", lambda: tuple(warnings.filters), _put_filters_back),
    Setting("working directory", os.getcwd, os.chdir),
    Setting("sys.path", lambda: tuple(sys.path), _put_path_back),
    *(Setting(f"sys.{s}", partial(getattr, sys, s), partial(_set_stream, s)) for s in ("stdin", "stdout", "stderr")),
    Setting("recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    Setting("threads", _threads, _cannot_be_put_back, same=_none_more),
    Setting("garbage collection", gc.isenabled, lambda old: gc.enable() if old else gc.disable()),
    *(
        Setting(f"handler of {name}", partial(signal.getsignal, number), partial(signal.signal, number))
        for name in SIGNALS
        if (number := getattr(signal, name, None)) is not None
    ),
)
