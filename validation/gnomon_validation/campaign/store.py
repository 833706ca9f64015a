"""The results of campaigns in one SQLite file, which any number of them write to at the same time.

A row is a unit of work. Before a block of cases is handed out, it is claimed, so that nobody else judges it meanwhile;
the claims of a campaign that died are void once its process is known to be gone, or it did not renew them.
"""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from time import sleep, time
from typing import Any

from gnomon_validation.campaign.rows import Key, Row

DEFAULT = Path(".gnomon") / "campaign.sqlite"
FORMAT = 1
EXPIRY = 120.0  # seconds for which a claim holds that is not renewed
BUSY, TRIES = 60.0, 200  # seconds for which somebody else's writing is waited for
BLOCK = ", ".join((*Key._fields, "block"))
IS_KEY = " AND ".join(f"{name} = ?" for name in Key._fields)
SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS results ({", ".join(Row._fields)}, UNIQUE ({BLOCK}));
CREATE TABLE IF NOT EXISTS asked ({", ".join(Key._fields)}, UNIQUE ({", ".join(Key._fields)}));
CREATE TABLE IF NOT EXISTS claims ({BLOCK}, campaign, process, expires, UNIQUE ({BLOCK}));
CREATE TABLE IF NOT EXISTS reports (at REAL);
PRAGMA user_version = {FORMAT};
COMMIT;
"""
BRIEF = ", ".join(name if name != "found" else "NULL" for name in Row._fields)


class Store:
    """The file of results, opened."""

    def __init__(self, file: Path, *, campaign: str = "", new: bool = True) -> None:
        """new: whether there may be no such file yet."""
        if not new and not file.exists():
            raise ValueError(f"there are no results in {file}: gnomon campaign PORT begins to collect some")
        self.file, self.campaign = file, campaign
        self._process = f"{socket.gethostname()} {os.getpid()}"
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = sqlite3.connect(file, timeout=BUSY, isolation_level=None)
            self._prepare()
        except sqlite3.Error as error:
            raise ValueError(f"results {file} cannot be opened: {error}") from None

    def _prepare(self) -> None:
        tables = "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version"
        [(format_, number)] = self.select(tables)  # at once: somebody else may be making them
        if format_ != FORMAT and (format_ or number):
            raise ValueError(f"{self.file} holds no results of a campaign of this Gnomon")
        self._database.execute("PRAGMA synchronous = NORMAL")
        for _ in range(TRIES):  # to change the mode SQLite does not wait for others
            with suppress(sqlite3.OperationalError):
                self._database.execute("PRAGMA journal_mode = WAL")
                break
            sleep(BUSY / TRIES)
        if not format_:
            self._database.executescript(SCHEMA)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def _one(self, question: str, values: Iterable[Any] = ()) -> Any:
        with closing(self._database.execute(question, tuple(values))) as answer:
            found = answer.fetchone()
            return found[0] if found else None

    def ask(self, keys: Iterable[Key]) -> None:
        """Say which laws a campaign is about, so that a report knows which were not reached."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(f"INSERT INTO asked VALUES ({_marks(Key)}) ON CONFLICT DO NOTHING", keys)

    def add(self, row: Row) -> bool:
        """Store a row at once; return whether there was none of the same block."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            added = self._database.execute(f"INSERT INTO results VALUES ({_marks(Row)}) ON CONFLICT DO NOTHING", row)
            self._database.execute(f"DELETE FROM claims WHERE {IS_KEY} AND block = ?", (*row.key, row.block))
            return added.rowcount == 1

    def claim(self, key: Key, start: int, below: int | None = None) -> int | None:
        """Return the first block, from `start` on, that is neither done nor being done, and claim it.

        below: the first that is not wanted; `None` is returned if none before it is left.
        """
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute("DELETE FROM claims WHERE expires < ?", (time(),))
            block = start
            while below is None or block < below:
                if not self._one(f"SELECT 1 FROM results WHERE {IS_KEY} AND block = ?", (*key, block)):
                    values = (*key, block, self.campaign, self._process, time() + EXPIRY)
                    marks = ", ".join("?" * len(values))
                    told = self._database.execute(f"INSERT INTO claims VALUES ({marks}) ON CONFLICT DO NOTHING", values)
                    if told.rowcount == 1:
                        return block
                block += 1
        return None

    def renew(self) -> None:
        """Say that the campaign is alive."""
        values = (time() + EXPIRY, self.campaign)
        self._database.execute("UPDATE claims SET expires = ? WHERE campaign = ?", values)

    def release(self, port: str | None = None) -> None:
        """Give up the campaign's claims: all, or those of a port."""
        values = (self.campaign, port, port)
        self._database.execute("DELETE FROM claims WHERE campaign = ? AND (? IS NULL OR port = ?)", values)

    def bury(self) -> None:
        """Make the claims void of campaigns that ran on this machine and do not any more."""
        for (process,) in self._database.execute("SELECT DISTINCT process FROM claims").fetchall():
            host, _, number = process.rpartition(" ")
            if host == socket.gethostname() and not _is_running(int(number)):
                self._database.execute("DELETE FROM claims WHERE process = ?", (process,))

    def done(self, key: Key, below: int) -> int:
        """Return how many blocks of a law before one are done."""
        return int(self._one(f"SELECT count(*) FROM results WHERE {IS_KEY} AND block < ?", (*key, below)))

    def since(self, row_id: int) -> Iterator[tuple[int, Row]]:
        """Yield what was stored after a row, whoever stored it, in that order, without what was found."""
        question = f"SELECT rowid, {BRIEF} FROM results WHERE rowid > ? ORDER BY rowid"
        for number, *values in self._database.execute(question, (row_id,)):
            yield number, Row(*values)

    def found(self, key: Key, block: int) -> str:
        """Return what a unit found that failed."""
        return str(self._one(f"SELECT found FROM results WHERE {IS_KEY} AND block = ?", (*key, block)))

    def select(self, question: str, values: Iterable[Any] = ()) -> Iterator[Any]:
        """Yield what a question in SQL is answered with."""
        yield from self._database.execute(question, tuple(values))

    def report_now(self) -> float | None:
        """Remember that there was a report, and return when there was one before."""
        last: float | None = self._one("SELECT max(at) FROM reports")
        self._database.execute("INSERT INTO reports VALUES (?)", (time(),))
        return last


def _marks(kind: type[Key | Row]) -> str:
    return ", ".join("?" * len(kind._fields))


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
