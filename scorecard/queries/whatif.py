"""What would change a card's verdicts, as far as one reader may see the evidence behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scorecard.access import Reader, told_categories, visible_runs
from scorecard.models import FrameworkVersion, Scorecard
from scorecard.queries.evidence import comparisons_of
from scorecard.queries.withholding import card_document_for
from scorecard.refusals import Refused
from scorecard.snapshot import SIDES
from scorecard.whatif.answering import Answer, answer_of, plain
from scorecard.whatif.eliciting import SETTINGS
from scorecard.whatif.rescoring import counted_otherwise, side_by_side
from scorecard.whatif.standing import Case, case_of
from scorecard.whatif.words import sentences

Record = dict[str, Any]
Answered = tuple[Case, Answer, dict[str, list[str]]]


def _open_categories(reader: Reader, card: Scorecard, document: Record) -> list[str]:
    """Return a framework document's categories that may be told of the card to the reader, in its order."""
    told = told_categories(reader, card, document)
    return [row["slug"] for row in document["categories"] if row["slug"] in told]


def _settings(reader: Reader, evidence: Sequence[Record]) -> dict[str, Record]:
    """Return run -> how its report says it was elicited."""
    runs = visible_runs(reader).filter(id__in=[item["run"] for item in evidence])
    said = runs.values_list("id", "report__elicitation")
    return {run: {name: (elicited or {}).get(name) for name in SETTINGS} for run, elicited in said}


@dataclass(frozen=True)
class WhatIf:
    """A card's document as the reader may see it, and category -> side -> (case, answer, sentences)."""

    document: Record
    categories: dict[str, dict[str, Answered]]


def what_if_of(reader: Reader, card: Scorecard, category: str | None = None) -> WhatIf:
    """Return what would change the card's levels. Raises Refused 404 for a category that is not visible."""
    framework = card.framework.document
    asked = _open_categories(reader, card, framework)
    if category is not None:
        if category not in asked:
            raise Refused("not-found", "There is no such category, or it is not visible to you.", status=404)
        asked = [category]
    document = card_document_for(reader, card)
    evidence = document["evidence"]
    settings, beside = _settings(reader, evidence), _comparisons(reader, card)
    return WhatIf(
        document,
        {
            slug: {side: _answered(framework, slug, side, evidence, settings, beside) for side in SIDES}
            for slug in asked
        },
    )


def _comparisons(reader: Reader, card: Scorecard) -> list[Record]:
    """Return the figures of other models that the reader may see."""
    items = comparisons_of(card)
    seen = visible_runs(reader).filter(id__in=[item["run"] for item in items]).values_list("id", flat=True)
    allowed = set(seen)
    return [item for item in items if item["run"] in allowed]


def _answered(
    framework: Record, category: str, side: str, evidence: Sequence[Record], settings: dict[str, Record],
    comparisons: Sequence[Record],
) -> Answered:  # fmt: skip
    case = case_of(framework, category, side, evidence)
    answer = answer_of(case, evidence, settings, comparisons)
    return case, answer, sentences(case, answer)


def what_if_record(reader: Reader, card: Scorecard, category: str | None = None) -> list[Record]:
    """Return one row for each visible category: `{category, name, pre_mitigation, post_mitigation}`."""
    names = {row["slug"]: row["name"] for row in card.framework.document["categories"]}
    return [
        {
            "category": slug,
            "name": names[slug],
            **{side: {**plain(answer), "sentences": said} for side, (_, answer, said) in sides.items()},
        }
        for slug, sides in what_if_of(reader, card, category).categories.items()
    ]


def _version(slug: str, version: str) -> FrameworkVersion:
    """Return a published framework version. Raises Refused 404 that names those there are."""
    found = FrameworkVersion.objects.filter(slug=slug, version=version).first()
    if found is None:
        known = FrameworkVersion.objects.order_by("slug", "version").values_list("slug", "version")
        named = ", ".join(f"{one} version {which}" for one, which in known)
        raise Refused(
            "not-found", f"No version {version!r} of the framework {slug!r} is published.",
            remedy=f"Published are: {named}.", status=404,
        )  # fmt: skip
    return found


def rescored(reader: Reader, card: Scorecard, *, slug: str, version: str, category: str | None = None) -> Record:
    """Return the card's levels under its own and another published framework version, side by side.

    Nothing is stored. Raises Refused 404 for an unknown version, or a category that is not visible.
    """
    other = _version(slug, version)
    documents = (card.framework.document, other.document)
    listed = [row["slug"] for document in documents for row in document["categories"]]
    visible = [set(_open_categories(reader, card, document)) for document in documents]
    hidden = {
        row["slug"]
        for document, seen in zip(documents, visible, strict=True)
        for row in document["categories"]
        if row["slug"] not in seen
    }
    asked = [one for one in dict.fromkeys(listed) if one not in hidden and category in (None, one)]
    if category is not None and not asked:
        raise Refused("not-found", "There is no such category, or it is not visible to you.", status=404)
    evidence = card_document_for(reader, card)["evidence"]
    versions = [{"slug": row.slug, "version": row.version, "digest": row.digest} for row in (card.framework, other)]
    note = counted_otherwise(*documents)
    return {
        "own": versions[0],
        "other": versions[1],
        "notes": [note] if note else [],
        "rows": side_by_side(*documents, evidence, asked),
    }
