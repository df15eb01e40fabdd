"""The doctor, the whole reading of the ledger, and the signs of life of workers and reconciler."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from evaluations import jobs
from evaluations.actors import SYSTEM
from scorecard import guarding
from scorecard.models.ledger import LedgerFrontier
from scorecard.operating import beating, examining, reconciling
from scorecard.operating.rehashing import Reading, read_ledger
from scorecard.recording import record, sign_head
from scorecard.signing_key import LedgerKey, load_key
from tests.conftest import NOW


def states() -> dict[str, examining.Examined]:
    return {row.name: row for row in examining.examine(timezone.now())}


@pytest.fixture
def key(data_dir: Path) -> LedgerKey:
    return load_key(data_dir / "ledger-key.pem", name=configured.LEDGER_ORIGIN)


@pytest.fixture
def ledger(db: None, key: LedgerKey) -> LedgerKey:
    """Five entries, heads over three and over five of them."""
    for number in range(5):
        record("token.issued", subject=("token", f"tok_{number}"), data={"prefix": "psc_x"}, by=SYSTEM, at=NOW)
        if number in (2, 4):
            sign_head(key=key, at=NOW)
    return key


@pytest.mark.django_db
def test_a_healthy_installation_has_no_failures(key: LedgerKey, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.worker_lives("here", now=timezone.now())
    monkeypatch.setattr(examining, "missing_libraries", list)
    assert {row.state for row in states().values()} == {examining.OK}


@pytest.mark.django_db
def test_every_fault_has_its_remedy(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "missing_libraries", lambda: ["pango-1.0"])
    monkeypatch.setattr(examining, "pending_migrations", lambda: ["scorecard.0099_later"])
    monkeypatch.setattr(guarding, "missing", lambda using="default": ["one_trigger"])
    monkeypatch.setattr(examining, "LEAST_FREE_BYTES", 10**18)
    found = states()
    assert {name for name, row in found.items() if row.state == examining.FAILED} == {
        "migrations", "triggers", "ledger_key",
    }  # fmt: skip
    assert {name for name, row in found.items() if row.state == examining.WARNING} == {"worker", "pdf", "disk"}
    assert all(row.remedy for row in found.values() if row.state != examining.OK)
    assert "apt install" in found["pdf"].remedy


@pytest.mark.django_db
def test_one_fault_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> Any:
        raise DatabaseError("gone")

    monkeypatch.setattr(examining, "database", away)
    found = states()
    assert found["database"].state == examining.FAILED
    assert "DATABASE_URL" in found["database"].remedy
    assert found["python"].state == examining.OK
    assert len(found) == 9


@pytest.mark.django_db
def test_a_silent_worker_is_a_warning_with_the_jobs_that_wait() -> None:
    jobs.worker_lives("here", now=timezone.now() - timedelta(minutes=5))
    jobs.reconcile(now=timezone.now())
    found = states()["worker"]
    assert found.state == examining.WARNING
    assert "0 jobs wait" in found.found
    assert "manage.py worker" in found.remedy


@pytest.mark.django_db
def test_a_key_that_others_can_read_is_a_failure(key: LedgerKey, data_dir: Path) -> None:
    (data_dir / "ledger-key.pem").chmod(0o644)
    assert states()["ledger_key"].state == examining.FAILED


@pytest.mark.django_db
def test_doctor_exits_1_on_a_failure_and_speaks_json(key: LedgerKey, monkeypatch: pytest.MonkeyPatch) -> None:
    out = StringIO()
    call_command("doctor", "--json", stdout=out)
    assert json.loads(out.getvalue())["healthy"] is True
    monkeypatch.setattr(guarding, "missing", lambda using="default": ["one_trigger"])
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("doctor", stdout=out)
    assert stopped.value.code == 1
    assert "Fix: python manage.py migrate" in out.getvalue()


def test_an_untouched_ledger_is_intact(ledger: LedgerKey) -> None:
    reading = read_ledger(ledger)
    assert (reading.entries, reading.heads, reading.fault) == (5, 2, None)


def test_an_empty_ledger_is_intact(db: None, key: LedgerKey) -> None:
    assert read_ledger(key) == Reading(entries=0, heads=0, root=read_ledger(key).root)


TAMPERINGS = {
    "a column": ("UPDATE scorecard_ledgerentry SET actor_name = 'Nobody' WHERE seq = 3", 3, "column actor_name"),
    "a time": ("UPDATE scorecard_ledgerentry SET at = '2020-01-01 00:00:00' WHERE seq = 1", 1, "column at"),
    "an envelope": (
        "UPDATE scorecard_ledgerentry SET envelope = replace(envelope, 'psc_x', 'psc_y') WHERE seq = 2", 2, "hash",
    ),
    "a leaf": (f"UPDATE scorecard_ledgerentry SET leaf_hash = '{'0' * 64}' WHERE seq = 0", 0, "hash"),
    "a space": (
        "UPDATE scorecard_ledgerentry SET envelope = replace(envelope, '\"v\":1', '\"v\": 1') WHERE seq = 4", 4,
        "canonical",
    ),
    "nonsense": ("UPDATE scorecard_ledgerentry SET envelope = '{' WHERE seq = 4", 4, "malformed"),
    "a lost entry": ("DELETE FROM scorecard_ledgerentry WHERE seq = 1", 1, "missing"),
    "a lost tail": ("DELETE FROM scorecard_ledgerentry WHERE seq = 4", 4, "head covers 5 entries"),
    "a head": (f"UPDATE scorecard_ledgerhead SET root = '{'1' * 64}' WHERE size = 3", 2, "another root"),
    "a note": ("UPDATE scorecard_ledgerhead SET note = 'x' WHERE size = 5", 4, "malformed"),
    "the frontier": ("UPDATE scorecard_ledgerfrontier SET size = 4", None, "frontier counts 4"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_change_behind_the_triggers_is_named_by_its_entry(ledger: LedgerKey, name: str) -> None:
    statement, seq, words = TAMPERINGS[name]
    guarding.lift()
    with connection.cursor() as cursor:
        cursor.execute(statement)
    reading = read_ledger(ledger)
    assert reading.fault is not None
    assert words in reading.fault
    assert reading.seq == seq
    guarding.install()


def test_a_rewritten_entry_with_a_matching_leaf_still_breaks_the_chain(ledger: LedgerKey) -> None:
    guarding.lift()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scorecard_ledgerentry SET envelope = (SELECT envelope FROM scorecard_ledgerentry WHERE seq = 0), "
            "leaf_hash = (SELECT leaf_hash FROM scorecard_ledgerentry WHERE seq = 0) WHERE seq = 3"
        )
    reading = read_ledger(ledger)
    assert (reading.seq, "predecessor" in (reading.fault or "")) == (3, True)
    guarding.install()


def test_a_head_of_another_key_is_noticed(ledger: LedgerKey, tmp_path: Path) -> None:
    other = load_key(tmp_path / "other.pem", name=ledger.name)
    assert "not signed by this installation's key" in (read_ledger(other).fault or "")


def test_the_command_exits_1_and_names_the_entry(ledger: LedgerKey) -> None:
    out = StringIO()
    call_command("ledger_verify", stdout=out)
    assert out.getvalue().startswith("Intact: 5 entries, 2 signed heads")
    guarding.lift()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE scorecard_ledgerentry SET kind = 'token.revoked' WHERE seq = 2")
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("ledger_verify", stdout=out)
    assert stopped.value.code == 1
    assert out.getvalue().startswith("The ledger differs. #2: the column kind")
    with pytest.raises(SystemExit):
        call_command("ledger_verify", "--json", stdout=(out := StringIO()))
    assert json.loads(out.getvalue())["seq"] == 2
    guarding.install()


def test_the_frontier_row_is_not_needed_for_an_empty_ledger(db: None, key: LedgerKey) -> None:
    assert not LedgerFrontier.objects.exists()
    assert read_ledger(key).fault is None


def test_the_reconciler_outlives_a_fault_and_ends_when_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, rounds = threading.Event(), []

    def reconcile(*, now: object) -> None:
        rounds.append(now)
        if len(rounds) == 1:
            raise DatabaseError("away for a moment")
        stop.set()

    monkeypatch.setattr(jobs, "reconcile", reconcile)
    monkeypatch.setattr(reconciling, "close_old_connections", lambda: None)
    reconciling.reconcile_until(stop, every=0.01)
    assert len(rounds) == 2


def test_a_worker_goes_on_beating_after_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, beats = threading.Event(), []

    def lives(name: str, *, now: object) -> None:
        beats.append(name)
        if len(beats) == 1:
            raise DatabaseError("away for a moment")
        stop.set()

    monkeypatch.setattr(jobs, "worker_lives", lives)
    monkeypatch.setattr(beating, "close_old_connections", lambda: None)
    beating.beat_until(stop, name="here", every=0.01)
    assert beats == ["here", "here"]
