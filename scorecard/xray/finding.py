"""What an x-ray says: a check, the spots where it found its fault, and the findings that people read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from scorecard.xray.case import Case

Severity = Literal["error", "warning", "notice"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "notice")
"""From the gravest: an error says that the record contradicts itself, and blocks review and sealing."""


@dataclass(frozen=True)
class Spot:
    """One place where a check found its fault.

    `where` points into the card (`/categories/cbrn/post_mitigation`, `/evaluations/xstest`, `/framework/indicators/x`);
    `runs` are the runs concerned. `published` says that it is the fault of a figure that somebody else printed.
    """

    where: str
    reason: str
    runs: tuple[str, ...] = ()
    published: bool = False


@dataclass(frozen=True)
class Finding:
    """One fault in words that need nothing else: what, why, where, and what to do about it."""

    code: str
    severity: Severity
    title: str
    reason: str
    where: str
    remedy: str
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """One question that is asked of every card. `looks_at` is the row of the reference page."""

    code: str
    severity: Severity
    title: str
    looks_at: str
    remedy: str
    find: Callable[[Case], Iterable[Spot]]

    def findings(self, case: Case) -> Iterable[Finding]:
        """Yield what the check finds. Our record is not wrong because a publication is: that is a warning at most."""
        for spot in dict.fromkeys(self.find(case)):
            severity: Severity = "warning" if spot.published and self.severity == "error" else self.severity
            yield Finding(self.code, severity, self.title, spot.reason, spot.where, self.remedy, spot.runs)
