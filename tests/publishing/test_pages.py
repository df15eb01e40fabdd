"""The pages on which a framework version is checked, proposed, looked at by the second person, and compared."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from evaluations.actors import SYSTEM
from evaluations.models import EvaluationRun
from scorecard.adopting import publish
from scorecard.framework.document import schema
from scorecard.models import FrameworkVersion, Proposal, Scorecard, User
from tests.publishing.conftest import amended

Visit = Callable[[str], Client]
PROPOSE = "/frameworks/propose/"
HARDER = ("value = 0.25", "value = 0.02")


@pytest.fixture
def visit(cast: dict[str, User], settings: Any) -> Visit:
    """Return a browser in which the named person is signed in."""
    settings.DEMO = False

    def signed_in(username: str) -> Client:
        client = Client()
        client.force_login(cast[username])
        return client

    return signed_in


@pytest.fixture
def measured(card: Scorecard, post: Callable[[bytes], EvaluationRun], ctf_report: Callable[..., bytes]) -> Scorecard:
    """A draft with 20 of 100 professional capture-the-flag challenges."""
    post(ctf_report())
    return card


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_faults_are_shown_by_line_and_what_was_pasted_stays(measured: Scorecard, visit: Visit) -> None:
    source = amended(("value = 0.45", "valeu = 0.45"), ('at_most = "medium"', 'at_most = "<b>mediun"')).decode()
    answer = visit("ada").post(PROPOSE, {"source": source.replace("\n", "\r\n"), "verdict": "check"})
    page = text_of(answer)
    assert answer.status_code == 422
    assert "indicators[0].valeu" in page
    assert "3 faults" in page
    line = source[: source.index("valeu")].count("\n") + 1
    assert f'<th scope="row">line {line}</th>' in page
    assert "&lt;b&gt;mediun" in page
    assert "<b>mediun" not in page
    assert "valeu = 0.45" in page


def test_a_sound_document_shows_what_would_read_differently(measured: Scorecard, visit: Visit) -> None:
    answer = visit("ada").post(PROPOSE, {"source": amended(HARDER).decode(), "verdict": "check"})
    page = text_of(answer)
    assert answer.status_code == 200
    assert "1 of 1 open and sealed scorecard would read differently" in page
    assert "at or above 2.0 %" in page
    assert not Proposal.objects.exists()


def test_from_file_to_publication_by_two_people(measured: Scorecard, visit: Visit) -> None:
    ada, chen = visit("ada"), visit("chen")
    file = SimpleUploadedFile("amended.toml", amended(HARDER))
    assert "reads the same" not in text_of(ada.post(PROPOSE, {"file": file, "verdict": "check"}))
    answer = ada.post(PROPOSE, {"source": amended(HARDER).decode(), "verdict": "propose", "reason": ""})
    assert (answer.status_code, "Say why" in text_of(answer)) == (422, True)
    given = {"source": amended(HARDER).decode(), "verdict": "propose", "reason": "Nearer to harm"}
    assert ada.post(PROPOSE, given).headers["Location"] == "/access/?programme=frontier"
    proposal = Proposal.objects.get()
    shown = f"/frameworks/proposed/{proposal.id}/"
    assert shown in text_of(chen.get("/access/"))
    page = text_of(chen.get(shown))
    assert "Nearer to harm" in page
    assert "would read differently" in page
    chen.post(f"/access/proposals/{proposal.id}/", {"verdict": "confirm", "seen": proposal.digest})
    assert FrameworkVersion.objects.filter(version="2024-06-01").exists()
    page = text_of(chen.get("/frameworks/preparedness-framework-beta/2024-06-01/against/2023-12-18/"))
    assert "at or above 25.0 %" in page
    assert "at or above 2.0 %" in page
    assert "/against/2023-12-18/" in text_of(chen.get("/frameworks/preparedness-framework-beta/2024-06-01/"))


def test_others_read_and_do_not_propose(measured: Scorecard, visit: Visit) -> None:
    page = text_of(visit("dana").get(PROPOSE))
    assert "<textarea" not in page
    assert "The preparedness team proposes" in page
    assert visit("dana").post(PROPOSE, {"source": amended().decode()}).status_code == 403
    assert "/frameworks/propose/" in text_of(visit("ada").get("/frameworks/"))
    assert "/frameworks/propose/" not in text_of(visit("dana").get("/frameworks/"))


def test_a_proposal_of_another_kind_or_none_has_no_such_page(measured: Scorecard, visit: Visit) -> None:
    assert visit("ada").get("/frameworks/proposed/prop_nothing/").status_code == 404
    address = "/frameworks/preparedness-framework-beta/2023-12-18/against/none/"
    assert visit("ada").get(address).status_code == 404


def test_the_schema_and_the_dry_run_by_token(
    measured: Scorecard, client: Client, token_for: Callable[..., str]
) -> None:
    def bearer(name: str, scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token_for(name, scope)}"}

    answer = client.get("/api/v1/frameworks/schema/", headers=bearer("faye", "scorecards:read"))
    assert answer.json() == schema()
    admin = bearer("gil", "admin")

    def tried(source: bytes) -> Any:
        body = {"source": source.decode()}
        return client.post("/api/v1/frameworks/dry-run/", body, content_type="application/json", headers=admin)

    found = tried(amended(HARDER)).json()
    assert (found["candidate"]["version"], found["changed"]) == ("2024-06-01", 1)
    problem = tried(amended(("value = 0.45", "valeu = 0.45"), HARDER))
    assert (problem.status_code, problem.json()["code"]) == (422, "framework-faulty")
    assert [row["pointer"] for row in problem.json()["errors"]] == ["/source", "/source"]
    assert "indicators[0].valeu: unknown key" in problem.json()["errors"][1]["detail"]
    assert not Proposal.objects.exists()


def _said(*arguments: str) -> str:
    out = StringIO()
    call_command("frameworks", *arguments, stdout=out)
    return out.getvalue()


def test_the_operator_checks_publishes_lists_and_shows(db: None, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_bytes(amended())
    bad.write_bytes(amended(("value = 0.45", "valeu = 0.45"), ('at_most = "medium"', 'at_most = "mediun"')))
    assert "has no fault: sha256:" in _said("check", str(good))
    with pytest.raises(CommandError) as refusal:
        call_command("frameworks", "check", str(bad))
    assert str(refusal.value).count("\nline ") + 1 == 3
    assert not FrameworkVersion.objects.exists()
    assert "is published: sha256:" in _said("publish", str(good))
    assert "preparedness-framework-beta 2024-06-01" in _said("list")
    assert _said("show", "preparedness-framework-beta", "2024-06-01") == amended().decode()
    with pytest.raises(CommandError, match="frameworks list"):
        call_command("frameworks", "show", "x", "y")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("frameworks", "check", str(tmp_path / "none.toml"))
    assert publish(good.read_bytes(), by=SYSTEM, at=timezone.now()) == FrameworkVersion.objects.get()
