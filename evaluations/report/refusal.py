"""Why a posted document is refused: every fault with its place, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

MOST_FAULTS = 50


@dataclass(frozen=True)
class Fault:
    """One fault of a document."""

    pointer: str
    """JSON pointer (RFC 6901) to the place; empty for the whole document."""
    code: str
    detail: str
    remedy: str


class ReportRefused(ValueError):
    """A document that is not taken in. `status` is 400 for what is no strict JSON object, 422 for what it says.

    `errors` holds at most fifty faults as dictionaries with the keys pointer, code, detail and remedy.
    """

    def __init__(self, faults: Iterable[Fault], *, status: int) -> None:
        self.faults = tuple(faults)[:MOST_FAULTS]
        self.errors: list[dict[str, str]] = [asdict(fault) for fault in self.faults]
        self.status = status
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.detail}" for fault in self.faults[:3]))


def pointer_to(parts: Iterable[Any]) -> str:
    """Return the JSON pointer of a path of keys and indices."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
