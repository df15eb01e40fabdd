"""`scorecard show`, `diff` and `export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.client.api import Api, as_json, named, problem
from tests.client.cards import card

RECORD = b'{"categories":[],"number":"PSC-2026-0001","version":1}'


@pytest.fixture
def two(api: Api) -> Api:
    """Two versions of one scorecard: a level rose, and a run was superseded."""
    before = card(id="card_1", evidence=[{"run": "run_1", "evaluation": "ctf", "mitigation": "post_mitigation",
                                          "digest": "sha256:a", "tally": {"total": 13, "scored": 110}}])  # fmt: skip
    after = card(version=2, cyber="high", determined="medium", id="card_2")
    after["evidence"] = [{**before["evidence"][0], "run": "run_2", "digest": "sha256:b", "stratum": "hard"}]
    api.cards = {"card_1": before, "card_2": after}
    return api


def test_show_prints_levels_gates_and_state_of_the_newest_card(scorecard: Any, two: Api) -> None:
    result = scorecard("show", "atlas-2-rc1")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "PSC-2026-0001 v2  atlas-2-rc1  atlas-2  draft"
    assert "cybersecurity  no level        medium (indicated high)" in lines
    assert "overall        no level        medium" in lines
    assert "gate deploy: deny (not in force)  No overall level." in lines
    assert "token from SCORECARD_TOKEN" in result.stderr
    assert "token from" not in result.stdout


@pytest.mark.parametrize(
    ("changes", "force"), [({}, ""), ({"stale": True}, " (not in force)"), ({"lapsed": True}, " (not in force)")]
)
def test_show_says_whether_a_gate_s_decision_is_in_force(
    scorecard: Any, api: Api, changes: dict[str, Any], force: str
) -> None:
    gates = [{"action": "deploy", "decision": "allow", "reasons": ["Low."]}]
    api.cards = {"card_1": card(id="card_1", state="sealed", gates=gates, **changes)}
    assert f"gate deploy: allow{force}  Low." in scorecard("show", "atlas-2-rc1").stdout.splitlines()


def test_show_takes_a_scorecard_s_name_too_and_prints_json(scorecard: Any, two: Api) -> None:
    result = scorecard("show", "PSC-2026-0001-v1", "--json")
    assert json.loads(result.stdout)["version"] == 1


def test_show_says_that_there_is_no_scorecard(scorecard: Any, api: Api) -> None:
    result = scorecard("show", "atlas 3/rc?&x=1")
    assert result.exit_code == 1
    assert "atlas 3/rc?&x=1 has no scorecard" in result.stderr
    assert api.asked[0].query["checkpoint"] == "atlas 3/rc?&x=1"
    assert scorecard("show", "PSC-2026-0009").exit_code == 2


def test_a_server_s_text_never_steers_the_terminal(scorecard: Any, api: Api) -> None:
    hostile = "\x1b]0;owned\x07\x9b2J\u202edrowssap\r\n"
    api.cards = {"card_1": card(id="card_1", state=hostile, checkpoint="atlas-2-rc1")}
    for arguments in (["show", "atlas-2-rc1"], ["show", "atlas-2-rc1", "--json"]):
        result = scorecard(*arguments)
        assert not set("\x1b\x07\x9b\u202e\r") & set(result.output)
    api.failures.append(problem(422, "x", hostile, remedy=hostile))
    assert "\\x1b]0;owned\\x07\\x9b2J\\u202edrowssap\\x0d\\x0a" in scorecard("show", "atlas-2-rc1").stderr


def test_diff_shows_levels_findings_and_evidence_with_minus_and_plus(scorecard: Any, two: Api) -> None:
    result = scorecard("diff", "PSC-2026-0001-v1", "PSC-2026-0001-v2")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:3] == ["--- PSC-2026-0001 v1  atlas-2-rc1", "+++ PSC-2026-0001 v2  atlas-2-rc1", "@@ levels"]
    assert "- cybersecurity post_mitigation indicated: low" in lines
    assert "+ cybersecurity post_mitigation indicated: high" in lines
    assert "- cybersecurity post_mitigation high: ruled_out" in lines
    assert "+ cybersecurity post_mitigation high: reached" in lines
    assert "- run_1 ctf post_mitigation: 13/110 sha256:a" in lines
    assert "+ run_2 ctf/hard post_mitigation: 13/110 sha256:b" in lines
    assert [line for line in lines if line.startswith("@@")] == ["@@ levels", "@@ findings", "@@ evidence"]


def test_diff_of_a_card_with_itself_is_silent(scorecard: Any, two: Api) -> None:
    result = scorecard("diff", "PSC-2026-0001-v1", "PSC-2026-0001-v1")
    assert "No difference." in result.stderr
    assert len(result.stdout.splitlines()) == 2


def test_diff_reads_exported_records_without_any_server(scorecard: Any, folder: Path) -> None:
    for name, document in (("a.json", card()), ("b.json", card(version=2, cyber="medium"))):
        (folder / name).write_text(json.dumps(document))
    result = scorecard("diff", "a.json", "b.json", "--json")
    found = json.loads(result.stdout)
    assert {
        "section": "levels",
        "what": "cybersecurity post_mitigation indicated",
        "before": "low",
        "after": "medium",
    } in (found["differences"])


@pytest.mark.parametrize("text", ["", "[]", '{"number": 7}', '{"number": "x", "version": 1, "categories": [{}]}'])
def test_diff_names_a_file_that_is_no_record(scorecard: Any, folder: Path, text: str) -> None:
    (folder / "a.json").write_text(text)
    result = scorecard("diff", "a.json", "a.json")
    assert result.exit_code == 1
    assert "a.json is not" in result.stderr


@pytest.fixture
def sealed(api: Api) -> Api:
    """A sealed card with its four documents."""
    api.cards = {"card_1": card(id="card_1", state="sealed", digest=named(RECORD))}
    api.documents = {
        ("card_1", "scorecard.json"): (200, {"Content-Encoding": "gzip"}, RECORD),
        ("card_1", "bundle.zip"): (200, {"Content-Disposition": 'attachment; filename="../../x"'}, b"PK" * 100_000),
        ("card_1", "document.pdf"): (200, {}, b"%PDF"),
        ("card_1", "evidence.csv"): (200, {}, b"run\n"),
    }  # fmt: skip
    return api


def test_export_writes_every_document_under_a_safe_name(scorecard: Any, sealed: Api, folder: Path) -> None:
    result = scorecard("export", "atlas-2-rc1", "--out", "out/cards")
    assert result.exit_code == 0, result.stderr
    names = {path.name: path.read_bytes() for path in (folder / "out" / "cards").iterdir()}
    assert names == {
        "PSC-2026-0001-v1.json": RECORD, "PSC-2026-0001-v1-bundle.zip": b"PK" * 100_000,
        "PSC-2026-0001-v1.pdf": b"%PDF", "PSC-2026-0001-v1-evidence.csv": b"run\n",
    }  # fmt: skip
    assert len(result.stdout.splitlines()) == 4


def test_a_number_that_is_a_path_does_not_leave_the_folder(scorecard: Any, sealed: Api, folder: Path) -> None:
    sealed.cards["card_1"]["number"] = "../../../evil"
    assert scorecard("export", "atlas-2-rc1", "--out", "out").exit_code == 0
    assert {path.parent for path in folder.rglob("*.pdf")} == {folder / "out"}
    assert not list(folder.parent.rglob("evil*"))


def test_a_document_that_is_not_to_be_had_is_said_and_the_others_come(
    scorecard: Any, sealed: Api, folder: Path
) -> None:
    sealed.documents["card_1", "document.pdf"] = problem(409, "pdf-not-ready", "The PDF is made when it is sealed.")
    result = scorecard("export", "atlas-2-rc1", "--out", "out", "--json")
    assert result.exit_code == 1
    assert "The PDF is made when it is sealed." in result.stderr
    rows = {row["document"]: row["file"] for row in json.loads(result.stdout)["files"]}
    assert rows["document.pdf"] is None
    assert rows["bundle.zip"] == str(Path("out") / "PSC-2026-0001-v1-bundle.zip")
    assert sorted(path.suffix for path in (folder / "out").iterdir()) == [".csv", ".json", ".zip"]


def test_a_record_with_another_digest_than_the_server_names_fails(scorecard: Any, sealed: Api) -> None:
    sealed.documents["card_1", "scorecard.json"] = (200, {}, RECORD + b" ")
    result = scorecard("export", "atlas-2-rc1", "--out", "out")
    assert result.exit_code == 1
    assert "the server names" in result.stderr


def test_a_download_that_breaks_leaves_no_half_file(scorecard: Any, sealed: Api, folder: Path) -> None:
    cut = (200, {"Content-Encoding": "deflate"}, b"no deflate")
    sealed.documents["card_1", "bundle.zip"] = cut
    assert scorecard("export", "atlas-2-rc1", "--out", "out").exit_code == 1
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "PSC-2026-0001-v1-evidence.csv", "PSC-2026-0001-v1.json", "PSC-2026-0001-v1.pdf",
    ]  # fmt: skip


def test_a_folder_that_cannot_be_made_is_wrong_usage(scorecard: Any, sealed: Api, folder: Path) -> None:
    (folder / "out").write_text("in the way")
    result = scorecard("export", "atlas-2-rc1", "--out", "out")
    assert result.exit_code == 2
    assert "cannot be made" in result.stderr


def test_a_newer_server_is_understood(scorecard: Any, api: Api) -> None:
    api.failures.append(as_json(200, {"results": [{"id": "card_1", "new": {}}], "total": 9}))
    api.cards = {"card_1": card(id="card_1", future=[1])}
    assert scorecard("show", "atlas-2-rc1").exit_code == 0
