"""What may not be in the repository, and what has to agree with itself."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib

import pytest

from scorecard.version import VERSION
from tests.house.places import ROOT, tracked_files

CORPUS = ROOT.parent / "shared" / "corpus" / "MANIFEST.jsonl"
MACHINE_PATHS = re.compile(r"/(?:home|Users|root|work|opt)/[A-Za-z]|/tmp/(?!beat)[a-z]")
EXEMPT = {"tests/house/test_repository.py"}


def texts() -> list[tuple[str, str]]:
    found = []
    for path in tracked_files():
        try:
            found.append((str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    assert [name for name, text in texts() if name not in EXEMPT and MACHINE_PATHS.search(text)] == []


@pytest.mark.parametrize("lock", ["server", "dev"])
def test_a_lock_names_no_registry_and_hashes_every_package(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links", text)
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE).strip())
    assert len(entries) > 40
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_server_lock_is_part_of_the_development_lock() -> None:
    pins = [
        set(re.findall(r"^([a-z0-9._-]+==\S+)", (ROOT / "requirements" / f"{name}.txt").read_text(), re.MULTILINE))
        for name in ("server", "dev")
    ]
    assert pins[0] <= pins[1]


def test_every_declared_dependency_is_locked() -> None:
    lock = (ROOT / "requirements/server.txt").read_text()
    for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]:
        name = re.split(r"[\[<>=]", line)[0].lower()
        assert re.search(rf"^{re.escape(name)}(\[.*\])?==", lock, flags=re.MULTILINE), name


def test_one_version_stands_everywhere() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    newest = re.search(r"^## (\d+\.\d+\.\d+)", changelog, flags=re.MULTILINE)
    assert newest is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert newest[1] == VERSION == project["version"]


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of foreign files is not on this machine")
def test_no_foreign_file_of_the_corpus_is_kept_here() -> None:
    rows = [json.loads(line) for line in CORPUS.read_text().splitlines() if line.strip()]
    foreign = {row["sha256"] for row in rows if "sha256" in row}
    assert foreign
    kept = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in tracked_files() if path.stat().st_size}
    assert [str(kept[digest]) for digest in foreign & set(kept)] == []


def test_nothing_generated_is_tracked() -> None:
    generated = re.compile(r"(^|/)(__pycache__|\.venv|var|node_modules)/|\.(pyc|sqlite3|pem)$")
    assert [name for name, _ in texts() if generated.search(name)] == []
