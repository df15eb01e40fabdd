"""`python -m scorecard.ledger`: an exported ledger is checked by a child process that has nothing else."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scorecard.ledger.__main__ import ledger_main
from scorecard.ledger.canonical import canonical_bytes
from scorecard.ledger.merkle import inclusion_proof
from tests.house.places import ROOT
from tests.ledger.reference import SmallLedger

LEDGER = SmallLedger(12)
PACKAGE = ROOT / "scorecard" / "ledger"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "entries.jsonl").write_bytes(LEDGER.export())
    (tmp_path / "head.txt").write_text(LEDGER.head(), encoding="utf-8")
    (tmp_path / "older.txt").write_text(LEDGER.head(7), encoding="utf-8")
    return tmp_path


def selection(*places: int) -> bytes:
    rows = [
        {"envelope": LEDGER.envelopes[at], "proof": [part.hex() for part in inclusion_proof(LEDGER.leaves, at)]}
        for at in places
    ]
    return b"".join(canonical_bytes(row) + b"\n" for row in rows)


def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(PACKAGE), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_the_folder_runs_alone_without_the_product_or_any_package(folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "elsewhere"
    shutil.copytree(PACKAGE, alone / "anything", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-I", "-S", str(alone / "anything"), str(folder), "--key", LEDGER.key]
    done = subprocess.run(command, cwd=alone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "ok   12 entries, chained, with the root of the head\nok   head signed by example.org/ledger\n"
    )


def test_the_module_runs_by_its_name_too(folder: Path) -> None:
    command = [sys.executable, "-m", "scorecard.ledger", str(folder), "--key", LEDGER.key]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_a_key_the_answer_is_undecided(folder: Path) -> None:
    done = run(folder, cwd=folder)
    assert done.returncode == 2
    assert "self-consistent; the signer is not verified" in done.stdout


def test_a_file_with_its_note_and_an_older_head_passes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        folder / "entries.jsonl",
        "--note",
        folder / "head.txt",
        "--key",
        LEDGER.key,
        "--head",
        folder / "older.txt",
    ]
    assert ledger_main([str(argument) for argument in arguments]) == 0
    assert "ok   grown from the older head of 7" in capsys.readouterr().out


def test_an_altered_entry_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = (folder / "entries.jsonl").read_bytes().replace(b"run_5", b"run_6", 1)
    (folder / "entries.jsonl").write_bytes(data)
    assert ledger_main([str(folder), "--key", LEDGER.key]) == 1
    assert capsys.readouterr().out.startswith("FAIL ledger entry #5: altered")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.replace(b'{"actor"', b'{ "actor"', 1),
        lambda data: data[:-1],
        lambda data: data + b"\n",
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b'"v":1}', b'"v":1,"v":1}', 1),
        lambda data: data.replace(b'"v":1}', b'"v":1.0}', 1),
        lambda data: b"\xff" + data,
        lambda data: b"5\n" + data,
        lambda data: b"[" * 100_000 + b"\n" + data,
        lambda data: b"NaN\n" + data,
        lambda data: b"",
        lambda data: data[: data.index(b"\n") + 1],
    ],
)
def test_an_export_in_any_other_form_fails_without_a_trace_back(
    folder: Path, capsys: pytest.CaptureFixture[str], spoil: object
) -> None:
    data = spoil((folder / "entries.jsonl").read_bytes())  # type: ignore[operator]
    (folder / "entries.jsonl").write_bytes(data)
    assert ledger_main([str(folder), "--key", LEDGER.key]) == 1
    assert capsys.readouterr().out.startswith("FAIL ")


def test_entries_after_the_head_are_said_to_be_uncovered(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ledger_main([str(folder), "--note", str(folder / "older.txt"), "--key", LEDGER.key]) == 2
    assert "??   5 later entries are chained, but the head does not cover them" in capsys.readouterr().out


def test_a_selection_is_checked_by_its_proofs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "entries.jsonl").write_bytes(selection(1, 6, 11))
    assert ledger_main([str(folder), "--key", LEDGER.key, "--head", str(folder / "older.txt")]) == 0
    out = capsys.readouterr().out
    assert "ok   3 entries, each proven in the head of 12" in out
    assert "ok   grown from the older head of 7" in out


def test_a_selection_that_cannot_show_growth_is_undecided(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "entries.jsonl").write_bytes(selection(11))
    assert ledger_main([str(folder), "--key", LEDGER.key, "--head", str(folder / "older.txt")]) == 2
    assert "growth from the older head of 7: undecided" in capsys.readouterr().out


def test_an_export_with_leaf_hashes_is_held_to_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"envelope": row, "leaf": leaf.hex()} for row, leaf in zip(LEDGER.envelopes, LEDGER.leaves, strict=True)]
    good = b"".join(canonical_bytes(row) + b"\n" for row in rows)
    (folder / "entries.jsonl").write_bytes(good)
    assert ledger_main([str(folder), "--key", LEDGER.key]) == 0
    (folder / "entries.jsonl").write_bytes(good.replace(LEDGER.leaves[4].hex().encode() + b'"}', b'00"}'))
    assert ledger_main([str(folder), "--key", LEDGER.key]) == 1
    assert "#4: its leaf hash is another one" in capsys.readouterr().out


def test_a_fork_signed_with_the_same_key_fails_against_the_older_head(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fork = SmallLedger(3)
    for number in range(50, 59):
        fork.append(number)
    (folder / "entries.jsonl").write_bytes(fork.export())
    (folder / "head.txt").write_text(fork.head(), encoding="utf-8")
    assert ledger_main([str(folder), "--key", LEDGER.key]) == 0, "on its own a fork looks well"
    assert ledger_main([str(folder), "--key", LEDGER.key, "--head", str(folder / "older.txt")]) == 1
    assert "did not grow from the older head of 7" in capsys.readouterr().out


def test_another_key_does_not_verify(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ledger_main([str(folder), "--key", SmallLedger(0, seed=2).key]) == 1
    assert "not signed by the key" in capsys.readouterr().out


def test_wrong_usage_exits_3(folder: Path) -> None:
    entries = str(folder / "entries.jsonl")
    for arguments in (
        [],
        [entries],
        ["missing", "--note", "missing"],
        [str(folder), "--nope"],
        [str(folder), "--key", "nonsense"],
    ):
        assert ledger_main(arguments) == 3
    (folder / "older.txt").write_text("not a head", encoding="utf-8")
    assert ledger_main([str(folder), "--key", LEDGER.key, "--head", str(folder / "older.txt")]) == 3
    assert ledger_main(["--help"]) == 0


def test_what_a_stranger_wrote_cannot_steer_the_terminal(folder: Path) -> None:
    stranger = SmallLedger(1)
    stranger.envelopes[0]["log"] = "\x1b[2J\x1b[31mok"
    (folder / "entries.jsonl").write_bytes(stranger.export())
    done = run(folder, "--key", LEDGER.key, cwd=folder)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("module", sorted(path.name for path in PACKAGE.glob("*.py")))
def test_every_module_is_python_3_9_of_the_standard_library_with_relative_imports(module: str) -> None:
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"), feature_version=(3, 9))
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names.append(node.module or "")
        assert all(name.split(".")[0] in sys.stdlib_module_names for name in names)


def test_the_bundles_own_ledger_form_is_json_that_others_read_too() -> None:
    assert json.loads(selection(3).decode())["envelope"] == LEDGER.envelopes[3]


def test_withheld_entries_keep_the_chain_checkable_and_say_that_words_are_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (folder / "entries.jsonl").read_bytes().splitlines(keepends=True)
    hidden = canonical_bytes({"leaf": LEDGER.leaves[4].hex(), "seq": 4}) + b"\n"
    (folder / "entries.jsonl").write_bytes(b"".join([*lines[:4], hidden, *lines[5:]]))
    assert ledger_main([str(folder), "--key", LEDGER.key]) == 2
    out = capsys.readouterr().out
    assert "ok   12 entries, chained, with the root of the head" in out
    assert "??   1 entries are withheld from this export" in out


@pytest.mark.parametrize("leaf", ["0" * 64, "XY" * 32, "00", 7])
def test_a_withheld_entry_with_another_hash_breaks_the_chain(
    folder: Path, capsys: pytest.CaptureFixture[str], leaf: object
) -> None:
    lines = (folder / "entries.jsonl").read_bytes().splitlines(keepends=True)
    forged = canonical_bytes({"leaf": leaf, "seq": 4}) + b"\n"
    (folder / "entries.jsonl").write_bytes(b"".join([*lines[:4], forged, *lines[5:]]))
    assert ledger_main([str(folder), "--key", LEDGER.key]) == 1
    assert "#4" in capsys.readouterr().out
