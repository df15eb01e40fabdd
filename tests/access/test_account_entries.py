"""What happened to an account stands in the audit log of the programme whose administrator did it."""

from __future__ import annotations

from collections.abc import Callable

from scorecard import disabling, recovering
from scorecard.access import Person, reader_of, visible_entries
from scorecard.models import User
from scorecard.models.ledger import LedgerEntry
from tests.accounts.conftest import NEW_PASSWORD
from tests.conftest import NOW


def test_a_reader_of_the_programme_sees_them_and_a_stranger_does_not(
    person: Callable[[str], Person], cast: dict[str, User], stranger: User
) -> None:
    _, secret = recovering.offer_recovery("bo", by=person("gil"), at=NOW)
    recovering.recover(secret, password=NEW_PASSWORD, at=NOW)
    disabling.disable("bo", reason="left", by=person("gil"), at=NOW)
    disabling.enable("bo", reason="back", by=person("gil"), at=NOW)
    entries = list(LedgerEntry.objects.filter(kind__startswith="account."))
    assert len(entries) == 4
    assert visible_entries(reader_of(cast["faye"]), entries) == {entry.seq for entry in entries}
    assert visible_entries(reader_of(stranger), entries) == set()
