"""Case files as a stranger may write them: real ones with something deleted, doubled, retyped, resized, swapped, …

Run as a program it judges such files, and tells what went wrong: errors that are no sentence, files that take long, and
all that a program could do beside judging, which an audit hook sees.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from gnomon_spec.system import systems
from gnomon_validation import case_files, witnesses
from gnomon_validation import replay as replaying
from gnomon_validation.judging import Judge
from gnomon_validation.ports.bundled import MistakenPort
from gnomon_validation.ports.port import Offer
from gnomon_validation.report_causes import block
from gnomon_validation.verdicts import Verdict

CANARY = "canary_in_a_case_file"
LAWS = [law.id for system in systems().values() for law in system.laws]
INTEGERS = (
    -1,
    0,
    1,
    2,
    5,
    13,
    64,
    100,
    1000,
    10**4,
    2**31,
    10**9,
    2**53 + 1,
    2**62,
    2**63 - 1,
    2**63,
    -(2**63),
    10**30,
)
FLOATS = tuple(x.hex() for x in (0.0, -0.0, 1.0, 0.5, -1.0, 1e-9, 1e9, 5e-324, 1e-308, 1.7e308, 1 - 2**-53))
FLOATS += ("nan", "inf", "-inf", "0x1.8p-1074", "1e400")
NO_FLOATS = ("0x1p99999", "0xzz", "")
TEXTS = (
    "",
    "x",
    "\x1b[31mred",
    "a\nb\r\x07\x00",
    "\ud800",
    "é" * 2000,
    "__import__('os').system('true')",
    CANARY,
    "adam",
    "code",
)
# What JSON reads and no value of Python writes: by a text that stands for it.
RAW = {
    "@far@": "1e400",
    "@digits@": "9" * 5000,
    "@lists@": "[" * 2000 + "]" * 2000,
    "@values@": '{"list": [' * 60 + "1" + "]}" * 60,
    "@endless@": '{"list": [' * 30_000 + "1" + "]}" * 30_000,
    "@nan@": "NaN",
    "@inf@": "-Infinity",
}
PLAIN: tuple[Any, ...] = (None, True, False, 0, 1, -1, 1.5, "", "x", [], {}, [1], {"a": 1}, *RAW)
DTYPES = ("float16", "float32", "float64", "float128", "int64", "bool", "object", "U5", "complex128", "", "f8", ">f4")
PORTS = (
    "reference",
    f"{CANARY}.py",
    f"./{CANARY}.py:port",
    f"torch:{CANARY}.Adam",
    f"{CANARY}; rm x",
    "os:system",
    "scipy",
)
SLOW = 5.0


class Place(NamedTuple):
    """Where a part of JSON data stands."""

    parent: Any
    key: Any

    @property
    def value(self) -> Any:
        return self.parent[self.key]

    def put(self, value: Any) -> None:
        self.parent[self.key] = value


def places(data: Any) -> Iterator[Place]:
    """Yield every place in JSON data."""
    waiting = [data]
    while waiting:
        part = waiting.pop()
        for key in list(part) if isinstance(part, dict) else range(len(part)):
            yield Place(part, key)
            if isinstance(part[key], dict | list):
                waiting.append(part[key])


def base_files(directory: Path, each: int) -> list[Path]:
    """Write case files of wrong ports: `each` of every system and dtype, from its stored witnesses."""
    files = []
    for number, (system, dtype) in enumerate((s, d) for s in systems().values() for d in witnesses.DTYPES):
        found = witnesses.read(system, dtype)
        for i in range(min(each, len(found))):
            witness = found[(2 * i + 1) * len(found) // (2 * each)]
            port = MistakenPort(witness.mistake.edited)
            outcome = Judge(port, witness.law, np.dtype(dtype), Offer()).outcome(witness.cases[0])
            known = Verdict(witness.law, dtype, outcome.status, smallest=witness.cases[0], outcome=outcome)
            known.diagnosis = [witness.mistake]
            files.append(case_files.write(directory / f"{number}-{i}", CANARY, known))
    return files


def anything(random: Random) -> Any:
    """Return some JSON data."""
    kind = random.randrange(4)
    if kind == 0:
        return random.choice(PLAIN)
    if kind == 1:
        return random.choice(INTEGERS)
    return {"float": random.choice(FLOATS)} if kind == 2 else random.choice(TEXTS)


def some(data: Any, random: Random, wanted: Callable[[Any], bool] = lambda _: True) -> Place | None:
    """Return a place in the data, half of the time in the case itself."""
    inside = data["case"] if random.random() < 0.5 and isinstance(data.get("case"), dict) else data
    found = [place for place in places(inside) if wanted(place.value)]
    return random.choice(found) if found else None


def is_array(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("array"), list) and isinstance(part.get("shape"), list)


def is_state(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("fields"), dict)


def is_integer(part: Any) -> bool:
    return type(part) is int


def is_float(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("float"), str)


def delete(data: Any, random: Random, _others: list[Any]) -> None:
    if place := some(data, random):
        del place.parent[place.key]


def double(data: Any, random: Random, _others: list[Any]) -> None:
    if place := some(data, random):
        if isinstance(place.parent, list):
            place.parent.extend([place.value] * random.choice((1, 2, 1000)))
        else:
            place.parent[random.choice((*TEXTS, f"{place.key}2"))] = place.value


def retype(data: Any, random: Random, _others: list[Any]) -> None:
    if place := some(data, random):
        place.put(anything(random))


def fill(array: dict[str, Any]) -> None:
    """Give an array as many entries as its shape says, within reason."""
    entries, size = array["array"] or [{"float": "0x1p0"}], 1
    for n in array["shape"]:
        size = min(size * n, 20_000) if type(n) is int else size
    array["array"] = [entries[i % len(entries)] for i in range(size)]


def resize(data: Any, random: Random, _others: list[Any]) -> None:
    """Make an array longer, shorter, empty, of no dimension, of more, or only say so."""
    if place := some(data, random, is_array):
        array, n = place.value, random.choice((0, 1, 2, 3, 6, 7, 16, 24, 67, 500, 20_000))
        if array["shape"] and random.random() < 0.6:
            array["shape"] = [n, *array["shape"][1:]]
        else:
            array["shape"] = random.choice(([n], [n, 1], [1, n], [], [0, 10**12], [1] * 70, [-1], [n, n]))
        if random.random() < 0.9:
            fill(array)


def resize_all(data: Any, random: Random, _others: list[Any]) -> None:
    """Give all arrays of the case with one length another one."""
    arrays = [p.value for p in places(data["case"]) if is_array(p.value)] if isinstance(data.get("case"), dict) else []
    lengths = [n for a in arrays for n in a["shape"] if type(n) is int]
    if lengths:
        old, new = random.choice(lengths), random.choice((0, 1, 2, 4, 8, 12, 24))
        for array in arrays:
            array["shape"] = [new if n == old else n for n in array["shape"]]
            fill(array)


def scale(data: Any, random: Random, _others: list[Any]) -> None:
    """Multiply a number, or all of an array, by a power of 2."""
    place = some(data, random, is_float)
    if place is not None:
        parts = place.parent if isinstance(place.parent, list) and random.random() < 0.5 else [place.value]
        power = random.choice((-1074, -300, -20, -1, 1, 20, 300, 1000))
        for part in filter(is_float, parts):
            try:
                part["float"] = (float.fromhex(part["float"]) * 2.0**power).hex()
            except (OverflowError, ValueError):
                part["float"] = "inf"


def integer(data: Any, random: Random, _others: list[Any]) -> None:
    if place := some(data, random, is_integer):
        place.put(random.choice((*INTEGERS, place.value + 1, place.value * 2, -place.value, place.value * 10)))


def number(data: Any, random: Random, _others: list[Any]) -> None:
    if place := some(data, random, is_float):
        place.value["float"] = random.choice(FLOATS if random.random() < 0.9 else NO_FLOATS)


def text(data: Any, random: Random, _others: list[Any]) -> None:
    if place := some(data, random, lambda part: isinstance(part, str)):
        place.put(random.choice(TEXTS))


def rename(data: Any, random: Random, _others: list[Any]) -> None:
    place = some(data, random)
    if place is not None and isinstance(place.parent, dict):
        place.parent[random.choice(TEXTS)] = place.parent.pop(place.key)


def swap(data: Any, random: Random, _others: list[Any]) -> None:
    first, second = some(data, random), some(data, random)
    if first is not None and second is not None:
        one, other = (json.loads(json.dumps(place.value)) for place in (first, second))
        first.put(other)
        second.put(one)


def transplant(data: Any, random: Random, others: list[Any]) -> None:
    """Put a part of another file in the place of one of the same kind: a state, an array, a number."""
    wanted = random.choice((is_state, is_array, is_float, is_integer, lambda part: isinstance(part, dict)))
    here, there = some(data, random, wanted), some(random.choice(others), random, wanted)
    if here is not None and there is not None:
        here.put(json.loads(json.dumps(there.value)))


def transplant_whole(data: Any, random: Random, others: list[Any]) -> None:
    name = random.choice(("case", "calls", "law", "dtype"))
    data[name] = json.loads(json.dumps(random.choice(others)[name]))


def another_law(data: Any, random: Random, _others: list[Any]) -> None:
    operation = str(data.get("law")).partition(":")[0]
    siblings = [law for law in LAWS if law.startswith(f"{operation}:")]
    data["law"] = random.choice(siblings if siblings and random.random() < 0.7 else LAWS)


def another_dtype(data: Any, random: Random, _others: list[Any]) -> None:
    if random.random() < 0.3:
        data["dtype"] = random.choice(DTYPES)
    elif place := some(data, random, is_array):
        place.value["dtype"] = random.choice(DTYPES)


def calls(data: Any, random: Random, _others: list[Any]) -> None:
    """Shuffle, drop, double or empty calls, or their outputs."""
    made = data.get("calls")
    if isinstance(made, list) and made:
        kind = random.randrange(4)
        if kind == 0:
            random.shuffle(made)
        elif kind == 1:
            del made[random.randrange(len(made)) :]
        elif kind == 2:
            made *= random.choice((2, 50))
        elif isinstance(made[0], dict):
            made[0]["outputs"] = random.choice((None, "x", {"list": []}, made[-1].get("outputs")))
            made[0]["error"] = random.choice(TEXTS)


def frame(data: Any, random: Random, _others: list[Any]) -> None:
    name = random.choice(("port", "verdict", "message", "diagnosis", "statement", "format"))
    if name == "port" and random.random() < 0.8:
        data["port"] = random.choice(PORTS)
    else:
        data[name] = random.choice(
            (*TEXTS, *PLAIN, "imprecise", "the port gives different results for the same inputs")
        )


CHANGES = (delete, double, retype, resize, resize_all, resize_all, scale, integer, integer, number, text, rename)
CHANGES += (
    number,
    number,
    scale,
    swap,
    transplant,
    transplant,
    transplant_whole,
    another_law,
    another_dtype,
    calls,
    frame,
)


def mutant(base: str, others: list[Any], random: Random) -> str:
    """Return the text of a case file after one to four changes."""
    data = json.loads(base)
    for _ in range(random.choice((1, 1, 1, 2, 3, 4))):
        if isinstance(data, dict) and data:
            random.choice(CHANGES)(data, random, others)
    written = json.dumps(data)
    for name, raw in RAW.items():
        written = written.replace(json.dumps(name), raw)
    if random.random() < 0.02:
        written = written[: random.randrange(len(written))]
    return written


class Watch:
    """An audit hook, which cannot be removed: it notes what is forbidden while it is on."""

    ALLOWED = (
        "gnomon",
        "gnomon_spec",
        "gnomon_validation",
        "numpy",
        "hypothesis",
        "rich",
        "autograd",
        "numba",
        "llvmlite",
    )
    FORBIDDEN = ("subprocess.", "socket.", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "os.remove")
    FORBIDDEN += (
        "os.rename",
        "os.mkdir",
        "os.rmdir",
        "os.link",
        "os.symlink",
        "os.chmod",
        "os.putenv",
        "shutil.",
        "ctypes.dlopen",
    )

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and self._is_forbidden(event, arguments):
            self.seen.append(f"{event} {arguments!r:.200}")

    def _is_forbidden(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event == "import":
            return str(arguments[0]).partition(".")[0] not in (*self.ALLOWED, *sys.stdlib_module_names)
        if event == "open":
            file, mode, flags = arguments
            writes = (set(mode or "") & set("wax+")) or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            return bool(writes) and file != os.devnull
        if event == "compile":
            return CANARY in str(arguments[0]) or CANARY in str(arguments[1])
        return event.startswith(self.FORBIDDEN)


def judged(file: Path) -> str:
    """Return what becomes of a file: a status, `refused`, or the traceback of an error that is no sentence."""
    try:
        verdict, _ = replaying.replay(case_files.read(file))
        if verdict.outcome is not None and verdict.outcome.failed:
            block(verdict)
        return verdict.status
    except ValueError as error:
        said = str(error)
        is_sentence = "\n" not in said and said.isprintable() and len(said) < 1000 + len(str(file))
        return "refused" if is_sentence else f"no sentence: {said[:2000]!r}"
    except BaseException:
        return traceback.format_exc()


def run(directory: Path, each: int, mutants: range) -> dict[str, Any]:
    """Judge mutants of real files and return what was seen."""
    texts = [file.read_text(encoding="utf-8") for file in base_files(directory, each)]
    others = [json.loads(text) for text in texts]
    watch, file = Watch(), directory / "case.json"
    statuses: dict[str, int] = {}
    slowest, faults = (0.0, -1), []
    for i in mutants:
        file.write_text(mutant(texts[i % len(texts)], others, Random(i)), encoding="utf-8")
        began, watch.on = process_time(), True
        status = judged(file)
        watch.on, seconds = False, process_time() - began
        if len(status) > 40:
            faults.append(f"mutant {i}: {status}")
        if seconds > SLOW:
            faults.append(f"mutant {i}: {status[:40]} after {seconds:.1f} s")
        slowest = max(slowest, (seconds, i))
        statuses[status[:40]] = statuses.get(status[:40], 0) + 1
    return {"statuses": statuses, "slowest": slowest, "faults": faults, "forbidden": watch.seen}


if __name__ == "__main__":
    replaying.EXPLAINING_SECONDS = float(sys.argv[5])
    found = run(Path(sys.argv[1]), int(sys.argv[2]), range(*map(int, sys.argv[3:5])))
    print(json.dumps(found, indent=1))
