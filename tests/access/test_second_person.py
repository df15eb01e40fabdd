"""The second-person rule: proposed by one, confirmed by another eligible one, or over after its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from scorecard import clearing, confirming, enrolling, proposing
from scorecard.access import Person, held_memberships, person_for
from scorecard.models import Clearance, Compartment, Membership, Programme, Proposal, User
from scorecard.models.ledger import LedgerEntry
from scorecard.refusals import Refused

Named = Callable[[str], Person]
Visit = Callable[[User | str], Client]


@pytest.fixture
def proposal(cbrn: Compartment, person: Named, cast: dict[str, User]) -> Proposal:
    """Gil proposes to clear Faye for CBRN, ten days."""
    content = {"person": cast["faye"].person_id, "compartment": "cbrn", "days": 10}
    return proposing.propose(clearing.GRANT, content, reason="Audits CBRN", by=person("gil"), at=timezone.now())


def kinds() -> list[str]:
    return list(LedgerEntry.objects.order_by("seq").values_list("kind", flat=True))


def test_nothing_happens_until_a_second_person_confirms(proposal: Proposal, person: Named) -> None:
    assert not Clearance.objects.exists()
    done = confirming.confirm(proposal, seen=proposal.digest, by=person("chen"), at=timezone.now())
    clearance = Clearance.objects.get()
    assert (clearance.person.username, done.outcome) == ("faye", {"clearance": clearance.id})
    assert timedelta(days=9) < clearance.expires_at - timezone.now() <= timedelta(days=10)
    assert kinds()[-3:] == ["proposal.made", "clearance.granted", "proposal.confirmed"]


@pytest.mark.parametrize(
    ("who", "code"),
    [("gil", "role-missing"), ("faye", "role-missing"), ("ada", "role-missing"), ("bo", "role-missing")],
)
def test_who_may_not_confirm_is_refused(proposal: Proposal, person: Named, who: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        confirming.confirm(proposal, seen=proposal.digest, by=person(who), at=timezone.now())
    assert refusal.value.code == code
    assert not Clearance.objects.exists()


def test_the_proposer_never_confirms_whatever_other_role_they_hold(proposal: Proposal, cast: dict[str, User]) -> None:
    assert proposal.programme is not None
    Membership.objects.create(person=cast["gil"], programme=proposal.programme, role="leadership")
    both = person_for(cast["gil"], proposal.programme)
    with pytest.raises(Refused, match="Who proposed"):
        confirming.confirm(proposal, seen=proposal.digest, by=both, at=timezone.now())


def test_nobody_confirms_what_they_gain_by(cbrn: Compartment, person: Named, cast: dict[str, User]) -> None:
    content = {"person": cast["chen"].person_id, "compartment": "cbrn", "days": 1}
    made = proposing.propose(clearing.GRANT, content, reason="Chairs", by=person("ada"), at=timezone.now())
    with pytest.raises(Refused, match="gain"):
        confirming.confirm(made, seen=made.digest, by=person("chen"), at=timezone.now())
    confirming.confirm(made, seen=made.digest, by=person("dana"), at=timezone.now())
    assert Clearance.objects.get().person == cast["chen"]


def test_nobody_proposes_for_themselves(cbrn: Compartment, person: Named, cast: dict[str, User]) -> None:
    content = {"person": cast["gil"].person_id, "compartment": "cbrn", "days": 1}
    with pytest.raises(Refused, match="themselves"):
        proposing.propose(clearing.GRANT, content, reason="me", by=person("gil"), at=timezone.now())
    role = {"username": "gil", "role": "leadership", "days": None}
    with pytest.raises(Refused, match="themselves"):
        proposing.propose(enrolling.GRANT, role, reason="me", by=person("gil"), at=timezone.now())


def test_after_its_time_it_cannot_be_confirmed_and_is_closed(proposal: Proposal, person: Named) -> None:
    later = proposal.expires_at + timedelta(seconds=1)
    with pytest.raises(Refused, match="time is over"):
        confirming.confirm(proposal, seen=proposal.digest, by=person("chen"), at=later)
    assert proposing.expire_due(at=later) == 1
    assert proposing.expire_due(at=later) == 0
    proposal.refresh_from_db()
    assert proposal.state == "expired"
    assert kinds()[-1] == "proposal.expired"


def test_it_is_confirmed_once(proposal: Proposal, person: Named) -> None:
    confirming.confirm(proposal, seen=proposal.digest, by=person("chen"), at=timezone.now())
    with pytest.raises(Refused, match="does not wait"):
        confirming.confirm(proposal, seen=proposal.digest, by=person("dana"), at=timezone.now())
    assert Clearance.objects.count() == 1


def test_a_confirmation_names_what_was_seen(proposal: Proposal, person: Named) -> None:
    with pytest.raises(Refused, match="not the proposal that was shown"):
        confirming.confirm(proposal, seen="sha256:other", by=person("chen"), at=timezone.now())


def test_a_proposer_who_lost_the_role_proposes_nothing_any_more(
    proposal: Proposal, person: Named, cast: dict[str, User]
) -> None:
    Membership.objects.filter(person=cast["gil"]).delete()
    with pytest.raises(Refused, match="may not propose this any more"):
        confirming.confirm(proposal, seen=proposal.digest, by=person("chen"), at=timezone.now())


def test_what_became_impossible_meanwhile_is_refused_and_still_waits(
    proposal: Proposal, person: Named, cast: dict[str, User]
) -> None:
    Membership.objects.filter(person=cast["faye"]).delete()
    with pytest.raises(Refused, match="holds no role"):
        confirming.confirm(proposal, seen=proposal.digest, by=person("chen"), at=timezone.now())
    proposal.refresh_from_db()
    assert proposal.state == "open"


def test_refusing_needs_a_reason_and_withdrawing_the_proposer(proposal: Proposal, person: Named) -> None:
    with pytest.raises(Refused, match="Say why"):
        confirming.refuse(proposal, reason=" ", by=person("dana"), at=timezone.now())
    with pytest.raises(Refused, match="Only who proposed"):
        proposing.withdraw(proposal, by=person("dana"), at=timezone.now())
    proposing.withdraw(proposal, by=person("gil"), at=timezone.now())
    with pytest.raises(Refused, match="does not wait"):
        confirming.refuse(proposal, reason="no", by=person("dana"), at=timezone.now())


def test_a_role_takes_two_people_and_an_auditors_ends(person: Named, cast: dict[str, User]) -> None:
    newcomer = User.objects.create(username="noor", first_name="Noor")
    with pytest.raises(Refused, match="ends by itself"):
        proposing.propose(
            enrolling.GRANT, {"username": "noor", "role": "auditor", "days": None}, reason="r", by=person("gil"),
            at=timezone.now(),
        )  # fmt: skip
    made = proposing.propose(
        enrolling.GRANT, {"username": "noor", "role": "auditor", "days": 5}, reason="r", by=person("gil"),
        at=timezone.now(),
    )  # fmt: skip
    assert not held_memberships(newcomer).exists()
    confirming.confirm(made, seen=made.digest, by=person("dana"), at=timezone.now())
    assert held_memberships(newcomer).get().expires_at is not None


def test_the_last_administrator_stays_and_others_go_with_a_reason(person: Named, cast: dict[str, User]) -> None:
    gil, faye = (Membership.objects.get(person=cast[name]) for name in ("gil", "faye"))
    with pytest.raises(Refused, match="last administrator"):
        enrolling.revoke(gil, reason="gone", by=person("gil"), at=timezone.now())
    with pytest.raises(Refused, match="needs the role"):
        enrolling.revoke(faye, reason="gone", by=person("ada"), at=timezone.now())
    enrolling.revoke(faye, reason="gone", by=person("gil"), at=timezone.now())
    assert not held_memberships(cast["faye"]).exists()
    assert kinds()[-1] == "role.revoked"


@pytest.mark.parametrize("gone", ["disabled", "over"])
def test_an_administrator_who_cannot_administrate_does_not_count(
    person: Named, cast: dict[str, User], programme: Programme, gone: str
) -> None:
    other = User.objects.create(username="noor", first_name="Noor", is_active=gone != "disabled")
    ends = timezone.now() - timedelta(days=1) if gone == "over" else None
    Membership.objects.create(person=other, programme=programme, role="administrator", expires_at=ends)
    gil = Membership.objects.get(person=cast["gil"])
    with pytest.raises(Refused, match="last administrator"):
        enrolling.revoke(gil, reason="gone", by=person("gil"), at=timezone.now())


def test_the_pages_lead_through_it(cbrn: Compartment, cast: dict[str, User], visit: Visit) -> None:
    given = {"person": cast["faye"].person_id, "compartment": "cbrn", "days": "10", "reason": "Audits CBRN"}
    assert visit("gil").post("/access/clearances/propose/", given).status_code == 302
    made = Proposal.objects.get()
    assert made.summary == "Clear Faye Turner for CBRN, 10 days"
    own, theirs = (visit(name).get("/access/").content.decode() for name in ("gil", "chen"))
    assert 'value="withdraw"' in own
    assert 'value="confirm"' not in own
    assert 'value="confirm"' in theirs
    assert (
        visit("bo").post(f"/access/proposals/{made.id}/", {"verdict": "confirm", "seen": made.digest}).status_code
        == 403
    )
    assert (
        visit("chen").post(f"/access/proposals/{made.id}/", {"verdict": "confirm", "seen": made.digest}).status_code
        == 302
    )
    assert "Faye Turner" in visit("bo").get("/access/").content.decode()
    assert Clearance.objects.get().person == cast["faye"]


def test_a_wrong_form_comes_back_with_what_was_typed(cbrn: Compartment, cast: dict[str, User], visit: Visit) -> None:
    given = {"person": cast["faye"].person_id, "compartment": "cbrn", "days": "900", "reason": "Audits CBRN"}
    answer = visit("gil").post("/access/clearances/propose/", given)
    assert answer.status_code == 422
    assert 'value="Audits CBRN"' in answer.content.decode()
    assert visit("faye").post("/access/clearances/propose/", {**given, "days": "9"}).status_code == 403
    assert not Proposal.objects.exists()
