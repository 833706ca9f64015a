"""A campaign from its first batch to its last, without Dask: this process performs what is handed out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from campaign_doubles import FEW_LAWS, KEY, LATE_DECAY, PLAN, SAME, campaign, goals, held, judged, rows, target

from gnomon_spec.system import find_law
from gnomon_validation.campaign.performers import SchedulerLostError, Undone
from gnomon_validation.campaign.rows import row_of, verdict_of
from gnomon_validation.campaign.store import Store
from gnomon_validation.ports.find import find_port
from gnomon_validation.runs.examine import examine
from gnomon_validation.runs.joined import verdict_on


def through(one, seconds=None):
    for _ in one.run(seconds):
        pass


def canned(request):
    return {"found": held(request["law"], request["examples"])}


@pytest.fixture
def handlers():
    """Put the handlers of signals back: campaigns that run in turn do not end in the order that their own need."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def port(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "late_decay.py").write_text(LATE_DECAY, encoding="utf-8")
    return "late_decay.py"


def test_the_rows_are_what_examine_gives_for_the_same_units(tmp_path, port):
    one, store = campaign(tmp_path / "results", target(port), judged(find_port(port)), cases=101)
    with store:
        through(one)
    expected = []
    for goal in sorted(goals(target(port), cases=101), key=lambda goal: goal.key):
        for block in range(2):
            found = examine(find_port(port), goal.law, "float32", PLAN, block, goal.examples)
            row = row_of(goal.key, block, goal.examples, found, seconds=0, at=0, campaign="")
            expected.append(tuple(getattr(row, name) for name in SAME))
    assert rows(tmp_path / "results") == expected
    assert one.units == 6 and one.failing == 2


def test_a_row_that_failed_gives_the_verdict_of_the_unit(tmp_path, port):
    law = find_law(f"adamw.step:{FEW_LAWS[2]}")
    found = examine(find_port(port), law, "float32", PLAN, 0, 100)
    row = row_of(KEY._replace(law=law.id), 0, 100, found, seconds=0, at=0, campaign="")
    whole, _ = verdict_on(law, "float32", [found])
    kept = verdict_of(law.id, "float32", row.found, json.loads(row.kinds)[0])
    assert row.kinds == '["wrong: params"]'
    for name in ("status", "cases", "ambiguous", "worst_ratio", "digits", "tried"):
        assert getattr(kept, name) == getattr(whole, name)
    assert kept.outcome.message == whole.outcome.message and repr(kept.smallest) == repr(whole.smallest)


def test_campaigns_one_after_the_other_and_at_once_add_to_one_another(tmp_path):
    file, of = tmp_path / "results", target("reference")
    for cases, units in ((100, 3), (300, 6), (300, 0)):
        one, store = campaign(file, of, canned, cases=cases)
        with store:
            through(one)
        assert one.units == units


def test_campaigns_at_the_same_time_share_the_blocks(tmp_path, handlers):
    file, of = tmp_path / "results", target("reference")
    a, store_a = campaign(file, of, canned, name="a", cases=900)
    b, store_b = campaign(file, of, canned, name="b", cases=900)
    running = [a.run(None), b.run(None)]
    with store_a, store_b:
        while running:
            running = [one for one in running if next(one, "over") is None]
    assert len(rows(file)) == 27 == a.units + b.units
    assert a.units and b.units


def test_the_blocks_of_a_campaign_that_died_are_judged_by_the_next(tmp_path):
    file, of = tmp_path / "results", target("reference")
    with Store(file, campaign="dead") as dead:
        for goal in goals(of):
            assert dead.claim(goal.key, 0) == 0
    one, store = campaign(file, of, canned, cases=300)
    with store:
        running = one.run(None)
        for _ in range(20):
            next(running)
        assert one.units == 6  # it waits for the others
        store.release()
        list(store.select("UPDATE claims SET expires = 0"))
        for _ in running:
            pass
    assert len(rows(file)) == 9


def test_a_batch_that_cost_several_workers_is_tried_unit_by_unit_and_then_lost(tmp_path):
    one, store = campaign(tmp_path / "results", target("reference"), canned, cases=200)
    interrupted = [Undone("interrupted")]

    def trouble(batch):
        kills = any(request["law"].endswith(FEW_LAWS[1]) and request["block"] == 1 for request in batch.requests)
        return interrupted.pop() if interrupted else Undone("killed") if kills else None

    one.cluster.trouble = trouble
    with store:
        through(one)
    found = rows(tmp_path / "results")
    lost = [each for each in found if each[SAME.index("status")] == "crashed"]
    assert len(found) == 6 and len(lost) == 1
    assert "several Dask workers were lost" in lost[0][SAME.index("kinds")]


def test_a_lost_worker_is_a_result_with_its_case(tmp_path):
    def crashes(request):
        lost = {"status": "crashed", "message": "it is gone", "case_number": 2, "by_others": False}
        return {"found": {"lost": lost}}

    one, store = campaign(tmp_path / "results", target("reference"), crashes, cases=1, laws=FEW_LAWS[:1])
    with store:
        through(one)
        found = store.found(one.goals[0].key, 0)
    verdict = verdict_of(one.goals[0].law.id, "float32", found, "crashed: it is gone")
    assert verdict.status == "crashed" and verdict.cases == 3 and verdict.smallest is not None


def test_nothing_more_is_asked_of_a_port_whose_files_changed(tmp_path):
    def unit(request):
        return {**canned(request), "files": {"/somewhere/port.py": "old" if request["block"] < 2 else "new"}}

    one, store = campaign(tmp_path / "results", target("reference", {"port.py": "old"}), unit, cases=1000)
    with store:
        through(one)
        assert list(store.select("SELECT * FROM claims")) == []
    assert one.dropped and {each[SAME.index("block")] for each in rows(tmp_path / "results")} <= {0, 1}


def test_a_scheduler_that_is_lost_and_a_refusal_end_it_with_a_line(tmp_path):
    one, store = campaign(tmp_path / "results", target("reference"), canned)
    one.cluster.trouble = lambda _: Undone("refused", "no such port here")
    with store, pytest.raises(ValueError, match="no such port here"):
        through(one)
    one, store = campaign(tmp_path / "results", target("reference"), canned)

    def done(seconds):
        raise SchedulerLostError("the scheduler")

    one.cluster.done = done
    with store, pytest.raises(ValueError, match=r"the scheduler is gone; all that was found is in .*results"):
        through(one)


GROWTH = """
import sys
from pathlib import Path
from campaign_doubles import campaign, held, resident, target

def unit(request):
    return {"found": held(request["law"], request["examples"])}

one, store = campaign(Path(sys.argv[1]), target("reference"), unit)
sizes = {}
for _ in one.run(60.0):
    for units in (300, 3000):
        if one.units >= units:
            sizes.setdefault(units, resident())
    if len(sizes) == 2:
        break
print(sizes[300], sizes[3000])
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell the size of a process")
def test_memory_does_not_grow_with_the_number_of_units(tmp_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", GROWTH, str(tmp_path / "results")]
    after_300, after_3000 = map(int, subprocess.check_output(command, env=environment, text=True, timeout=60).split())
    assert after_3000 - after_300 < 4e6  # measured: below 1 MB
