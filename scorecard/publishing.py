"""Publishing a framework version: one person proposes the document, another one confirms it, and then it stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from evaluations.actors import Actor
from scorecard.access import Person
from scorecard.adopting import publish, published_as, read_document
from scorecard.ledger.canonical import digest
from scorecard.models import Proposal, Role
from scorecard.proposing import Content, Kind
from scorecard.refusals import Refused


def content_of(source: bytes) -> Content:
    """Return the content of a proposal: the source text, and the digest of the document that it means.

    Raises Refused 422 with every fault of the document.
    """
    document = read_document(source)
    return {
        "source": source.decode("utf-8-sig"), "digest": digest(document), "slug": document["slug"],
        "version": document["version"],
    }  # fmt: skip


def document_of(content: Content) -> dict[str, Any]:
    """Return the canonical document of a proposal's content. Raises Refused 422."""
    return read_document(str(content.get("source", "")).encode())


def _checked(by: Person, content: Content, at: datetime) -> str:
    document = document_of(content)
    if content != content_of(str(content.get("source", "")).encode()):
        words = "The document does not have the digest and the name that were proposed."
        raise Refused("framework-faulty", words, remedy="Propose it again.", status=422)
    if published_as(document) is not None:
        words = f"{document['title']} {document['version']} is published already, with this content."
        raise Refused("framework-published", words, remedy="Give an amended document a new version.")
    return f"Publish {document['title']}, version {document['version']}"


def _published(by: Person, content: Content, proposal: Proposal, actor: Actor, at: datetime) -> Content:
    version = publish(str(content["source"]).encode(), by=actor, at=at)
    return {"framework": version.id, "digest": version.digest}


PUBLISH = Kind(
    slug="framework.publish",
    title="Publish a framework version",
    proposers=(Role.PREPAREDNESS,),
    confirmers=(Role.ADVISORY_CHAIR, Role.LEADERSHIP, Role.BOARD),
    lasts=timedelta(days=14),
    check=_checked,
    carry_out=_published,
)
