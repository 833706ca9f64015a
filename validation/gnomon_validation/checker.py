"""Laws × port × dtype → verdicts.

A check is a list of units of work: a trial of each operation, blocks of cases of each law, and for each system in which
something fails the question which mistake explains it. Who performs them does not matter to what is found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import product
from time import perf_counter

from gnomon_spec.system import Law, Operation, System, find_law
from gnomon_validation.ports.known_differences import reason_for
from gnomon_validation.ports.port import Offer, Port
from gnomon_validation.runs.examine import examine, offered_cases
from gnomon_validation.runs.joined import LOST, is_decided, outcome_of_loss, verdict_on, with_loss
from gnomon_validation.runs.losses import again, with_case
from gnomon_validation.runs.plan import LawIn, Plan
from gnomon_validation.runs.results import Data, decoded_finding, encoded_finding
from gnomon_validation.runs.work import InProcess, Queue, Request, Result, Workers, block_of
from gnomon_validation.verdicts import EVERY_CALL, FAILING, Check, Explanation, Outcome, Verdict

BLOCKS_AT_ONCE = 8  # of one law
MOST_PRINTED = 2000

Progress = Callable[[str], None]
Expected = Callable[[str, str, str, str], str | None]


def check(
    port: Port,
    systems: Iterable[System],
    plan: Plan,
    *,
    laws: Callable[[Law], bool] = lambda _: True,
    progress: Progress = lambda _: None,
    expected: Expected = reason_for,
    workers: Workers | None = None,
    fail_fast: bool = False,
) -> Check:
    """Hold a port against all laws of the systems, in each dtype of the plan.

    progress is told the law that was checked. expected(port, law, dtype, verdict) says why a failure is a known
    difference. workers: who performs the units of work, this process by default. fail_fast: end with the first law that
    fails.
    """
    run = Run(port, list(systems), plan, laws=laws, progress=progress, expected=expected, fail_fast=fail_fast)
    try:
        run.through(workers or InProcess(port, plan))
    except KeyboardInterrupt as signal:
        run.check.interrupted = signal.status if isinstance(signal, Interrupted) else 130
    return run.result()


class Interrupted(KeyboardInterrupt):
    """The run is to end now; what is known is told. status: the exit status that says so."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def check_law(port: Port, law: Law, dtype: str, plan: Plan) -> tuple[Verdict, list[Outcome]]:
    """Return the verdict on one law and the outcomes of its failing cases, the smallest case's first.

    Nothing is asked about why it fails.
    """
    cases, reason = offered_cases(law, port.offer(law.operation), dtype)
    if cases is None:
        return Verdict(law, dtype, "not provided", reason=reason), []
    found: list[Data] = []
    for block, examples in enumerate(plan.blocks(plan.examples)):
        found.append(examine(port, law, dtype, plan, block, examples))
        if is_decided(found):
            break
    return verdict_on(law, dtype, found)


def number_of_checks(port: Port, systems: Iterable[System], plan: Plan, laws: Callable[[Law], bool]) -> int:
    """Return how many laws a port can be held against, each dtype counted."""
    wanted = product((law for system in systems for law in system.laws if laws(law)), plan.dtypes)
    return sum(offered_cases(law, port.offer(law.operation), dtype)[0] is not None for law, dtype in wanted)


@dataclass
class Asked:
    """A law in a dtype: how many cases each of its blocks has, what those found that are done, and the verdict."""

    law: Law
    dtype: str
    found: dict[int, Data] = field(default_factory=dict)
    blocks: list[int] = field(default_factory=list)
    begun: int = 0
    verdict: Verdict | None = None
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def in_order(self) -> list[Data]:
        """The results of blocks up to the first that is not done."""
        done: list[Data] = []
        while len(done) in self.found:
            done.append(self.found[len(done)])
        return done


class Run:
    """One check on its way from requests to verdicts."""

    def __init__(
        self,
        port: Port,
        systems: list[System],
        plan: Plan,
        *,
        laws: Callable[[Law], bool],
        progress: Progress,
        expected: Expected,
        fail_fast: bool = False,
    ) -> None:
        self.port, self.systems, self.plan = port, systems, plan
        self.progress, self.expected, self.fail_fast = progress, expected, fail_fast
        self.started = perf_counter()
        self.check = Check(port.name, plan.examples, plan.seed)
        self.queue = Queue()
        self.asked: dict[LawIn, Asked] = {}
        self._offers: dict[str, Offer | None] = {}
        for system, dtype in product(systems, plan.dtypes):
            for law in filter(laws, system.laws):
                self.asked[law, dtype] = Asked(law, dtype)
        shares = plan.shares(pair for pair in self.asked if self._reason(*pair) is None)
        self.waiting: dict[tuple[Operation, str], list[Asked]] = defaultdict(list)
        for pair, asked in self.asked.items():
            if pair in shares:
                asked.blocks = plan.blocks(shares[pair])
                self.waiting[asked.law.operation, asked.dtype].append(asked)
            else:
                asked.verdict = Verdict(*pair, "not provided", reason=self._reason(*pair) or "")

    def _offer(self, operation: Operation) -> Offer | None:
        if operation.id not in self._offers:
            self._offers[operation.id] = self.port.offer(operation)
        return self._offers[operation.id]

    def _reason(self, law: Law, dtype: str) -> str | None:
        """Return why the port cannot be held against a law; `None` if it can."""
        cases, reason = offered_cases(law, self._offer(law.operation), dtype)
        return reason if cases is None else None

    def through(self, workers: Workers) -> None:
        """Have all units of work performed: first the laws, then what explains those that fail."""
        for (operation, dtype), group in self.waiting.items():
            self.progress(f"{operation.id} {dtype}")
            self.queue.add({"do": "trial", "law": group[0].law.id, "dtype": dtype, "beyond": 0})
        self._perform(workers)
        self.queue = Queue()  # the first may have been given up
        for request in self._questions():
            self.progress(f"{request['system']}: diagnosis")
            self.queue.add(request)
        self._perform(workers)

    def _perform(self, workers: Workers) -> None:
        for request, result in workers.performed(self.queue):
            self._count(request, result)
            found = result["found"]
            instead = again(request, found["lost"]) if "lost" in found else None
            if instead is not None:
                self.queue.add(instead)
            elif request["do"] == "trial":
                self._tried(request, found)
            elif request["do"] == "examine":
                self._examined(request, found)
            elif "lost" not in found:
                self._explained(found)

    def _count(self, request: Request, result: Result) -> None:
        self.check.units += 1
        self.check.kept += bool(result.get("kept"))
        self.check.printed = (self.check.printed + result.get("printed", ""))[:MOST_PRINTED]
        for what in result.get("changed", ()):
            self.check.changed.setdefault(what, request.get("law") or request["system"])

    def _tried(self, request: Request, found: Data) -> None:
        """Take what a trial says: of all laws of the operation, or that they have to be asked."""
        law, dtype = find_law(request["law"]), request["dtype"]
        lost = found.get("lost")
        status = lost["status"] if lost else found["status"]
        for asked in self.waiting.pop((law.operation, dtype)):
            of_all_calls = law.kind != "rejects" and status in ("error", *LOST)
            if status is None or (asked.law.kind == "rejects" and not of_all_calls):
                for _ in range(min(BLOCKS_AT_ONCE, len(asked.blocks))):
                    self._begin_block(asked)
                continue
            verdict = Verdict(asked.law, dtype, status, reason=EVERY_CALL)
            if asked.law is law and lost:
                verdict.cases = request["beyond"] + 1
                with_loss(verdict, with_case(self.port, self.plan, request, lost))
            elif asked.law is law:
                verdict.cases = found["cases"]
                verdict.smallest, verdict.outcome = decoded_finding(found["smallest"], law)
            else:
                verdict.outcome = outcome_of_loss(lost) if lost else decoded_finding(found["smallest"], law)[1]
            self._judged(asked, verdict, [])

    def _begin_block(self, asked: Asked) -> None:
        block, asked.begun = asked.begun, asked.begun + 1
        self.queue.add(block_of(asked.law.id, asked.dtype, block, asked.blocks[block]))

    def _examined(self, request: Request, found: Data) -> None:
        """Take what a block of cases says, and give the verdict on its law if it is the last that counts."""
        asked = self.asked[find_law(request["law"]), request["dtype"]]
        if asked.verdict is not None:
            return
        if "lost" in found:
            found = {"lost": with_case(self.port, self.plan, request, found["lost"])}
        asked.found[request["block"]] = found
        if len(asked.in_order) == len(asked.blocks) or is_decided(asked.in_order):
            self._judged(asked, *verdict_on(asked.law, asked.dtype, asked.in_order))
        elif asked.begun < len(asked.blocks):
            self._begin_block(asked)

    def _judged(self, asked: Asked, verdict: Verdict, outcomes: list[Outcome]) -> None:
        asked.verdict, asked.outcomes = verdict, outcomes
        self.progress(f"{asked.law.id} {asked.dtype}")
        if self.fail_fast and self.check.fails(self._with_reason(verdict)):
            self.queue.clear()

    def _with_reason(self, verdict: Verdict) -> Verdict:
        """Return a verdict with the reason for which it was to be expected, if it fails and there is one."""
        if verdict.status in FAILING:
            verdict.expected = self.expected(self.check.port, verdict.law.id, verdict.dtype, verdict.status)
        return verdict

    def _questions(self) -> list[Request]:
        """Return for each system in which laws fail the question what explains that."""
        found: list[Request] = []
        for system in self.systems:
            of_system = [asked for asked in self.asked.values() if asked.law.operation.system is system]
            failing: dict[str, list[Data]] = {}
            held: dict[str, dict[str, int]] = {}
            for asked in of_system:
                verdict = asked.verdict
                if verdict is not None and asked.outcomes:
                    first = verdict.smallest
                    assert first is not None
                    findings = [encoded_finding(first, outcome) for outcome in asked.outcomes]
                    told = {"law": asked.law.id, "status": verdict.status, "findings": findings}
                    failing.setdefault(asked.dtype, []).append(told)
                if 0 in asked.found and asked.law.kind != "rejects":
                    held.setdefault(asked.dtype, {})[asked.law.id] = asked.blocks[0]
            if failing:
                found.append({"do": "explain", "system": system.name, "failing": failing, "held": held, "draws": True})
        return [{**request, "seconds": self.plan.search_seconds / len(found)} for request in found]

    def _explained(self, found: Data) -> None:
        for dtype, told in found.items():
            for one in told if dtype in self.plan.dtypes else ():
                verdict = self.asked[find_law(one["law"]), dtype].verdict
                assert verdict is not None
                verdict.status = one["status"]
                right, wrong, back = one["parts"]
                verdict.parts = right, wrong, back
                verdict.diagnosis = [Explanation(**explanation) for explanation in one["diagnosis"]]

    def result(self) -> Check:
        """Return what is known."""
        check = self.check
        for system in self.systems:
            for operation in system.operations.values():
                offer = self._offer(operation)
                fixed = {n: v for n, v in offer.fixed.items() if n in operation.cases.quantities} if offer else {}
                if fixed:
                    check.held_fixed[operation.id] = [f"{name}={value!r}" for name, value in fixed.items()]
                if offer and offer.defaults:
                    check.defaults[operation.id] = list(offer.defaults)
        for asked in self.asked.values():
            if asked.verdict is None and asked.in_order:
                partial, _ = verdict_on(asked.law, asked.dtype, asked.in_order)
                asked.verdict = partial if partial.failed else None
            if asked.verdict is None:
                check.not_run.append((asked.law, asked.dtype))
            else:
                check.verdicts.append(self._with_reason(asked.verdict))
        check.seconds = perf_counter() - self.started
        return check
