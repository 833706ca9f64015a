"""What tests of campaigns share: a store, a campaign whose batches this process performs, rows as they are compared."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

from gnomon_spec.system import find_law, find_system
from gnomon_validation.campaign.drive import Campaign
from gnomon_validation.campaign.goals import Target, goals_of
from gnomon_validation.campaign.hands import Batch
from gnomon_validation.campaign.performers import Undone
from gnomon_validation.campaign.rows import Key, Row
from gnomon_validation.campaign.store import Store
from gnomon_validation.ports.find import find_port
from gnomon_validation.runs.examine import examine
from gnomon_validation.runs.plan import BLOCK, Plan
from gnomon_validation.runs.pool import Owner

PLAN = Plan(examples=BLOCK, dtypes=("float32",))
KEY = Key("port", "1", "adamw.step:no_gradient_no_move", "float32", 0)
SAME = [name for name in Row._fields if name not in ("seconds", "at", "campaign")]
# Right and wrong laws of a port that decays too late; each unit takes less than a second.
DECAY_LAW = "decay_acts_on_the_parameters_before_the_step"
FEW_LAWS = ("no_gradient_no_move", "without_memory_only_the_sign_counts", DECAY_LAW)
RAN = {"seconds": 1.0, "files": {}}
LATE_DECAY = """
import numpy as np


def adamw_step(params, grad, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
    m, v, largest, t = state
    t = t + 1
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    params = params - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return params * (1 - lr * weight_decay), (m, v, largest, t)
"""


def resident() -> int:
    """How many bytes of memory this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def row(block=0, *, key=KEY, **changes) -> Row:
    """A row of a block that holds, but for what is said."""
    plain = {"examples": 100, "cases": 100, "ambiguous": 0, "worst_ratio": 0.0, "digits": 6.0, "status": "conforms"}
    tried = {"kinds": "[]", "largest": 5, "ranges": "{}", "seconds": 1.0, "at": 1.0, "campaign": "c", "found": None}
    return Row(*key, block, **{"system": "adamw", **plain, **tried, **changes})


def held(law: str, examples: int = 100) -> dict:
    """The result of a unit in which every case holds."""
    figures = {"cases": examples, "ambiguous": 0, "digits": [6.0], "horizons": [], "worst_ratio": 0.1}
    return {
        **figures,
        "enough": False,
        "failing": [],
        "seconds": 1.0,
        "largest": 5,
        "ranges": {"lr": [0.1, 1.0]},
        "left_out": [],
    }


def canned_work(batch: Batch) -> str:
    """What a Dask task does if every case holds."""
    results = [{"found": held(request["law"], request["examples"]), **RAN} for request in batch.requests]
    return json.dumps(results)


class Described:
    """A port as a worker describes it, made here."""

    def __init__(self, name: str) -> None:
        self.port = find_port(name)
        self.name, self.contents, self.meant = self.port.name, {"adamw.step": "1"}, ""
        self.offer = self.port.offer


def target(name: str, files: dict[str, str] | None = None) -> Target:
    return Target(Owner(name, {}, None, PLAN), Described(name), frozenset((files or {}).items()))


def goals(of: Target, laws=FEW_LAWS, *, cases: int | None = None):
    wanted = [find_law(f"adamw.step:{name}") for name in laws]
    return list(goals_of(of, [find_system("adamw")], PLAN, wanted.__contains__, campaign="c", cases=cases))


class Here:
    """Performers that are this process: a batch is performed when its results are asked for."""

    name, threads = "nobody", 1

    def __init__(self, campaign: str, unit: Callable[[dict], dict]) -> None:
        self.campaign, self.unit = campaign, unit
        self.waiting: dict[int, Batch] = {}
        self.number = 0
        self.trouble: Callable[[Batch], Undone | None] = lambda _: None

    @property
    def in_flight(self) -> int:
        return len(self.waiting)

    def submit(self, batch: Batch) -> int:
        self.number += 1
        self.waiting[self.number] = batch
        return self.number

    def done(self, seconds: float):
        number = next(iter(self.waiting), None)
        if number is None:
            return None
        batch = self.waiting.pop(number)
        trouble = self.trouble(batch)
        if trouble is not None:
            return number, trouble
        return number, json.dumps([{**RAN, **self.unit(request)} for request in batch.requests])


def judged(port) -> Callable[[dict], dict]:
    """What performs a unit on a port that this process has."""

    def unit(request: dict) -> dict:
        law, dtype = find_law(request["law"]), request["dtype"]
        return {"found": examine(port, law, dtype, PLAN, request["block"], request["examples"])}

    return unit


def campaign(file: Path, of: Target, unit, *, name: str = "c", **options) -> tuple[Campaign, Store]:
    store = Store(file, campaign=name)
    return Campaign(goals(of, **options), store, Here(name, unit), PLAN), store


def rows(file: Path) -> list[tuple]:
    """All rows but for when and by whom they were made, by key and block."""
    database = sqlite3.connect(file)
    try:
        return database.execute(f"SELECT {', '.join(SAME)} FROM results ORDER BY law, dtype, block").fetchall()
    finally:
        database.close()
