"""The pure packages run where Django cannot even be imported: an auditor needs no server to recompute a verdict."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.places import ROOT

PURE = (
    "scorecard.framework", "scorecard.ledger", "scorecard.verifier", "scorecard.snapshot", "scorecard.moments",
    "scorecard.xray", "scorecard.whatif",
    "evaluations.report", "evaluations.estimates", "evaluations.strict_json", "evaluations.canonical",
    "evaluations.logs", "evaluations.adapters", "evaluations.statistics", "evaluations.agreement",
    "evaluations.evidence",
)  # fmt: skip
STANDARD_LIBRARY_ONLY = (
    "scorecard/ledger", "scorecard/verifier", "evaluations/estimates", "evaluations/strict_json.py",
    "scorecard/framework/findings.py", "scorecard/framework/levels.py", "scorecard/framework/gates.py",
    "scorecard/framework/derivation.py", "scorecard/xray", "scorecard/whatif",
)  # fmt: skip
BLOCKED = """
import importlib, json, pkgutil, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"django", "rest_framework", "celery", "kombu", "weasyprint"}:
            raise ImportError(f"{name} is blocked")

def everything_in(name):
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(package, "__path__", []), package.__name__ + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)

sys.meta_path.insert(0, Blocked())
for name in sys.argv[1:]:
    try:
        everything_in(name)
        print(json.dumps([name, ""]))
    except ImportError as error:
        print(json.dumps([name, str(error)]))
"""


@pytest.fixture(scope="module")
def failures() -> dict[str, str]:
    """Package -> why it does not import with Django blocked, empty where it does; the last one is no pure package."""
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, *PURE, "scorecard.models"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return dict(json.loads(line) for line in done.stdout.splitlines())


@pytest.mark.parametrize("package", PURE)
def test_a_pure_package_imports_with_django_blocked(failures: dict[str, str], package: str) -> None:
    assert failures[package] == ""


def test_the_block_itself_works(failures: dict[str, str]) -> None:
    assert "is blocked" in failures["scorecard.models"]


def deciding_files() -> list[Path]:
    places = [ROOT / name for name in STANDARD_LIBRARY_ONLY]
    return [path for place in places for path in (sorted(place.rglob("*.py")) if place.is_dir() else [place])]


def imported_packages(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("path", deciding_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_decides_needs_the_standard_library_only(path: Path) -> None:
    assert imported_packages(path) <= sys.stdlib_module_names | {"scorecard", "evaluations"}


def test_the_client_knows_no_server() -> None:
    for path in (ROOT / "client").rglob("*.py"):
        assert not imported_packages(path) & {"django", "scorecard", "evaluations", "celery", "weasyprint", "pandas"}
