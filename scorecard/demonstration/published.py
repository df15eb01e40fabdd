"""The published o1 figures as ordinary run reports: every row of the CSV comes in through the same door as any run."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorecard.framework.naming import evaluation_slug, metric_name, split_stratum

RELEASE_TABLES = re.compile(r"^T([1-8]|1[7-9]|2[0-3]|25)$")
"""Tables of the card's safety part, measured on the release checkpoint; the rest was run on the near-final one."""
NEAR_FINAL, RELEASE = "o1-near-final", "o1-dec5-release"
SIDES = {"pre": "pre_mitigation", "post": "post_mitigation"}
UNITS = {
    "fraction": "proportion",
    "percent": "percent",
    "count": "count",
    "of 6 experts": "count",
    "score": "score",
    "percentile": "score",
    "effect": "coefficient",
    "normalised coefficient": "coefficient",
}
QUALITY = {"web": "printed", "fig": "read_from_chart", "derived": "derived", "arxiv-transcription": "third_party"}
SUBJECTS = {
    "GPT-4o": ("gpt-4o", "GPT-4o"),
    "GPT-4o-mini": ("gpt-4o-mini", "GPT-4o-mini"),
    "GPT-4o mini": ("gpt-4o-mini", "GPT-4o-mini"),
    "GPT-4 Turbo": ("gpt-4-turbo", "GPT-4 Turbo"),
    "GPT-3.5": ("gpt-3.5", "GPT-3.5"),
    "o1-preview": ("o1-preview", "o1-preview"),
    "o1-mini": ("o1-mini", "o1-mini"),
    "Claude 3.5 Sonnet (new)": ("claude-3.5-sonnet-new", "Claude 3.5 Sonnet (new)"),
    "o1": ("o1", "o1"),
}


@dataclass(frozen=True)
class CardRow:
    """One line of the CSV, its line number for the locator, and what it is mapped to."""

    line: int
    fields: dict[str, str]

    @property
    def subject(self) -> tuple[str, str]:
        """Slug and name of the model that the figure is about."""
        return SUBJECTS[self._model_and_variant[0]]

    @property
    def variant(self) -> str:
        """The model's set-up where the card names one, e.g. a scaffold; empty for the plain model."""
        return self._model_and_variant[1]

    @property
    def _model_and_variant(self) -> tuple[str, str]:
        text = self.fields["model"]
        if text in SUBJECTS:
            return text, ""
        if text in ("all o1 models", "o1 models", "o1 vs GPT-4o"):
            return "o1", text
        name = max((known for known in SUBJECTS if text.startswith(known)), key=len)
        return name, text.removeprefix(name).strip(" ()")

    @property
    def checkpoint(self) -> str:
        """The checkpoint that the figure was measured on; the card keeps two of o1 apart."""
        slug = self.subject[0]
        if slug != "o1":
            return f"{slug}-o1-card"
        return RELEASE if RELEASE_TABLES.match(self.fields["table"]) else NEAR_FINAL


@dataclass(frozen=True)
class Catalogue:
    """What the framework knows of printed evaluation names: aliases of one slug, and the Preparedness part."""

    aliases: dict[str, str]
    preparedness: frozenset[str]

    @classmethod
    def of(cls, document: dict[str, Any]) -> Catalogue:
        """Read the catalogue of a framework document."""
        entries = document["evaluations"]
        return cls(
            aliases={alias: entry["slug"] for entry in entries for alias in entry["aliases"]},
            preparedness=frozenset(entry["slug"] for entry in entries if entry["section"] == "preparedness"),
        )

    def place(self, printed: str) -> tuple[str, str | None]:
        """Return slug and stratum of a printed evaluation name."""
        if printed in self.aliases:
            return self.aliases[printed], None
        base, stratum = split_stratum(printed)
        return evaluation_slug(base), stratum


def read_rows(path: Path) -> list[CardRow]:
    """Read the CSV; line 1 is the heading, so the first figure is line 2."""
    with path.open(encoding="utf-8", newline="") as file:
        return [CardRow(line, dict(fields)) for line, fields in enumerate(csv.DictReader(file), start=2)]


def _number(text: str) -> tuple[float, str]:
    """Return value and qualifier of a printed figure; words such as 'near or at 100' are approximate."""
    found = re.fullmatch(r"(<=|>=|~)?\s*([0-9.]+)", text)
    if found:
        return float(found[2]), found[1] or "="
    last = re.search(r"([0-9.]+)\s*$", text)
    if last is None:
        raise ValueError(f"no number in the printed figure {text!r}")
    return float(last[1]), "~"


def _estimate(row: CardRow) -> dict[str, Any]:
    value, qualifier = _number(row.fields["value"])
    estimate: dict[str, Any] = {"value": value, "qualifier": qualifier}
    n = row.fields["n"]
    if n.isdigit():
        estimate["trials"] = int(n)
    elif n:
        estimate["trials_text"] = n
    return estimate


def _elicitation(row: CardRow, *, preparedness: bool) -> dict[str, Any] | None:
    elicitation: dict[str, Any] = {}
    if preparedness:
        elicitation = {"adequate": True, "declared_by": "publisher"}
    if row.variant:
        elicitation["scaffold"] = row.variant
    if row.fields["attempts"].isdigit():
        elicitation["attempts"] = int(row.fields["attempts"])
    elif row.fields["attempts"]:
        elicitation["notes"] = row.fields["attempts"]
    return elicitation or None


def report_of(row: CardRow, catalogue: Catalogue) -> bytes:
    """Return the `run-report/1` document of one row, as it is posted."""
    fields = row.fields
    slug, stratum = catalogue.place(fields["evaluation"])
    report: dict[str, Any] = {
        "schema": "run-report/1",
        "run_id": f"o1-system-card-line-{row.line:03d}",
        "subject": row.subject[0],
        "checkpoint": row.checkpoint,
        "mitigation": SIDES.get(fields["phase"], "unspecified"),
        "evaluation": {"slug": slug, **({"stratum": stratum} if stratum else {})},
        "metric": metric_name(fields["metric"]),
        "unit": UNITS.get(fields["unit"], "points"),
        "estimate": _estimate(row),
        "reported": {
            "value": fields["value"],
            "unit": fields["unit"],
            "metric": fields["metric"],
            "n": fields["n"],
            "attempts": fields["attempts"],
            "evaluation": fields["evaluation"],
            "model": fields["model"],
            "note": fields["note"],
        },
        "provenance": {
            "source": "OpenAI o1 System Card, 5 December 2024",
            "locator": f"{fields['table']}, line {row.line} of demo/o1_system_card.csv",
            "quality": QUALITY[fields["provenance"]],
        },
    }
    elicitation = _elicitation(row, preparedness=slug in catalogue.preparedness)
    if elicitation:
        report["elicitation"] = elicitation
    return json.dumps(report, ensure_ascii=False).encode()
