"""Scorecards side by side, pure: where levels, findings, thresholds, decisions and reasons differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scorecard.framework.findings import DECIDING_UNITS
from scorecard.snapshot import SIDES

Record = dict[str, Any]
MEASURE = ("evaluation", "stratum", "metric", "mitigation")
"""What makes two evidence items figures of one measurement."""
THRESHOLD = ("value", "direction", "statistic", "interval", "required")


def measure_of(item: Record) -> tuple[str, ...]:
    """Return what an evidence item measures, for finding it on another card."""
    return tuple(str(item[name] or "") for name in MEASURE)


def _declared(item: Record) -> Record:
    return {"scaffold": item["scaffold"], **item.get("elicitation", {})}


def refusal_of(one: Record, other: Record) -> str:
    """Return why two figures of one measurement cannot be compared at all, or an empty text."""
    if one["unit"] != other["unit"]:
        return f"the units differ: {one['unit']} and {other['unit']}"
    if one["dataset_digest"] and other["dataset_digest"] and one["dataset_digest"] != other["dataset_digest"]:
        return "the dataset digests differ"
    if one["version"] and other["version"] and one["version"] != other["version"]:
        return f"the versions of the evaluation differ: {one['version']} and {other['version']}"
    return ""


def flags_of(one: Record, other: Record) -> list[str]:
    """Return what a reader must know before comparing two figures that can be compared."""
    found = []
    if not (one["dataset_digest"] and other["dataset_digest"]):
        found.append("that the dataset is the same is not stated")
    if bool(one["version"]) != bool(other["version"]):
        found.append("only one states the version of the evaluation")
    before, after = _declared(one), _declared(other)
    different = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    if different:
        found.append(f"elicitation differs: {', '.join(name.replace('_', ' ') for name in different)}")
    if one["elicitation_adequate"] is not True or other["elicitation_adequate"] is not True:
        found.append("elicitation was not declared adequate")
    if one["qualifier"] != "=" or other["qualifier"] != "=":
        found.append("a figure is a bound or approximate")
    if one.get("expired") or other.get("expired"):
        found.append("a figure has ended as evidence")
    return found


def counts_of(item: Record) -> tuple[int, int] | None:
    """Return (successes, scored) of a figure that is counts of independent samples; None for another one."""
    tally = item["tally"]
    if tally is None or item["unit"] not in DECIDING_UNITS or tally["scored"] <= 0:
        return None
    whole = round(tally["total"])
    return (
        (whole, tally["scored"]) if abs(tally["total"] - whole) < 1e-9 and tally["units"] == tally["scored"] else None
    )


def figures_of(evidence: Sequence[Record]) -> dict[tuple[str, ...], Record]:
    """Return each measurement of a card with the figure that stands for it: the last of its runs."""
    return {measure_of(item): item for item in sorted(evidence, key=lambda item: (item["tested_at"], item["run"]))}


def _sides(document: Record) -> dict[tuple[str, str], Record]:
    return {(row["category"], side): row[side] for row in document["categories"] for side in SIDES}


def level_rows(documents: Sequence[Record]) -> list[Record]:
    """Return a row for each category and side with the levels on every card; `moved` where not all are the same."""
    names = {row["category"]: row["name"] for document in documents for row in document["categories"]}
    found = [_sides(document) for document in documents]
    rows = []
    for category, name in names.items():
        for side in SIDES:
            cells = [
                None if (category, side) not in sides else {
                    "determined": sides[category, side]["determined_level"],
                    "indicated": sides[category, side]["indicated_level"],
                }
                for sides in found
            ]  # fmt: skip
            levels = {cell["determined"] if cell else None for cell in cells}
            rows.append({"category": category, "name": name, "side": side, "cells": cells, "moved": len(levels) > 1})
    return rows


def _findings(document: Record) -> dict[tuple[str, str], str]:
    return {
        (row["id"], side): row["finding"]
        for (_, side), said in _sides(document).items()
        for level in said["levels"]
        for row in level["indicators"]
    }


def finding_rows(one: Record, other: Record) -> list[Record]:
    """Return the indicators whose finding differs between two cards; None stands where a card has no such indicator."""
    before, after = _findings(one), _findings(other)
    return [
        {"indicator": key[0], "side": key[1], "a": before.get(key), "b": after.get(key)}
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]


def threshold_rows(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Record]:
    """Return the indicators whose threshold differs between two framework documents."""
    before, after = ({row["id"]: row for row in document["indicators"]} for document in (one, other))
    rows = []
    for name in sorted({*before, *after}):
        pair = [{key: row[key] for key in THRESHOLD} if (row := rules.get(name)) else None for rules in (before, after)]
        if pair[0] != pair[1]:
            rows.append({"indicator": name, "a": pair[0], "b": pair[1]})
    return rows


def decision_rows(one: Record, other: Record) -> list[Record]:
    """Return the gates and obligations that two cards decide differently."""
    pairs = []
    for member, name, said in (("gates", "action", "decision"), ("obligations", "obligation", "required")):
        before, after = ({row.get(name) or row.get("slug"): row[said] for row in card[member]} for card in (one, other))
        pairs += [
            {"kind": member, "name": key, "a": before.get(key), "b": after.get(key)}
            for key in sorted({*before, *after}, key=str)
            if before.get(key) != after.get(key)
        ]
    return pairs


def reason_rows(one: Record, other: Record) -> list[Record]:
    """Return the reasons that people gave differently, by category and side."""
    before, after = _sides(one), _sides(other)
    rows = []
    for key in (key for key in before if key in after):
        pair = [side[key].get("rationale") for side in (before, after)]
        if pair[0] != pair[1]:
            rows.append({"category": key[0], "side": key[1], "a": pair[0], "b": pair[1]})
    return rows
