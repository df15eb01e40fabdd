"""Sourcing: where evidence is pulled from is described, changed and pulled from, each with its ledger entry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from evaluations.actors import Actor
from evaluations.canonical import named_digest, report_digest_bytes
from evaluations.models import Job, Pull, Source
from evaluations.pulling import registering, scheduling, taking
from evaluations.pulling.registering import Settings
from evaluations.pulling.taking import Gathering
from evaluations.reach import EVERYWHERE, Reach
from scorecard.recording import record
from scorecard.refusals import Refused


def _said(source: Source, changed: list[str]) -> dict[str, Any]:
    settings = Settings.of(source)
    return {
        "slug": source.slug,
        "kind": source.kind,
        "address": source.address,
        "enabled": source.enabled,
        "secret_env": source.secret_env,
        "changed": changed,
        "settings": named_digest(report_digest_bytes(settings.to_dict())),
    }


def add(slug: str, settings: Settings, *, by: Actor, at: datetime, within: Reach = EVERYWHERE) -> tuple[Source, bool]:
    """Describe a source and return it, and whether it is new; the same one again changes nothing.

    Raises evaluations' SourceRefused, and Refused 409 for a slug that is taken with other settings.
    """
    with transaction.atomic():
        source, created = registering.register(slug, settings, at=at, within=within)
        if not created and registering.differences(source, settings):
            words = f"There is a source {slug!r} with other settings."
            remedy = f"Change them with POST /api/v1/sources/{source.id}/settings/, or choose another slug."
            raise Refused("source-exists", words, remedy=remedy)
        if created:
            _record_change(source, sorted(settings.to_dict()), by, at)
    return source, created


def change(source: Source, settings: Settings, *, by: Actor, at: datetime) -> Source:
    """Write other settings of a source; the same ones change nothing. Raises evaluations' SourceRefused."""
    with transaction.atomic():
        source, changed = registering.change(source, settings, at=at)
        if changed:
            _record_change(source, changed, by, at)
    return source


def _record_change(source: Source, changed: list[str], by: Actor, at: datetime) -> None:
    record("source.changed", subject=("source", source.id), data=_said(source, changed), by=by, at=at)


def ask(source: Source, *, asked_by: str) -> Job:
    """Ask for a pull now and return its job, the waiting one if there is one. Raises Refused for a disabled source."""
    try:
        return scheduling.ask(source, cause="demand", asked_by=asked_by)
    except scheduling.SourceDisabled:
        words = f"The source {source.slug} is disabled."
        raise Refused("source-disabled", words, remedy="Enable it in its settings, then pull.") from None


def settle(gathering: Gathering, *, at: datetime) -> Pull:
    """Write a pull down, inside the caller's transaction; one that stopped at its limits is asked for again.

    A pull that found nothing new has its row and no ledger entry, because looking every minute is no event.
    """
    pull = taking.settle(gathering, at=at)
    source = gathering.source
    if pull.new or pull.failed or pull.error:
        data = {
            "slug": source.slug,
            "pull": pull.id,
            "state": pull.state,
            "error": pull.error_code or None,
            **{name: getattr(pull, name) for name in ("found", "new", "unchanged", "skipped", "failed", "bytes")},
        }
        record("source.pulled", subject=("source", source.id), data=data, by=taking.actor_of(source), at=at)
    if pull.more and pull.new:
        source.refresh_from_db(fields=["enabled"])
        if source.enabled:
            scheduling.ask(source, cause="schedule", asked_by=pull.asked_by)
    return pull
