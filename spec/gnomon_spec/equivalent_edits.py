"""Single edits of the reference that change nothing that a law could be about, each with the reason.

`gnomon adequacy` leaves them out of its count. An edit is known by its function and by the line before and after it.
"""

from __future__ import annotations

from gnomon_spec.edits import Address

EQUIVALENT: dict[Address, dict[tuple[str, str], str]] = {}


def argument(at: Address, before: str, after: str) -> str:
    """Return why an edit changes nothing; empty if nobody says that it does not."""
    return EQUIVALENT.get(at, {}).get((before, after), "")
