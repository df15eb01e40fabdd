"""The shape of the house: sizes one can live with, and habits that grow back if nobody looks."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.places import ROOT, code_files

LONGEST_FILE, LONGEST_FUNCTION, LONGEST_TEMPLATE, LONGEST_README = 400, 50, 120, 150
LAZY_IMPORTS_ALLOWED = {"scorecard/apps.py", "evaluations/apps.py"}
DRAWERS = {"utils", "helpers", "common", "misc", "services", "util", "helper"}

FILES = code_files()
NAMES = [str(path.relative_to(ROOT)) for path in FILES]


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_no_file_is_longer_than_its_budget() -> None:
    long = {name: len(path.read_text().splitlines()) for name, path in zip(NAMES, FILES, strict=True)}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_longer_than_its_budget() -> None:
    long = {
        f"{name}:{node.name}": lines
        for name, path in zip(NAMES, FILES, strict=True)
        for node in functions(path)
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


def test_no_template_is_longer_than_its_budget() -> None:
    found = [path for path in ROOT.glob("**/templates/**/*.html") if ".venv" not in path.parts]
    assert found
    assert {path.name: n for path in found if (n := len(path.read_text().splitlines())) > LONGEST_TEMPLATE} == {}


def test_the_settings_and_the_readme_stay_readable() -> None:
    assert len((ROOT / "scorecard/settings.py").read_text().splitlines()) <= 250
    assert len((ROOT / "README.md").read_text().splitlines()) <= LONGEST_README


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_file_has_no_lazy_imports_wildcards_or_postponed_work(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"]
    if str(path.relative_to(ROOT)) not in LAZY_IMPORTS_ALLOWED:
        inside = [node for function in functions(path) for node in ast.walk(function)]
        assert not [node for node in inside if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not re.search(r"#.*\b(TODO|FIXME|XXX)\b", text)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_file_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text))


def test_there_are_no_drawers() -> None:
    assert [name for name in NAMES if DRAWERS & {part.removesuffix(".py") for part in Path(name).parts}] == []


def test_there_are_two_apps_and_one_signal() -> None:
    apps = [name for name in NAMES if name.endswith("apps.py")]
    assert sorted(apps) == ["evaluations/apps.py", "scorecard/apps.py"]
    made = [name for name, path in zip(NAMES, FILES, strict=True) if re.search(r"= Signal\(", path.read_text())]
    assert made == ["evaluations/signals.py"]


def test_only_recording_creates_ledger_rows() -> None:
    made = re.compile(r"Ledger(Entry|Head|Frontier)\.objects\.(create|get_or_create|bulk_create|update)")
    writers = [name for name, path in zip(NAMES, FILES, strict=True) if made.search(path.read_text())]
    assert writers == ["scorecard/recording.py"]
