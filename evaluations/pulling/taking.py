"""Taking: one pull from one source; each version of each thing becomes one log, whatever is pulled twice or at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from pydantic import ValidationError

from evaluations import blobs
from evaluations.actors import Actor
from evaluations.binding import Binding
from evaluations.models import ItemState, Job, JobState, LogFile, Pull, PulledItem, PullState, Source
from evaluations.pulling.kinds import KINDS
from evaluations.pulling.offers import Item, Offer, Offers, PassedOver, Pieces, PullFailed, Visit, bounded, too_large
from evaluations.pulling.scheduling import next_moment
from evaluations.pulling.secret import secret_named
from evaluations.reach import Reach
from evaluations.reading_logs import BindingRefused, receive_log

BATCH = 200
"""Offers that are looked up together."""
MOST_TAKEN = 2_000
MOST_SECONDS = 900.0
"""A pull that took so many items, or so long, stops and goes on in the next one, so that other work gets its turn."""
MOST_TRIES = 5
"""How often the schedule tries an item that fails; a pull on demand tries it again."""
MOST_UNREACHABLE = 10
"""After so many items in a row at which the source does not answer, it is the source that failed."""
MOST_NOTES = 50
UNEVENTFUL_FOR = timedelta(days=30)
"""How long a pull that found nothing new is remembered."""

NO_ANSWER = ("timeout", "unreachable", "server-busy", "host-unknown")

Keep = Callable[[int, int], None]
"""Told items done and found; raises when the pull is no longer ours. Called inside the transaction of every item."""


def _kept(done: int, found: int) -> None:
    """Nobody else can hold a pull that no job asked for."""


@dataclass
class Gathering:
    """One pull that was made and is still to be written down: its row, and what stopped it, if anything."""

    source: Source
    pull: Pull
    visit: Visit | None = None
    failure: PullFailed | None = None
    item_failures: int = 0
    """Items that may be taken another time."""
    unreachable: int = 0
    """Items in a row at which the source did not answer."""
    brought: int = 0
    until: float = field(default_factory=lambda: time.monotonic() + MOST_SECONDS)

    @property
    def exhausted(self) -> bool:
        """Whether the pull has done its share."""
        return self.brought >= MOST_TAKEN or time.monotonic() > self.until


def actor_of(source: Source) -> Actor:
    """Return the source as the one who brings logs, by value."""
    return Actor(kind="source", id=source.id, name=source.slug)


def _begun(source: Source, job: str, cause: str, asked_by: str, at: datetime) -> Pull:
    if job:
        # A source has one job at a time, so whatever still runs under one was left by a worker that died.
        words = "The worker stopped in the middle; what it had taken is kept."
        left = Pull.objects.filter(source=source, state=PullState.RUNNING).exclude(job="")
        left.update(state=PullState.INTERRUPTED, finished_at=at, error_code="interrupted", error=words)
    return Pull.objects.create(source=source, job=job, cause=cause, asked_by=asked_by, started_at=at)


def visit_of(source: Source, *, at: datetime) -> Visit:
    """Return what a look at the source needs, its secret read from the environment. Raises PullFailed."""
    if not source.enabled:
        raise PullFailed("source-disabled", "The source is disabled.", remedy="Enable it, then pull.")
    try:
        options = KINDS[source.kind].options.model_validate(source.options)
    except ValidationError as error:
        words = f"The options of the source do not fit: {error.errors()[0]['msg']}."
        raise PullFailed("options-refused", words, remedy="Change the settings of the source.") from None
    return Visit(
        address=source.address,
        options=options,
        secret=secret_named(source.secret_env),
        state=dict(source.state),
        at=at,
        most_bytes=settings.MAX_LOG_BYTES,
    )


def gather(
    source: Source, *, at: datetime, job: str = "", cause: str = "demand", asked_by: str = "", keep: Keep = _kept
) -> Gathering:
    """Look at a source and take what is new, each item in a transaction of its own; `settle` writes the pull down.

    Whatever the source does wrong ends in the gathering, never in an exception. What `keep` raises ends the pull.
    """
    with transaction.atomic():
        keep(0, 0)
        gathering = Gathering(source, _begun(source, job, cause, asked_by, at))
    try:
        visit = gathering.visit = visit_of(source, at=at)
        with visit.held, closing(KINDS[source.kind].items(visit)) as offers:
            for batch in _batches(offers):
                keep(gathering.pull.new + gathering.pull.unchanged, gathering.pull.found)
                _take_batch(gathering, batch, at, keep)
                if gathering.exhausted:
                    gathering.pull.more = True
                    break
    except PullFailed as failure:
        gathering.failure = failure
    return gathering


def _batches(offers: Offers) -> Generator[list[Offer], None, None]:
    """Yield the offers in lists; those before a failure of the source are yielded before it is raised."""
    batch: list[Offer] = []
    try:
        for offer in offers:
            batch.append(offer)
            if len(batch) == BATCH:
                yield batch
                batch = []
    except PullFailed:
        yield batch
        raise
    yield batch


def _take_batch(gathering: Gathering, batch: list[Offer], at: datetime, keep: Keep) -> None:
    keys = {offer.key for offer in batch if isinstance(offer, Item)}
    rows = PulledItem.objects.filter(source=gathering.source, key__in=keys)
    known = {(row.key, row.fingerprint): row for row in rows}
    for offer in batch:
        gathering.pull.found += 1
        if isinstance(offer, PassedOver):
            gathering.pull.skipped += 1
            _note(gathering.pull, offer.key, offer.code, offer.reason)
            continue
        if gathering.exhausted:
            gathering.pull.more = True
            gathering.pull.found -= 1
            return
        _take(gathering, offer, known.get((offer.key, offer.fingerprint)), at, keep)


def _note(pull: Pull, key: str, code: str, reason: str) -> None:
    if len(pull.notes) < MOST_NOTES:
        pull.notes.append({"key": key[:300], "code": code, "reason": reason[:500]})


def _rests(row: PulledItem, cause: str) -> bool:
    """Whether a version that was not taken is left alone now, because trying again would change nothing."""
    return cause != "demand" and (row.state == ItemState.REFUSED or row.tries >= MOST_TRIES)


def _take(gathering: Gathering, item: Item, row: PulledItem | None, at: datetime, keep: Keep) -> None:
    pull = gathering.pull
    if row is not None and row.state == ItemState.PULLED:
        pull.unchanged += 1
        return
    if row is not None and _rests(row, pull.cause):
        pull.skipped += 1
        _note(pull, item.key, row.error_code, f"It was tried {row.tries} times. {row.error}")
        return
    gathering.brought += 1
    try:
        digest, size = _fetched(item, lambda: keep(pull.new + pull.unchanged, pull.found))
        with transaction.atomic():
            keep(pull.new + pull.unchanged, pull.found)
            created = _received(gathering, item, digest, size, at)
    except BindingRefused as refusal:
        words = f"What the source says of its logs is refused: {refusal}"
        _failed(gathering, item, PullFailed("binding-refused", words, remedy=refusal.faults[0].remedy), at, keep)
    except PullFailed as failure:
        _failed(gathering, item, failure, at, keep)
    else:
        gathering.unreachable = 0
        pull.bytes += size
        pull.new, pull.unchanged = pull.new + created, pull.unchanged + (not created)


def _fetched(item: Item, tell: Callable[[], None]) -> tuple[str, int]:
    """Keep the bytes of an item and return their digest and number. Raises PullFailed."""
    most, size, told = settings.MAX_LOG_BYTES, 0, time.monotonic()
    if item.size is not None and item.size > most:
        raise too_large(most)

    def counted() -> Pieces:
        nonlocal size, told
        with closing(item.fetch()) as chunks:
            for chunk in bounded(chunks, most):
                size += len(chunk)
                if time.monotonic() - told > 5.0:
                    told = time.monotonic()
                    tell()
                yield chunk
        if item.digest is None and size == 0:
            raise PullFailed("empty", "It has no byte.", remedy="It is tried again when it has changed.", lasting=True)

    digest = blobs.put_stream(counted())
    if item.digest is not None and digest != item.digest:
        words = f"Its bytes have the digest {digest}, not {item.digest} as the source says."
        raise PullFailed("digest-differs", words, remedy="Check the source: somebody changed the one or the other.")
    return digest, size


def _received(gathering: Gathering, item: Item, digest: str, size: int, at: datetime) -> bool:
    """Register the log and the version that it came from, in the caller's transaction; whether the log is new."""
    source = gathering.source
    version = {"source": source, "key": item.key, "fingerprint": item.fingerprint}
    row = PulledItem.objects.select_for_update().filter(**version).first()
    if row is not None and row.state == ItemState.PULLED:
        return False
    receipt = receive_log(
        digest, size, name=item.name, format=source.format, binding=Binding.of(source.binding), by=actor_of(source),
        at=at, within=Reach.of(source.programme, ()),
    )  # fmt: skip
    facts = {"state": ItemState.PULLED, "log": receipt.log, "bytes": size, "error_code": "", "error": "", "remedy": ""}
    _write(gathering, item, facts, at)
    return receipt.created


def _write(gathering: Gathering, item: Item, facts: dict[str, Any], at: datetime) -> None:
    row, created = PulledItem.objects.get_or_create(
        source=gathering.source,
        key=item.key,
        fingerprint=item.fingerprint,
        defaults={**facts, "pull": gathering.pull, "tries": 1, "first_tried_at": at, "last_tried_at": at},
    )
    # What was taken stays taken: another worker may have got the item that this one could not.
    if not created and row.state != ItemState.PULLED:
        for name, value in {**facts, "pull": gathering.pull, "tries": row.tries + 1, "last_tried_at": at}.items():
            setattr(row, name, value)
        row.save()


def _failed(gathering: Gathering, item: Item, failure: PullFailed, at: datetime, keep: Keep) -> None:
    pull = gathering.pull
    pull.failed += 1
    gathering.item_failures += not failure.lasting
    _note(pull, item.key, failure.code, failure.detail)
    state = ItemState.REFUSED if failure.lasting else ItemState.FAILED
    facts = {"state": state, "error_code": failure.code, "error": failure.detail[:2000], "remedy": failure.remedy[:500]}
    with transaction.atomic():
        keep(pull.new + pull.unchanged, pull.found)
        _write(gathering, item, facts, at)
    gathering.unreachable = gathering.unreachable + 1 if failure.code in NO_ANSWER else 0
    if gathering.unreachable >= MOST_UNREACHABLE:
        raise PullFailed("unreachable", f"{MOST_UNREACHABLE} items in a row: {failure.detail}")


def settle(gathering: Gathering, *, at: datetime) -> Pull:
    """Write a pull down and say on its source when the next one is due, in the caller's transaction."""
    pull, failure = gathering.pull, gathering.failure
    source = Source.objects.select_for_update().get(id=gathering.source.id)
    pull.finished_at = at
    if failure is not None:
        pull.state, pull.error_code = PullState.FAILED, failure.code
        pull.error, pull.remedy = failure.detail[:2000], failure.remedy[:500]
    else:
        pull.state = PullState.PARTLY if pull.failed or pull.more else PullState.DONE
    pull.save()
    source.pulls, source.last_pull_at = source.pulls + 1, at
    # Settings that were changed meanwhile start the source afresh, so what was learned under the old ones is void.
    if source.changed_at == gathering.source.changed_at:
        source.failures = source.failures + 1 if failure is not None else 0
        # What was not taken must be offered again, which an unchanged ETag would prevent.
        if failure is None and not gathering.item_failures and not pull.more and gathering.visit is not None:
            source.state = gathering.visit.learned
        retry_after = failure.retry_after if failure is not None else None
        source.next_pull_at = next_moment(source, at=at, more=pull.more, retry_after=retry_after)
    source.save(update_fields=["pulls", "last_pull_at", "failures", "state", "next_pull_at"])
    _forget_uneventful(source, at)
    return pull


def _forget_uneventful(source: Source, at: datetime) -> None:
    before = at - UNEVENTFUL_FOR
    quiet = {"new": 0, "failed": 0, "items": None, "finished_at__lt": before}
    Pull.objects.filter(source=source, state=PullState.DONE, **quiet).delete()
    Job.objects.filter(
        kind="pull", state=JobState.DONE, key__startswith=f"pull:{source.id}:", finished_at__lt=before
    ).delete()


def pull(source: Source, *, at: datetime, cause: str = "demand", asked_by: str = "") -> Pull:
    """Pull from a source now, without a job, and return what was done."""
    gathering = gather(source, at=at, cause=cause, asked_by=asked_by)
    with transaction.atomic():
        return settle(gathering, at=at)


def logs_of(pull: Pull) -> list[LogFile]:
    """Return the logs that a pull brought."""
    return list(LogFile.objects.filter(pulled_items__pull=pull).order_by("id"))
