"""The import contracts hold, and each of them fails when it is broken on purpose."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.places import ROOT

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
BREACHES = {
    "evaluations/actors.py": "import scorecard.version",
    "scorecard/models/people.py": "import scorecard.signing",
    "evaluations/identifiers.py": "import evaluations.jobs",
    "scorecard/moments.py": "import django",
    "evaluations/report/values.py": "import pandas",
    "evaluations/adapters/junit.py": "import evaluations.adapters.garak",
    "evaluations/estimates/wilson.py": "import scipy",
    "scorecard/signing.py": "import scorecard.models.ledger",
    "scorecard/rendering.py": "import weasyprint",
}
"""File -> the line that breaks the contract at the same place in pyproject.toml."""


def lint(folder: Path) -> tuple[int, str]:
    """Run import-linter on a copy of the house; return its exit code and its report as one line."""
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--config", "pyproject.toml"],
        cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": str(folder), "COLUMNS": "400"}, check=False,
    )  # fmt: skip
    return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """Exit code and report of a copy in which every contract is broken and two modules stand on no floor."""
    copy = tmp_path_factory.mktemp("house")
    for name in ("scorecard", "evaluations"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
        (copy / name / "drawer.py").write_text('"""Belongs nowhere."""\n', encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for place, line in BREACHES.items():
        path = copy / place
        path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    return lint(copy)


def test_the_house_keeps_its_contracts() -> None:
    code, report = lint(ROOT)
    assert code == 0, report
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken" in report


def test_every_contract_fails_when_it_is_broken_on_purpose(broken: tuple[int, str]) -> None:
    code, report = broken
    assert len(BREACHES) == len(CONTRACTS)
    assert code == 1
    assert f"Contracts: 0 kept, {len(CONTRACTS)} broken" in report
    for place, line in BREACHES.items():
        importer, imported = place.removesuffix(".py").replace("/", "."), line.removeprefix("import ")
        assert f"{importer} -> {imported}" in report


def test_a_module_without_a_floor_is_refused(broken: tuple[int, str]) -> None:
    code, report = broken
    assert code == 1
    assert "scorecard.drawer" in report
    assert "evaluations.drawer" in report


def test_the_names_of_the_contracts_are_sentences() -> None:
    names = [contract["name"] for contract in CONTRACTS]
    assert len(set(names)) == len(names)
    assert all(name[0].isupper() and len(name.split()) >= 5 for name in names)
