"""A scorecard's document arranged for reading: which row says what. It selects and words; it decides nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from scorecard.framework.derivation import indicator_title, level_names
from scorecard.framework.reading import (
    deciding_indicator,
    evidence_alone,
    evidence_count,
    joined,
    only_if,
    since_words,
    unmeasured,
)
from scorecard.snapshot import LATE

Record = dict[str, Any]
SIDES = ("post_mitigation", "pre_mitigation")


def decisions(document: Record) -> list[Record]:
    """Return the decision box's rows: bold words, the framework's rule and, when denied, the reasons."""
    return [
        {
            "allowed": row["decision"] == "allow",
            "words": row["sentence"],
            "rule": row["rule"],
            "only_if": only_if(row["rule"]),
            "reasons": [] if row["decision"] == "allow" else row["reasons"],
        }
        for row in document["gates"]
    ]


def category_rows(document: Record, framework: Record) -> list[Record]:
    """Return the rows of the risk level table."""
    names = level_names(framework)
    summaries = {entry["slug"]: entry["summary"] for entry in framework["categories"]}
    rows = []
    for category in document["categories"]:
        post = category["post_mitigation"]
        deciding = deciding_indicator(post)
        have, of = evidence_count(post)
        rows.append(
            {
                **category,
                "slug": category["category"],
                "summary": summaries.get(category["category"], ""),
                "deciding": indicator_title(framework, deciding) if deciding else None,
                "have": have,
                "of": of,
                "alone": evidence_alone(post, names),
                "missing": unmeasured(category, framework),
                "missing_words": missing_words(category, framework),
                "statements": _statements(category, standing=not document.get("stale")),
                "since": since_words(document, category["category"], names),
            }
        )
    return rows


def missing_words(category: Record, framework: Record) -> str:
    """Say which indicators were not run after mitigation, and whether the level rests on others; empty for none."""
    titles = unmeasured(category, framework)
    if not titles:
        return ""
    have, _ = evidence_count(category["post_mitigation"])
    before = {indicator_title(framework, row) for level in category["pre_mitigation"]["levels"]
              for row in level["indicators"] if row["finding"] != "not_assessed"}  # fmt: skip
    told = [f"{title} (run before mitigation only)" if title in before else title for title in titles]
    rest = "the level rests on the other indicators" if have else "no indicator speaks for the level"
    return f"Not run after mitigation: {joined(told)}; {rest}."


def said_of(side: Record, *, standing: bool) -> str | None:
    """Return where people's level and the evidence of a side part, in words that are still true.

    What a frozen card says of itself is put into the past where its signatures do not count any more.
    """
    if side.get("overtaken"):
        overtaken: str = side["overtaken"]["statement"]
        return overtaken
    if side["statement"] and not standing:
        return f"When it was sealed: {side['statement']}"
    words: str | None = side["statement"]
    return words


def _statements(category: Record, *, standing: bool) -> list[Record]:
    """Return what the card says where people's level and the evidence part, once where both sides say the same."""
    said = {side: said_of(category[side], standing=standing) for side in SIDES}
    if said["post_mitigation"] == said["pre_mitigation"]:
        return [{"side": None, "words": said["post_mitigation"]}] if said["post_mitigation"] else []
    return [{"side": side, "words": words} for side, words in said.items() if words]


def exceptions(document: Record, rows: list[Record]) -> list[Record]:
    """Return, by category, what to know before trusting the card: errors, statements and missing indicators."""
    found = []
    for row in rows:
        errors = [
            line for line in document["lint"]
            if line["severity"] == "error" and line["where"].partition("/")[0] == row["category"]
        ]  # fmt: skip
        late = list(dict.fromkeys(
            line["message"] for line in document["lint"]
            if line["code"] == LATE and line["where"].partition("/")[0] == row["category"]
        ))  # fmt: skip
        if errors or late or row["statements"] or row["missing"]:
            unique = list({line["message"]: line for line in errors}.values())
            found.append({"row": row, "errors": unique, "late": late, "statements": row["statements"]})
    return found


def with_ages(changes: list[Record], now: datetime, *, category: str = "") -> list[Record]:
    """Return the changes with the seconds since each, one per category: the highest level that evidence now reaches.

    With `category` only that one's, for the page of that category.
    """
    newest: dict[str, Record] = {}
    for change in [change for change in changes if category in ("", change["category"])]:
        seconds = max(0, int((now - datetime.fromisoformat(change["at"])).total_seconds()))
        former = newest.get(change["category"])
        sides = [*former["sides"], change["mitigation"]] if former else [change["mitigation"]]
        newest[change["category"]] = {**(former or change), "seconds": seconds, "sides": sides}
    return list(newest.values())
