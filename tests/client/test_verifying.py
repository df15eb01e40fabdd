"""The words and exit codes of `scorecard verify`; the checks themselves are tested with the verifier."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from scorecard_client import __version__, main, offline_verifier, verifying
from typer.testing import CliRunner

from scorecard.verifier.build import source
from scorecard.version import VERSION
from tests.house.places import ROOT

RECORD, FILE = "sha256:7ee24499" + "0" * 56, "0c3e7724" + "0" * 56
NAME = "preparedness-scorecard/ledger"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.delenv("SCORECARD_LEDGER_KEY", raising=False)
    return CliRunner()


def answer(
    monkeypatch: pytest.MonkeyPatch, code: int, last: str, *, file: str = FILE, undecided: tuple[str, ...] = ()
) -> dict[str, object]:
    """Let the checks answer `code` with `last` as their last line; return what they were asked with."""
    asked: dict[str, object] = {}

    def verify(path: Path, key: str | None, older: str, say: object) -> tuple[int, object]:
        asked.update(path=path, key=key, older=older)
        say("ok   manifest   9 members")  # type: ignore[operator]
        say(last)  # type: ignore[operator]
        sealed = {"digest": RECORD, "ledger": {"seq": 212}}
        return code, SimpleNamespace(sealed=sealed, file_digest=file, signer=NAME, undecided=undecided)

    monkeypatch.setattr(offline_verifier, "verify", verify)
    monkeypatch.setattr(verifying, "check_question", lambda **given: None)
    return asked


def test_the_copy_inside_the_client_is_the_verifier_that_bundles_carry() -> None:
    copy = (ROOT / "client/scorecard_client/offline_verifier.py").read_text(encoding="utf-8")
    assert copy == source(), "run: make verifier"


def test_client_and_server_have_one_version() -> None:
    declared = tomllib.loads((ROOT / "client/pyproject.toml").read_text())["project"]["version"]
    assert declared == __version__ == VERSION


def test_an_intact_file_is_named_by_record_file_chain_and_signer(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer(monkeypatch, 0, "ok   signer     the ledger head is signed")
    result = run.invoke(main.app, ["verify", str(tmp_path), "--key", "k"])
    assert result.exit_code == 0
    assert result.stdout == f"OK  record 7ee24499…  file 0c3e7724…  chain #212  signature: {NAME}\n"


def test_a_folder_has_no_file_digest_to_name(run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answer(monkeypatch, 0, "ok   signer     the ledger head is signed", file="")
    result = run.invoke(main.app, ["verify", str(tmp_path), "--key", "k"])
    assert result.stdout == f"OK  record 7ee24499…  chain #212  signature: {NAME}\n"


def test_a_difference_exits_1_with_the_words_and_the_place(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer(monkeypatch, 1, "FAIL evidence   run_1: recorded 13/110, recomputed 14/110")
    result = run.invoke(main.app, ["verify", str(tmp_path), "--key", "k"])
    assert result.exit_code == 1
    assert result.stdout == "FAILED  file was altered: run_1: recorded 13/110, recomputed 14/110\n"


def test_the_words_are_not_said_twice(run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answer(monkeypatch, 1, "FAIL file       the PDF's bytes are not the ones its last line seals: the file was altered")
    result = run.invoke(main.app, ["verify", str(tmp_path), "--key", "k"])
    assert result.stdout == "FAILED  file was altered: the PDF's bytes are not the ones its last line seals\n"


def test_without_a_key_the_signer_is_undecided_and_the_exit_code_is_2(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = answer(monkeypatch, 2, "??   signer     self-consistent")
    result = run.invoke(main.app, ["verify", str(tmp_path)])
    assert result.exit_code == 2
    assert result.stdout.startswith("UNDECIDED")
    assert "SCORECARD_LEDGER_KEY" in result.stdout
    assert asked["key"] is None


def test_an_undecided_growth_is_said_and_is_not_blamed_on_the_key(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer(monkeypatch, 2, "ok   signer     signed", undecided=("growth from the older head was not decided",))
    result = run.invoke(main.app, ["verify", str(tmp_path), "--key", "k"])
    assert result.exit_code == 2
    assert f"signature: {NAME}  growth from the older head was not decided" in result.stdout
    assert "no key was given" not in result.stdout


@pytest.mark.parametrize("key", ["nonsense", "name+00000000+AAAA", "a+b"])
def test_a_malformed_key_is_wrong_usage_and_says_nothing_about_the_file(
    run: CliRunner, tmp_path: Path, key: str
) -> None:
    result = run.invoke(main.app, ["verify", str(tmp_path), "--key", key])
    assert result.exit_code == 2
    assert "altered" not in result.output


def test_a_malformed_older_head_is_wrong_usage(run: CliRunner, tmp_path: Path) -> None:
    head = tmp_path / "head.txt"
    head.write_bytes(b"\xff")
    assert run.invoke(main.app, ["verify", str(tmp_path), "--head", str(head)]).exit_code == 2
    head.write_text("no head")
    assert run.invoke(main.app, ["verify", str(tmp_path), "--head", str(head)]).exit_code == 2


def test_the_key_comes_from_the_environment_and_the_flag_wins(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = answer(monkeypatch, 0, "ok   signer     signed")
    run.invoke(main.app, ["verify", str(tmp_path)], env={"SCORECARD_LEDGER_KEY": "from-environment"})
    assert asked["key"] == "from-environment"
    run.invoke(main.app, ["verify", str(tmp_path), "--key", "flag"], env={"SCORECARD_LEDGER_KEY": "from-environment"})
    assert asked["key"] == "flag"


def test_an_older_head_is_read_from_its_file(run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    head = tmp_path / "head.txt"
    head.write_text("origin\n1\nroot\n", encoding="utf-8")
    asked = answer(monkeypatch, 0, "ok   signer     signed")
    run.invoke(main.app, ["verify", str(tmp_path), "--key", "k", "--head", str(head)])
    assert asked["older"] == "origin\n1\nroot\n"


def test_json_is_one_object_on_standard_output(run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answer(monkeypatch, 1, "FAIL levels     cbrn: another level")
    result = run.invoke(main.app, ["verify", str(tmp_path), "--key", "k", "--json"])
    found = json.loads(result.stdout)
    assert (found["result"], found["record"], found["chain"]) == ("altered", RECORD, 212)
    assert found["difference"] == "cbrn: another level"
    assert len(found["checks"]) == 2


def test_the_checks_are_talk_and_go_to_standard_error(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer(monkeypatch, 0, "ok   signer     signed")
    result = run.invoke(main.app, ["verify", str(tmp_path), "--key", "k", "--verbose"])
    assert result.stderr.splitlines() == ["ok   manifest   9 members", "ok   signer     signed"]
    assert len(result.stdout.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["verify"], ["verify", "no-such-file.pdf"], ["verify", ".", "--nope"], []])
def test_wrong_usage_exits_2(run: CliRunner, arguments: list[str]) -> None:
    assert run.invoke(main.app, arguments).exit_code == 2


def test_a_file_that_is_no_scorecard_was_altered(run: CliRunner, tmp_path: Path) -> None:
    other = tmp_path / "letter.pdf"
    other.write_bytes(b"%PDF-1.7\nnothing of ours\n%%EOF\n")
    result = run.invoke(main.app, ["verify", str(other)])
    assert result.exit_code == 1
    assert "file was altered" in result.stdout


def test_the_version_is_printed(run: CliRunner) -> None:
    assert run.invoke(main.app, ["--version"]).stdout == f"scorecard {VERSION}\n"


def test_the_outcome_knows_no_other_results() -> None:
    assert {verifying.Outcome(name).exit_code for name in verifying.EXIT_CODES} == {0, 1, 2}
