"""verify.py is one readable file of the standard library, joined the same way every time."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scorecard.ledger.canonical import digest_bytes
from scorecard.verifier import build
from scorecard.verifier.build import MODULES, NotJoinable, source, verifier_digest
from tests.house.places import ROOT


def test_the_file_is_python_3_9_of_the_standard_library_alone() -> None:
    tree = ast.parse(source(), feature_version=(3, 9))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add((node.module or "").split(".")[0])
    assert imported <= set(sys.stdlib_module_names)
    assert not imported & {"socket", "urllib", "http", "ssl", "subprocess", "pickle", "ctypes", "importlib", "os"}


def test_no_name_is_defined_twice_and_imports_stand_once_at_the_top() -> None:
    body = ast.parse(source()).body
    names = [name for node in body for name in build._top_level_names(ast.Module([node], []))]
    assert len(names) == len(set(names))
    kinds = [isinstance(node, ast.Import | ast.ImportFrom) for node in body[1:]]
    assert kinds == sorted(kinds, reverse=True)


def test_the_file_says_that_it_cannot_vouch_for_itself_and_where_its_digest_stands() -> None:
    words = " ".join((ast.get_docstring(ast.parse(source())) or "").split())
    assert "It cannot vouch for itself" in words
    assert "kind scorecard.sealed, data.verifier" in words


def test_the_same_modules_give_the_same_file_whatever_the_surroundings() -> None:
    code = "from scorecard.verifier.build import verifier_digest; print(verifier_digest())"
    for seed, zone in (("0", "UTC"), ("1", "Asia/Kathmandu"), ("random", "UTC")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, cwd="/"
        )
        assert done.stdout.strip() == verifier_digest() == digest_bytes(source().encode())


def test_every_module_of_the_ledger_and_the_verifier_is_carried() -> None:
    for folder in ("scorecard/ledger", "scorecard/verifier"):
        present = {f"{folder}/{path.name}" for path in (ROOT / folder).glob("*.py")}
        left_out = {f"{folder}/__init__.py", f"{folder}/__main__.py", f"{folder}/build.py"}
        assert present - left_out <= set(MODULES)


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("def f() -> None: ...", "class f: ...", "f is defined by one.py and by two.py"),
        ("X = 1", "X: int = 2", "X is defined by one.py and by two.py"),
        ("import json as j", "", "one.py: an import is renamed"),
        ("import json", "def json() -> None: ...", "json is defined by two.py and imported by one.py"),
    ],
)
def test_modules_that_would_hide_each_other_are_not_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: str, other: str, words: str
) -> None:
    for name, text in (("one.py", one), ("two.py", other)):
        (tmp_path / name).write_text(f'"""Title."""\n\n{text}\n', encoding="utf-8")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "MODULES", ("one.py", "two.py"))
    with pytest.raises(NotJoinable, match=words):
        source.__wrapped__()


def test_a_spelling_newer_than_python_3_9_is_not_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.py").write_text('"""Title."""\n\nmatch 1:\n    case _:\n        pass\n', encoding="utf-8")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "MODULES", ("one.py",))
    with pytest.raises(SyntaxError):
        source.__wrapped__()
