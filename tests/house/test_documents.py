"""Documents that the code can contradict: every event, setting, model, command and link is checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from scorecard import guarding
from scorecard.environment import Environment
from scorecard.recording import EVENTS
from tests.house.places import ROOT, tracked_files

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [path for path in tracked_files() if path.suffix == ".md"]
MODELS = [model for app in ("evaluations", "scorecard") for model in apps.get_app_config(app).get_models()]
MODELS_PAGE = (ROOT / "docs/reference/models.md").read_text(encoding="utf-8")


def table(page: str) -> dict[str, str]:
    """Return first cell -> last cell of every row whose first cell is code."""
    rows = re.findall(r"^\| `([^`]+)` \|(?:.*\|)? (.+) \|$", page, flags=re.MULTILINE)
    return dict(rows)


def section(page: str, heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, flags=re.MULTILINE | re.DOTALL)
    assert found, f"no heading {heading}"
    return found[1]


def test_every_event_stands_in_the_reference_with_its_meaning() -> None:
    assert table((ROOT / "docs/reference/events.md").read_text(encoding="utf-8")) == EVENTS


def test_every_setting_stands_in_the_reference_and_no_other() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8").partition("## What lies")[0]
    assert set(table(page)) == {name.upper() for name in Environment.model_fields}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_has_a_heading_and_every_field_a_line(model: type[models.Model]) -> None:
    described = set(table(section(MODELS_PAGE, model.__name__)))
    assert described == {field.name for field in model._meta.get_fields() if field.concrete or not field.auto_created}


def test_the_reference_of_models_invents_none() -> None:
    assert set(re.findall(r"^## (\w+)$", MODELS_PAGE, flags=re.MULTILINE)) == {model.__name__ for model in MODELS}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_reference_says_which_rows_the_database_guards(model: type[models.Model]) -> None:
    text = section(MODELS_PAGE, model.__name__)
    assert text.strip().startswith("*Append-only.*") == (model._meta.db_table in guarding.APPEND_ONLY)
    assert text.strip().startswith("*Never deleted.*") == (model._meta.db_table in guarding.NEVER_DELETED)


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for path in PAGES:
        named = set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", path.read_text(encoding="utf-8"), flags=re.MULTILINE))
        assert named <= targets, path
    assert {"run", "test", "check", "bench", "faults"} <= targets


def test_the_documents_name_the_commands_of_manage_py_that_exist_and_the_readme_all_of_them() -> None:
    folder = ROOT / "scorecard/management/commands"
    commands = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    known = commands | {"migrate", "createsuperuser", "check", "collectstatic"}
    for path in PAGES:
        named = set(re.findall(r"manage\.py ([a-z_]+)", path.read_text(encoding="utf-8")))
        assert named <= known, path
    assert commands <= set(re.findall(r"manage\.py ([a-z_]+)", README))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not target.startswith(("http://", "https://")):
            assert (path.parent / target).exists(), target


def test_every_document_is_reached_from_the_index() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "docs").rglob("*.md")):
        name = path.relative_to(ROOT / "docs").as_posix()
        if not name.startswith(("decisions/", "reference/formats/")) and name != "index.md":
            assert f"]({name})" in index, name


def test_decisions_are_short_numbered_and_listed() -> None:
    folder = ROOT / "docs/decisions"
    records = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    listed = (folder / "README.md").read_text(encoding="utf-8")
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 60
        assert "**Consequences**" in text
        assert f"]({path.name})" in listed


def test_the_command_line_of_the_readme_and_the_tour_is_the_one_that_the_tests_run() -> None:
    curl = re.compile(r"-d @(\S+)")
    for page in (README, (ROOT / "docs/tour.md").read_text(encoding="utf-8")):
        for name in curl.findall(page):
            assert (ROOT / name).is_file()
