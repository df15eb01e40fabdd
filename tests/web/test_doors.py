"""The doors: signing in and out, the demo's entry and switch, the public verify page, error pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.signing import TimestampSigner, b62_encode
from django.test import Client

from evaluations.models import EvaluationRun
from scorecard.access import Person
from scorecard.demonstration.entering import entry_token
from scorecard.models import Scorecard, User
from tests.conftest import PASSWORD
from tests.web.conftest import Visit, address
from tests.web.journeys import determined, sealed

pytestmark = pytest.mark.django_db
Cast = Callable[[str], Person]


def test_a_person_signs_in_and_lands_where_they_wanted(cast: dict[str, User]) -> None:
    answer = Client().post("/sign-in/", {"username": "ada", "password": PASSWORD, "next": "/runs/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/runs/")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "javascript:alert(1)"])
def test_signing_in_never_leads_elsewhere(target: str, cast: dict[str, User], settings: Any) -> None:
    answer = Client().post("/sign-in/", {"username": "ada", "password": PASSWORD, "next": target})
    assert answer.headers["Location"] == "/"
    settings.DEMO = True
    client = Client()
    client.force_login(cast["ada"])
    assert client.post("/demo/switch/", {"person": "bo", "next": target}).headers["Location"] == "/"


def test_a_wrong_name_and_a_wrong_password_read_alike(cast: dict[str, User]) -> None:
    pages = [
        Client().post("/sign-in/", {"username": name, "password": "wrong"}).content.decode().replace(name, "")
        for name in ("ada", "nobody")
    ]
    strip = [page.partition("csrfmiddlewaretoken")[0] for page in pages]
    assert strip[0].partition("nonce")[0] == strip[1].partition("nonce")[0]
    assert all("Name or password is wrong." in page for page in pages)


def test_too_many_wrong_passwords_make_everybody_wait_even_with_the_right_one(cast: dict[str, User]) -> None:
    client = Client()
    for _ in range(5):
        assert client.post("/sign-in/", {"username": "ada", "password": "wrong"}).status_code == 422
    answer = client.post("/sign-in/", {"username": "ada", "password": PASSWORD})
    assert (answer.status_code, "Too many attempts." in answer.content.decode()) == (429, True)
    assert client.post("/sign-in/", {"username": "bo", "password": PASSWORD}).status_code == 302


def test_an_endless_password_is_refused_before_it_is_hashed(cast: dict[str, User]) -> None:
    assert Client().post("/sign-in/", {"username": "ada", "password": "x" * 4096}).status_code == 400


def test_signing_out_needs_a_post_and_ends_the_session(visit: Visit) -> None:
    client = visit("ada")
    assert client.get("/sign-out/").status_code == 405
    client.post("/sign-out/")
    assert client.get("/").status_code == 302


def test_a_disabled_account_sees_nothing_more(visit: Visit, cast: dict[str, User], card: Scorecard) -> None:
    client = visit("ada")
    User.objects.filter(pk=cast["ada"].pk).update(is_active=False)
    assert client.get(address(card)).status_code == 302


def test_the_entry_link_works_once_and_only_when_its_button_is_pressed(cast: dict[str, User], settings: Any) -> None:
    settings.DEMO = True
    link = f"/demo/enter/{entry_token('ada')}/"
    client = Client()
    for _ in range(2):
        assert "Enter as Ada Lind" in client.get(link).content.decode()
    assert client.get("/").status_code == 302
    assert client.post(link).headers["Location"] == "/"
    assert client.get("/").status_code == 200
    assert Client().post(link).status_code == 403


def test_two_links_made_in_one_second_both_work(
    cast: dict[str, User], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEMO = True
    second = b62_encode(int(time.time()))
    monkeypatch.setattr(TimestampSigner, "timestamp", lambda _: second)
    links = [f"/demo/enter/{entry_token('ada')}/" for _ in range(2)]
    assert [Client().post(link).status_code for link in links] == [302, 302]


@pytest.mark.parametrize("token", ["ada", "ada:1:2", "nobody"])
def test_a_forged_entry_link_signs_nobody_in(token: str, cast: dict[str, User], settings: Any) -> None:
    settings.DEMO = True
    assert Client().post(f"/demo/enter/{token}/").status_code == 403


def test_outside_the_demo_its_doors_do_not_exist(visit: Visit, cast: dict[str, User]) -> None:
    assert Client().post(f"/demo/enter/{entry_token('ada')}/").status_code == 404
    assert visit("ada").post("/demo/switch/", {"person": "bo"}).status_code == 404
    assert "Demo data" not in visit("ada").get("/").content.decode()


def test_the_switch_makes_the_next_page_another_persons(visit: Visit, settings: Any) -> None:
    settings.DEMO = True
    client = visit("ada")
    answer = client.post("/demo/switch/", {"person": "chen", "next": "/reviews/"}, follow=True)
    assert "Demo data" in answer.content.decode()
    assert "<span>Chen Okafor</span>" in answer.content.decode()
    assert client.post("/demo/switch/", {"person": "root"}).status_code == 404


@pytest.fixture
def published(card: Scorecard, run: EvaluationRun, person: Cast) -> Scorecard:
    """The sealed card."""
    return sealed(card, person)


def test_anybody_can_look_up_a_sealed_card_by_digest_or_number(published: Scorecard) -> None:
    for name in (published.digest, published.digest[7:], f"{published.number} v1", f"{published.number}-v1.pdf"):
        text = Client().get("/verify/", {"record": name}).content.decode()
        assert f"{published.number} v1 is sealed" in text, name
        assert published.digest in text


def test_the_verify_page_tells_no_level_and_no_person(published: Scorecard) -> None:
    text = Client().get("/verify/", {"record": published.digest}).content.decode()
    assert "Chen Okafor" not in text
    assert "shade-" not in text


@pytest.mark.parametrize("record", ["sha256:" + "0" * 64, "PSC-1999-0001", "<script>", "' OR 1=1 --", "x" * 5000])
def test_what_is_not_known_is_said_to_be_unknown(record: str) -> None:
    text = Client().get("/verify/", {"record": record}).content.decode()
    assert "Nothing sealed is known" in text
    assert "<script>'" not in text


def test_a_draft_cannot_be_found_on_the_verify_page(card: Scorecard, run: EvaluationRun, person: Cast) -> None:
    determined(card, person)
    text = Client().get("/verify/", {"record": card.number}).content.decode()
    assert "Nothing sealed is known" in text


def test_the_record_that_is_downloaded_has_the_digest_that_people_signed(visit: Visit, published: Scorecard) -> None:
    from hashlib import sha256

    body = visit("faye").get(address(published, "scorecard.json")).content
    assert f"sha256:{sha256(body).hexdigest()}" == published.digest


def test_an_unsealed_bundle_and_an_unprinted_pdf_say_what_to_do(visit: Visit, card: Scorecard) -> None:
    bundle = visit("ada").get(address(card, "bundle.zip"))
    assert (bundle.status_code, "not sealed" in bundle.content.decode()) == (409, True)
    assert visit("ada").get(address(card, "document.pdf")).status_code in (409, 503)


def test_evidence_comes_as_a_table_for_spreadsheets(visit: Visit, card: Scorecard, run: EvaluationRun) -> None:
    answer = visit("faye").get(address(card, "evidence.csv"))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert run.id in answer.content.decode()
