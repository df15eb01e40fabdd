"""The ledger in the database: one entry per deed, chained, guarded, and never without its change."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from evaluations.actors import SYSTEM
from scorecard import guarding
from scorecard.ledger.chain import check_whole_ledger, verified_head
from scorecard.ledger.merkle import inclusion_holds
from scorecard.models import Determination, FrameworkVersion, Scorecard
from scorecard.models.ledger import LedgerEntry, LedgerHead
from scorecard.proving import leaves, proof_of
from scorecard.recording import EVENTS, UnknownEvent, record, sign_head
from scorecard.signing_key import KeyUnusable, load_key
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def write(count: int) -> None:
    """Append entries about nothing in particular."""
    with transaction.atomic():
        for number in range(count):
            moment = NOW + timedelta(seconds=number)
            record("token.revoked", subject=("token", f"tok_{number}"), data={"prefix": "x"}, by=SYSTEM, at=moment)


def test_entries_are_chained_from_zero_and_proven_in_the_signed_head() -> None:
    write(7)
    key = load_key(settings.LEDGER_KEY_FILE, name=settings.LEDGER_ORIGIN)
    with transaction.atomic():
        head = sign_head(key=key, at=NOW)
    origin, size, root, signer = verified_head(head.note, key.verification_key)
    envelopes = [json.loads(text) for text in LedgerEntry.objects.values_list("envelope", flat=True)]
    check_whole_ledger(envelopes, origin, size, root)
    proof = [bytes.fromhex(part) for part in proof_of(3, size)]
    assert inclusion_holds(leaves(size)[3], 3, size, proof, root)
    assert (size, signer) == (7, settings.LEDGER_ORIGIN)


def test_one_size_has_one_signed_head() -> None:
    write(2)
    key = load_key(settings.LEDGER_KEY_FILE, name=settings.LEDGER_ORIGIN)
    with transaction.atomic():
        assert sign_head(key=key, at=NOW) == sign_head(key=key, at=NOW + timedelta(days=1))
    assert LedgerHead.objects.count() == 1


def test_an_unregistered_event_is_refused() -> None:
    with transaction.atomic(), pytest.raises(UnknownEvent, match=r"scorecard\.liked"):
        record("scorecard.liked", subject=("scorecard", "x"), data={}, by=SYSTEM, at=NOW)


def test_every_event_is_dotted_and_explained() -> None:
    assert all(name.count(".") == 1 and words.endswith(".") for name, words in EVENTS.items())


def test_an_entry_falls_with_its_transaction() -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        LedgerEntry.objects.create(
            seq=record("token.revoked", subject=("token", "t"), data={}, by=SYSTEM, at=NOW).seq + 5, at=NOW
        )
    assert LedgerEntry.objects.count() == 0
    write(1)
    assert LedgerEntry.objects.get().seq == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("lifted")
def test_nothing_is_recorded_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="inside the transaction"):
        record("token.revoked", subject=("token", "t"), data={}, by=SYSTEM, at=NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE scorecard_ledgerentry SET kind = 'x' WHERE seq = 1",
        "DELETE FROM scorecard_ledgerentry WHERE seq = 1",
        "INSERT OR REPLACE INTO scorecard_ledgerentry SELECT 1, at, 'x', actor_kind, actor_id, actor_name,"
        " subject_type, subject_id, envelope, leaf_hash FROM scorecard_ledgerentry WHERE seq = 1",
    ],
)
def test_the_database_itself_refuses_to_change_a_written_entry(statement: str) -> None:
    if connection.vendor != "sqlite" and "OR REPLACE" in statement:
        pytest.skip("INSERT OR REPLACE is SQLite's own")
    write(3)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert set(LedgerEntry.objects.values_list("kind", flat=True)) == {"token.revoked"}


def test_a_published_framework_and_a_determination_cannot_be_rewritten(
    card: Scorecard, framework: FrameworkVersion
) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        FrameworkVersion.objects.filter(id=framework.id).update(title="Another")
    Determination.objects.create(
        scorecard=card, category="cbrn", mitigation="post_mitigation", level="low", rationale="r", seen="s",
        actor_id="a", actor_name="a", actor_role="preparedness", determined_at=NOW,
    )  # fmt: skip
    with pytest.raises(DatabaseError), transaction.atomic():
        Determination.objects.update(level="high")
    with pytest.raises(DatabaseError), transaction.atomic():
        Scorecard.objects.filter(id=card.id)._raw_delete("default")


def test_a_missing_trigger_is_named_and_reinstalled() -> None:
    with connection.cursor() as cursor:
        place = "" if connection.vendor == "sqlite" else " ON scorecard_ledgerentry"
        cursor.execute(f"DROP TRIGGER scorecard_ledgerentry_keeps_update{place}")
    assert guarding.missing() == ["scorecard_ledgerentry_keeps_update"]
    guarding.install()
    assert guarding.missing() == []


def test_a_key_that_others_can_read_is_not_used() -> None:
    load_key(settings.LEDGER_KEY_FILE, name="x")
    settings.LEDGER_KEY_FILE.chmod(0o644)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        load_key(settings.LEDGER_KEY_FILE, name="x")
