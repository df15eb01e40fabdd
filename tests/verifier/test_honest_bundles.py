"""An honest bundle passes in every form, and the answer says exactly how much was decided."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from scorecard.verifier.command import main
from tests.verifier.bundles import ORIGIN, Maker
from tests.verifier.running import checked_file, in_a_child, unpacked

TITLES = [
    "manifest", "documents", "ledger", "recorded", "signatures", "evidence", "validity", "plan", "informing",
    "levels",    "credits", "decisions", "carried",
]  # fmt: skip


def write(folder: Path, honest: Maker, form: str) -> Path:
    if form == "folder":
        return unpacked(folder / "bundle", honest.members)
    file = folder / f"card.{'pdf' if 'pdf' in form else 'zip'}"
    file.write_bytes({"zip": honest.zip, "pdf": honest.pdf, "plain pdf": lambda: honest.pdf(compressed=False)}[form]())
    return file


@pytest.mark.parametrize("form", ["folder", "zip", "pdf", "plain pdf"])
def test_an_honest_bundle_passes_with_the_key_and_is_undecided_without(
    honest: Maker, tmp_path: Path, form: str
) -> None:
    path = write(tmp_path, honest, form)
    code, said = checked_file(path, honest.key)
    assert code == 0
    assert [line.split()[:2] for line in said[:13]] == [["ok", title] for title in TITLES]
    assert said[13] == f"ok   signer     the ledger head is signed by {ORIGIN}"
    code, said = checked_file(path, None)
    assert code == 2
    assert said[13] == "??   signer     self-consistent; the signer is not verified (give --key)"


def test_a_bundle_with_its_printed_scorecard_passes(honest: Maker, tmp_path: Path) -> None:
    code, said = checked_file(unpacked(tmp_path / "b", honest.with_pdf()), honest.key)
    assert code == 0
    assert "the printed scorecard is whole and carries this record" in said[12]


def test_display_only_figures_and_unchecked_parts_are_counted_and_named(honest: Maker, tmp_path: Path) -> None:
    _, said = checked_file(write(tmp_path, honest, "zip"), honest.key)
    assert said[5].endswith(
        "4 runs recomputed from their raw reports and scores; not recomputed: 1 display-only figures: makemesay (1)"
    )
    assert said[-1].endswith("README.txt, and whether the card was superseded or revoked after ledger entry #11")


def test_the_one_file_runs_alone_in_another_folder(honest: Maker, tmp_path: Path) -> None:
    path = write(tmp_path, honest, "zip")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = in_a_child(elsewhere, path, "--key", honest.key)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("ok   ") == 14
    assert "file       sha256:" in done.stdout
    assert in_a_child(elsewhere, path).returncode == 2


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.12", "3.13"])
def test_the_one_file_runs_on_every_supported_python(honest: Maker, tmp_path: Path, version: str) -> None:
    pythons = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    found = str(pythons[-1]) if pythons else shutil.which(f"python{version}")
    if found is None or subprocess.run([found, "-V"], capture_output=True, check=False).returncode:
        pytest.skip(f"there is no Python {version} here")
    done = in_a_child(tmp_path, write(tmp_path, honest, "pdf"), "--key", honest.key, python=found)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("size", [1, 3, 4, 5, 9, 11, 12])
def test_growth_from_an_older_head_is_proven_from_the_cited_entries(honest: Maker, tmp_path: Path, size: int) -> None:
    code, said = checked_file(write(tmp_path, honest, "zip"), honest.key, honest.head(size))
    assert code == 0
    assert f"grown from the older head of {size}" in said[2]


def test_an_older_head_of_another_history_fails(honest: Maker, tmp_path: Path) -> None:
    other = Maker(on_deeds=lambda deeds: deeds[1]["data"].update(slug="other"))
    code, said = checked_file(write(tmp_path, honest, "zip"), honest.key, other.head(9))
    assert code == 1
    assert "did not grow from the older head of 9" in said[-1]


def test_a_newer_head_than_the_bundles_fails(honest: Maker, tmp_path: Path) -> None:
    longer = Maker(on_deeds=lambda deeds: deeds.append({**deeds[0], "at": deeds[-1]["at"]}))
    code, said = checked_file(write(tmp_path, honest, "zip"), honest.key, longer.head())
    assert code == 1
    assert "the older head has 13 entries, this ledger only 12" in said[-1]


def test_an_older_head_that_the_entries_cannot_decide_is_undecided_and_said(tmp_path: Path) -> None:
    def more(deeds: list[dict[str, object]]) -> None:
        deeds[1:1] = [{**deeds[0]} for _ in range(6)]

    padded = Maker(on_deeds=more, on_cited=lambda cited: None)
    code, said = checked_file(write(tmp_path, padded, "zip"), padded.key, padded.head(3))
    assert code == 2
    assert any(line.startswith("??   growth     growth from the older head of 3") for line in said)
    assert not any("grown" in line for line in said)


def test_a_strangers_key_fails(honest: Maker, tmp_path: Path) -> None:
    code, said = checked_file(write(tmp_path, honest, "zip"), Maker(seed=2).key)
    assert code == 1
    assert f"ledger head: not signed by the key {ORIGIN}" in said[-1]


def test_wrong_usage_exits_3_and_says_why(honest: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write(tmp_path, honest, "zip"))
    nonsense = tmp_path / "older.txt"
    nonsense.write_text("nothing of ours", encoding="utf-8")
    missing = str(tmp_path / "missing\x1b[2J.zip")
    for arguments in (
        [], [missing], [path, "--nope"], [path, "--key", "nonsense"], [path, "--head", missing],
        [path, "--head", str(nonsense)], [path, path],
    ):  # fmt: skip
        assert main(arguments) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "\x1b" not in said.err
    assert main(["--help"]) == 0


def test_names_in_any_script_are_printed_wherever_the_terminal_is(honest: Maker, tmp_path: Path) -> None:
    def foreign(signatures: list[dict[str, object]]) -> None:
        signatures[0]["digest"] = "\x1b[2J\u202e名"
        signatures[0]["id"] = "sig_\x1b[2J\u202e名"

    maker = Maker(on_signatures=foreign)
    file = tmp_path / "card.zip"
    file.write_bytes(maker.zip())
    done = in_a_child(tmp_path, file, "--key", maker.key)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "sig_\\u001b[2J\\u202e" in done.stdout


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"PK\x05\x06" + bytes(18), b"hello", b"PK\x03\x04" + bytes(10)])
def test_what_is_no_bundle_fails_in_words(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    code, said = checked_file(tmp_path / "file", None)
    assert code == 1
    assert said[-1].startswith("FAIL ")
    assert "malformed" not in said[-1]
