"""Who did something, kept by value: history keeps its own words when an account is renamed or disabled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A person, a token acting for one, a source that was pulled from, or the system itself."""

    kind: str
    """`person`, `token`, `source` or `system`."""
    id: str
    name: str


SYSTEM = Actor(kind="system", id="system", name="Scorecard")
