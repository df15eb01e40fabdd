"""Idempotency keys: the first answer, again; never two effects."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evaluations import idempotency
from evaluations.models import IdempotencyRecord
from tests.evaluations.reports import NOW

pytestmark = pytest.mark.django_db
ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def begin(key: str = "k", fingerprint: str = ONE, scope: str = "tok_1", at: object = NOW) -> idempotency.Standing:
    return idempotency.begin(scope, key, fingerprint, at=at)  # type: ignore[arg-type]


def test_the_first_request_proceeds_and_its_repetition_gets_the_same_answer() -> None:
    first = begin()
    idempotency.finish(first.record, status=202, body={"id": "run_1"}, run=None)
    again = begin()
    assert (first.outcome, again.outcome) == ("proceed", "replay")
    assert (again.record.status, again.record.body) == (202, {"id": "run_1"})


def test_a_key_in_flight_is_a_conflict() -> None:
    begin()
    assert begin().outcome == "conflict"


@pytest.mark.parametrize("finished", [True, False])
def test_a_key_reused_with_another_body_is_a_mismatch(finished: bool) -> None:
    first = begin()
    if finished:
        idempotency.finish(first.record, status=202, body={}, run=None)
    assert begin(fingerprint=TWO).outcome == "mismatch"


def test_keys_of_two_tokens_are_independent() -> None:
    begin()
    assert begin(scope="tok_2", fingerprint=TWO).outcome == "proceed"


def test_a_refused_request_gives_its_key_back() -> None:
    idempotency.abandon(begin().record)
    assert begin(fingerprint=TWO).outcome == "proceed"


def test_an_answer_that_was_given_is_never_abandoned() -> None:
    first = begin()
    idempotency.finish(first.record, status=202, body={}, run=None)
    idempotency.abandon(first.record)
    assert IdempotencyRecord.objects.count() == 1


def test_a_request_that_was_killed_is_taken_over_after_ten_minutes_by_one() -> None:
    begin()
    assert begin(at=NOW + timedelta(minutes=9)).outcome == "conflict"
    assert begin(at=NOW + timedelta(minutes=10)).outcome == "proceed"
    assert begin(at=NOW + timedelta(minutes=11)).outcome == "conflict"


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "a\nb", "caf\u00e9", "x" * 10_000])
def test_a_key_that_no_header_should_carry_is_refused(key: str) -> None:
    with pytest.raises(idempotency.KeyRefused):
        begin(key=key)
