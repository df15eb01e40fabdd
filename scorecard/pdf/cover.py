"""The first page: what was decided, on what grounds, with which exceptions, and who signed."""

from __future__ import annotations

from typing import Any

from scorecard.framework.derivation import indicator_title, level_names
from scorecard.framework.ladders import side_name
from scorecard.framework.reading import (
    SIDES,
    deciding_indicator,
    evidence_alone,
    evidence_count,
    joined,
    measurement_key,
    plot_rows,
    since_words,
    unmeasured,
)
from scorecard.pdf.chapters import chip, unrated
from scorecard.pdf.words import MEANING_NAMES, ROLE_NAMES, named, when
from scorecard.snapshot import LATE, reached_above, undecided

Record = dict[str, Any]


def decisions(snapshot: Record) -> list[Record]:
    """Return the decision sentences; a denial gives its reasons."""
    return [
        {
            "words": row["sentence"],
            "rule": row["rule"],
            "reasons": [] if row["decision"] == "allow" else row["reasons"],
        }
        for row in snapshot["gates"]
    ]


def level_table(framework: Record, snapshot: Record) -> list[Record]:
    """Return the risk level table, one row per category."""
    summaries = {entry["slug"]: entry["summary"] for entry in framework["categories"]}
    rows = []
    for category in snapshot["categories"]:
        post = category["post_mitigation"]
        deciding = deciding_indicator(post)
        have, wanted = evidence_count(post)
        rows.append(
            {
                "name": category["name"],
                "summary": summaries.get(category["category"], ""),
                "pre": chip(framework, category["pre_mitigation"]["determined_level"], empty=unrated(category)),
                "post": chip(framework, post["determined_level"], empty=unrated(category)),
                "deciding": indicator_title(framework, deciding) if deciding else "None",
                "complete": f"{have} / {wanted}",
                "alone": evidence_alone(post, level_names(framework)).removeprefix("Indicated: "),
                "since": since_words(snapshot, category["category"], level_names(framework)),
            }
        )
    return rows


def deciding_rows(framework: Record, snapshot: Record) -> list[Record]:
    """Return one plot row per category: the measurement that decides it after mitigation, or else before."""
    found = []
    for category in snapshot["categories"]:
        deciding = deciding_indicator(category["post_mitigation"]) or deciding_indicator(category["pre_mitigation"])
        for row in plot_rows(category, framework, snapshot["evidence"]):
            if deciding and row["key"] == measurement_key(deciding):
                found.append({**row, "title": f"{category['name']} · {row['title']}"})
    return found


def _parting(framework: Record, category: Record, side: str) -> str:
    """Return in one short sentence where people's level and the evidence of a side part; empty where they agree."""
    found = category[side]
    if not found["statement"]:
        return ""
    level, names = found["determined_level"], level_names(framework)
    if level is None:
        return str(found["statement"])
    set_by_people = f"{side_name(framework, side)} {names[level]} was set by people"
    if found["indicated_level"] is None:
        return f"{set_by_people} without evidence that decides."
    above = reached_above(framework, found, level)
    unruled = [name for name in undecided(framework, found) if name not in above]
    says = [f"reaches {joined(above)}"] if above else []
    says += [f"does not rule out {joined(unruled)}"] if unruled else []
    return f"{set_by_people}; the evidence {joined(says)}."


def exceptions(framework: Record, snapshot: Record) -> list[Record]:
    """Return, by category, what to know before trusting the card: `{name, words}`; empty when there is nothing.

    The statements themselves stand in the chapters; here each is one short sentence.
    """
    found = []
    for category in snapshot["categories"]:
        said = {category[side]["statement"] for side in SIDES}
        words = [_parting(framework, category, side) for side in ("pre_mitigation", "post_mitigation")]
        words += [
            line["message"]
            for line in snapshot["lint"]
            if line["where"].partition("/")[0] == category["category"]
            and line["message"] not in said
            and line["code"] != LATE
        ]
        late = [
            line["message"]
            for line in snapshot["lint"]
            if line["code"] == LATE and line["where"].partition("/")[0] == category["category"]
        ]
        missing = unmeasured(category, framework)
        if missing:
            words.append(f"Not run after mitigation: {joined(missing)}.")
        kept = list(dict.fromkeys(word for word in words if word))
        if kept or late:
            told = " ".join(dict.fromkeys(late))
            found.append({"name": category["name"], "words": " ".join(kept), "late": told})
    return found


def signoff_rows(sealed: Record) -> list[Record]:
    """Return the authors, then every step of sign-off with its signatures; an open step says that it waits."""
    snapshot = sealed["snapshot"]
    people = {
        author["id"]: author
        for author in sorted(snapshot["authors"], key=lambda row: str(row["role"]) != "posted evidence")
    }
    rows = [
        {"role": "Author, " + named(author["role"], ROLE_NAMES), "name": author["name"], "decision": "Submitted"}
        for author in list(people.values())[:3]
    ]
    used = []
    for step in snapshot["signoff"]["steps"]:
        signed = [
            row for row in sealed["signatures"] if (row["role"], row["meaning"]) == (step["role"], step["meaning"])
        ]
        used += signed
        rows += [_signature(row) for row in signed]
        waiting = int(step["count"]) - len(signed)
        if waiting > 0:
            rows.append({"role": named(step["role"], ROLE_NAMES), "name": "—", "decision": "Waiting"})
    return rows + [_signature(row) for row in sealed["signatures"] if row not in used]


def _signature(row: Record) -> Record:
    decision = f"{named(row['meaning'], MEANING_NAMES)} {when(row['at'], short=True)}"
    return {"role": named(row["role"], ROLE_NAMES), "name": row["signer"]["name"], "decision": decision}
