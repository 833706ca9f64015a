"""What a claim is: a statement published about a system, our verdict, and the measurement that bears the verdict out.

The claims of a system stand in one ledger; its modules may share one::

    ledger = Ledger("srkl")

    @ledger.claim("false", source="PyTorch issue 184466")
    def convergence_to_global_minima() -> Evidence:
        \"\"\"“guarantees asymptotic convergence to global minima”

        From x₀ = 1 it stops in the local minimum of (x²-1)²/4 + x/10.
        \"\"\"
        …
        return Evidence(shown=f(x) > f(x_global), figure=f"stops at {x:.6f}, the global minimum is {x_global:.6f}")

The docstring's first paragraph is the statement, quoted or nearly so; the rest is why the verdict is what it is. The
function measures, every time it is asked: a figure in the ledger is never written down by hand.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

Verdict = Literal["holds", "holds if", "false", "not reproducible"]


class Evidence(NamedTuple):
    """What examining a claim found.

    shown: whether the measurement bears the verdict out: the counter-example is one, or the figure came out as claimed.
    figure: what was measured, in words and numbers.
    """

    shown: bool
    figure: str


Examine = Callable[[], Evidence]


@dataclass(frozen=True)
class Claim:
    """A published statement about a system. condition: with the verdict "holds if", under which condition it does."""

    system: str
    name: str
    statement: str
    why: str
    source: str
    verdict: Verdict
    condition: str
    examine: Examine

    @property
    def judgement(self) -> str:
        """The verdict as a reader sees it."""
        return f"holds if {self.condition}" if self.condition else self.verdict


@dataclass
class Ledger:
    """The claims about one system."""

    system: str
    claims: list[Claim] = field(default_factory=list)

    def __iter__(self) -> Iterator[Claim]:
        return iter(self.claims)

    def claim(self, verdict: Verdict, *, source: str, condition: str = "") -> Callable[[Examine], Examine]:
        """Declare the decorated function a claim: its docstring is the statement, its result the evidence."""
        if verdict not in get_args(Verdict):
            raise ValueError(f"verdict must be one of {', '.join(map(repr, get_args(Verdict)))}, got {verdict!r}")
        if (verdict == "holds if") != bool(condition):
            raise ValueError(f"condition must be given with the verdict 'holds if' and with no other, got {verdict!r}")

        def declare(examine: Examine) -> Examine:
            statement, *why = (" ".join(part.split()) for part in inspect.cleandoc(examine.__doc__ or "").split("\n\n"))
            if not statement:
                raise ValueError(f"{examine.__name__} needs a docstring: the statement that is claimed")
            words = self.system, examine.__name__, statement, " ".join(why), source
            self.claims.append(Claim(*words, verdict, condition, examine))
            return examine

        return declare
