"""Content is opened only by a person who reads, for a recorded reason, and stays text whatever it says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from evaluations import blobs, transcripts
from evaluations.models import EvaluationRun
from scorecard import showing
from scorecard.access import Person
from scorecard.models import Scorecard
from scorecard.refusals import Refused
from scorecard.showing import open_content, sample_digest
from tests.conftest import NOW
from tests.web.conftest import Visit, a_report
from tests.web.sample_runs import SECRET, WHY, answered, entries, in_log, list_of, looked_into, opening, page_of
from tests.web.test_every_page import HEAVIEST, looked_at
from tests.web.test_hostile_text import HOSTILE
from tests.web.test_scorecard_page import words

pytestmark = pytest.mark.django_db


def test_no_page_shows_content_before_it_was_opened(visit: Visit, logged: EvaluationRun) -> None:
    client = visit("ada")
    for path in (f"/runs/{logged.id}/", list_of(logged), page_of(logged, id="alpha"), f"/logs/{logged.log_id}/"):
        html = client.get(path).content.decode()
        assert SECRET not in html, path
        assert len(html) <= HEAVIEST
    assert entries() == []
    assert "Nobody has opened it yet." in client.get(page_of(logged, id="alpha")).content.decode()


@pytest.mark.parametrize("name", ["ada", "bo", "chen", "dana", "eli", "faye"])
def test_every_role_that_reads_may_open_content_and_is_recorded(name: str, visit: Visit, logged: EvaluationRun) -> None:
    answer = opening(visit(name), logged)
    assert answer.status_code == 200
    assert SECRET in answer.content.decode()
    (entry,) = entries()
    assert entry["subject"] == {"type": "run", "id": logged.id}
    assert entry["data"] == {
        "run": logged.id, "sample": sample_digest("alpha"), "attempt": 1, "reason": WHY, "role": entry["data"]["role"],
    }  # fmt: skip
    assert "alpha" not in json.dumps(entry)
    assert "no-store" in answer.headers["Cache-Control"]


def test_an_administrator_may_list_samples_and_open_none(visit: Visit, logged: EvaluationRun) -> None:
    client = visit("gil")
    html = client.get(page_of(logged, id="alpha")).content.decode()
    assert "Content is opened by the Preparedness team" in html
    assert "<button disabled>Show content" in html
    for path in (f"/runs/{logged.id}/sample/", f"/runs/{logged.id}/", f"/runs/{logged.id}/raw"):
        answer = client.post(path, {"id": "alpha", "attempt": 1, "reason": WHY})
        assert answer.status_code == 403
        assert SECRET not in answer.content.decode()
    assert client.post(f"/logs/{logged.log_id}/raw", {"reason": WHY}).status_code == 403
    assert entries() == entries("content.downloaded") == []


@pytest.mark.parametrize("reason", ["", "  short  ", "x" * 501, " " * 40])
def test_without_a_reason_nothing_is_shown_and_nothing_recorded(
    reason: str, visit: Visit, logged: EvaluationRun
) -> None:
    client = visit("ada")
    for path in (f"/runs/{logged.id}/sample/", f"/runs/{logged.id}/", f"/runs/{logged.id}/raw"):
        answer = client.post(path, {"id": "alpha", "attempt": 1, "reason": reason})
        assert answer.status_code == 422
        assert SECRET not in answer.content.decode()
        assert "A reason of 10 to 500 characters is needed" in answer.content.decode()
    assert entries() == entries("content.downloaded") == []


def test_the_entry_stands_before_the_content_is_read(
    logged: EvaluationRun, person: Callable[[str], Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    monkeypatch.setattr(showing, "transcript_of", lambda run, place: counted.append(len(entries())))
    open_content(logged, sample="alpha", attempt=1, reason=WHY, by=person("ada"), at=NOW)
    assert counted == [1]


def test_content_that_cannot_be_recorded_is_not_read(
    logged: EvaluationRun, person: Callable[[str], Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **more: Any) -> None:
        raise RuntimeError("the ledger is not there")

    monkeypatch.setattr(showing, "record", broken)
    monkeypatch.setattr(showing, "transcript_of", lambda run, place: pytest.fail("read without an entry"))
    with pytest.raises(RuntimeError, match="the ledger is not there"):
        open_content(logged, sample="alpha", attempt=1, reason=WHY, by=person("ada"), at=NOW)


def test_a_pipeline_or_a_stranger_opens_nothing(logged: EvaluationRun, person: Callable[[str], Person]) -> None:
    for roles in (frozenset[str](), frozenset({"pipeline"}), frozenset({"administrator"})):
        nobody = Person(person("ada").user, person("ada").programme, roles)
        with pytest.raises(Refused) as refusal:
            open_content(logged, sample="alpha", attempt=1, reason=WHY, by=nobody, at=NOW)
        assert refusal.value.status == 403
    assert entries() == []


def test_no_token_opens_content(logged: EvaluationRun, token_for: Callable[..., str]) -> None:
    headers = {"Authorization": f"Bearer {token_for('ada', 'evidence:read', 'runs:write')}"}
    answer = Client().post(f"/runs/{logged.id}/sample/", {"id": "alpha", "reason": WHY}, headers=headers)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in/")
    for rest in ("sample/?id=alpha&attempt=1", "samples/"):
        body = Client().get(f"/api/v1/runs/{logged.id}/{rest}", headers=headers).content.decode()
        assert SECRET not in body
    assert entries() == []


def test_opening_needs_the_forms_own_token(cast: dict[str, Any], logged: EvaluationRun) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast["ada"])
    for path in (f"/runs/{logged.id}/sample/", f"/runs/{logged.id}/", f"/runs/{logged.id}/raw"):
        assert client.post(path, {"id": "alpha", "attempt": 1, "reason": WHY}).status_code == 403
    assert entries() == []


def test_openings_are_listed_on_the_page_of_their_sample_and_of_the_run(visit: Visit, logged: EvaluationRun) -> None:
    opening(visit("faye"), logged, reason="First look at <b>alpha</b>")
    opening(visit("ada"), logged, sample="beta")
    alpha = words(visit("bo").get(page_of(logged, id="alpha")).content.decode())
    assert "Opened 1 time" in alpha
    assert "Faye Turner" in alpha
    assert "First look at &lt;b&gt;alpha&lt;/b&gt;" in alpha
    assert WHY not in alpha
    assert "Opened 2 times" in words(visit("bo").get(f"/runs/{logged.id}/").content.decode())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_content_stays_text(text: str, visit: Visit, card: Scorecard) -> None:
    run = in_log(answered("alpha", text=text + "\u202egpj.exe\u200b"), answered(text[:60]))
    client = visit("ada")
    answers: list[Any] = [
        client.get(list_of(run)), client.get(list_of(run, id=text)), opening(client, run),
        client.get(page_of(run, id=text[:60])), client.get(f"/runs/{run.id}/"),
        client.post(f"/runs/{run.id}/", {"reason": text + " and more"}),
    ]  # fmt: skip
    for answer in answers:
        html = answer.content.decode()
        seen = looked_at(html)
        assert answer.status_code == 200
        assert not seen.inline
        assert text not in html or "<" not in text
        assert "\u202e" not in html
        assert not [one for one in seen.addresses if one.startswith(("http", "javascript", "//"))]
        assert seen.tags.count("base") == 0
    assert "\\u202egpj.exe\\u200b" in answers[2].content.decode()
    assert "Nothing in it speaks for this product." in answers[2].content.decode()


def test_what_was_cut_is_said(visit: Visit, card: Scorecard) -> None:
    run = in_log(answered("alpha", text="x" * (2 * transcripts.SHOWN)))
    html = opening(visit("ada"), run).content.decode()
    assert re.search(r"The beginning only: \d{6} of \d{6} bytes were cut", words(html))
    assert len(html) < 1.2 * transcripts.SHOWN


def test_a_log_that_is_gone_is_said_after_the_entry(visit: Visit, logged: EvaluationRun) -> None:
    blobs.path_of(logged.raw_digest).unlink()
    client = visit("ada")
    assert "The bytes of the log are gone" in words(opening(client, logged).content.decode())
    assert "The bytes of the log are gone" in words(
        client.post(f"/runs/{logged.id}/", {"reason": WHY}).content.decode()
    )
    assert client.post(f"/runs/{logged.id}/raw", {"reason": WHY}).status_code == 503
    assert client.get(f"/runs/{logged.id}/").status_code == 200
    assert len(entries()) == 2


def test_a_payload_is_shown_and_downloaded_for_a_reason_and_recorded(visit: Visit, run: EvaluationRun) -> None:
    client = visit("faye")
    assert client.get(f"/runs/{run.id}/raw").status_code == 302
    shown = client.post(f"/runs/{run.id}/", {"reason": WHY}).content.decode()
    assert "nightly pipeline" in looked_into(shown)
    answer = client.post(f"/runs/{run.id}/raw", {"reason": WHY})
    assert answer.getvalue() == a_report()
    (opened,), (downloaded,) = entries(), entries("content.downloaded")
    assert (opened["data"]["sample"], opened["data"]["attempt"]) == (None, None)
    assert downloaded["data"]["bytes"] == run.raw_digest


def test_a_log_is_downloaded_for_a_reason_and_recorded(visit: Visit, logged: EvaluationRun) -> None:
    client, path = visit("eli"), f"/logs/{logged.log_id}/raw"
    assert client.get(path).status_code == 302
    assert client.post(path, {"reason": "short"}).status_code == 422
    assert client.post(path, {"reason": WHY}).getvalue() == blobs.get(logged.raw_digest)
    assert entries("content.downloaded")[0]["subject"] == {"type": "log", "id": logged.log_id}
    assert "Opened 1 time" in words(client.get(f"/logs/{logged.log_id}/").content.decode())
