"""From a draft to a sealed card, and everything that the rules refuse on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from scorecard.access import Person, person_for
from scorecard.applying import declare_applicable
from scorecard.determining import determine
from scorecard.ledger.canonical import digest
from scorecard.models import Membership, Scorecard, Signature
from scorecard.models.ledger import LedgerEntry
from scorecard.opening import open_next_version, open_scorecard
from scorecard.queries import card_digest, card_document, signoff_of
from scorecard.refusals import Refused
from scorecard.sealing import revoke, seal
from scorecard.signing import decline, reopen, request, sign
from tests.conftest import NOW, PASSWORD
from tests.replaying import replayed

People = Callable[[str], Person]
REASON = "Judged on the whole of the evidence."


def determine_all(card: Scorecard, by: Person, level: str = "low") -> None:
    """Determine every category and side of a draft at one level."""
    for row in {(row.category, row.mitigation): row for row in card.assessments.order_by("id")}.values():
        determine(
            card, category=row.category, mitigation=row.mitigation, level=level, rationale=REASON, seen=row.digest,
            by=by, at=NOW,
        )  # fmt: skip


def signing(card: Scorecard, by: Person, **changes: Any) -> Signature:
    """Sign as the chair who recommends, unless told otherwise."""
    asked = {
        "role": "advisory_chair", "meaning": "recommends", "seen": card.digest, "reason": REASON, "password": PASSWORD,
    } | changes  # fmt: skip
    return sign(card, **asked, by=by, at=NOW)


@pytest.fixture
def reviewed(card: Scorecard, person: People) -> Scorecard:
    """A card in review, determined and requested by ada."""

    def requested() -> str:
        determine_all(card, person("ada"))
        return request(card, seen=card_digest(card), by=person("ada"), at=NOW).id

    return Scorecard.objects.get(id=replayed(requested, card))


@pytest.fixture
def signed(reviewed: Scorecard, person: People) -> Scorecard:
    """A card in review with both signatures."""

    def by_two() -> str:
        signing(reviewed, person("chen"))
        signing(reviewed, person("dana"), role="leadership", meaning="approves")
        return reviewed.id

    replayed(by_two, reviewed)
    return reviewed


def test_a_determined_draft_is_requested_signed_and_sealed(signed: Scorecard, person: People) -> None:
    sealed = seal(signed, seen=signed.digest, by=person("ada"), at=NOW)
    signed.refresh_from_db()
    assert (signed.state, signed.sealed_at) == ("sealed", NOW)
    assert signed.expires_at == NOW + timedelta(days=180)
    assert digest(card_document(signed)["categories"]) != ""
    assert sealed.ledger_seq == LedgerEntry.objects.get(kind="scorecard.sealed").seq


def test_the_author_of_a_determination_cannot_sign_it(reviewed: Scorecard, person: People, programme: Any) -> None:
    ada = person("ada")
    Membership.objects.create(person=ada.user, programme=programme, role="advisory_chair")
    with pytest.raises(Refused, match="authored a part") as refused:
        signing(reviewed, person_for(ada.user, programme))
    assert refused.value.status == 403


def test_whoever_posted_a_cited_run_cannot_sign(card: Scorecard, person: People, post_as: Callable[..., Any]) -> None:
    post_as("chen")
    determine_all(card, person("ada"), level="critical")
    frozen = request(card, seen=card_digest(card), by=person("ada"), at=NOW)
    with pytest.raises(Refused, match="authored a part"):
        signing(frozen, person("chen"))


@pytest.mark.parametrize(
    ("username", "changes", "status", "words"),
    [
        ("chen", {"seen": "sha256:" + "0" * 64}, 409, "changed since you looked"),
        ("chen", {"password": "wrong"}, 403, "password"),
        ("chen", {"role": "leadership", "meaning": "approves"}, 403, "does not hold"),
        ("chen", {"meaning": "approves"}, 409, "next step"),
        ("chen", {"meaning": "blesses"}, 422, "cannot sign"),
        ("chen", {"role": "pipeline"}, 422, "cannot sign"),
        ("dana", {"role": "leadership", "meaning": "approves"}, 409, "next step"),
        ("faye", {"role": "advisory_member", "meaning": "reviewed"}, 403, "does not hold"),
        ("gil", {"role": "leadership", "meaning": "approves"}, 403, "does not hold"),
    ],
)
def test_a_signature_that_the_rules_do_not_allow_is_refused(
    reviewed: Scorecard, person: People, username: str, changes: dict[str, str], status: int, words: str
) -> None:
    before = LedgerEntry.objects.count()
    with pytest.raises(Refused, match=words) as refused:
        signing(reviewed, person(username), **changes)
    assert refused.value.status == status
    assert (Signature.objects.count(), LedgerEntry.objects.count()) == (0, before)


def test_one_person_signs_one_digest_once(reviewed: Scorecard, person: People) -> None:
    signing(reviewed, person("chen"))
    with pytest.raises(Refused, match="signed this digest already"):
        signing(reviewed, person("chen"), meaning="reviewed")


def test_a_disabled_person_holds_no_role_any_more(reviewed: Scorecard, person: People) -> None:
    chen = person("chen").user
    chen.is_active = False
    chen.save()
    with pytest.raises(Refused, match="does not hold"):
        signing(reviewed, person("chen"))


def test_dissent_is_kept_and_does_not_count_towards_the_steps(signed: Scorecard, person: People) -> None:
    signing(signed, person("bo"), role="advisory_member", meaning="dissents", reason="Too thin.")
    state = signoff_of(signed)
    assert [row["reason"] for row in state["dissent"]] == ["Too thin."]
    assert state["missing"] == []
    assert card_document(signed)["contested"] is True


def test_a_declined_card_goes_back_to_draft_and_its_signatures_stand_no_more(
    reviewed: Scorecard, person: People
) -> None:
    signing(reviewed, person("chen"))
    decline(reviewed, seen=reviewed.digest, reason="Numbers look off.", password=PASSWORD, by=person("dana"), at=NOW)
    reviewed.refresh_from_db()
    assert (reviewed.state, reviewed.digest) == ("draft", "")
    assert "Dana Reyes declined" in reviewed.signatures.get().stale_reason


def test_a_card_in_review_can_be_reopened_by_those_who_prepare_it_only(reviewed: Scorecard, person: People) -> None:
    with pytest.raises(Refused, match="does not hold"):
        reopen(reviewed, reason="mistake", by=person("dana"), at=NOW)
    assert reopen(reviewed, reason="a typing mistake", by=person("ada"), at=NOW).state == "draft"


def test_review_cannot_be_requested_while_a_side_is_undetermined(card: Scorecard, person: People) -> None:
    with pytest.raises(Refused, match="No level that counts was determined"):
        request(card, seen=card_digest(card), by=person("ada"), at=NOW)


def test_review_is_requested_for_exactly_what_was_seen(card: Scorecard, person: People) -> None:
    seen = card_digest(card)
    determine_all(card, person("ada"))
    with pytest.raises(Refused, match="changed since you looked"):
        request(card, seen=seen, by=person("ada"), at=NOW)


def test_sealing_waits_for_every_signature(reviewed: Scorecard, person: People) -> None:
    signing(reviewed, person("chen"))
    with pytest.raises(Refused, match="Leadership approves"):
        seal(reviewed, seen=reviewed.digest, by=person("ada"), at=NOW)


def test_an_auditor_seals_nothing(signed: Scorecard, person: People) -> None:
    with pytest.raises(Refused) as refused:
        seal(signed, seen=signed.digest, by=person("faye"), at=NOW)
    assert refused.value.status == 403


def test_a_sealed_card_cannot_be_determined_signed_or_sealed_again(signed: Scorecard, person: People) -> None:
    seal(signed, seen=signed.digest, by=person("ada"), at=NOW)
    with pytest.raises(Refused, match="sealed"):
        seal(signed, seen=signed.digest, by=person("ada"), at=NOW)
    with pytest.raises(Refused, match="sealed"):
        signing(signed, person("bo"), role="advisory_member", meaning="reviewed")
    with pytest.raises(Refused, match="sealed"):
        determine_all(signed, person("ada"))


def test_a_level_without_a_reason_or_outside_the_framework_is_refused(card: Scorecard, person: People) -> None:
    seen = card.assessments.get(category="cbrn", mitigation="post_mitigation").digest
    common: dict[str, Any] = {"category": "cbrn", "mitigation": "post_mitigation", "by": person("ada"), "at": NOW}
    with pytest.raises(Refused, match="reason of at least"):
        determine(card, level="low", rationale="short", seen=seen, **common)
    with pytest.raises(Refused, match="not a level"):
        determine(card, level="harmless", rationale=REASON, seen=seen, **common)
    with pytest.raises(Refused, match="evidence changed"):
        determine(card, level="low", rationale=REASON, seen="sha256:" + "0" * 64, **common)


def test_only_leadership_or_board_revoke_and_the_reason_is_kept(signed: Scorecard, person: People) -> None:
    seal(signed, seen=signed.digest, by=person("ada"), at=NOW)
    with pytest.raises(Refused, match="does not hold"):
        revoke(signed, reason="no", password=PASSWORD, by=person("ada"), at=NOW)
    revoked = revoke(signed, reason="The board reversed it.", password=PASSWORD, by=person("eli"), at=NOW)
    assert (revoked.state, revoked.revoke_reason) == ("revoked", "The board reversed it.")
    following = open_next_version(revoked, by=person("ada"), at=NOW)
    assert (following.version, following.replaces) == (2, revoked)


def test_a_checkpoint_has_one_open_card_under_a_framework(card: Scorecard, person: People) -> None:
    with pytest.raises(Refused, match="already has"):
        open_scorecard(
            programme=card.programme, checkpoint=card.checkpoint, framework=card.framework, title="again",
            by=person("ada"), at=NOW,
        )  # fmt: skip


def test_results_are_applied_only_between_checkpoints_of_one_subject(card: Scorecard, person: People) -> None:
    with pytest.raises(Refused, match="two different checkpoints"):
        declare_applicable(
            programme=card.programme, from_checkpoint=card.checkpoint, to_checkpoint=card.checkpoint,
            rationale=REASON, limits=REASON, by=person("ada"), at=NOW,
        )  # fmt: skip
