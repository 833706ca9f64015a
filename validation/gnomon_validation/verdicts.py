"""What the checker says: the outcome of a case, the verdict on a law, the whole of a check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from gnomon_spec.bands import Judgement
from gnomon_spec.cases import Case
from gnomon_spec.system import Law, Mistake
from gnomon_validation.ports.runner import Call
from gnomon_validation.ports.targets import read_target
from gnomon_validation.tried import Tried

Status = Literal[
    "not provided",
    "conforms",
    "ambiguous only",
    "accepts bad input",
    "no case drawn",
    "imprecise",
    "error",
    "timed out",
    "crashed",
    "wrong",
]
# In the order in which findings matter: the worst one names the verdict.
SEVERITY: tuple[Status, ...] = get_args(Status)
ACCEPTS: Status = "accepts bad input"
FAILING = SEVERITY[SEVERITY.index(ACCEPTS) :]
EVERY_CALL = "every call that was tried ends so"
NOT_REPEATED = "the port gives different results for the same inputs"


class Outcome(NamedTuple):
    """One case of one law, judged.

    judgements: of its facts, empty if the port failed before there were any. worst: the one that decides the status.
    message: what happened, if it was not a deviation. digits_lost: for an imprecise port. calls: what the port did.
    sure: False if "wrong" is said only because the deviation could not be measured in another dtype. cause: what
    failures of a port that could not be judged have in common, whatever the case: an exception and its line, or what it
    did instead of returning outputs.
    """

    status: Status
    judgements: tuple[Judgement, ...]
    worst: Judgement | None
    message: str
    digits_lost: float
    calls: tuple[Call, ...]
    sure: bool = True
    cause: str = ""

    @property
    def failed(self) -> bool:
        return self.status in FAILING


class Explanation(NamedTuple):
    """What explains what a port did, as a report tells it: of a mistake its name, its sentence and its lines.

    difference, published: as in `Mistake`.
    """

    name: str
    statement: str
    difference: Sequence[str] = ()
    published: str = ""

    @classmethod
    def of(cls, mistake: Mistake | Explanation) -> Explanation:
        return cls(mistake.name, mistake.statement, mistake.difference, mistake.published)


Parts = tuple[list[str], list[str], list[str]]


@dataclass
class Verdict:
    """A law, a dtype, and what became of it.

    cases, ambiguous: how many were drawn, and how many of them could not be judged in full.
    digits: median over cases of the decimal digits verified, None if no real numbers were compared.
    worst_ratio: largest deviation / band. horizon: median number of steps over which free runs were judged.
    smallest, outcome: the smallest failing case, and what came of it. digits_lost: the most that any case lost.
    diagnosis: the mistakes that explain every failing case, the likeliest first. expected: why this failure is a known
    difference. left_out: what the port does not return, of what the law is about. parts: where no mistake explains what
    is wrong, which outputs of the operation are right in all cases that were kept, which are not, and which of the
    latter are an input as it was given. tried: what the port was given, but for bad input.
    """

    law: Law
    dtype: str
    status: Status
    cases: int = 0
    ambiguous: int = 0
    digits: float | None = None
    worst_ratio: float = 0.0
    horizon: float | None = None
    smallest: Case | None = None
    outcome: Outcome | None = None
    digits_lost: float = 0.0
    diagnosis: list[Mistake | Explanation] = field(default_factory=list)
    expected: str | None = None
    reason: str = ""
    left_out: tuple[str, ...] = ()
    seconds: float = 0.0
    replay_file: str = ""
    parts: Parts = ([], [], [])
    tried: Tried = field(default_factory=Tried)

    @property
    def failed(self) -> bool:
        return self.status in FAILING and self.expected is None

    @property
    def weak(self) -> bool:
        """Whether so few digits were verified (under half of the dtype's) that the check says little."""
        return self.digits is not None and self.digits < DIGITS[self.dtype] / 2


DIGITS: Mapping[str, float] = {"float16": 3.31, "float32": 7.22, "float64": 15.95}


@dataclass
class Check:
    """All verdicts on one port, and what it takes to repeat the check.

    held_fixed: for each operation, the hyperparameters that the port cannot vary, as `name=value`. defaults: for each,
    its own defaults that are not the reference's, in words: no law looks at them. strict_input: whether a port must
    reject bad input to conform. not_run: laws, each with its dtype, that were asked for and not judged, since the run
    was ended before. interrupted: the exit status that tells by what. units, kept: how many units of work there were,
    and how many of them had their result from an earlier run. printed: what the port printed. changed: global state
    that it changed, and in which unit.
    """

    port: str
    examples: int
    seed: int
    verdicts: list[Verdict] = field(default_factory=list)
    seconds: float = 0.0
    held_fixed: dict[str, list[str]] = field(default_factory=dict)
    defaults: dict[str, list[str]] = field(default_factory=dict)
    strict_input: bool = False
    not_run: list[tuple[Law, str]] = field(default_factory=list)
    interrupted: int = 0
    units: int = 0
    kept: int = 0
    printed: str = ""
    changed: dict[str, str] = field(default_factory=dict)

    @property
    def conforms(self) -> bool:
        return not self.not_run and not any(map(self.fails, self.verdicts))

    def fails(self, verdict: Verdict) -> bool:
        """Return whether a verdict keeps the port from conforming."""
        return verdict.failed and (self.strict_input or verdict.status != ACCEPTS)


# Kinds of laws that say what a method computes; others hold of its relatives, too.
OF_THE_METHOD = ("oracle agreement", "closed form", "limit", "bound", "trajectory")


def looks_like_another_method(check: Check) -> str:
    """Return a sentence if an optimizer that was only said to be a method's seems to be none of it; else nothing.

    It seems so where four fifths of the laws that say what the method computes fail for no known reason.
    """
    kind, _, target = check.port.partition(":")
    meant = read_target(target, {})[1].get("system") if kind in ("torch", "optax") else None
    if meant is None:
        return ""
    laws = {v.law.id: True for v in check.verdicts if v.law.kind in OF_THE_METHOD and v.status != "not provided"}
    for verdict in check.verdicts:
        if verdict.law.id in laws and verdict.status != "not provided":
            laws[verdict.law.id] &= verdict.failed and verdict.status != "imprecise" and not verdict.diagnosis
    failing = sum(laws.values())
    if not laws or failing < 0.8 * len(laws):
        return ""
    return (
        f"this looks like another method than {meant}: {failing} of {len(laws)} laws that say what {meant} computes "
        f"fail, and no known mistake explains them"
    )
