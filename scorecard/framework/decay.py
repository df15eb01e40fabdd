"""When evidence ends: by age, by growth of effective compute, by what happened to the system, by its applicability.

What has ended never lowers anything: `findings` reads it as "cannot rule out", and what it reached stays reached.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

CHANGES = {
    "fine_tune": "fine-tuning",
    "scaffold": "a change of the scaffold",
    "tools": "access to new tools",
    "safeguard": "a change of the safeguards",
    "breakthrough": "an algorithmic breakthrough",
}
"""Kind of change -> what it is called in a sentence."""
ONLY_AFTER_MITIGATION = ("safeguard",)
"""Changes that say nothing about what was measured before mitigation."""

Row = dict[str, Any]


def moment_of(text: str) -> datetime:
    """Return the moment that an RFC 3339 text in UTC (`Z`) names."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _policy(document: Row) -> Row:
    expiry: Row = document["policy"].get("expiry") or {}
    return expiry


def depends_on_time(document: Row, applicability: list[Row]) -> bool:
    """Whether the day of reading decides anything: the framework bounds age, or results apply until a day."""
    return _policy(document).get("max_age_days") is not None or any(row.get("expires_at") for row in applicability)


def last_day(document: Row, item: Row, applicability: list[Row]) -> str | None:
    """Return the last day (ISO) on which an evidence item stands if nothing else happens; None if it has none."""
    ends = []
    age = _policy(document).get("max_age_days")
    if age is not None:
        ends.append(date.fromisoformat(item["tested_at"][:10]) + timedelta(days=age - 1))
    for row in applicability:
        if row["id"] == item["applies"] and row.get("expires_at"):
            ends.append(date.fromisoformat(row["expires_at"][:10]) - timedelta(days=1))
    return min(ends).isoformat() if ends else None


def _by_time(document: Row, item: Row, applied: Row | None, as_of: str) -> list[Row]:
    found = []
    end = last_day(document, item, [])
    if end is not None and as_of > end:
        words = f"it was run on {item['tested_at'][:10]} and stands for {_policy(document)['max_age_days']} days"
        found.append({"kind": "age", "words": words})
    if applied is not None and applied.get("expires_at") and as_of >= applied["expires_at"][:10]:
        words = (
            f"the determination that results on {applied['from_checkpoint']} hold here "
            f"ended on {applied['expires_at'][:10]}"
        )
        found.append({"kind": "applicability", "words": words})
    return found


def _by_compute(document: Row, applied: Row | None) -> list[Row]:
    most, grown = _policy(document).get("compute_multiple"), (applied or {}).get("compute_multiple")
    if most is None or grown is None or grown <= most:
        return []
    words = f"effective compute grew {grown:g} times since, and evidence stands for {most:g} times"
    return [{"kind": "compute", "words": words}]


def _by_changes(document: Row, item: Row, applied: Row | None, changes: list[Row]) -> list[Row]:
    """Return the changes after the run; a determination that the results hold covers what happened before it."""
    ending, found = _policy(document).get("changes") or [], []
    known = moment_of(item["tested_at"] if applied is None else max(item["tested_at"], applied["at"], key=moment_of))
    for change in changes:
        if change["kind"] not in ending or moment_of(change["happened_at"]) <= known:
            continue
        if change["kind"] in ONLY_AFTER_MITIGATION and item["mitigation"] == "pre_mitigation":
            continue
        words = f"{CHANGES[change['kind']]} came after it, on {change['happened_at'][:10]}"
        found.append({"kind": change["kind"], "words": words})
    return found


def expired_by(document: Row, item: Row, applicability: list[Row], changes: list[Row], as_of: str | None) -> list[Row]:
    """Return why an evidence item has ended as `{kind, words}` rows; empty while it stands.

    `applicability` holds the card's determinations that results on other checkpoints hold for its own, `changes` what
    happened to its checkpoint, and `as_of` the day (ISO) on which the evidence is read; None where no day decides.
    The words name no day of reading, so that what has ended reads the same on every later day.
    """
    applied = next((row for row in applicability if row["id"] == item["applies"]), None)
    withdrawn = []
    if applied is not None and applied.get("withdrawn_at"):
        words = f"the determination that results on {applied['from_checkpoint']} hold here was withdrawn"
        withdrawn = [{"kind": "withdrawn", "words": words}]
    timed = _by_time(document, item, applied, as_of) if as_of is not None else []
    return timed + withdrawn + _by_compute(document, applied) + _by_changes(document, item, applied, changes)


def day_after(day: str) -> str:
    """Return the day after a day (ISO)."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def first_end(document: Row, evidence: list[Row], applicability: list[Row]) -> str | None:
    """Return the first last day among the standing items that decide a level; None if none of them has one."""
    deciding = {row["evaluation"] for row in document["indicators"]}
    ends = [
        last_day(document, item, applicability)
        for item in evidence
        if item["evaluation"] in deciding and item["tally"] is not None and not item.get("expired")
    ]
    return min((end for end in ends if end is not None), default=None)
