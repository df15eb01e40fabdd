"""Accounts come from invitations, are recovered by one-time links, disabled and never deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from evaluations.actors import SYSTEM
from evaluations.models.keeping import HistoryIsKept
from scorecard import confirming, disabling, enrolling, inviting, proposing, recovering
from scorecard.access import Person, person_for
from scorecard.demonstration.people import PASSWORD
from scorecard.models import ApiToken, Membership, OneTimeLink, Programme, Role, User
from scorecard.models.ledger import LedgerEntry
from scorecard.reauthenticating import refuse_if_held
from scorecard.refusals import Refused
from scorecard.second_factors import has_second_factor
from tests.accounts.authenticators import app_of
from tests.accounts.conftest import NEW_PASSWORD
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
Cast = Callable[[str], Person]


def refusal(deed: Callable[..., Any], *given: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        deed(*given, **{"at": NOW, **more})
    return caught.value


def last_entry() -> LedgerEntry:
    return LedgerEntry.objects.latest("seq")


@pytest.fixture
def invited(person: Cast) -> str:
    """The secret of an invitation of Hana Ito by Gil, who administers."""
    _, secret = inviting.invite(
        "hana", programme=person("gil").programme, role=Role.PREPAREDNESS, full_name="Hana  Ito",
        email="hana@lab.example", by=person("gil"), at=NOW,
    )  # fmt: skip
    return secret


def test_an_invitation_becomes_an_account_with_its_role_once(invited: str, programme: Programme) -> None:
    assert not User.objects.filter(username="hana").exists()
    hana = inviting.accept(invited, password=NEW_PASSWORD, at=NOW)
    assert (hana.display_name, hana.email) == ("Hana Ito", "hana@lab.example")
    assert hana.check_password(NEW_PASSWORD)
    assert person_for(hana, programme).roles == {Role.PREPAREDNESS}
    newest = list(LedgerEntry.objects.order_by("seq").values_list("kind", "actor_name"))[-3:]
    assert newest == [("person.invited", "Gil Stone"), ("person.joined", "Hana Ito"), ("role.granted", "Gil Stone")]
    assert refusal(inviting.accept, invited, password=NEW_PASSWORD).status == 404


@pytest.mark.parametrize("role", Role.values)
def test_the_operator_invites_with_every_role_and_an_auditors_ends_by_itself(role: str, programme: Programme) -> None:
    _, secret = inviting.invite("hana", programme=programme, role=role, by=SYSTEM, at=NOW)
    held = inviting.accept(secret, password=NEW_PASSWORD, at=NOW).memberships.get()
    assert held.role == role
    assert held.expires_at == (NOW + timedelta(days=90) if role == Role.AUDITOR else None)


@pytest.mark.parametrize("role", sorted(set(Role.values) - set(enrolling.ALONE)))
def test_a_role_that_takes_two_people_comes_with_no_invitation(role: str, person: Cast) -> None:
    by = person("gil")
    refused = refusal(inviting.invite, "hana", programme=by.programme, role=role, by=by)
    assert (refused.code, refused.status) == ("role-needs-two", 422)
    assert "propose the role" in refused.remedy
    _, secret = inviting.invite("hana", programme=by.programme, role="", by=by, at=NOW)
    hana = inviting.accept(secret, password=NEW_PASSWORD, at=NOW)
    assert not hana.memberships.exists()
    content = {"username": "hana", "role": role, "days": 9}
    made = proposing.propose(enrolling.GRANT, content, reason="Joins us", by=by, at=NOW)
    confirming.confirm(made, seen=made.digest, by=person("dana"), at=NOW)
    assert hana.memberships.get().role == role


def test_the_operator_names_a_role_with_every_invitation(programme: Programme) -> None:
    refused = refusal(inviting.invite, "hana", programme=programme, role="", by=SYSTEM)
    assert refused.code == "invitation-unclear"


def test_the_secret_of_a_link_is_nowhere_in_the_database(invited: str) -> None:
    link = OneTimeLink.objects.get()
    assert link.digest.startswith("sha256:")
    rows = [str(vars(link)), *LedgerEntry.objects.values_list("envelope", flat=True)]
    assert not [row for row in rows if invited in row]


def test_an_invitation_is_over_after_72_hours_or_when_it_is_revoked(invited: str, person: Cast) -> None:
    late = NOW + timedelta(hours=72)
    assert refusal(inviting.accept, invited, password=NEW_PASSWORD, at=late).code == "link-not-valid"
    inviting.revoke(OneTimeLink.objects.get().id, by=person("gil"), at=NOW)
    assert refusal(inviting.accept, invited, password=NEW_PASSWORD).code == "link-not-valid"
    assert last_entry().kind == "invitation.revoked"
    assert refusal(inviting.revoke, OneTimeLink.objects.get().id, by=person("gil")).status == 404


@pytest.mark.parametrize("username", ["ada", "ADA", "h", "ha na", "hаna", "../hana", "hana\0", "x" * 65, ""])
def test_a_name_that_is_taken_or_looks_like_another_is_refused(username: str, person: Cast) -> None:
    by = person("gil")
    refused = refusal(inviting.invite, username, programme=by.programme, role=Role.PREPAREDNESS, by=by)
    assert refused.status in (409, 422)
    assert refused.pointer == "/username"


def test_one_name_and_one_address_have_one_open_invitation_and_one_account(invited: str, person: Cast) -> None:
    again = {"programme": person("gil").programme, "role": Role.PREPAREDNESS, "by": person("gil")}
    assert refusal(inviting.invite, "hana", **again).code == "username-taken"
    inviting.accept(invited, password=NEW_PASSWORD, at=NOW)
    assert refusal(inviting.invite, "hana2", email="HANA@lab.example", **again).code == "email-taken"


@pytest.mark.parametrize(("field", "value"), [("role", "king"), ("email", "no address")])
def test_a_role_or_address_that_is_none_is_refused(field: str, value: str, person: Cast) -> None:
    given = {"role": Role.PREPAREDNESS, field: value}
    refused = refusal(inviting.invite, "hana", programme=person("gil").programme, by=person("gil"), **given)
    assert (refused.status, refused.pointer) == (422, f"/{field}")


def test_only_an_administrator_of_the_programme_invites_recovers_and_disables(person: Cast) -> None:
    elsewhere = Programme.objects.create(slug="other", name="Other")
    assert refusal(inviting.invite, "hana", programme=elsewhere, role=Role.PREPAREDNESS, by=person("gil")).status == 404
    for name in ("ada", "eli", "faye"):
        by = person(name)
        assert refusal(inviting.invite, "hana", programme=by.programme, role=Role.PREPAREDNESS, by=by).status == 403
        assert refusal(recovering.offer_recovery, "bo", by=by).status == 403
        assert refusal(disabling.disable, "bo", reason="left", by=by).status == 403


@pytest.mark.parametrize(
    ("password", "words"),
    [("short", "15 characters"), ("x" * 129, "128"), ("hana@lab.example.hana", "similar"), (f"nul\0{'y' * 20}", "NUL")],
)
def test_a_password_that_the_rules_forbid_leaves_the_invitation_open(password: str, words: str, invited: str) -> None:
    refused = refusal(inviting.accept, invited, password=password)
    assert refused.status == 422
    assert words in refused.detail
    assert inviting.accept(invited, password=NEW_PASSWORD, at=NOW)


def test_recovery_ends_sessions_removes_factors_and_holds_signatures_for_a_day(
    cast: dict[str, User], person: Cast, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    app_of(cast["dana"])
    browser = Client()
    browser.force_login(cast["dana"])
    assert browser.get("/").status_code == 200
    _, secret = recovering.offer_recovery("dana", by=person("gil"), at=NOW)
    assert has_second_factor(cast["dana"]), "the offer alone changes nothing"
    dana = recovering.recover(secret, password=NEW_PASSWORD, at=NOW)
    assert not has_second_factor(dana)
    assert browser.get("/").status_code == 302
    assert dana.check_password(NEW_PASSWORD)
    assert not dana.check_password(PASSWORD)
    assert last_entry().kind == "account.recovered"
    assert "2026-11-25" in refusal(refuse_if_held, dana, at=NOW + timedelta(hours=23)).detail
    refuse_if_held(dana, at=NOW + timedelta(hours=24))
    assert refusal(recovering.recover, secret, password=NEW_PASSWORD).status == 404


def test_recovery_ends_the_tokens_of_the_account_too(person: Cast, token_for: Callable[..., str]) -> None:
    token_for("bo", "evidence:read")
    _, secret = recovering.offer_recovery("bo", by=person("gil"), at=NOW)
    assert ApiToken.objects.get().revoked_at is None
    recovering.recover(secret, password=NEW_PASSWORD, at=NOW)
    assert ApiToken.objects.get().revoked_at is not None


def test_a_recovery_link_is_over_after_a_day_and_when_a_newer_one_is_made(person: Cast) -> None:
    _, first = recovering.offer_recovery("dana", by=person("gil"), at=NOW)
    _, second = recovering.offer_recovery("dana", by=person("gil"), at=NOW)
    assert refusal(recovering.recover, first, password=NEW_PASSWORD).status == 404
    late = NOW + timedelta(hours=24)
    assert refusal(recovering.recover, second, password=NEW_PASSWORD, at=late).status == 404
    assert refusal(inviting.accept, second, password=NEW_PASSWORD).status == 404, "no link does what another is for"


def test_nobody_recovers_or_disables_their_own_account(person: Cast) -> None:
    assert refusal(recovering.offer_recovery, "gil", by=person("gil")).code == "own-account"
    assert refusal(disabling.disable, "gil", reason="tired", by=person("gil")).code == "own-account"


def test_an_account_of_two_programmes_needs_an_administrator_of_both(cast: dict[str, User], person: Cast) -> None:
    other = Programme.objects.create(slug="other", name="Other")
    Membership.objects.create(person=cast["eli"], programme=other, role=Role.BOARD)
    assert refusal(recovering.offer_recovery, "eli", by=person("gil")).code == "account-shared"
    assert refusal(disabling.disable, "eli", reason="left", by=person("gil")).code == "account-shared"
    Membership.objects.create(person=cast["gil"], programme=other, role=Role.ADMINISTRATOR)
    assert recovering.offer_recovery("eli", by=person("gil"), at=NOW)


def test_a_disabled_account_loses_sessions_and_links_and_comes_back_by_another_deed(
    cast: dict[str, User], person: Cast, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    browser = Client()
    browser.force_login(cast["eli"])
    _, secret = recovering.offer_recovery("eli", by=person("gil"), at=NOW)
    disabling.disable("eli", reason="On leave.", by=person("gil"), at=NOW)
    assert browser.get("/").status_code == 302
    assert refusal(recovering.recover, secret, password=NEW_PASSWORD).status == 404
    assert refusal(recovering.offer_recovery, "eli", by=person("gil")).code == "account-disabled"
    assert refusal(disabling.disable, "eli", reason="again", by=person("gil")).status == 409
    assert refusal(disabling.enable, "eli", reason=" ", by=person("gil")).pointer == "/reason"
    disabling.enable("eli", reason="Back.", by=person("gil"), at=NOW)
    assert last_entry().kind == "account.enabled"
    assert "Back." in last_entry().envelope


def test_an_account_is_never_deleted(cast: dict[str, User]) -> None:
    with pytest.raises(HistoryIsKept, match="disable"):
        cast["eli"].delete()


def test_the_operator_invites_the_first_administrator_from_the_console(settings: Any) -> None:
    settings.PUBLIC_URL = "https://scorecard.example"
    call_command("programme", "lab", name="The lab", no_framework=True, stdout=StringIO())
    said = StringIO()
    call_command(
        "invite", "gerd", programme="lab", role="administrator", full_name="Gerd Ohm", stdout=said, stderr=StringIO()
    )
    address = said.getvalue().strip()
    assert address.startswith("https://scorecard.example/invitations/")
    page = Client().get(address.removeprefix("https://scorecard.example"), headers={"host": "localhost"})
    assert "Gerd Ohm" in page.content.decode()
    assert LedgerEntry.objects.get(kind="person.invited").actor_id == SYSTEM.id
    with pytest.raises(CommandError, match="no user name"):
        call_command("invite", "x", programme="lab", role="king")
    with pytest.raises(CommandError, match="python manage"):
        call_command("invite", "hugo", programme="none", role="board")
