"""Repeated attempts at one item: what was valid, what was correct, what the system and not the model got wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .inputs import whole


@dataclass(frozen=True)
class Attempts:
    """`correct` of `valid` attempts at one item; `errors` more were lost to the system and are not the model's."""

    valid: int
    correct: int
    errors: int = 0
    name: str = ""

    def __post_init__(self) -> None:
        label = self.name[:80] or "an item"
        whole(self.errors, f"{label}: errors")
        if whole(self.correct, f"{label}: correct") > whole(self.valid, f"{label}: valid"):
            raise ValueError(f"{label}: {self.correct} correct attempts are more than {self.valid} valid ones")


def surviving(items: Sequence[Attempts]) -> list[Attempts]:
    """Return the items with a valid attempt. Raises ValueError if there is none."""
    found = [item for item in items if item.valid]
    if not found:
        raise ValueError("no item has a valid attempt")
    return found


def named(items: Sequence[Attempts]) -> str:
    """Return up to three names for a note, with the number of the others."""
    names = [item.name[:40] or "unnamed" for item in items]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
