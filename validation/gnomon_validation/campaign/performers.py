"""Who performs the batches of a campaign, as the campaign sees it."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

from gnomon_validation.campaign.hands import Batch


class Undone(NamedTuple):
    """A batch that has no results.

    why: it cost several workers; its results did not come, but may the next time; or it cannot be done, and the message
    says why in one line.
    """

    why: Literal["killed", "interrupted", "refused"]
    message: str = ""


class SchedulerLostError(Exception):
    """Whoever hands batches on does not answer any more."""


class Performers(Protocol):
    """Batches go in, and what became of them comes out; each member may raise `SchedulerLostError`.

    name: how a person calls whoever hands batches on. campaign: whose batches these are.
    """

    name: str
    campaign: str

    @property
    def threads(self) -> int:
        """How many batches can be worked on at once."""
        ...

    @property
    def in_flight(self) -> int:
        """How many batches there are of which nothing is known yet."""
        ...

    def submit(self, batch: Batch) -> int:
        """Have a batch performed, and return its number."""
        ...

    def done(self, seconds: float) -> tuple[int, str | Undone] | None:
        """Return the number of a batch and its results; `None` if there are none within some seconds."""
        ...
