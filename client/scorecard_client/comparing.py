"""Comparing two scorecards by their records: levels first, then findings, decisions, framework and evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scorecard_client.answers import POST, PRE, Evidence, Side, Snapshot

Facts = Mapping[tuple[str, str], str]
"""(section, what) -> how it stands, in the order of reading."""


@dataclass(frozen=True)
class Difference:
    """One thing that stands otherwise; `before` or `after` is None where it is in one record only."""

    section: str
    what: str
    before: str | None
    after: str | None

    def lines(self) -> list[str]:
        """Return it as lines with - and +."""
        sides = (("-", self.before), ("+", self.after))
        return [
            f"{sign} {self.what}: {text}" if text else f"{sign} {self.what}" for sign, text in sides if text is not None
        ]


def _levels(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    facts = {}
    for side in (PRE, POST):
        facts["levels", f"overall {side}"] = snapshot.overall.get(side) or "no level"
    for category in snapshot.categories:
        for side, held in ((PRE, category.pre_mitigation), (POST, category.post_mitigation)):
            where = f"{category.category} {side}"
            facts["levels", f"{where} determined"] = held.determined_level or "no level"
            facts["levels", f"{where} indicated"] = held.indicated_level or "no level"
    return facts


def _findings_of(where: str, side: Side) -> dict[tuple[str, str], str]:
    facts = {}
    for level in side.levels:
        facts["findings", f"{where} {level.level}"] = level.finding or "unknown"
        for row in level.indicators:
            facts["findings", f"{where} {level.level} {row.get('id', '?')}"] = str(row.get("finding", "unknown"))
    return facts


def _findings(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    facts: dict[tuple[str, str], str] = {}
    for category in snapshot.categories:
        facts |= _findings_of(f"{category.category} {PRE}", category.pre_mitigation)
        facts |= _findings_of(f"{category.category} {POST}", category.post_mitigation)
    return facts


def _decisions(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    framework = snapshot.framework
    return {
        **{("gates", gate.action): gate.decision for gate in snapshot.gates},
        ("framework", framework.slug): f"{framework.version} {framework.digest}",
    }


def _figure(item: Evidence) -> str:
    tally = item.tally or {}
    figure = f"{tally['total']}/{tally.get('scored', '?')} " if "total" in tally else ""
    return f"{figure}{item.digest}"


def _evidence(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    facts = {}
    for item in snapshot.evidence:
        name = f"{item.evaluation}/{item.stratum}" if item.stratum else item.evaluation
        facts["evidence", f"{item.run} {name} {item.mitigation}"] = _figure(item)
    return facts


def facts_of(snapshot: Snapshot) -> Facts:
    """Return everything that two records are compared by."""
    return {**_levels(snapshot), **_findings(snapshot), **_decisions(snapshot), **_evidence(snapshot)}


def differences(before: Snapshot, after: Snapshot) -> list[Difference]:
    """Return what stands otherwise, section by section."""
    former, now = facts_of(before), facts_of(after)
    sections = list(dict.fromkeys(section for section, _ in [*former, *now]))
    keys = sorted(dict.fromkeys([*former, *now]), key=lambda key: sections.index(key[0]))
    return [Difference(*key, former.get(key), now.get(key)) for key in keys if former.get(key) != now.get(key)]
