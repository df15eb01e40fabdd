"""The derivation in words: deterministic sentences made from the findings, each with its numbers."""

from __future__ import annotations

from typing import Any, Dict, List

from .findings import percent_text


def level_names(document: Dict[str, Any]) -> Dict[str, str]:
    """Return level slug -> name."""
    return {level["slug"]: level["name"] for level in document["levels"]}


def indicator_title(document: Dict[str, Any], row: Dict[str, Any]) -> str:
    """Return how people call an indicator: the evaluation's title and the row of its breakdown."""
    titles = {entry["slug"]: entry["title"] for entry in document["evaluations"]}
    title = titles.get(row["evaluation"], row["evaluation"])
    return "%s, %s" % (title, row["stratum"]) if row["stratum"] else title


def _measured(row: Dict[str, Any]) -> str:
    estimate = row["estimate"]
    if estimate is None or estimate["point"] is None:
        return ""
    return " (%s of n = %d, 95 %% interval %s to %s)" % (
        percent_text(estimate["point"]),
        estimate["n"],
        percent_text(estimate["low"]),
        percent_text(estimate["high"]),
    )


def _indicator_sentence(document: Dict[str, Any], row: Dict[str, Any]) -> str:
    words = {
        "reached": "reached",
        "ruled_out": "ruled out",
        "cannot_rule_out": "cannot be ruled out",
        "not_assessed": "not assessed",
    }[row["finding"]]
    return "%s%s: %s, because %s." % (indicator_title(document, row), _measured(row), words, row["reason"])


def _level_sentence(document: Dict[str, Any], name: str, row: Dict[str, Any]) -> str:
    if row["contradiction"]:
        return "%s is reached although a lower level is ruled out: the evidence contradicts itself." % name
    if row["implied"] and row["finding"] == "reached":
        return "%s is reached, because a higher level is reached." % name
    if row["implied"]:
        return "%s is ruled out, because a lower level is ruled out." % name
    if "capability" in row and not row["indicators"] and row["finding"] != "ruled_out":
        return "%s is not ruled out: the capability is not, and no safeguard was tested." % name
    if row.get("capability") == "ruled_out":
        return "%s is ruled out, because the capability is ruled out." % name
    if not row["operationalised"]:
        return "%s has no indicator: evidence cannot indicate it, people can determine it." % name
    if row["finding"] == "not_assessed":
        missing = " and ".join(indicator_title(document, indicator) for indicator in row["indicators"])
        return "%s is not ruled out: none of its indicators was run (%s)." % (name, missing)
    return {
        "reached": "%s is reached.",
        "ruled_out": "%s is ruled out: every required indicator is below its threshold, and no other is undecided.",
        "cannot_rule_out": "%s is not ruled out.",
    }[row["finding"]] % name


def derivation_of(document: Dict[str, Any], result: Dict[str, Any]) -> List[str]:
    """Return the sentences that lead from the findings to the indicated level, highest level first."""
    names = level_names(document)
    if result["indicated_level"] is None:
        return ["No indicator of this category was run on this side, so nothing is indicated: not assessed."]
    sentences = []
    for row in reversed(result["levels"][1:]):
        sentences.append(_level_sentence(document, names[row["level"]], row))
        sentences += [
            _indicator_sentence(document, indicator)
            for indicator in row["indicators"]
            if indicator["finding"] != "not_assessed" or row["finding"] != "not_assessed"
        ]
    indicated, reached = names[result["indicated_level"]], names[result["reached_level"]]
    if indicated == reached:
        sentences.append("Indicated level: %s." % indicated)
    else:
        sentences.append(
            "Indicated level: %s, the highest level that the evidence does not rule out; it reaches %s."
            % (indicated, reached)
        )
    return sentences
