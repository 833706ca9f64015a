"""The file of results: nothing is lost, nothing is there twice, and campaigns do not do each other's work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from campaign_doubles import KEY, row, rows

from gnomon_validation.campaign import store as module
from gnomon_validation.campaign.store import Store


@pytest.fixture
def file(tmp_path):
    return tmp_path / "folder" / "campaign.sqlite"


def test_a_row_comes_back_as_it_was_without_what_was_found(file):
    stored = row(worst_ratio=float("inf"), found="{}", kinds='["wrong: params"]')
    with Store(file) as store:
        assert store.add(stored)
        assert list(store.since(0)) == [(1, stored._replace(found=None))]
        assert store.found(KEY, 0) == "{}"
        assert list(store.since(1)) == []


def test_a_block_that_is_stored_twice_is_one_row(file):
    with Store(file) as one, Store(file) as other:
        assert one.add(row(seconds=1.0)) and not other.add(row(seconds=2.0))
        assert [each.seconds for _, each in other.since(0)] == [1.0]


def test_blocks_are_claimed_in_order_and_by_one_campaign_each(file):
    with Store(file, campaign="a") as a, Store(file, campaign="b") as b:
        a.add(row(1))
        assert [a.claim(KEY, 0), b.claim(KEY, 0), a.claim(KEY, 2), b.claim(KEY, 0, 4)] == [0, 2, 3, None]
        assert b.claim(KEY._replace(version="2"), 0) == 0
        b.add(row(2))
        b.release()
        assert b.claim(KEY, 0) == 4
        a.release("another port")
        assert b.claim(KEY, 0, 4) is None
        a.release(KEY.port)
        assert b.claim(KEY, 0, 4) == 0
        assert b.done(KEY, 2) == 1


def test_the_claims_of_a_campaign_that_does_not_renew_them_expire(file, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(module, "time", lambda: clock[0])
    with Store(file, campaign="a") as a, Store(file, campaign="b") as b:
        assert a.claim(KEY, 0) == 0
        clock[0] += module.EXPIRY - 1
        a.renew()
        clock[0] += 2
        assert b.claim(KEY, 0, 1) is None
        clock[0] += module.EXPIRY
        assert b.claim(KEY, 0, 1) == 0


def test_several_threads_claim_and_store_at_the_same_time(file):
    def worker(name):
        with Store(file, campaign=str(name)) as store:
            for _ in range(25):
                store.add(row(store.claim(KEY, 0), campaign=str(name)))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(worker, range(4)))
    with Store(file) as store:
        assert sorted(each.block for _, each in store.since(0)) == list(range(100))


WRITER = """
import sys
from pathlib import Path
from campaign_doubles import KEY, row
from gnomon_validation.campaign.store import Store
store = Store(Path(sys.argv[1]), campaign="dead")
while True:
    block = store.claim(KEY, 0)
    if store.add(row(block)):
        print(block, flush=True)
"""


def test_what_was_stored_outlives_a_kill_and_the_claims_of_the_dead_are_void(file):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, file], stdout=subprocess.PIPE, text=True, env=environment
    ) as writer:
        told = [int(next(writer.stdout)) for _ in range(20)]
        writer.send_signal(signal.SIGKILL)
        told += map(int, writer.stdout)
    with Store(file, campaign="a") as store:
        stored = [each.block for _, each in store.since(0)]
        assert set(told) <= set(stored) and stored == list(range(len(stored)))
        store.bury()
        assert store.claim(KEY, 0) == len(stored)


def test_a_file_that_holds_something_else_is_told_in_a_line(file, tmp_path):
    with pytest.raises(ValueError, match="there are no results in"):
        Store(file, new=False)
    other = tmp_path / "other"
    other.write_text("no database, but long enough to be read as one" * 20, encoding="utf-8")
    with pytest.raises(ValueError, match="cannot be opened: file is not a database"):
        Store(other)


def test_a_report_knows_when_the_last_one_was(file):
    with Store(file) as store:
        assert store.report_now() is None
        assert store.report_now() is not None
        store.ask([KEY, KEY])
        assert [tuple(each) for each in store.select("SELECT * FROM asked")] == [tuple(KEY)]
    assert rows(file) == []
