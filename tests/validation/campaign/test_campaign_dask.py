"""Campaigns on Dask: whoever is killed, no result is lost, and the results are those of an undisturbed campaign.

Everything runs on the loopback interface and for a bounded time.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from campaign_doubles import FEW_LAWS, LATE_DECAY, PLAN, SAME, goals, rows, target
from campaign_processes import LONGEST, campaign, children, dask, ended, units, wait_for

from gnomon_validation.campaign.rows import row_of
from gnomon_validation.campaign.store import DEFAULT
from gnomon_validation.ports.find import find_port
from gnomon_validation.runs.examine import examine

pytestmark = [pytest.mark.campaign_dask, pytest.mark.xdist_group("campaign")]
LAWS = [word for name in FEW_LAWS for word in ("-k", name)]
USUAL = ("--dtype", "float32", "--workers", "2", *LAWS)
SEGFAULTS = (
    LATE_DECAY
    + """
    import ctypes
"""
)
CRASHES = """
import ctypes
import late_decay


def adamw_step(params, grad, state, **hyper):
    if params.size == 3:
        ctypes.string_at(0)
    return late_decay.adamw_step(params, grad, state, **hyper)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    (tmp_path / "late_decay.py").write_text(LATE_DECAY, encoding="utf-8")
    (tmp_path / "crashes.py").write_text(CRASHES, encoding="utf-8")
    return tmp_path


def undisturbed(blocks: int) -> list[tuple]:
    """The rows of so many blocks of each law, judged by this process."""
    expected = []
    for goal in sorted(goals(target("late_decay.py"), cases=1), key=lambda goal: goal.key):
        for block in range(blocks):
            found = examine(find_port("late_decay.py"), goal.law, "float32", PLAN, block, goal.examples)
            expected.append(row_of(goal.key, block, goal.examples, found, seconds=0, at=0, campaign=""))
    return [tuple(value for name, value in zip(SAME, only(row), strict=True) if name != "version") for row in expected]


def only(row) -> tuple:
    return tuple(getattr(row, name) for name in SAME)


def without_version(found: list[tuple]) -> list[tuple]:
    at = SAME.index("version")
    return [(*row[:at], *row[at + 1 :]) for row in found]


def test_a_dask_worker_that_is_killed_costs_nothing_and_two_give_what_one_process_does(folder):
    with campaign("late_decay.py", *USUAL, "--cases", "200") as process:
        wait_for(lambda: units() >= 1)
        workers = [number for number, line in children(process.pid) if "multiprocessing.spawn" in line]
        os.kill(workers[0], signal.SIGKILL)
        status, output, errors = ended(process)
    assert (status, errors) == (1, "") and "6 units" in output
    assert without_version(rows(DEFAULT)) == undisturbed(2)


def test_a_command_that_is_killed_goes_on_when_it_is_started_again(folder):
    with campaign("late_decay.py", *USUAL, "--cases", "300") as process:
        wait_for(lambda: units() >= 2)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=LONGEST)
    before = units()
    assert 2 <= before < 9
    with campaign("late_decay.py", *USUAL, "--cases", "300") as process:
        status, output, _ = ended(process)
    assert status == 1 and f" {9 - before} unit" in output
    assert without_version(rows(DEFAULT)) == undisturbed(3)


def test_a_port_that_crashes_is_a_result_and_ctrl_c_ends_a_campaign_in_good_order(folder):
    with campaign("crashes.py", "--dtype", "float32", "--workers", "2", *LAWS[:2]) as process:
        kinds = wait_for(lambda: crashed())
        os.killpg(process.pid, signal.SIGINT)
        status, output, errors = ended(process)
    assert (status, errors) == (130, "") and output.count("\n") == 1
    assert "was killed by signal 11 (SIGSEGV) in a call of adamw.step" in kinds
    with closing(sqlite3.connect(DEFAULT)) as database:
        [(found,)] = database.execute("SELECT found FROM results WHERE block = 0")
        assert database.execute("SELECT count(*) FROM claims").fetchone() == (0,)
    assert json.loads(found)["lost"]["case"]["params"]["shape"] == [3]


def crashed() -> str:
    """What the first block's result says, once there is one (the second block may end before it)."""
    if units() < 1:
        return ""
    with closing(sqlite3.connect(DEFAULT)) as database:
        return "".join(kinds for (kinds,) in database.execute("SELECT kinds FROM results WHERE block = 0"))


def test_a_scheduler_that_is_killed_ends_the_command_with_a_line_and_another_goes_on(folder, unused_port):
    usual = ("late_decay.py", "--dtype", "float32", *LAWS, "--cases", "300", "--scheduler")
    with dask(unused_port()) as (address, scheduler), campaign(*usual, address) as process:
        wait_for(lambda: units() >= 1)
        os.kill(scheduler.pid, signal.SIGKILL)
        status, output, errors = ended(process)
    assert status == 1 and f"the Dask scheduler {address} is gone" in errors.splitlines()[-1]
    assert output.startswith("campaign ") and output.count("\n") == 1
    before = units()
    with dask(unused_port()) as (address, _), campaign(*usual, address) as process:
        status, output, errors = ended(process)
    assert (status, errors) == (1, "") and f" {9 - before} unit" in output
    assert without_version(rows(DEFAULT)) == undisturbed(3)


GROWTH = """
import sys
from pathlib import Path
from campaign_doubles import PLAN, canned_work, goals, resident, target
from gnomon_validation.campaign.cluster import Cluster
from gnomon_validation.campaign.drive import Campaign
from gnomon_validation.campaign.store import Store

def main():
    sizes = {}
    with Store(Path("results"), campaign="c") as store, Cluster(None, 1, "c", work=canned_work) as cluster:
        campaign = Campaign(goals(target("reference")), store, cluster, PLAN)
        for _ in campaign.run(50.0):
            for units in (300, 3000):
                if campaign.units >= units:
                    sizes.setdefault(units, resident())
            if len(sizes) == 2:
                break
    print(sizes[300], sizes[3000])

if __name__ == "__main__":
    main()
"""


def test_the_memory_of_a_command_on_dask_does_not_grow_with_the_number_of_units(folder):
    (folder / "growth.py").write_text(GROWTH, encoding="utf-8")
    told = subprocess.check_output([sys.executable, "growth.py"], text=True, timeout=LONGEST)
    after_300, after_3000 = map(int, told.split())
    assert after_3000 - after_300 < 16e6  # measured: 8 MB, Dask's logs and caches; 0.1 MB from 10,000 to 20,000 units


@pytest.fixture
def unused_port():
    import socket

    def find() -> int:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            return int(one.getsockname()[1])

    return find
