"""Adopting a framework: a document becomes a published, immutable version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from evaluations.actors import Actor
from evaluations.models import Evaluation, Polarity
from scorecard.framework.document import canonical, load
from scorecard.framework.faults import FrameworkFaulty
from scorecard.ledger.canonical import digest
from scorecard.models import FrameworkVersion
from scorecard.recording import record
from scorecard.refusals import Refused


def _describe(entries: list[dict[str, Any]]) -> None:
    """Enter the framework's evaluations in the catalogue; what people described there already stays as it is."""
    for entry in entries:
        facts = {"title": entry["title"], "polarity": entry["polarity"], "summary": entry["summary"]}
        known, created = Evaluation.objects.get_or_create(slug=entry["slug"], defaults=facts)
        if not created and known.polarity == Polarity.NONE:
            Evaluation.objects.filter(id=known.id).update(**facts)


def read_document(source: bytes) -> dict[str, Any]:
    """Return the canonical document of a TOML or YAML source. Raises Refused 422 with every fault and its line."""
    try:
        return canonical(load(source))
    except FrameworkFaulty as fault:
        words = str(fault)
        raise Refused("framework-faulty", words, remedy="Mend the document and try again.", status=422) from None


def published_as(document: dict[str, Any]) -> FrameworkVersion | None:
    """Return the version that is published with this document, or None. Raises Refused 409 if its name is taken."""
    known = FrameworkVersion.objects.filter(slug=document["slug"], version=document["version"]).first()
    if known is not None and known.digest != digest(document):
        words = f"{known} is published with other content, and a published version never changes."
        raise Refused("framework-published", words, remedy="Give the document a new version.")
    return known


def publish(source: bytes, *, by: Actor, at: datetime) -> FrameworkVersion:
    """Validate a TOML or YAML framework document and publish it; the same again returns the published version.

    Raises Refused 422 with every fault, and 409 if this slug and version are published with other content.
    """
    document = read_document(source)
    named = digest(document)
    with transaction.atomic():
        known = published_as(document)
        if known is not None:
            return known
        version = FrameworkVersion.objects.create(
            slug=document["slug"],
            version=document["version"],
            title=document["title"],
            digest=named,
            document=document,
            source=source.decode("utf-8-sig"),
            published_at=at,
            actor_id=by.id,
            actor_name=by.name,
        )
        _describe(document["evaluations"])
        record(
            "framework.published",
            subject=("framework", version.id),
            data={"slug": version.slug, "version": version.version, "digest": named},
            by=by,
            at=at,
        )
    return version
